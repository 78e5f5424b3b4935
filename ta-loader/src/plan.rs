// SPDX-License-Identifier: BSD-2-Clause
//! What loading an ELF file comes to, for any class and machine.

use crate::elf32;
use crate::error::LoadError;
use alloc::vec::Vec;
use core::ops::Range;
use utee_abi::ta_head::{DEAD_FLAGS, TaFlags, TaHead, TaLimits};

/// Page that segments are aligned to.
pub const PAGE: u64 = 4096;

/// What a TA may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of address space, image and stack.
    pub memory: u64,
    /// Loadable segments.
    pub segments: usize,
    /// Relocations.
    pub relocations: usize,
}

/// Instruction set of a TA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// AArch32.
    Arm,
}

/// Rights of a segment. Writable and executable does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Read.
    Read,
    /// Read and write.
    ReadWrite,
    /// Read and execute.
    ReadExecute,
}

/// A loadable segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First page, counted in bytes from the start of the image.
    pub page_start: u64,
    /// Whole pages.
    pub pages: u64,
    /// Where the file content goes.
    pub vaddr: u64,
    /// Bytes in memory from `vaddr` on.
    pub mem_len: u64,
    /// The content; what is left of `mem_len` is zero.
    pub file: Range<usize>,
    /// Rights once relocated.
    pub rights: Rights,
    /// True when a relocation changes it, so that it depends on the load address.
    pub relocated: bool,
}

/// Value of a relocated word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Load base plus this.
    Relative(u64),
    /// This, wherever the image is.
    Absolute(u64),
}

/// A word that is written after the segments are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where, counted from the start of the image.
    pub vaddr: u64,
    /// What.
    pub value: Value,
}

/// Program headers in memory, for unwinding and init functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhdrInfo {
    /// Where the TA's `__elf_phdr_info` stands.
    pub object: u64,
    /// Where the program headers stand in memory, if a segment holds them.
    pub headers: Option<u64>,
    /// The program headers in the file.
    pub file: Range<usize>,
    /// Their number.
    pub count: u16,
}

/// Everything that has to be done to load a TA.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Instruction set.
    pub machine: Machine,
    /// Bytes from the start of the image to the end of its last page.
    pub span: u64,
    /// Segments by address, which do not overlap.
    pub segments: Vec<Segment>,
    /// Words to write.
    pub relocations: Vec<Relocation>,
    /// Entry point, counted from the start of the image, with the Thumb bit.
    pub entry: u64,
    /// The TA's header.
    pub head: TaHead,
    /// Its flags.
    pub flags: TaFlags,
    /// What it says beyond that.
    pub limits: Option<TaLimits>,
    /// Program headers, if the TA wants to know.
    pub phdr_info: Option<PhdrInfo>,
}

/// Plans the load of an ELF file.
///
/// # Errors
/// The first rule that the file breaks, or [`LoadError::Memory`].
pub fn plan(elf: &[u8], limits: &Limits) -> Result<LoadPlan, LoadError> {
    elf32::plan(elf, limits)
}

/// The flags of a header.
pub(crate) fn flags(head: &TaHead) -> Result<TaFlags, LoadError> {
    let flags = TaFlags::from_bits(head.flags & !DEAD_FLAGS).ok_or(LoadError::Head("unknown flag"))?;
    if flags.contains(TaFlags::CONCURRENT) {
        return Err(LoadError::Head("concurrent sessions are for pseudo-TAs"));
    }
    if head.depr_entry != TaHead::NO_ENTRY {
        return Err(LoadError::Head("entry of the old layout is not supported"));
    }
    Ok(flags)
}

/// The segment that holds `len` bytes at `vaddr`.
pub(crate) fn segment_of(segments: &mut [Segment], vaddr: u64, len: u64) -> Option<&mut Segment> {
    let index = segments.partition_point(|segment| segment.vaddr <= vaddr).checked_sub(1)?;
    let segment = segments.get_mut(index)?;
    let inside = vaddr.checked_sub(segment.vaddr)?;
    (inside.checked_add(len)? <= segment.mem_len).then_some(segment)
}

/// The bytes of the file that stand at `vaddr`; zero-filled memory has none.
pub(crate) fn file_at<'a>(elf: &'a [u8], segments: &[Segment], vaddr: u64, len: u64) -> Option<&'a [u8]> {
    let index = segments.partition_point(|segment| segment.vaddr <= vaddr).checked_sub(1)?;
    let segment = segments.get(index)?;
    let inside = usize::try_from(vaddr.checked_sub(segment.vaddr)?).ok()?;
    let start = segment.file.start.checked_add(inside)?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    if end > segment.file.end {
        return None;
    }
    elf.get(start..end)
}
