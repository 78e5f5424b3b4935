// SPDX-License-Identifier: BSD-2-Clause
//! `libutee.a`: the crate `utee` as C symbols, for TAs in C.
//!
//! The GlobalPlatform functions are in [`arithmetic`], [`framework`], [`memory`], [`object`], [`persistent`], [`operation`] and its neighbours
//! [`digest`], [`cipher`], [`ae`], [`encryption`] and [`signature`], [`property`], [`session`], [`socket`] and [`time`];
//! OP-TEE's extensions in [`extensions`], its libraries in [`libraries`], its system-call veneers in `syscalls`, and what C code leans on in [`libc`].
//! On the development machine nothing is exported, so that tests call the functions as Rust.
#![no_std]
#![allow(non_snake_case)]

extern crate alloc;

pub mod ae;
pub mod arithmetic;
pub mod cipher;
pub mod digest;
pub mod encryption;
pub mod extensions;
pub mod framework;
pub mod gp11;
pub mod libc;
pub mod libraries;
pub mod memory;
pub mod object;
pub mod operation;
pub mod persistent;
pub mod property;
pub mod session;
pub mod signature;
pub mod socket;
#[cfg(test)]
mod states;
#[cfg(any(target_arch = "arm", oxtee_ta))]
mod syscalls;
#[cfg(test)]
mod tests;
pub mod time;
pub mod types;

/// Defines functions with their C names, which are exported in a TA only.
macro_rules! c_functions {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {
        $(
            $(#[$attribute])*
            ///
            /// # Safety
            /// Pointers are valid for what the specification of the function reads and writes there; handles are open.
            #[cfg_attr(any(target_arch = "arm", oxtee_ta), unsafe(no_mangle))]
            // The fake kernel of host tests unwinds where the kernel ends a TA.
            pub unsafe extern "C-unwind" fn $name($($argument: $type),*) $(-> $result)? $body
        )*
    };
}
pub(crate) use c_functions;

/// A TEE_Result.
pub(crate) fn raw(result: api::Result<()>) -> u32 {
    utee_abi::result::raw(result)
}

/// A value on the heap.
///
/// # Errors
/// OUT_OF_MEMORY.
pub(crate) fn boxed<T>(value: T) -> api::Result<alloc::boxed::Box<T>> {
    const { assert!(size_of::<T>() != 0) };
    // SAFETY: its layout has a size.
    let memory = unsafe { alloc::alloc::alloc(core::alloc::Layout::new::<T>()) }.cast::<T>();
    if memory.is_null() {
        return Err(api::TeeError::OUT_OF_MEMORY);
    }
    // SAFETY: memory of this layout from the allocator that a box gives it back to.
    unsafe {
        memory.write(value);
        Ok(alloc::boxed::Box::from_raw(memory))
    }
}
