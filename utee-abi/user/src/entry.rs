// SPDX-License-Identifier: BSD-2-Clause
//! The entry of a TA: what the kernel calls, turned into calls of [`Ta`] (OP-TEE ABI, TA entry).

use crate::params::{Parameters, RawParams};
use crate::property::Property;
use crate::raw::{Kernel, RawSyscalls};
use crate::{Result, TeeError, heap, init, property, trace};
use alloc::vec::Vec;
use core::cell::UnsafeCell;
use utee_abi::param::{ParamType, ParamTypes};
use utee_abi::result;
use utee_abi::ta_head::{EntryFunction, TaFlags};

/// A trusted application.
///
/// The kernel makes one call at a time into an instance, so the functions have it and the session to themselves.
pub trait Ta: Sized + 'static {
    /// What a session keeps.
    type Session;

    /// Starts an instance, before its first session (TA_CreateEntryPoint).
    ///
    /// # Errors
    /// The client that opens the session gets the error.
    fn create() -> Result<Self>;

    /// Opens a session (TA_OpenSessionEntryPoint).
    ///
    /// # Errors
    /// The client gets the error and no session.
    fn open_session(&mut self, params: &mut Parameters<'_>) -> Result<Self::Session>;

    /// Serves a command (TA_InvokeCommandEntryPoint).
    ///
    /// # Errors
    /// The client gets the error; outputs that were written are returned all the same.
    fn invoke(&mut self, session: &mut Self::Session, command: u32, params: &mut Parameters<'_>) -> Result<()>;

    /// Closes a session (TA_CloseSessionEntryPoint).
    fn close_session(&mut self, session: Self::Session) {
        drop(session);
    }

    /// Ends the instance, after its last session (TA_DestroyEntryPoint).
    fn destroy(self) {}
}

/// What `ta.toml` says of a TA; `utee-build` or the C header makes it.
#[derive(Debug)]
pub struct Manifest {
    /// Flags.
    pub flags: TaFlags,
    /// Trace level, 0 to 4.
    pub trace_level: u32,
    /// The TA's own properties.
    pub properties: &'static [Property],
    /// Memory of the heap.
    pub heap: heap::Arena,
}

/// An instance of a TA and its sessions.
#[derive(Debug)]
pub struct Instance<T: Ta> {
    state: UnsafeCell<State<T>>,
}

// SAFETY: a TA has one thread, and the kernel makes one call at a time into an instance; `enter` is the only access.
unsafe impl<T: Ta> Sync for Instance<T> {}

#[derive(Debug)]
struct State<T: Ta> {
    started: bool,
    ta: Option<T>,
    sessions: Vec<(u32, T::Session)>,
}

impl<T: Ta> Instance<T> {
    /// An instance that is created when its first session opens.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: UnsafeCell::new(State { started: false, ta: None, sessions: Vec::new() }) }
    }
}

impl<T: Ta> Default for Instance<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Serves one entry of the kernel and returns to it.
///
/// # Safety
/// Called only as the kernel enters a TA: once at a time, `params` being its struct utee_params, and `manifest`'s heap
/// belonging to this instance alone.
pub unsafe fn enter<T: Ta>(
    instance: &'static Instance<T>,
    manifest: &Manifest,
    function: u32,
    session: u32,
    params: *mut RawParams,
    command: u32,
) -> ! {
    // SAFETY: one entry at a time, so this is the only reference.
    let state = unsafe { &mut *instance.state.get() };
    // SAFETY: the kernel's structure, which nothing else refers to during the entry.
    let params = unsafe { &mut *params };
    // SAFETY: passed on.
    let result = unsafe { dispatch(state, manifest, function, session, params, command) };
    Kernel::leave(result::raw(result))
}

/// # Safety
/// The memrefs of `params` are as [`Parameters::new`] demands.
unsafe fn dispatch<T: Ta>(
    state: &mut State<T>,
    manifest: &Manifest,
    function: u32,
    session: u32,
    params: &mut RawParams,
    command: u32,
) -> Result<()> {
    if !state.started {
        state.started = true;
        trace::set_level(manifest.trace_level);
        property::set_own(manifest.properties);
        // SAFETY: the arena belongs to this instance, and this runs once.
        unsafe { heap::start(&manifest.heap) };
        // SAFETY: the first entry, before any other code of the TA.
        unsafe { init::run_all() };
    }
    match EntryFunction::try_from(function) {
        Ok(EntryFunction::OpenSession) => {
            // SAFETY: passed on.
            let mut params = unsafe { Parameters::new(params) }?;
            state.open(session, &mut params)
        }
        Ok(EntryFunction::CloseSession) => state.close(manifest, session),
        Ok(EntryFunction::InvokeCommand) => {
            // SAFETY: passed on.
            let mut params = unsafe { Parameters::new(params) }?;
            state.invoke(session, command, &mut params)
        }
        Ok(EntryFunction::DumpMemStats) => dump_memory_statistics(params),
        Err(_) => Err(TeeError::NOT_SUPPORTED),
    }
}

impl<T: Ta> State<T> {
    fn open(&mut self, id: u32, params: &mut Parameters<'_>) -> Result<()> {
        let ta = match &mut self.ta {
            Some(ta) => ta,
            none => none.insert(T::create()?),
        };
        // Before the TA runs, so that a session it opened always has a place.
        self.sessions.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let session = ta.open_session(params)?;
        self.sessions.push((id, session));
        Ok(())
    }

    fn invoke(&mut self, id: u32, command: u32, params: &mut Parameters<'_>) -> Result<()> {
        let ta = self.ta.as_mut().ok_or(TeeError::BAD_STATE)?;
        let (_, session) = self.sessions.iter_mut().find(|(other, _)| *other == id).ok_or(TeeError::BAD_STATE)?;
        ta.invoke(session, command, params)
    }

    fn close(&mut self, manifest: &Manifest, id: u32) -> Result<()> {
        let ta = self.ta.as_mut().ok_or(TeeError::BAD_STATE)?;
        let index = self.sessions.iter().position(|(other, _)| *other == id).ok_or(TeeError::BAD_STATE)?;
        let (_, session) = self.sessions.swap_remove(index);
        ta.close_session(session);
        let kept = manifest.flags.contains(TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE);
        if self.sessions.is_empty()
            && !kept
            && let Some(ta) = self.ta.take()
        {
            ta.destroy();
        }
        Ok(())
    }
}

/// Three values out: allocated and its maximum; pool and failures; biggest failure and what was in use then.
fn dump_memory_statistics(params: &mut RawParams) -> Result<()> {
    let value = ParamType::ValueOutput;
    let wanted = ParamTypes::new([value, value, value, ParamType::None]);
    if ParamTypes::from_word(params.types) != Some(wanted) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let heap = heap::statistics();
    let cell = |bytes: usize| bytes as u64;
    let [first, second, third, _] = &mut params.cells;
    *first = [cell(heap.allocated), cell(heap.max_allocated)];
    *second = [cell(heap.size), cell(heap.failures)];
    *third = [cell(heap.biggest_failure), cell(heap.allocated_at_failure)];
    Ok(())
}

/// Names the TA of a program: expands to its header from `ta.toml` and to the function that the kernel enters.
///
/// The build script is `fn main() { utee_build::build() }`, with `utee-build` among the build dependencies. The file begins
/// with `#![cfg_attr(any(target_arch = "arm", oxtee_ta), no_std, no_main)]`: on the development machine the TA is a program with the tests
/// of its own that only says what it is.
#[macro_export]
macro_rules! ta {
    ($ta:ty) => {
        include!(concat!(env!("OUT_DIR"), "/utee_ta.rs"));

        #[unsafe(no_mangle)]
        extern "C" fn __oxtee_entry(function: u32, session: u32, params: *mut $crate::params::RawParams, command: u32) -> ! {
            static INSTANCE: $crate::entry::Instance<$ta> = $crate::entry::Instance::new();
            // SAFETY: only `__ta_entry` branches here, with the registers as the kernel set them; the manifest is this TA's.
            unsafe { $crate::entry::enter(&INSTANCE, &utee_ta::MANIFEST, function, session, params, command) }
        }

        #[cfg(not(any(target_arch = "arm", oxtee_ta)))]
        fn main() -> $crate::fake::ExitCode {
            $crate::fake::not_a_program()
        }
    };
}

#[cfg(test)]
mod tests;
