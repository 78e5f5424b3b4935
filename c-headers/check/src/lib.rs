// SPDX-License-Identifier: BSD-2-Clause
//! Compares the C headers with utee-abi
