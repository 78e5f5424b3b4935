// SPDX-License-Identifier: BSD-2-Clause
//! Armv7-A: SVC mode, short descriptors. The other architecture has files of the same names.

pub(crate) mod access;
pub(crate) mod cpu;
pub(crate) mod mmu;
pub(crate) mod scalable;
pub(crate) mod sleep;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod switch;
