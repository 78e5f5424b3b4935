// SPDX-License-Identifier: BSD-2-Clause
//! AArch64: the kernel at S-EL1 below an EL3 monitor that speaks the contract of OP-TEE's dispatcher.
//!
//! The run loop of a CPU and secure threads run at EL1 on stacks of their own (SP_EL1), TAs at EL0. The world switch itself
//! is EL3's; [`world`] calls it. Who keeps which state of the other world:
//!
//! | state | kind | what is done |
//! | --- | --- | --- |
//! | x0-x30, sp, pc, PSTATE, every system register of EL1 and EL0 | switched by EL3 | nothing |
//! | keys of pointer authentication | switched by EL3 | the kernel's is loaded again, a TA's own come with its space ([`pauth`]) |
//! | q0-q31, FPCR, FPSR | shared | saved on the first use by a TA, given back before the normal world runs ([`vfp`]) |
//! | secure physical timer (CNTPS) | secure only | this kernel's |
//! | interrupts | GICv3 | secure ones arrive as IRQ, those of the normal world as FIQ |
//!
//! The kernel is mapped where it lies, below [`descriptor::USER_START`](crate::descriptor::USER_START); a TA's space shares
//! those mappings, which are global and closed to EL0, and has the last gigabyte below 4 GiB for itself, so that 32-bit TAs
//! reach all of it. A TA is of 32 or of 64 bits, as its image says, and both run on one kernel.

pub mod aes;
pub mod cache;
pub mod cpu;
pub mod guards;
pub mod mmu;
mod pauth;
pub mod percpu;
pub mod probe;
pub mod space;
pub mod sysreg;
pub mod thread;
pub mod user;
pub mod vectors;
pub mod vfp;
pub mod world;
