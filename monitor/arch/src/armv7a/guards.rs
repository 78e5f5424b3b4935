// SPDX-License-Identifier: BSD-2-Clause
//! What a CPU may have against code that was taken over: Armv7-A has nothing beside its MMU.

/// Calls `f` with the name of each feature that held.
pub fn for_each(_f: &mut dyn FnMut(&'static str)) {}
