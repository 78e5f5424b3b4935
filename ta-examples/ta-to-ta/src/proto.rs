// SPDX-License-Identifier: BSD-2-Clause
//! UUID and commands of `ta-to-ta`.

use utee_abi::uuid::Uuid;

/// UUID.
pub const UUID: Uuid = Uuid::new(0x5d1c_7a94, 0x2f3b, 0x4e85, [0x8a, 0x16, 0xc0, 0xd9, 0xe4, 0xb7, 0xf3, 0x21]);

/// Opens `hello-world`, invokes commands with every kind of parameter, and checks the answers. Prints what it does.
pub const CALL: u32 = 0;
/// Hands p0 memref inout on to `hello-world`, which turns it around: memory of the client, not copied.
pub const FORWARD: u32 = 1;
/// Opens itself p0 value in `a` sessions deep; p1 value out `a` is how deep it got, `b` the code that ended it.
pub const RECURSE: u32 = 2;
/// Opens `hostile` and lets it panic; answers with the code it got: TARGET_DEAD.
pub const OUTLIVE: u32 = 3;
/// Opens `sleeper` and has it sleep p0 value in `a` steps of `b` milliseconds.
pub const SLEEP: u32 = 4;
