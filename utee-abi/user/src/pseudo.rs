// SPDX-License-Identifier: BSD-2-Clause
//! Calls of pseudo-TAs. They work in the TEE's core, which takes memory of this TA as it is.

use crate::Result;
use crate::params::{Cells, RawParams};
use crate::session::Session;
use core::sync::atomic::{AtomicU32, Ordering};
use utee_abi::param::{PARAMS, ParamType, ParamTypes};
use utee_abi::time::WAIT_FOREVER;
use utee_abi::uuid::Uuid;

/// Types and cells of the parameters of a call.
pub(crate) type Parameters = [(ParamType, Cells); PARAMS];

/// No parameter.
pub(crate) const NONE: (ParamType, Cells) = (ParamType::None, [0; 2]);

/// Two numbers for the pseudo-TA.
pub(crate) fn value_in(a: u32, b: u32) -> (ParamType, Cells) {
    (ParamType::ValueInput, [a.into(), b.into()])
}

/// Two numbers of the pseudo-TA.
pub(crate) const VALUE_OUT: (ParamType, Cells) = (ParamType::ValueOutput, [0; 2]);

/// Memory for a parameter.
pub(crate) fn memref<T>(kind: ParamType, memory: *const T, len: usize) -> (ParamType, Cells) {
    (kind, [memory.expose_provenance() as u64, len as u64])
}

/// A pseudo-TA, with a session that is open from its first use on.
pub(crate) struct PseudoTa {
    uuid: Uuid,
    session: AtomicU32,
}

impl PseudoTa {
    /// The pseudo-TA of a UUID, to be opened.
    pub(crate) const fn new(uuid: Uuid) -> Self {
        Self { uuid, session: AtomicU32::new(0) }
    }

    /// Invokes a command; the result, and the cells as it left them, which mean something with an error as well.
    ///
    /// # Safety
    /// Memrefs are memory that this TA may read and, for outputs, write; no Rust value is in the way of that.
    pub(crate) unsafe fn invoke(&self, command: u32, parameters: Parameters) -> (Result<()>, [Cells; PARAMS]) {
        let types = parameters.map(|(kind, _)| kind);
        let mut params = RawParams { types: u64::from(ParamTypes::new(types).word()), cells: parameters.map(|(_, cells)| cells) };
        let session = match self.session.load(Ordering::Relaxed) {
            0 => match Session::open_plain(&self.uuid) {
                Ok(session) => {
                    let session = session.keep();
                    self.session.store(session, Ordering::Relaxed);
                    session
                }
                Err(error) => return (Err(error), params.cells),
            },
            session => session,
        };
        // SAFETY: passed on.
        let result = unsafe { Session::invoke_raw(session, WAIT_FOREVER, command, &mut params) };
        (result.map_err(|failure| failure.error), params.cells)
    }
}
