// SPDX-License-Identifier: BSD-2-Clause
//! Attacks on memory and on the CPU. None of the accesses is sound Rust, and that is the point: the MMU must stop them.

use core::arch::asm;
use core::hint::black_box;
use core::ptr;
use utee::{Result, TeeError};

/// What another instance is to find out.
static SECRET: [u32; 4] = [0x5EC2_E700, 1, 2, 3];

/// An instruction: `bx lr`.
#[cfg(target_arch = "arm")]
const RETURN: u32 = 0xE12F_FF1E;
/// An instruction: `ret`.
#[cfg(target_arch = "aarch64")]
const RETURN: u32 = 0xD65F_03C0;

/// Instructions in data.
static mut DATA: [u32; 2] = [RETURN; 2];

fn pointer(address: u32) -> *mut u32 {
    ptr::with_exposed_provenance_mut(address as usize)
}

pub(crate) fn secret() -> u32 {
    (&raw const SECRET).expose_provenance() as u32
}

pub(crate) fn read(address: u32) -> u32 {
    // SAFETY: none; the kernel ends the TA here, or the address is the TA's own.
    unsafe { pointer(address).read_volatile() }
}

pub(crate) fn write(address: u32, word: u32) {
    // SAFETY: none, as in `read`.
    unsafe { pointer(address).write_volatile(word) };
}

pub(crate) fn write_code() {
    write(write_code as fn() as usize as u32, RETURN);
}

fn call(address: u32) {
    // SAFETY: none, as in `read`; should it be executable, it returns or does what it likes.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("blx {address}", address = in(reg) address, clobber_abi("C"));
        #[cfg(target_arch = "aarch64")]
        asm!("blr {address}", address = in(reg) u64::from(address), clobber_abi("C"));
    }
}

pub(crate) fn run_data() {
    call((&raw mut DATA).expose_provenance() as u32);
}

pub(crate) fn jump(address: u32) {
    call(address);
}

/// Recurses until the stack is over, and counts.
#[inline(never)]
pub(crate) fn recurse(depth: u32) -> u32 {
    let frame = black_box([depth; 32]);
    let deeper = if black_box(true) { recurse(depth.wrapping_add(1)) } else { 0 };
    black_box(frame)[0].wrapping_add(deeper)
}

pub(crate) fn undefined() -> ! {
    // SAFETY: the kernel ends the TA here.
    unsafe { asm!("udf #0", options(noreturn)) }
}

/// A branch through a register to what is a landing pad or not.
pub(crate) fn branch(pad: bool) {
    // SAFETY: either way it goes on behind the branch, or the kernel ends the TA here.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        if pad {
            asm!("adr {to}, 2f", "br {to}", "2:", "hint #36", to = out(reg) _); // bti j
        } else {
            asm!("adr {to}, 2f", "br {to}", "2:", "nop", to = out(reg) _);
        }
    }
    #[cfg(target_arch = "arm")]
    let _ = pad;
}

/// A branch to what a pointer says that was signed or not, once the CPU has authenticated it.
pub(crate) fn follow(signed: bool) {
    // SAFETY: pacia1716 and autia1716. Either way it goes on behind the branch, or the kernel ends the TA here.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        if signed {
            asm!("adr x17, 2f", "mov x16, #1234", "hint #8", "hint #12", "br x17", "2:", "hint #36", out("x16") _, out("x17") _);
        } else {
            asm!("adr x17, 2f", "mov x16, #1234", "hint #12", "br x17", "2:", "hint #36", out("x16") _, out("x17") _);
        }
    }
    #[cfg(target_arch = "arm")]
    let _ = signed;
}

/// Instructions of privileged modes, all of which are undefined in user mode.
#[cfg(target_arch = "aarch64")]
pub(crate) fn privileged(which: u32) -> Result<()> {
    // SAFETY: none; the kernel ends the TA here.
    unsafe {
        match which {
            0 => asm!("mrs {}, sctlr_el1", out(reg) _),
            1 => asm!("smc #0", clobber_abi("C")),
            2 => asm!("msr daifset, #15"),
            3 => asm!("tlbi vmalle1"),
            _ => return Err(TeeError::BAD_PARAMETERS),
        }
    }
    Err(TeeError::SECURITY)
}

/// Instructions of privileged modes: the first two are undefined in user mode, the others have no effect there.
#[cfg(target_arch = "arm")]
pub(crate) fn privileged(which: u32) -> Result<()> {
    let before = mode();
    // SAFETY: user mode may not do what these do; the check below sees to the rest.
    unsafe {
        match which {
            0 => asm!("mrc p15, 0, {0}, c1, c0, 0", out(reg) _),
            1 => asm!(".arch_extension sec", "smc #0", clobber_abi("C")),
            2 => asm!("cps #0x13"),
            3 => asm!("msr cpsr_c, #0xd3"),
            _ => return Err(TeeError::BAD_PARAMETERS),
        }
    }
    if mode() == before { Ok(()) } else { Err(TeeError::SECURITY) }
}

/// Mode and interrupt masks of the CPU.
#[cfg(target_arch = "arm")]
fn mode() -> u32 {
    let cpsr: u32;
    // SAFETY: reading the status register changes nothing.
    unsafe { asm!("mrs {0}, cpsr", out(reg) cpsr) };
    cpsr & 0xDF
}
