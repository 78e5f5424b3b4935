// SPDX-License-Identifier: BSD-2-Clause
//! The part of the normal world in the demonstration that the console of the TEE shows by `tee`.

use crate::board::board;
use crate::engine::{self, Failure};
use crate::{cpu, light, notification, println, probe};
use utee_abi::demonstration::{COUNTS, DERIVE, PROVE, REACH, YIELD};
use utee_abi::light::Light;

/// Does what the TEE has asked for.
pub(crate) fn take() {
    if notification::take(PROVE) {
        println!("the normal world is asked for its part");
        let refused = probe::secure_configuration().is_err();
        let [white, blue] = [Light::White, Light::Blue].map(|light| light::switch(light, true));
        light::switch(Light::Blue, false);
        println!("the normal world cannot read SCR: {refused}; it is about to yield");
        yield_with([refused.into(), 0, 0, white, blue, 0, 0]);
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
        yield_with([1, status, address as u32, 0, 0, 0, 0]);
    }
    if notification::take(DERIVE) {
        println!("the normal world is about to derive a key with the DCP");
        match engine::derive() {
            Ok(key) => {
                println!("the normal world derived a key; it yields");
                let mut words = key.chunks_exact(4).filter_map(|word| Some(u32::from_le_bytes(word.try_into().ok()?)));
                let mut next = || words.next().unwrap_or(0);
                yield_with([1, 0, 0, next(), next(), next(), next()]);
            }
            Err(failure) => {
                println!("the normal world derived no key: {failure}; it yields");
                let (status, address) = if let Failure::Refused(status, address) = failure { (status, address) } else { (0, 0) };
                yield_with([0, status, address, 0, 0, 0, 0]);
            }
        }
    }
}

fn yield_with([a1, a2, a3, a4, a5, a6, a7]: [u32; 7]) {
    cpu::smc([YIELD, a1, a2, a3, a4, a5, a6, a7]);
}
