// SPDX-License-Identifier: BSD-2-Clause
//! This kernel itself: what the other tests stand on.

use crate::probe::{self, Refused};
use crate::report::{Report, expect};
use crate::{entry, memory, task};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

pub(super) fn run(report: &mut Report) {
    report.step("kernel: the timer ticks", ticks());
    report.step("kernel: threads sleep side by side", threads());
    report.step("kernel: notifications are not lost", notifications());
    report.step("kernel: code cannot be written", code());
    report.step("kernel: a page under each stack is not there", guard());
}

/// Sleeps that may pass before what is waited for: the machine may have other work.
const PATIENCE: u32 = 1000;

fn ticks() -> Result<(), String> {
    const TICKS: u64 = 3;
    let before = entry::TICKS.load(Ordering::Relaxed);
    for _ in 0..PATIENCE {
        task::sleep(Duration::from_millis(10));
        if entry::TICKS.load(Ordering::Relaxed) - before >= TICKS {
            return Ok(());
        }
    }
    Err(format!("not {TICKS} ticks in {PATIENCE} sleeps"))
}

/// Each of them sleeps until all are there.
fn threads() -> Result<(), String> {
    const THREADS: u32 = 8;
    let (there, met) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let threads: [_; THREADS as usize] = core::array::from_fn(|_| {
        let (there, met) = (Arc::clone(&there), Arc::clone(&met));
        task::spawn(move || {
            there.fetch_add(1, Ordering::SeqCst);
            for _ in 0..PATIENCE {
                task::sleep(Duration::from_millis(10));
                if there.load(Ordering::SeqCst) == THREADS {
                    met.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
        })
    });
    threads.into_iter().for_each(task::Handle::join);
    expect(met.load(Ordering::SeqCst), THREADS)
}

fn notifications() -> Result<(), String> {
    const NUMBER: u32 = 0xABCD;
    task::notify(NUMBER);
    expect(task::wait_for(NUMBER, Some(Duration::from_millis(20))), true)?;
    expect(task::wait_for(NUMBER, Some(Duration::from_millis(20))), false)?;
    let sender = task::spawn(|| {
        task::sleep(Duration::from_millis(20));
        task::notify(NUMBER);
    });
    let came = task::wait_for(NUMBER, Some(Duration::from_secs(2)));
    sender.join();
    expect(came, true)
}

fn code() -> Result<(), String> {
    let last = memory::text_end() - 4;
    let before = probe::read(last);
    // SAFETY: padding behind the code, if it were written at all.
    let write = unsafe { probe::write(last, 0) };
    expect(write, Err(Refused(probe::PERMISSION)))?;
    expect(probe::read(last), before)
}

fn guard() -> Result<(), String> {
    expect(probe::read(task::guard()).map(drop), Err(Refused(probe::TRANSLATION)))?;
    let other = task::spawn(|| {
        let read = probe::read(task::guard()).map(drop);
        assert!(read == Err(Refused(probe::TRANSLATION)), "a thread's guard page: {read:?}");
    });
    other.join();
    Ok(())
}
