// SPDX-License-Identifier: BSD-2-Clause
//! Access rights, mappings, the heap, and floating-point registers.

use crate::checks::Checks;
use alloc::vec::Vec;
use core::arch::asm;
use core::hint::black_box;
use core::ptr;
use core::sync::atomic::AtomicU32;
use hello_world::proto as hello;
use utee::memory::{AccessFlags, check_access_rights};
use utee::session::{Argument, Session};
use utee::system::{Mapping, Sharing, add_entropy};
use utee::utee_abi::sysnum::Syscall;
use utee::{Result, TeeError, heap as ta_heap};

const READ: AccessFlags = AccessFlags::READ;
const WRITE: AccessFlags = AccessFlags::WRITE;

static DATA: AtomicU32 = AtomicU32::new(1);

pub(crate) fn rights(checks: &mut Checks) -> Result<()> {
    let denied = Err(TeeError::ACCESS_DENIED);
    let local = 0u32;
    let (stack, data) = (ptr::from_ref(&local).cast::<u8>(), DATA.as_ptr().cast_const().cast::<u8>());
    let code = rights as fn(&mut Checks) -> Result<()> as usize as *const u8;
    for address in [stack, data] {
        checks.equal(check_access_rights(READ | WRITE, address, 4), Ok(()));
        checks.equal(check_access_rights(READ | AccessFlags::ANY_OWNER, address, 4), Ok(()));
        checks.equal(check_access_rights(READ | AccessFlags::SECURE, address, 4), Ok(()));
        checks.equal(check_access_rights(READ | AccessFlags::NONSECURE, address, 4), denied);
    }
    checks.equal(check_access_rights(READ, code, 4), Ok(()));
    checks.equal(check_access_rights(WRITE, code, 4), denied);
    checks.equal(check_access_rights(READ, ptr::null(), 4), denied);
    checks.equal(check_access_rights(READ, ptr::null(), 0), Ok(()));
    checks.equal(check_access_rights(READ, data, usize::MAX), denied);
    checks.equal(check_access_rights(READ, stack, 1 << 20), denied);
    Ok(())
}

pub(crate) fn mappings(checks: &mut Checks) -> Result<()> {
    let denied = Err(TeeError::ACCESS_DENIED);
    let mut private = Mapping::new(8192, Sharing::Private)?;
    checks.holds(private.as_slice().iter().all(|byte| *byte == 0));
    private.as_mut_slice().fill(0x5A);
    checks.holds(private.as_slice().iter().all(|byte| *byte == 0x5A));
    let base = private.as_slice().as_ptr();
    checks.equal(check_access_rights(READ | WRITE, base, 8192), Ok(()));
    drop(private);
    checks.equal(check_access_rights(READ | AccessFlags::ANY_OWNER, base, 1), denied);
    let again = Mapping::new(8192, Sharing::Private)?;
    checks.holds(again.as_slice().iter().all(|byte| *byte == 0));

    let mut shareable = Mapping::new(4096, Sharing::Shareable)?;
    let base = shareable.as_slice().as_ptr();
    checks.equal(check_access_rights(READ, base, 4096), denied);
    checks.equal(check_access_rights(READ | WRITE | AccessFlags::ANY_OWNER, base, 4096), Ok(()));
    let bytes = shareable.as_mut_slice().get_mut(..3).ok_or(TeeError::GENERIC)?;
    bytes.copy_from_slice(b"xyz");
    let mut size = 0;
    Session::open(&hello::UUID)?.invoke(hello::REVERSE, &mut [Argument::MemrefInout(bytes, &mut size)])?;
    checks.equal((&*bytes, size), (b"zyx".as_slice(), 3));

    checks.equal(Mapping::new(1 << 30, Sharing::Private).map(|_| ()), Err(TeeError::OUT_OF_MEMORY));
    checks.equal(add_entropy(b"not much"), Ok(()));
    Ok(())
}

pub(crate) fn heap(checks: &mut Checks) -> Result<()> {
    let before = ta_heap::statistics();
    checks.holds(before.size >= 65_536);
    let mut block: Vec<u8> = Vec::new();
    checks.holds(block.try_reserve_exact(before.size).is_err());
    let failed = ta_heap::statistics();
    checks.equal((failed.failures, failed.biggest_failure), (before.failures + 1, before.size));
    checks.holds(block.try_reserve_exact(32_768).is_ok());
    checks.equal(ta_heap::statistics().allocated, before.allocated + 32_768);
    block.resize(32_768, 7);
    checks.holds(block.iter().all(|byte| *byte == 7));
    drop(block);
    checks.equal(ta_heap::statistics().allocated, before.allocated);

    // SAFETY: each block is from `allocate`, is written within its size, and is freed once.
    unsafe {
        let first = ta_heap::allocate(10, 256, ta_heap::Fill::Zero);
        checks.equal(first.addr() % 256, 0);
        first.write_bytes(3, 10);
        let second = ta_heap::reallocate(first, 1000);
        checks.equal((second.read(), second.add(9).read(), second.add(10).read()), (3, 3, 0));
        ta_heap::free(second);
    }
    checks.equal(ta_heap::statistics().allocated, before.allocated);
    Ok(())
}

/// All floating-point registers keep their values while the kernel sleeps for this TA and the normal world runs.
pub(crate) fn floating_point(checks: &mut Checks) -> Result<()> {
    for round in 0..3u32 {
        let before: [u64; 16] = core::array::from_fn(|index| 0x0101_0101_0101_0101 * (index as u64 + 16 * u64::from(round)));
        let (result, after) = wait_with_registers(&before);
        checks.equal(result, 0);
        checks.equal(after, before);
    }
    checks.equal(black_box(2.0f64) / black_box(8.0), 0.25);
    checks.equal(black_box(1.0f32) * black_box(0.5), 0.5);
    Ok(())
}

/// Waits two milliseconds with `values` in d0 to d15; the result of the wait, and what is there then.
#[cfg(target_arch = "aarch64")]
fn wait_with_registers(values: &[u64; 16]) -> (u32, [u64; 16]) {
    let mut after = [0u64; 16];
    let mut result = 2u64;
    // SAFETY: reads `values`, writes `after`; the system call touches no memory of this TA.
    unsafe {
        asm!(
            "ldp d0, d1, [x9]",
            "ldp d2, d3, [x9, #16]",
            "ldp d4, d5, [x9, #32]",
            "ldp d6, d7, [x9, #48]",
            "ldp d8, d9, [x9, #64]",
            "ldp d10, d11, [x9, #80]",
            "ldp d12, d13, [x9, #96]",
            "ldp d14, d15, [x9, #112]",
            "svc #0",
            "stp d0, d1, [x10]",
            "stp d2, d3, [x10, #16]",
            "stp d4, d5, [x10, #32]",
            "stp d6, d7, [x10, #48]",
            "stp d8, d9, [x10, #64]",
            "stp d10, d11, [x10, #80]",
            "stp d12, d13, [x10, #96]",
            "stp d14, d15, [x10, #112]",
            in("x8") u64::from(Syscall::Wait.raw()),
            in("x9") values.as_ptr(),
            in("x10") after.as_mut_ptr(),
            inout("x0") result,
            clobber_abi("C"),
            out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _, out("d14") _, out("d15") _,
        );
    }
    (result as u32, after)
}

/// Waits two milliseconds with `values` in d0 to d15; the result of the wait, and what is there then.
#[cfg(target_arch = "arm")]
fn wait_with_registers(values: &[u64; 16]) -> (u32, [u64; 16]) {
    let mut after = [0u64; 16];
    let mut result = 2u32;
    // SAFETY: reads `values`, writes `after`; the system call touches no memory of this TA. r6 is the count of further
    // words, and not for the compiler to give.
    unsafe {
        asm!(
            "mov r4, r6",
            "vldmia r8, {{d0-d15}}",
            "mov r6, #0",
            "svc #0",
            "mov r6, r4",
            "vstmia r10, {{d0-d15}}",
            in("r8") values.as_ptr(),
            in("r10") after.as_mut_ptr(),
            out("r4") _, out("r1") _, out("r2") _, out("r3") _, out("r12") _, out("lr") _,
            in("r7") Syscall::Wait.raw(),
            inout("r0") result,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _, out("d14") _, out("d15") _,
        );
    }
    (result, after)
}
