// SPDX-License-Identifier: BSD-2-Clause
//! A TA that tries each system call that works, and checks what comes back.
#![cfg_attr(any(target_arch = "arm", oxtee_ta), no_std, no_main)]

#[cfg(any(target_arch = "arm", oxtee_ta))]
extern crate alloc;

#[cfg(any(target_arch = "arm", oxtee_ta))]
mod arithmetic;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod checks;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod crypto;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod curves;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod framework;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod keys;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod known;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod measured;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod memory;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod numbers;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod rsa_key;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod storage;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod streamed;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod ta;

#[cfg(any(target_arch = "arm", oxtee_ta))]
utee::ta!(ta::Conformance);

#[cfg(not(any(target_arch = "arm", oxtee_ta)))]
fn main() -> utee::fake::ExitCode {
    utee::fake::not_a_program()
}
