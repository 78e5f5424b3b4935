// SPDX-License-Identifier: BSD-2-Clause
//! Builds, runs, tests and measures the system

fn main() {}
