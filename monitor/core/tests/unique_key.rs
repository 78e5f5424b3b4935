// SPDX-License-Identifier: BSD-2-Clause
//! Keys that a TA derives from the hardware-unique key.

use hmac::{Hmac, KeyInit, Mac};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use sha2::Sha256;
use std::sync::{Arc, Mutex};
use tee_core::ports::{EntropyKind, HardwareKey, KeyState, Noise, PAGE_SIZE, Store};
use tee_core::testing::image::{elf, signed};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use tee_core::testing::{FakePlatform, Secrets};
use utee_abi::msg::{ATTR_NONCONTIG, Kind, MsgParam};
use utee_abi::param::{ParamType, ParamTypes, UteeParams};
use utee_abi::pta::system::{Command, UNIQUE_KEY_EXTRA_MAX, UUID};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const B: Uuid = Uuid::new(5, 6, 7, [8; 8]);
const HUK: [u8; 16] = [0x42; 16];
const NOISE: Noise = Noise::new("a pretended generator", 4, 4000).unwrap();

/// What a TA asked for: its extra data, the length of its key, and whether the key is to go to the client's memory.
#[derive(Clone)]
struct Ask {
    extra: Vec<u8>,
    len: usize,
    shared: bool,
}

fn asked(extra: &[u8], len: usize) -> Ask {
    Ask { extra: extra.to_vec(), len, shared: false }
}

struct Device {
    world: NormalWorld,
    ask: Arc<Mutex<Ask>>,
    key: Arc<Mutex<Vec<u8>>>,
}

impl Device {
    fn new(state: KeyState, product: bool) -> Self {
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let entropy = Box::new(move |out: &mut [u8]| {
            random.fill_bytes(out);
            Ok(())
        });
        let key = Ok(HardwareKey::new(HUK, state));
        let secrets = Secrets { entropy_kind: EntropyKind::Hardware(NOISE), entropy, key, product, store: Store::Memory, event_log: None };
        let tas = [A, B].map(|uuid| (uuid, signed(&uuid, &elf(&uuid, TaFlags::empty(), 16384))));
        let tee = FakePlatform::boot_keeping(secrets, &tas).unwrap();
        let (ask, key) = (Arc::new(Mutex::new(asked(&[], 16))), Arc::default());
        for uuid in [A, B] {
            let (ask, key) = (Arc::clone(&ask), Arc::clone(&key));
            tee.platform.scripts().set(&uuid, move |ta| {
                let wanted = ask.lock().unwrap().clone();
                if ta.function() == EntryFunction::InvokeCommand { derive(ta, &wanted, &key) } else { 0 }
            });
        }
        Self { world: NormalWorld::new(tee), ask, key }
    }

    fn derive(&mut self, ta: &Uuid, ask: Ask) -> Result<Vec<u8>, u32> {
        *self.ask.lock().unwrap() = ask;
        let session = self.world.open(ta, &[]).header.session;
        let page = self.world.pages(1);
        let list = self.world.list(&[page]);
        let param = MsgParam::new(Kind::TmemOutput, [list, PAGE_SIZE as u64, 0]).with(ATTR_NONCONTIG);
        let result = self.world.invoke(session, 0, &[param]).header.ret;
        assert_eq!(self.world.read(page, PAGE_SIZE), [0; PAGE_SIZE], "a key in normal-world memory");
        self.world.close(session);
        if result == 0 { Ok(self.key.lock().unwrap().clone()) } else { Err(result) }
    }
}

/// The call of the TA; the key stands between bytes that have to stay as they are.
fn derive(ta: &mut Ta, ask: &Ask, key: &Mutex<Vec<u8>>) -> u32 {
    let (name, session) = (ta.scratch(0), ta.scratch(1));
    ta.write(name, &UUID.to_memory());
    assert_eq!(ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, session, 0]), 0);
    let session = ta.word(session).into();
    let (extra, out, at) = (ta.scratch(8), ta.scratch(9), ta.scratch(2));
    ta.write(extra, &ask.extra);
    ta.write(out, &[0xA5; 64]);
    let target = if ask.shared { ta.params().cells[0][0] } else { out };
    let types = ParamTypes::new([ParamType::MemrefInput, ParamType::MemrefOutput, ParamType::None, ParamType::None]);
    let cells = [[extra, ask.extra.len() as u64], [target, ask.len as u64], [0; 2], [0; 2]];
    ta.write(at, &UteeParams { types, cells }.to_bytes());
    let result = ta.syscall(Syscall::InvokeTaCommand, &[session, 0xFFFF_FFFF, u32::from(Command::DeriveTaUniqueKey).into(), at, 0]);
    let mut bytes = [0; 64];
    ta.read(out, &mut bytes);
    let kept = if result == 0 && !ask.shared { ask.len } else { 0 };
    assert!(bytes[kept..].iter().all(|byte| *byte == 0xA5));
    *key.lock().unwrap() = bytes[..kept].to_vec();
    result
}

/// What OP-TEE derives: HMAC-SHA-256 of the hardware-unique key over the purpose 3, the UUID in memory order, and the extra data.
fn expected(ta: &Uuid, extra: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&HUK).unwrap();
    mac.update(&[3, 0, 0, 0]);
    mac.update(&ta.to_memory());
    mac.update(extra);
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn a_ta_derives_what_op_tee_would_derive_for_it() {
    let mut device = Device::new(KeyState::Device, true);
    let long = [0x5A; UNIQUE_KEY_EXTRA_MAX];
    for (ta, extra, len) in [(A, &b""[..], 32), (A, b"disk", 16), (B, b"disk", 32), (B, &long[..65], 31), (A, &long[..], 17)] {
        assert_eq!(device.derive(&ta, asked(extra, len)).unwrap(), expected(&ta, extra)[..len]);
    }
}

#[test]
fn lengths_that_are_not_served_are_refused() {
    let mut device = Device::new(KeyState::Device, false);
    let long = [0; UNIQUE_KEY_EXTRA_MAX + 1];
    for ask in [asked(&[], 15), asked(&[], 33), asked(&[], 0), asked(&long, 16)] {
        assert_eq!(device.derive(&A, ask), Err(TeeError::BAD_PARAMETERS.raw()));
    }
}

#[test]
fn a_key_does_not_go_to_the_normal_world() {
    let mut device = Device::new(KeyState::Device, false);
    assert_eq!(device.derive(&A, Ask { shared: true, ..asked(b"x", 32) }), Err(TeeError::SECURITY.raw()));
}

#[test]
fn a_product_derives_nothing_from_a_key_that_others_have() {
    for state in [KeyState::Test("open"), KeyState::StandIn("none")] {
        assert_eq!(Device::new(state, true).derive(&A, asked(b"x", 32)), Err(TeeError::SECURITY.raw()));
        assert_eq!(Device::new(state, false).derive(&A, asked(b"x", 32)).unwrap(), expected(&A, b"x"));
    }
}
