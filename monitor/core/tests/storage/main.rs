// SPDX-License-Identifier: BSD-2-Clause
//! Persistent objects: every backend by one suite, the rules of the system calls, random calls against a model, and a normal world
//! that lies.

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod disk;
mod hostile;
mod model;
mod rules;
mod suite;
mod time;
