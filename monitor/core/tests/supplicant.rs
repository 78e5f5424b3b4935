// SPDX-License-Identifier: BSD-2-Clause
//! Files, sockets and plugins of the supplicant: what it is asked, and malicious answers to it.

mod common;

use common::pseudo::{Cells, call_pseudo};
use std::sync::{Arc, Mutex};
use tee_core::ports::Platform;
use tee_core::rpc::buffer::RpcBuffer;
use tee_core::rpc::fs::{self, Existing};
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use tee_core::testing::{FakePlatform, RAM};
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::param::ParamType;
use utee_abi::pta::{socket as pta, system};
use utee_abi::result::TeeError;
use utee_abi::rpc::{FS_NAME_SIZE, FsCommand, PLUGIN_INVOKE, RpcCommand, ShmType, SocketCommand};
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

/// Where the supplicant gives memory, and the cookie of it.
const MEMORY: u64 = RAM.start + 0x1000;
const COOKIE: u64 = 0x5E;

type Asked = Arc<Mutex<Vec<(RpcCommand, Vec<MsgParam>)>>>;

/// A supplicant that gives memory and lets `serve` answer the rest; what it was asked beside memory.
fn supply(world: &mut NormalWorld, mut serve: impl FnMut(&FakePlatform, &mut [MsgParam]) -> u32 + 'static) -> Asked {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    world.supplicant = Box::new(move |platform, command, params| match command {
        RpcCommand::ShmAlloc => {
            params[0] = MsgParam::new(Kind::TmemOutput, [MEMORY, params[0].words[1], COOKIE]);
            0
        }
        RpcCommand::ShmFree => 0,
        _ => {
            log.lock().unwrap().push((command, params.to_vec()));
            serve(platform, params)
        }
    });
    asked
}

fn world() -> NormalWorld {
    NormalWorld::new(FakePlatform::boot(&[], 2))
}

fn memory(platform: &FakePlatform, param: &MsgParam) -> Vec<u8> {
    let [at, len, cookie] = param.words;
    assert_eq!(cookie, COOKIE);
    let mut bytes = vec![0; len as usize];
    assert!(platform.normal_read(at, &mut bytes));
    bytes
}

/// The string of C that a parameter refers to.
fn text(platform: &FakePlatform, param: &MsgParam) -> String {
    let bytes = memory(platform, param);
    let end = bytes.iter().position(|byte| *byte == 0).expect("names end by a NUL");
    String::from_utf8(bytes[..end].to_vec()).unwrap()
}

#[test]
fn files_are_asked_for_as_the_supplicant_wants() {
    let mut world = world();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let asked = supply(&mut world, move |platform, params| {
        let command = FsCommand::try_from(params[0].words[0] as u32).unwrap();
        assert_eq!(params.len() as u32, command.params());
        let names = params[1..].iter().filter(|param| param.kind() == Some(Kind::TmemInput));
        let seen: Vec<_> = names.map(|param| if command == FsCommand::Write { String::new() } else { text(platform, param) }).collect();
        log.lock().unwrap().push(seen.clone());
        match command {
            // Not there before it is renamed, and not there after it.
            FsCommand::Open if ["old", "new"].contains(&seen[0].as_str()) => return TeeError::ITEM_NOT_FOUND.raw(),
            FsCommand::Open | FsCommand::Create | FsCommand::OpenDir => params[2].words[0] = 7,
            FsCommand::Read => {
                assert!(platform.normal_write(params[1].words[0], b"content"));
                params[1].words[1] = 7;
            }
            FsCommand::Write => assert_eq!(memory(platform, &params[1]), b"data"),
            FsCommand::ReadDir => {
                assert_eq!(params[1].words[1], FS_NAME_SIZE as u64);
                assert!(platform.normal_write(params[1].words[0], b"entry\0"));
                params[1].words[1] = 6;
            }
            _ => {}
        }
        0
    });
    world.within(|call| {
        let buffer = RpcBuffer::allocate(call, ShmType::Application, 2 * FS_NAME_SIZE).unwrap();
        let file = fs::open(&buffer, b"a/b").unwrap();
        assert_eq!(fs::create(&buffer, b"c").unwrap(), file);
        assert_eq!(fs::read(&buffer, file, 1 << 33, 100), Ok(7));
        let mut bytes = [0; 7];
        buffer.read(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"content");
        buffer.write(0, b"data").unwrap();
        fs::write(&buffer, file, 5, 4).unwrap();
        fs::truncate(call, file, 9).unwrap();
        fs::close(call, file).unwrap();
        fs::rename(&buffer, b"old", b"new", Existing::Replace).unwrap();
        fs::rename(&buffer, b"old", b"new", Existing::Keep).unwrap();
        fs::remove(&buffer, b"gone").unwrap();
        let directory = fs::open_directory(&buffer, b"/").unwrap();
        assert_eq!(fs::read_directory(&buffer, directory).unwrap().as_slice(), b"entry");
        fs::close_directory(call, directory).unwrap();
    });
    let lines = lines.lock().unwrap();
    let names: Vec<_> = lines.iter().flatten().filter(|name| !name.is_empty()).map(String::as_str).collect();
    assert_eq!(names, ["a/b", "c", "old", "new", "old", "new", "old", "new", "old", "gone", "/"]);
    let words: Vec<_> = asked.lock().unwrap().iter().map(|(_, params)| params[0].words).collect();
    let wanted = [
        [0, 0, 0],
        [1, 0, 0],
        [3, 7, 1 << 33],
        [4, 7, 5],
        [5, 7, 9],
        [2, 7, 0],
        [7, 1, 0],
        [0, 0, 0],
        [0, 0, 0],
        [7, 1, 0],
        [0, 0, 0],
        [6, 0, 0],
        [8, 0, 0],
        [10, 7, 0],
        [9, 7, 0],
    ];
    assert_eq!(words, wanted);
}

#[test]
fn bad_names_never_reach_the_supplicant() {
    let mut world = world();
    let asked = supply(&mut world, |_, _| panic!("nothing is asked"));
    world.within(|call| {
        let buffer = RpcBuffer::allocate(call, ShmType::Application, FS_NAME_SIZE).unwrap();
        for name in [&b""[..], b"a\0b", &[b'x'; FS_NAME_SIZE], &[b'x'; 4000]] {
            assert_eq!(fs::open(&buffer, name).err(), Some(TeeError::BAD_PARAMETERS));
        }
        // The buffer holds one name, not two.
        assert_eq!(fs::rename(&buffer, b"a", b"b", Existing::Keep), Err(TeeError::BAD_PARAMETERS));
        let small = RpcBuffer::allocate(call, ShmType::Application, 16).unwrap();
        assert_eq!(fs::open(&small, b"a").err(), Some(TeeError::BAD_PARAMETERS));
    });
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn malicious_files_are_refused() {
    // What the answer to each request is overwritten with: parameter, word, value; and the content of the buffer.
    let open = |value: u64| (2usize, 0usize, value, &b""[..]);
    let size = |value: u64, content: &'static [u8]| (1usize, 1usize, value, content);
    for answer in [open(1 << 31), open(u64::MAX), open(1 << 32)] {
        let mut world = world();
        supply(&mut world, move |_, params| {
            params[answer.0].words[answer.1] = answer.2;
            0
        });
        let opened = world.within(|call| {
            let buffer = RpcBuffer::allocate(call, ShmType::Application, FS_NAME_SIZE).unwrap();
            [fs::open(&buffer, b"a").err(), fs::create(&buffer, b"a").err(), fs::open_directory(&buffer, b"a").err()]
        });
        assert_eq!(opened, [Some(TeeError::COMMUNICATION); 3]);
    }
    for (name, ok) in [
        (size(5, b"name\0"), true),
        (size(4, b"name\0"), false),
        (size(0, b"name\0"), false),
        (size(FS_NAME_SIZE as u64 + 1, b"name\0"), false),
        (size(u64::MAX, b"name\0"), false),
        (size(FS_NAME_SIZE as u64, &[b'x'; FS_NAME_SIZE]), false),
        (size(1, b"\0"), false),
        (size(6, b"../up\0"), false),
    ] {
        let mut world = world();
        supply(&mut world, move |platform, params| {
            if params.len() == 2 {
                assert!(platform.normal_write(params[1].words[0], name.3));
                params[name.0].words[name.1] = name.2;
            }
            0
        });
        let read = world.within(|call| {
            let buffer = RpcBuffer::allocate(call, ShmType::Application, FS_NAME_SIZE).unwrap();
            let directory = fs::open_directory(&buffer, b"a").unwrap();
            fs::read_directory(&buffer, directory).map(|name| name.to_vec())
        });
        assert_eq!(read, if ok { Ok(b"name".to_vec()) } else { Err(TeeError::COMMUNICATION) }, "{name:?}");
    }
    // An answer without a value at all, and more content than was asked for.
    let mut world = world();
    supply(&mut world, |_, params| {
        if let [_, _, out] = params {
            *out = MsgParam::new(Kind::None, [0; 3]);
        }
        0
    });
    let opened = world.within(|call| fs::open(&RpcBuffer::allocate(call, ShmType::Application, 400).unwrap(), b"a").err());
    assert_eq!(opened, Some(TeeError::COMMUNICATION));
    supply(&mut world, |_, params| {
        if let [_, content] = params {
            content.words[1] += 1;
        }
        0
    });
    let read = world.within(|call| {
        let buffer = RpcBuffer::allocate(call, ShmType::Application, 400).unwrap();
        let file = fs::open(&buffer, b"a").unwrap();
        fs::read(&buffer, file, 0, 100)
    });
    assert_eq!(read, Err(TeeError::COMMUNICATION));
}

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);

const NONE: (ParamType, [u64; 2]) = (ParamType::None, [0; 2]);

fn input(a: u32, b: u32) -> (ParamType, [u64; 2]) {
    (ParamType::ValueInput, [u64::from(a), u64::from(b)])
}

const OUTPUT: (ParamType, [u64; 2]) = (ParamType::ValueOutput, [0; 2]);

/// Runs a TA once against a supplicant; what it was asked.
fn run(
    serve: impl FnMut(&FakePlatform, &mut [MsgParam]) -> u32 + 'static,
    script: impl Fn(&mut Ta) + Send + Sync + 'static,
) -> Vec<(RpcCommand, Vec<MsgParam>)> {
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, TaFlags::empty(), 8192)))], 2);
    tee.platform.scripts().set(&A, move |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            script(ta);
        }
        0
    });
    let mut world = NormalWorld::new(Arc::clone(&tee));
    let session = world.open(&A, &[]).header.session;
    let asked = supply(&mut world, serve);
    let reply = world.invoke(session, 0, &[]);
    assert_eq!((reply.code, reply.header.ret), (0, 0), "{}", tee.platform.printed());
    std::mem::take(&mut *asked.lock().unwrap())
}

const SENT: [u8; 1300] = [0xA7; 1300];

#[test]
fn a_ta_talks_through_a_socket() {
    let asked = run(
        |platform, params| {
            match SocketCommand::try_from(params[0].words[0] as u32).unwrap() {
                SocketCommand::Open => {
                    assert_eq!(text(platform, &params[2]), "example");
                    params[3].words[0] = 0x55;
                }
                SocketCommand::Send => {
                    assert_eq!(memory(platform, &params[1]), SENT);
                    params[2].words[1] = 1200;
                }
                SocketCommand::Recv if params[1].words[1] == 0 => params[1].words[1] = 5,
                SocketCommand::Recv => {
                    // A datagram longer than the room for it is cut, and its length is told.
                    let room = params[1].words[1];
                    assert!(platform.normal_write(params[1].words[0], b"hello"));
                    params[1].words[1] = if room < 5 { 64 } else { 5 };
                }
                SocketCommand::Ioctl => {
                    assert_eq!(memory(platform, &params[1]), [1, 2, 3, 4]);
                    params[1].words[1] = 2;
                }
                SocketCommand::Close | SocketCommand::CloseAll => {}
            }
            0
        },
        |ta| {
            let data = ta.scratch(12);
            let socket = |ta: &mut Ta, command: pta::Command, params: Cells| {
                let (code, after) = call_pseudo(ta, pta::UUID, command.into(), params);
                assert_eq!(code, 0, "{command:?}");
                after.cells
            };
            ta.write(data, b"example\0");
            let name = (ParamType::MemrefInput, [data, 8]);
            let open = [input(pta::IpVersion::V4.into(), 443), name, input(pta::Protocol::Tcp.into(), 0), OUTPUT];
            assert_eq!(socket(ta, pta::Command::Open, open)[3][0], 0x55);
            ta.write(data, &SENT);
            let sent = (ParamType::MemrefInput, [data, SENT.len() as u64]);
            assert_eq!(socket(ta, pta::Command::Send, [input(0x55, pta::BLOCKING), sent, OUTPUT, NONE])[2][0], 1200);
            let nothing = (ParamType::MemrefOutput, [0, 0]);
            assert_eq!(socket(ta, pta::Command::Recv, [input(0x55, 10), nothing, NONE, NONE])[1][1], 5);
            let room = (ParamType::MemrefOutput, [data, 600]);
            assert_eq!(socket(ta, pta::Command::Recv, [input(0x55, 10), room, NONE, NONE])[1][1], 5);
            let mut got = [0; 6];
            ta.read(data, &mut got);
            assert_eq!(&got, b"hello\xA7", "and nothing behind it");
            ta.write(data, b"......");
            let small = (ParamType::MemrefOutput, [data, 3]);
            assert_eq!(socket(ta, pta::Command::Recv, [input(0x55, 10), small, NONE, NONE])[1][1], 64);
            ta.read(data, &mut got);
            assert_eq!(&got, b"hel...");
            ta.write(data, &[1, 2, 3, 4]);
            let argument = (ParamType::MemrefInout, [data, 4]);
            assert_eq!(socket(ta, pta::Command::Ioctl, [input(0x55, 0x65F0_0000), argument, NONE, NONE])[1][1], 2);
            socket(ta, pta::Command::Close, [input(0x55, 0), NONE, NONE, NONE]);
        },
    );
    let commands: Vec<_> = asked.iter().map(|(_, params)| params[0].words).collect();
    let instance = commands[0][1];
    let handle = 0x55;
    // The session is closed after each call here, and the supplicant told.
    let wanted: Vec<_> = [(0, 0), (3, handle), (4, handle), (4, handle), (4, handle), (5, handle), (1, handle)]
        .into_iter()
        .flat_map(|(command, handle)| [[command, instance, handle], [2, instance, 0]])
        .collect();
    assert_eq!(commands, wanted);
}

/// The code of one call of a TA to the socket pseudo-TA.
fn code_of(command: pta::Command, params: Cells, serve: impl FnMut(&FakePlatform, &mut [MsgParam]) -> u32 + 'static) -> (u32, usize) {
    let code = Arc::new(Mutex::new(None));
    let out = Arc::clone(&code);
    let asked = run(serve, move |ta| {
        let data = ta.scratch(12);
        ta.write(data, b"server without an end");
        let params = params.map(|(kind, [at, len])| (kind, [if kind.is_memref() && at != 0 { data } else { at }, len]));
        *out.lock().unwrap() = Some(call_pseudo(ta, pta::UUID, command.into(), params).0);
    });
    let code = code.lock().unwrap().take();
    // The closing of the session aside.
    (code.unwrap(), asked.len() - 1)
}

#[test]
fn bad_calls_of_a_ta_never_reach_the_supplicant() {
    let (name, out) = ((ParamType::MemrefInput, [1, 21]), OUTPUT);
    let (ip, tcp) = (input(1, 80), input(0x65, 0));
    let data = (ParamType::MemrefInput, [1, 21]);
    for (index, (command, params)) in [
        (pta::Command::Open, [ip, name, tcp, out]),
        (pta::Command::Open, [ip, (ParamType::MemrefInput, [1, 300]), tcp, out]),
        (pta::Command::Open, [ip, (ParamType::MemrefInput, [0, 0]), tcp, out]),
        (pta::Command::Open, [input(3, 80), name, tcp, out]),
        (pta::Command::Open, [input(1, 65536), name, tcp, out]),
        (pta::Command::Open, [ip, name, input(0x64, 0), out]),
        (pta::Command::Open, [ip, name, tcp, NONE]),
        (pta::Command::Send, [input(1, 0), data, NONE, NONE]),
        (pta::Command::Send, [input(1, 0), (ParamType::MemrefInput, [0, 0]), out, NONE]),
        (pta::Command::Recv, [input(1, 0), data, NONE, NONE]),
        (pta::Command::Ioctl, [input(1, 0), data, NONE, NONE]),
        (pta::Command::Close, [NONE; 4]),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(code_of(command, params, |_, _| 0), (TeeError::BAD_PARAMETERS.raw(), 0), "call {index}");
    }
}

#[test]
fn malicious_sockets_are_refused_and_errors_of_sockets_come_through() {
    let data = (ParamType::MemrefInput, [1, 21]);
    let send = [input(1, 0), data, OUTPUT, NONE];
    let receive = [input(1, 0), (ParamType::MemrefOutput, [1, 21]), NONE, NONE];
    let ioctl = [input(1, 0), (ParamType::MemrefInout, [1, 21]), NONE, NONE];
    let answer = |command, params, param: usize, word: usize, value: u64| {
        code_of(command, params, move |_, answer: &mut [MsgParam]| {
            if let Some(slot) = answer.get_mut(param) {
                slot.words[word] = value;
            }
            0
        })
    };
    let refused = (TeeError::COMMUNICATION.raw(), 1);
    for value in [22, u64::MAX] {
        assert_eq!(answer(pta::Command::Send, send, 2, 1, value), refused);
        assert_eq!(answer(pta::Command::Ioctl, ioctl, 1, 1, value), refused);
    }
    assert_eq!(answer(pta::Command::Send, send, 2, 1, 21), (0, 1));
    // What of a datagram does not fit is lost, but none is longer than this.
    for (value, wanted) in [(22, (0, 1)), (1 << 16, (0, 1)), ((1 << 16) + 1, refused), (u64::MAX, refused)] {
        assert_eq!(answer(pta::Command::Recv, receive, 1, 1, value), wanted);
    }
    let timeout: u32 = pta::SocketError::Timeout.into();
    let failing = move |_: &FakePlatform, params: &mut [MsgParam]| if params.len() > 1 { timeout } else { 0 };
    assert_eq!(code_of(pta::Command::Recv, receive, failing), (timeout, 1));
}

#[test]
fn a_ta_invokes_a_plugin() {
    let plugin = Uuid::new(0x0102_0304, 0x0506, 0x0708, [9, 10, 11, 12, 13, 14, 15, 16]);
    for (said, code) in [(3u64, 0), (9, TeeError::COMMUNICATION.raw()), (u64::MAX, TeeError::COMMUNICATION.raw())] {
        let asked = run(
            move |platform, params| {
                assert_eq!(memory(platform, &params[3]), *b"question");
                assert!(platform.normal_write(params[3].words[0], b"yes"));
                params[2].words[1] = said;
                0
            },
            move |ta| {
                let (uuid, data) = (ta.scratch(8), ta.scratch(9));
                ta.write(uuid, &plugin.to_memory());
                ta.write(data, b"question");
                let uuid = (ParamType::MemrefInput, [uuid, 16]);
                let params = [uuid, input(5, 6), (ParamType::MemrefInout, [data, 8]), OUTPUT];
                let (got, after) = call_pseudo(ta, system::UUID, system::Command::SuppPluginInvoke.into(), params);
                assert_eq!(got, code);
                let mut bytes = [0; 8];
                ta.read(data, &mut bytes);
                assert_eq!((after.cells[3][0], &bytes), if code == 0 { (3, b"yesstion") } else { (0, b"question") });
            },
        );
        let [(RpcCommand::SuppPlugin, params)] = &asked[..] else { panic!("{asked:?}") };
        // The octets of the UUID, four at a time, the first one lowest.
        assert_eq!(params[0].words, [PLUGIN_INVOKE, 0x0403_0201, 0x0807_0605]);
        assert_eq!(params[1].words, [0x0C0B_0A09, 0x100F_0E0D, 5]);
        assert_eq!(params[2].words[0], 6);
    }
}

#[test]
fn a_plugin_that_is_badly_named_or_given_too_much_is_not_asked_for() {
    for (uuid, data) in
        [((ParamType::MemrefInput, [1, 15]), 8), ((ParamType::MemrefInput, [0, 0]), 8), ((ParamType::MemrefInput, [1, 17]), 8)]
    {
        let asked = run(
            |_, _| 0,
            move |ta| {
                let at = ta.scratch(9);
                let (kind, [there, len]) = uuid;
                let uuid = (kind, [if there == 0 { 0 } else { at }, len]);
                let params = [uuid, input(5, 6), (ParamType::MemrefInout, [at, data]), OUTPUT];
                let (got, _) = call_pseudo(ta, system::UUID, system::Command::SuppPluginInvoke.into(), params);
                assert_eq!(got, TeeError::BAD_PARAMETERS.raw());
            },
        );
        assert!(asked.is_empty());
    }
}
