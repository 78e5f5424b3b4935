// SPDX-License-Identifier: BSD-2-Clause
//! What the outside may use up. Every quota stands here, so that no caller can exhaust what others need.

use crate::ports::Platform;
use utee_abi::result::TeeError;

/// Secure threads at most, whatever the board asks for.
pub const MAX_THREADS: usize = 16;

/// Calls that wait for a secure thread at most; more are told that there is none.
pub const MAX_WAITING: usize = 48;

/// CPUs at most.
pub const MAX_CPUS: usize = 8;

/// Sessions that are open at a time, all clients together.
pub const MAX_SESSIONS: usize = 256;

/// Sessions that one TA instance holds as a client.
pub const MAX_SESSIONS_OF_TA: usize = 32;

/// Loaded TA instances.
pub const MAX_INSTANCES: usize = 64;

/// TA-to-TA calls nested in one another (OP-TEE ABI, sessions: TEE_ERROR_OUT_OF_MEMORY past it).
pub const MAX_NESTING: u32 = 4;

/// Cryptographic states of one TA instance.
pub const MAX_STATES_OF_TA: usize = 64;

/// Objects of one TA instance.
pub const MAX_OBJECTS_OF_TA: usize = 192;

/// Enumerators of persistent objects of one TA instance.
pub const MAX_ENUMERATORS_OF_TA: usize = 16;

/// Persistent objects of a TA that an enumerator goes through.
pub const MAX_LISTED: usize = 2048;

/// Bytes of the attributes of a persistent object: more than any key has.
pub const MAX_ATTRIBUTE_BYTES: u32 = 8192;

/// Bytes of all persistent objects together where they are kept in memory.
pub const MAX_STORE_IN_MEMORY: usize = 256 * 1024;

/// Attributes that one system call gives.
pub const MAX_ATTRIBUTES: usize = 16;

/// Bytes of a salt, or of other information, that keys are derived with.
pub const MAX_DERIVATION_INPUT: usize = 16 * 1024;

/// Bytes of a message that is signed whole (Ed25519 and Ed448 hash it twice, so it is copied), or encrypted for the owner of a key.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// TAs of the normal world whose version is remembered.
pub const MAX_VERSIONS: usize = 256;

/// Milliseconds of CPU time that a call may go on in a TA once its client is interrupted, where the TA does not say. It is the TA's
/// end then: only one that serves nobody else, and whose state nobody will miss, is ended so.
pub const ABANDONED_LIMIT_MS: u32 = 10_000;

/// Registered shared-memory objects.
pub const MAX_SHM: usize = 512;

/// Pages of one shared-memory object (64 MiB).
pub const MAX_SHM_PAGES: u64 = 16_384;

/// Mapped regions of one TA instance.
pub const MAX_REGIONS: usize = 96;

/// Bytes of kernel heap that no request may take: what calls already under way still need.
pub const HEAP_RESERVE: usize = 64 * 1024;

/// Refuses a request that would leave less than [`HEAP_RESERVE`] of kernel heap.
///
/// Small fixed-size allocations behind it are then not a way to stop the kernel.
///
/// # Errors
/// OUT_OF_MEMORY.
pub fn admit<P: Platform>(platform: &P, bytes: usize) -> Result<(), TeeError> {
    let (free, _) = platform.heap();
    match free.checked_sub(HEAP_RESERVE) {
        Some(usable) if usable >= bytes => Ok(()),
        _ => Err(TeeError::OUT_OF_MEMORY),
    }
}
