// SPDX-License-Identifier: BSD-2-Clause
//! What the console asks of the CPU and of the board. Where a machine has nothing to give, the defaults say so.

use super::screen::Screen;
use crate::ports::{CpuIndex, ThreadId};
use utee_abi::light::Light;
use utee_abi::result::TeeError;
use zeroize::Zeroizing;

/// Why an access right of the bus was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// There is no such peripheral, slave, master or value.
    Unknown,
    /// It is locked until the next reset, by the lock of this name.
    Locked(&'static str),
}

/// An access right of the bus, and whether it is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right<T> {
    /// The right.
    pub value: T,
    /// It cannot be changed until the next reset.
    pub locked: bool,
}

/// The unit of a chip that says who may use what on its bus (CSU of i.MX).
pub trait AccessControl: Sync {
    /// Number of peripheral registers (CSL), each for two slaves, and of bus masters (SA).
    fn counts(&self) -> (u8, u8);
    /// The rights on a peripheral, as its register has them; `None` when there is no such one.
    fn peripheral(&self, peripheral: u8, slave: u8) -> Option<Right<u8>>;
    /// Sets them.
    ///
    /// # Errors
    /// See [`AccessError`].
    fn set_peripheral(&self, peripheral: u8, slave: u8, value: u8) -> Result<(), AccessError>;
    /// True when a bus master speaks for the secure world; `None` when there is no such one.
    fn master(&self, master: u8) -> Option<Right<bool>>;
    /// Sets it.
    ///
    /// # Errors
    /// See [`AccessError`].
    fn set_master(&self, master: u8, secure: bool) -> Result<(), AccessError>;
}

/// Why the normal world does not get a light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LightError {
    /// The board has none.
    Absent,
    /// It is the secure world's alone.
    SecureOnly,
}

/// What a [`KeyEngine`] derives for the demonstration.
pub type EngineKey = Zeroizing<[u8; 16]>;

/// Whose a [`KeyEngine`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineState {
    /// The normal world's, until [`KeyEngine::take_back`].
    Lent,
    /// The secure world's, until reset.
    Locked,
    /// The machine does not have it, for this reason.
    Missing(&'static str),
}

/// The block that derives keys from one that no other chip has (DCP of i.MX6). A board may lend it to the normal world until the
/// demonstration is between its passes.
pub trait KeyEngine: Sync {
    /// Whose it is.
    fn state(&self) -> EngineState;

    /// The key that the secure world derived before it was lent; `None` when it was not.
    fn key(&self) -> Option<EngineKey>;

    /// Closes it to the normal world until reset, and derives the key again. A machine that cannot be closed stops.
    ///
    /// # Errors
    /// What keeps it from deriving; it is closed all the same.
    fn take_back(&self) -> Result<EngineKey, TeeError>;
}

/// The operator's side of a machine.
pub trait ConsolePort {
    /// The lock of [`ConsolePort::screen`].
    type ScreenLock: lock_api::RawMutex + Send + Sync;

    /// What is on the secure console's screen.
    fn screen(&self) -> &Screen<Self::ScreenLock>;

    /// True when the secure console takes input. Then there is one thread more than [`crate::ports::Platform::threads`]
    /// says, numbered behind them.
    fn has_console(&self) -> bool {
        false
    }

    /// True from a secure interrupt that told of input to the next [`ConsolePort::console_listen`].
    fn console_ready(&self) -> bool {
        false
    }

    /// Takes bytes that were typed; 0 when there are none.
    fn console_read(&self, _out: &mut [u8]) -> usize {
        0
    }

    /// Wants a secure interrupt when there is input, at once when there is some already.
    fn console_listen(&self) {}

    /// Sends the interrupts of the console to `cpu` from now on, and one at once.
    fn console_route(&self, _cpu: CpuIndex) {}

    /// Asks this CPU for a secure interrupt at this tick, and again every millisecond until it is asked for another
    /// tick or for none. It goes beside [`crate::ports::Platform::set_timer`].
    fn set_tick(&self, _tick: Option<u64>) {}

    /// Gives the return addresses on the stack of a thread to `found`, the innermost first: of one that is suspended,
    /// or of the one that asks. Addresses of calls that have returned may be among them.
    fn return_addresses(&self, _thread: ThreadId, _found: &mut dyn FnMut(u64)) {}

    /// Copies memory; false when not all of it is memory.
    #[cfg(feature = "debug-console")]
    fn memory_read(&self, _address: u64, _out: &mut [u8]) -> bool {
        false
    }

    /// Writes a word of memory; false when it is none that can be written.
    #[cfg(feature = "debug-console")]
    fn memory_write(&self, _address: u64, _value: u32) -> bool {
        false
    }

    /// Debug authentication status (DBGAUTHSTATUS), where the CPU has it.
    fn debug_authentication(&self) -> Option<u32> {
        None
    }

    /// Switches the light for demonstrations on or off, where there is one.
    fn light(&self, _on: bool) {}

    /// Switches a light of the board on or off for the normal world.
    ///
    /// # Errors
    /// See [`LightError`].
    fn lend_light(&self, _light: Light, _on: bool) -> Result<(), LightError> {
        Err(LightError::Absent)
    }

    /// The block that derives keys, on a board of the kind that may have it.
    fn key_engine(&self) -> Option<&dyn KeyEngine> {
        None
    }

    /// The unit that says who may use what on the bus, where there is one.
    fn access_control(&self) -> Option<&dyn AccessControl> {
        None
    }
}
