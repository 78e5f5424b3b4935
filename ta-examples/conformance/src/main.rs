// SPDX-License-Identifier: BSD-2-Clause
//! A TA that tries each system call that works, and checks what comes back.
#![cfg_attr(target_arch = "arm", no_std, no_main)]

#[cfg(target_arch = "arm")]
extern crate alloc;

#[cfg(target_arch = "arm")]
mod arithmetic;
#[cfg(target_arch = "arm")]
mod checks;
#[cfg(target_arch = "arm")]
mod crypto;
#[cfg(target_arch = "arm")]
mod curves;
#[cfg(target_arch = "arm")]
mod framework;
#[cfg(target_arch = "arm")]
mod keys;
#[cfg(target_arch = "arm")]
mod measured;
#[cfg(target_arch = "arm")]
mod memory;
#[cfg(target_arch = "arm")]
mod storage;
#[cfg(target_arch = "arm")]
mod streamed;
#[cfg(target_arch = "arm")]
mod ta;

#[cfg(target_arch = "arm")]
utee::ta!(ta::Conformance);

#[cfg(not(target_arch = "arm"))]
fn main() -> utee::fake::ExitCode {
    utee::fake::not_a_program()
}
