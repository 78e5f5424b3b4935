// SPDX-License-Identifier: BSD-2-Clause
//! The secure half of the demonstration that the console shows by `tee`: random bytes, an echo, counting while both
//! worlds go on, and an access to secure memory that is not its own, which it does not survive.
#![cfg_attr(any(target_arch = "arm", oxtee_ta), no_std, no_main)]

use demonstration::proto;
use utee::{Parameters, Result, Ta, TeeError, ValueInout, ValueInput, ValueOutput, info, random, time};

struct Demonstration;

impl Ta for Demonstration {
    type Session = ();

    fn create() -> Result<Self> {
        Ok(Self)
    }

    fn open_session(&mut self, _params: &mut Parameters<'_>) -> Result<()> {
        Ok(())
    }

    fn invoke(&mut self, _session: &mut (), command: u32, params: &mut Parameters<'_>) -> Result<()> {
        match command {
            proto::RANDOM => {
                info!("runs in user mode of the secure world");
                let (mut first, mut second): (ValueOutput<'_>, ValueOutput<'_>) = params.take()?;
                let word = || {
                    let mut bytes = [0; 4];
                    random::fill(&mut bytes);
                    u32::from_be_bytes(bytes)
                };
                let words = [word(), word(), word(), word()];
                info!("obtained 16 random bytes: 0x{:08x}{:08x}{:08x}{:08x}", words[0], words[1], words[2], words[3]);
                first.set(words[0], words[1]);
                second.set(words[2], words[3]);
                Ok(())
            }
            proto::ECHO => {
                let (mut text,): (ValueInout<'_>,) = params.take()?;
                let (a, b) = (text.a(), text.b());
                text.set(a, b);
                Ok(())
            }
            proto::COUNT => {
                info!("will sleep for {} seconds", proto::COUNTS);
                for count in 1..=proto::COUNTS {
                    time::wait_ms(1000)?;
                    info!("says {count} mississippi");
                }
                Ok(())
            }
            proto::READ => {
                let (address,): (ValueInput<'_>,) = params.take()?;
                info!("is about to read secure memory at {:#x}", address.a());
                let word = read(address.a());
                info!("READ {word:#x} in secure memory that is not its own");
                Ok(())
            }
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

utee::ta!(Demonstration);

/// Reads what is not the TA's. No sound Rust, and that is the point: the MMU must stop it.
#[inline(never)]
fn read(address: u32) -> u32 {
    let pointer: *const u32 = core::ptr::with_exposed_provenance(address as usize);
    // SAFETY: none; the kernel ends the TA here.
    unsafe { pointer.read_volatile() }
}
