// SPDX-License-Identifier: BSD-2-Clause
//! The linker script of a boot image, for the build scripts of the boards.

use crate::map;
use alloc::format;
use alloc::string::String;

/// The script.
#[must_use]
pub fn image() -> String {
    format!(
        "__secure_ram_start = {:#x};\n__secure_ram_end = {:#x};\n__load = {:#x};\n__payload_end = {:#x};\n{SCRIPT}",
        map::SECURE_RAM,
        map::SECURE_RAM + map::SECURE_RAM_SIZE,
        map::LOAD,
        map::LOAD + map::PAYLOAD_MAX,
    )
}

/// The archive stands between image and zeroed data.
const SCRIPT: &str = "
ENTRY(_start)
SECTIONS
{
    . = __load;
    __image_start = .;
    .text : { KEEP(*(.text.reset)) *(.text .text.*) . = ALIGN(4096); }
    __text_end = .;
    .rodata : { *(.rodata .rodata.*) . = ALIGN(4096); }
    .ARM.exidx : { *(.ARM.exidx*) . = ALIGN(4096); }
    __rodata_end = .;
    .data : { *(.data .data.*) . = ALIGN(4096); }
    __image_end = .;
    . = __payload_end;
    __bss_start = .;
    .bss (NOLOAD) : { *(.bss .bss.*) *(COMMON) . = ALIGN(4096); }
    __bss_end = .;
    __stacks_start = .;
    /DISCARD/ : { *(.ARM.attributes) *(.comment) *(.ARM.extab*) }
}
";
