// SPDX-License-Identifier: BSD-2-Clause
//! The modules of a program, the TA and its libraries, as the loader tells of them (OP-TEE ABI, TA ELF and loading): their
//! initialisers, and their thread-local storage. A TA has one thread, so that each module has one block of it.

#[cfg(target_pointer_width = "64")]
#[path = "modules/storage64.rs"]
mod storage;
#[cfg(target_pointer_width = "32")]
#[path = "modules/storage32.rs"]
mod storage;

pub use storage::{make_thread_local, thread_local};

use crate::init;
use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicUsize, Ordering};
use utee_abi::ta_objects::PhdrInfoLayout;

/// What the loader fills in.
const INFO: PhdrInfoLayout = if size_of::<usize>() == 4 { PhdrInfoLayout::A32 } else { PhdrInfoLayout::A64 };

// Numbers of the System V ABI, chapter 5, and of its thread-local storage.
const PT_DYNAMIC: u32 = 2;
const PT_TLS: u32 = 7;
const DT_NULL: usize = 0;
const DT_INIT_ARRAY: usize = 25;
const DT_INIT_ARRAYSZ: usize = 27;

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

const _: () = assert!(size_of::<Module>() == INFO.entry_size && offset_of!(Module, headers) == INFO.entry_phdr);
const _: () = assert!(offset_of!(Module, count) == INFO.entry_phnum && offset_of!(Module, tls_module) == INFO.entry_tls_module);

/// A program header. The classes of ELF files differ in the place of the flags.
#[derive(Debug)]
#[repr(C)]
struct Header {
    kind: u32,
    #[cfg(target_pointer_width = "64")]
    flags: u32,
    offset: usize,
    vaddr: usize,
    paddr: usize,
    file_len: usize,
    mem_len: usize,
    #[cfg(target_pointer_width = "32")]
    flags: u32,
    align: usize,
}

impl Module {
    fn header(&self, kind: u32) -> Option<&Header> {
        // SAFETY: the loader counted the headers that stand there, and leaves them there.
        let headers = unsafe { slice::from_raw_parts(self.headers, self.count.into()) };
        headers.iter().find(|header| header.kind == kind)
    }

    /// The address of something that the file has at `vaddr`.
    fn at<T>(&self, vaddr: usize) -> *const T {
        ptr::with_exposed_provenance(self.base.wrapping_add(vaddr))
    }

    /// Runs the initialisers of a library.
    fn initialise(&self) {
        let Some(dynamic) = self.header(PT_DYNAMIC) else { return };
        let (mut array, mut len) = (0, 0);
        // SAFETY: the section is in memory of the module, as its header says.
        let entries = unsafe { slice::from_raw_parts(self.at::<[usize; 2]>(dynamic.vaddr), dynamic.file_len / size_of::<[usize; 2]>()) };
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
        for initialiser in unsafe { slice::from_raw_parts(self.at::<extern "C" fn()>(array), len / size_of::<usize>()) } {
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
    const _: () = assert!(size_of::<Info>() == INFO.size && offset_of!(Info, array) == INFO.array);
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
    // SAFETY: no code of modules that are new has run.
    unsafe { storage::provide(modules) };
    for index in (done..count).rev() {
        match modules.get(index) {
            Some(module) if index > 0 => module.initialise(),
            // SAFETY: once, since no later call begins at the TA.
            _ => unsafe { init::run() },
        }
    }
}
