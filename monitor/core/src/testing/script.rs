// SPDX-License-Identifier: BSD-2-Clause
//! TAs as closures. A script runs on a thread of the host and reaches the core only through system calls, with
//! pointers into its fake address space, as a real TA does.

use super::platform::Ram;
use super::space::{FakeContext, Pages};
use crate::ports::{Abort, AbortKind, Machine, PAGE_SIZE};
use std::boxed::Box;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use utee_abi::param::UteeParams;
use utee_abi::regs::{A32_REGISTER_ARGS, MAX_ARGS, RawSyscall};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::EntryFunction;
use utee_abi::uuid::Uuid;

/// What a script asks the CPU for.
pub(super) enum Request {
    Syscall(RawSyscall),
    Abort(Abort),
    ForeignInterrupt,
    SecureInterrupt,
}

/// A script: gets the entry, gives the result of the TA.
pub type Script = dyn Fn(&mut Ta) -> u32 + Send + Sync;

/// Scripts by the word at the start of a TA's code, which [`super::image`] makes of the UUID.
#[derive(Clone, Default)]
pub struct Scripts(Arc<Mutex<BTreeMap<u32, Arc<Script>>>>);

impl Scripts {
    /// Gives the TA of a UUID its script.
    pub fn set(&self, uuid: &Uuid, script: impl Fn(&mut Ta) -> u32 + Send + Sync + 'static) {
        self.0.lock().unwrap().insert(super::image::word_of(uuid), Arc::new(script));
    }

    pub(super) fn start(&self, pages: Pages, ram: Ram, context: &FakeContext) -> Running {
        let mut word = [0; 4];
        pages.access(&ram, context.entry, &mut word, AbortKind::Execute).expect("the entry is mapped");
        let script = self.0.lock().unwrap().get(&u32::from_le_bytes(word)).cloned().expect("every TA has a script");
        let (ask, asked) = channel();
        let (answer, answered) = channel();
        let mut ta =
            Ta { pages, ram, ask, answered, args: context.args, stack: context.stack, entry: context.entry, machine: context.machine };
        std::thread::spawn(move || {
            let result = script(&mut ta);
            ta.syscall(Syscall::Return, &[u64::from(result)]);
        });
        Running { asked, answer }
    }
}

/// The core's ends of the channels to a script.
pub(super) struct Running {
    asked: Receiver<Request>,
    answer: Sender<u32>,
}

impl Running {
    pub(super) fn next(&self) -> Request {
        self.asked.recv().expect("a script ends by a system call")
    }

    pub(super) fn answer(&self, result: u32) {
        self.answer.send(result).expect("a script waits");
    }
}

/// The TA side of a script.
pub struct Ta {
    pages: Pages,
    ram: Ram,
    ask: Sender<Request>,
    answered: Receiver<u32>,
    args: [u64; 4],
    stack: u64,
    entry: u64,
    machine: Machine,
}

impl Ta {
    /// Address that the TA is loaded at.
    pub fn base(&self) -> u64 {
        self.entry - self.entry % PAGE_SIZE as u64
    }

    /// What the TA was entered for.
    pub fn function(&self) -> EntryFunction {
        EntryFunction::try_from(self.args[0] as u32).expect("the core enters TAs for known functions")
    }

    /// Session number.
    pub fn session(&self) -> u32 {
        self.args[1] as u32
    }

    /// Command.
    pub fn command(&self) -> u32 {
        self.args[3] as u32
    }

    /// The parameters on the stack.
    pub fn params(&self) -> UteeParams {
        let mut bytes = [0; UteeParams::SIZE];
        self.read(self.args[2], &mut bytes);
        UteeParams::from_bytes(&bytes).expect("the core writes good parameters")
    }

    /// Changes a cell of the parameters.
    pub fn set_cell(&mut self, param: usize, cell: usize, value: u64) {
        self.write(self.args[2] + (UteeParams::cell_offset(param) + 8 * cell) as u64, &value.to_le_bytes());
    }

    /// An address on the stack for `len` bytes of the script's own; each `slot` is 256 bytes.
    pub fn scratch(&self, slot: u64) -> u64 {
        (self.stack & !0xFF) - 256 * (slot + 1)
    }

    /// Reads user memory; a fault ends the TA.
    pub fn read(&self, address: u64, out: &mut [u8]) {
        if let Err(abort) = self.pages.access(&self.ram, address, out, AbortKind::Read) {
            self.end(Request::Abort(abort));
        }
    }

    /// Writes user memory; a fault ends the TA.
    pub fn write(&self, address: u64, data: &[u8]) {
        let mut copy = data.to_vec();
        if let Err(abort) = self.pages.access(&self.ram, address, &mut copy, AbortKind::Write) {
            self.end(Request::Abort(abort));
        }
    }

    /// Reads a u32.
    pub fn word(&self, address: u64) -> u32 {
        let mut bytes = [0; 4];
        self.read(address, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// Makes a system call the way code of the TA does: A32 code has those beyond the fourth argument on the stack.
    pub fn syscall(&mut self, number: Syscall, args: &[u64]) -> u32 {
        self.syscall_number(number.raw(), args)
    }

    /// Makes a system call by number.
    pub fn syscall_number(&mut self, number: u32, args: &[u64]) -> u32 {
        let mut registers = [0; MAX_ARGS];
        if self.machine == Machine::Aarch64 {
            registers[..args.len()].copy_from_slice(args);
            return self.ask(Request::Syscall(RawSyscall { number, args: registers, extra: None }));
        }
        for (register, arg) in registers.iter_mut().zip(args.iter().take(A32_REGISTER_ARGS)) {
            *register = *arg;
        }
        let extra = args.get(A32_REGISTER_ARGS..).unwrap_or_default();
        let at = self.stack - PAGE_SIZE as u64 + 64;
        for (index, arg) in extra.iter().enumerate() {
            self.write(at + 4 * index as u64, &(*arg as u32).to_le_bytes());
        }
        self.ask(Request::Syscall(RawSyscall { number, args: registers, extra: Some((at, extra.len() as u32)) }))
    }

    /// Makes a system call with r0 to r3, and r5 and r6, as they are given.
    pub fn syscall_registers(&mut self, number: Syscall, args: [u64; A32_REGISTER_ARGS], extra: (u64, u32)) -> u32 {
        let mut registers = [0; MAX_ARGS];
        for (register, arg) in registers.iter_mut().zip(args) {
            *register = arg;
        }
        self.ask(Request::Syscall(RawSyscall { number: number.raw(), args: registers, extra: Some(extra) }))
    }

    /// A normal-world interrupt comes while the TA runs.
    pub fn interrupted(&mut self) {
        self.ask(Request::ForeignInterrupt);
    }

    /// The secure timer fires while the TA runs.
    pub fn secure_interrupt(&mut self) {
        self.ask(Request::SecureInterrupt);
    }

    fn ask(&self, request: Request) -> u32 {
        let sent = self.ask.send(request).is_ok();
        match self.answered.recv() {
            Ok(result) if sent => result,
            // The TA is gone: end its thread without a word.
            _ => std::panic::resume_unwind(Box::new(())),
        }
    }

    fn end(&self, request: Request) -> ! {
        let _ = self.ask.send(request);
        std::panic::resume_unwind(Box::new(()))
    }
}
