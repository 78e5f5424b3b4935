// SPDX-License-Identifier: BSD-2-Clause
//! Loadable segments, and what the file holds at an address of the image.

use super::class::{Class, FileHeader, Program, entry};
use crate::error::{ElfError, LoadError};
use crate::plan::{Limits, PAGE, Rights, Segment};
use alloc::vec::Vec;
use core::ops::Range;
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_DYNAMIC, PT_GNU_PROPERTY, PT_LOAD, PT_TLS};

/// The file and the segments that it is loaded as.
pub(crate) struct Content<'a> {
    /// The file.
    pub(crate) elf: &'a [u8],
    /// Segments by address; no two share a page.
    pub(crate) segments: Vec<Segment>,
    /// Bytes from address 0 of the image to the end of its last page.
    pub(crate) span: u64,
    /// The program headers in the file.
    pub(crate) programs: Range<usize>,
    /// The content of the dynamic section, by address.
    pub(crate) dynamic: Option<Range<u64>>,
    /// Bytes of its thread-local storage.
    pub(crate) tls_len: u64,
    /// The notes of its properties, empty when there are none.
    pub(crate) property: &'a [u8],
}

impl<'a> Content<'a> {
    /// Reads the program headers.
    pub(crate) fn read<C: Class>(elf: &'a [u8], header: &FileHeader, limits: &Limits) -> Result<Self, LoadError> {
        let programs = programs::<C>(header).ok_or(ElfError::ProgramHeaders)?;
        let table = elf.get(programs.clone()).ok_or(ElfError::ProgramHeaders)?;
        let mut segments = Vec::new();
        let mut dynamic = None;
        let mut tls_len = 0u64;
        let mut property = Default::default();
        for index in 0..u64::from(header.programs.count) {
            let program = entry(table, index, C::PROGRAM).and_then(C::program).ok_or(ElfError::ProgramHeaders)?;
            match program.kind {
                PT_LOAD if program.mem_len > 0 => {
                    if segments.len() >= limits.segments {
                        return Err(ElfError::TooManySegments.into());
                    }
                    segments.try_reserve_exact(1).map_err(|_| LoadError::Memory)?;
                    segments.push(segment::<C>(elf, &program)?);
                }
                PT_DYNAMIC => dynamic = Some(program.vaddr..program.vaddr.saturating_add(program.file_len)),
                PT_TLS => tls_len = program.mem_len,
                PT_GNU_PROPERTY => property = file_range(&program).and_then(|range| elf.get(range)).unwrap_or_default(),
                _ => {}
            }
        }
        let span = layout(&mut segments, limits)?;
        Ok(Self { elf, segments, span, programs, dynamic, tls_len, property })
    }

    /// The segment whose memory holds `len` bytes at `vaddr`.
    pub(crate) fn segment_mut(&mut self, vaddr: u64, len: u64) -> Option<&mut Segment> {
        let index = index_of(&self.segments, vaddr)?;
        self.segments.get_mut(index).filter(|segment| holds(segment, vaddr, len))
    }

    /// The content of the segment at `vaddr`, from there to its end; zero-filled memory has none.
    pub(crate) fn from(&self, vaddr: u64) -> Option<&'a [u8]> {
        content_at(self.elf, &self.segments, vaddr)
    }

    /// `len` bytes of content at `vaddr`.
    pub(crate) fn at(&self, vaddr: u64, len: u64) -> Option<&'a [u8]> {
        self.from(vaddr)?.get(..usize::try_from(len).ok()?)
    }
}

fn index_of(segments: &[Segment], vaddr: u64) -> Option<usize> {
    segments.partition_point(|segment| segment.vaddr <= vaddr).checked_sub(1)
}

/// The content of the segment at `vaddr`, from there to its end.
pub(crate) fn content_at<'a>(elf: &'a [u8], segments: &[Segment], vaddr: u64) -> Option<&'a [u8]> {
    content_from(elf, segments.get(index_of(segments, vaddr)?)?, vaddr)
}

/// True when the memory of a segment holds `len` bytes at `vaddr`.
pub(crate) fn holds(segment: &Segment, vaddr: u64, len: u64) -> bool {
    let inside = vaddr.checked_sub(segment.vaddr).and_then(|inside| inside.checked_add(len));
    inside.is_some_and(|end| end <= segment.mem_len)
}

/// The content of a segment from `vaddr` on.
pub(crate) fn content_from<'a>(elf: &'a [u8], segment: &Segment, vaddr: u64) -> Option<&'a [u8]> {
    let inside = usize::try_from(vaddr.checked_sub(segment.vaddr)?).ok()?;
    elf.get(segment.file.start.checked_add(inside)?..segment.file.end)
}

/// Where the program headers stand: in the first page, as the ABI wants.
fn programs<C: Class>(header: &FileHeader) -> Option<Range<usize>> {
    let table = &header.programs;
    let start = usize::try_from(table.offset).ok()?;
    let end = start.checked_add(usize::from(table.count).checked_mul(C::PROGRAM)?)?;
    (usize::from(table.entry_size) == C::PROGRAM && end as u64 <= PAGE).then_some(start..end)
}

fn segment<C: Class>(elf: &[u8], program: &Program) -> Result<Segment, ElfError> {
    const READ_WRITE: u32 = PF_R | PF_W;
    const READ_EXECUTE: u32 = PF_R | PF_X;
    let rights = match program.flags & (PF_R | PF_W | PF_X) {
        PF_R => Rights::Read,
        READ_WRITE => Rights::ReadWrite,
        READ_EXECUTE => Rights::ReadExecute,
        _ => return Err(ElfError::Rights),
    };
    if program.file_len > program.mem_len {
        return Err(ElfError::FileSize);
    }
    if program.offset % PAGE != program.vaddr % PAGE || program.align < PAGE {
        return Err(ElfError::Alignment);
    }
    let file = file_range(program).filter(|file| file.end <= elf.len()).ok_or(ElfError::SegmentOutsideFile)?;
    let page_start = program.vaddr.saturating_sub(program.vaddr % PAGE);
    let page_end = program.vaddr.checked_add(program.mem_len).and_then(|end| end.checked_next_multiple_of(PAGE));
    let page_end = page_end.filter(|end| end.saturating_sub(1) <= C::MASK).ok_or(ElfError::SegmentWraps)?;
    let pages = page_end.saturating_sub(page_start) / PAGE;
    Ok(Segment { page_start, pages, vaddr: program.vaddr, mem_len: program.mem_len, file, rights, relocated: false })
}

fn file_range(program: &Program) -> Option<Range<usize>> {
    let start = usize::try_from(program.offset).ok()?;
    Some(start..start.checked_add(usize::try_from(program.file_len).ok()?)?)
}

/// Sorts segments, makes one of those that share a page, and gives the bytes that the image spans.
fn layout(segments: &mut Vec<Segment>, limits: &Limits) -> Result<u64, LoadError> {
    segments.sort_unstable_by_key(|segment| segment.vaddr);
    let mut refused = None;
    segments.dedup_by(|next, segment| {
        let shares = next.page_start < segment.page_start.saturating_add(segment.pages.saturating_mul(PAGE));
        let joined = if shares { join(segment, next) } else { return false };
        refused = refused.or(joined.err());
        true
    });
    if let Some(error) = refused {
        return Err(error.into());
    }
    let mut end = 0u64;
    if let Some(segment) = segments.last() {
        end = segment.page_start.saturating_add(segment.pages.saturating_mul(PAGE));
    }
    if end == 0 {
        return Err(ElfError::Empty.into());
    }
    if end > limits.memory {
        return Err(LoadError::Memory);
    }
    Ok(end)
}

/// Extends a segment by the next one, which begins in its last page: linkers put constants right behind code.
///
/// The page then has the content of the file at that offset for both, and the rights of both.
fn join(segment: &mut Segment, next: &Segment) -> Result<(), ElfError> {
    let distance = next.vaddr.saturating_sub(segment.vaddr);
    let follows = segment.file.len() as u64 == segment.mem_len
        && segment.mem_len <= distance
        && next.file.start.checked_sub(segment.file.start).is_some_and(|in_file| in_file as u64 == distance);
    if !follows {
        return Err(ElfError::Overlap);
    }
    segment.rights = match (segment.rights, next.rights) {
        (a, b) if a == b => a,
        (Rights::Read, other) | (other, Rights::Read) => other,
        _ => return Err(ElfError::Rights),
    };
    segment.file.end = next.file.end;
    segment.mem_len = distance.saturating_add(next.mem_len);
    let page_end = next.page_start.saturating_add(next.pages.saturating_mul(PAGE));
    segment.pages = page_end.saturating_sub(segment.page_start) / PAGE;
    Ok(())
}
