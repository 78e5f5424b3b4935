// SPDX-License-Identifier: BSD-2-Clause
//! The TEE itself: SMC services, messages, sessions, TA life cycle, system calls
#![no_std]
#![forbid(unsafe_code)]
