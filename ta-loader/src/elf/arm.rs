// SPDX-License-Identifier: BSD-2-Clause
//! What is particular to AArch32 (ELF for the Arm Architecture): file header and kinds of relocation.

use super::class::FileHeader;
use super::relocations::Kind;
use crate::error::ElfError;
use goblin::elf::header::EI_OSABI;
use goblin::elf::reloc::{
    R_ARM_ABS32, R_ARM_GLOB_DAT, R_ARM_JUMP_SLOT, R_ARM_NONE, R_ARM_REL32, R_ARM_RELATIVE, R_ARM_TLS_DESC, R_ARM_TLS_DTPMOD32,
    R_ARM_TLS_DTPOFF32, R_ARM_TLS_TPOFF32,
};

const OSABI_ARM: u8 = 97;
const EABI_MASK: u32 = 0xFF00_0000;
const EABI_5: u32 = 0x0500_0000;

/// EABI 5 with OSABI 0, or OSABI ARM with no EABI named. Either float ABI: user mode has VFP.
pub(crate) fn check(header: &FileHeader) -> Result<(), ElfError> {
    let os = header.ident.get(EI_OSABI).copied().unwrap_or_default();
    match (os, header.flags & EABI_MASK) {
        (0, EABI_5) | (OSABI_ARM, 0) => Ok(()),
        _ => Err(ElfError::Abi),
    }
}

/// What a kind of relocation asks for.
pub(crate) fn kind(raw: u32) -> Result<Kind, ElfError> {
    match raw {
        R_ARM_NONE => Ok(Kind::None),
        R_ARM_RELATIVE => Ok(Kind::Relative),
        R_ARM_ABS32 => Ok(Kind::Symbol),
        // The word of these two holds no addend: it is a procedure-linkage stub's or zero.
        R_ARM_GLOB_DAT | R_ARM_JUMP_SLOT => Ok(Kind::SymbolAlone),
        R_ARM_REL32 => Ok(Kind::Distance),
        R_ARM_TLS_DTPMOD32 => Ok(Kind::TlsModule),
        R_ARM_TLS_DTPOFF32 => Ok(Kind::TlsOffset),
        // These two need a thread pointer, which 32-bit TAs have not.
        R_ARM_TLS_DESC | R_ARM_TLS_TPOFF32 => Err(ElfError::ThreadLocal),
        other => Err(ElfError::RelocationKind(other)),
    }
}
