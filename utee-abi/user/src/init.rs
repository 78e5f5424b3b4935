// SPDX-License-Identifier: BSD-2-Clause
//! Initialisers of the TA, run before anything else of it.

/// Runs the initialisers between the linker script's symbols.
///
/// # Safety
/// Called once, on the first entry.
#[cfg(all(any(target_arch = "arm", oxtee_ta), not(feature = "fake")))]
pub(crate) unsafe fn run() {
    type Initialiser = extern "C" fn();
    unsafe extern "C" {
        static __init_array_start: [Initialiser; 0];
        static __init_array_end: [Initialiser; 0];
    }
    let mut next = (&raw const __init_array_start).cast::<Initialiser>();
    let end = (&raw const __init_array_end).cast::<Initialiser>();
    while next < end {
        // SAFETY: the linker script puts an array of initialisers between the two symbols.
        let initialiser = unsafe { next.read() };
        initialiser();
        // SAFETY: still in the array, or its end.
        next = unsafe { next.add(1) };
    }
}

/// Runs the initialisers of the TA and of its libraries that have not been run.
///
/// # Safety
/// Called on the first entry, and when a library has been opened.
pub(crate) unsafe fn run_all() {
    #[cfg(all(any(target_arch = "arm", oxtee_ta), not(feature = "fake")))]
    // SAFETY: passed on. On the development machine the C library runs them.
    unsafe {
        crate::modules::initialise();
    }
}
