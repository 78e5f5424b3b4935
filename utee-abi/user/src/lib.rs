// SPDX-License-Identifier: BSD-2-Clause
//! The TA side: safe GlobalPlatform Internal Core API and libutee symbols
#![no_std]
