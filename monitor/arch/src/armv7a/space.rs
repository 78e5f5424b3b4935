// SPDX-License-Identifier: BSD-2-Clause
//! Address spaces of TAs: translation tables below the split, told apart by ASID.

use super::cache::{self, Maintenance};
use super::cp15;
use super::mmu::{WALK, empty_ttbr0};
use super::percpu::{PerCpu, this_cpu};
use super::user::{self, UserRegs};
use crate::descriptor::{self, L2_ENTRIES, PAGE, SECTION, USER_L1_ENTRIES, World};
use crate::frames::{SealedFrames, SecureFrames};
use crate::lock::{IrqSpinLock, mask_interrupts, restore_interrupts};
use alloc::alloc::{alloc_zeroed, dealloc};
use core::alloc::Layout;
use core::ops::Range;
use core::ptr::NonNull;
use lock_api::Mutex;
use tee_core::ports::{AddressSpace, Machine, PAGE_SIZE, Prot, UserReturn};
use utee_abi::access::CacheOperation;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// ASIDs that are in use, one bit each; 0 is for no space.
static ASIDS: Mutex<IrqSpinLock, [u32; 8]> = Mutex::new([1, 0, 0, 0, 0, 0, 0, 0]);

fn take_asid() -> Option<u32> {
    let mut asids = ASIDS.lock();
    for (index, word) in asids.iter_mut().enumerate() {
        let bit = word.trailing_ones();
        if bit < 32 {
            *word |= 1 << bit;
            return Some(index as u32 * 32 + bit);
        }
    }
    None
}

/// A table in kernel memory.
struct Table {
    entries: NonNull<u32>,
    layout: Layout,
}

// SAFETY: the memory belongs to this value alone; the MMU of other CPUs only reads it.
unsafe impl Send for Table {}

impl Table {
    fn new(entries: usize) -> Result<Self, TeeError> {
        let size = entries * size_of::<u32>();
        let layout = Layout::from_size_align(size, size).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc_zeroed(layout) };
        NonNull::new(memory.cast()).map(|entries| Self { entries, layout }).ok_or(TeeError::OUT_OF_MEMORY)
    }

    /// Writes an entry; `index` is below the number of entries.
    fn set(&mut self, index: usize, value: u32) {
        assert!(index < self.layout.size() / size_of::<u32>());
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
    l2: [Option<Table>; USER_L1_ENTRIES],
    asid: u32,
}

impl Space {
    /// An empty space.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn new() -> Result<Self, TeeError> {
        let l1 = Table::new(USER_L1_ENTRIES)?;
        let asid = take_asid().ok_or(TeeError::OUT_OF_MEMORY)?;
        Ok(Self { l1, l2: [const { None }; USER_L1_ENTRIES], asid })
    }

    fn table(&mut self, va: u64, world: World) -> Result<&mut Table, TeeError> {
        let index = (va / SECTION) as usize;
        let slot = self.l2.get_mut(index).ok_or(TeeError::OUT_OF_MEMORY)?;
        if slot.is_none() {
            let table = Table::new(L2_ENTRIES)?;
            let entry = descriptor::user_table(table.address(), world);
            *slot = Some(table);
            cp15::dsb();
            self.l1.set(index, entry);
        }
        slot.as_mut().ok_or(TeeError::OUT_OF_MEMORY)
    }

    fn put(&mut self, va: u64, pa: u64, prot: Prot, world: World) -> Result<(), TeeError> {
        let table = self.table(va, world)?;
        table.set((va / PAGE) as usize % L2_ENTRIES, descriptor::user_page(pa, prot));
        Ok(())
    }

    /// Puts a space into TTBR0 of this CPU, whose data `cpu` is. Interrupts are masked.
    #[inline]
    fn select(cpu: *mut PerCpu, ttbr0: impl Fn() -> u32, asid: u32) {
        // SAFETY: the data of this CPU, with interrupts masked. The kernel is mapped by TTBR1 and global, so that it
        // does not notice; ASID 0 has no entries that a walk in between could add to.
        unsafe {
            if (*cpu).asid != asid {
                cp15::set_contextidr(0);
                cp15::isb();
                cp15::set_ttbr0(ttbr0());
                cp15::isb();
                cp15::set_contextidr(asid);
                cp15::isb();
                (*cpu).asid = asid;
            }
        }
    }
}

/// Takes whatever space this CPU has out of TTBR0. Interrupts are masked.
pub fn deselect() {
    Space::select(this_cpu(), empty_ttbr0, 0);
}

impl AddressSpace for Space {
    type Frames = SecureFrames;
    type Context = UserRegs;

    const MACHINES: &'static [Machine] = &[Machine::Arm];
    const SECURE: Range<u64> = 0x1000..0x0200_0000;
    const NORMAL: Range<u64> = 0x0200_0000..0x0400_0000;

    fn map(&mut self, va: u64, frames: &SecureFrames, first: usize, pages: usize, prot: Prot) -> Result<(), TeeError> {
        for index in 0..pages {
            let pa = frames.address(first + index).ok_or(TeeError::BAD_PARAMETERS)?;
            if prot.is_executable() {
                // SAFETY: a page that the kernel has mapped at its own address.
                unsafe { cache::sync_code(pa, PAGE_SIZE) };
            }
            self.put(va + (index as u64) * PAGE, pa as u64, prot, World::Secure)?;
        }
        cp15::dsb();
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
        cp15::dsb();
        Ok(())
    }

    fn map_normal(&mut self, va: u64, pages: &[u64], prot: Prot) -> Result<(), TeeError> {
        let prot = if prot.is_executable() { Prot::Read } else { prot };
        for (index, pa) in pages.iter().enumerate() {
            self.put(va + (index as u64) * PAGE, *pa, prot, World::Normal)?;
        }
        cp15::dsb();
        Ok(())
    }

    fn unmap(&mut self, va: u64, pages: usize) {
        for index in 0..pages {
            let va = va + (index as u64) * PAGE;
            if let Some(Some(table)) = self.l2.get_mut((va / SECTION) as usize) {
                table.set((va / PAGE) as usize % L2_ENTRIES, 0);
            }
        }
        cp15::dsb();
        for index in 0..pages {
            cp15::tlb_flush_page((va + (index as u64) * PAGE) as u32, self.asid);
        }
        cp15::dsb();
        cp15::isb();
    }

    fn cache(&mut self, slice: UserSlice, operation: CacheOperation) {
        let what = match operation {
            CacheOperation::Clean => Maintenance::Clean,
            CacheOperation::Flush | CacheOperation::Invalidate => Maintenance::CleanInvalidate,
        };
        let before = mask_interrupts();
        Self::select(this_cpu(), || self.l1.address() as u32 | WALK, self.asid);
        // SAFETY: the core has checked that the slice is mapped in this space, which is selected; data is never dropped.
        unsafe { cache::maintain(slice.addr() as usize, slice.len() as usize, what) };
        restore_interrupts(before);
    }

    fn enter(&mut self, context: &mut UserRegs) -> UserReturn {
        user::enter(context, |cpu| Self::select(cpu, || self.l1.address() as u32 | WALK, self.asid))
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
        cp15::tlb_flush_asid(self.asid);
        ASIDS.lock()[self.asid as usize / 32] &= !(1 << (self.asid % 32));
    }
}
