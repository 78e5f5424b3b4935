// SPDX-License-Identifier: BSD-2-Clause
//! Every number and wire layout of the TEE's interfaces
#![no_std]
#![forbid(unsafe_code)]
