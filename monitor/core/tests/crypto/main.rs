// SPDX-License-Identifier: BSD-2-Clause
//! Keys and operations as TAs see them, by system call: objects, operations, and every order of calls against a model.

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod objects;
mod operations;
mod order;
