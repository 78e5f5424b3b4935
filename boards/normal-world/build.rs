// SPDX-License-Identifier: BSD-2-Clause
//! Makes the linker script of the kernel out of the board's map.

#[path = "../qemu-virt/src/map.rs"]
#[allow(dead_code, unreachable_pub, reason = "the boards use all of it, the script some")]
mod map;

#[path = "src/layout.rs"]
#[allow(dead_code, unreachable_pub, reason = "the kernel uses all of it, the script some")]
mod layout;

fn main() {
    println!("cargo:rerun-if-changed=../qemu-virt/src/map.rs");
    println!("cargo:rerun-if-changed=src/layout.rs");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("arm") {
        return;
    }
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let script = format!(
        "__entry = {:#x};\n__memory_end = {:#x};\n__stacks_size = {:#x};\n{SCRIPT}",
        map::NORMAL_ENTRY,
        map::NORMAL_ENTRY + map::NORMAL_SIZE,
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
    .data : { *(.data .data.*) . = ALIGN(4096); }
    __bss_start = .;
    .bss (NOLOAD) : { *(.bss .bss.*) *(COMMON) . = ALIGN(4096); }
    __bss_end = .;
    __stacks_start = .;
    . += __stacks_size;
    . = ALIGN(0x100000);
    __memory_start = .;
    /DISCARD/ : { *(.ARM.attributes) *(.comment) *(.ARM.extab*) }
}
";
