// SPDX-License-Identifier: BSD-2-Clause
//! Asynchronous notifications of the TEE: fetched in the interrupt handler, passed on to threads by one of them.

use crate::board::board;
use crate::gic::gic;
use crate::{cpu, task};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;
use utee_abi::rpc::notification::{VALUE_PENDING, VALUE_VALID};
use utee_abi::smc::{FastCall, ReturnCode};

/// Numbers that were fetched and not passed on, a bit each.
static FETCHED: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];
static COUNT: AtomicU32 = AtomicU32::new(0);
static LISTENING: AtomicBool = AtomicBool::new(false);

fn smc(call: FastCall) -> [u32; 4] {
    cpu::smc([call.into(), 0, 0, 0, 0, 0, 0, 0])
}

/// Asks the TEE for notifications from now on; false when it has none.
pub(crate) fn listen() -> bool {
    gic().enable(board().notification);
    let listening = smc(FastCall::EnableAsyncNotif)[0] == ReturnCode::Ok.raw();
    LISTENING.store(listening, Ordering::SeqCst);
    if listening {
        task::spawn(pass_on);
    }
    listening
}

/// Asks the TEE for notifications that nobody but [`take`] looks for.
pub(crate) fn hear() {
    gic().enable(board().notification);
    smc(FastCall::EnableAsyncNotif);
}

/// True when notification `number` has come since this was asked last.
pub(crate) fn take(number: u32) -> bool {
    let bit = 1 << (number % 32);
    FETCHED.get(number as usize / 32).is_some_and(|word| word.fetch_and(!bit, Ordering::SeqCst) & bit != 0)
}

/// Passes no more on. The TEE is told so by a message, which is the caller's to send.
pub(crate) fn end() {
    LISTENING.store(false, Ordering::SeqCst);
    gic().disable(board().notification);
}

/// Notifications that were fetched so far.
pub(crate) fn count() -> u32 {
    COUNT.load(Ordering::SeqCst)
}

/// The interrupt handler's part. It takes no lock, for a thread of this CPU may hold it.
pub(crate) fn on_interrupt() {
    loop {
        let [_, number, flags, _] = smc(FastCall::GetAsyncNotifValue);
        if flags & VALUE_VALID != 0 {
            COUNT.fetch_add(1, Ordering::SeqCst);
            if let Some(word) = FETCHED.get(number as usize / 32) {
                word.fetch_or(1 << (number % 32), Ordering::SeqCst);
            }
        }
        if flags & VALUE_PENDING == 0 {
            return;
        }
    }
}

fn pass_on() {
    while LISTENING.load(Ordering::SeqCst) {
        for (number, word) in (0..).step_by(32).zip(&FETCHED) {
            let mut bits = word.swap(0, Ordering::SeqCst);
            while bits != 0 {
                task::notify(number + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        task::sleep(Duration::from_millis(1));
    }
}
