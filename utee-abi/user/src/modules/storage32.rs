// SPDX-License-Identifier: BSD-2-Clause
//! Thread-local storage of a 32-bit TA: a block a module, found by the number of the module.

use super::{Module, PT_TLS, all};
use crate::TeeError;
use crate::panic::panic;
use alloc::alloc::{Layout, alloc_zeroed};
use alloc::vec::Vec;
use core::ptr;
use spin::Mutex;

/// A block of thread-local storage.
struct Block {
    module: usize,
    data: *mut u8,
}

// SAFETY: memory that is allocated for good; a TA has one thread.
unsafe impl Send for Block {}

static BLOCKS: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// The thread-local storage of a module, if something has used it.
#[must_use]
pub fn thread_local(module: usize) -> Option<*mut u8> {
    BLOCKS.lock().iter().find(|block| block.module == module).map(|block| block.data)
}

/// The thread-local storage of a module; it is made when it is first asked for. Panics the TA when there is no memory.
#[must_use]
pub fn make_thread_local(module: usize) -> *mut u8 {
    if let Some(data) = thread_local(module) {
        return data;
    }
    let found = all().iter().find(|candidate| candidate.tls_module == module);
    let Some((owner, header)) = found.and_then(|owner| Some((owner, owner.header(PT_TLS)?))) else { panic(TeeError::BAD_STATE) };
    let layout = Layout::from_size_align(header.mem_len.max(1), header.align.max(1));
    let Ok(layout) = layout else { panic(TeeError::BAD_FORMAT) };
    // SAFETY: the layout has a size.
    let data = unsafe { alloc_zeroed(layout) };
    if data.is_null() || BLOCKS.lock().try_reserve(1).is_err() {
        panic(TeeError::OUT_OF_MEMORY);
    }
    // SAFETY: what the file has of the storage is in memory of the module, and no longer than the storage.
    unsafe { ptr::copy_nonoverlapping(owner.at(header.vaddr), data, header.file_len) };
    BLOCKS.lock().push(Block { module, data });
    data
}

/// Nothing is to be done for modules that are new: storage is made when it is asked for.
///
/// # Safety
/// As the one of 64-bit TAs, whose name it has.
pub(super) unsafe fn provide(_modules: &[Module]) {}
