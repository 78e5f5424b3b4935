// SPDX-License-Identifier: BSD-2-Clause
//! The part of the normal world in the demonstration that the console of the TEE shows by `tee`.

use crate::board::board;
use crate::{cpu, notification, println, probe};
use utee_abi::demonstration::{COUNTS, PROVE, REACH, YIELD};

/// Does what the TEE has asked for.
pub(crate) fn take() {
    if notification::take(PROVE) {
        println!("the normal world is asked for its part");
        let refused = probe::secure_configuration().is_err();
        println!("the normal world cannot read SCR: {refused}; it is about to yield");
        yield_with(refused, 0, 0);
        for count in 1..=COUNTS {
            let end = cpu::counter() + cpu::frequency();
            while cpu::counter() < end {
                cpu::wait();
            }
            println!("the normal world says {count} mississippi");
        }
    }
    if notification::take(REACH) {
        let address = board().secure_kernel();
        println!("the normal world is about to read secure memory at {address:#010x}");
        let status = match probe::read(address) {
            Ok(_) => 0,
            Err(probe::Refused(status)) => status,
        };
        println!("the normal world met a fault of status {status:#x}; it yields");
        yield_with(true, status, address as u32);
    }
}

fn yield_with(refused: bool, status: u32, address: u32) {
    cpu::smc([YIELD, u32::from(refused), status, address, 0, 0, 0, 0]);
}
