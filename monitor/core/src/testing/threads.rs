// SPDX-License-Identifier: BSD-2-Clause
//! Secure threads as threads of the host: one side runs at a time, the other waits.

use crate::ports::ThreadExit;
use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::vec::Vec;

/// The secure side's ends of the channels.
struct Inside {
    exit: Sender<ThreadExit>,
    resume: Receiver<[u32; 8]>,
}

/// The run loop's ends.
struct Outside {
    exit: Receiver<ThreadExit>,
    resume: Sender<[u32; 8]>,
}

std::thread_local! {
    static CURRENT: RefCell<Option<Inside>> = const { RefCell::new(None) };
}

/// Secure threads that are suspended, by number.
pub(super) struct HostThreads {
    suspended: Mutex<Vec<Option<Outside>>>,
}

impl HostThreads {
    pub(super) fn new(count: usize) -> Self {
        Self { suspended: Mutex::new((0..count).map(|_| None).collect()) }
    }

    pub(super) fn start(&self, index: usize, main: impl FnOnce() -> [u32; 4] + Send + 'static) -> ThreadExit {
        let (exit_out, exit_in) = channel();
        let (resume_out, resume_in) = channel();
        let done = exit_out.clone();
        std::thread::spawn(move || {
            CURRENT.with(|current| *current.borrow_mut() = Some(Inside { exit: exit_out, resume: resume_in }));
            let result = main();
            let _ = done.send(ThreadExit::Done(result));
        });
        self.wait(index, Outside { exit: exit_in, resume: resume_out })
    }

    pub(super) fn resume(&self, index: usize, regs: [u32; 8]) -> ThreadExit {
        let outside = self.suspended.lock().unwrap()[index].take().expect("the core resumes suspended threads only");
        outside.resume.send(regs).expect("a suspended thread waits");
        self.wait(index, outside)
    }

    fn wait(&self, index: usize, outside: Outside) -> ThreadExit {
        let exit = outside.exit.recv().expect("a secure thread panicked");
        if !matches!(exit, ThreadExit::Done(_)) {
            self.suspended.lock().unwrap()[index] = Some(outside);
        }
        exit
    }
}

/// Leaves the secure thread that runs this.
pub(super) fn suspend(exit: ThreadExit) -> [u32; 8] {
    CURRENT.with(|current| {
        let current = current.borrow();
        let inside = current.as_ref().expect("only secure threads suspend");
        inside.exit.send(exit).expect("the run loop waits");
        inside.resume.recv().expect("the run loop resumes")
    })
}
