// SPDX-License-Identifier: BSD-2-Clause
//! Notifications by interrupt: a thread of the TEE that waits for a TA is woken by one.

use super::protocol;
use crate::notification;
use crate::report::{Report, expect};
use crate::tee::{Session, Tee, invoke};
use crate::{memory, task};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use sleeper::proto as sleep;
use tee_client::Param;
use utee_abi::msg::Command;

/// Calls into one session at a time.
const CALLS: usize = 4;

pub(super) fn run(tee: &Tee, report: &mut Report) {
    report.step("notifications by interrupt", interrupts(tee));
    report.step("and by request once they are switched off", requests(tee));
}

fn interrupts(tee: &Tee) -> Result<(), String> {
    expect(notification::listen(), true)?;
    let before = notification::count();
    contend(tee)?;
    let fetched = notification::count() - before;
    let page = memory::allocate(1).ok_or("no page")?;
    let bottom_half = protocol::command(page, Command::DoBottomHalf);
    let stopped = protocol::command(page, Command::StopAsyncNotif);
    memory::release(page, 1);
    notification::end();
    expect((bottom_half, stopped), (0, 0))?;
    // All but the first call waited for another one, and each was woken.
    if fetched as usize >= CALLS - 1 { Ok(()) } else { Err(alloc::format!("{fetched} notifications came")) }
}

fn requests(tee: &Tee) -> Result<(), String> {
    let before = notification::count();
    contend(tee)?;
    expect(notification::count(), before)
}

/// Several calls that sleep in one session: one sleeps, the others wait for it in turn.
fn contend(tee: &Tee) -> Result<(), String> {
    let session: Arc<Session> = Arc::new(tee.open_public(sleep::UUID).map_err(|error| error.to_string())?);
    let outcome = Arc::new(spin::Mutex::new(Ok(())));
    let threads: [_; CALLS] = core::array::from_fn(|_| {
        let (session, outcome) = (Arc::clone(&session), Arc::clone(&outcome));
        task::spawn(move || {
            if let Err(error) = invoke(&session, sleep::SLEEP, [Param::value_inout(2, 20)]) {
                *outcome.lock() = Err(error.to_string());
            }
        })
    });
    threads.into_iter().for_each(task::Handle::join);
    let outcome = outcome.lock();
    outcome.clone()
}
