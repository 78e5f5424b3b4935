// SPDX-License-Identifier: BSD-2-Clause
//! Armv7-A with the Security Extensions (Cortex-A5, A7, A9, A15, A17).
//!
//! The run loop of a CPU runs in Monitor mode with SCR.NS = 0 and interrupts masked; secure threads run in SVC mode on
//! stacks of their own; TAs in USR mode. What each switch does with the state of the other world:
//!
//! | state | kind | what is done |
//! | --- | --- | --- |
//! | r0-r12, pc, CPSR of the normal world | shared | saved at each SMC or FIQ ([`world`]) |
//! | sp, lr, SPSR of SVC, IRQ, ABT, UND, FIQ; sp, lr of USR | shared | saved when a secure thread is run ([`thread`]); fast calls do not touch them |
//! | r8-r12 of FIQ | shared | left in place: secure FIQ leaves FIQ mode before it uses a register |
//! | SCTLR, TTBR0/1, TTBCR, DACR, VBAR, DFSR, IFSR, DFAR, IFAR, CONTEXTIDR, PAR, TPIDR*, PRRR, NMRR, CSSELR | banked by the CPU | nothing |
//! | CNTP timer | banked by the CPU | nothing; the secure one is this kernel's |
//! | CPACR | shared | saved and closed when a secure thread is run: floating point of a TA traps ([`vfp`]) |
//! | d0-d31, FPSCR, FPEXC | shared | saved on the first use by a TA, given back before the normal world runs ([`vfp`]) |
//! | ACTLR, CNTKCTL, PMU, debug | shared | not used by the secure world after boot |
//! | exclusive monitor | shared | cleared by every exception return |

pub mod aes;
pub mod cache;
pub mod cp15;
pub mod cpu;
pub mod guards;
pub mod mmu;
pub mod percpu;
pub mod probe;
pub mod space;
pub mod thread;
pub mod user;
pub mod vectors;
pub mod vfp;
pub mod world;
