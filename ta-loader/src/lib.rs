// SPDX-License-Identifier: BSD-2-Clause
//! Image verification and ELF planning: bytes in, a LoadPlan out
#![no_std]
#![forbid(unsafe_code)]
