// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic states (OP-TEE ABI, system calls 15 to 17).

use super::Env;
use crate::crypto::algorithms::{Service, ae::Ae, cipher::Cipher, digest::Digest, ecc, find, key_types, mac::Mac, public_type, sm2};
use crate::crypto::state::{Running, State};
use crate::limits::admit;
use crate::ports::Platform;
use alloc::vec::Vec;
use utee_abi::crypto::{AlgorithmId, OperationMode};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Bytes of the largest state, the boxed part included.
const LARGEST: usize = {
    let mut largest = size_of::<Digest>();
    let others = [size_of::<Mac>(), size_of::<Cipher>(), size_of::<Ae>()];
    let mut index = 0;
    while index < others.len() {
        if others[index] > largest {
            largest = others[index];
        }
        index += 1;
    }
    largest + size_of::<State>()
};

fn fits(service: Service, mode: OperationMode) -> bool {
    use OperationMode as M;
    match service {
        Service::Digest(_) => mode == M::Digest,
        Service::Mac(_) => mode == M::Mac,
        Service::Cipher(..) | Service::Ae(..) => matches!(mode, M::Encrypt | M::Decrypt),
        Service::Derivation(_) | Service::Ecc(ecc::Use::Agree) | Service::Dh => mode == M::Derive,
        Service::Rsa(how) => how.fits(mode),
        Service::Ecc(ecc::Use::Sign(_)) | Service::Dsa(_) | Service::Sm2(sm2::Use::Sign) => matches!(mode, M::Sign | M::Verify),
        Service::Edwards(of) if of.signs() => matches!(mode, M::Sign | M::Verify),
        Service::Edwards(_) | Service::Sm2(sm2::Use::Exchange) => mode == M::Derive,
        Service::Sm2(sm2::Use::Encrypt) => matches!(mode, M::Encrypt | M::Decrypt),
    }
}

/// Allocates a state: algorithm, mode, two keys, cell for the handle.
///
/// # Errors
/// NOT_SUPPORTED for an algorithm that nothing serves, whatever the rest says; BAD_PARAMETERS for a mode or keys that do not go with it,
/// BAD_STATE for handles that name no object, OUT_OF_MEMORY, ACCESS_DENIED.
pub fn alloc<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let algorithm = AlgorithmId::from_raw(a.u32(0)).canonical();
    let service = find(algorithm).ok_or(TeeError::NOT_SUPPORTED)?;
    let mode = OperationMode::try_from(a.u32(1)).map_err(|_| TeeError::BAD_PARAMETERS)?;
    if !fits(service, mode) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let keys = [a.u32(2), a.u32(3)];
    for (key, wanted) in keys.into_iter().zip(key_types(service)) {
        match (key, wanted) {
            (0, None) => {}
            (0, Some(_)) | (_, None) => return Err(TeeError::BAD_PARAMETERS),
            (key, Some(wanted)) => {
                let object = env.body.objects.get(key).ok_or(TeeError::BAD_STATE)?;
                let fits = object.id() == wanted || public_type(service, mode) == Some(object.id());
                if object.is_busy || !fits {
                    return Err(TeeError::BAD_PARAMETERS);
                }
            }
        }
    }
    if keys[0] != 0 && keys[0] == keys[1] {
        return Err(TeeError::BAD_PARAMETERS);
    }
    admit(env.call.platform(), LARGEST)?;
    let handle = env.body.states.insert(State { algorithm, mode, service, keys, running: Running::Nothing })?;
    set_busy(env, keys, true);
    env.put_u32(a.addr(4), handle).inspect_err(|_| {
        // The TA cannot know the handle, so nothing else would free it. It still has its keys.
        env.body.states.remove(handle);
        set_busy(env, keys, false);
    })
}

fn set_busy<P: Platform>(env: &mut Env<'_, '_, P>, keys: [u32; 2], busy: bool) {
    for key in keys {
        if let Some(object) = env.body.objects.get_mut(key) {
            object.is_busy = busy;
        }
    }
}

/// Copies what is under way in state `source` to `target`, of the same algorithm and mode.
///
/// # Errors
/// BAD_PARAMETERS; BAD_STATE for operations that have nothing under way.
pub fn copy<P: Platform>(env: &mut Env<'_, '_, P>, target: u32, source: u32) -> Result<(), TeeError> {
    admit(env.call.platform(), LARGEST)?;
    let (algorithm, mode, service, copy) = {
        let source = env.body.states.get(source).ok_or(TeeError::BAD_PARAMETERS)?;
        (source.algorithm, source.mode, source.service, source.running.clone())
    };
    let state = env.body.states.get_mut(target).ok_or(TeeError::BAD_PARAMETERS)?;
    if state.algorithm != algorithm || state.mode != mode {
        return Err(TeeError::BAD_PARAMETERS);
    }
    if matches!(
        service,
        Service::Derivation(_) | Service::Ecc(_) | Service::Rsa(_) | Service::Dsa(_) | Service::Dh | Service::Edwards(_) | Service::Sm2(_)
    ) {
        return Err(TeeError::BAD_STATE);
    }
    state.running = copy;
    Ok(())
}

/// Frees a state and closes its keys: TAs of OP-TEE leave that to it.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn free<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32) -> Result<(), TeeError> {
    let state = env.body.states.remove(handle).ok_or(TeeError::BAD_PARAMETERS)?;
    for key in state.keys {
        env.body.objects.remove(key);
    }
    Ok(())
}

/// The state of a handle.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn get<'e, P: Platform>(env: &'e Env<'_, '_, P>, handle: u32) -> Result<&'e State, TeeError> {
    env.body.states.get(handle).ok_or(TeeError::BAD_PARAMETERS)
}

/// Copies of the secrets of a state's keys.
///
/// # Errors
/// BAD_PARAMETERS when a key was not given its attributes; OUT_OF_MEMORY.
pub fn secrets<P: Platform>(env: &Env<'_, '_, P>, keys: [u32; 2]) -> Result<[Option<Zeroizing<Vec<u8>>>; 2], TeeError> {
    let mut secrets = [None, None];
    for (secret, key) in secrets.iter_mut().zip(keys).filter(|(_, key)| *key != 0) {
        let from = env.body.objects.get(key).ok_or(TeeError::BAD_PARAMETERS)?.secret()?;
        let mut copy = Zeroizing::new(Vec::new());
        copy.try_reserve_exact(from.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        copy.extend_from_slice(from);
        *secret = Some(copy);
    }
    Ok(secrets)
}

/// Puts what is under way in a state.
///
/// # Errors
/// BAD_PARAMETERS.
pub fn set<P: Platform>(env: &mut Env<'_, '_, P>, handle: u32, running: Running) -> Result<(), TeeError> {
    env.body.states.get_mut(handle).ok_or(TeeError::BAD_PARAMETERS)?.running = running;
    Ok(())
}

/// Runs `f` on what is under way, apart from the rest of the TA, and puts it back.
///
/// # Errors
/// BAD_PARAMETERS for an unknown state, and those of `f`.
pub fn with<P: Platform, R>(
    env: &mut Env<'_, '_, P>,
    handle: u32,
    f: impl FnOnce(&mut Env<'_, '_, P>, &mut Running) -> Result<R, TeeError>,
) -> Result<R, TeeError> {
    let state = env.body.states.get_mut(handle).ok_or(TeeError::BAD_PARAMETERS)?;
    let mut running = core::mem::replace(&mut state.running, Running::Nothing);
    let result = f(env, &mut running);
    set(env, handle, running)?;
    result
}
