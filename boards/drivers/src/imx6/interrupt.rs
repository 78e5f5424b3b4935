// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts ("Interrupts and DMA Events" of the reference manual), as the interrupt controller numbers them.

/// Number of the first shared interrupt.
const SHARED: u32 = 32;

/// Private interrupt of the secure physical timer.
pub const SECURE_TIMER: u32 = 29;
/// Private interrupt of the non-secure physical timer.
pub const NORMAL_TIMER: u32 = 30;
/// UART 1.
pub const UART1: u32 = SHARED + 26;
/// UART 2.
pub const UART2: u32 = SHARED + 27;
/// Warning of watchdog 2.
pub const WDOG2: u32 = SHARED + 81;
/// No device that is known has it.
pub const FREE: u32 = SHARED + 124;
