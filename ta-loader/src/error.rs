// SPDX-License-Identifier: BSD-2-Clause
//! Why an image is not loaded.

use core::fmt;
use thiserror::Error;
use utee_abi::result::TeeError;

/// Why an image is not loaded. Everything that concerns the signed container is SECURITY towards clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The container is cut short or longer than it says.
    #[error("signed image has the wrong length")]
    Length,
    /// The first word is wrong.
    #[error("not a signed image")]
    Magic,
    /// The signature algorithm is not one that is accepted.
    #[error("signature algorithm not accepted")]
    Algorithm,
    /// Hash or signature have the wrong size for the algorithm.
    #[error("hash or signature of the wrong size")]
    Size,
    /// No root key verifies the signature.
    #[error("no root key verifies the signature")]
    Signature,
    /// The digest of the content is another one.
    #[error("content does not match the signed digest")]
    Digest,
    /// An encrypted image.
    #[error("encrypted images are not supported")]
    Encrypted,
    /// A subkey that breaks a rule: its record, its depth, or that it is one too many.
    #[error("subkey is malformed or too deep")]
    Subkey,
    /// The type in the header is none that exists.
    #[error("unknown type of image")]
    ImageType,
    /// The image is another TA.
    #[error("image is for another UUID")]
    Uuid,
    /// The ELF file breaks a rule.
    #[error("ELF: {0}")]
    Elf(#[from] ElfError),
    /// The TA header breaks a rule.
    #[error("TA header: {0}")]
    Head(#[from] HeadError),
    /// There is no memory for the plan, or the TA is larger than the limits.
    #[error("TA too large")]
    Memory,
}

impl LoadError {
    /// The code that clients get.
    #[must_use]
    pub fn code(self) -> TeeError {
        match self {
            Self::Elf(_) | Self::Head(_) => TeeError::BAD_FORMAT,
            Self::Memory => TeeError::OUT_OF_MEMORY,
            Self::Length
            | Self::Magic
            | Self::Algorithm
            | Self::Size
            | Self::Signature
            | Self::Digest
            | Self::Encrypted
            | Self::Subkey
            | Self::ImageType
            | Self::Uuid => TeeError::SECURITY,
        }
    }
}

/// The rule that an ELF file breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ElfError {
    /// Not an ELF file, or shorter than its header.
    #[error("not an ELF file")]
    NotElf,
    /// Class, byte order or machine.
    #[error("not for this machine")]
    Machine,
    /// Not the Arm EABI, version 5.
    #[error("not of the Arm EABI")]
    Abi,
    /// Not ET_DYN.
    #[error("not position independent")]
    NotDynamic,
    /// Program headers of another size, or outside the first page of the file.
    #[error("program headers of the wrong size or outside the first page")]
    ProgramHeaders,
    /// More loadable segments than the limits allow.
    #[error("too many segments")]
    TooManySegments,
    /// A segment that is writable and executable, or not readable.
    #[error("segment is writable and executable, or not readable")]
    Rights,
    /// More content than memory.
    #[error("segment smaller than its content")]
    FileSize,
    /// An address or offset that pages cannot map.
    #[error("segment is not aligned to pages")]
    Alignment,
    /// Content past the end of the file.
    #[error("segment outside the file")]
    SegmentOutsideFile,
    /// Memory past the end of the address space.
    #[error("segment wraps around")]
    SegmentWraps,
    /// Two segments in one page.
    #[error("segments share a page")]
    Overlap,
    /// No loadable segment.
    #[error("nothing to load")]
    Empty,
    /// Thread-local storage that is reached by a thread pointer.
    #[error("thread-local storage of this model is not supported")]
    ThreadLocal,
    /// The dynamic section is not content of a segment.
    #[error("dynamic section outside the image")]
    Dynamic,
    /// Entries of a table have another size than the class says.
    #[error("table with entries of the wrong size")]
    EntrySize,
    /// A kind of relocation table that is not read.
    #[error("packed relocations are not supported")]
    PackedRelocations,
    /// A shared library that is not named by a UUID.
    #[error("needs the library {0}, which is no UUID")]
    Needed(Name),
    /// Relocations that are not content of a segment.
    #[error("relocations outside the image")]
    RelocationTable,
    /// A relocated word that is not in a segment.
    #[error("relocation outside the image")]
    RelocationTarget,
    /// A kind of relocation that is not carried out.
    #[error("relocation of kind {0} is not supported")]
    RelocationKind(u32),
    /// A relocation whose symbol does not exist.
    #[error("relocation names no symbol")]
    NoSymbol,
    /// A symbol that nothing defines.
    #[error("undefined symbol {0}")]
    Undefined(Name),
    /// A distance to something that does not move with the image.
    #[error("relative reference to an absolute symbol")]
    RelativeToAbsolute,
    /// The entry point is not in executable memory.
    #[error("entry is not executable")]
    Entry,
    /// An object that the loader fills in is not in writable memory.
    #[error("object for the loader is not in writable memory")]
    LoaderObject,
}

/// What is wrong with the header inside a TA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeadError {
    /// Neither symbol nor section nor start of the image holds one.
    #[error("missing")]
    Missing,
    /// A TA that another one takes for a library.
    #[error("present, so that this is a TA and no library")]
    NotLibrary,
    /// Limits or rules of calls that are cut short, out of order, or name what does not exist.
    #[error("limits or rules of calls are wrong")]
    Limits,
    /// A flag that does not exist.
    #[error("unknown flag")]
    UnknownFlag,
    /// Concurrent sessions.
    #[error("concurrent sessions are for pseudo-TAs")]
    Concurrent,
    /// A TA of before the header was an ELF symbol.
    #[error("entry of the old layout is not an address in the image")]
    OldEntry,
    /// No stack, or one that leaves the stack pointer unaligned.
    #[error("stack size is not a positive multiple of 8")]
    Stack,
}

/// Start of a name in an ELF file, short enough to travel in an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; Self::LEN],
    len: u8,
}

impl Name {
    /// Bytes that are kept: those of a UUID, and a few more.
    pub const LEN: usize = 39;

    /// The start of `bytes`, which end at the first NUL if there is one.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let mut name = Self { bytes: [0; Self::LEN], len: 0 };
        for (to, from) in name.bytes.iter_mut().zip(bytes.iter().take_while(|byte| **byte != 0)) {
            *to = *from;
            name.len = name.len.saturating_add(1);
        }
        name
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        fmt::Display::fmt(&bytes.escape_ascii(), f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
