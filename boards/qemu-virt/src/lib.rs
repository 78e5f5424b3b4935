// SPDX-License-Identifier: BSD-2-Clause
//! QEMU virt with TrustZone: memory map and platform
#![no_std]
