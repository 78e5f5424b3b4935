// SPDX-License-Identifier: BSD-2-Clause
//! ELF files (OP-TEE ABI, TA ELF and loading), from the outside in: [`class`] and [`classes`] read the
//! structures of the file, [`content`] the segments, [`dynamic`] the dynamic section, [`symbols`] and [`relocations`] what
//! it leads to, [`objects`] what a TA and its loader tell one another, [`property`] what the linker
//! says. [`arm`] and [`aarch64`] are all that know a machine.

mod aarch64;
mod arm;
mod class;
mod classes;
mod content;
mod dynamic;
mod objects;
mod property;
mod relocations;
mod symbols;

use crate::error::{ElfError, LoadError};
use crate::link::Module;
use crate::plan::{Limits, LoadPlan, Machine, Program, Rights};
use alloc::sync::Arc;
use class::{Class, FileHeader};
use classes::{Class32, Class64};
use content::Content;
use dynamic::Dynamic;
use goblin::elf::header::{EI_CLASS, EI_DATA, EI_VERSION, ELFMAG, EM_AARCH64, EM_ARM, ET_DYN};
use relocations::{Relocated, Rules};
use symbols::Symbols;
use utee_abi::ta_objects::{ELF_PHDR_INFO_SYMBOL, INIT_FINI_INFO_SYMBOL};
use utee_abi::uuid::Uuid;

pub(crate) use class::Symbol;
pub(crate) use dynamic::SymbolTables;

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
        Some(Class64::IDENT) => plan_class::<Class64>(elf, limits),
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
    let symbols = Symbols::<C>::read(elf, &content.segments, &dynamic.tables);
    let head = objects::head(&header, &content, &dynamic, &symbols)?;
    let is_library = head.is_none();
    let rules = Rules { kind_of, is_library, has_others: is_library || !dynamic.needed.is_empty() };
    let sections = objects::sections::<C>(elf, &header);
    let Relocated { relocations, imports } = relocations::relocations(&mut content, &dynamic, sections, &symbols, rules, limits)?;
    let phdr_info = objects::object(&mut content, &symbols, ELF_PHDR_INFO_SYMBOL, machine.phdr_info().size)?;
    let init_fini_info = objects::object(&mut content, &symbols, INIT_FINI_INFO_SYMBOL, machine.init_fini().size)?;
    let program = match head {
        Some((at, head)) => {
            let entry = objects::entry_point(header.entry, at, &head, &relocations)?;
            let flags = objects::check(machine, &head)?;
            let (limits, rules) = objects::limits(&content, &symbols)?;
            Some(Program { entry, head, flags, limits, rules: Arc::new(rules) })
        }
        None => None,
    };
    if let Some(program) = &program {
        check_program(machine, program, &mut content, limits)?;
    }
    Ok(LoadPlan {
        machine,
        landing_pads: property::has_landing_pads::<C>(machine, content.property),
        uuid: program.as_ref().map_or_else(|| dynamic.uuid(&content), |program| Some(program.head.uuid)).unwrap_or(Uuid::NIL),
        span: content.span,
        relocations,
        imports,
        headers: objects::headers(&header, &content),
        name: dynamic.name,
        tls_len: content.tls_len,
        init: dynamic.init_array.range(),
        fini: dynamic.fini_array.range(),
        phdr_info,
        init_fini_info,
        program,
        segments: content.segments,
        needed: dynamic.needed,
        tables: dynamic.tables,
    })
}

/// Checks that a TA fits with its stack, and is entered in code.
fn check_program(machine: Machine, program: &Program, content: &mut Content<'_>, limits: &Limits) -> Result<(), LoadError> {
    let total = content.span.checked_add(u64::from(program.head.stack_size));
    if total.is_none_or(|total| total > limits.memory) {
        return Err(LoadError::Memory);
    }
    let (at, len) = machine.instruction(program.entry);
    let code = content.segment_mut(at, len);
    if machine == Machine::Aarch64 && !at.is_multiple_of(len) || !code.is_some_and(|segment| segment.rights == Rights::ReadExecute) {
        return Err(ElfError::Entry.into());
    }
    Ok(())
}

fn machine<C: Class>(header: &FileHeader) -> Result<(Machine, relocations::KindOf), ElfError> {
    match (C::IDENT, header.machine) {
        (Class32::IDENT, EM_ARM) => {
            arm::check(header)?;
            Ok((Machine::Arm, arm::kind))
        }
        (Class64::IDENT, EM_AARCH64) => {
            aarch64::check(header)?;
            Ok((Machine::Aarch64, aarch64::kind))
        }
        _ => Err(ElfError::Machine),
    }
}

/// The symbols of a module.
fn symbols<'a, C: Class>(module: &Module<'a>) -> Symbols<'a, C> {
    Symbols::read(module.elf, &module.plan.segments, &module.plan.tables)
}

/// A symbol of a module, and its name.
pub(crate) fn symbol<'a>(module: &Module<'a>, index: u64) -> Option<(Symbol, &'a [u8])> {
    fn of<'a, C: Class>(symbols: &Symbols<'a, C>, index: u64) -> Option<(Symbol, &'a [u8])> {
        let symbol = symbols.get(index)?;
        let name = symbols.full_name(&symbol)?;
        Some((symbol, name))
    }
    match module.plan.machine {
        Machine::Arm => of(&symbols::<Class32>(module), index),
        Machine::Aarch64 => of(&symbols::<Class64>(module), index),
    }
}

/// The symbol of this name that a module defines.
pub(crate) fn defined(module: &Module<'_>, name: &[u8]) -> Option<Symbol> {
    let symbol = match module.plan.machine {
        Machine::Arm => symbols::<Class32>(module).find_symbol(name),
        Machine::Aarch64 => symbols::<Class64>(module).find_symbol(name),
    };
    symbol.filter(|symbol| !symbol.is_local())
}
