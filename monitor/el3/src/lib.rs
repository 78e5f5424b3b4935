// SPDX-License-Identifier: BSD-2-Clause
//! The EL3 monitor of AArch64: it switches between the worlds, powers CPUs for the normal world (PSCI), and enters the trusted
//! OS at S-EL1 by the contract of OP-TEE's dispatcher (OP-TEE ABI, EL3 contract): ours, or a stock image of OP-TEE.
//!
//! | file | what |
//! | --- | --- |
//! | [`psci`] | power states of CPUs and the calls about them: pure, tested on the host |
//! | [`table`] | translation tables of EL3: pure, tested on the host |
//! | `mmu` | switching them on, and taking away what only the start needs |
//! | `context` | registers of a world on a CPU while it does not run |
//! | `vectors` | exceptions of both worlds into EL3, and back |
//! | `scalable` | registers of SVE and SME, which the normal world alone has |
//! | `undefined` | traps of the normal world that become undefined instructions there |
//! | `dispatch` | whose call it is, and what follows from it |
//!
//! It allocates nothing. Floating-point registers of 128 bits are left to the trusted OS, as the contract says.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod psci;
pub mod table;

#[cfg(all(target_os = "none", target_arch = "aarch64"))]
mod context;
#[cfg(all(target_os = "none", target_arch = "aarch64"))]
mod dispatch;
#[cfg(all(target_os = "none", target_arch = "aarch64"))]
pub mod mmu;
#[cfg(all(target_os = "none", target_arch = "aarch64"))]
mod scalable;
#[cfg(all(target_os = "none", target_arch = "aarch64"))]
mod undefined;
#[cfg(all(target_os = "none", target_arch = "aarch64"))]
mod vectors;

#[cfg(all(target_os = "none", target_arch = "aarch64"))]
pub use dispatch::{Firmware, NormalStart, TrustedOs, primary, secondary};

/// CPUs at most.
pub const MAX_CPUS: usize = 8;
