// SPDX-License-Identifier: BSD-2-Clause
//! Constants of the C headers (GlobalPlatform TEE Internal Core API 1.3.1) as plain numbers by name.
//!
//! What has a type in this crate has its number there; [`framework`] and [`object`] have what is left and name the flags
//! as C does. [`TABLES`] is all of them, which the C headers are compared with.

use crate::crypto::{AlgorithmId, AttributeId, Curve, ObjectType};
use crate::result::TeeError;
use crate::storage::StorageId;

pub mod arithmetic;
pub mod client;
pub mod framework;
pub mod object;

/// Every table of names with their `TEE_` and values.
pub const TABLES: &[&[(&str, u32)]] = &[
    framework::ALL,
    object::ALL,
    AlgorithmId::TABLE,
    AttributeId::TABLE,
    ObjectType::TABLE,
    Curve::TABLE,
    StorageId::TABLE,
    TeeError::TABLE,
];

/// Constants and the table of them.
macro_rules! constants {
    ($($name:ident = $value:expr;)*) => {
        $(
            #[doc = concat!("TEE_", stringify!($name))]
            pub const $name: u32 = $value;
        )*

        /// Names with `TEE_` and values.
        pub const ALL: &[(&str, u32)] = &[$((concat!("TEE_", stringify!($name)), $name)),*];
    };
}
use constants;

#[cfg(test)]
mod tests {
    use super::TABLES;

    #[test]
    fn every_name_stands_once() {
        let all = || TABLES.iter().flat_map(|table| table.iter());
        for (index, (name, _)) in all().enumerate() {
            assert!(all().take(index).all(|(other, _)| other != name), "{name}");
            assert!(name.starts_with("TEE_") || name.starts_with("__OPTEE_"), "{name}");
        }
    }
}
