// SPDX-License-Identifier: BSD-2-Clause
//! Constants of the GlobalPlatform TEE Internal Core API and of OP-TEE's extensions that no type of this crate has.
//!
//! Each module has them by name, without `TEE_`, and a table of all, which the C headers are compared with.

pub mod algorithm;
pub mod attribute;
pub mod framework;
pub mod object;

/// Constants and the table of them.
macro_rules! constants {
    ($($name:ident = $value:literal;)*) => {
        $(
            #[doc = concat!("TEE_", stringify!($name))]
            pub const $name: u32 = $value;
        )*

        /// Names with `TEE_` and values.
        pub const ALL: &[(&str, u32)] = &[$((concat!("TEE_", stringify!($name)), $name)),*];
    };
}
use constants;
