// SPDX-License-Identifier: BSD-2-Clause
//! A TA that attacks the TEE. Whatever it does, it alone gets the error or dies.
#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
extern crate alloc;

#[cfg(target_arch = "arm")]
mod calls;
#[cfg(target_arch = "arm")]
mod exhaustion;
#[cfg(target_arch = "arm")]
mod memory;
#[cfg(target_arch = "arm")]
mod ta;

#[cfg(target_arch = "arm")]
utee::ta!(ta::Hostile);

#[cfg(not(target_arch = "arm"))]
fn main() -> utee::fake::ExitCode {
    utee::fake::not_a_program()
}
