// SPDX-License-Identifier: BSD-2-Clause
//! The device tree that the normal-world kernel gets on a board whose boot loader makes none: what it may use, and no more.

use super::writer::Writer;
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

/// Property of `/chosen`: whether the machine refuses the normal world what is the secure world's.
pub const ISOLATION: &str = "oxtee,isolation";
/// Value of [`ISOLATION`]: it does.
pub const ENFORCED: &str = "enforced";
/// Value of [`ISOLATION`]: it does not.
pub const NOT_ENFORCED: &str = "not enforced";

/// Property of `/chosen`: the path of the disk that the normal world keeps files on.
pub const FILES: &str = "oxtee,files";
/// Property of a disk's controller: hertz of its root clock.
pub const CLOCK: &str = "clock-frequency";

/// What is told.
#[derive(Clone, Debug)]
pub struct Bare<'a> {
    /// Name of the board.
    pub model: &'a str,
    /// Names of its kind, the most exact first.
    pub compatible: &'a [&'a str],
    /// Words for the kernel.
    pub arguments: &'a str,
    /// RAM of the normal world.
    pub ram: &'a [Range<u64>],
    /// RAM of it that is shared with the TEE; empty for none.
    pub reserved: Range<u64>,
    /// The UART for lines to a user: its registers, and its name for drivers.
    pub console: (Range<u64>, &'a str),
    /// The controller of the card with the normal world's files: its registers, and hertz of its root clock.
    pub card: Option<(Range<u64>, u32)>,
    /// Whether the machine refuses the normal world what is the secure world's.
    pub isolated: bool,
}

/// The tree, flattened.
#[must_use]
pub fn for_bare(bare: &Bare<'_>) -> Vec<u8> {
    let serial = format!("serial@{:x}", bare.console.0.start);
    let isolation = if bare.isolated { ENFORCED } else { NOT_ENFORCED };
    let mut out = Writer::new();
    out.begin("");
    out.text("model", bare.model);
    out.texts("compatible", bare.compatible);
    out.words("#address-cells", &[1]);
    out.words("#size-cells", &[1]);
    out.begin("chosen");
    out.text("bootargs", bare.arguments);
    out.text("stdout-path", &format!("/{serial}"));
    out.text(ISOLATION, isolation);
    let card = bare.card.as_ref().map(|(registers, hertz)| (format!("mmc@{:x}", registers.start), registers, *hertz));
    if let Some((name, ..)) = &card {
        out.text(FILES, &format!("/{name}"));
    }
    out.end();
    out.begin("memory");
    out.text("device_type", "memory");
    let ram: Vec<u32> = bare.ram.iter().flat_map(reg).collect();
    out.words("reg", &ram);
    out.end();
    if !bare.reserved.is_empty() {
        out.begin("reserved-memory");
        out.words("#address-cells", &[1]);
        out.words("#size-cells", &[1]);
        out.property("ranges", &[]);
        out.begin(&format!("optee-shm@{:x}", bare.reserved.start));
        out.words("reg", &reg(&bare.reserved));
        out.property("no-map", &[]);
        out.end();
        out.end();
    }
    out.begin("psci");
    out.texts("compatible", &["arm,psci-1.0", "arm,psci-0.2"]);
    out.text("method", "smc");
    out.end();
    out.begin("firmware");
    out.begin("optee");
    out.text("compatible", "linaro,optee-tz");
    out.text("method", "smc");
    out.end();
    out.end();
    if let Some((name, registers, hertz)) = &card {
        out.begin(name);
        out.text("compatible", "fsl,imx6ul-usdhc");
        out.words("reg", &reg(registers));
        out.words(CLOCK, &[*hertz]);
        out.end();
    }
    out.begin(&serial);
    out.text("compatible", bare.console.1);
    out.words("reg", &reg(&bare.console.0));
    out.end();
    out.end();
    out.finish()
}

/// Address and size of a range below 4 GiB, as one cell each.
fn reg(range: &Range<u64>) -> [u32; 2] {
    [range.start as u32, range.end.saturating_sub(range.start) as u32]
}

#[cfg(test)]
mod tests {
    use super::{Bare, ENFORCED, ISOLATION, for_bare};
    use crate::device_tree::DeviceTree;

    #[test]
    fn what_is_told_reads_back() {
        let bare = Bare {
            model: "a board",
            compatible: &["maker,board", "maker,chip"],
            arguments: "one two",
            ram: &[0x8000_0000..0x9000_0000, 0x9200_0000..0xA000_0000],
            reserved: 0x8200_0000..0x8220_0000,
            console: (0x0202_0000..0x0202_4000, "maker,uart"),
            card: Some((0x0219_0000..0x0219_4000, 198_000_000)),
            isolated: true,
        };
        let bytes = for_bare(&bare);
        let tree = DeviceTree::new(&bytes).unwrap();
        assert_eq!(tree.ram(), Some(0x8000_0000..0x9000_0000));
        assert_eq!(tree.console(), Some(0x0202_0000));
        assert_eq!(tree.card(), Some((0x0219_0000, 198_000_000)));
        let bytes = for_bare(&Bare { card: None, ..bare });
        assert_eq!(DeviceTree::new(&bytes).unwrap().card(), None);
        assert_eq!((tree.chosen("bootargs"), tree.chosen(ISOLATION)), (Some("one two"), Some(ENFORCED)));
    }
}
