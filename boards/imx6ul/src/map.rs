// SPDX-License-Identifier: BSD-2-Clause
//! What this project puts where in the 512 MB of these boards. The addresses of the chip stand in `drivers::imx6::map`.

use drivers::imx6::map::DDR;

/// Secure RAM: 32 MB in the middle, so that what is left is few windows of the TZASC.
pub const SECURE_RAM: u32 = DDR.base() + (256 << 20);
/// Bytes of secure RAM.
pub const SECURE_RAM_SIZE: u32 = 32 << 20;
/// Where the payload of the `.imx` is loaded: the monitor, behind it the boot archive. The header of the `.imx` stands below.
pub const LOAD: u32 = SECURE_RAM + (64 << 10);
/// Bytes of the payload at most; zeroed data, stacks, heap and the memory of TAs follow.
pub const PAYLOAD_MAX: u32 = (8 << 20) - (LOAD - SECURE_RAM);

/// Base and size in bytes of the RAM that the normal world has: powers of two, at multiples of themselves.
pub const NORMAL_WINDOWS: [(u32, u32); 4] = [
    (DDR.base(), 256 << 20),
    (SECURE_RAM + (32 << 20), 32 << 20),
    (SECURE_RAM + (64 << 20), 64 << 20),
    (SECURE_RAM + (128 << 20), 128 << 20),
];
/// Start of the RAM of the normal world.
pub const NORMAL_RAM: u64 = DDR.base() as u64;
/// Reserved shared memory.
pub const RESERVED_SHM: u64 = NORMAL_RAM + (32 << 20);
/// Bytes of reserved shared memory.
pub const RESERVED_SHM_SIZE: u64 = 2 << 20;
/// Where the device tree of the normal world is written.
pub const NORMAL_TREE: u64 = NORMAL_RAM + (48 << 20);
/// RAM of the normal world that its kernel does not use: packets of the secure world for a DCP that speaks for the normal world.
pub const LENT_JOBS: u64 = NORMAL_TREE - (1 << 20);
/// Where the normal world is loaded and entered.
pub const NORMAL_ENTRY: u64 = NORMAL_RAM + (64 << 20);
/// Bytes of RAM that the normal-world kernel keeps for itself from there on.
pub const NORMAL_SIZE: u64 = 32 << 20;

/// The kernel maps devices this much above their physical addresses, where user addresses are.
pub const DEVICES_OFFSET: u32 = 0xF000_0000;

/// Software interrupt that the secure world keeps for itself.
pub const INTERRUPT_SECURE_SGI: u32 = 15;

const _: () = {
    let [(_, first), (second, _), ..] = NORMAL_WINDOWS;
    assert!(DDR.base() + first == SECURE_RAM && SECURE_RAM + SECURE_RAM_SIZE == second, "the windows leave the secure RAM out");
};
