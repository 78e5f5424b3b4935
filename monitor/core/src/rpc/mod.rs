// SPDX-License-Identifier: BSD-2-Clause
//! What the core asks of the normal world beyond one message: payload memory and the services of the supplicant.
//!
//! [`Call::rpc`](crate::call::Call::rpc) carries the messages. An answer is a claim: each module says what it believes.

pub mod buffer;
pub mod fs;
pub mod plugin;
pub mod socket;
