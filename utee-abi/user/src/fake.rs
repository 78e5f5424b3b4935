// SPDX-License-Identifier: BSD-2-Clause
//! A fake of the kernel for host tests of TAs and of this library: it records every system call and answers from
//! handlers that the test installs. Each thread has its own.
//!
//! ```
//! use utee::fake;
//! use utee::utee_abi::sysnum::Syscall;
//! fake::on(Syscall::Wait, |_| 0);
//! utee::time::wait_ms(5).unwrap();
//! assert_eq!(fake::calls(), [fake::Call { number: Syscall::Wait, args: vec![5] }]);
//! ```

use crate::raw::{RawSyscalls, Word};
use std::boxed::Box;
use std::cell::RefCell;
use std::collections::HashMap;
use std::eprintln;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::string::String;
use std::thread_local;
use std::vec::Vec;
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall;

pub use std::process::ExitCode;

/// What the `main` of a TA does on the development machine.
#[must_use]
pub fn not_a_program() -> ExitCode {
    eprintln!("This is a trusted application: `cargo xtask ta` builds it, `cargo test` runs its tests.");
    ExitCode::FAILURE
}

/// A recorded system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Number.
    pub number: Syscall,
    /// Arguments as integers.
    pub args: Vec<usize>,
}

/// How the TA ended an entry; the payload of the unwinding that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// System call `return`, with its result.
    Return(u32),
    /// System call `panic`, with its code.
    Panic(u32),
}

type Handler = Rc<RefCell<dyn FnMut(&[Word]) -> u32>>;

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    handlers: HashMap<Syscall, Handler>,
    log: Vec<u8>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Answers system call `number` with `handler` from now on, which may use the pointers as the kernel would.
pub fn on(number: Syscall, handler: impl FnMut(&[Word]) -> u32 + 'static) {
    STATE.with_borrow_mut(|state| state.handlers.insert(number, Rc::new(RefCell::new(handler))));
}

/// The system calls since the start, or since the last time they were asked for.
#[must_use]
pub fn calls() -> Vec<Call> {
    STATE.with_borrow_mut(|state| core::mem::take(&mut state.calls))
}

/// What was printed since the last time it was asked for.
#[must_use]
pub fn log() -> String {
    String::from_utf8_lossy(&STATE.with_borrow_mut(|state| core::mem::take(&mut state.log))).into_owned()
}

/// Runs an entry of a TA, or anything else that ends in `return` or `panic`, and says how it ended.
///
/// # Panics
/// With whatever else `entry` panics with.
pub fn run(entry: impl FnOnce()) -> Option<End> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(entry)) {
        Ok(()) => None,
        Err(payload) => match payload.downcast::<End>() {
            Ok(end) => Some(*end),
            Err(other) => resume_unwind(other),
        },
    }
}

/// The recording fake.
#[derive(Clone, Copy, Debug)]
pub enum Fake {}

// SAFETY: memory is touched by handlers only, which the test writes; `leave` and `die` unwind.
unsafe impl RawSyscalls for Fake {
    unsafe fn call<const N: usize>(number: Syscall, args: [Word; N]) -> u32 {
        let handler = STATE.with_borrow_mut(|state| {
            state.calls.push(Call { number, args: args.iter().map(|word| word.value()).collect() });
            if number == Syscall::Log {
                // SAFETY: the caller vouches for the pointer and the length.
                let text = unsafe { core::slice::from_raw_parts(args[0].pointer::<u8>(), args[1].value()) };
                state.log.extend_from_slice(text);
            }
            state.handlers.get(&number).cloned()
        });
        match handler {
            Some(handler) => (handler.borrow_mut())(&args),
            None if number == Syscall::Log => 0,
            None => TeeError::NOT_IMPLEMENTED.raw(),
        }
    }

    fn leave(result: u32) -> ! {
        resume_unwind(Box::new(End::Return(result)))
    }

    fn die(code: u32) -> ! {
        resume_unwind(Box::new(End::Panic(code)))
    }
}
