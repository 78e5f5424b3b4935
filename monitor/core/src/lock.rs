// SPDX-License-Identifier: BSD-2-Clause
//! The core's lock: a short critical section that masks interrupts of this CPU.
//!
//! Nothing that can suspend a thread (an RPC, entering a TA) may happen while one is held; each
//! owner names what its lock protects. Lock order is registry, instance, session table, shared memory, threads.

use crate::ports::Platform;

/// A lock of the platform around a value.
pub type Lock<P, T> = lock_api::Mutex<<P as Platform>::Lock, T>;
