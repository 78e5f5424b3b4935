// SPDX-License-Identifier: BSD-2-Clause
//! The answers of OP-TEE's supplicant.

use crate::kit::{
    Memory, close, close_directory, command, create, get, list, memory, named, open, open_directory, put, read, read_directory, remove,
    rename, service, truncate, value, write,
};
use tee_client::transport::smc::RpcParam;
use tee_client::{Direction, TeeError};
use utee_abi::rpc::FsCommand;

/// Sectors of the volume: 4 MiB.
const SECTORS: usize = 8192;

#[test]
fn what_is_written_is_read_back() {
    let mut service = service(SECTORS);
    let bytes: Vec<u8> = (0..100_000u32).map(|index| (index * 7) as u8).collect();
    let file = create(&mut service, "a").unwrap();
    write(&mut service, file, 0, &bytes).unwrap();
    write(&mut service, file, 50_000, b"changed").unwrap();
    assert_eq!(read(&mut service, file, 49_999, 9).unwrap(), [&bytes[49_999..50_000], b"changed", &bytes[50_007..50_008]].concat());
    assert_eq!(read(&mut service, file, 99_990, 100).unwrap(), &bytes[99_990..]);
    assert_eq!(read(&mut service, file, 100_000, 10).unwrap(), b"");
    assert_eq!(read(&mut service, file, 1 << 40, 10).unwrap(), b"");
    close(&mut service, file).unwrap();
    assert_eq!(get(&mut service, "a").unwrap().len(), bytes.len());
    // Creating empties what is there.
    put(&mut service, "a", b"").unwrap();
    assert_eq!(get(&mut service, "a").unwrap(), b"");
}

#[test]
fn gaps_and_grown_files_are_zeros() {
    let mut service = service(SECTORS);
    let file = create(&mut service, "a").unwrap();
    write(&mut service, file, 5000, b"x").unwrap();
    assert_eq!(read(&mut service, file, 0, 6000).unwrap(), [&[0; 5000][..], b"x"].concat());
    truncate(&mut service, file, 2).unwrap();
    truncate(&mut service, file, 9000).unwrap();
    assert_eq!(read(&mut service, file, 0, 10_000).unwrap(), [0; 9000]);
}

#[test]
fn names_that_are_not_there_and_directories() {
    let mut service = service(SECTORS);
    assert_eq!(open(&mut service, "none"), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(open(&mut service, "no/ne"), Err(TeeError::ITEM_NOT_FOUND));
    put(&mut service, "one/two/file", b"1").unwrap();
    assert_eq!(get(&mut service, "/one//two/./file").unwrap(), b"1");
    // Three directories are more than it makes, and what it had made goes again.
    assert_eq!(create(&mut service, "x/y/z/file"), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(open(&mut service, "x"), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(create(&mut service, "one/two/file/below"), Err(TeeError::GENERIC));
    assert_eq!(create(&mut service, "one/two"), Err(TeeError::GENERIC));
    assert_eq!(create(&mut service, "one/three/"), Err(TeeError::GENERIC));
    assert_eq!(open(&mut service, "one/two/file/"), Err(TeeError::ITEM_NOT_FOUND));
    // A directory can be opened, as in Linux, but is no file.
    let directory = open(&mut service, "one/two").unwrap();
    assert_eq!(read(&mut service, directory, 0, 10), Err(TeeError::GENERIC));
    assert_eq!(write(&mut service, directory, 0, b"x"), Err(TeeError::GENERIC));
    close(&mut service, directory).unwrap();
    for name in ["../x", "one/../../x", "..", "/.."] {
        assert_eq!(create(&mut service, name), Err(TeeError::BAD_PARAMETERS), "{name}");
        assert_eq!(open(&mut service, name), Err(TeeError::BAD_PARAMETERS), "{name}");
        assert_eq!(remove(&mut service, name), Err(TeeError::BAD_PARAMETERS), "{name}");
        assert_eq!(rename(&mut service, "one/two/file", name, true), Err(TeeError::BAD_PARAMETERS), "{name}");
        assert_eq!(open_directory(&mut service, name), Err(TeeError::BAD_PARAMETERS), "{name}");
    }
}

#[test]
fn long_names_and_names_that_fat_does_not_have() {
    let mut service = service(SECTORS);
    let long = "n".repeat(255);
    put(&mut service, &long, b"long").unwrap();
    assert_eq!(get(&mut service, &long).unwrap(), b"long");
    assert_eq!(create(&mut service, &"n".repeat(256)), Err(TeeError::GENERIC));
    for name in ["a:b", "a*", "a ", "a.", "\u{1}"] {
        assert_eq!(create(&mut service, name), Err(TeeError::GENERIC), "{name:?}");
    }
    assert_eq!(list(&mut service, "").unwrap(), [long]);
}

#[test]
fn removing_takes_two_empty_directories_along() {
    let mut service = service(SECTORS);
    put(&mut service, "a/b/one", b"1").unwrap();
    put(&mut service, "a/b/two", b"2").unwrap();
    remove(&mut service, "a/b/one").unwrap();
    assert_eq!(list(&mut service, "a").unwrap(), ["b"]);
    assert_eq!(remove(&mut service, "a/b/one"), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(remove(&mut service, "a/b"), Err(TeeError::GENERIC));
    remove(&mut service, "a/b/two").unwrap();
    assert_eq!(open(&mut service, "a"), Err(TeeError::ITEM_NOT_FOUND));
    // The folder itself stays.
    put(&mut service, "top", b"").unwrap();
    remove(&mut service, "top").unwrap();
    put(&mut service, "top", b"").unwrap();
}

#[test]
fn a_file_that_is_removed_lives_until_it_is_closed() {
    let mut service = service(SECTORS);
    let file = create(&mut service, "d/f").unwrap();
    let second = open(&mut service, "d/f").unwrap();
    write(&mut service, file, 0, b"still here").unwrap();
    remove(&mut service, "d/f").unwrap();
    assert_eq!(open(&mut service, "d/f"), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(open(&mut service, "d"), Err(TeeError::ITEM_NOT_FOUND));
    // Another file may have the name meanwhile.
    put(&mut service, "d/f", b"other").unwrap();
    close(&mut service, second).unwrap();
    write(&mut service, file, 6, b"it is").unwrap();
    assert_eq!(read(&mut service, file, 0, 100).unwrap(), b"still it is");
    assert_eq!(get(&mut service, "d/f").unwrap(), b"other");
    assert_eq!(list(&mut service, "").unwrap(), ["d"]);
    close(&mut service, file).unwrap();
    let names = service.volume().list(&[b"tee"]).unwrap();
    assert_eq!(names, [b"d".to_vec()]);
}

#[test]
fn renaming() {
    let mut service = service(SECTORS);
    put(&mut service, "old", b"old").unwrap();
    put(&mut service, "sub/new", b"a longer one").unwrap();
    assert_eq!(rename(&mut service, "none", "x", true), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(rename(&mut service, "old", "no/x", true), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(rename(&mut service, "old", "sub/new", false), Err(TeeError::ACCESS_CONFLICT));
    assert_eq!(rename(&mut service, "old", "old", false), Err(TeeError::ACCESS_CONFLICT));
    rename(&mut service, "old", "old", true).unwrap();
    rename(&mut service, "old", "sub/new", true).unwrap();
    assert_eq!(get(&mut service, "sub/new").unwrap(), b"old");
    assert_eq!(open(&mut service, "old"), Err(TeeError::ITEM_NOT_FOUND));
    rename(&mut service, "sub/new", "last", false).unwrap();
    assert_eq!(get(&mut service, "last").unwrap(), b"old");
    rename(&mut service, "last", "LAST", true).unwrap();
    assert_eq!(list(&mut service, "").unwrap(), ["LAST", "sub"]);
    // A directory does not take the place of a file; OP-TEE's supplicant says that it did.
    assert_eq!(rename(&mut service, "sub", "last", true), Err(TeeError::GENERIC));
}

#[test]
fn open_files_keep_what_they_are_when_one_replaces_the_other() {
    let mut service = service(SECTORS);
    put(&mut service, "new", b"new").unwrap();
    put(&mut service, "sub/target", b"the one before").unwrap();
    let (source, target) = (open(&mut service, "new").unwrap(), open(&mut service, "sub/target").unwrap());
    rename(&mut service, "new", "sub/target", true).unwrap();
    assert_eq!(read(&mut service, source, 0, 100).unwrap(), b"new");
    assert_eq!(read(&mut service, target, 0, 100).unwrap(), b"the one before");
    write(&mut service, source, 3, b"er").unwrap();
    write(&mut service, target, 0, b"THE").unwrap();
    assert_eq!(get(&mut service, "sub/target").unwrap(), b"newer");
    assert_eq!(read(&mut service, target, 0, 100).unwrap(), b"THE one before");
    assert_eq!(open(&mut service, "new"), Err(TeeError::ITEM_NOT_FOUND));
    close(&mut service, target).unwrap();
    close(&mut service, source).unwrap();
    assert_eq!(service.volume().list(&[b"tee"]).unwrap(), [b"sub".to_vec()]);
}

#[test]
fn directories_are_listed_without_hidden_names() {
    let mut service = service(SECTORS);
    assert_eq!(open_directory(&mut service, ""), Err(TeeError::ITEM_NOT_FOUND));
    put(&mut service, ".hidden", b"").unwrap();
    assert_eq!(open_directory(&mut service, ""), Err(TeeError::ITEM_NOT_FOUND));
    for name in ["b", "a-name-longer-than-eight", "sub/file"] {
        put(&mut service, name, b"").unwrap();
    }
    assert_eq!(open_directory(&mut service, "b"), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(list(&mut service, "").unwrap(), ["a-name-longer-than-eight", "b", "sub"]);
    assert_eq!(list(&mut service, "sub").unwrap(), ["file"]);
    let directory = open_directory(&mut service, "/sub/").unwrap();
    assert_eq!(read_directory(&mut service, directory, 4).unwrap(), (vec![], 5));
    assert_eq!(read_directory(&mut service, directory, 5).unwrap(), (b"file".to_vec(), 5));
    close_directory(&mut service, directory).unwrap();
    assert_eq!(close_directory(&mut service, directory), Err(TeeError::BAD_PARAMETERS));
    assert_eq!(read_directory(&mut service, directory, 5), Err(TeeError::BAD_PARAMETERS));
}

#[test]
fn handles_that_are_none() {
    let mut service = service(SECTORS);
    for handle in [0, 5, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(close(&mut service, handle), Err(TeeError::GENERIC));
        assert_eq!(read(&mut service, handle, 0, 1), Err(TeeError::GENERIC));
        assert_eq!(write(&mut service, handle, 0, b"x"), Err(TeeError::GENERIC));
        assert_eq!(truncate(&mut service, handle, 0), Err(TeeError::GENERIC));
    }
    // There is an end to files that are open, and room again when some are closed.
    let mut open_files = Vec::new();
    let refused = loop {
        match create(&mut service, "same") {
            Ok(file) => open_files.push(file),
            Err(error) => break error,
        }
    };
    assert_eq!((refused, open_files.len()), (TeeError::GENERIC, 256));
    for file in open_files {
        close(&mut service, file).unwrap();
    }
    put(&mut service, "same", b"again").unwrap();
}

#[test]
fn a_full_volume_says_so_and_goes_on() {
    let mut service = service(256);
    let file = create(&mut service, "a").unwrap();
    assert_eq!(write(&mut service, file, 0, &vec![1; 256 * 512]), Err(TeeError::STORAGE_NO_SPACE));
    assert_eq!(truncate(&mut service, file, 1 << 30), Err(TeeError::STORAGE_NO_SPACE));
    assert_eq!(write(&mut service, file, u64::MAX, b"x"), Err(TeeError::GENERIC));
    assert_eq!(write(&mut service, file, i64::MAX as u64, b"x"), Err(TeeError::GENERIC));
    assert_eq!(truncate(&mut service, file, 1 << 33), Err(TeeError::GENERIC));
    truncate(&mut service, file, 0).unwrap();
    write(&mut service, file, 0, b"fits").unwrap();
    close(&mut service, file).unwrap();
    assert_eq!(get(&mut service, "a").unwrap(), b"fits");
}

#[test]
fn requests_with_other_parameters_are_refused() {
    let mut service = service(SECTORS);
    put(&mut service, "a", b"x").unwrap();
    let name = named("a");
    let unended = Memory::new(b"a");
    let long = Memory::new(&[b'a'; 5000]);
    let shapes: [fn() -> RpcParam<'static>; 3] = [|| RpcParam::None, || RpcParam::Null, value];
    for number in 0..12u64 {
        for count in 0..4 {
            for shape in shapes {
                let mut params = vec![RpcParam::Value { direction: Direction::Input, words: [number, 77, 0] }];
                params.extend((0..count).map(|_| shape()));
                assert!(service.request(&mut params).is_err(), "{number} with {count}");
            }
        }
    }
    for bytes in [&unended, &long] {
        let mut params = [command(FsCommand::Open, 0, 0), memory(Direction::Input, bytes), value()];
        assert_eq!(service.request(&mut params), Err(TeeError::BAD_PARAMETERS));
    }
    let mut outside =
        [command(FsCommand::Open, 0, 0), RpcParam::Memory { direction: Direction::Input, bytes: &name, offset: 1, size: 40 }, value()];
    assert_eq!(service.request(&mut outside), Err(TeeError::BAD_PARAMETERS));
    let mut wrong_way = [command(FsCommand::Open, 0, 0), memory(Direction::Output, &name), value()];
    assert_eq!(service.request(&mut wrong_way), Err(TeeError::BAD_PARAMETERS));
    assert_eq!(service.request(&mut []), Err(TeeError::BAD_PARAMETERS));
    let huge = RpcParam::Value { direction: Direction::Input, words: [1 << 32, 0, 0] };
    assert_eq!(service.request(&mut [huge]), Err(TeeError::BAD_PARAMETERS));
}
