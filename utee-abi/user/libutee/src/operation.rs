// SPDX-License-Identifier: BSD-2-Clause
//! Operations in C (GlobalPlatform TEE Internal Core API 1.3.1, section 6.2). What is done with them is in `digest`, `cipher`, `ae`
//! and `derive`.

use crate::object::{DONE, object, only};
use crate::types::OperationInfo;
use crate::{boxed, c_functions, raw};
use alloc::boxed::Box;
use api::crypto::{Blocks, Object, ObjectRef, State, is_supported};
use api::panic::{or_panic, panic};
use api::{Result, TeeError};
use core::ffi::c_void;
use utee_abi::crypto::types::TypeRow;
use utee_abi::crypto::{Algorithm, AlgorithmId, Curve, HandleFlags, KeyUsage, ObjectType, OperationClass, OperationMode};
use utee_abi::gp::framework::{OPERATION_STATE_ACTIVE, OPERATION_STATE_EXTRACTING, OPERATION_STATE_INITIAL};

/// Where an operation of several steps stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Initial,
    /// Authenticated encryption that was started, and has seen no payload: for the specification still the initial one.
    Prepared,
    Active,
    Extracting,
}

/// What a TEE_OperationHandle points to.
pub(crate) struct Operation {
    pub(crate) state: State,
    key_bits: [u32; 2],
    pub(crate) algorithm: AlgorithmId,
    pub(crate) class: OperationClass,
    pub(crate) mode: OperationMode,
    max_key_size: u32,
    pub(crate) has_key: bool,
    pub(crate) stage: Stage,
    /// Held back between pieces.
    pub(crate) blocks: Blocks,
    /// Bytes of the tag of authenticated encryption.
    pub(crate) tag_len: usize,
    /// A digest that is given out in parts: the digest, its length, where the next part begins.
    pub(crate) extracted: ([u8; 64], usize, usize),
}

/// The type of the keys of an algorithm; `None` for none.
fn key_type(algorithm: AlgorithmId, class: OperationClass, mode: OperationMode) -> Result<Option<ObjectType>> {
    let id = match (class, algorithm.main_algorithm()) {
        (OperationClass::Digest, _) => return Ok(None),
        (OperationClass::Cipher | OperationClass::Mac | OperationClass::AuthenticatedEncryption, main) => 0xA000_0000 | main,
        (OperationClass::KeyDerivation, 0x47 | 0xC0) => ObjectType::HKDF_IKM.raw(),
        (OperationClass::KeyDerivation, main @ (0xC1 | 0xC2)) => 0xA100_0000 | main,
        (OperationClass::KeyDerivation, 0x42) => ObjectType::ECDH_KEYPAIR.raw(),
        (OperationClass::KeyDerivation, 0x44) => ObjectType::X25519_KEYPAIR.raw(),
        (OperationClass::KeyDerivation, 0x45) if algorithm == AlgorithmId::X448 => ObjectType::X448_KEYPAIR.raw(),
        (OperationClass::KeyDerivation, 0x45) => ObjectType::SM2_KEP_KEYPAIR.raw(),
        (OperationClass::AsymmetricCipher, 0x46) if mode == OperationMode::Encrypt => ObjectType::SM2_PKE_PUBLIC_KEY.raw(),
        (OperationClass::AsymmetricCipher, 0x46) => ObjectType::SM2_PKE_KEYPAIR.raw(),
        // Verification has no need of the secret.
        (OperationClass::AsymmetricSignature, 0x43) if mode == OperationMode::Verify => ObjectType::ED25519_PUBLIC_KEY.raw(),
        (OperationClass::AsymmetricSignature, 0x43) => ObjectType::ED25519_KEYPAIR.raw(),
        (OperationClass::AsymmetricSignature, 0x44) if mode == OperationMode::Verify => ObjectType::ED448_PUBLIC_KEY.raw(),
        (OperationClass::AsymmetricSignature, 0x44) => ObjectType::ED448_KEYPAIR.raw(),
        (OperationClass::AsymmetricSignature, 0x45) if mode == OperationMode::Verify => ObjectType::SM2_DSA_PUBLIC_KEY.raw(),
        (OperationClass::AsymmetricSignature, 0x45) => ObjectType::SM2_DSA_KEYPAIR.raw(),
        (OperationClass::AsymmetricSignature, 0x42) if mode == OperationMode::Verify => ObjectType::ECDSA_PUBLIC_KEY.raw(),
        (OperationClass::AsymmetricSignature, 0x42) => ObjectType::ECDSA_KEYPAIR.raw(),
        (OperationClass::AsymmetricCipher | OperationClass::AsymmetricSignature, main @ (0x30 | 0x31)) => {
            let secret = matches!(mode, OperationMode::Decrypt | OperationMode::Sign);
            if secret { 0xA100_0000 | main } else { 0xA000_0000 | main }
        }
        (OperationClass::KeyDerivation, 0x32) => ObjectType::DH_KEYPAIR.raw(),
        _ => return Err(TeeError::NOT_SUPPORTED),
    };
    Ok(Some(ObjectType::from_raw(id)))
}

/// Whether an operation may be allocated for keys of so many bits. DSA has few sizes for each digest.
fn allows(algorithm: AlgorithmId, bits: u32) -> bool {
    match algorithm {
        AlgorithmId::DSA_SHA1 => (512..=1024).contains(&bits) && bits.is_multiple_of(64),
        AlgorithmId::DSA_SHA224 | AlgorithmId::DSA_SHA3_224 => bits == 2048,
        AlgorithmId::DSA_SHA256 | AlgorithmId::DSA_SHA3_256 | AlgorithmId::DSA_SHA3_384 | AlgorithmId::DSA_SHA3_512 => {
            matches!(bits, 2048 | 3072)
        }
        _ => true,
    }
}

fn takes_two_keys(algorithm: AlgorithmId) -> bool {
    matches!(algorithm, AlgorithmId::AES_XTS | AlgorithmId::SM4_XTS | AlgorithmId::SM2_KEP)
}

fn allocate(algorithm: u32, mode: u32, max_key_size: u32) -> Result<Operation> {
    let algorithm = AlgorithmId::from_raw(algorithm).canonical();
    let class = algorithm.class().ok_or(TeeError::NOT_SUPPORTED)?;
    let mode = OperationMode::try_from(mode).map_err(|_| TeeError::NOT_SUPPORTED)?;
    let kind = key_type(algorithm, class, mode)?;
    if !is_supported(algorithm) || !allows(algorithm, max_key_size) || (kind.is_none() && max_key_size != 0) {
        return Err(TeeError::NOT_SUPPORTED);
    }
    let mut keys = [None, None];
    if let Some(kind) = kind {
        // The size of an operation with two keys may be said as that of each or as that of both.
        let most = TypeRow::of(kind).map_or(0, |row| row.max);
        let two = takes_two_keys(algorithm);
        let bits = if two { max_key_size.min(most) } else { max_key_size };
        for key in keys.iter_mut().take(1 + usize::from(two)) {
            *key = Some(Object::new(kind, bits)?);
        }
    }
    let state = State::new(algorithm, mode, keys).map_err(|error| match error {
        TeeError::BAD_PARAMETERS => TeeError::NOT_SUPPORTED,
        other => other,
    })?;
    if class == OperationClass::Digest {
        state.hash_init()?;
    }
    Ok(Operation {
        state,
        key_bits: [0; 2],
        algorithm,
        class,
        mode,
        max_key_size,
        has_key: false,
        stage: Stage::Initial,
        blocks: Blocks::new(algorithm),
        tag_len: 0,
        extracted: ([0; 64], 0, 0),
    })
}

/// Bytes of the digest of a number.
fn size_of_digest(number: u32) -> u32 {
    Algorithm::try_from(AlgorithmId::MD5.raw() & !0xFF | number).ok().and_then(Algorithm::size).unwrap_or(0)
}

impl Operation {
    /// Panics the TA unless the operation is of a class.
    pub(crate) fn require(&self, class: OperationClass) {
        if self.class != class {
            panic(TeeError::BAD_PARAMETERS);
        }
    }

    /// Panics the TA unless the operation was started.
    pub(crate) fn require_active(&self, class: OperationClass) {
        self.require(class);
        if self.stage != Stage::Active {
            panic(TeeError::BAD_STATE);
        }
    }

    /// Panics the TA unless authenticated encryption was started.
    pub(crate) fn require_started(&self) {
        self.require(OperationClass::AuthenticatedEncryption);
        if !matches!(self.stage, Stage::Prepared | Stage::Active) {
            panic(TeeError::BAD_STATE);
        }
    }

    /// Panics the TA unless there is a key.
    pub(crate) fn require_key(&self) {
        if !self.has_key {
            panic(TeeError::BAD_STATE);
        }
    }

    /// Back to before the start.
    pub(crate) fn reset(&mut self) {
        self.stage = Stage::Initial;
        self.blocks.clear();
        self.extracted = ([0; 64], 0, 0);
    }

    fn usage(&self) -> KeyUsage {
        match self.mode {
            // Numbers as they are: nobody can tell what they are.
            OperationMode::Encrypt if self.algorithm == AlgorithmId::RSA_NOPAD => KeyUsage::ENCRYPT | KeyUsage::VERIFY,
            OperationMode::Decrypt if self.algorithm == AlgorithmId::RSA_NOPAD => KeyUsage::DECRYPT | KeyUsage::SIGN,
            OperationMode::Encrypt => KeyUsage::ENCRYPT,
            OperationMode::Decrypt => KeyUsage::DECRYPT,
            OperationMode::Sign => KeyUsage::SIGN,
            OperationMode::Verify => KeyUsage::VERIFY,
            OperationMode::Mac => KeyUsage::MAC,
            OperationMode::Derive => KeyUsage::DERIVE,
            OperationMode::Digest => KeyUsage::empty(),
        }
    }

    /// Bytes of the digest, code or tag.
    fn digest_len(&self) -> u32 {
        let number = self.algorithm.main_algorithm();
        match self.class {
            OperationClass::Digest => Algorithm::try_from(self.algorithm.raw()).ok().and_then(Algorithm::size).unwrap_or(0),
            OperationClass::Mac if number < 0x10 => size_of_digest(number),
            OperationClass::Mac if matches!(number, 0x11 | 0x13) => 8,
            OperationClass::Mac => 16,
            OperationClass::AuthenticatedEncryption => u32::try_from(self.tag_len).unwrap_or(0),
            OperationClass::AsymmetricCipher if number == 0x30 => size_of_digest(self.algorithm.mgf_digest_number()),
            OperationClass::AsymmetricSignature if matches!(number, 0x30 | 0x31) => size_of_digest(self.algorithm.digest_number()),
            _ => 0,
        }
    }

    fn flags(&self) -> u32 {
        let is_digest = self.class == OperationClass::Digest;
        let mut flags = HandleFlags::empty();
        flags.set(HandleFlags::INITIALIZED, is_digest || self.stage != Stage::Initial);
        flags.set(HandleFlags::KEY_SET, is_digest || self.has_key);
        flags.set(HandleFlags::EXPECT_TWO_KEYS, takes_two_keys(self.algorithm));
        flags.set(HandleFlags::EXTRACTING, self.stage == Stage::Extracting);
        flags.bits()
    }

    fn stage_number(&self) -> u32 {
        match self.stage {
            Stage::Initial | Stage::Prepared => OPERATION_STATE_INITIAL,
            Stage::Active => OPERATION_STATE_ACTIVE,
            Stage::Extracting => OPERATION_STATE_EXTRACTING,
        }
    }

    /// Takes over keys, or none.
    fn set_keys(&mut self, from: [Option<ObjectRef>; 2]) -> Result<()> {
        if self.class == OperationClass::Digest {
            return Err(TeeError::BAD_PARAMETERS);
        }
        if self.stage != Stage::Initial {
            return Err(TeeError::BAD_STATE);
        }
        let mut bits = [0; 2];
        for ((key, from), bits) in self.state.keys().into_iter().zip(from).zip(&mut bits) {
            let (Some(_), Some(from)) = (key, from) else { continue };
            let info = from.info()?;
            let flags = HandleFlags::from_bits_retain(info.handle_flags);
            let allowed = KeyUsage::from_bits_retain(info.usage).contains(self.usage());
            if !flags.contains(HandleFlags::INITIALIZED) || !allowed || info.object_size > self.max_key_size {
                return Err(TeeError::BAD_PARAMETERS);
            }
            *bits = info.object_size;
        }
        // The two keys of a mode are as long as one another.
        if bits.iter().filter(|bits| **bits != 0).any(|one| *one != bits[0]) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        self.has_key = false;
        self.key_bits = [0; 2];
        for (key, from) in self.state.keys().into_iter().zip(from) {
            if let Some(key) = key {
                key.reset()?;
                if let Some(from) = from {
                    key.copy_from(from)?;
                }
            }
        }
        self.has_key = from[0].is_some();
        self.key_bits = bits;
        Ok(())
    }
}

/// Whether an algorithm has an element: a curve, of which the TEE is asked for an object, or none.
fn has_element(algorithm: AlgorithmId, element: u32) -> bool {
    let bits = match Curve::from_raw(element) {
        curve if algorithm.curve().is_some() => return algorithm.curve() == Some(curve),
        _ if algorithm.main_algorithm() != 0x42 => return element == 0,
        Curve::NIST_P192 => 192,
        Curve::NIST_P224 => 224,
        Curve::NIST_P256 => 256,
        Curve::NIST_P384 => 384,
        Curve::NIST_P521 => 521,
        _ => return false,
    };
    Object::new(ObjectType::ECDSA_PUBLIC_KEY, bits).is_ok()
}

/// True for operations that are done in one call.
fn has_nothing_under_way(class: OperationClass) -> bool {
    use OperationClass as C;
    matches!(class, C::KeyDerivation | C::AsymmetricSignature | C::AsymmetricCipher)
}

/// The operation of a handle; the TA panics when there is none.
///
/// # Safety
/// `handle` is NULL or is from TEE_AllocateOperation and was not freed.
pub(crate) unsafe fn get<'a>(handle: *mut c_void) -> &'a mut Operation {
    // SAFETY: the caller's handle.
    let operation = unsafe { handle.cast::<Operation>().as_mut() };
    or_panic(operation.ok_or(TeeError::BAD_PARAMETERS))
}

fn key(handle: *mut c_void) -> Option<ObjectRef> {
    (!handle.is_null()).then(|| object(handle))
}

c_functions! {
    /// TEE_AllocateOperation.
    fn TEE_AllocateOperation(operation: *mut *mut c_void, algorithm: u32, mode: u32, max_key_size: u32) -> u32 {
        let result = allocate(algorithm, mode, max_key_size).and_then(boxed);
        let code = raw(result.as_ref().map(|_| ()).map_err(|error| *error));
        let handle = result.map_or(core::ptr::null_mut(), Box::into_raw);
        // SAFETY: the caller's pointer.
        unsafe { operation.write(handle.cast()) };
        code
    }

    /// TEE_FreeOperation.
    fn TEE_FreeOperation(operation: *mut c_void) {
        if !operation.is_null() {
            // SAFETY: the caller's handle, which TEE_AllocateOperation made of a box.
            drop(unsafe { Box::from_raw(operation.cast::<Operation>()) });
        }
    }

    /// TEE_GetOperationInfo.
    fn TEE_GetOperationInfo(operation: *mut c_void, info: *mut OperationInfo) {
        // SAFETY: the caller's handle and pointer.
        unsafe {
            let operation = get(operation);
            // What is said of keys is 0 for operations with two of them.
            let one = !takes_two_keys(operation.algorithm);
            info.write(OperationInfo {
                algorithm: operation.algorithm.raw(),
                operation_class: operation.class.into(),
                mode: operation.mode.into(),
                digest_length: operation.digest_len(),
                max_key_size: operation.max_key_size,
                key_size: if one { operation.key_bits[0] } else { 0 },
                required_key_usage: if one { operation.usage().bits() } else { 0 },
                handle_state: operation.flags(),
            });
        }
    }

    /// TEE_GetOperationInfoMultiple: eight words, and two for each key.
    fn TEE_GetOperationInfoMultiple(operation: *mut c_void, info: *mut u32, size: *mut usize) -> u32 {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        let keys = operation.state.keys().iter().flatten().count();
        let usage = operation.usage().bits();
        let words: [u32; 12] = [
            operation.algorithm.raw(),
            operation.class.into(),
            operation.mode.into(),
            operation.digest_len(),
            operation.max_key_size,
            operation.flags(),
            operation.stage_number(),
            keys as u32,
            operation.key_bits[0],
            usage,
            operation.key_bits[1],
            usage,
        ];
        let words = &words[..8 + 2 * keys];
        // SAFETY: the caller's pointers, `info` being as large as `size` says.
        unsafe {
            let room = size.replace(size_of_val(words));
            if room < size_of_val(words) {
                return TeeError::SHORT_BUFFER.raw();
            }
            core::ptr::copy_nonoverlapping(words.as_ptr(), info, words.len());
        }
        DONE
    }

    /// TEE_ResetOperation.
    fn TEE_ResetOperation(operation: *mut c_void) {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        operation.reset();
        if operation.class == OperationClass::Digest {
            or_panic(operation.state.hash_init());
        } else {
            operation.require_key();
        }
    }

    /// TEE_SetOperationKey.
    fn TEE_SetOperationKey(operation: *mut c_void, key1: *mut c_void) -> u32 {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        let result = if takes_two_keys(operation.algorithm) { Err(TeeError::BAD_PARAMETERS) } else { operation.set_keys([key(key1), None]) };
        only(result, &[TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NOT_AVAILABLE])
    }

    /// TEE_SetOperationKey2.
    fn TEE_SetOperationKey2(operation: *mut c_void, key1: *mut c_void, key2: *mut c_void) -> u32 {
        // SAFETY: the caller's handle.
        let operation = unsafe { get(operation) };
        let result = match (key(key1), key(key2)) {
            _ if !takes_two_keys(operation.algorithm) => Err(TeeError::BAD_PARAMETERS),
            (Some(first), Some(second)) if first == second => Err(TeeError::SECURITY),
            (Some(_), None) | (None, Some(_)) => Err(TeeError::BAD_PARAMETERS),
            keys => operation.set_keys([keys.0, keys.1]),
        };
        only(result, &[TeeError::CORRUPT_OBJECT, TeeError::STORAGE_NOT_AVAILABLE, TeeError::SECURITY])
    }

    /// TEE_CopyOperation.
    fn TEE_CopyOperation(to: *mut c_void, from: *mut c_void) {
        if to == from {
            return;
        }
        // SAFETY: the caller's handles, of two operations.
        let (to, from) = unsafe { (get(to), get(from)) };
        if to.algorithm != from.algorithm || to.mode != from.mode || to.max_key_size < from.max_key_size {
            panic(TeeError::BAD_PARAMETERS);
        }
        to.reset();
        if from.class != OperationClass::Digest {
            let keys = if from.has_key { from.state.keys() } else { [None, None] };
            or_panic(to.set_keys(keys));
        }
        if !has_nothing_under_way(from.class) {
            or_panic(to.state.copy_from(&from.state));
        }
        to.blocks.copy_from(&from.blocks);
        (to.stage, to.tag_len, to.extracted) = (from.stage, from.tag_len, from.extracted);
    }

    /// TEE_IsAlgorithmSupported.
    fn TEE_IsAlgorithmSupported(algorithm: u32, element: u32) -> u32 {
        let algorithm = AlgorithmId::from_raw(algorithm).canonical();
        let supported = is_supported(algorithm) && has_element(algorithm, element);
        if supported { DONE } else { TeeError::NOT_SUPPORTED.raw() }
    }
}
