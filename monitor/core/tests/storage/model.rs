// SPDX-License-Identifier: BSD-2-Clause
//! Random calls of two TAs, of which one may die and the machine may be reset, against a model.

use crate::calls::{Calls, META, OVERWRITE, READ, Result, SHARE, WRITE};
use crate::disk::{Shared, boot};
use crate::rules::{A, B, tas};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tee_core::testing::normal::NormalWorld;
use utee_abi::crypto::HandleFlags;
use utee_abi::result::TeeError;
use utee_abi::storage::Whence;
use utee_abi::sysnum::Syscall as S;
use utee_abi::ta_head::{EntryFunction, TaFlags};

const IDS: [&[u8]; 4] = [b"", b"a", b"bb", &[0xFF; 64]];

/// A step of a TA. Handles are told by how many were opened before, ids by their place in [`IDS`].
#[derive(Clone, Debug)]
enum Op {
    Create { id: usize, flags: u32, data: Vec<u8> },
    Open { id: usize, flags: u32 },
    Read { handle: usize, len: usize },
    Write { handle: usize, data: Vec<u8> },
    Truncate { handle: usize, len: u32 },
    Seek { handle: usize, offset: i32, whence: u32 },
    Rename { handle: usize, id: usize },
    Delete { handle: usize },
    Close { handle: usize },
    Info { handle: usize },
    List,
    Crash,
    Reset,
}

/// What a step gave.
#[derive(Clone, Debug, PartialEq)]
enum Gave {
    Nothing,
    Handle,
    Bytes(Vec<u8>),
    /// Size, position.
    Stream(u32, u32),
    Ids(Vec<(Vec<u8>, u32)>),
}

fn flags() -> impl Strategy<Value = u32> {
    select(vec![READ, WRITE, READ | WRITE, READ | WRITE | META, META, READ | WRITE | SHARE, READ | SHARE, SHARE, 0])
}

fn op() -> impl Strategy<Value = Op> {
    let (id, handle) = (0..IDS.len(), 0..6usize);
    let data = || prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 500..1100)];
    prop_oneof![
        4 => (id.clone(), flags(), any::<bool>(), data())
            .prop_map(|(id, flags, over, data)| Op::Create { id, flags: flags | if over { OVERWRITE } else { 0 }, data }),
        4 => (id.clone(), flags()).prop_map(|(id, flags)| Op::Open { id, flags }),
        4 => (handle.clone(), 0..1200usize).prop_map(|(handle, len)| Op::Read { handle, len }),
        4 => (handle.clone(), data()).prop_map(|(handle, data)| Op::Write { handle, data }),
        2 => (handle.clone(), 0..1500u32).prop_map(|(handle, len)| Op::Truncate { handle, len }),
        3 => (handle.clone(), -1500..1500i32, 0..3u32).prop_map(|(handle, offset, whence)| Op::Seek { handle, offset, whence }),
        2 => (handle.clone(), id).prop_map(|(handle, id)| Op::Rename { handle, id }),
        2 => handle.clone().prop_map(|handle| Op::Delete { handle }),
        3 => handle.clone().prop_map(|handle| Op::Close { handle }),
        2 => handle.prop_map(|handle| Op::Info { handle }),
        1 => proptest::strategy::Just(Op::List),
        1 => proptest::strategy::Just(Op::Crash),
        1 => proptest::strategy::Just(Op::Reset),
    ]
}

/// A handle of the model.
#[derive(Clone, Debug)]
struct Open {
    number: u32,
    id: usize,
    flags: u32,
    position: usize,
}

/// What a TA has, by the specification.
#[derive(Clone, Debug, Default)]
struct Owner {
    objects: BTreeMap<usize, Vec<u8>>,
    handles: Vec<Option<Open>>,
}

impl Owner {
    fn check(&self, id: usize, flags: u32, keep: bool) -> Result<()> {
        let conflict = |other: &Open| {
            let all = flags | other.flags;
            let both = flags & other.flags;
            let differs = (flags ^ other.flags) & SHARE != 0;
            let (share_read, share_write) = (HandleFlags::SHARE_READ.bits(), HandleFlags::SHARE_WRITE.bits());
            keep || all & META != 0
                || differs
                || (all & READ != 0 && both & share_read == 0)
                || (all & WRITE != 0 && both & share_write == 0)
        };
        let mut same = self.handles.iter().flatten().filter(|open| open.id == id);
        if same.any(conflict) { Err(TeeError::ACCESS_CONFLICT) } else { Ok(()) }
    }

    fn handle(&mut self, handle: usize) -> Result<&mut Open> {
        self.handles.get_mut(handle).and_then(Option::as_mut).ok_or(TeeError::BAD_STATE)
    }

    fn number(&self, handle: usize) -> u32 {
        self.handles.get(handle).and_then(Option::as_ref).map_or(0, |open| open.number)
    }

    fn opened_for(&mut self, handle: usize, access: u32) -> Result<(usize, usize)> {
        let open = self.handle(handle)?;
        if open.flags & access == 0 { Err(TeeError::ACCESS_CONFLICT) } else { Ok((open.id, open.position)) }
    }

    /// What a step has to give; an opened handle's number comes later.
    fn step(&mut self, op: &Op) -> Result<Gave> {
        match op {
            Op::Create { id, flags, data } => {
                let keep = flags & OVERWRITE == 0;
                self.check(*id, *flags, keep)?;
                if keep && self.objects.contains_key(id) {
                    return Err(TeeError::ACCESS_CONFLICT);
                }
                self.objects.insert(*id, data.clone());
                self.handles.push(Some(Open { number: 0, id: *id, flags: *flags, position: 0 }));
                Ok(Gave::Handle)
            }
            Op::Open { id, flags } => {
                self.check(*id, *flags, false)?;
                self.objects.get(id).ok_or(TeeError::ITEM_NOT_FOUND)?;
                self.handles.push(Some(Open { number: 0, id: *id, flags: *flags, position: 0 }));
                Ok(Gave::Handle)
            }
            Op::Read { handle, len } => {
                let (id, position) = self.opened_for(*handle, READ)?;
                let rest = self.objects[&id].get(position..).unwrap_or_default();
                let out = rest[..rest.len().min(*len)].to_vec();
                self.handle(*handle)?.position += out.len();
                Ok(Gave::Bytes(out))
            }
            Op::Write { handle, data } => {
                let (id, position) = self.opened_for(*handle, WRITE)?;
                let content = self.objects.get_mut(&id).unwrap();
                if !data.is_empty() {
                    content.resize(content.len().max(position + data.len()), 0);
                    content[position..position + data.len()].copy_from_slice(data);
                }
                self.handle(*handle)?.position += data.len();
                Ok(Gave::Nothing)
            }
            Op::Truncate { handle, len } => {
                let (id, _) = self.opened_for(*handle, WRITE)?;
                self.objects.get_mut(&id).unwrap().resize(*len as usize, 0);
                Ok(Gave::Nothing)
            }
            Op::Seek { handle, offset, whence } => {
                let open = self.handle(*handle)?.clone();
                let from = [0, open.position, self.objects[&open.id].len()][*whence as usize];
                self.handle(*handle)?.position = (from as i64 + i64::from(*offset)).max(0) as usize;
                Ok(Gave::Nothing)
            }
            Op::Rename { handle, id } => {
                let open = self.handle(*handle)?.clone();
                if open.flags & META == 0 {
                    return Err(TeeError::BAD_STATE);
                }
                if self.objects.contains_key(id) {
                    return Err(TeeError::ACCESS_CONFLICT);
                }
                let content = self.objects.remove(&open.id).unwrap();
                self.objects.insert(*id, content);
                self.handle(*handle)?.id = *id;
                Ok(Gave::Nothing)
            }
            Op::Delete { handle } => {
                let open = self.handle(*handle)?.clone();
                self.handles[*handle] = None;
                if open.flags & META == 0 {
                    return Err(TeeError::ACCESS_CONFLICT);
                }
                self.objects.remove(&open.id);
                Ok(Gave::Nothing)
            }
            Op::Close { handle } => {
                self.handle(*handle)?;
                self.handles[*handle] = None;
                Ok(Gave::Nothing)
            }
            Op::Info { handle } => {
                let open = self.handle(*handle)?.clone();
                Ok(Gave::Stream(self.objects[&open.id].len() as u32, open.position as u32))
            }
            Op::List => {
                let mut all: Vec<_> = self.objects.iter().map(|(id, data)| (IDS[*id].to_vec(), data.len() as u32)).collect();
                all.sort();
                Ok(Gave::Ids(all))
            }
            Op::Crash | Op::Reset => {
                self.handles.clear();
                Ok(Gave::Nothing)
            }
        }
    }
}

/// The step as a TA makes it, on the kernel's handle; what it gave, and the number of a new handle.
fn perform(ta: &mut Calls<'_>, op: &Op, number: u32) -> (Result<Gave>, u32) {
    let opened = match op {
        Op::Create { id, flags, data } => Some(ta.create(IDS[*id], *flags, 0, data)),
        Op::Open { id, flags } => Some(ta.open(IDS[*id], *flags)),
        _ => None,
    };
    if let Some(opened) = opened {
        return (opened.map(|_| Gave::Handle), opened.unwrap_or(0));
    }
    let gave = match op {
        Op::Read { len, .. } => ta.read(number, *len).map(Gave::Bytes),
        Op::Write { data, .. } => ta.write(number, data).map(|()| Gave::Nothing),
        Op::Truncate { len, .. } => ta.truncate(number, *len).map(|()| Gave::Nothing),
        Op::Seek { offset, whence, .. } => ta.seek(number, *offset, Whence::try_from(*whence).unwrap()).map(|()| Gave::Nothing),
        Op::Rename { id, .. } => ta.rename(number, IDS[*id]).map(|()| Gave::Nothing),
        Op::Delete { .. } => ta.delete(number).map(|()| Gave::Nothing),
        Op::Close { .. } => ta.close(number).map(|()| Gave::Nothing),
        Op::Info { .. } => ta.info(number).map(|info| Gave::Stream(info.data_size, info.data_position)),
        Op::List => ta.list().map(|all| Gave::Ids(all.into_iter().map(|(id, info)| (id, info.data_size)).collect())),
        Op::Crash => ta.call(S::Panic, &[1, 0]).map(|()| Gave::Nothing),
        Op::Create { .. } | Op::Open { .. } | Op::Reset => unreachable!("made elsewhere"),
    };
    (gave, 0)
}

/// What goes over between the test and a script.
#[derive(Default)]
struct Exchange {
    next: Option<(Op, u32)>,
    done: Option<(Result<Gave>, u32)>,
}

/// A machine that runs, with a session of each TA.
struct Machine {
    world: NormalWorld,
    exchange: Arc<Mutex<Exchange>>,
    sessions: [u32; 2],
}

impl Machine {
    fn boot(disk: Option<&Shared>) -> Self {
        let world = boot(disk, &tas(TaFlags::empty()));
        let exchange: Arc<Mutex<Exchange>> = Arc::default();
        for uuid in [A, B] {
            let exchange = Arc::clone(&exchange);
            world.tee.platform.scripts().set(&uuid, move |ta| {
                if ta.function() == EntryFunction::InvokeCommand {
                    let (op, number) = exchange.lock().unwrap().next.take().unwrap();
                    let done = perform(&mut Calls(ta), &op, number);
                    exchange.lock().unwrap().done = Some(done);
                }
                0
            });
        }
        let mut machine = Self { world, exchange, sessions: [0; 2] };
        for ta in 0..2 {
            machine.open(ta);
        }
        machine
    }

    fn open(&mut self, ta: usize) {
        let reply = self.world.open(&[A, B][ta], &[]);
        assert_eq!(reply.header.ret, 0);
        self.sessions[ta] = reply.header.session;
    }

    fn step(&mut self, ta: usize, op: &Op, number: u32) -> (Result<Gave>, u32) {
        self.exchange.lock().unwrap().next = Some((op.clone(), number));
        let reply = self.world.invoke(self.sessions[ta], 0, &[]);
        if matches!(op, Op::Crash) {
            assert_eq!(reply.header.ret, TeeError::TARGET_DEAD.raw());
            self.world.close(self.sessions[ta]);
            self.open(ta);
            return (Ok(Gave::Nothing), 0);
        }
        self.exchange.lock().unwrap().done.take().expect("the script answered")
    }
}

fn play(ops: &[(usize, Op)], disk: Option<&Shared>) {
    let mut machine = Machine::boot(disk);
    let mut owners = [Owner::default(), Owner::default()];
    for (at, (ta, op)) in ops.iter().enumerate() {
        if matches!(op, Op::Reset) {
            machine = Machine::boot(disk);
            owners.iter_mut().for_each(|owner| owner.handles.clear());
            if disk.is_none() {
                owners = [Owner::default(), Owner::default()];
            }
            continue;
        }
        let owner = &mut owners[*ta];
        let number = match op {
            Op::Read { handle, .. }
            | Op::Write { handle, .. }
            | Op::Truncate { handle, .. }
            | Op::Seek { handle, .. }
            | Op::Rename { handle, .. }
            | Op::Delete { handle }
            | Op::Close { handle }
            | Op::Info { handle } => owner.number(*handle),
            _ => 0,
        };
        let wanted = owner.step(op);
        let (gave, new) = machine.step(*ta, op, number);
        assert_eq!(gave, wanted, "step {at}, {op:?} of TA {ta}");
        if gave == Ok(Gave::Handle) {
            owner.handles.last_mut().unwrap().as_mut().unwrap().number = new;
        }
    }
    if let Some(disk) = disk {
        assert!(disk.lock().unwrap().is_quiet());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_calls_do_what_the_model_does(ops in vec((0..2usize, op()), 1..60)) {
        play(&ops, None);
        play(&ops, Some(&Shared::default()));
    }
}
