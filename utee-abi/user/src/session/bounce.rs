// SPDX-License-Identifier: BSD-2-Clause
//! The way of private memory to another TA: the kernel hands on shareable memory only, so private memrefs are copied
//! through a shareable mapping and back.

use crate::memory::{AccessFlags, check_access_rights};
use crate::params::{Cells, RawParams};
use crate::system::{Mapping, Sharing};
use crate::{Result, TeeError};
use core::ptr;
use utee_abi::param::{PARAMS, ParamType, ParamTypes};

const ALIGN: usize = 16;

/// A memref that was replaced by a part of the mapping.
#[derive(Clone, Copy)]
struct Moved {
    kind: ParamType,
    cells: Cells,
    offset: usize,
}

/// The mapping of one call.
pub(super) struct Bounce {
    mapping: Option<Mapping>,
    moved: [Option<Moved>; PARAMS],
}

impl Bounce {
    /// Replaces private memrefs among `params` by copies in a mapping.
    ///
    /// # Safety
    /// The memrefs that are private memory stay valid until [`Bounce::finish`], for writing where they are outputs.
    pub(super) unsafe fn new(params: &mut RawParams) -> Result<Self> {
        let types = ParamTypes::from_word(params.types).ok_or(TeeError::BAD_PARAMETERS)?;
        let mut moved = [None; PARAMS];
        let mut total = 0usize;
        for (index, (place, cells)) in moved.iter_mut().zip(&params.cells).enumerate() {
            let kind = types.get(index);
            if kind.is_memref() && is_private(kind, cells) {
                *place = Some(Moved { kind, cells: *cells, offset: total });
                let end = (cells[1] as usize).checked_next_multiple_of(ALIGN).and_then(|len| total.checked_add(len));
                total = end.ok_or(TeeError::OUT_OF_MEMORY)?;
            }
        }
        if total == 0 {
            return Ok(Self { mapping: None, moved });
        }
        let mut mapping = Mapping::new(total, Sharing::Shareable)?;
        let base = mapping.as_mut_slice().as_mut_ptr();
        for (place, cells) in moved.iter().zip(&mut params.cells) {
            let Some(moved) = place else { continue };
            let (to, len) = (base.wrapping_add(moved.offset), moved.cells[1] as usize);
            if moved.kind.is_input() {
                // SAFETY: the caller's memory, and `len` bytes at `offset` of a mapping of the sum of all lengths.
                unsafe { ptr::copy_nonoverlapping(ptr::with_exposed_provenance(moved.cells[0] as usize), to, len) };
            }
            cells[0] = to.expose_provenance() as u64;
        }
        Ok(Self { mapping: Some(mapping), moved })
    }

    /// Copies outputs back and puts the caller's addresses into `params` again.
    ///
    /// # Safety
    /// `params` are those of [`Bounce::new`], after the call.
    pub(super) unsafe fn finish(self, params: &mut RawParams) {
        let Some(mapping) = &self.mapping else { return };
        for (place, cells) in self.moved.iter().zip(&mut params.cells) {
            let Some(moved) = place else { continue };
            cells[0] = moved.cells[0];
            // A larger size is what the TA would have needed: nothing that it wrote is whole then.
            if !moved.kind.is_output() || cells[1] > moved.cells[1] {
                continue;
            }
            let from = mapping.as_slice().as_ptr().wrapping_add(moved.offset);
            // SAFETY: not more than went into the mapping, and the caller's memory is writable as `new` demands.
            unsafe { ptr::copy_nonoverlapping(from, ptr::with_exposed_provenance_mut(cells[0] as usize), cells[1] as usize) };
        }
    }
}

/// True for memory of this TA that the kernel would not hand on. What is not accessible at all goes on as it is, for the
/// kernel to refuse.
fn is_private(kind: ParamType, cells: &Cells) -> bool {
    if cells[0] == 0 || cells[1] == 0 {
        return false;
    }
    let mut rights = AccessFlags::READ;
    if kind.is_output() {
        rights |= AccessFlags::WRITE;
    }
    check_access_rights(rights, ptr::with_exposed_provenance(cells[0] as usize), cells[1] as usize).is_ok()
}
