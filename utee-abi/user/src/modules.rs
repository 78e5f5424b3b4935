// SPDX-License-Identifier: BSD-2-Clause
//! The modules of a program, the TA and its libraries, as the loader tells of them (OP-TEE ABI, TA ELF and loading): their
//! initialisers, and their thread-local storage. A TA has one thread, so that each module has one block of it.

use crate::panic::panic;
use crate::{TeeError, init};
use alloc::alloc::{Layout, alloc_zeroed};
use alloc::vec::Vec;
use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicUsize, Ordering};
use spin::Mutex;
use utee_abi::ta_head::phdr_info32;

// Numbers of the System V ABI, chapter 5, and of its thread-local storage.
const PT_DYNAMIC: u32 = 2;
const PT_TLS: u32 = 7;
const DT_NULL: u32 = 0;
const DT_INIT_ARRAY: u32 = 25;
const DT_INIT_ARRAYSZ: u32 = 27;

/// A module, as dl_iterate_phdr gives it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Module {
    /// Address that it is loaded at.
    pub base: usize,
    /// Its name; empty for the TA.
    pub name: *const c_char,
    headers: *const Header,
    count: u16,
    adds: u64,
    subs: u64,
    tls_module: usize,
    /// Its thread-local storage, once something has used it.
    pub tls_data: *mut c_void,
}

const _: () = assert!(size_of::<Module>() == phdr_info32::ENTRY_SIZE && offset_of!(Module, headers) == phdr_info32::ENTRY_PHDR);
const _: () =
    assert!(offset_of!(Module, count) == phdr_info32::ENTRY_PHNUM && offset_of!(Module, tls_module) == phdr_info32::ENTRY_TLS_MODULE);

/// A program header.
#[derive(Debug)]
#[repr(C)]
struct Header {
    kind: u32,
    offset: u32,
    vaddr: u32,
    paddr: u32,
    file_len: u32,
    mem_len: u32,
    flags: u32,
    align: u32,
}

impl Module {
    fn header(&self, kind: u32) -> Option<&Header> {
        // SAFETY: the loader counted the headers that stand there, and leaves them there.
        let headers = unsafe { slice::from_raw_parts(self.headers, self.count.into()) };
        headers.iter().find(|header| header.kind == kind)
    }

    /// The address of something that the file has at `vaddr`.
    fn at<T>(&self, vaddr: u32) -> *const T {
        ptr::with_exposed_provenance(self.base.wrapping_add(vaddr as usize))
    }

    /// Runs the initialisers of a library.
    fn initialise(&self) {
        let Some(dynamic) = self.header(PT_DYNAMIC) else { return };
        let (mut array, mut len) = (0, 0);
        // SAFETY: the section is in memory of the module, as its header says.
        let entries = unsafe { slice::from_raw_parts(self.at::<[u32; 2]>(dynamic.vaddr), dynamic.file_len as usize / 8) };
        for [tag, value] in entries.iter().take_while(|[tag, _]| *tag != DT_NULL) {
            match *tag {
                DT_INIT_ARRAY => array = *value,
                DT_INIT_ARRAYSZ => len = *value,
                _ => {}
            }
        }
        if len == 0 {
            return;
        }
        // SAFETY: the array is in memory of the module and relocated.
        for initialiser in unsafe { slice::from_raw_parts(self.at::<extern "C" fn()>(array), len as usize / 4) } {
            initialiser();
        }
    }
}

/// The modules at present, the TA first. None when the loader does not tell.
#[must_use]
pub fn all() -> &'static [Module] {
    #[repr(C)]
    struct Info {
        reserved: u32,
        count: u16,
        reserved2: [u8; 2],
        array: *const Module,
    }
    const _: () = assert!(size_of::<Info>() == phdr_info32::SIZE && offset_of!(Info, array) == phdr_info32::ARRAY);
    unsafe extern "C" {
        static __elf_phdr_info: Info;
    }
    // SAFETY: an object of the TA that the loader writes, at system calls too, and so behind the compiler's back.
    let info = unsafe { (&raw const __elf_phdr_info).read_volatile() };
    if info.array.is_null() {
        return &[];
    }
    // SAFETY: an array that the loader leaves as it is for good.
    unsafe { slice::from_raw_parts(info.array, info.count.into()) }
}

/// Runs the initialisers of the modules whose turn has not come yet: those of libraries before those of their users.
///
/// # Safety
/// Called on the first entry, and when there are more modules.
pub(crate) unsafe fn initialise() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    let modules = all();
    let count = modules.len().max(1);
    let done = DONE.swap(count, Ordering::Relaxed);
    for index in (done..count).rev() {
        match modules.get(index) {
            Some(module) if index > 0 => module.initialise(),
            // SAFETY: once, since no later call begins at the TA.
            _ => unsafe { init::run() },
        }
    }
}

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
    let layout = Layout::from_size_align(header.mem_len.max(1) as usize, header.align.max(1) as usize);
    let Ok(layout) = layout else { panic(TeeError::BAD_FORMAT) };
    // SAFETY: the layout has a size.
    let data = unsafe { alloc_zeroed(layout) };
    if data.is_null() || BLOCKS.lock().try_reserve(1).is_err() {
        panic(TeeError::OUT_OF_MEMORY);
    }
    // SAFETY: what the file has of the storage is in memory of the module, and no longer than the storage.
    unsafe { ptr::copy_nonoverlapping(owner.at(header.vaddr), data, header.file_len as usize) };
    BLOCKS.lock().push(Block { module, data });
    data
}
