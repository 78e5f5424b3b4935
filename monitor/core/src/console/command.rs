// SPDX-License-Identifier: BSD-2-Clause
//! The commands: one list, from which `help` is made.

use super::Refusal;
use super::commands::{access, demonstration, memory, system, tas, threads};
use crate::Tee;
use crate::ports::Platform;
use core::fmt::Write;

/// What a command works on.
pub struct Session<'s, P: Platform> {
    /// The TEE.
    pub tee: &'s Tee<P>,
    /// The operator's screen.
    pub out: &'s mut dyn Write,
}

/// What a command does with its arguments.
pub type Run<P> = fn(&mut Session<'_, P>, &[&str]) -> Result<(), Refusal>;

/// A command.
pub struct Command<P: Platform> {
    /// Its name.
    pub name: &'static str,
    /// Its arguments, for a reader.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub purpose: &'static str,
    /// Does it.
    pub run: Run<P>,
}

const fn command<P: Platform>(name: &'static str, arguments: &'static str, purpose: &'static str, run: Run<P>) -> Command<P> {
    Command { name, arguments, purpose, run }
}

struct List<P>(core::marker::PhantomData<P>);

impl<P: Platform> List<P> {
    /// Every command there is.
    const ALL: &'static [Command<P>] = &[
        command("csl", "[PERIPHERAL SLAVE VALUE]", "who may use which peripheral; sets it, in debug images", access::csl),
        command("dbg", "", "what a debugger may do to either world", system::dbg),
        command("help", "", "this list", system::help),
        command("log", "[BYTES]", "the end of the log, 2048 bytes of it unless told", tas::log),
        command("md", "ADDRESS BYTES", "shows memory, in debug images", memory::md),
        command("mw", "ADDRESS VALUE", "writes a word of memory, in debug images", memory::mw),
        command("reboot", "", "resets the machine", system::reboot),
        command("sa", "[MASTER secure|nonsecure]", "which world a bus master speaks for; sets it, in debug images", access::sa),
        command("stack", "", "return addresses on the stack of the console", threads::stack),
        command("stackall", "", "secure threads, what each waits for, and where it stands", threads::stackall),
        command("ta", "", "trusted applications, sessions, memory and time", tas::ta),
        command("tee", "", "the demonstration: a TA, this TEE and the normal world at work and at their bounds", demonstration::tee),
    ];
}

/// Every command.
pub fn all<P: Platform>() -> &'static [Command<P>] {
    List::<P>::ALL
}

/// The command of this name.
pub fn find<P: Platform>(name: &str) -> Option<&'static Command<P>> {
    all::<P>().iter().find(|command| command.name == name)
}
