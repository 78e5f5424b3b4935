// SPDX-License-Identifier: BSD-2-Clause
//! Objects by which a TA and its loader tell one another something.

use super::class::{Class, FileHeader, Section, entry};
use super::content::Content;
use super::dynamic::Dynamic;
use super::symbols::Symbols;
use crate::error::{ElfError, HeadError, LoadError};
use crate::plan::{InitFiniInfo, PhdrInfo, Relocations, Rights, Value};
use utee_abi::ta_head::{
    DEAD_FLAGS, ELF_PHDR_INFO_SYMBOL, INIT_FINI_INFO_SYMBOL, TA_HEAD_SECTION, TA_HEAD_SYMBOL, TA_LIMITS_SYMBOL, TaFlags, TaHead, TaLimits,
    init_fini32, phdr_info32,
};

/// AAPCS: the stack pointer is a multiple of this at every public interface.
const STACK_ALIGN: u32 = 8;

/// What was found.
pub(crate) struct Objects {
    pub(crate) head: TaHead,
    /// Where the header stands.
    pub(crate) head_at: u64,
    pub(crate) limits: Option<TaLimits>,
    pub(crate) phdr_info: Option<PhdrInfo>,
    pub(crate) init_fini_info: Option<InitFiniInfo>,
}

impl Objects {
    /// Finds them.
    pub(crate) fn read<C: Class>(
        header: &FileHeader,
        content: &mut Content<'_>,
        dynamic: &Dynamic,
        symbols: &Symbols<'_, C>,
    ) -> Result<Self, LoadError> {
        let (head_at, head) = head(header, content, symbols).ok_or(HeadError::Missing)?;
        let limits = symbols.find(TA_LIMITS_SYMBOL).and_then(|at| content.at(at, TaLimits::SIZE as u64)).and_then(TaLimits::read);
        let phdr_info = match symbols.find(ELF_PHDR_INFO_SYMBOL) {
            Some(object) => Some(phdr_info(header, content, object)?),
            None => None,
        };
        let init_fini_info = match symbols.find(INIT_FINI_INFO_SYMBOL) {
            Some(object) => {
                writable(content, object, init_fini32::SIZE)?;
                Some(InitFiniInfo { object, init: dynamic.init_array.range(), fini: dynamic.fini_array.range() })
            }
            None => None,
        };
        Ok(Self { head, head_at, limits, phdr_info, init_fini_info })
    }
}

/// The TA header: by symbol, by section, or at the start of the image.
fn head<C: Class>(header: &FileHeader, content: &Content<'_>, symbols: &Symbols<'_, C>) -> Option<(u64, TaHead)> {
    let vaddr = symbols.find(TA_HEAD_SYMBOL).or_else(|| head_section::<C>(content.elf, header)).unwrap_or(0);
    Some((vaddr, content.at(vaddr, TaHead::SIZE as u64).and_then(TaHead::read)?))
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
pub(crate) fn check(head: &TaHead) -> Result<TaFlags, HeadError> {
    let flags = TaFlags::from_bits(head.flags & !DEAD_FLAGS).ok_or(HeadError::UnknownFlag)?;
    if flags.contains(TaFlags::CONCURRENT) {
        return Err(HeadError::Concurrent);
    }
    if head.stack_size == 0 || !head.stack_size.is_multiple_of(STACK_ALIGN) {
        return Err(HeadError::Stack);
    }
    Ok(flags)
}

/// Where a TA is entered: at the entry of the ELF file, or, if it is of the old layout, where its header says.
pub(crate) fn entry_point(elf_entry: u64, objects: &Objects, relocations: &Relocations) -> Result<u64, HeadError> {
    if objects.head.depr_entry == TaHead::NO_ENTRY {
        return Ok(elf_entry);
    }
    let at = objects.head_at.saturating_add(TaHead::DEPR_ENTRY as u64);
    match relocations.iter().find(|relocation| relocation.vaddr == at).map(|relocation| relocation.value) {
        // The upper word of the field is not relocated, and is zero.
        Some(Value::Relative(entry)) if objects.head.depr_entry <= u64::from(u32::MAX) => Ok(entry),
        _ => Err(HeadError::OldEntry),
    }
}

/// The program headers, for the object of the TA that wants to know them.
fn phdr_info(header: &FileHeader, content: &mut Content<'_>, object: u64) -> Result<PhdrInfo, ElfError> {
    writable(content, object, phdr_info32::SIZE)?;
    let file = content.programs.clone();
    let holder = content.segments.iter().find(|segment| segment.file.start <= file.start && file.end <= segment.file.end);
    let headers = holder.map(|segment| segment.vaddr.saturating_add(file.start.saturating_sub(segment.file.start) as u64));
    Ok(PhdrInfo { object, headers, file, count: header.programs.count })
}

/// Checks that the loader may write an object, and notes that it will.
fn writable(content: &mut Content<'_>, vaddr: u64, len: usize) -> Result<(), ElfError> {
    let segment = content.segment_mut(vaddr, len as u64).filter(|segment| segment.rights == Rights::ReadWrite);
    segment.ok_or(ElfError::LoaderObject)?.relocated = true;
    Ok(())
}
