// SPDX-License-Identifier: BSD-2-Clause
//! UUID and commands of `demonstration`. The console of the TEE opens it, so that they stand in `utee-abi`.

pub use utee_abi::demonstration::{COUNT, COUNTS, ECHO, RANDOM, READ, TA as UUID};
