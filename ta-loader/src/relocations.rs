// SPDX-License-Identifier: BSD-2-Clause
//! The words that a load writes, kept small: a plan may be held as long as the image may be opened again.

use crate::error::LoadError;
use alloc::vec::Vec;
use core::slice;

/// Value of a relocated word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Load base plus this.
    Relative(u64),
    /// This, wherever the image is.
    Absolute(u64),
}

/// A word that is written after the segments are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where, counted from the start of the image.
    pub vaddr: u64,
    /// What.
    pub value: Value,
}

/// Words to write, in no particular order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relocations {
    /// Place and value of relative words below 4 GiB, which nearly all are.
    relative: Vec<(u32, u32)>,
    others: Vec<Relocation>,
}

impl Relocations {
    /// Room for `capacity` words.
    pub(crate) fn with_capacity(capacity: usize) -> Result<Self, LoadError> {
        let mut this = Self::default();
        this.relative.try_reserve_exact(capacity).map_err(|_| LoadError::Memory)?;
        Ok(this)
    }

    /// Adds a word.
    pub(crate) fn push(&mut self, relocation: Relocation) -> Result<(), LoadError> {
        if let Value::Relative(value) = relocation.value
            && let (Ok(vaddr), Ok(value)) = (u32::try_from(relocation.vaddr), u32::try_from(value))
        {
            self.relative.try_reserve(1).map_err(|_| LoadError::Memory)?;
            self.relative.push((vaddr, value));
        } else {
            self.others.try_reserve(1).map_err(|_| LoadError::Memory)?;
            self.others.push(relocation);
        }
        Ok(())
    }

    /// Number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.relative.len().saturating_add(self.others.len())
    }

    /// True when the image needs no relocation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.relative.is_empty() && self.others.is_empty()
    }

    /// The words.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter { relative: self.relative.iter(), others: self.others.iter() }
    }
}

impl<'a> IntoIterator for &'a Relocations {
    type Item = Relocation;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Words to write.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    relative: slice::Iter<'a, (u32, u32)>,
    others: slice::Iter<'a, Relocation>,
}

impl Iterator for Iter<'_> {
    type Item = Relocation;

    fn next(&mut self) -> Option<Relocation> {
        match self.relative.next() {
            Some((vaddr, value)) => Some(Relocation { vaddr: u64::from(*vaddr), value: Value::Relative(u64::from(*value)) }),
            None => self.others.next().copied(),
        }
    }
}
