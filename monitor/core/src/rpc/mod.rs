// SPDX-License-Identifier: BSD-2-Clause
//! What the TEE asks of the normal world, beyond the line itself ([`crate::call`]).
//!
//! * [`buffer`] - memory of the normal world for the content of a request.

pub mod buffer;
