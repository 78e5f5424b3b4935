// SPDX-License-Identifier: BSD-2-Clause
//! The ports of threads and of the normal world: why each of them gave the CPU back.

/// Index of a CPU, from 0 to the board's number of CPUs less one.
pub type CpuIndex = usize;

/// Index of a secure thread, the value that the normal world hands back to resume it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(pub u32);

/// Why a secure thread gave the CPU back to the run loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadExit {
    /// The call is complete; these are a0..a3 for the normal world. The thread is free again.
    Done([u32; 4]),
    /// The thread waits for the normal world; these are a0..a2 of the RPC, and its command where it has one.
    Rpc([u32; 4]),
    /// A normal-world interrupt is pending; the thread resumes whatever registers come back.
    ForeignInterrupt,
    /// The thread waits inside the secure world, at most until this tick; calls of the normal world do not.
    Wait(Option<u64>),
}

/// Why the normal world gave the CPU back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormalExit {
    /// It executed `smc` with these a0..a7.
    Smc([u32; 8]),
    /// A secure interrupt came while it ran.
    SecureInterrupt,
    /// Firmware below this TEE is about to switch the CPU off; it does when the normal world is entered once more.
    CpuOff,
}

/// The way into the normal world, one for each CPU.
pub trait NormalWorld {
    /// Sets where this CPU's normal world starts: physical entry address and its first arguments.
    fn start(&mut self, entry: u64, args: [u64; 3]);

    /// Runs the normal world until it comes back.
    fn enter(&mut self) -> NormalExit;

    /// Calls `f` with the name and value of each register that the normal world came back with.
    fn for_each_register(&self, _f: &mut dyn FnMut(&'static str, u64)) {}

    /// Sets a0..a3 that the normal world finds when it is entered again; its other registers stay.
    fn set_result(&mut self, result: [u32; 4]);
}
