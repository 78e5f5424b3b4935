// SPDX-License-Identifier: BSD-2-Clause
//! Puts the trusted OS from the flash to where its header says.

use crate::memory;
use el3::{TrustedOs, mmu};
use qemu_virt::map;
use utee_abi::opteed::{IMAGE_ANYWHERE, IMAGE_PAGEABLE, IMAGE_PAGER, find_image};

const PAGE: u64 = 4096;

/// Loads the trusted OS.
///
/// # Errors
/// What is wrong with the flash.
pub(crate) fn trusted_os() -> Result<TrustedOs, &'static str> {
    let header_at = map::FLASH + memory::own_len();
    // SAFETY: a page of the secure flash, which nobody writes.
    let header = unsafe { core::slice::from_raw_parts(header_at as *const u8, PAGE as usize) };
    let image = find_image(header, IMAGE_PAGER).ok_or("the flash holds no trusted OS for AArch64")?;
    let from = header_at + PAGE;
    let size = u64::from(image.size).next_multiple_of(16);
    let flash_end = map::FLASH + map::FLASH_SIZE;
    let end = image.address.checked_add(size).ok_or("the trusted OS does not fit")?;
    if image.address < map::TRUSTED_OS || image.address % 16 != 0 || end > map::SECURE_RAM + map::SECURE_RAM_SIZE {
        return Err("the trusted OS is not made for the secure RAM of this board");
    }
    if from + size > flash_end {
        return Err("the trusted OS does not end in the flash");
    }
    for offset in (0..size).step_by(8) {
        // SAFETY: inside the flash, and inside the secure RAM of the trusted OS, which does not run yet; both are aligned.
        unsafe { ((image.address + offset) as *mut u64).write_volatile(((from + offset) as *const u64).read_volatile()) };
    }
    // It starts with its caches off.
    mmu::clean(image.address..image.address + size);
    let pageable = match find_image(header, IMAGE_PAGEABLE) {
        Some(part) if part.address != IMAGE_ANYWHERE => return Err("the pageable part wants to be loaded"),
        Some(_) => from + u64::from(image.size).next_multiple_of(PAGE),
        None => 0,
    };
    Ok(TrustedOs { entry: image.address, args: [pageable, 0, map::RAM, 0] })
}
