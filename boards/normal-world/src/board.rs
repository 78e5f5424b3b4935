// SPDX-License-Identifier: BSD-2-Clause
//! The machine that this kernel runs on. Where it was linked says which family of boards that is; the device tree says the rest.

use crate::console;
use core::ops::Range;
use drivers::device_tree::DeviceTree;
use drivers::device_tree::bare::{ENFORCED, ISOLATION};
use drivers::imx6;
use imx6ul::map as imx;
use qemu_virt::map as virt;
use spin::Once;

/// A family of boards.
pub(crate) struct Board {
    /// RAM that is mapped, this kernel's own at its end.
    pub(crate) ram: Range<u64>,
    /// Where this kernel starts.
    pub(crate) entry: u64,
    /// Reserved shared memory.
    pub(crate) reserved_shm: Range<u64>,
    /// Devices, the secure world's among them.
    pub(crate) devices: &'static [Range<u64>],
    /// Distributor and CPU interface of the interrupt controller.
    pub(crate) gic: [u64; 2],
    /// First redistributor of an interrupt controller of version 3, which some machines have instead.
    pub(crate) gic_redistributor: Option<u64>,
    /// The secure world's RAM, all of it.
    pub(crate) secure_ram: Range<u64>,
    /// Memory and devices of the secure world that are tried from here, by name.
    pub(crate) secure: &'static [(&'static str, u64)],
    /// A device of the secure world, where its kernel maps it.
    pub(crate) secure_device: u32,
    /// A device of this world.
    pub(crate) device: u64,
    /// QEMU's firmware configuration device.
    pub(crate) fw_cfg: Option<u64>,
    /// First slot of the virtio devices.
    pub(crate) virtio: Option<u64>,
    /// The console before the device tree was read.
    pub(crate) console: console::Port,
    /// Private interrupt of this world's timer.
    pub(crate) normal_timer: u32,
    /// Private interrupt of the secure world's timer.
    pub(crate) secure_timer: u32,
    /// Software interrupt of the secure world.
    pub(crate) secure_sgi: u32,
    /// The interrupt that tells of notifications.
    pub(crate) notification: u32,
}

const fn device(block: imx6::map::Block) -> Range<u64> {
    block.base() as u64..block.base() as u64 + block.size() as u64
}

static VIRT: Board = Board {
    ram: virt::RAM..virt::NORMAL_ENTRY + virt::NORMAL_SIZE,
    entry: virt::NORMAL_ENTRY,
    reserved_shm: virt::RESERVED_SHM..virt::RESERVED_SHM + virt::RESERVED_SHM_SIZE,
    devices: &[virt::GIC_DISTRIBUTOR..virt::VIRTIO + virt::VIRTIO_SLOTS * virt::VIRTIO_SIZE, virt::FLASH..virt::FLASH + 1],
    gic: [virt::GIC_DISTRIBUTOR, virt::GIC_CPU],
    gic_redistributor: Some(virt::GIC_REDISTRIBUTOR),
    secure_ram: virt::SECURE_RAM..virt::SECURE_RAM + virt::SECURE_RAM_SIZE,
    secure: &[
        ("kernel memory", virt::SECURE_RAM + 0x1000),
        ("TA memory", virt::SECURE_RAM + virt::SECURE_RAM_SIZE - 0x1000),
        ("boot flash", virt::FLASH + 0x1000),
        ("secure UART", virt::UART_SECURE),
    ],
    secure_device: virt::UART_SECURE as u32,
    device: virt::UART_NORMAL,
    fw_cfg: Some(virt::FW_CFG),
    virtio: Some(virt::VIRTIO),
    console: console::Port::Pl011(virt::UART_NORMAL),
    normal_timer: virt::INTERRUPT_NORMAL_TIMER,
    secure_timer: virt::INTERRUPT_SECURE_TIMER,
    secure_sgi: virt::INTERRUPT_SECURE_SGI,
    notification: virt::INTERRUPT_NOTIFICATION,
};

static IMX6: Board = Board {
    ram: imx::NORMAL_RAM..imx::NORMAL_ENTRY + imx::NORMAL_SIZE,
    entry: imx::NORMAL_ENTRY,
    reserved_shm: imx::RESERVED_SHM..imx::RESERVED_SHM + imx::RESERVED_SHM_SIZE,
    devices: &[
        device(imx6::map::OCRAM),
        device(imx6::map::GIC_DISTRIBUTOR).start..device(imx6::map::GIC_CPU).end,
        device(imx6::map::UART1).start..device(imx6::map::RNGB).end,
    ],
    gic: [device(imx6::map::GIC_DISTRIBUTOR).start, device(imx6::map::GIC_CPU).start],
    gic_redistributor: None,
    secure_ram: imx::SECURE_RAM as u64..imx::SECURE_RAM as u64 + imx::SECURE_RAM_SIZE as u64,
    secure: &[
        ("kernel memory", imx::LOAD as u64 + 0x1000),
        ("TA memory", imx::SECURE_RAM as u64 + imx::SECURE_RAM_SIZE as u64 - 0x1000),
        ("on-chip RAM", device(imx6::map::OCRAM).end - 0x1000),
        ("central security unit", device(imx6::map::CSU).start),
        ("address space controller", device(imx6::map::TZASC).start),
        ("fuses", device(imx6::map::OCOTP).start),
    ],
    secure_device: imx::DEVICES_OFFSET + imx6::map::CSU.base(),
    device: device(imx6::map::USDHC1).start,
    fw_cfg: None,
    virtio: None,
    console: console::Port::Imx(imx6::map::UART1),
    normal_timer: imx6::interrupt::NORMAL_TIMER,
    secure_timer: imx6::interrupt::SECURE_TIMER,
    secure_sgi: imx::INTERRUPT_SECURE_SGI,
    notification: imx6::interrupt::FREE,
};

unsafe extern "C" {
    static __entry: u8;
}

/// This one.
pub(crate) fn board() -> &'static Board {
    let entry = (&raw const __entry).addr() as u64;
    if entry == IMX6.entry { &IMX6 } else { &VIRT }
}

impl Board {
    /// The first word of the secure kernel that is tried.
    pub(crate) fn secure_kernel(&self) -> u64 {
        self.secure.first().map_or(self.secure_ram.start, |(_, address)| *address)
    }
}

static TREE: Once<Option<DeviceTree<'static>>> = Once::new();

/// Looks for the device tree, once RAM is mapped.
pub(crate) fn init(tree: u32) {
    let inside = board().ram.contains(&u64::from(tree));
    // SAFETY: RAM of this world that is mapped; whoever entered this kernel says that a tree is there, and nobody writes it.
    TREE.call_once(|| inside.then(|| unsafe { DeviceTree::at(tree as usize) }).flatten());
}

/// The device tree.
pub(crate) fn tree() -> Option<DeviceTree<'static>> {
    TREE.get().copied().flatten()
}

/// Whether the machine refuses this world what is the secure world's. QEMU `virt` does; other boards' trees say so.
pub(crate) fn is_isolated() -> bool {
    tree().and_then(|tree| tree.chosen(ISOLATION)).is_none_or(|text| text == ENFORCED)
}
