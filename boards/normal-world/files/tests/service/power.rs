// SPDX-License-Identifier: BSD-2-Clause
//! A loss of power at every sector that a request writes.

use crate::kit::{Answer, Failing, Wires, close, get, open, put, remove, rename, write};
use drivers::block::{MemoryDisk, SECTOR};
use files::window::Window;
use files::{Service, Volume};
use hadris_fat::sync::check;
use hadris_fat::{Detail, FatKind, FatOptions};
use std::sync::Arc;
use tee_client::TeeError;

/// Kinds of volumes, and sectors of one.
const KINDS: [(FatKind, usize); 3] = [(FatKind::Fat12, 2048), (FatKind::Fat16, 40_000), (FatKind::Fat32, 70_000)];

/// A volume with some files, as it stands on the disk.
fn prepared((kind, sectors): (FatKind, usize)) -> Vec<u8> {
    let wires = Wires::new(vec![0; sectors * SECTOR]);
    let mut window = Window::whole(Box::new(Failing(wires.clone())));
    let made = hadris_fat::sync::format(&mut window, &FatOptions::new().with_kind(kind).with_cluster_size(SECTOR as u32)).unwrap();
    assert_eq!(made.kind(), kind);
    let mut service = Service::new(Volume::mount_window(window).unwrap());
    // Enough names for entries to stand in more than one sector.
    for index in 0..20 {
        put(&mut service, &format!("a-file-with-a-longer-name-{index}"), &[index; 3000]).unwrap();
    }
    put(&mut service, "target", &[b'o'; 5000]).unwrap();
    put(&mut service, "sub/kept", b"kept").unwrap();
    put(&mut service, "source", &[b'n'; 7000]).unwrap();
    drop(service);
    wires.bytes()
}

/// What a check of the volume finds beyond lost space and what follows from that.
fn damage(bytes: Vec<u8>) -> Vec<String> {
    const HARMLESS: [Detail; 7] = [
        Detail::LostClusters,
        Detail::SizeMismatch,
        Detail::OrphanLfn,
        Detail::FreeCount,
        Detail::FsInfo,
        Detail::FatCopiesDiffer,
        Detail::Dirty,
    ];
    let mut window = Window::whole(Box::new(MemoryDisk::from_bytes(bytes)));
    let mut found = Vec::new();
    let report = check(&mut window, &mut vec![0; 1 << 20], |finding| {
        if !Detail::from_code(finding.detail()).is_some_and(|detail| HARMLESS.contains(&detail)) {
            found.push(finding.to_string());
        }
    });
    assert!(report.unwrap().passes() > 0);
    found
}

/// Does `act` again and again with the power failing one sector later each time, and looks with `look` at what is left.
fn at_each_sector(kind: (FatKind, usize), act: impl Fn(&mut Service) -> Answer<()>, look: impl Fn(&mut Service, bool)) -> usize {
    let before = Arc::new(prepared(kind));
    for allowed in 1.. {
        let wires = Wires::of(Arc::clone(&before));
        let mut service = Service::new(Volume::mount(Box::new(Failing(wires.clone()))).unwrap());
        wires.fail_after(allowed);
        let done = act(&mut service).is_ok();
        let works = wires.works();
        assert!(!works || done, "it failed by itself");
        drop(service);
        wires.fail_after(usize::MAX);
        let mut service = Service::new(Volume::mount(Box::new(Failing(wires))).unwrap());
        look(&mut service, done);
        // It can be used as before.
        assert_eq!(get(&mut service, "sub/kept").unwrap(), b"kept");
        put(&mut service, "afterwards", b"works").unwrap();
        remove(&mut service, "afterwards").unwrap();
        for index in 0..20 {
            assert_eq!(get(&mut service, &format!("a-file-with-a-longer-name-{index}")).unwrap(), [index; 3000]);
        }
        if works {
            return allowed;
        }
    }
    unreachable!("the power fails for ever")
}

#[test]
fn a_file_that_is_replaced_is_the_old_or_the_new_one() {
    for kind in KINDS {
        at_each_sector(
            kind,
            |service| rename(service, "source", "target", true),
            |service, done| {
                let target = get(service, "target").expect("the name is always there");
                let (old, new) = (vec![b'o'; 5000], vec![b'n'; 7000]);
                assert!(target == new || !done && target == old);
                if done {
                    assert_eq!(open(service, "source"), Err(TeeError::ITEM_NOT_FOUND));
                }
            },
        );
    }
}

#[test]
fn a_file_that_is_renamed_has_one_of_its_names() {
    for kind in KINDS {
        at_each_sector(
            kind,
            |service| rename(service, "source", "sub/moved", false),
            |service, done| {
                let found: Vec<_> = ["source", "sub/moved"].iter().filter_map(|name| get(service, name).ok()).collect();
                assert_eq!(found, [vec![b'n'; 7000]]);
                if done {
                    assert_eq!(get(service, "sub/moved").unwrap(), [b'n'; 7000]);
                }
            },
        );
    }
}

#[test]
fn what_was_closed_stays() {
    for kind in KINDS {
        at_each_sector(
            kind,
            |service| put(service, "new/dir/file", &[7; 4000]),
            |service, done| {
                if done {
                    assert_eq!(get(service, "new/dir/file").unwrap(), [7; 4000]);
                }
            },
        );
    }
}

#[test]
fn what_was_removed_stays_away() {
    for kind in KINDS {
        at_each_sector(
            kind,
            |service| remove(service, "target"),
            |service, done| match get(service, "target") {
                Ok(content) => assert!(!done && content == [b'o'; 5000]),
                Err(error) => assert_eq!(error, TeeError::ITEM_NOT_FOUND),
            },
        );
    }
}

#[test]
fn a_file_that_is_written_over_has_either_content_at_each_byte() {
    at_each_sector(
        KINDS[1],
        |service| {
            let file = open(service, "target")?;
            write(service, file, 100, &[b'n'; 4000])?;
            close(service, file)
        },
        |service, done| {
            let content = get(service, "target").unwrap();
            assert_eq!(content.len(), 5000);
            let (head, rest) = content.split_at(100);
            assert!(head.iter().chain(&rest[4000..]).all(|byte| *byte == b'o'));
            assert!(rest[..4000].iter().all(|byte| *byte == b'n' || !done && *byte == b'o'));
        },
    );
}

/// Files that are removed while they are open go when the power does.
#[test]
fn removed_files_that_were_open_are_gone_after_the_next_start() {
    let wires = Wires::new(prepared(KINDS[1]));
    let mut service = Service::new(Volume::mount(Box::new(Failing(wires.clone()))).unwrap());
    let _ = open(&mut service, "target").unwrap();
    remove(&mut service, "target").unwrap();
    assert!(service.volume().list(&[b"tee"]).unwrap().iter().any(|name| name.starts_with(b".removed-")));
    drop(service);
    let mut service = Service::new(Volume::mount(Box::new(MemoryDisk::from_bytes(wires.bytes()))).unwrap());
    assert!(!service.volume().list(&[b"tee"]).unwrap().iter().any(|name| name.starts_with(b".")));
}

#[test]
fn the_checker_finds_no_damage_after_any_loss() {
    let before = Arc::new(prepared(KINDS[1]));
    assert_eq!(damage(before.to_vec()), Vec::<String>::new());
    for allowed in 1.. {
        let wires = Wires::of(Arc::clone(&before));
        let mut service = Service::new(Volume::mount(Box::new(Failing(wires.clone()))).unwrap());
        wires.fail_after(allowed);
        let _ = rename(&mut service, "source", "target", true).and_then(|()| put(&mut service, "source", &[1; 900]));
        let works = wires.works();
        drop(service);
        let mut volume = Volume::mount(Box::new(Failing({
            wires.fail_after(usize::MAX);
            wires.clone()
        })))
        .unwrap();
        volume.sync().unwrap();
        drop(volume);
        assert_eq!(damage(wires.bytes()), Vec::<String>::new(), "after {allowed} sectors");
        if works {
            break;
        }
    }
}
