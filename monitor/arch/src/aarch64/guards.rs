// SPDX-License-Identifier: BSD-2-Clause
//! What a CPU may have against code that was taken over, what of it is in use, and the proof that it holds.
//!
//! | feature | what it stops | who has it |
//! | --- | --- | --- |
//! | PAN | the kernel's accesses to memory of TAs by their addresses | the kernel |
//! | pointer authentication | returns to addresses that were overwritten | code that was compiled so, in TAs and kernel ([`super::pauth`]) |
//! | BTI | indirect branches to anything but landing pads | TAs whose files say so; the kernel, if it was compiled so |

use super::{mmu, pauth, probe, space, sysreg};
use crate::frames::SecureFrames;
use core::sync::atomic::{AtomicU8, Ordering};

/// The kernel and everything in it was compiled with `-Zbranch-protection=bti,pac-ret`: whoever gives that option says so.
const COMPILED: bool = cfg!(oxtee_branch_protection);

/// What [`prove`] found, a bit for each of [`NAMES`].
static PROVEN: AtomicU8 = AtomicU8::new(0);

/// Names of what there may be, for the banner.
const NAMES: [&str; 4] = ["PAN", "pointer authentication for TAs", "pointer authentication in the kernel", "landing pads in the kernel"];

/// Random bytes that [`set_key`] wants; none on a CPU without pointer authentication.
pub fn key_bytes() -> usize {
    if pauth::is_there() { pauth::KERNEL_KEY } else { 0 }
}

/// Gives the kernel a key of random bytes, before [`begin`]. Too few are taken with zeros behind them.
pub fn set_key(random: &[u8]) {
    let mut key = [0; pauth::KERNEL_KEY];
    for (to, from) in key.iter_mut().zip(random) {
        *to = *from;
    }
    pauth::set_kernel_key(&key);
}

/// From here on return addresses are signed on this CPU, if it can.
///
/// # Safety
/// Inlined into a function that never returns, as do none of its callers. Interrupts are masked, and this CPU's data is installed.
#[inline(always)]
pub unsafe fn begin() {
    // SAFETY: the caller's.
    unsafe { pauth::begin() };
}

/// True when the CPU knows landing pads (FEAT_BTI).
pub(super) fn has_landing_pads() -> bool {
    sysreg::id_aa64pfr1() & 0xF != 0
}

/// True when the kernel's own code is to be held to landing pads.
pub(super) fn kernel_has_landing_pads() -> bool {
    COMPILED && has_landing_pads()
}

/// Tries each feature that the CPU says to have. On the boot CPU after [`begin`], with vectors installed; `frames` is a page of
/// nobody's.
pub fn prove(frames: &SecureFrames) {
    let signs = pauth::is_there() && probe::signature_counts();
    let found = [
        mmu::has_pan() && space::keeps_the_kernel_out(frames),
        signs,
        signs && COMPILED,
        kernel_has_landing_pads() && probe::branch_faults(),
    ];
    let bits = found.iter().enumerate().fold(0, |bits, (index, found)| bits | u8::from(*found) << index);
    PROVEN.store(bits, Ordering::Relaxed);
}

/// Calls `f` with the name of each feature that held.
pub fn for_each(f: &mut dyn FnMut(&'static str)) {
    let proven = PROVEN.load(Ordering::Relaxed);
    for (index, name) in NAMES.iter().enumerate() {
        if proven >> index & 1 != 0 {
            f(name);
        }
    }
}
