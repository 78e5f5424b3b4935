// SPDX-License-Identifier: BSD-2-Clause
//! What the console has others do in its demonstration: a TA by a call of the TEE's own, on a thread of the calls, and the
//! normal world by a notification, which it answers by an SMC.

use crate::Tee;
use crate::call::Call;
use crate::ports::{Platform, ThreadId};
use crate::pta::Caller;
use crate::session::ops::{self, Request};
use crate::session::{Client, Failure, Opener};
use crate::ta::params::{self, Param, Params};
use crate::{log, log_secret};
use utee_abi::demonstration::{COUNT, ECHO, RANDOM, READ, TA};
use utee_abi::msg::Login;
use utee_abi::param::ParamType;
use utee_abi::uuid::Uuid;

/// Registers of the normal world at most.
pub const REGISTERS: usize = 18;

/// What the normal world yields with, once it does.
#[derive(Default)]
pub(super) struct Yielded {
    awaited: bool,
    registers: heapless::Vec<(&'static str, u64), REGISTERS>,
}

impl Yielded {
    /// Waits for it from now on.
    pub(super) fn begin(&mut self) {
        self.registers.clear();
        self.awaited = true;
    }

    /// True until it has come.
    pub(super) fn is_awaited(&self) -> bool {
        self.awaited
    }

    pub(super) fn put(&mut self, name: &'static str, value: u64) {
        // No CPU has more than there is room for.
        let _ = self.registers.push((name, value));
    }

    /// It has come, or is waited for no longer.
    pub(super) fn end(&mut self) {
        self.awaited = false;
    }

    /// The registers.
    pub(super) fn registers(&self) -> heapless::Vec<(&'static str, u64), REGISTERS> {
        self.registers.clone()
    }
}

/// What is echoed.
const HELLO: [u32; 2] = [u32::from_be_bytes(*b"hell"), u32::from_be_bytes(*b"o, w")];

/// Has the demonstration's TA do its part, on a thread that the console has claimed.
pub fn run<P: Platform>(tee: &Tee<P>, thread: ThreadId) {
    let call = Call::own(tee, thread);
    let client = Client { login: Login::TrustedApp, uuid: Uuid::NIL };
    let request = Request { uuid: TA, client, opener: Opener::Console, deadline: None };
    // Only pseudo-TAs look at who calls.
    match ops::open(&call, &request, &mut params::none(), Caller::NormalWorld) {
        Ok(session) => {
            log!(&tee.platform, "I core: demonstration: opened TA {TA}");
            tell_place(tee);
            if let Err(failure) = work(&call, session) {
                log!(&tee.platform, "I core: demonstration: the TA ended: {} (origin {:?})", failure.error, failure.origin);
            }
            // A TA that died still has its session, which is closed like any other.
            let _ = ops::close(&call, session, Opener::Console);
        }
        Err(failure) => log!(&tee.platform, "E core: demonstration: its TA cannot be opened: {}", failure.error),
    }
    call.finish();
}

/// Says on the console alone where the TA is: the normal world need not know.
fn tell_place<P: Platform>(tee: &Tee<P>) {
    let mut place = None;
    tee.registry.for_each(|instance| place = place.or(instance.place().filter(|_| instance.uuid == TA)));
    if let Some([base, entry, stack]) = place {
        log_secret!(
            &tee.platform,
            "I core: demonstration: its image is at {base:#x}; user mode, secure, from {entry:#x} on, stack below {stack:#x}"
        );
    }
}

fn work<P: Platform>(call: &Call<'_, P>, session: u32) -> Result<(), Failure> {
    let platform = call.platform();
    let invoke = |command, params: &mut Params<P>| ops::invoke(call, session, Opener::Console, command, None, params, Caller::NormalWorld);
    let value = |kind, [a, b]: [u32; 2]| Param::Value { kind, a: u64::from(a), b: u64::from(b) };
    let out = || value(ParamType::ValueOutput, [0, 0]);
    invoke(RANDOM, &mut [out(), out(), Param::None, Param::None])?;
    let mut echo = [value(ParamType::ValueInout, HELLO), Param::None, Param::None, Param::None];
    invoke(ECHO, &mut echo)?;
    let back = matches!(&echo, [Param::Value { a, b, .. }, ..] if [*a, *b] == HELLO.map(u64::from));
    log!(platform, "I core: demonstration: sent `hello, w` to the TA, and got {} back", if back { "the same" } else { "SOMETHING ELSE" });
    invoke(COUNT, &mut params::none())?;
    // The first byte of the kernel: secure memory that no TA has.
    let address = platform.memory_map().first().map_or(0, |entry| entry.base);
    let address = u32::try_from(address).unwrap_or(0);
    invoke(READ, &mut [value(ParamType::ValueInput, [address, 0]), Param::None, Param::None, Param::None])
}
