// SPDX-License-Identifier: BSD-2-Clause
//! A TA that attacks the TEE. Whatever it does, it alone gets the error or dies.
#![cfg_attr(any(target_arch = "arm", oxtee_ta), no_std, no_main)]

#[cfg(any(target_arch = "arm", oxtee_ta))]
extern crate alloc;

#[cfg(any(target_arch = "arm", oxtee_ta))]
mod calls;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod exhaustion;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod memory;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod ta;

#[cfg(any(target_arch = "arm", oxtee_ta))]
utee::ta!(ta::Hostile);

#[cfg(not(any(target_arch = "arm", oxtee_ta)))]
fn main() -> utee::fake::ExitCode {
    utee::fake::not_a_program()
}
