// SPDX-License-Identifier: BSD-2-Clause
//! Blocks of the i.MX6UL, ULL and ULZ: those that keep the two worlds apart, and those that the secure world uses.
//!
//! Every register here is described from public drivers of these parts. None of it has been checked on hardware; what no
//! source said is named where it matters.
//!
//! The drivers reach registers through [`bus::Bus`], so that the tests run the very same code on a model of the chip.

pub mod audit;
pub mod bus;
pub mod caam;
pub mod ccm;
pub mod counter;
pub mod csu;
pub mod dcp;
pub mod dma;
pub mod gpio;
pub mod gpr;
pub mod interrupt;
pub mod iomuxc;
pub mod keys;
pub mod lockdown;
pub mod map;
pub mod ocotp;
pub mod part;
pub mod passes;
pub mod power;
pub mod rngb;
pub mod sd;
pub mod snvs;
pub mod table;
pub mod tzasc;
pub mod uart;
pub mod usdhc;
mod wait;
pub mod wdog;
