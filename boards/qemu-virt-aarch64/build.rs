// SPDX-License-Identifier: BSD-2-Clause
//! Makes the linker scripts of both images out of the board's map.

#[path = "../qemu-virt/src/map.rs"]
#[allow(dead_code, unreachable_pub, reason = "the board uses all of it, the scripts some")]
mod map;

fn main() {
    println!("cargo:rerun-if-changed=../qemu-virt/src/map.rs");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let end = map::SECURE_RAM + map::SECURE_RAM_SIZE;
    for (bin, start, end) in [("qemu-virt-aarch64", map::TRUSTED_OS, end), ("qemu-virt-aarch64-el3", map::SECURE_RAM, map::TRUSTED_OS)] {
        let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
        let script = format!("__secure_ram_start = {start:#x};\n__secure_ram_end = {end:#x};\n{SCRIPT}");
        let path = out.join(format!("{bin}.ld"));
        std::fs::write(&path, script).expect("the linker script can be written");
        println!("cargo:rustc-link-arg-bin={bin}=-T{}", path.display());
    }
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
    __rodata_end = .;
    .data : { *(.data .data.*) *(.got .got.*) . = ALIGN(4096); }
    __image_end = .;
    __bss_start = .;
    .bss (NOLOAD) : { *(.bss .bss.*) *(COMMON) . = ALIGN(4096); }
    __bss_end = .;
    __stacks_start = .;
    /DISCARD/ : { *(.comment) *(.eh_frame*) *(.note.gnu.property) }
}
";
