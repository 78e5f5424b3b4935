// SPDX-License-Identifier: BSD-2-Clause
//! Libraries that a TA opens while it runs.

use crate::system::invoke;
use crate::{Result, Uuid, init};
use core::ffi::{CStr, c_void};
use core::ptr;
use utee_abi::param::ParamType;
use utee_abi::pta::system::{Command, DLOPEN_GLOBAL, DLOPEN_NODELETE, DLOPEN_NOW};

/// A library that is open. It stays as long as the TA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Library {
    uuid: Uuid,
}

fn cell(bytes: &[u8]) -> [u64; 2] {
    [bytes.as_ptr().expose_provenance() as u64, bytes.len() as u64]
}

impl Library {
    /// The TA and all libraries that it has.
    pub const PROGRAM: Self = Self { uuid: Uuid::NIL };

    /// Opens the library of this UUID, with the libraries that it needs, and runs its initialisers.
    ///
    /// # Safety
    /// Its initialisers are sound, and what it takes from the TA is what it takes it for.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND when there is no such library, or none that it needs; SECURITY when one does not verify; BAD_FORMAT
    /// for a symbol that nobody has; OUT_OF_MEMORY.
    pub unsafe fn open(uuid: &Uuid) -> Result<Self> {
        let name = uuid.to_memory();
        let types = [ParamType::MemrefInput, ParamType::ValueInput, ParamType::None, ParamType::None];
        let flags = DLOPEN_NOW | DLOPEN_GLOBAL | DLOPEN_NODELETE;
        invoke(Command::DlOpen, types, [cell(&name), [flags, 0], [0; 2], [0; 2]])?;
        // SAFETY: there may be more modules now; the caller answers for them.
        unsafe { init::run_all() };
        Ok(Self { uuid: *uuid })
    }

    /// The address of a symbol: of the library's own, or else of the first module that has it.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND.
    pub fn symbol(&self, name: &CStr) -> Result<*mut c_void> {
        let uuid = self.uuid.to_memory();
        let types = [ParamType::MemrefInput, ParamType::MemrefInput, ParamType::ValueOutput, ParamType::None];
        let cells = [cell(&uuid), cell(name.to_bytes_with_nul()), [0; 2], [0; 2]];
        let [_, _, [high, low], _] = invoke(Command::DlSym, types, cells)?;
        let address = usize::try_from(high << 32 | low).map_err(|_| crate::TeeError::GENERIC)?;
        Ok(ptr::with_exposed_provenance_mut(address))
    }
}
