// SPDX-License-Identifier: BSD-2-Clause
//! What is read of a device tree.

pub mod bare;
pub mod linux;
mod writer;

use core::ops::Range;
use dtoolkit::fdt::Fdt;
use dtoolkit::{Node, Property};

/// Longest device tree that is looked at, in bytes.
const MAX: usize = 2 << 20;

/// Bytes of the header up to and with the field that says how long the tree is.
const LENGTH_END: usize = 8;

/// A device tree that was checked.
#[derive(Clone, Copy)]
pub struct DeviceTree<'a> {
    tree: Fdt<'a>,
}

impl DeviceTree<'static> {
    /// The device tree at an address; `None` when there is none that is well formed.
    ///
    /// # Safety
    /// As much memory as the header there says, up to 2 MiB, can be read, and nobody changes it while the value is used.
    pub unsafe fn at(address: usize) -> Option<Self> {
        // SAFETY: the caller's.
        let header = unsafe { core::slice::from_raw_parts(address as *const u8, LENGTH_END) };
        let length = header.get(4..LENGTH_END)?.try_into().map(u32::from_be_bytes).ok()?;
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX)?;
        // SAFETY: the caller's.
        Self::new(unsafe { core::slice::from_raw_parts(address as *const u8, length) })
    }
}

impl<'a> DeviceTree<'a> {
    /// The device tree in these bytes; `None` when it is not well formed.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        Fdt::new(bytes).ok().map(|tree| Self { tree })
    }

    /// The first range of memory.
    #[must_use]
    pub fn ram(self) -> Option<Range<u64>> {
        let reg = self.tree.memory().ok()?.reg().ok()??.next()?;
        let (address, size) = (reg.address::<u64>().ok()?, reg.size::<u64>().ok()?);
        Some(address..address.checked_add(size)?)
    }

    /// A property of `/chosen` that is one text.
    #[must_use]
    pub fn chosen(self, name: &str) -> Option<&'a str> {
        let node = self.tree.find_node("/chosen")?;
        node.property(name)?.value_as::<&'a str>().ok()
    }

    /// The address of the device that `/chosen` names for lines to a user.
    #[must_use]
    pub fn console(self) -> Option<u64> {
        // What follows a colon is the rate.
        let path = self.chosen("stdout-path")?.split(':').next()?;
        let reg = self.tree.find_node(path)?.reg().ok()??.next()?;
        reg.address::<u64>().ok()
    }

    /// The controller of the card that `/chosen` names for files: where its registers are, and hertz of its root clock.
    #[must_use]
    pub fn card(self) -> Option<(u64, u32)> {
        let node = self.tree.find_node(self.chosen(bare::FILES)?)?;
        let address = node.reg().ok()??.next()?.address::<u64>().ok()?;
        Some((address, node.property(bare::CLOCK)?.value_as::<u32>().ok()?))
    }

    /// All of its bytes.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.tree.data()
    }
}
