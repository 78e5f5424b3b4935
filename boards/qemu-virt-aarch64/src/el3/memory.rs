// SPDX-License-Identifier: BSD-2-Clause
//! What EL3 maps: itself and a few devices for good; flash, the memory of the trusted OS and of the normal world, and the
//! emulator's settings until the normal world starts.

use crate::entry::{GUARD, STACK, STEP};
use core::ops::Range;
use el3::MAX_CPUS;
use el3::table::Kind;
use qemu_virt::map;

unsafe extern "C" {
    static __image_start: u8;
    static __text_end: u8;
    static __rodata_end: u8;
    static __image_end: u8;
    static __bss_end: u8;
    static __stacks_start: u8;
}

/// Ranges for the start alone.
const START: usize = 4;
/// All ranges: those, the image, devices, stacks.
const ALL: usize = START + 3 + 4 + MAX_CPUS;

/// A range and what it holds.
pub(crate) type Mapped = (Range<u64>, Kind);

fn between(start: *const u8, end: *const u8) -> Range<u64> {
    start.addr() as u64..end.addr() as u64
}

const fn device(base: u64, size: u64) -> Mapped {
    (base..base + size, Kind::Device)
}

/// Bytes of this image in the flash: whole pages.
pub(crate) fn own_len() -> u64 {
    let image = between(&raw const __image_start, &raw const __image_end);
    image.end - image.start
}

/// What the start needs alone. The flash without this image's copy in it: a null pointer points at nothing.
pub(crate) fn for_start() -> [Mapped; START] {
    [
        (map::FLASH + own_len()..map::FLASH + map::FLASH_SIZE, Kind::Rodata),
        (map::TRUSTED_OS..map::SECURE_RAM + map::SECURE_RAM_SIZE, Kind::Data),
        (map::RAM..map::RAM + map::RAM_MAX, Kind::NormalWorld),
        device(map::FW_CFG, map::DEVICE_SIZE),
    ]
}

/// Everything.
pub(crate) fn all() -> [Mapped; ALL] {
    let own = [
        (between(&raw const __image_start, &raw const __text_end), Kind::Text),
        (between(&raw const __text_end, &raw const __rodata_end), Kind::Rodata),
        (between(&raw const __rodata_end, &raw const __bss_end), Kind::Data),
    ];
    let devices = [
        device(map::GIC_DISTRIBUTOR, map::GIC_DISTRIBUTOR_SIZE),
        device(map::GIC_REDISTRIBUTOR, MAX_CPUS as u64 * map::GIC_REDISTRIBUTOR_SIZE),
        device(map::UART_SECURE, map::DEVICE_SIZE),
        device(map::GPIO_SECURE, map::DEVICE_SIZE),
    ];
    // The page below each stack stays unmapped: an overflow faults instead of reaching its neighbour.
    let stacks = (&raw const __stacks_start).addr();
    let stacks = (0..MAX_CPUS).map(|cpu| (stacks + cpu * STEP + GUARD) as u64).map(|start| (start..start + STACK as u64, Kind::Data));
    let mut ranges = own.into_iter().chain(devices).chain(for_start()).chain(stacks);
    core::array::from_fn(|_| ranges.next().unwrap_or((0..0, Kind::Rodata)))
}
