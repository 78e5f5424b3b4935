// SPDX-License-Identifier: BSD-2-Clause
//! Objects in the image of a TA that the loader reads or fills in.

use core::cell::UnsafeCell;
use utee_abi::ta_head::TaHead;

/// The header of the TA.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Header(pub [u8; TaHead::SIZE]);

/// An object that the loader writes before the first entry.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct LoaderCell<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: only the loader writes it, before any code of the TA runs.
unsafe impl<const N: usize> Sync for LoaderCell<N> {}

impl<const N: usize> LoaderCell<N> {
    /// Zeroed.
    #[must_use]
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; N]))
    }
}

impl<const N: usize> Default for LoaderCell<N> {
    fn default() -> Self {
        Self::new()
    }
}
