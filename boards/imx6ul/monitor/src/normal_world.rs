// SPDX-License-Identifier: BSD-2-Clause
//! The normal world is put into its RAM: the kernel from the boot archive, and the device tree that it gets.

use crate::devices::bus;
use core::ops::Range;
use drivers::device_tree::bare::{Bare, for_bare};
use drivers::imx6::ccm::{Ccm, Usdhc};
use drivers::imx6::map::{Block, USDHC1, USDHC2};
use imx6ul::arguments::Arguments;
use imx6ul::description::Description;
use imx6ul::{map, policy};
use tee_arch::cache::{Maintenance, maintain};
use utee_abi::boot_image::{Archive, KIND_ARGUMENTS, KIND_NORMAL_WORLD, KIND_PRODUCT};

/// RAM of the normal world.
pub(crate) static RAM: [Range<u64>; 2] = {
    let [(first, len), (second, _), .., (last, last_len)] = map::NORMAL_WINDOWS;
    [first as u64..(first + len) as u64, second as u64..last as u64 + last_len as u64]
};

/// Reserved shared memory.
pub(crate) const RESERVED_SHM: Range<u64> = map::RESERVED_SHM..map::RESERVED_SHM + map::RESERVED_SHM_SIZE;

/// What of the boot archive is the board's.
#[derive(Clone, Copy)]
pub(crate) struct Contents<'a> {
    /// Words for both worlds.
    pub(crate) arguments: Arguments<'a>,
    /// Whether the image is made for a product.
    pub(crate) product: bool,
    /// The kernel of the normal world.
    kernel: &'a [u8],
}

impl<'a> Contents<'a> {
    /// Looks for it in an archive; `None` when there is none, or no kernel in it.
    pub(crate) fn read(archive: &'a [u8]) -> Option<Self> {
        let archive = Archive::read(archive)?;
        let find = |kind| archive.entries().find(|entry| entry.kind == kind).map(|entry| entry.data);
        let text = find(KIND_ARGUMENTS).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default();
        Some(Self { arguments: Arguments::new(text), product: find(KIND_PRODUCT).is_some(), kernel: find(KIND_NORMAL_WORLD)? })
    }

    /// Copies kernel and device tree; false when they do not fit.
    ///
    /// # Safety
    /// The RAM of the normal world is mapped at its physical addresses, and nobody uses it yet.
    pub(crate) unsafe fn hand_over(&self, board: &Description, isolated: bool) -> bool {
        let range = |block: Block| u64::from(block.base())..u64::from(block.base()) + u64::from(block.size());
        let card = match board.card {
            Usdhc::First => USDHC1,
            Usdhc::Second => USDHC2,
        };
        let clock = Ccm::new(bus()).usdhc_clock(board.card);
        let tree = for_bare(&Bare {
            model: board.name,
            compatible: &board.compatible,
            arguments: self.arguments.text(),
            ram: &RAM,
            reserved: RESERVED_SHM,
            console: (range(policy::normal_console(board, self.arguments).block), "fsl,imx6ul-uart"),
            card: Some((range(card), clock)),
            isolated,
        });
        let fits = self.kernel.len() as u64 <= map::NORMAL_SIZE && tree.len() as u64 <= map::NORMAL_ENTRY - map::NORMAL_TREE;
        if fits {
            for (to, bytes) in [(map::NORMAL_ENTRY, self.kernel), (map::NORMAL_TREE, &tree)] {
                // SAFETY: the target is RAM of the normal world as long as was just checked; the caller says that it is free.
                // A kernel starts with its caches off, so that all of it has to be in memory.
                unsafe {
                    core::ptr::copy_nonoverlapping(bytes.as_ptr(), to as usize as *mut u8, bytes.len());
                    maintain(to as usize, bytes.len(), Maintenance::Clean);
                }
            }
        }
        fits
    }
}
