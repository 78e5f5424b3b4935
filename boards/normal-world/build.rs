// SPDX-License-Identifier: BSD-2-Clause
//! Makes the linker script of the kernel out of the map of its family of boards: QEMU `virt`, or with feature `imx6` the i.MX6 ones.

#[path = "src/layout.rs"]
#[allow(dead_code, unreachable_pub, reason = "the kernel uses all of it, the script some")]
mod layout;

fn main() {
    println!("cargo:rerun-if-changed=src/layout.rs");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (entry, size) = match std::env::var_os("CARGO_FEATURE_IMX6") {
        Some(_) => (imx6ul::map::NORMAL_ENTRY, imx6ul::map::NORMAL_SIZE),
        None => (qemu_virt::map::NORMAL_ENTRY, qemu_virt::map::NORMAL_SIZE),
    };
    let script = format!(
        "__entry = {entry:#x};\n__memory_end = {:#x};\n__stacks_size = {:#x};\n{SCRIPT}",
        entry + size,
        layout::STACKS * layout::STACK_SLOT,
    );
    let path = out.join("normal.ld");
    std::fs::write(&path, script).expect("the linker script can be written");
    println!("cargo:rustc-link-arg-bins=-T{}", path.display());
    println!("cargo:rustc-link-arg-bins=--gc-sections");
    println!("cargo:rustc-link-arg-bins=-zmax-page-size=4096");
}

const SCRIPT: &str = "
ENTRY(_start)
SECTIONS
{
    . = __entry;
    .text : { KEEP(*(.text.reset)) *(.text .text.*) . = ALIGN(4096); }
    __text_end = .;
    .rodata : { *(.rodata .rodata.*) . = ALIGN(4096); }
    .ARM.exidx : { *(.ARM.exidx*) . = ALIGN(4096); }
    __rodata_end = .;
    .data : { *(.data .data.*) *(.got .got.*) . = ALIGN(4096); }
    __bss_start = .;
    .bss (NOLOAD) : { *(.bss .bss.*) *(COMMON) . = ALIGN(4096); }
    __bss_end = .;
    __stacks_start = .;
    . += __stacks_size;
    . = ALIGN(0x100000);
    __memory_start = .;
    /DISCARD/ : { *(.ARM.attributes) *(.comment) *(.ARM.extab*) *(.eh_frame*) }
}
";
