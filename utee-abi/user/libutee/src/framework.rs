// SPDX-License-Identifier: BSD-2-Clause
//! The entry of a C TA, and GlobalPlatform TEE Internal Core API 1.3.1, sections 4.3, 4.8 and 4.10.

use crate::c_functions;
use api::TeeError;
use api::cancellation::{self, Mask};

c_functions! {
    /// TEE_Panic.
    fn TEE_Panic(code: u32) -> ! {
        match TeeError::check(code) {
            Err(error) => api::panic::panic(error),
            // A panic with TEE_SUCCESS is a panic all the same.
            Ok(()) => api::panic::panic(TeeError::GENERIC),
        }
    }

    /// TEE_GetCancellationFlag.
    fn TEE_GetCancellationFlag() -> bool {
        cancellation::is_requested()
    }

    /// TEE_UnmaskCancellation.
    fn TEE_UnmaskCancellation() -> bool {
        cancellation::unmask() == Mask::Masked
    }

    /// TEE_MaskCancellation.
    fn TEE_MaskCancellation() -> bool {
        cancellation::mask() == Mask::Masked
    }
}

#[cfg(any(target_arch = "arm", oxtee_ta))]
mod entry {
    use crate::libc::compiler::renew_stack_guard;
    use crate::property::own_properties;
    use crate::session::{cells_to_params, params_to_cells};
    use crate::types::{TeeParam, UserTaProperty};
    use api::entry::{Instance, Manifest, Ta};
    use api::heap::Arena;
    use api::params::{Parameters, RawParams};
    use api::{Result, TeeError};
    use core::ffi::{c_int, c_void};
    use core::slice;
    use utee_abi::param::PARAMS;
    use utee_abi::ta_head::{TaFlags, TaHead};

    unsafe extern "C" {
        fn TA_CreateEntryPoint() -> u32;
        fn TA_DestroyEntryPoint();
        fn TA_OpenSessionEntryPoint(types: u32, params: *mut TeeParam, session: *mut *mut c_void) -> u32;
        fn TA_CloseSessionEntryPoint(session: *mut c_void);
        fn TA_InvokeCommandEntryPoint(session: *mut c_void, command: u32, types: u32, params: *mut TeeParam) -> u32;

        static ta_head: [u8; TaHead::SIZE];
        static trace_level: c_int;
        static ta_props: [UserTaProperty; 0];
        static ta_num_props: usize;
        static mut ta_heap: [u8; 0];
        static ta_heap_size: usize;
    }

    /// The TA behind the `TA_` functions.
    struct CTa;

    /// Calls `function` with C parameters made of `params`, and takes over what it left in them.
    fn with_params(params: &mut Parameters<'_>, function: impl FnOnce(u32, *mut TeeParam) -> u32) -> Result<()> {
        let types = params.types();
        let mut c = cells_to_params(types, params.cells());
        let result = TeeError::check(function(types.word(), c.as_mut_ptr()));
        let mut cells = [[0; 2]; PARAMS];
        // SAFETY: the union fields are those of the types that it was made by.
        unsafe { params_to_cells(types, &c, &mut cells) };
        for (index, (to, from)) in params.cells().iter_mut().zip(cells).enumerate() {
            if types.get(index).is_output() {
                *to = from;
            }
        }
        result
    }

    impl Ta for CTa {
        /// What TA_OpenSessionEntryPoint left in its session context.
        type Session = *mut c_void;

        fn create() -> Result<Self> {
            // SAFETY: user_ta_header.c defines the array and its length.
            let table = unsafe { slice::from_raw_parts((&raw const ta_props).cast(), ta_num_props) };
            // SAFETY: its names and values are constants of the types it names.
            unsafe { own_properties(table) }?;
            // No function of C is under way here.
            renew_stack_guard();
            // SAFETY: the TA's function.
            TeeError::check(unsafe { TA_CreateEntryPoint() })?;
            Ok(Self)
        }

        fn open_session(&mut self, params: &mut Parameters<'_>) -> Result<Self::Session> {
            let mut session = core::ptr::null_mut();
            let context = &raw mut session;
            // SAFETY: the TA's function, with parameters of the types it is told.
            with_params(params, |types, params| unsafe { TA_OpenSessionEntryPoint(types, params, context) })?;
            Ok(session)
        }

        fn invoke(&mut self, session: &mut Self::Session, command: u32, params: &mut Parameters<'_>) -> Result<()> {
            let session = *session;
            // SAFETY: as above.
            with_params(params, |types, params| unsafe { TA_InvokeCommandEntryPoint(session, command, types, params) })
        }

        fn close_session(&mut self, session: Self::Session) {
            // SAFETY: the TA's function, with what it gave for this session.
            unsafe { TA_CloseSessionEntryPoint(session) };
        }

        fn destroy(self) {
            // SAFETY: the TA's function.
            unsafe { TA_DestroyEntryPoint() };
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn __oxtee_entry(function: u32, session: u32, params: *mut RawParams, command: u32) -> ! {
        static INSTANCE: Instance<CTa> = Instance::new();
        // SAFETY: user_ta_header.c defines these objects, and nothing else touches the heap.
        let manifest = unsafe {
            let flags = TaHead::read(&ta_head).map_or(0, |head| head.flags);
            Manifest {
                flags: TaFlags::from_bits_retain(flags),
                trace_level: u32::try_from(trace_level).unwrap_or(0),
                properties: &[],
                heap: Arena::new((&raw mut ta_heap).cast(), ta_heap_size),
            }
        };
        // SAFETY: only `__ta_entry` branches here, with the registers as the kernel set them.
        unsafe { api::entry::enter(&INSTANCE, &manifest, function, session, params, command) }
    }
}
