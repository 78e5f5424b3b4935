// SPDX-License-Identifier: BSD-2-Clause
//! Arm semihosting: ending an emulator with a status. On hardware without a debugger the call faults.

/// Ends the emulator with this exit status.
///
/// # Safety
/// Only where something serves semihosting calls; elsewhere the instruction is a plain supervisor call.
#[cfg(target_arch = "arm")]
pub unsafe fn exit(status: u32) -> ! {
    const SYS_EXIT_EXTENDED: u32 = 0x20;
    const APPLICATION_EXIT: u32 = 0x2_0026;
    let block = [APPLICATION_EXIT, status];
    loop {
        // SAFETY: the caller says that the call is served.
        unsafe {
            core::arch::asm!("svc #0x123456", in("r0") SYS_EXIT_EXTENDED, in("r1") block.as_ptr(), lateout("lr") _);
        }
    }
}

/// Ends the emulator with this exit status.
///
/// # Safety
/// Only where something serves semihosting calls; elsewhere the instruction is undefined.
#[cfg(target_arch = "aarch64")]
pub unsafe fn exit(status: u32) -> ! {
    const SYS_EXIT: u64 = 0x18;
    const APPLICATION_EXIT: u64 = 0x2_0026;
    let block = [APPLICATION_EXIT, u64::from(status)];
    loop {
        // SAFETY: the caller says that the call is served.
        unsafe {
            core::arch::asm!("hlt #0xf000", in("x0") SYS_EXIT, in("x1") block.as_ptr());
        }
    }
}
