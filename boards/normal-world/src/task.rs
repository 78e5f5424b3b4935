// SPDX-License-Identifier: BSD-2-Clause
//! Cooperative threads, each on one CPU: while one waits in a call to the TEE, others run.

use crate::arch::switch::{new_stack, task_switch};
use crate::gic::gic;
use crate::layout::{CPUS, PAGE, STACK_SLOT, THREADS};
use crate::{cpu, memory, smp};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use spin::Mutex;

/// What a thread is doing. Times are counter values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Ready,
    Running,
    Sleeping(u64),
    Waiting(u32, Option<u64>),
    /// Its stack is still in use for the switch away from it.
    Ending,
}

struct Thread {
    state: State,
    cpu: usize,
    sp: usize,
    entry: Option<Box<dyn FnOnce() + Send>>,
    /// Whether its last wait was ended by a notification.
    notified: bool,
}

struct Table {
    threads: [Thread; THREADS],
    current: [usize; CPUS],
    /// Notifications that nobody waited for.
    posted: Vec<u32>,
}

const NONE: Thread = Thread { state: State::Free, cpu: 0, sp: 0, entry: None, notified: false };

// Interrupt handlers do not touch it, so holding it with interrupts on is fine.
static TABLE: Mutex<Table> = Mutex::new(Table { threads: [NONE; THREADS], current: [0; CPUS], posted: Vec::new() });

impl Table {
    /// The next thread of a CPU that can run, in turn; it is running from then on.
    fn pick(&mut self, cpu: usize, now: u64) -> Option<usize> {
        let first = self.current[cpu];
        let next = (1..=THREADS).map(|step| (first + step) % THREADS).find(|index| {
            let thread = &self.threads[*index];
            thread.cpu == cpu
                && match thread.state {
                    State::Ready => true,
                    State::Sleeping(end) | State::Waiting(_, Some(end)) => end <= now,
                    _ => false,
                }
        })?;
        self.threads[next].state = State::Running;
        self.current[cpu] = next;
        Some(next)
    }

    /// Frees what ended on a CPU: the thread that calls this runs on another stack.
    fn reap(&mut self, cpu: usize) {
        for thread in self.threads.iter_mut().filter(|thread| thread.cpu == cpu && thread.state == State::Ending) {
            *thread = NONE;
        }
    }
}

/// Makes the caller the first thread of this CPU; whatever this CPU ran before it was switched off is gone.
pub(crate) fn init_cpu() {
    let cpu = cpu::index();
    let mut table = TABLE.lock();
    for thread in table.threads.iter_mut().filter(|thread| thread.cpu == cpu && thread.state != State::Free) {
        *thread = NONE;
    }
    table.threads[cpu] = Thread { state: State::Running, cpu, ..NONE };
    table.current[cpu] = cpu;
}

/// A thread that was started.
pub(crate) struct Handle {
    done: Arc<AtomicBool>,
}

impl Handle {
    /// Waits for its end.
    pub(crate) fn join(self) {
        while !self.done.load(Ordering::Acquire) {
            sleep(Duration::from_millis(1));
        }
    }
}

/// Starts a thread on this CPU.
pub(crate) fn spawn(f: impl FnOnce() + Send + 'static) -> Handle {
    spawn_on(cpu::index(), f)
}

/// Starts a thread on a CPU.
pub(crate) fn spawn_on(cpu: usize, f: impl FnOnce() + Send + 'static) -> Handle {
    let done = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&done);
    let entry: Box<dyn FnOnce() + Send> = Box::new(move || {
        f();
        flag.store(true, Ordering::Release);
    });
    let mut table = TABLE.lock();
    // The first slots are the CPUs' first threads, whether they run or not.
    let Some(index) = (CPUS..THREADS).find(|index| table.threads[*index].state == State::Free) else {
        panic!("no room for another thread");
    };
    // SAFETY: the stack of a slot that is free.
    let sp = unsafe { new_stack(memory::stacks() + (index + 1) * STACK_SLOT, begin) };
    table.threads[index] = Thread { state: State::Ready, cpu, sp, entry: Some(entry), notified: false };
    drop(table);
    wake(cpu);
    Handle { done }
}

/// Makes another CPU look for threads to run.
fn wake(target: usize) {
    if target != cpu::index() {
        gic().send(smp::WAKE, target);
    }
}

extern "C" fn begin() -> ! {
    let cpu = cpu::index();
    let entry = {
        let mut table = TABLE.lock();
        table.reap(cpu);
        let current = table.current[cpu];
        table.threads[current].entry.take()
    };
    cpu::enable_interrupts();
    if let Some(entry) = entry {
        entry();
    }
    leave(State::Ending);
    unreachable!("a thread ran on after its end")
}

/// Gives the CPU up in a state, until the thread is picked again.
fn leave(state: State) {
    leave_if(|_, _| Some(state));
}

/// Gives the CPU up in the state that `decide` gives, until the thread is picked again; not at all without one. Without any
/// thread to run the CPU sleeps.
fn leave_if(decide: impl FnOnce(&mut Table, usize) -> Option<State>) {
    let cpu = cpu::index();
    let masked = cpu::mask_interrupts();
    let mut table = TABLE.lock();
    let own = table.current[cpu];
    if let Some(state) = decide(&mut table, own) {
        table.threads[own].state = state;
        let next = loop {
            if let Some(next) = table.pick(cpu, cpu::counter()) {
                break next;
            }
            drop(table);
            // Interrupts are masked: one that came before this instruction is pending and ends it at once.
            cpu::wait();
            cpu::take_interrupts();
            table = TABLE.lock();
        };
        if next != own {
            let save = &raw mut table.threads[own].sp;
            let load = table.threads[next].sp;
            drop(table);
            // SAFETY: both are threads of this CPU, and nobody runs them on another; the table is a static. A thread that
            // ends keeps its stack until the next one reaps it.
            unsafe { task_switch(save, load) };
            TABLE.lock().reap(cpu);
        }
    } else {
        drop(table);
    }
    cpu::restore_interrupts(masked);
}

/// Lets the other threads of this CPU run.
pub(crate) fn yield_now() {
    leave(State::Ready);
}

/// Sleeps; the other threads run meanwhile.
pub(crate) fn sleep(time: Duration) {
    leave(State::Sleeping(cpu::counter().saturating_add(ticks(time))));
}

/// Waits until [`notify`] with the same number, which may have come already; false when the time is over first.
pub(crate) fn wait_for(number: u32, timeout: Option<Duration>) -> bool {
    let deadline = timeout.map(|time| cpu::counter().saturating_add(ticks(time)));
    leave_if(|table, own| {
        let posted = table.posted.iter().position(|posted| *posted == number);
        table.threads[own].notified = posted.is_some();
        match posted {
            Some(index) => {
                table.posted.swap_remove(index);
                None
            }
            None => Some(State::Waiting(number, deadline)),
        }
    });
    let table = TABLE.lock();
    table.threads[table.current[cpu::index()]].notified
}

/// Wakes who waits for a number, or will.
pub(crate) fn notify(number: u32) {
    let mut table = TABLE.lock();
    let waiter = table.threads.iter_mut().find(|thread| matches!(thread.state, State::Waiting(other, _) if other == number));
    match waiter {
        Some(thread) => {
            thread.state = State::Ready;
            thread.notified = true;
            let cpu = thread.cpu;
            drop(table);
            wake(cpu);
        }
        None => {
            if !table.posted.contains(&number) {
                table.posted.push(number);
            }
        }
    }
}

fn ticks(time: Duration) -> u64 {
    let ticks = time.as_nanos().saturating_mul(u128::from(cpu::frequency())).div_ceil(1_000_000_000);
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// Time since the machine was started. There is no clock that knows the date.
pub(crate) fn now() -> Duration {
    let (count, hz) = (cpu::counter(), cpu::frequency());
    Duration::new(count / hz, ((count % hz) * 1_000_000_000 / hz) as u32)
}

/// The guard page under the stack of the thread that calls.
pub(crate) fn guard() -> u64 {
    let own = TABLE.lock().current[cpu::index()];
    (memory::stacks() + own * STACK_SLOT + PAGE / 2) as u64
}
