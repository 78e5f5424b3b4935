// SPDX-License-Identifier: BSD-2-Clause
//! What C code leans on. memcpy, memmove, memset, memcmp and strlen are in the crate `utee`; printf is in the kit.

pub mod character;
pub mod compiler;
#[cfg(target_arch = "arm")]
mod jump;
#[cfg(all(target_arch = "aarch64", oxtee_ta))]
#[path = "jump_a64.rs"]
mod jump;
pub mod memory;
pub mod number;
pub mod sort;
pub mod string;
pub mod utilities;
