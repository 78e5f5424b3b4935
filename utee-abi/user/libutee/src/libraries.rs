// SPDX-License-Identifier: BSD-2-Clause
//! dlfcn.h and link.h: libraries that a TA opens, and thread-local storage.

use crate::c_functions;
use alloc::boxed::Box;
use api::Uuid;
use api::library::Library;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use utee_abi::pta::system::{DLOPEN_GLOBAL, DLOPEN_NODELETE, DLOPEN_NOW};

c_functions! {
    /// Opens the library that a UUID names, or the program itself for NULL. NULL when there is none.
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void {
        if u64::try_from(flags) != Ok(DLOPEN_NOW | DLOPEN_GLOBAL | DLOPEN_NODELETE) {
            return ptr::null_mut();
        }
        let library = if name.is_null() {
            Some(Library::PROGRAM)
        } else {
            // SAFETY: the caller's string.
            let text = unsafe { CStr::from_ptr(name) }.to_str();
            let uuid = text.ok().and_then(|text| text.parse::<Uuid>().ok());
            // SAFETY: the caller answers for the library.
            uuid.and_then(|uuid| unsafe { Library::open(&uuid) }.ok())
        };
        library.map_or(ptr::null_mut(), |library| Box::into_raw(Box::new(library)).cast())
    }

    /// The address of a symbol; NULL when there is none.
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void {
        if handle.is_null() || name.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: a handle of `dlopen`.
        let library = unsafe { handle.cast::<Library>().read() };
        // SAFETY: the caller's string.
        library.symbol(unsafe { CStr::from_ptr(name) }).unwrap_or(ptr::null_mut())
    }

    /// Gives a handle back. The library stays.
    fn dlclose(handle: *mut c_void) -> c_int {
        if !handle.is_null() {
            // SAFETY: a handle of `dlopen`, which the caller gives up.
            drop(unsafe { Box::from_raw(handle.cast::<Library>()) });
        }
        0
    }
}

#[cfg(any(target_arch = "arm", oxtee_ta))]
mod modules {
    use api::modules::{Module, all, make_thread_local, thread_local};
    use core::ffi::{c_int, c_void};

    /// Calls `callback` for each module until it gives something else than 0.
    ///
    /// # Safety
    /// The callback takes what it is given.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn dl_iterate_phdr(
        callback: extern "C" fn(info: *mut Module, size: usize, data: *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int {
        for (index, module) in all().iter().enumerate() {
            let mut module = *module;
            module.tls_data = thread_local(index + 1).unwrap_or(core::ptr::null_mut()).cast();
            let result = callback(&raw mut module, size_of::<Module>(), data);
            if result != 0 {
                return result;
            }
        }
        0
    }

    /// The address of a thread-local variable, given its module and its offset in there.
    ///
    /// # Safety
    /// The compiler calls it, with what the loader wrote.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn __tls_get_addr(index: *const [usize; 2]) -> *mut c_void {
        // SAFETY: two words of the caller's.
        let [module, offset] = unsafe { index.read() };
        make_thread_local(module).wrapping_add(offset).cast()
    }
}
