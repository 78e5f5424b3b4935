// SPDX-License-Identifier: BSD-2-Clause
//! UUID and commands of `hostile`: one attack each. Most end in its death, which the client sees as TARGET_DEAD.

use utee_abi::uuid::Uuid;

/// UUID.
pub const UUID: Uuid = Uuid::new(0xb6c5_3aba, 0x9669, 0x4668, [0xa7, 0xf2, 0x20, 0x56, 0x29, 0xd0, 0x0f, 0x86]);

/// Does nothing: proof that a session works.
pub const NOP: u32 = 0;
/// Reads the word at p0 value in `a`: kernel memory, for one. Dies; otherwise p1 value out `a` is the word.
pub const READ: u32 = 1;
/// Writes p0 value in `b` to `a`. Dies.
pub const WRITE: u32 = 2;
/// Writes to its own code. Dies.
pub const WRITE_CODE: u32 = 3;
/// Jumps to instructions in its data. Dies.
pub const RUN_DATA: u32 = 4;
/// Recurses until the stack is over. Dies.
pub const OVERFLOW_STACK: u32 = 5;
/// Allocates until the heap is over, then frees everything and allocates once more. Lives: p0 value out `a` is the
/// bytes it got, `b` is 1 when the last allocation worked.
pub const EXHAUST_HEAP: u32 = 6;
/// Loops for ever; the time limit of its `ta.toml` ends it.
pub const LOOP: u32 = 7;
/// Passes wild pointers to every system call. Lives: p0 value out `a` is how many calls were made, `b` how many of them
/// were refused; p1 value out `a` is the last code of a call that was not refused though it should have been, or 0, and
/// `b` its number.
pub const WILD_POINTERS: u32 = 8;
/// Panics. Dies.
pub const PANIC: u32 = 9;
/// Executes an undefined instruction. Dies.
pub const UNDEFINED: u32 = 10;
/// Opens sessions with itself until that is refused. Lives: p0 value out `a` is how many it got, `b` the code.
pub const RECURSE: u32 = 11;
/// Reads p0 memref in twice, p1 value in `a` rounds; p2 value out `a` is how often the bytes had changed between.
pub const DOUBLE_FETCH: u32 = 12;
/// Jumps to p0 value in `a`. Dies.
pub const JUMP: u32 = 13;
/// Tries instructions of privileged modes, p0 value in `a` selects one of [`PRIVILEGED`]. Dies, or finds it without effect.
pub const PRIVILEGED_INSTRUCTION: u32 = 14;
/// How many instructions [`PRIVILEGED_INSTRUCTION`] has.
pub const PRIVILEGED: u32 = 4;
/// The address of a secret word of its own: p0 value out `a`. For another instance to read.
pub const SECRET: u32 = 15;
/// Opens sessions with `hello-world` and keeps them until that is refused, then closes all: p0 value out `a` is how many
/// it got, `b` the code.
pub const EXHAUST_SESSIONS: u32 = 16;
/// Maps memory through the system pseudo-TA until that is refused, then unmaps all: p0 value out `a` is how many KiB it
/// got, `b` the code.
pub const EXHAUST_MAPPINGS: u32 = 17;
/// Makes every system call number from 0 to p0 value in `a` that does not end the TA, all arguments 0. Lives.
pub const EVERY_NUMBER: u32 = 18;
/// Branches through a register to a landing pad (p0 value in `a` is 0), or past it. p1 value out `a` says how it was compiled. Dies past
/// it when it was compiled with landing pads, on a CPU that knows them.
pub const BRANCH: u32 = 20;
/// Follows a pointer that has its signature (p0 value in `a` is 0), or none. Dies without one, on a CPU that authenticates pointers.
pub const FOLLOW_SIGNED: u32 = 21;
/// Bit of what [`BRANCH`] gives: with landing pads, as the file says.
pub const COMPILED_WITH_PADS: u32 = 1 << 0;
/// Bit of what [`BRANCH`] gives: of 64 bits; others have nothing to try.
pub const COMPILED_FOR_64_BITS: u32 = 1 << 1;
/// Prints p0 value in `a` lines as fast as it can. Lives.
pub const FLOOD_LOG: u32 = 19;
