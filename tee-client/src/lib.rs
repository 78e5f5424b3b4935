// SPDX-License-Identifier: BSD-2-Clause
//! GlobalPlatform TEE Client API over a Transport
#![no_std]
