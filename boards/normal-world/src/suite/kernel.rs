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

fn ticks() -> Result<(), String> {
    let before = entry::TICKS.load(Ordering::Relaxed);
    task::sleep(Duration::from_millis(200));
    let ticks = entry::TICKS.load(Ordering::Relaxed) - before;
    if (10..=30).contains(&ticks) { Ok(()) } else { Err(format!("{ticks} ticks in 200 ms")) }
}

fn threads() -> Result<(), String> {
    const THREADS: u32 = 8;
    let ended = Arc::new(AtomicU32::new(0));
    let from = task::now();
    let threads: [_; THREADS as usize] = core::array::from_fn(|_| {
        let ended = Arc::clone(&ended);
        task::spawn(move || {
            task::sleep(Duration::from_millis(100));
            ended.fetch_add(1, Ordering::SeqCst);
        })
    });
    threads.into_iter().for_each(task::Handle::join);
    let took = task::now() - from;
    expect(ended.load(Ordering::SeqCst), THREADS)?;
    if (100..400).contains(&took.as_millis()) { Ok(()) } else { Err(format!("{THREADS} sleeps of 100 ms took {took:?}")) }
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
