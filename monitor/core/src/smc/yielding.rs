// SPDX-License-Identifier: BSD-2-Clause
//! Yielding calls (OP-TEE ABI, SMC calls): a thread is started or resumed; on it the message is found and served.

use crate::Tee;
use crate::call::{Call, RPC_PARAMS};
use crate::msg::{self, window::Window};
use crate::ports::{Platform, ThreadId};
use crate::thread::OWN;
use utee_abi::msg::{HEADER_SIZE, MAX_PARAMS, MsgHeader, message_size};
use utee_abi::smc::{ReturnCode, YieldingCall};

/// Starts or resumes a thread; the result is a0..a3 for the normal world. Runs on the run loop's stack.
pub fn enter<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> [u32; 4] {
    match YieldingCall::try_from(regs[0]) {
        Ok(YieldingCall::ReturnFromRpc) => {
            tee.console.poll_in_passing(tee);
            tee.threads.resume(tee, *regs)
        }
        Ok(_) => tee.threads.start(tee, *regs),
        Err(_) => [ReturnCode::EBadCmd.raw(), 0, 0, 0],
    }
}

/// Serves a yielding call on its thread; the result is a0..a3 for the normal world.
pub fn serve<P: Platform>(tee: &Tee<P>, thread: ThreadId, regs: &[u32; 8]) -> [u32; 4] {
    let code = match locate(tee, regs) {
        // What the console has a thread do is no call of the normal world: none gets here with this id.
        Err(_) if regs[0] == OWN => {
            crate::console::job::run(tee, thread);
            return [0; 4];
        }
        Err(code) => code,
        Ok(place) => {
            let call = Call::new(tee, thread, place.rpc);
            let served = msg::serve(&call, &place.window, place.header);
            call.finish();
            if served.is_ok() { ReturnCode::Ok } else { ReturnCode::EBadCmd }
        }
    };
    use_ended(tee);
    [code.raw(), 0, 0, 0]
}

/// Tells whoever waits for shared memory that everything a message referred to is given back, the memory that it stood in as well.
#[inline]
pub fn use_ended<P: Platform>(tee: &Tee<P>) {
    tee.shm.use_ended(|waiter| {
        // Where nobody listens the waiter looks by itself.
        let _ = tee.notifications.raise(&tee.platform, tee.notifications.number_of(waiter));
    });
}

/// A message and what came with it.
pub struct Located {
    /// Where it stands.
    pub window: Window,
    /// Its header.
    pub header: MsgHeader,
    /// Where requests of the TEE stand, if there is a place for them.
    pub rpc: Option<Window>,
}

/// [`locate`] for calls that wait; the way of all others has it inside.
///
/// # Errors
/// EBADADDR, EBADCMD.
#[cold]
#[inline(never)]
pub fn locate_again<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> Result<Located, ReturnCode> {
    locate(tee, regs)
}

/// Finds the message of a call, reads its header once and checks that all of it stands where it may.
#[inline(always)]
fn locate<P: Platform>(tee: &Tee<P>, regs: &[u32; 8]) -> Result<Located, ReturnCode> {
    let [id, a1, a2, a3, ..] = *regs;
    let call = YieldingCall::try_from(id).map_err(|_| ReturnCode::EBadCmd)?;
    let address = u64::from(a1) << 32 | u64::from(a2);
    let bad = ReturnCode::EBadAddr;
    let start = match call {
        YieldingCall::WithArg | YieldingCall::WithRpcArg => Window::physical_at(&tee.platform, address, HEADER_SIZE),
        YieldingCall::WithRegdArg => tee.shm.get(address).and_then(|shm| Window::shared(shm, u64::from(a3), HEADER_SIZE)),
        YieldingCall::ReturnFromRpc => return Err(ReturnCode::EBadCmd),
    };
    let start = start.ok_or(bad)?;
    let header = msg::read_header(&tee.platform, &start).ok_or(bad)?;
    if header.num_params > MAX_PARAMS {
        return Err(bad);
    }
    let own = message_size(header.num_params as usize);
    let rpc_size = if call == YieldingCall::WithArg { 0 } else { message_size(RPC_PARAMS) };
    let whole = start.resized(&tee.platform, own.saturating_add(rpc_size)).ok_or(bad)?;
    let rpc = if rpc_size == 0 { None } else { Some(whole.tail(own).ok_or(bad)?) };
    Ok(Located { window: whole, header, rpc })
}
