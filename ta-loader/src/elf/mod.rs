// SPDX-License-Identifier: BSD-2-Clause
//! ELF files (OP-TEE ABI, TA ELF and loading), from the outside in: [`class`] and [`class32`] read the structures of the
//! file, [`content`] the segments, [`dynamic`] the dynamic section, [`symbols`] and [`relocations`] what it leads to,
//! [`objects`] what a TA and its loader tell one another. [`arm`] is all that knows the machine.

mod arm;
mod class;
mod class32;
mod content;
mod dynamic;
mod objects;
mod relocations;
mod symbols;

use crate::error::{ElfError, LoadError};
use crate::plan::{Limits, LoadPlan, Machine, Rights};
use class::{Class, FileHeader};
use class32::Class32;
use content::Content;
use dynamic::Dynamic;
use goblin::elf::header::{EI_CLASS, EI_DATA, EI_VERSION, ELFMAG, EM_ARM, ET_DYN};
use objects::Objects;
use symbols::Symbols;

const LITTLE_ENDIAN: u8 = 1;
const CURRENT_VERSION: u8 = 1;

/// Plans the load of a file of any class and machine that is known.
pub(crate) fn plan(elf: &[u8], limits: &Limits) -> Result<LoadPlan, LoadError> {
    if !elf.starts_with(ELFMAG) {
        return Err(ElfError::NotElf.into());
    }
    let ident = |index: usize| elf.get(index).copied();
    if ident(EI_DATA) != Some(LITTLE_ENDIAN) || ident(EI_VERSION) != Some(CURRENT_VERSION) {
        return Err(ElfError::Machine.into());
    }
    match ident(EI_CLASS) {
        Some(Class32::IDENT) => plan_class::<Class32>(elf, limits),
        _ => Err(ElfError::Machine.into()),
    }
}

fn plan_class<C: Class>(elf: &[u8], limits: &Limits) -> Result<LoadPlan, LoadError> {
    let header = C::header(elf).ok_or(ElfError::NotElf)?;
    let (machine, kind_of) = machine::<C>(&header)?;
    if header.kind != ET_DYN {
        return Err(ElfError::NotDynamic.into());
    }
    let mut content = Content::read::<C>(elf, &header, limits)?;
    let dynamic = Dynamic::read::<C>(&content)?;
    let symbols = Symbols::<C>::read(&content, &dynamic);
    let sections = objects::sections::<C>(elf, &header);
    let relocations = relocations::relocations(&mut content, &dynamic, sections, &symbols, kind_of, limits)?;
    let objects = Objects::read(&header, &mut content, &dynamic, &symbols)?;
    let flags = objects::check(&objects.head)?;
    let total = content.span.checked_add(u64::from(objects.head.stack_size));
    if total.is_none_or(|total| total > limits.memory) {
        return Err(LoadError::Memory);
    }
    let entry = objects::entry_point(header.entry, &objects, &relocations)?;
    let code = content.segment_mut(entry & !1, 2);
    if !code.is_some_and(|segment| segment.rights == Rights::ReadExecute) {
        return Err(ElfError::Entry.into());
    }
    let Objects { head, limits, phdr_info, init_fini_info, .. } = objects;
    let Content { span, segments, .. } = content;
    Ok(LoadPlan { machine, span, segments, relocations, entry, head, flags, limits, phdr_info, init_fini_info })
}

fn machine<C: Class>(header: &FileHeader) -> Result<(Machine, relocations::KindOf), ElfError> {
    match (C::IDENT, header.machine) {
        (Class32::IDENT, EM_ARM) => {
            arm::check(header)?;
            Ok((Machine::Arm, arm::kind))
        }
        _ => Err(ElfError::Machine),
    }
}
