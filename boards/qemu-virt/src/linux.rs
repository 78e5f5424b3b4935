// SPDX-License-Identifier: BSD-2-Clause
//! Linux as the normal world: its device tree. The kernel and its files were put into RAM by the emulator.

use crate::board::QemuVirt;
use core::ops::Range;
use drivers::device_tree::DeviceTree;
use drivers::device_tree::linux::{Linux, for_linux};
use drivers::fw_cfg::FwCfg;
use monitor::panic;
use qemu_virt::map;
use sha2::{Digest, Sha256};
use tee_arch::cache::{Maintenance, maintain};

/// Longest command line of Linux, in bytes.
const ARGUMENTS: usize = 1024;

/// Writes the device tree of Linux into RAM and wipes the emulator's, with the seeds that are in it; gives its address.
///
/// `size` is the number of bytes of the initial file system, `seed` what the secure world made of the emulator's seeds.
///
/// # Safety
/// RAM is mapped at its physical addresses, nobody else runs, and nobody uses the tree at its start again.
pub(crate) unsafe fn hand_over(config: FwCfg, ram: &Range<u64>, size: u64, reserved: Range<u64>, seed: &[u8; 32]) -> u64 {
    let mut arguments = [0; ARGUMENTS];
    let len = config.find(map::LINUX_ARGUMENTS).map_or(0, |file| config.read_file(file, &mut arguments));
    let arguments = arguments.get(..len).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default();
    // Another hash than the secure world's own seed, so that Linux cannot tell that one.
    let seed = Sha256::new().chain_update(b"normal world").chain_update(seed).finalize();
    let files = map::LINUX_FILES..map::LINUX_FILES.saturating_add(size);
    if files.end > ram.end {
        stop("its initial file system does not fit into RAM");
    }
    let linux = Linux {
        arguments: arguments.trim_end_matches('\0'),
        initial_files: files,
        reserved,
        notification: Some(map::INTERRUPT_NOTIFICATION),
        seed: &seed,
    };
    // SAFETY: the caller's.
    let tree = unsafe { DeviceTree::at(map::RAM as usize) };
    let Some(bytes) = tree.and_then(|tree| for_linux(tree, &linux)) else { stop("the emulator's device tree is not fit for it") };
    if bytes.len() as u64 > map::LINUX_TREE_SIZE {
        stop("its device tree is too long");
    }
    let old = tree.map_or(0, |tree| tree.bytes().len());
    let target = map::LINUX_TREE as usize;
    // SAFETY: both ranges are RAM that is mapped, do not overlap, and hold nothing that anybody uses; Linux starts with
    // its caches off, so that all of it has to be in memory.
    unsafe {
        core::ptr::write_bytes(map::RAM as usize as *mut u8, 0, old);
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), target as *mut u8, bytes.len());
        maintain(map::RAM as usize, old, Maintenance::Clean);
        maintain(target, bytes.len(), Maintenance::Clean);
    }
    map::LINUX_TREE
}

fn stop(why: &str) -> ! {
    panic::stop(&QemuVirt::console_only(), format_args!("Linux cannot be started: {why}"))
}
