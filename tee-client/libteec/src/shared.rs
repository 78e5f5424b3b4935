// SPDX-License-Identifier: BSD-2-Clause
//! Contexts and shared memory behind the structures of C.

use crate::types;
use core::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tee_client::transport::linux::{Device, Linux, LinuxContext};
use tee_client::{Direction, SharedMemory};
use utee_abi::gp::client::{MEM_INPUT, MEM_OUTPUT};

/// Contexts by the file descriptor that `TEEC_Context` has.
static CONTEXTS: Mutex<Vec<(i32, LinuxContext)>> = Mutex::new(Vec::new());

fn contexts() -> MutexGuard<'static, Vec<(i32, LinuxContext)>> {
    CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn add_context(fd: i32, context: LinuxContext) {
    contexts().push((fd, context));
}

pub(crate) fn context(fd: i32) -> Option<LinuxContext> {
    contexts().iter().find(|(other, _)| *other == fd).map(|(_, context)| context.clone())
}

pub(crate) fn remove_context(fd: i32) {
    let mut contexts = contexts();
    let index = contexts.iter().position(|(other, _)| *other == fd);
    let removed = index.map(|index| contexts.swap_remove(index));
    // What is left of the context is closed without the lock.
    drop(contexts);
    drop(removed);
}

/// What the flags of shared memory say; `None` for nonsense.
pub(crate) fn direction(flags: u32) -> Option<Direction> {
    const BOTH: u32 = MEM_INPUT | MEM_OUTPUT;
    match flags {
        MEM_INPUT => Some(Direction::Input),
        MEM_OUTPUT => Some(Direction::Output),
        BOTH => Some(Direction::Inout),
        _ => None,
    }
}

/// The block behind a `TEEC_SharedMemory`.
pub struct Shared {
    pub(crate) memory: SharedMemory<Linux<Device>>,
    /// The TEE does not see the program's memory itself: what it holds is copied before and after a call.
    copied: bool,
}

impl core::fmt::Debug for Shared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Shared").field("size", &self.memory.size()).field("copied", &self.copied).finish()
    }
}

impl Shared {
    pub(crate) fn new(memory: SharedMemory<Linux<Device>>, copied: bool) -> Self {
        Self { memory, copied }
    }

    /// Puts the block into a structure of C.
    pub(crate) fn give(self, to: &mut types::SharedMemory, id: i32) {
        let alloced_size = self.memory.size();
        let block = Box::into_raw(Box::new(self));
        to.imp = types::SharedMemoryImp { id, alloced_size, block, registered_fd: -1, flags: 0 };
    }

    /// Copies what the program holds to where the TEE sees it, if that is elsewhere.
    ///
    /// # Safety
    /// `size` bytes from `offset` of the program's `buffer` on are valid.
    pub(crate) unsafe fn copy_in(&self, buffer: *const u8, offset: usize, size: usize) {
        if self.copied && size > 0 {
            // SAFETY: as this function asks for; nobody else has a reference to memory of the program.
            let bytes = unsafe { core::slice::from_raw_parts(buffer.wrapping_add(offset), size) };
            let _ = self.memory.write(offset, bytes);
        }
    }

    /// Copies back.
    ///
    /// # Safety
    /// As [`Shared::copy_in`], for writes.
    pub(crate) unsafe fn copy_out(&self, buffer: *mut u8, offset: usize, size: usize) {
        if self.copied && size > 0 {
            // SAFETY: as this function asks for.
            let bytes = unsafe { core::slice::from_raw_parts_mut(buffer.wrapping_add(offset), size) };
            let _ = self.memory.read(offset, bytes);
        }
    }
}

/// Empties a structure that has no block yet, or none any longer.
pub(crate) fn empty(shared: &mut types::SharedMemory) {
    shared.imp = types::SharedMemoryImp { id: -1, alloced_size: 0, block: ptr::null_mut(), registered_fd: -1, flags: 0 };
}
