// SPDX-License-Identifier: BSD-2-Clause
//! Makes the linker script of the image out of the board's map.

#[path = "src/map.rs"]
#[allow(dead_code, unreachable_pub, reason = "the board uses all of it, the script some")]
mod map;

fn main() {
    println!("cargo:rerun-if-changed=src/map.rs");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("arm") {
        return;
    }
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let script = format!(
        "__secure_ram_start = {ram:#x};\n__secure_ram_end = {end:#x};\n__flash_virtual = {flash:#x};\n{SCRIPT}",
        ram = map::SECURE_RAM,
        end = map::SECURE_RAM + map::SECURE_RAM_SIZE,
        flash = map::FLASH_VIRTUAL,
    );
    let path = out.join("image.ld");
    std::fs::write(&path, script).expect("the linker script can be written");
    println!("cargo:rustc-link-arg-bins=-T{}", path.display());
    println!("cargo:rustc-link-arg-bins=--gc-sections");
    println!("cargo:rustc-link-arg-bins=-zmax-page-size=4096");
}

const SCRIPT: &str = "
ENTRY(_start)
SECTIONS
{
    . = __secure_ram_start;
    __image_start = .;
    .text : { KEEP(*(.text.reset)) *(.text .text.*) . = ALIGN(4096); }
    __text_end = .;
    .rodata : { *(.rodata .rodata.*) . = ALIGN(4096); }
    .ARM.exidx : { *(.ARM.exidx*) . = ALIGN(4096); }
    __rodata_end = .;
    .data : { *(.data .data.*) . = ALIGN(4096); }
    __image_end = .;
    __bss_start = .;
    .bss (NOLOAD) : { *(.bss .bss.*) *(COMMON) . = ALIGN(4096); }
    __bss_end = .;
    __stacks_start = .;
    /DISCARD/ : { *(.ARM.attributes) *(.comment) *(.ARM.extab*) }
}
";
