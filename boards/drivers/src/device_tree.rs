// SPDX-License-Identifier: BSD-2-Clause
//! What is read of a device tree.

pub mod announce;
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

/// What the node of the log of measurements is compatible with.
const EVENT_LOG: &[u8] = b"arm,tpm_event_log";

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

    /// Where earlier boot stages left the log of what they measured, in secure memory (the binding of Trusted Firmware-A,
    /// `arm,tpm_event_log`).
    #[must_use]
    pub fn event_log(self) -> Option<Range<u64>> {
        let mut nodes = self.tree.root().children();
        let is_log = |names: &[u8]| names.split(|byte| *byte == 0).any(|name| name == EVENT_LOG);
        let node = nodes.find(|node| node.property("compatible").is_some_and(|names| is_log(names.value())))?;
        let address = node.property("tpm_event_log_sm_addr")?.value_as::<u64>().ok()?;
        let size = node.property("tpm_event_log_size")?.value_as::<u32>().ok()?;
        Some(address..address.checked_add(size.into())?)
    }

    /// All of its bytes.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.tree.data()
    }
}

#[cfg(test)]
mod tests {
    use super::DeviceTree;
    use super::writer::Writer;

    #[test]
    fn the_log_of_measurements_is_found() {
        let tree = |compatible: &[&str], address: &[u32]| {
            let mut out = Writer::new();
            out.begin("");
            out.begin("log");
            out.texts("compatible", compatible);
            out.words("tpm_event_log_sm_addr", address);
            out.words("tpm_event_log_size", &[0x400]);
            out.end();
            out.end();
            out.finish()
        };
        let log = |compatible: &[&str], address: &[u32]| DeviceTree::new(&tree(compatible, address)).unwrap().event_log();
        assert_eq!(log(&["maker,log", "arm,tpm_event_log"], &[1, 0xE00_1000]), Some(0x1_0E00_1000..0x1_0E00_1400));
        assert_eq!(log(&["arm,tpm_event_logs"], &[1, 0xE00_1000]), None);
        assert_eq!(log(&["arm,tpm_event_log"], &[0xE00_1000]), None);
        assert_eq!(log(&["arm,tpm_event_log"], &[u32::MAX, u32::MAX]), None);
    }
}
