// SPDX-License-Identifier: BSD-2-Clause
//! Operations in any order of calls, against a model of what the specification says of it (GlobalPlatform TEE Internal Core API
//! 1.3.1, chapter 6): which calls panic the TA, and which state the others leave.

use crate::ae::{TEE_AEDecryptFinal, TEE_AEEncryptFinal, TEE_AEInit, TEE_AEUpdate, TEE_AEUpdateAAD};
use crate::cipher::{
    TEE_CipherDoFinal, TEE_CipherInit, TEE_CipherUpdate, TEE_MACCompareFinal, TEE_MACComputeFinal, TEE_MACInit, TEE_MACUpdate,
};
use crate::digest::{TEE_DigestDoFinal, TEE_DigestExtract, TEE_DigestUpdate};
use crate::operation::{
    TEE_AllocateOperation, TEE_CopyOperation, TEE_FreeOperation, TEE_GetOperationInfo, TEE_GetOperationInfoMultiple, TEE_ResetOperation,
    TEE_SetOperationKey, TEE_SetOperationKey2,
};
use crate::types::OperationInfo;
use alloc::vec;
use alloc::vec::Vec;
use api::TeeError;
use api::fake::{self, End};
use api::raw::Word;
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};
use utee_abi::crypto::object::UteeObjectInfo;
use utee_abi::crypto::{AlgorithmId, HandleFlags, KeyUsage, OperationMode};
use utee_abi::sysnum::Syscall;

/// Keys as the kernel of the test has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    None,
    Good,
    /// Another one that is as good.
    Other,
    /// With twice the bits.
    Long,
    Empty,
    Useless,
}

impl Key {
    fn handle(self) -> *mut c_void {
        ptr::without_provenance_mut(self as usize * 1000)
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    SetKey(Key),
    SetKeys(Key, Key),
    Reset,
    Init,
    Aad,
    Update(usize),
    Final(usize),
    Compare,
    Extract,
    /// Takes over another operation of the kind, which is in this state: no key, a key, started, with data.
    Copy(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Digest,
    Endless,
    Cipher,
    TwoKeys,
    Mac,
    Seal,
    Open,
}

impl Kind {
    const ALL: [Self; 7] = [Self::Digest, Self::Endless, Self::Cipher, Self::TwoKeys, Self::Mac, Self::Seal, Self::Open];

    fn of(self) -> (AlgorithmId, OperationMode, u32) {
        match self {
            Self::Digest => (AlgorithmId::SHA256, OperationMode::Digest, 0),
            Self::Endless => (AlgorithmId::SHAKE128, OperationMode::Digest, 0),
            Self::Cipher => (AlgorithmId::AES_CTR, OperationMode::Encrypt, 256),
            Self::TwoKeys => (AlgorithmId::AES_XTS, OperationMode::Encrypt, 256),
            Self::Mac => (AlgorithmId::AES_CMAC, OperationMode::Mac, 256),
            Self::Seal => (AlgorithmId::AES_GCM, OperationMode::Encrypt, 256),
            Self::Open => (AlgorithmId::AES_GCM, OperationMode::Decrypt, 256),
        }
    }

    fn is_digest(self) -> bool {
        matches!(self, Self::Digest | Self::Endless)
    }

    fn is_ae(self) -> bool {
        matches!(self, Self::Seal | Self::Open)
    }
}

/// What the specification says that an operation is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Model {
    kind: Kind,
    key: bool,
    initialised: bool,
    active: bool,
    extracting: bool,
}

/// The TA panics.
#[derive(Debug, PartialEq, Eq)]
struct Panics;

impl Model {
    fn new(kind: Kind) -> Self {
        Self { kind, key: false, initialised: false, active: false, extracting: false }
    }

    fn initial(&mut self) {
        (self.initialised, self.active, self.extracting) = (false, false, false);
    }

    fn step(&mut self, step: Step) -> Result<(), Panics> {
        let ok = |holds: bool| if holds { Ok(()) } else { Err(Panics) };
        let kind = self.kind;
        match step {
            Step::SetKey(key) => {
                ok(!kind.is_digest() && kind != Kind::TwoKeys && !self.initialised && !matches!(key, Key::Empty | Key::Useless))?;
                self.key = key != Key::None;
            }
            Step::SetKeys(one, other) => {
                // SECURITY comes before any look at the operation, but for one that takes no two keys.
                if kind == Kind::TwoKeys && one == other && one != Key::None {
                    return Ok(());
                }
                let good = |key| matches!(key, Key::Good | Key::Other | Key::Long);
                let alike = (one == Key::Long) == (other == Key::Long);
                ok(kind == Kind::TwoKeys && !self.initialised)?;
                ok((one == Key::None && other == Key::None) || (good(one) && good(other) && alike))?;
                self.key = one != Key::None;
            }
            Step::Reset => {
                ok(kind.is_digest() || self.key)?;
                self.initial();
            }
            Step::Init => {
                ok(!kind.is_digest() && self.key && !(kind.is_ae() && self.active))?;
                self.initial();
                self.initialised = true;
                self.active = !kind.is_ae();
            }
            Step::Aad => ok(kind.is_ae() && self.initialised && !self.active)?,
            Step::Update(len) => {
                ok(if kind.is_digest() { !self.extracting } else { self.initialised })?;
                self.active |= len > 0 || !kind.is_ae();
            }
            Step::Final(len) => {
                ok(if kind.is_digest() { !self.extracting || len == 0 } else { self.initialised })?;
                self.initial();
            }
            Step::Compare => {
                ok(kind == Kind::Mac && self.initialised)?;
                self.initial();
            }
            Step::Extract => {
                ok(kind.is_digest())?;
                (self.extracting, self.active) = (true, false);
            }
            Step::Copy(state) => *self = Self::after(kind, state),
        }
        Ok(())
    }

    /// The other operation of [`Step::Copy`].
    fn steps(kind: Kind, state: u8) -> Vec<Step> {
        let key = if kind == Kind::TwoKeys { Step::SetKeys(Key::Good, Key::Other) } else { Step::SetKey(Key::Good) };
        let all = if kind.is_digest() { vec![Step::Reset, Step::Update(3), Step::Extract] } else { vec![key, Step::Init, Step::Update(3)] };
        all[..usize::from(state)].to_vec()
    }

    fn after(kind: Kind, state: u8) -> Self {
        let mut model = Self::new(kind);
        for step in Self::steps(kind, state) {
            model.step(step).expect("it is an order that may be");
        }
        model
    }

    fn flags(&self) -> u32 {
        let mut flags = HandleFlags::empty();
        flags.set(HandleFlags::INITIALIZED, self.kind.is_digest() || self.initialised);
        flags.set(HandleFlags::KEY_SET, self.kind.is_digest() || self.key);
        flags.set(HandleFlags::EXPECT_TWO_KEYS, self.kind == Kind::TwoKeys);
        flags.set(HandleFlags::EXTRACTING, self.extracting);
        flags.bits()
    }

    fn state(&self) -> u32 {
        if self.extracting { 2 } else { u32::from(self.active) }
    }
}

/// A kernel that refuses nothing but what the keys are.
fn kernel() {
    let next = Cell::new(1u32);
    let number = move |args: &[Word], at: usize| {
        next.set(next.get() + 1);
        // SAFETY: the cell of a handle.
        unsafe { args[at].pointer::<u32>().write(next.get()) };
        0
    };
    let other = number.clone();
    fake::on(Syscall::CrypStateAlloc, move |args| number(args, 4));
    fake::on(Syscall::CrypObjAlloc, move |args| other(args, 2));
    fake::on(Syscall::CrypObjGetInfo, |args| {
        let key = [Key::None, Key::Good, Key::Other, Key::Long, Key::Empty, Key::Useless][args[0].value() / 1000];
        let usage = if key == Key::Useless { KeyUsage::EXTRACTABLE } else { KeyUsage::all() };
        let flags = if key == Key::Empty { HandleFlags::empty() } else { HandleFlags::INITIALIZED };
        let info = UteeObjectInfo {
            object_type: 0xA000_0010,
            object_size: if key == Key::Long { 256 } else { 128 },
            max_object_size: 256,
            usage: usage.bits(),
            data_size: 0,
            data_position: 0,
            handle_flags: flags.bits(),
        };
        // SAFETY: the structure that the library passes.
        unsafe { args[1].pointer::<[u8; UteeObjectInfo::SIZE]>().write(info.to_bytes()) };
        0
    });
    for call in [
        Syscall::CrypStateFree,
        Syscall::CrypStateCopy,
        Syscall::CrypObjClose,
        Syscall::CrypObjReset,
        Syscall::CrypObjCopy,
        Syscall::HashInit,
        Syscall::HashUpdate,
        Syscall::CipherInit,
        Syscall::AuthencInit,
        Syscall::AuthencUpdateAad,
        Syscall::AuthencDecFinal,
    ] {
        fake::on(call, |_| 0);
    }
    fake::on(Syscall::HashFinal, |args| {
        // SAFETY: the buffer and the cell of its size.
        unsafe {
            args[3].pointer::<u8>().write_bytes(7, args[4].pointer::<u64>().read().min(16) as usize);
            args[4].pointer::<u64>().write(16);
        }
        0
    });
    for call in [Syscall::CipherUpdate, Syscall::CipherFinal, Syscall::AuthencUpdatePayload, Syscall::AuthencEncFinal] {
        fake::on(call, |args| {
            // SAFETY: the cell of the length.
            unsafe { args[4].pointer::<u64>().write(args[2].value() as u64) };
            0
        });
    }
}

fn allocate(kind: Kind) -> *mut c_void {
    let (algorithm, mode, bits) = kind.of();
    let mut operation = ptr::null_mut();
    // SAFETY: a place for a handle.
    assert_eq!(unsafe { TEE_AllocateOperation(&raw mut operation, algorithm.raw(), mode.into(), bits) }, 0);
    operation
}

/// Does a step; how the TA ended, if it did.
fn play(kind: Kind, operation: *mut c_void, step: Step) -> Option<End> {
    let (data, mut out, mut len) = ([1u8; 64], [0u8; 64], 64usize);
    let (data, out, len) = (data.as_ptr().cast::<c_void>(), out.as_mut_ptr().cast::<c_void>(), &raw mut len);
    let mut tag_len = 16usize;
    let tag_len = &raw mut tag_len;
    let mut other = ptr::null_mut();
    let end = fake::run(|| {
        // SAFETY: handles and memory of the test.
        let code = unsafe {
            match (step, kind) {
                (Step::SetKey(key), _) => TEE_SetOperationKey(operation, key.handle()),
                (Step::SetKeys(one, two), _) => match TEE_SetOperationKey2(operation, one.handle(), two.handle()) {
                    code if code == TeeError::SECURITY.raw() && one == two && one != Key::None => 0,
                    code => code,
                },
                (Step::Reset, _) => done(|| TEE_ResetOperation(operation)),
                (Step::Init, Kind::Mac) => done(|| TEE_MACInit(operation, ptr::null(), 0)),
                (Step::Init, Kind::Seal | Kind::Open) => TEE_AEInit(operation, data, 12, 128, 0, 0),
                (Step::Init, _) => done(|| TEE_CipherInit(operation, data, 16)),
                (Step::Aad, _) => done(|| TEE_AEUpdateAAD(operation, data, 5)),
                (Step::Update(size), Kind::Digest | Kind::Endless) => done(|| TEE_DigestUpdate(operation, data, size)),
                (Step::Update(size), Kind::Mac) => done(|| TEE_MACUpdate(operation, data, size)),
                (Step::Update(size), Kind::Seal | Kind::Open) => TEE_AEUpdate(operation, data, size, out, len),
                (Step::Update(size), _) => TEE_CipherUpdate(operation, data, size, out, len),
                (Step::Final(size), Kind::Digest | Kind::Endless) => TEE_DigestDoFinal(operation, data, size, out, len),
                (Step::Final(size), Kind::Mac) => TEE_MACComputeFinal(operation, data, size, out, len),
                (Step::Final(size), Kind::Seal) => TEE_AEEncryptFinal(operation, data, size, out, len, out, tag_len),
                (Step::Final(size), Kind::Open) => TEE_AEDecryptFinal(operation, data, size, out, len, out, 16),
                (Step::Final(size), _) => TEE_CipherDoFinal(operation, data, size, out, len),
                (Step::Compare, _) => match TEE_MACCompareFinal(operation, data, 3, data, 16) {
                    code if code == TeeError::MAC_INVALID.raw() => 0,
                    code => code,
                },
                (Step::Extract, _) => TEE_DigestExtract(operation, out, len),
                (Step::Copy(state), _) => {
                    other = allocate(kind);
                    for step in Model::steps(kind, state) {
                        assert_eq!(play(kind, other, step), None);
                    }
                    done(|| TEE_CopyOperation(operation, other))
                }
            }
        };
        assert_eq!(code, 0, "{step:?} of {kind:?}");
    });
    // SAFETY: the handle, or NULL.
    unsafe { TEE_FreeOperation(other) };
    end
}

/// Calls what answers nothing.
fn done(call: impl FnOnce()) -> u32 {
    call();
    0
}

/// Handle flags and state as the library tells them, by both ways.
fn told(operation: *mut c_void) -> (u32, u32) {
    let mut info = OperationInfo::default();
    let (mut words, mut size) = ([0u32; 12], 48usize);
    // SAFETY: places for what is told.
    unsafe {
        TEE_GetOperationInfo(operation, &raw mut info);
        assert_eq!(TEE_GetOperationInfoMultiple(operation, words.as_mut_ptr(), &raw mut size), 0);
    }
    assert_eq!(info.handle_state, words[5]);
    (words[5], words[6])
}

fn step() -> impl Strategy<Value = Step> {
    let key = || {
        prop_oneof![
            4 => Just(Key::Good),
            2 => Just(Key::Other),
            1 => proptest::sample::select(vec![Key::None, Key::Long, Key::Empty, Key::Useless])
        ]
    };
    prop_oneof![
        3 => key().prop_map(Step::SetKey),
        3 => (key(), key()).prop_map(|(one, other)| Step::SetKeys(one, other)),
        1 => Just(Step::Reset),
        4 => Just(Step::Init),
        2 => Just(Step::Aad),
        4 => proptest::sample::select(vec![0, 3, 16]).prop_map(Step::Update),
        2 => proptest::sample::select(vec![0, 3]).prop_map(Step::Final),
        1 => Just(Step::Compare),
        1 => Just(Step::Extract),
        2 => (0..4u8).prop_map(Step::Copy),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_in_any_order_panic_where_the_specification_says_so(
        kind in proptest::sample::select(Kind::ALL.to_vec()),
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        kernel();
        let (mut model, mut operation) = (Model::new(kind), allocate(kind));
        for (at, step) in steps.iter().enumerate() {
            let before = model;
            let end = play(kind, operation, *step);
            let wanted = model.step(*step);
            prop_assert_eq!(end.is_some(), wanted.is_err(), "step {} of {:?}, in {:?}: {:?}", at, kind, before, end);
            if end.is_some() {
                // That TA is dead: the next one begins anew.
                (model, operation) = (Model::new(kind), allocate(kind));
            }
            prop_assert_eq!(told(operation), (model.flags(), model.state()), "after step {} of {:?}, in {:?}", at, kind, before);
        }
    }
}

/// What the model does not look into: operations that do not go together, and room for what is told.
#[test]
fn copies_go_between_operations_of_one_kind() {
    kernel();
    let (one, other) = (allocate(Kind::Cipher), allocate(Kind::TwoKeys));
    // SAFETY: handles of the test.
    unsafe {
        let bad = Some(End::Panic(TeeError::BAD_PARAMETERS.raw()));
        assert_eq!(fake::run(|| TEE_CopyOperation(one, other)), bad);
        assert_eq!(fake::run(|| TEE_CopyOperation(ptr::null_mut(), other)), bad);
        assert_eq!(fake::run(|| TEE_CopyOperation(one, one)), None);
        let (mut words, mut size) = ([0u32; 12], 47usize);
        assert_eq!(TEE_GetOperationInfoMultiple(other, words.as_mut_ptr(), &raw mut size), TeeError::SHORT_BUFFER.raw());
        assert_eq!((size, words[0]), (48, 0));
        let mut small = ptr::null_mut();
        let (algorithm, mode, _) = Kind::Cipher.of();
        assert_eq!(TEE_AllocateOperation(&raw mut small, algorithm.raw(), mode.into(), 128), 0);
        // Its keys would not fit.
        assert_eq!(fake::run(|| TEE_CopyOperation(small, one)), bad);
        for operation in [one, other, small] {
            TEE_FreeOperation(operation);
        }
    }
}
