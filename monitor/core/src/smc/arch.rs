// SPDX-License-Identifier: BSD-2-Clause
//! Arm architecture calls (SMC Calling Convention, chapter 7).

use utee_abi::smc::{SMCCC_ARCH_FEATURES, SMCCC_VERSION, SMCCC_VERSION_1_1, UNKNOWN_FUNCTION};

/// Serves a call of owner 0.
pub fn serve(regs: &[u32; 8]) -> [u32; 4] {
    let a0 = match regs[0] {
        SMCCC_VERSION => SMCCC_VERSION_1_1,
        SMCCC_ARCH_FEATURES if matches!(regs[1], SMCCC_VERSION | SMCCC_ARCH_FEATURES) => 0,
        _ => UNKNOWN_FUNCTION,
    };
    [a0, 0, 0, 0]
}
