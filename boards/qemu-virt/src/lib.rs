// SPDX-License-Identifier: BSD-2-Clause
//! QEMU `virt` with TrustZone: the map of the board, for its own image, the normal-world kernel and the host tools.
#![no_std]

#[cfg(target_os = "none")]
pub mod clock;
pub mod map;
