// SPDX-License-Identifier: BSD-2-Clause
//! What loading an ELF file comes to, for any class and machine.

use crate::elf;
use crate::error::LoadError;
use alloc::vec::Vec;
use core::ops::Range;
use utee_abi::ta_head::{TaFlags, TaHead, TaLimits};

pub use crate::relocations::{Relocation, Relocations, Value};

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

/// Where a TA of libutee 3.9.0 is told of its init and fini functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitFiniInfo {
    /// Where the TA's `__init_fini_info` stands.
    pub object: u64,
    /// Addresses of DT_INIT_ARRAY.
    pub init: Range<u64>,
    /// Addresses of DT_FINI_ARRAY.
    pub fini: Range<u64>,
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
    pub relocations: Relocations,
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
    /// Init and fini functions, if the TA wants to know.
    pub init_fini_info: Option<InitFiniInfo>,
}

/// Plans the load of an ELF file.
///
/// # Errors
/// The first rule that the file breaks, or [`LoadError::Memory`].
pub fn plan(elf: &[u8], limits: &Limits) -> Result<LoadPlan, LoadError> {
    elf::plan(elf, limits)
}
