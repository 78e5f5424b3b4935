// SPDX-License-Identifier: BSD-2-Clause
//! What is particular to AArch64 (ELF for the Arm 64-bit Architecture): file header and kinds of relocation.

use super::class::FileHeader;
use super::relocations::Kind;
use crate::error::ElfError;
use goblin::elf::header::EI_OSABI;
use goblin::elf::reloc::{
    R_AARCH64_ABS64, R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT, R_AARCH64_NONE, R_AARCH64_PREL64, R_AARCH64_RELATIVE, R_AARCH64_TLS_DTPMOD,
    R_AARCH64_TLS_DTPREL, R_AARCH64_TLS_TPREL, R_AARCH64_TLSDESC,
};

/// The other number of R_AARCH64_NONE.
const NONE_TOO: u32 = 256;

/// OSABI 0, and no flags, as none are defined.
pub(crate) fn check(header: &FileHeader) -> Result<(), ElfError> {
    let os = header.ident.get(EI_OSABI).copied().unwrap_or_default();
    if os == 0 && header.flags == 0 { Ok(()) } else { Err(ElfError::Abi) }
}

/// What a kind of relocation asks for.
pub(crate) fn kind(raw: u32) -> Result<Kind, ElfError> {
    match raw {
        R_AARCH64_NONE | NONE_TOO => Ok(Kind::None),
        R_AARCH64_RELATIVE => Ok(Kind::Relative),
        R_AARCH64_ABS64 => Ok(Kind::Symbol),
        R_AARCH64_GLOB_DAT | R_AARCH64_JUMP_SLOT => Ok(Kind::SymbolAlone),
        R_AARCH64_PREL64 => Ok(Kind::Distance),
        R_AARCH64_TLS_DTPMOD => Ok(Kind::TlsModule),
        R_AARCH64_TLS_DTPREL => Ok(Kind::TlsOffset),
        R_AARCH64_TLS_TPREL => Ok(Kind::TlsThread),
        // A descriptor wants a function of the loader in the TA.
        R_AARCH64_TLSDESC => Err(ElfError::ThreadLocal),
        other => Err(ElfError::RelocationKind(other)),
    }
}
