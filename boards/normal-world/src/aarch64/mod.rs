// SPDX-License-Identifier: BSD-2-Clause
//! AArch64: EL1, threads on SP_EL0 and exceptions on SP_EL1. The other architecture has files of the same names.

pub(crate) mod access;
pub(crate) mod cpu;
pub(crate) mod mmu;
pub(crate) mod scalable;
pub(crate) mod sleep;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod switch;
