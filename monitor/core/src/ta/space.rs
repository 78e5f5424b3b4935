// SPDX-License-Identifier: BSD-2-Clause
//! The region table of a TA: what is mapped where with which rights, and whose it is.
//!
//! A user pointer is a claim until this table has been asked. Every access of the core to TA memory
//! goes through [`UserSpace::read`] and [`UserSpace::write`], by region and backing, never by user address.

use super::memory::{Backing, Memory};
use crate::limits::MAX_REGIONS;
use crate::ports::{AddressSpace, PAGE_SIZE, Platform, Prot};
use alloc::vec::Vec;
use core::cell::Cell;
use core::ops::Range;
use utee_abi::access::AccessFlags;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

const PAGE: u64 = PAGE_SIZE as u64;

/// Why a region is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Segment of the TA image.
    Image,
    /// The TA's stack.
    Stack,
    /// Zero-initialised memory that the TA asked for, its own.
    Private,
    /// Zero-initialised memory that the TA may hand to other TAs.
    Shareable,
    /// A parameter, mapped for the time of one call.
    Param,
}

impl Purpose {
    /// Name for crash dumps.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Stack => "stack",
            Self::Private => "private",
            Self::Shareable => "shareable",
            Self::Param => "param",
        }
    }

    /// True for memory that only this TA has (OP-TEE ABI, memory of parameters).
    pub fn is_private(self) -> bool {
        matches!(self, Self::Image | Self::Stack | Self::Private)
    }
}

/// A mapped range of whole pages.
pub struct Region<P: Platform> {
    /// First address.
    pub va: u64,
    /// Number of pages.
    pub pages: usize,
    /// Rights of user mode.
    pub prot: Prot,
    /// Why it is there.
    pub purpose: Purpose,
    /// The memory behind it.
    pub backing: Backing<P>,
    /// Page of the backing that stands at `va`.
    pub first: usize,
}

impl<P: Platform> Region<P> {
    /// First address past the region. [`UserSpace::map`] lets no region in whose end wraps around.
    pub fn end(&self) -> u64 {
        self.va.wrapping_add((self.pages as u64).wrapping_mul(PAGE))
    }

    /// True when user mode may do to it what `flags` say, and it is what they ask for.
    fn permits(&self, flags: AccessFlags) -> bool {
        let right = match self.prot {
            Prot::Read | Prot::ReadExecute | Prot::GuardedExecute => !flags.contains(AccessFlags::WRITE),
            Prot::ReadWrite => true,
        };
        let owner = self.purpose.is_private() || flags.contains(AccessFlags::ANY_OWNER);
        let world = if self.backing.is_secure() { AccessFlags::NONSECURE } else { AccessFlags::SECURE };
        right && owner && !flags.contains(world)
    }

    /// Where in the region a slice stands that begins in it and lies in it as a whole.
    fn holds(&self, slice: UserSlice) -> Option<usize> {
        // [`UserSpace::map`] lets no region in that is not among the TA's addresses.
        let size = self.pages.wrapping_mul(PAGE_SIZE);
        let inside = usize::try_from(slice.addr().checked_sub(self.va)?).ok()?;
        let room = size.checked_sub(inside).filter(|room| *room > 0)?;
        (usize::try_from(slice.len()).ok()? <= room).then_some(inside)
    }

    /// Byte of the backing that stands so far into the region.
    fn backed(&self, inside: usize) -> Option<usize> {
        self.first.checked_mul(PAGE_SIZE)?.checked_add(inside)
    }

    /// Byte of the backing that stands at `address`, which lies in the region.
    fn offset_of(&self, address: u64) -> Option<usize> {
        self.backed(usize::try_from(address.checked_sub(self.va)?).ok()?)
    }
}

/// The regions of a TA and the address space that they are mapped in.
pub struct UserSpace<P: Platform> {
    /// The page tables.
    pub tables: P::Space,
    regions: Vec<Region<P>>,
    /// Index of the region that was asked for last: the next question is mostly about the same one.
    last: Cell<usize>,
    /// Number of regions that are parameters.
    params: usize,
}

impl<P: Platform> UserSpace<P> {
    /// An empty space with room for all regions it may get.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn new(platform: &P) -> Result<Self, TeeError> {
        let mut regions = Vec::new();
        regions.try_reserve_exact(MAX_REGIONS).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        Ok(Self { tables: platform.space()?, regions, last: Cell::new(0), params: 0 })
    }

    /// The regions by address.
    pub fn regions(&self) -> &[Region<P>] {
        &self.regions
    }

    /// Pages that are mapped.
    pub fn pages(&self) -> usize {
        self.regions.iter().fold(0, |sum, region| sum.saturating_add(region.pages))
    }

    /// Index of the first region that ends after `address`.
    fn position(&self, address: u64) -> usize {
        self.regions.partition_point(|region| region.end() <= address)
    }

    /// The region that holds `address`.
    pub fn region_at(&self, address: u64) -> Option<&Region<P>> {
        let holds = |region: &&Region<P>| region.va <= address && address < region.end();
        if let Some(region) = self.regions.get(self.last.get()).filter(holds) {
            return Some(region);
        }
        let index = self.position(address);
        self.last.set(index);
        self.regions.get(index).filter(holds)
    }

    /// User addresses that may hold such memory.
    fn range_for(backing: &Backing<P>) -> Range<u64> {
        if backing.is_secure() { <P::Space as AddressSpace>::SECURE } else { <P::Space as AddressSpace>::NORMAL }
    }

    /// Lowest address at or above `from` that may hold such memory, with `pages` free pages and one free page on either side.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when there is no such gap.
    pub fn find_free(&self, backing: &Backing<P>, from: u64, pages: usize) -> Result<u64, TeeError> {
        self.find(Self::range_for(backing), from, pages)
    }

    /// Lowest address at or above `from` for secure memory, as [`Self::find_free`].
    ///
    /// # Errors
    /// OUT_OF_MEMORY when there is no such gap.
    pub fn find_secure(&self, from: u64, pages: usize) -> Result<u64, TeeError> {
        self.find(<P::Space as AddressSpace>::SECURE, from, pages)
    }

    fn find(&self, user: Range<u64>, from: u64, pages: usize) -> Result<u64, TeeError> {
        let len = (pages as u64).checked_mul(PAGE).ok_or(TeeError::OUT_OF_MEMORY)?;
        let mut candidate = from.max(user.start).next_multiple_of(PAGE);
        for region in self.regions.iter().skip(self.position(candidate)) {
            let fits = candidate.checked_add(len).and_then(|end| end.checked_add(PAGE)).is_some_and(|end| end <= region.va);
            if fits {
                break;
            }
            candidate = region.end().saturating_add(PAGE);
        }
        match candidate.checked_add(len) {
            Some(end) if end <= user.end => Ok(candidate),
            _ => Err(TeeError::OUT_OF_MEMORY),
        }
    }

    /// Maps a region that overlaps none.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when there are too many regions or no memory for tables; BAD_PARAMETERS when the range is
    /// not free user address space.
    pub fn map(&mut self, region: Region<P>) -> Result<(), TeeError> {
        if self.regions.len() >= MAX_REGIONS {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        let user = Self::range_for(&region.backing);
        let end = (region.pages as u64).checked_mul(PAGE).and_then(|len| region.va.checked_add(len));
        if end.is_none_or(|end| end > user.end) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let index = self.position(region.va);
        let free = self.regions.get(index).is_none_or(|next| region.end() <= next.va);
        if !free || !region.va.is_multiple_of(PAGE) || region.va < user.start || region.pages == 0 {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let mapped = match &region.backing {
            Backing::Frames(frames) => self.tables.map(region.va, frames, region.first, region.pages, region.prot),
            Backing::Sealed(sealed) => self.tables.map_sealed(region.va, sealed, region.first, region.pages, region.prot),
            Backing::Shm(shm) => shm.with_pages(region.first, region.pages, |at, pages| {
                self.tables.map_normal(region.va.saturating_add((at as u64).saturating_mul(PAGE)), pages, region.prot)
            }),
        };
        match mapped {
            Ok(()) => {
                self.params = self.params.saturating_add(usize::from(region.purpose == Purpose::Param));
                self.regions.insert(index, region);
            }
            Err(_) => self.tables.unmap(region.va, region.pages),
        }
        mapped
    }

    /// Unmaps the parameters of a call. They are mostly the last regions, since what the TA has of its own lies below.
    pub fn unmap_params(&mut self) {
        let mut left = core::mem::take(&mut self.params);
        while left > 0
            && let Some(region) = self.regions.pop_if(|region| region.purpose == Purpose::Param)
        {
            self.tables.unmap(region.va, region.pages);
            left = left.saturating_sub(1);
        }
        if left > 0 {
            self.unmap_where(|region| region.purpose == Purpose::Param);
        }
    }

    /// Unmaps the regions that `keep` refuses.
    pub fn unmap_where(&mut self, mut gone: impl FnMut(&Region<P>) -> bool) {
        let tables = &mut self.tables;
        self.regions.retain(|region| {
            let goes = gone(region);
            if goes {
                tables.unmap(region.va, region.pages);
            }
            !goes
        });
    }

    /// Checks access rights as CheckMemoryAccessRights and every system call do (OP-TEE ABI, section on access checks).
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn check(&self, slice: UserSlice, flags: AccessFlags) -> Result<(), TeeError> {
        if slice.is_empty() {
            return Ok(());
        }
        if flags.contains(AccessFlags::SECURE | AccessFlags::NONSECURE) {
            return Err(TeeError::ACCESS_DENIED);
        }
        match self.single(slice) {
            Some((region, _)) if region.permits(flags) => Ok(()),
            Some(_) => Err(TeeError::ACCESS_DENIED),
            None => self.walk(slice, |region, _, _, _| region.permits(flags)),
        }
    }

    /// The region that holds all of a slice, as nearly every slice has one, and where in it the slice stands.
    fn single(&self, slice: UserSlice) -> Option<(&Region<P>, usize)> {
        if let Some(region) = self.regions.get(self.last.get())
            && let Some(inside) = region.holds(slice)
        {
            return Some((region, inside));
        }
        let region = self.region_at(slice.addr())?;
        region.holds(slice).map(|inside| (region, inside))
    }

    /// Calls `f(region, address, done, len)` for each part of the slice, in order; stops when it says false.
    fn walk(&self, slice: UserSlice, mut f: impl FnMut(&Region<P>, u64, usize, usize) -> bool) -> Result<(), TeeError> {
        let end = slice.end();
        let mut address = slice.addr();
        let mut done = 0usize;
        for region in self.regions.iter().skip(self.position(address)) {
            if address >= end {
                break;
            }
            if region.va > address {
                return Err(TeeError::ACCESS_DENIED);
            }
            let part = region.end().min(end).saturating_sub(address);
            let len = usize::try_from(part).map_err(|_| TeeError::ACCESS_DENIED)?;
            if !f(region, address, done, len) {
                return Err(TeeError::ACCESS_DENIED);
            }
            done = done.saturating_add(len);
            address = address.saturating_add(part);
        }
        if address >= end { Ok(()) } else { Err(TeeError::ACCESS_DENIED) }
    }

    /// Copies user memory that the TA may read and that satisfies `flags` into `out`; lengths are equal.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn read(&self, platform: &P, slice: UserSlice, flags: AccessFlags, out: &mut [u8]) -> Result<(), TeeError> {
        if let Some((region, inside)) = self.single(slice) {
            let at = region.backed(inside).filter(|_| slice.is_empty() || region.permits(flags | AccessFlags::READ));
            return if at.is_some_and(|at| region.backing.read(platform, at, out)) { Ok(()) } else { Err(TeeError::ACCESS_DENIED) };
        }
        self.check(slice, flags | AccessFlags::READ)?;
        self.walk(slice, |region, address, done, len| {
            let target = done.checked_add(len).and_then(|end| out.get_mut(done..end));
            match (region.offset_of(address), target) {
                (Some(at), Some(target)) => region.backing.read(platform, at, target),
                _ => false,
            }
        })
    }

    /// Copies `data` to user memory that the TA may write and that satisfies `flags`; lengths are equal.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn write(&self, platform: &P, slice: UserSlice, flags: AccessFlags, data: &[u8]) -> Result<(), TeeError> {
        if let Some((region, inside)) = self.single(slice) {
            let at = region.backed(inside).filter(|_| slice.is_empty() || region.permits(flags | AccessFlags::WRITE));
            return if at.is_some_and(|at| region.backing.write(platform, at, data)) { Ok(()) } else { Err(TeeError::ACCESS_DENIED) };
        }
        self.check(slice, flags | AccessFlags::WRITE)?;
        self.walk(slice, |region, address, done, len| {
            let source = done.checked_add(len).and_then(|end| data.get(done..end));
            match (region.offset_of(address), source) {
                (Some(at), Some(source)) => region.backing.write(platform, at, source),
                _ => false,
            }
        })
    }

    /// The memory behind a slice that lies in one region and satisfies `flags`.
    ///
    /// # Errors
    /// ACCESS_DENIED.
    pub fn resolve(&self, slice: UserSlice, flags: AccessFlags) -> Result<Memory<P>, TeeError> {
        self.check(slice, flags)?;
        let region = self.region_at(slice.addr()).ok_or(TeeError::ACCESS_DENIED)?;
        if slice.end() > region.end() {
            return Err(TeeError::ACCESS_DENIED);
        }
        let offset = region.offset_of(slice.addr()).ok_or(TeeError::ACCESS_DENIED)?;
        Ok(Memory { backing: region.backing.clone(), offset })
    }
}
