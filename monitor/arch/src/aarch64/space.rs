// SPDX-License-Identifier: BSD-2-Clause
//! Address spaces of TAs: the last gigabyte below 4 GiB, told apart by ASID, beside the kernel's own mappings.

use super::cache::{self, Maintenance};
use super::guards;
use super::mmu::{kernel_entries, kernel_ttbr0};
use super::pauth::{self, Keys};
use super::percpu::this_cpu;
use super::probe;
use super::sysreg;
use super::user::{self, UserRegs};
use crate::descriptor::{self, BLOCK, ENTRIES, L1_ENTRIES, PAGE, USER_ENTRY, USER_START, World};
use crate::frames::{SealedFrames, SecureFrames};
use crate::lock::{IrqSpinLock, mask_interrupts, restore_interrupts};
use alloc::alloc::{alloc_zeroed, dealloc};
use alloc::vec::Vec;
use core::alloc::Layout;
use core::ops::Range;
use core::ptr::NonNull;
use lock_api::Mutex;
use tee_core::ports::{AddressSpace, MAX_KEYS, Machine, PAGE_SIZE, Prot, UserReturn};
use utee_abi::access::CacheOperation;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// ASIDs that are in use, one bit each; 0 is for no space.
static ASIDS: Mutex<IrqSpinLock, [u32; 8]> = Mutex::new([1, 0, 0, 0, 0, 0, 0, 0]);

/// Position of the ASID in TTBR0.
const TTBR_ASID: u32 = 48;

fn take_asid() -> Option<u64> {
    let mut asids = ASIDS.lock();
    for (index, word) in asids.iter_mut().enumerate() {
        let bit = word.trailing_ones();
        if bit < 32 {
            *word |= 1 << bit;
            return Some(index as u64 * 32 + u64::from(bit));
        }
    }
    None
}

/// A table in kernel memory.
struct Table {
    entries: NonNull<u64>,
    layout: Layout,
}

// SAFETY: the memory belongs to this value alone; the MMU of other CPUs only reads it.
unsafe impl Send for Table {}

impl Table {
    fn new(entries: usize) -> Result<Self, TeeError> {
        // A table of a few entries is aligned to 64 bytes, others to their size.
        let size = entries * size_of::<u64>();
        let layout = Layout::from_size_align(size, size.max(64)).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc_zeroed(layout) };
        NonNull::new(memory.cast()).map(|entries| Self { entries, layout }).ok_or(TeeError::OUT_OF_MEMORY)
    }

    /// Writes an entry; `index` is below the number of entries.
    fn set(&mut self, index: usize, value: u64) {
        assert!(index < self.layout.size() / size_of::<u64>());
        // SAFETY: inside the allocation, as just checked; volatile because the MMU reads it.
        unsafe { self.entries.add(index).write_volatile(value) };
    }

    fn address(&self) -> u64 {
        self.entries.as_ptr() as u64
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.entries.as_ptr().cast(), self.layout) };
    }
}

/// A TA's address space.
pub struct Space {
    l1: Table,
    l2: Table,
    /// Tables of pages, by their index in `l2`: a handful, for what a TA has lies close together.
    l3: Vec<(usize, Table)>,
    asid: u64,
    keys: Keys,
}

impl Space {
    /// An empty space.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn new() -> Result<Self, TeeError> {
        let (mut l1, l2) = (Table::new(L1_ENTRIES)?, Table::new(ENTRIES)?);
        for (index, entry) in kernel_entries().into_iter().enumerate() {
            l1.set(index, entry);
        }
        l1.set(USER_ENTRY, descriptor::user_table(l2.address()));
        let asid = take_asid().ok_or(TeeError::OUT_OF_MEMORY)?;
        Ok(Self { l1, l2, l3: Vec::new(), asid, keys: Keys::NONE })
    }

    /// Index of the level-2 entry of a user address.
    fn index(va: u64) -> Option<usize> {
        let index = usize::try_from(va.checked_sub(USER_START)? / BLOCK).ok()?;
        (index < ENTRIES).then_some(index)
    }

    fn existing(&mut self, va: u64) -> Option<&mut Table> {
        let index = Self::index(va)?;
        self.l3.iter_mut().find(|(at, _)| *at == index).map(|(_, table)| table)
    }

    /// Makes sure that there is a table for a user address.
    fn provide(&mut self, va: u64) -> Result<(), TeeError> {
        if self.existing(va).is_some() {
            return Ok(());
        }
        let index = Self::index(va).ok_or(TeeError::OUT_OF_MEMORY)?;
        self.l3.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let table = Table::new(ENTRIES)?;
        let entry = descriptor::user_table(table.address());
        self.l3.push((index, table));
        sysreg::dsb();
        self.l2.set(index, entry);
        Ok(())
    }

    fn put(&mut self, va: u64, pa: u64, prot: Prot, world: World) -> Result<(), TeeError> {
        self.provide(va)?;
        let table = self.existing(va).ok_or(TeeError::OUT_OF_MEMORY)?;
        let guard = if prot == Prot::GuardedExecute && guards::has_landing_pads() { descriptor::GUARDED } else { 0 };
        table.set((va / PAGE) as usize % ENTRIES, descriptor::user_page(pa, prot, world) | guard);
        Ok(())
    }

    fn ttbr0(&self) -> u64 {
        self.l1.address() | self.asid << TTBR_ASID
    }

    /// Puts a space into TTBR0 of this CPU, and its keys into the CPU. Interrupts are masked.
    fn select(ttbr0: u64, keys: &Keys) {
        let (cpu, asid) = (this_cpu(), ttbr0 >> TTBR_ASID);
        // SAFETY: the data of this CPU, with interrupts masked. Every space maps the kernel alike and globally, so that it
        // does not notice; table and ASID change together.
        unsafe {
            if (*cpu).asid != asid {
                sysreg::set_ttbr0(ttbr0);
                sysreg::isb();
                (*cpu).asid = asid;
                keys.select();
            }
        }
    }
}

/// Takes whatever space this CPU has out of TTBR0. Interrupts are masked.
pub fn deselect() {
    Space::select(kernel_ttbr0(), &Keys::NONE);
}

/// Whether the kernel is kept from what a TA may read: with a space of one such page it tries. False without memory for it.
pub(super) fn keeps_the_kernel_out(frames: &SecureFrames) -> bool {
    const ADDRESS: u64 = Space::SECURE.start;
    let Ok(mut space) = Space::new() else { return false };
    if space.map(ADDRESS, frames, 0, 1, Prot::ReadWrite).is_err() {
        return false;
    }
    let before = mask_interrupts();
    Space::select(space.ttbr0(), &space.keys);
    let found = probe::load(ADDRESS as usize);
    deselect();
    restore_interrupts(before);
    found.is_none()
}

impl AddressSpace for Space {
    type Frames = SecureFrames;
    type Context = UserRegs;

    const MACHINES: &'static [Machine] = &[Machine::Aarch64, Machine::Arm];
    const SECURE: Range<u64> = USER_START + 0x1000..USER_START + 0x2000_0000;
    const NORMAL: Range<u64> = USER_START + 0x2000_0000..USER_START + 0x3FFF_F000;

    fn key_bytes() -> usize {
        if pauth::is_there() { MAX_KEYS } else { 0 }
    }

    fn set_keys(&mut self, random: &[u8]) {
        self.keys = Keys::new(random);
    }

    fn map(&mut self, va: u64, frames: &SecureFrames, first: usize, pages: usize, prot: Prot) -> Result<(), TeeError> {
        for index in 0..pages {
            let pa = frames.address(first + index).ok_or(TeeError::BAD_PARAMETERS)?;
            if prot.is_executable() {
                // SAFETY: a page that the kernel has mapped at its own address.
                unsafe { cache::sync_code(pa, PAGE_SIZE) };
            }
            self.put(va + (index as u64) * PAGE, pa as u64, prot, World::Secure)?;
        }
        sysreg::dsb();
        Ok(())
    }

    fn map_sealed(&mut self, va: u64, sealed: &SealedFrames, first: usize, pages: usize, prot: Prot) -> Result<(), TeeError> {
        if prot == Prot::ReadWrite {
            return Err(TeeError::BAD_PARAMETERS);
        }
        for index in 0..pages {
            let pa = sealed.address(first + index).ok_or(TeeError::BAD_PARAMETERS)?;
            self.put(va + (index as u64) * PAGE, pa as u64, prot, World::Secure)?;
        }
        sysreg::dsb();
        Ok(())
    }

    fn map_normal(&mut self, va: u64, pages: &[u64], prot: Prot) -> Result<(), TeeError> {
        let prot = if prot.is_executable() { Prot::Read } else { prot };
        for (index, pa) in pages.iter().enumerate() {
            self.put(va + (index as u64) * PAGE, *pa, prot, World::Normal)?;
        }
        sysreg::dsb();
        Ok(())
    }

    fn unmap(&mut self, va: u64, pages: usize) {
        for index in 0..pages {
            let va = va + (index as u64) * PAGE;
            if let Some(table) = self.existing(va) {
                table.set((va / PAGE) as usize % ENTRIES, 0);
            }
        }
        sysreg::dsb();
        for index in 0..pages {
            sysreg::tlb_flush_page(va + (index as u64) * PAGE, self.asid);
        }
        sysreg::dsb();
        sysreg::isb();
    }

    fn cache(&mut self, slice: UserSlice, operation: CacheOperation) {
        let what = match operation {
            CacheOperation::Clean => Maintenance::Clean,
            CacheOperation::Flush | CacheOperation::Invalidate => Maintenance::CleanInvalidate,
        };
        let before = mask_interrupts();
        Self::select(self.ttbr0(), &self.keys);
        // SAFETY: the core has checked that the slice is mapped in this space, which is selected; data is never dropped.
        unsafe { cache::maintain(slice.addr() as usize, slice.len() as usize, what) };
        restore_interrupts(before);
    }

    fn enter(&mut self, context: &mut UserRegs) -> UserReturn {
        let ttbr0 = self.ttbr0();
        let keys = &self.keys;
        user::enter(context, || Self::select(ttbr0, keys))
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let before = mask_interrupts();
        // SAFETY: the data of this CPU, with interrupts masked.
        if unsafe { (*this_cpu()).asid } == self.asid {
            deselect();
        }
        restore_interrupts(before);
        sysreg::tlb_flush_asid(self.asid);
        ASIDS.lock()[self.asid as usize / 32] &= !(1 << (self.asid % 32));
    }
}
