// SPDX-License-Identifier: BSD-2-Clause
//! The file service on volumes in memory: its answers, and what a loss of power leaves at each step.

mod answers;
mod kit;
mod power;
mod volumes;
