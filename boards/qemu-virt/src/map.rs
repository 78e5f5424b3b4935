// SPDX-License-Identifier: BSD-2-Clause
//! Addresses of QEMU `virt` (hw/arm/virt.c) and what this project puts where. Each stands here and nowhere else.

/// Secure flash: the boot image.
pub const FLASH: u64 = 0;
/// Bytes of the secure flash.
pub const FLASH_SIZE: u64 = 64 << 20;
/// Where the kernel maps the secure flash; user addresses lie at its physical ones.
pub const FLASH_VIRTUAL: u64 = 0xF000_0000;

/// Interrupt controller, distributor.
pub const GIC_DISTRIBUTOR: u64 = 0x0800_0000;
/// Interrupt controller, CPU interface.
pub const GIC_CPU: u64 = 0x0801_0000;
/// Interrupt controller of version 3, where the machine has that one: redistributor of the first CPU.
pub const GIC_REDISTRIBUTOR: u64 = 0x080A_0000;
/// Bytes of a distributor of version 3.
pub const GIC_DISTRIBUTOR_SIZE: u64 = 0x1_0000;
/// Bytes of the redistributor of a CPU.
pub const GIC_REDISTRIBUTOR_SIZE: u64 = 0x2_0000;
/// UART of the normal world.
pub const UART_NORMAL: u64 = 0x0900_0000;
/// Clock, which both worlds reach.
pub const CLOCK: u64 = 0x0901_0000;
/// Firmware configuration device.
pub const FW_CFG: u64 = 0x0902_0000;
/// UART of the secure world.
pub const UART_SECURE: u64 = 0x0904_0000;
/// GPIO block of the secure world.
pub const GPIO_SECURE: u64 = 0x090B_0000;
/// Line of [`GPIO_SECURE`] that switches the machine off.
pub const GPIO_POWER_OFF: u32 = 0;
/// Line of [`GPIO_SECURE`] that resets the machine.
pub const GPIO_RESET: u32 = 1;
/// Slots for virtio devices, lowest first; QEMU fills them from the highest on.
pub const VIRTIO: u64 = 0x0A00_0000;
/// Bytes of a slot.
pub const VIRTIO_SIZE: u64 = 0x200;
/// Number of slots.
pub const VIRTIO_SLOTS: u64 = 32;
/// Bytes of a device block, as it is mapped.
pub const DEVICE_SIZE: u64 = 0x1000;

/// Secure RAM.
pub const SECURE_RAM: u64 = 0x0E00_0000;
/// Bytes of secure RAM.
pub const SECURE_RAM_SIZE: u64 = 16 << 20;

/// AArch64: secure RAM of EL3, at the start of all of it.
pub const EL3_RAM_SIZE: u64 = 1 << 20;
/// AArch64: where the trusted OS is loaded and entered; the rest of the secure RAM is its own.
pub const TRUSTED_OS: u64 = SECURE_RAM + EL3_RAM_SIZE;
/// AArch64: where the trusted OS maps the secure flash; a null pointer points at nothing.
pub const FLASH_VIRTUAL_A64: u64 = 0x1000_0000;

/// Normal-world RAM; the device tree lies at its start.
pub const RAM: u64 = 0x4000_0000;
/// Bytes up to which the TEE lets the device tree there grow when it adds itself.
pub const TREE_SIZE: usize = 64 << 10;
/// Bytes of RAM that are used at most.
pub const RAM_MAX: u64 = 2 << 30;
/// Reserved shared memory.
pub const RESERVED_SHM: u64 = 0x4200_0000;
/// Bytes of reserved shared memory.
pub const RESERVED_SHM_SIZE: u64 = 2 << 20;
/// Where the normal world is loaded and entered.
pub const NORMAL_ENTRY: u64 = 0x4400_0000;
/// Bytes of RAM that the normal-world kernel keeps for itself from there on.
pub const NORMAL_SIZE: u64 = 32 << 20;

/// Where the device tree of Linux is written.
pub const LINUX_TREE: u64 = 0x4300_0000;
/// Bytes of it at most.
pub const LINUX_TREE_SIZE: u64 = 1 << 20;
/// Where the initial file system of Linux is loaded; its kernel stands at [`NORMAL_ENTRY`].
pub const LINUX_FILES: u64 = 0x4800_0000;

/// Private interrupt of the secure physical timer.
pub const INTERRUPT_SECURE_TIMER: u32 = 29;
/// Private interrupt of the non-secure physical timer.
pub const INTERRUPT_NORMAL_TIMER: u32 = 30;
/// Software interrupt that the secure world keeps for itself.
pub const INTERRUPT_SECURE_SGI: u32 = 15;
/// Shared interrupt (SPI 8) of the secure UART.
pub const INTERRUPT_UART_SECURE: u32 = 32 + 8;
/// Shared interrupt (SPI 187) that tells the normal world of notifications of the TEE; no device has it.
pub const INTERRUPT_NOTIFICATION: u32 = 32 + 187;

/// Command-line file of the firmware configuration device.
pub const CMDLINE: &str = "opt/oxtee/cmdline";
/// File of the firmware configuration device with the command line of Linux.
pub const LINUX_ARGUMENTS: &str = "opt/oxtee/linux";
/// Word of the command line: the normal world is an AArch32 one, on AArch64.
pub const NORMAL_A32_WORD: &str = "normal-a32";
/// Start of the word of the command line that has Linux entered: the number of bytes of its initial file system follows.
pub const LINUX_WORD: &str = "linux=";
