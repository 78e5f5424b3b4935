// SPDX-License-Identifier: BSD-2-Clause
//! Fast calls (OP-TEE ABI, SMC calls): answered on the run loop's stack, never blocking.

use crate::Tee;
use crate::ports::Platform;
use utee_abi::smc::{
    API_REVISION_MAJOR, API_REVISION_MINOR, API_UID, Capabilities, FastCall, NW_CAP_UNIPROCESSOR, OS_UUID, RPC_PARAMS, ReturnCode,
    SHM_CACHED, UNKNOWN_FUNCTION,
};

/// Number of calls that CALLS_COUNT reports: the ones of [`FastCall`] and the yielding ones that are served.
const CALLS: u32 = 12;

/// Major and minor revision of this TEE, and its build id (0: unspecified).
const OS_REVISION: [u32; 3] = [version(env!("CARGO_PKG_VERSION_MAJOR")), version(env!("CARGO_PKG_VERSION_MINOR")), 0];

const fn version(text: &str) -> u32 {
    match u32::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

const OK: u32 = ReturnCode::Ok.raw();

/// Serves a fast call; the result is a0..a3.
pub fn serve<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> [u32; 4] {
    let Ok(call) = FastCall::try_from(regs[0]) else {
        return [UNKNOWN_FUNCTION, 0, 0, 0];
    };
    match call {
        FastCall::CallsCount => [CALLS, 0, 0, 0],
        FastCall::CallsUid => API_UID,
        FastCall::CallsRevision => [API_REVISION_MAJOR, API_REVISION_MINOR, 0, 0],
        FastCall::GetOsUuid => OS_UUID,
        FastCall::GetOsRevision => {
            let [major, minor, build] = OS_REVISION;
            [major, minor, build, 0]
        }
        FastCall::GetShmConfig => shm_config(tee),
        FastCall::ExchangeCapabilities => capabilities(tee, regs[1]),
        FastCall::DisableShmCache => disable_cache(tee),
        FastCall::EnableShmCache => enable_cache(tee),
        // Linux lets no more calls in than this says: those that wait here for a thread are to be among them.
        FastCall::GetThreadCount => [OK, u32::try_from(tee.threads.calls()).unwrap_or(0), 0, 0],
        FastCall::BootSecondary => [ReturnCode::ENotAvail.raw(), 0, 0, 0],
        FastCall::EnableAsyncNotif if tee.notifications.enable(&tee.platform) => [OK, 0, 0, 0],
        FastCall::GetAsyncNotifValue if tee.notifications.possible() => {
            let [number, flags] = tee.notifications.take();
            [OK, number, flags, 0]
        }
        FastCall::L2ccMutex
        | FastCall::VmCreated
        | FastCall::VmDestroyed
        | FastCall::EnableAsyncNotif
        | FastCall::GetAsyncNotifValue
        | FastCall::GetProtmemConfig => [UNKNOWN_FUNCTION, 0, 0, 0],
    }
}

fn shm_config<P: Platform>(tee: &Tee<P>) -> [u32; 4] {
    let range = tee.platform.reserved_shm();
    let size = range.end.saturating_sub(range.start);
    match (u32::try_from(range.start), u32::try_from(size)) {
        (Ok(base), Ok(size)) if size != 0 => [OK, base, size, SHM_CACHED],
        _ => [UNKNOWN_FUNCTION, 0, 0, 0],
    }
}

/// Capabilities of this TEE: what it announces it also does.
pub fn announced<P: Platform>(platform: &P) -> Capabilities {
    let reserved = platform.reserved_shm();
    let mut caps = Capabilities::DYNAMIC_SHM | Capabilities::MEMREF_NULL | Capabilities::RPC_ARG;
    if reserved.end > reserved.start {
        caps |= Capabilities::RESERVED_SHM;
    }
    if platform.notification_interrupt().is_some() {
        caps |= Capabilities::ASYNC_NOTIF;
    }
    caps
}

fn capabilities<P: Platform>(tee: &Tee<P>, offered: u32) -> [u32; 4] {
    if offered & !NW_CAP_UNIPROCESSOR != 0 {
        return [ReturnCode::ENotAvail.raw(), offered, 0, 0];
    }
    [OK, announced(&tee.platform).bits(), tee.notifications.end(tee.threads.calls()), RPC_PARAMS]
}

fn disable_cache<P: Platform>(tee: &Tee<P>) -> [u32; 4] {
    if !tee.threads.all_free() {
        return [ReturnCode::EBusy.raw(), 0, 0, 0];
    }
    match tee.rpc_cache.disable() {
        Some(cookie) => [OK, (cookie >> 32) as u32, cookie as u32, 0],
        None => [ReturnCode::ENotAvail.raw(), 0, 0, 0],
    }
}

fn enable_cache<P: Platform>(tee: &Tee<P>) -> [u32; 4] {
    let code = if tee.threads.all_free() {
        tee.rpc_cache.enable();
        ReturnCode::Ok
    } else {
        ReturnCode::EBusy
    };
    [code.raw(), 0, 0, 0]
}
