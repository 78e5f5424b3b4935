// SPDX-License-Identifier: BSD-2-Clause
//! ELF files of class 32 for Arm: header and segments (OP-TEE ABI, TA ELF and loading).

use crate::dynamic::Dynamic;
use crate::error::LoadError;
use crate::plan::{Limits, LoadPlan, Machine, PAGE, PhdrInfo, Rights, Segment, file_at, flags};
use alloc::vec::Vec;
use core::ops::Range;
use goblin::elf32::header::Header;
use goblin::elf32::program_header::ProgramHeader;
use goblin::elf32::section_header::SectionHeader;
use plain::Plain;
use utee_abi::ta_head::{ELF_PHDR_INFO_SYMBOL, TA_HEAD_SECTION, TA_HEAD_SYMBOL, TA_LIMITS_SYMBOL, TaHead, TaLimits, phdr_info32};

const ELFCLASS32: u8 = 1;
const ELFDATA2LSB: u8 = 1;
const OSABI_ARM: u8 = 97;
const EABI_MASK: u32 = 0xFF00_0000;
const EABI_5: u32 = 0x0500_0000;

/// A file structure at a byte offset.
pub(crate) fn read<T: Plain + Default>(bytes: &[u8], at: usize) -> Option<T> {
    let mut value = T::default();
    let slice = bytes.get(at..at.checked_add(size_of::<T>())?)?;
    value.copy_from_bytes(slice).ok()?;
    Some(value)
}

pub(crate) fn plan(elf: &[u8], limits: &Limits) -> Result<LoadPlan, LoadError> {
    let header: Header = read(elf, 0).ok_or(LoadError::Elf("shorter than its header"))?;
    check_header(&header)?;
    let (mut segments, dynamic) = program_headers(elf, &header, limits)?;
    let span = check_layout(&mut segments, limits)?;
    let dynamic = match dynamic {
        Some(range) => Dynamic::read(elf, &segments, range)?,
        None => Dynamic::default(),
    };
    let relocations = dynamic.relocations(elf, &mut segments, limits)?;
    let head = find_head(elf, &header, &segments, &dynamic)?;
    let flags = flags(&head)?;
    let stack = u64::from(head.stack_size);
    if stack == 0 || span.checked_add(stack).is_none_or(|total| total > limits.memory) {
        return Err(LoadError::Memory);
    }
    let symbol_bytes = |name, len: usize| {
        let vaddr = dynamic.symbol(elf, &segments, name)?;
        file_at(elf, &segments, vaddr, len as u64)
    };
    let ta_limits = symbol_bytes(TA_LIMITS_SYMBOL, TaLimits::SIZE).and_then(TaLimits::read);
    let phdr_info = phdr_info(elf, &header, &mut segments, &dynamic)?;
    let entry = u64::from(header.e_entry);
    let code = crate::plan::segment_of(&mut segments, entry & !1, 2).ok_or(LoadError::Elf("entry outside the image"))?;
    if code.rights != Rights::ReadExecute {
        return Err(LoadError::Elf("entry is not executable"));
    }
    Ok(LoadPlan { machine: Machine::Arm, span, segments, relocations, entry, head, flags, limits: ta_limits, phdr_info })
}

fn check_header(header: &Header) -> Result<(), LoadError> {
    use goblin::elf::header::{EI_CLASS, EI_DATA, EI_OSABI, ELFMAG, EM_ARM, ET_DYN};
    let ident = |index: usize| header.e_ident.get(index).copied().unwrap_or(0);
    if !header.e_ident.starts_with(ELFMAG) {
        return Err(LoadError::Elf("no ELF file"));
    }
    if ident(EI_CLASS) != ELFCLASS32 || ident(EI_DATA) != ELFDATA2LSB || header.e_machine != EM_ARM {
        return Err(LoadError::Elf("not for this machine"));
    }
    let abi = (ident(EI_OSABI), header.e_flags & EABI_MASK);
    if !matches!(abi, (0, EABI_5) | (OSABI_ARM, 0)) {
        return Err(LoadError::Elf("not of the Arm EABI"));
    }
    if header.e_type != ET_DYN {
        return Err(LoadError::Elf("not position independent"));
    }
    if usize::from(header.e_phentsize) != size_of::<ProgramHeader>() {
        return Err(LoadError::Elf("program headers of the wrong size"));
    }
    Ok(())
}

type Segments = (Vec<Segment>, Option<Range<u64>>);

fn program_headers(elf: &[u8], header: &Header, limits: &Limits) -> Result<Segments, LoadError> {
    use goblin::elf::program_header::{PT_DYNAMIC, PT_LOAD, PT_TLS};
    let mut segments = Vec::new();
    segments.try_reserve_exact(limits.segments).map_err(|_| LoadError::Memory)?;
    let mut dynamic = None;
    for index in 0..usize::from(header.e_phnum) {
        let at = index.checked_mul(size_of::<ProgramHeader>()).and_then(|at| at.checked_add(header.e_phoff as usize));
        let program: ProgramHeader = at.and_then(|at| read(elf, at)).ok_or(LoadError::Elf("program headers outside the file"))?;
        match program.p_type {
            PT_LOAD if program.p_memsz > 0 => {
                if segments.len() >= limits.segments {
                    return Err(LoadError::Elf("too many segments"));
                }
                segments.push(segment(elf, &program)?);
            }
            PT_DYNAMIC => {
                let start = u64::from(program.p_vaddr);
                dynamic = Some(start..start.saturating_add(u64::from(program.p_memsz)));
            }
            PT_TLS if program.p_memsz > 0 => return Err(LoadError::Elf("thread-local storage is not supported")),
            _ => {}
        }
    }
    Ok((segments, dynamic))
}

fn segment(elf: &[u8], program: &ProgramHeader) -> Result<Segment, LoadError> {
    use goblin::elf::program_header::{PF_R, PF_W, PF_X};
    let (vaddr, mem_len) = (u64::from(program.p_vaddr), u64::from(program.p_memsz));
    let rights = match program.p_flags & (PF_R | PF_W | PF_X) {
        flags if flags == PF_R => Rights::Read,
        flags if flags == PF_R | PF_W => Rights::ReadWrite,
        flags if flags == PF_R | PF_X => Rights::ReadExecute,
        _ => return Err(LoadError::Elf("segment is writable and executable, or not readable")),
    };
    if program.p_filesz > program.p_memsz {
        return Err(LoadError::Elf("segment smaller than its content"));
    }
    if u64::from(program.p_offset) % PAGE != vaddr % PAGE || u64::from(program.p_align) < PAGE {
        return Err(LoadError::Elf("segment is not aligned to pages"));
    }
    let start = program.p_offset as usize;
    let end = start.checked_add(program.p_filesz as usize).filter(|end| *end <= elf.len());
    let end = end.ok_or(LoadError::Elf("segment outside the file"))?;
    let page_start = vaddr.wrapping_sub(vaddr % PAGE);
    let page_end = vaddr.checked_add(mem_len).and_then(|end| end.checked_next_multiple_of(PAGE));
    let page_end = page_end.filter(|end| *end <= 1 << 32).ok_or(LoadError::Elf("segment wraps around"))?;
    let pages = page_end.saturating_sub(page_start) / PAGE;
    Ok(Segment { page_start, pages, vaddr, mem_len, file: start..end, rights, relocated: false })
}

/// Sorts segments and gives the bytes that the image spans.
fn check_layout(segments: &mut [Segment], limits: &Limits) -> Result<u64, LoadError> {
    segments.sort_unstable_by_key(|segment| segment.vaddr);
    let mut end = 0u64;
    for segment in segments.iter() {
        if segment.page_start < end {
            return Err(LoadError::Elf("segments share a page"));
        }
        end = segment.page_start.saturating_add(segment.pages.saturating_mul(PAGE));
    }
    if end == 0 {
        return Err(LoadError::Elf("nothing to load"));
    }
    if end > limits.memory {
        return Err(LoadError::Memory);
    }
    Ok(end)
}

/// The TA header: by symbol, by section, or at the start of the image.
fn find_head(elf: &[u8], header: &Header, segments: &[Segment], dynamic: &Dynamic) -> Result<TaHead, LoadError> {
    let vaddr = dynamic.symbol(elf, segments, TA_HEAD_SYMBOL).or_else(|| head_section(elf, header)).unwrap_or(0);
    let bytes = file_at(elf, segments, vaddr, TaHead::SIZE as u64).ok_or(LoadError::Head("missing"))?;
    TaHead::read(bytes).ok_or(LoadError::Head("missing"))
}

fn head_section(elf: &[u8], header: &Header) -> Option<u64> {
    if usize::from(header.e_shentsize) != size_of::<SectionHeader>() || header.e_shoff == 0 {
        return None;
    }
    let section = |index: u16| -> Option<SectionHeader> {
        let at = usize::from(index).checked_mul(size_of::<SectionHeader>())?.checked_add(header.e_shoff as usize)?;
        read(elf, at)
    };
    let names = section(header.e_shstrndx)?;
    (0..header.e_shnum).find_map(|index| {
        let section = section(index)?;
        let at = (names.sh_offset as usize).checked_add(section.sh_name as usize)?;
        let name = elf.get(at..at.checked_add(TA_HEAD_SECTION.len().checked_add(1)?)?)?;
        let matches = name.strip_suffix(&[0]) == Some(TA_HEAD_SECTION.as_bytes());
        matches.then_some(u64::from(section.sh_addr))
    })
}

fn phdr_info(elf: &[u8], header: &Header, segments: &mut [Segment], dynamic: &Dynamic) -> Result<Option<PhdrInfo>, LoadError> {
    let Some(object) = dynamic.symbol(elf, segments, ELF_PHDR_INFO_SYMBOL) else { return Ok(None) };
    let segment = crate::plan::segment_of(segments, object, phdr_info32::SIZE as u64);
    let segment = segment.filter(|segment| segment.rights == Rights::ReadWrite);
    segment.ok_or(LoadError::Elf("__elf_phdr_info is not writable memory"))?.relocated = true;
    let len = usize::from(header.e_phnum).saturating_mul(size_of::<ProgramHeader>());
    let start = header.e_phoff as usize;
    let file = start..start.saturating_add(len);
    let headers = segments.iter().find(|segment| segment.file.start <= file.start && file.end <= segment.file.end);
    let headers = headers.map(|segment| segment.vaddr.saturating_add(file.start.saturating_sub(segment.file.start) as u64));
    Ok(Some(PhdrInfo { object, headers, file, count: header.e_phnum }))
}
