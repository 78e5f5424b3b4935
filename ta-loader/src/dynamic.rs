// SPDX-License-Identifier: BSD-2-Clause
//! The dynamic section of a class 32 file: symbols and relocations.

use crate::elf32::read;
use crate::error::LoadError;
use crate::plan::{Limits, Relocation, Rights, Segment, Value, file_at, segment_of};
use alloc::vec::Vec;
use core::ops::Range;
use goblin::elf::dynamic::{
    DT_GNU_HASH, DT_HASH, DT_JMPREL, DT_NEEDED, DT_NULL, DT_PLTRELSZ, DT_REL, DT_RELSZ, DT_STRTAB, DT_SYMTAB, DT_TEXTREL,
};
use goblin::elf::reloc::{R_ARM_ABS32, R_ARM_GLOB_DAT, R_ARM_JUMP_SLOT, R_ARM_NONE, R_ARM_REL32, R_ARM_RELATIVE};
use goblin::elf32::dynamic::Dyn;
use goblin::elf32::reloc::Rel;
use goblin::elf32::sym::Sym;
use utee_abi::bytes::u32_at;

const SYM: u64 = size_of::<Sym>() as u64;
const WORD: u64 = 4;
const STB_WEAK: u8 = 2;

/// What the dynamic section points at, by address in the image.
#[derive(Default)]
pub(crate) struct Dynamic {
    symbols: Option<u64>,
    strings: Option<u64>,
    hash: Option<u64>,
    gnu_hash: Option<u64>,
    rel: Range<u64>,
    plt_rel: Range<u64>,
}

impl Dynamic {
    pub(crate) fn read(elf: &[u8], segments: &[Segment], range: Range<u64>) -> Result<Self, LoadError> {
        let len = range.end.saturating_sub(range.start);
        let bytes = file_at(elf, segments, range.start, len).ok_or(LoadError::Elf("dynamic section outside the image"))?;
        let mut this = Self::default();
        let (mut rel, mut rel_len, mut plt, mut plt_len) = (0u64, 0u64, 0u64, 0u64);
        for entry in bytes.chunks_exact(size_of::<Dyn>()) {
            let entry: Dyn = read(entry, 0).ok_or(LoadError::Elf("dynamic section"))?;
            let value = u64::from(entry.d_val);
            match u64::from(entry.d_tag) {
                DT_NULL => break,
                DT_SYMTAB => this.symbols = Some(value),
                DT_STRTAB => this.strings = Some(value),
                DT_HASH => this.hash = Some(value),
                DT_GNU_HASH => this.gnu_hash = Some(value),
                DT_REL => rel = value,
                DT_RELSZ => rel_len = value,
                DT_JMPREL => plt = value,
                DT_PLTRELSZ => plt_len = value,
                DT_NEEDED => return Err(LoadError::Elf("needs a shared library, which is not supported")),
                DT_TEXTREL => return Err(LoadError::Elf("relocations in code")),
                _ => {}
            }
        }
        this.rel = rel..rel.saturating_add(rel_len);
        this.plt_rel = plt..plt.saturating_add(plt_len);
        Ok(this)
    }

    fn symbol_at(&self, elf: &[u8], segments: &[Segment], index: u64) -> Option<Sym> {
        let at = self.symbols?.checked_add(index.checked_mul(SYM)?)?;
        read(file_at(elf, segments, at, SYM)?, 0)
    }

    fn is_named(&self, elf: &[u8], segments: &[Segment], symbol: &Sym, name: &str) -> bool {
        let len = (name.len() as u64).saturating_add(1);
        let at = self.strings.and_then(|strings| strings.checked_add(u64::from(symbol.st_name)));
        let bytes = at.and_then(|at| file_at(elf, segments, at, len));
        bytes.and_then(|bytes| bytes.strip_suffix(&[0])) == Some(name.as_bytes())
    }

    /// Address of a defined symbol.
    pub(crate) fn symbol(&self, elf: &[u8], segments: &[Segment], name: &str) -> Option<u64> {
        let count = self.symbol_count(elf, segments);
        (1..count).find_map(|index| {
            let symbol = self.symbol_at(elf, segments, index)?;
            let found = symbol.st_shndx != 0 && self.is_named(elf, segments, &symbol, name);
            found.then_some(u64::from(symbol.st_value))
        })
    }

    /// Number of symbols: said by a SysV hash table, found by walking a GNU one, else up to the string table.
    fn symbol_count(&self, elf: &[u8], segments: &[Segment]) -> u64 {
        let word = |at: u64| file_at(elf, segments, at, WORD).and_then(|bytes| u32_at(bytes, 0));
        if let Some(count) = self.hash.and_then(|hash| word(hash.checked_add(WORD)?)) {
            return u64::from(count);
        }
        if let Some(count) = self.gnu_hash.and_then(|hash| gnu_count(hash, word)) {
            return count;
        }
        match (self.symbols, self.strings) {
            (Some(symbols), Some(strings)) => strings.saturating_sub(symbols) / SYM,
            _ => 0,
        }
    }

    /// Every word to write; notes on each segment whether one is in it.
    pub(crate) fn relocations(&self, elf: &[u8], segments: &mut [Segment], limits: &Limits) -> Result<Vec<Relocation>, LoadError> {
        let outside = LoadError::Elf("relocations outside the image");
        let entry = size_of::<Rel>() as u64;
        let count = |range: &Range<u64>| range.end.saturating_sub(range.start) / entry;
        let total = usize::try_from(count(&self.rel).saturating_add(count(&self.plt_rel))).map_err(|_| LoadError::Memory)?;
        if total > limits.relocations {
            return Err(LoadError::Memory);
        }
        let mut out = Vec::new();
        out.try_reserve_exact(total).map_err(|_| LoadError::Memory)?;
        for range in [&self.rel, &self.plt_rel] {
            let len = count(range).saturating_mul(entry);
            if len == 0 {
                continue;
            }
            let bytes = file_at(elf, segments, range.start, len).ok_or(outside)?;
            for rel in bytes.chunks_exact(size_of::<Rel>()) {
                let rel: Rel = read(rel, 0).ok_or(outside)?;
                if let Some(relocation) = self.relocation(elf, segments, &rel)? {
                    out.push(relocation);
                }
            }
        }
        Ok(out)
    }

    fn relocation(&self, elf: &[u8], segments: &mut [Segment], rel: &Rel) -> Result<Option<Relocation>, LoadError> {
        let (kind, symbol) = (rel.r_info & 0xFF, u64::from(rel.r_info >> 8));
        if kind == R_ARM_NONE {
            return Ok(None);
        }
        let vaddr = u64::from(rel.r_offset);
        // A word in zero-filled memory has the addend 0.
        let addend = file_at(elf, segments, vaddr, WORD).and_then(|bytes| u32_at(bytes, 0)).unwrap_or(0);
        let segment = segment_of(segments, vaddr, WORD).ok_or(LoadError::Elf("relocation outside the image"))?;
        if segment.rights == Rights::ReadExecute && !vaddr.is_multiple_of(WORD) {
            return Err(LoadError::Elf("unaligned relocation in code"));
        }
        segment.relocated = true;
        let value = match kind {
            R_ARM_RELATIVE => Value::Relative(u64::from(addend)),
            R_ARM_ABS32 => self.value(elf, segments, symbol, addend)?,
            R_ARM_GLOB_DAT | R_ARM_JUMP_SLOT => self.value(elf, segments, symbol, 0)?,
            R_ARM_REL32 => match self.value(elf, segments, symbol, addend)? {
                // Place and symbol move together, so that the distance is the same wherever the image is.
                Value::Relative(target) => Value::Absolute(u64::from((target as u32).wrapping_sub(rel.r_offset))),
                Value::Absolute(_) => return Err(LoadError::Elf("relative reference to an absolute symbol")),
            },
            _ => return Err(LoadError::Elf("kind of relocation not supported")),
        };
        Ok(Some(Relocation { vaddr, value }))
    }

    fn value(&self, elf: &[u8], segments: &[Segment], index: u64, addend: u32) -> Result<Value, LoadError> {
        const SHN_ABS: u16 = 0xFFF1;
        if index == 0 {
            return Ok(Value::Relative(u64::from(addend)));
        }
        let symbol = self.symbol_at(elf, segments, index).ok_or(LoadError::Elf("relocation names no symbol"))?;
        let sum = u64::from(symbol.st_value.wrapping_add(addend));
        match symbol.st_shndx {
            0 if symbol.st_info >> 4 == STB_WEAK => Ok(Value::Absolute(u64::from(addend))),
            0 => Err(LoadError::Elf("undefined symbol")),
            SHN_ABS => Ok(Value::Absolute(sum)),
            _ => Ok(Value::Relative(sum)),
        }
    }
}

/// Number of symbols that a GNU hash table knows of: one more than the last of its longest chain.
fn gnu_count(table: u64, word: impl Fn(u64) -> Option<u32>) -> Option<u64> {
    let field = |index: u64| word(table.checked_add(index.checked_mul(WORD)?)?).map(u64::from);
    let (buckets, first, bloom) = (field(0)?, field(1)?, field(2)?);
    let bucket_at = bloom.checked_add(4)?;
    let mut last = 0;
    for bucket in 0..buckets {
        last = last.max(field(bucket_at.checked_add(bucket)?)?);
    }
    if last < first {
        return Some(first);
    }
    let chains = bucket_at.checked_add(buckets)?;
    while field(chains.checked_add(last.checked_sub(first)?)?)? & 1 == 0 {
        last = last.checked_add(1)?;
    }
    last.checked_add(1)
}
