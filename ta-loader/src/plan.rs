// SPDX-License-Identifier: BSD-2-Clause
//! What loading an ELF file comes to, for any class and machine.

use crate::elf::{self, SymbolTables};
use crate::error::LoadError;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use utee_abi::call_rule::CallRule;
use utee_abi::ta_head::{TaFlags, TaHead, TaLimits};
use utee_abi::ta_objects::{InitFiniLayout, PhdrInfoLayout};
use utee_abi::uuid::Uuid;

pub use crate::relocations::{Relocation, Relocations, Value};

/// Page that segments are aligned to.
pub const PAGE: u64 = 4096;

/// Libraries of one program at most.
pub const MAX_LIBRARIES: usize = 16;

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
    /// AArch64.
    Aarch64,
}

impl Machine {
    /// Bytes of an address.
    #[must_use]
    pub const fn address_size(self) -> usize {
        match self {
            Self::Arm => 4,
            Self::Aarch64 => 8,
        }
    }

    /// Multiple that the stack pointer is at every public interface (AAPCS, AAPCS64).
    #[must_use]
    pub const fn stack_align(self) -> u32 {
        match self {
            Self::Arm => 8,
            Self::Aarch64 => 16,
        }
    }

    /// Layout of the object that gets program headers.
    #[must_use]
    pub const fn phdr_info(self) -> &'static PhdrInfoLayout {
        match self {
            Self::Arm => &PhdrInfoLayout::A32,
            Self::Aarch64 => &PhdrInfoLayout::A64,
        }
    }

    /// Layout of the object that gets init and fini functions.
    #[must_use]
    pub const fn init_fini(self) -> &'static InitFiniLayout {
        match self {
            Self::Arm => &InitFiniLayout::A32,
            Self::Aarch64 => &InitFiniLayout::A64,
        }
    }

    /// The instruction at an entry point: its address, and bytes of it that there are at least.
    pub(crate) const fn instruction(self, entry: u64) -> (u64, u64) {
        match self {
            // Bit 0 says Thumb.
            Self::Arm => (entry & !1, 2),
            Self::Aarch64 => (entry, 4),
        }
    }
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

/// Program headers of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Where they stand in memory, if a segment holds them.
    pub vaddr: Option<u64>,
    /// The same in the file.
    pub file: Range<usize>,
    /// Their number.
    pub count: u16,
}

/// What a word takes from another module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// The address of a symbol.
    Address,
    /// The distance to a symbol.
    Distance,
    /// The id of the module whose thread-local storage holds a symbol; of its own module without a symbol.
    TlsModule,
    /// Where a symbol stands in the thread-local storage of its module.
    TlsOffset,
    /// Where a symbol stands, counted from the thread pointer.
    TlsThread,
}

/// A word whose value depends on the modules that a program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Where, counted from the start of the image.
    pub vaddr: u64,
    /// Index in the image's symbols; 0 is the image itself.
    pub symbol: u64,
    /// What of the symbol.
    pub kind: ImportKind,
    /// What to add.
    pub addend: u64,
}

/// What makes an image a TA and not a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Entry point, counted from the start of the image, with the Thumb bit.
    pub entry: u64,
    /// The TA's header.
    pub head: TaHead,
    /// Its flags.
    pub flags: TaFlags,
    /// What it says beyond that.
    pub limits: Option<TaLimits>,
    /// What calls of it have to be, in rising order.
    pub rules: Arc<Vec<CallRule>>,
}

/// Everything that has to be done to load an image, a TA or a library.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Instruction set.
    pub machine: Machine,
    /// Its linker says that every indirect branch goes to a landing pad: a CPU that knows them may hold it to that.
    pub landing_pads: bool,
    /// UUID of the TA or library, as the ELF file says.
    pub uuid: Uuid,
    /// Bytes from the start of the image to the end of its last page.
    pub span: u64,
    /// Segments by address, which do not overlap.
    pub segments: Vec<Segment>,
    /// Words to write.
    pub relocations: Relocations,
    /// Words to write once every module is known: [`crate::link::link`].
    pub imports: Vec<Import>,
    /// Libraries that it needs, each named once.
    pub needed: Vec<Uuid>,
    /// Its program headers.
    pub headers: Headers,
    /// Where the name of a library stands.
    pub name: Option<u64>,
    /// Bytes of its thread-local storage.
    pub tls_len: u64,
    /// Addresses of DT_INIT_ARRAY.
    pub init: Range<u64>,
    /// Addresses of DT_FINI_ARRAY.
    pub fini: Range<u64>,
    /// Where the object stands that gets the program headers of every module, if the image has it.
    pub phdr_info: Option<u64>,
    /// Where the object stands that gets the init and fini functions of every module (libutee 3.9.0), if the image has it.
    pub init_fini_info: Option<u64>,
    /// Present in a TA, absent in a library.
    pub program: Option<Program>,
    /// What symbols are looked up by.
    pub(crate) tables: SymbolTables,
}

/// Plans the load of an ELF file, of a TA or of a library.
///
/// # Errors
/// The first rule that the file breaks, or [`LoadError::Memory`].
pub fn plan(elf: &[u8], limits: &Limits) -> Result<LoadPlan, LoadError> {
    elf::plan(elf, limits)
}
