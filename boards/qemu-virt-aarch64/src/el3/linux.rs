// SPDX-License-Identifier: BSD-2-Clause
//! Linux as the normal world: its device tree. The kernel and its files were put into RAM by the emulator.

use crate::board::stop;
use drivers::device_tree::DeviceTree;
use drivers::device_tree::linux::{Linux, for_linux};
use drivers::fw_cfg::FwCfg;
use el3::mmu;
use qemu_virt::map;
use sha2::{Digest, Sha256};

/// Longest command line of Linux, in bytes.
const ARGUMENTS: usize = 1024;
/// Bytes of the emulator's tree that are hashed for a seed: its structure, in which QEMU puts seeds of its own, lies there.
const TREE_HASHED: usize = 16 << 10;

/// Writes the device tree of Linux into RAM and wipes the emulator's, with the seeds that are in it; gives its address.
/// A trusted OS that has put itself into that tree stays as it stands there; for another one the usual words are added.
///
/// `size` is the number of bytes of the initial file system.
///
/// # Safety
/// At EL3 with the memory of the normal world mapped; the trusted OS has booted, and nobody else uses the normal world's RAM yet.
pub(crate) unsafe fn hand_over(config: FwCfg, size: u64) -> u64 {
    let mut arguments = [0; ARGUMENTS];
    let len = config.find(map::LINUX_ARGUMENTS).map_or(0, |file| config.read_file(file, &mut arguments));
    let arguments = arguments.get(..len).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default();
    // SAFETY: the caller's.
    let Some(tree) = (unsafe { DeviceTree::at(map::RAM as usize) }) else { stop(format_args!("there is no device tree for Linux")) };
    let ram = tree.ram().unwrap_or(0..0);
    let files = map::LINUX_FILES..map::LINUX_FILES.saturating_add(size);
    if files.end > ram.end {
        stop(format_args!("the initial file system of Linux ends at {:#x} and RAM at {:#x}", files.end, ram.end));
    }
    // Another hash than the trusted OS's own seed, so that Linux cannot tell that one.
    let old = tree.bytes();
    let seed = Sha256::new().chain_update(b"normal world").chain_update(old.get(..TREE_HASHED).unwrap_or(old)).finalize();
    let linux = Linux {
        arguments: arguments.trim_end_matches('\0'),
        initial_files: files,
        reserved: map::RESERVED_SHM..map::RESERVED_SHM + map::RESERVED_SHM_SIZE,
        notification: Some(map::INTERRUPT_NOTIFICATION),
        seed: &seed,
    };
    let Some(bytes) = for_linux(tree, &linux) else { stop(format_args!("the emulator's device tree is not fit for Linux")) };
    if bytes.len() as u64 > map::LINUX_TREE_SIZE {
        stop(format_args!("the device tree of Linux is too long"));
    }
    let (old, new) = (map::RAM..map::RAM + old.len() as u64, map::LINUX_TREE..map::LINUX_TREE + bytes.len() as u64);
    // SAFETY: both ranges are RAM, do not overlap, and hold nothing that anybody uses.
    unsafe {
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), new.start as usize as *mut u8, bytes.len());
        core::ptr::write_bytes(old.start as usize as *mut u8, 0, (old.end - old.start) as usize);
    }
    // The kernel starts with its caches off.
    mmu::clean(new);
    mmu::clean(old);
    map::LINUX_TREE
}
