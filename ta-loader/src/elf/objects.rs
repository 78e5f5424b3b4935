// SPDX-License-Identifier: BSD-2-Clause
//! Objects by which a TA and its loader tell one another something.

use super::class::{Class, FileHeader, Section, entry};
use super::content::Content;
use super::dynamic::Dynamic;
use super::symbols::Symbols;
use crate::error::{ElfError, HeadError, LoadError};
use crate::plan::{Headers, Machine, Relocations, Rights, Value};
use alloc::vec::Vec;
use utee_abi::call_rule::CallRule;
use utee_abi::ta_head::{DEAD_FLAGS, TA_HEAD_SECTION, TA_HEAD_SYMBOL, TA_LIMITS_SYMBOL, TaFlags, TaHead, TaLimits};

/// The TA header and where it stands: by symbol, by section, or at the start of the image.
///
/// A library has none.
pub(crate) fn head<C: Class>(
    header: &FileHeader,
    content: &Content<'_>,
    dynamic: &Dynamic,
    symbols: &Symbols<'_, C>,
) -> Result<Option<(u64, TaHead)>, HeadError> {
    let named = symbols.find(TA_HEAD_SYMBOL).or_else(|| head_section::<C>(content.elf, header));
    if named.is_none() && dynamic.name.is_some() {
        return Ok(None);
    }
    let vaddr = named.unwrap_or(0);
    let head = content.at(vaddr, TaHead::SIZE as u64).and_then(TaHead::read).ok_or(HeadError::Missing)?;
    Ok(Some((vaddr, head)))
}

/// What a TA of this project says beyond its header, and its rules. What is there and wrong is refused: a TA relies on its rules.
pub(crate) fn limits<C: Class>(content: &Content<'_>, symbols: &Symbols<'_, C>) -> Result<(Option<TaLimits>, Vec<CallRule>), LoadError> {
    let mut rules = Vec::new();
    let Some(at) = symbols.find(TA_LIMITS_SYMBOL) else { return Ok((None, rules)) };
    let Some(head) = content.at(at, TaLimits::SIZE as u64).filter(|head| TaLimits::is_marked(head)) else { return Ok((None, rules)) };
    let limits = TaLimits::read(head).ok_or(HeadError::Limits)?;
    let count = TaLimits::rules(head).ok_or(HeadError::Limits)?;
    let all = content.at(at, TaLimits::size(count) as u64).and_then(|all| all.get(TaLimits::SIZE..)).ok_or(HeadError::Limits)?;
    rules.try_reserve_exact(count).map_err(|_| LoadError::Memory)?;
    for rule in all.chunks_exact(CallRule::SIZE) {
        let rule = CallRule::read(rule).ok_or(HeadError::Limits)?;
        if rules.last().is_some_and(|last: &CallRule| last.key() >= rule.key()) {
            return Err(HeadError::Limits.into());
        }
        rules.push(rule);
    }
    Ok((Some(limits), rules))
}

/// Where an object stands that the loader fills in.
pub(crate) fn object<C: Class>(
    content: &mut Content<'_>,
    symbols: &Symbols<'_, C>,
    name: &str,
    len: usize,
) -> Result<Option<u64>, ElfError> {
    let Some(vaddr) = symbols.find(name) else { return Ok(None) };
    let segment = content.segment_mut(vaddr, len as u64).filter(|segment| segment.rights == Rights::ReadWrite);
    segment.ok_or(ElfError::LoaderObject)?.relocated = true;
    Ok(Some(vaddr))
}

/// The section headers; none when the file has none that can be read.
pub(crate) fn sections<'a, C: Class>(elf: &'a [u8], header: &FileHeader) -> impl Iterator<Item = Section> + use<'a, C> {
    let table = &header.sections;
    let right = table.offset != 0 && usize::from(table.entry_size) == C::SECTION;
    let bytes = usize::try_from(table.offset).ok().filter(|_| right).and_then(|at| elf.get(at..)).unwrap_or_default();
    bytes.chunks_exact(C::SECTION).take(usize::from(table.count)).filter_map(C::section)
}

fn head_section<C: Class>(elf: &[u8], header: &FileHeader) -> Option<u64> {
    let table = elf.get(usize::try_from(header.sections.offset).ok()?..)?;
    let names = entry(table, u64::from(header.section_names), C::SECTION).and_then(C::section)?;
    let names = elf.get(usize::try_from(names.offset).ok()?..)?;
    let is_head = |section: &Section| {
        let name = usize::try_from(section.name).ok().and_then(|at| names.get(at..));
        name.and_then(|name| name.strip_prefix(TA_HEAD_SECTION.as_bytes())).is_some_and(|rest| rest.first() == Some(&0))
    };
    sections::<C>(elf, header).find(is_head).map(|section| section.addr)
}

/// Checks the header of a TA.
pub(crate) fn check(machine: Machine, head: &TaHead) -> Result<TaFlags, HeadError> {
    let flags = TaFlags::from_bits(head.flags & !DEAD_FLAGS).ok_or(HeadError::UnknownFlag)?;
    if flags.contains(TaFlags::CONCURRENT) {
        return Err(HeadError::Concurrent);
    }
    if head.stack_size == 0 || !head.stack_size.is_multiple_of(machine.stack_align()) {
        return Err(HeadError::Stack);
    }
    Ok(flags)
}

/// Where a TA is entered: at the entry of the ELF file, or, if it is of the old layout, where its header says.
pub(crate) fn entry_point(elf_entry: u64, head_at: u64, head: &TaHead, relocations: &Relocations) -> Result<u64, HeadError> {
    if head.depr_entry == TaHead::NO_ENTRY {
        return Ok(elf_entry);
    }
    let at = head_at.saturating_add(TaHead::DEPR_ENTRY as u64);
    match relocations.iter().find(|relocation| relocation.vaddr == at).map(|relocation| relocation.value) {
        // The upper word of the field is not relocated in a 32-bit image, and is zero.
        Some(Value::Relative(entry)) if head.depr_entry <= u64::from(u32::MAX) => Ok(entry),
        _ => Err(HeadError::OldEntry),
    }
}

/// The program headers, and where they are in memory if they are.
pub(crate) fn headers(header: &FileHeader, content: &Content<'_>) -> Headers {
    let file = content.programs.clone();
    let holder = content.segments.iter().find(|segment| segment.file.start <= file.start && file.end <= segment.file.end);
    let vaddr = holder.map(|segment| segment.vaddr.saturating_add(file.start.saturating_sub(segment.file.start) as u64));
    Headers { vaddr, file, count: header.programs.count }
}
