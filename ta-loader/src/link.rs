// SPDX-License-Identifier: BSD-2-Clause
//! Symbols between the modules of a program: the TA, then its libraries in the order in which they were loaded.

use crate::elf::{self, Symbol};
use crate::error::{ElfError, LoadError, Name};
use crate::plan::{Import, ImportKind, LoadPlan};
use alloc::vec::Vec;
use goblin::elf::section_header::SHN_ABS;
use goblin::elf::sym::STT_TLS;

/// A module of a program.
#[derive(Clone, Copy)]
pub struct Module<'a> {
    /// Its ELF file.
    pub elf: &'a [u8],
    /// The plan of this file.
    pub plan: &'a LoadPlan,
    /// Address that it is loaded at.
    pub base: u64,
}

/// A word to write into a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where, counted from the start of the image.
    pub vaddr: u64,
    /// What. In a 32-bit image only the lower half counts.
    pub value: u64,
}

/// The words that module `index` takes from the others.
///
/// # Errors
/// [`ElfError::Undefined`] for a symbol that no module defines and that is not weak, [`LoadError::Memory`].
pub fn link(modules: &[Module<'_>], index: usize) -> Result<Vec<Word>, LoadError> {
    let mut words = Vec::new();
    let Some(module) = modules.get(index) else { return Ok(words) };
    words.try_reserve_exact(module.plan.imports.len()).map_err(|_| LoadError::Memory)?;
    for import in &module.plan.imports {
        words.push(Word { vaddr: import.vaddr, value: value(modules, index, module, import)? });
    }
    Ok(words)
}

/// The address of a symbol of a program, or of one module of it first; what dlsym gives.
#[must_use]
pub fn lookup(modules: &[Module<'_>], first: Option<usize>, name: &[u8]) -> Option<u64> {
    let preferred = first.and_then(|first| modules.get(first)).and_then(|module| Some((module, elf::defined(module, name)?)));
    let (module, symbol) = preferred.or_else(|| find(modules, name).map(|(_, module, symbol)| (module, symbol)))?;
    Some(if symbol.kind == STT_TLS { symbol.value } else { address(module, &symbol) })
}

/// Bytes between the thread pointer of a 64-bit TA and the thread-local storage of its first module: two words.
pub(crate) const TCB_SIZE: u64 = 16;

/// Where the thread-local storage of a module starts, counted from the thread pointer: modules follow one another.
fn tls_start(modules: &[Module<'_>], index: usize) -> u64 {
    modules.iter().take(index).fold(TCB_SIZE, |sum, module| sum.wrapping_add(module.plan.tls_len))
}

/// Id of the thread-local storage of a module. The framework in a TA counts modules, whether they have any or not.
#[must_use]
pub fn tls_module(index: usize) -> u64 {
    (index as u64).saturating_add(1)
}

/// The first module that defines a symbol. Whether one of them does so weakly does not matter.
fn find<'m, 'a>(modules: &'m [Module<'a>], name: &[u8]) -> Option<(usize, &'m Module<'a>, Symbol)> {
    modules.iter().enumerate().find_map(|(index, module)| Some((index, module, elf::defined(module, name)?)))
}

fn address(module: &Module<'_>, symbol: &Symbol) -> u64 {
    if u32::from(symbol.section) == SHN_ABS { symbol.value } else { module.base.wrapping_add(symbol.value) }
}

fn value(modules: &[Module<'_>], index: usize, module: &Module<'_>, import: &Import) -> Result<u64, ElfError> {
    if import.symbol == 0 {
        return Ok(match import.kind {
            ImportKind::TlsThread => tls_start(modules, index).wrapping_add(import.addend),
            _ => tls_module(index),
        });
    }
    let (wanted, name) = elf::symbol(module, import.symbol).ok_or(ElfError::NoSymbol)?;
    // A symbol that is not visible from outside is its own module's.
    let found = if wanted.is_local() { Some((index, module, wanted.clone())) } else { find(modules, name) };
    let Some((owner, definer, symbol)) = found else {
        return if wanted.is_weak() { Ok(import.addend) } else { Err(ElfError::Undefined(Name::new(name))) };
    };
    Ok(match import.kind {
        ImportKind::Address => address(definer, &symbol).wrapping_add(import.addend),
        ImportKind::Distance => address(definer, &symbol).wrapping_add(import.addend).wrapping_sub(module.base).wrapping_sub(import.vaddr),
        ImportKind::TlsModule => tls_module(owner),
        ImportKind::TlsOffset => symbol.value.wrapping_add(import.addend),
        ImportKind::TlsThread => tls_start(modules, owner).wrapping_add(symbol.value).wrapping_add(import.addend),
    })
}
