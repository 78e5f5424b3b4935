// SPDX-License-Identifier: BSD-2-Clause
//! Where a message stands in normal-world memory: by physical address, or inside a registered object.

use super::shm::{Shm, in_normal_ram};
use crate::call::RPC_PARAMS;
use crate::ports::{PAGE_SIZE, Platform};
use alloc::sync::Arc;
use utee_abi::msg;

/// Place of a message. Reads and writes stay inside it.
#[derive(Clone)]
pub struct Window {
    place: Place,
    len: usize,
}

#[derive(Clone)]
enum Place {
    Physical(u64),
    Shared(Arc<Shm>, usize),
}

impl Window {
    /// A message with room for `len` bytes at physical address `pa`: in reserved shared memory at any 8-byte
    /// aligned place, elsewhere at the start of a page and within it (OP-TEE ABI, SMC calls, address rules).
    pub fn physical_at<P: Platform>(platform: &P, pa: u64, len: usize) -> Option<Self> {
        let end = pa.checked_add(len as u64)?;
        let reserved = platform.reserved_shm();
        let fits = if reserved.contains(&pa) {
            pa.is_multiple_of(8) && end <= reserved.end
        } else {
            pa.is_multiple_of(PAGE_SIZE as u64) && len <= PAGE_SIZE && in_normal_ram(platform, pa, len as u64)
        };
        fits.then_some(Self { place: Place::Physical(pa), len })
    }

    /// A message with room for `len` bytes at byte `offset` of a shared-memory object.
    pub fn shared(shm: Arc<Shm>, offset: u64, len: usize) -> Option<Self> {
        let end = offset.checked_add(len as u64)?;
        let at = usize::try_from(offset).ok()?.checked_add(shm.offset())?;
        (end <= shm.size() && at.is_multiple_of(8)).then_some(Self { place: Place::Shared(shm, at), len })
    }

    /// An RPC message that the normal world allocated.
    pub fn rpc_message<P: Platform>(platform: &P, pa: u64) -> Option<Self> {
        Self::physical_at(platform, pa, msg::message_size(RPC_PARAMS))
    }

    /// The same place with room for `len` bytes, if that still is a place for a message.
    pub fn resized<P: Platform>(self, platform: &P, len: usize) -> Option<Self> {
        match self.place {
            Place::Physical(pa) => Self::physical_at(platform, pa, len),
            Place::Shared(shm, at) => {
                let offset = at.checked_sub(shm.offset())?;
                Self::shared(shm, offset as u64, len)
            }
        }
    }

    /// The part of this window from byte `at` on.
    pub fn tail(&self, at: usize) -> Option<Self> {
        let len = self.len.checked_sub(at)?;
        let place = match &self.place {
            Place::Physical(pa) => Place::Physical(pa.checked_add(at as u64)?),
            Place::Shared(shm, start) => Place::Shared(Arc::clone(shm), start.checked_add(at)?),
        };
        Some(Self { place, len })
    }

    /// Physical address, if it is known by that.
    pub fn physical(&self) -> Option<u64> {
        match self.place {
            Place::Physical(pa) => Some(pa),
            Place::Shared(..) => None,
        }
    }

    /// Copies bytes out of the message; false past its end.
    #[must_use]
    pub fn read<P: Platform>(&self, platform: &P, at: usize, out: &mut [u8]) -> bool {
        if at.checked_add(out.len()).is_none_or(|end| end > self.len) {
            return false;
        }
        match &self.place {
            Place::Physical(pa) => platform.normal_read(pa.saturating_add(at as u64), out),
            Place::Shared(shm, start) => start.checked_add(at).is_some_and(|at| shm.read_pages(platform, at, out)),
        }
    }

    /// Copies bytes into the message; false past its end.
    #[must_use]
    pub fn write<P: Platform>(&self, platform: &P, at: usize, data: &[u8]) -> bool {
        if at.checked_add(data.len()).is_none_or(|end| end > self.len) {
            return false;
        }
        match &self.place {
            Place::Physical(pa) => platform.normal_write(pa.saturating_add(at as u64), data),
            Place::Shared(shm, start) => start.checked_add(at).is_some_and(|at| shm.write_pages(platform, at, data)),
        }
    }
}
