// SPDX-License-Identifier: BSD-2-Clause
//! Crash dumps of TAs, in lines that a person reads and the host tool symbolises.
//!
//! Form, one line each, numbers in hexadecimal without separators:
//! `dump: ta <uuid> load <base> cause <words>` · `dump: lib <uuid> load <base>` (each library) · `dump: reg <name> <value>` (each register) ·
//! `dump: map <first> <end> <rights> <purpose>` (each region) · `dump: stack <address> <word>…` (up to 16 words a
//! line of 8 digits, or 8 of 16 digits in a 64-bit TA, from the stack pointer up) · `dump: end`.

use super::instance::{Body, Instance};
use super::space::{Purpose, UserSpace};
use crate::log_secret;
use crate::ports::{Abort, AbortKind, Machine, Platform, Prot, UserContext};
use core::fmt;
use utee_abi::access::AccessFlags;
use utee_abi::uaddr::UserSlice;

/// Bytes of stack in a dump at most.
const STACK_BYTES: u64 = 1024;

/// Bytes of stack in one line.
const STACK_LINE: usize = 64;

/// Why a TA died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It called TEE_Panic with this code.
    Panic(u32),
    /// It faulted.
    Abort(Abort),
    /// It ran longer than its time limit.
    TimeLimit,
    /// Its client was interrupted, and it went on for as long as that is let pass.
    Abandoned,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(code) => write!(f, "panic with code {code:#x}"),
            Self::TimeLimit => write!(f, "time limit exceeded"),
            Self::Abandoned => write!(f, "its client was interrupted, and it went on"),
            Self::Abort(Abort { kind, address, status }) => {
                let what = match kind {
                    AbortKind::Read => "data abort reading",
                    AbortKind::Write => "data abort writing",
                    AbortKind::Execute => "prefetch abort at",
                    AbortKind::Undefined => "undefined instruction at",
                    AbortKind::Branch => "indirect branch to no landing pad at",
                    AbortKind::Pointer => "pointer that fails authentication at",
                };
                write!(f, "{what} {address:#x} (status {status:#x})")
            }
        }
    }
}

/// Prints the dump of a TA that has just died. Values of registers and stack are the TA's own, and the secure
/// console is the only reader; release boards may switch dumps off.
pub fn print<P: Platform>(platform: &P, instance: &Instance<P>, body: &Body<P>, cause: Cause) {
    log_secret!(platform, "dump: ta {} load {:x} cause {}", instance.uuid, body.load_base, cause);
    for module in body.modules.iter().skip(1) {
        log_secret!(platform, "dump: lib {} load {:x}", module.image.uuid, module.base);
    }
    body.context.for_each_register(&mut |name, value| log_secret!(platform, "dump: reg {name} {value:x}"));
    for region in body.space.regions() {
        let rights = match region.prot {
            Prot::Read => "r--",
            Prot::ReadWrite => "rw-",
            Prot::ReadExecute | Prot::GuardedExecute => "r-x",
        };
        log_secret!(platform, "dump: map {:x} {:x} {} {}", region.va, region.end(), rights, region.purpose.name());
    }
    let word = body.machine.address_size() as u64;
    let sp = body.context.position().sp;
    print_stack(platform, &body.space, sp.saturating_sub(sp % word.max(1)), body.machine);
    if let Cause::Abort(Abort { kind: AbortKind::Read | AbortKind::Write, address, .. }) = cause
        && is_stack_guard(&body.space, address)
    {
        log_secret!(platform, "dump: note the address is in the guard page below the stack: stack overflow");
    }
    log_secret!(platform, "dump: end");
}

fn is_stack_guard<P: Platform>(space: &UserSpace<P>, address: u64) -> bool {
    let page = crate::ports::PAGE_SIZE as u64;
    space
        .regions()
        .iter()
        .any(|region| region.purpose == Purpose::Stack && address < region.va && region.va.saturating_sub(address) <= page)
}

fn print_stack<P: Platform>(platform: &P, space: &UserSpace<P>, sp: u64, machine: Machine) {
    let Some(region) = space.region_at(sp).filter(|region| region.purpose == Purpose::Stack) else {
        return;
    };
    let end = region.end().min(sp.saturating_add(STACK_BYTES));
    let mut address = sp;
    while address < end {
        let len = end.saturating_sub(address).min(STACK_LINE as u64);
        let mut bytes = [0u8; STACK_LINE];
        let Some(part) = usize::try_from(len).ok().and_then(|len| bytes.get_mut(..len)) else { return };
        let Some(slice) = UserSlice::new(address, len) else { return };
        if space.read(platform, slice, AccessFlags::empty(), part).is_err() {
            return;
        }
        log_secret!(platform, "dump: stack {:x}{}", address, Words(part, machine));
        address = address.saturating_add(len);
    }
}

struct Words<'a>(&'a [u8], Machine);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes, machine) = *self;
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        bytes.chunks_exact(machine.address_size()).try_for_each(|bytes| match machine {
            Machine::Arm => write!(f, " {:08x}", word(bytes)),
            Machine::Aarch64 => write!(f, " {:016x}", word(bytes)),
        })
    }
}
