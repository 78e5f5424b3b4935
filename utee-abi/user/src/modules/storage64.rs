// SPDX-License-Identifier: BSD-2-Clause
//! Thread-local storage of a 64-bit TA: one block, two words and then the modules' parts in the order of the modules, which the
//! thread pointer points to. Code counts from there, as the loader has told it.

use super::{Module, PT_TLS};
use crate::TeeError;
use crate::panic::panic;
use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::arch::asm;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Bytes before the first module's part (ELF for the Arm 64-bit Architecture, thread-local storage).
const HEAD: usize = 16;
/// Alignment of the block. Parts follow one another, so that one that wants more does not get it.
const ALIGN: usize = 16;

/// Modules that have their part, and bytes of the block.
static MODULES: AtomicUsize = AtomicUsize::new(0);
static SIZE: AtomicUsize = AtomicUsize::new(0);

/// Bytes of a module's part.
fn len(module: &Module) -> usize {
    module.header(PT_TLS).map_or(0, |header| header.mem_len)
}

/// Where the part of module `index` begins in the block.
fn start(modules: &[Module], index: usize) -> usize {
    modules.iter().take(index).fold(HEAD, |at, module| at.saturating_add(len(module)))
}

fn block() -> *mut u8 {
    let block: *mut u8;
    // SAFETY: reads the TA's own register.
    unsafe { asm!("mrs {}, tpidr_el0", out(reg) block, options(nomem, nostack, preserves_flags)) };
    block
}

/// Gives modules that are new their part. A block that is too short moves: addresses of variables that were taken before are
/// those of the old one, which is freed.
///
/// # Safety
/// No code of the modules that are new has run, and nobody keeps addresses of thread-local variables.
pub(super) unsafe fn provide(modules: &[Module]) {
    let (before, size) = (MODULES.load(Ordering::Relaxed), start(modules, modules.len()));
    MODULES.store(modules.len(), Ordering::Relaxed);
    let old = SIZE.load(Ordering::Relaxed);
    if size == old.max(HEAD) {
        return;
    }
    let (Ok(layout), Ok(old_layout)) = (Layout::from_size_align(size, ALIGN), Layout::from_size_align(old, ALIGN)) else {
        panic(TeeError::BAD_FORMAT)
    };
    // SAFETY: the layout has a size.
    let data = unsafe { alloc_zeroed(layout) };
    if data.is_null() {
        panic(TeeError::OUT_OF_MEMORY);
    }
    if old > 0 {
        // SAFETY: the old block is the thread pointer's, shorter than the new one, and nobody else's.
        unsafe {
            ptr::copy_nonoverlapping(block(), data, old);
            dealloc(block(), old_layout);
        }
    }
    for (index, module) in modules.iter().enumerate().skip(before) {
        if let Some(header) = module.header(PT_TLS) {
            // SAFETY: what the file has of the part is in memory of the module, and no longer than the part.
            unsafe { ptr::copy_nonoverlapping(module.at(header.vaddr), data.add(start(modules, index)), header.file_len) };
        }
    }
    SIZE.store(size, Ordering::Relaxed);
    // SAFETY: what this TA counts from, and nothing else uses.
    unsafe { asm!("msr tpidr_el0, {}", in(reg) data, options(nostack, preserves_flags)) };
}

/// The thread-local storage of a module, if it has any.
#[must_use]
pub fn thread_local(module: usize) -> Option<*mut u8> {
    let modules = super::all();
    let index = module.checked_sub(1)?;
    let part = modules.get(index).map(len).filter(|part| *part > 0 && index < MODULES.load(Ordering::Relaxed))?;
    let at = start(modules, index);
    (at.saturating_add(part) <= SIZE.load(Ordering::Relaxed)).then(|| block().wrapping_add(at))
}

/// The thread-local storage of a module. Panics the TA for a module that has none.
#[must_use]
pub fn make_thread_local(module: usize) -> *mut u8 {
    thread_local(module).unwrap_or_else(|| panic(TeeError::BAD_STATE))
}
