// SPDX-License-Identifier: BSD-2-Clause
//! A TA that sleeps while the normal world goes on, and can be woken by cancellation.
#![cfg_attr(any(target_arch = "arm", oxtee_ta), no_std, no_main)]

use core::hint::black_box;
use core::time::Duration;
use sleeper::proto;
use utee::{Param, Parameters, Result, Ta, TeeError, ValueInput, ValueOutput, cancellation, info, time};

struct Sleeper;

impl Ta for Sleeper {
    type Session = ();

    fn create() -> Result<Self> {
        Ok(Self)
    }

    fn open_session(&mut self, _params: &mut Parameters<'_>) -> Result<()> {
        Ok(())
    }

    fn invoke(&mut self, _session: &mut (), command: u32, params: &mut Parameters<'_>) -> Result<()> {
        match command {
            proto::SLEEP => sleep(params),
            proto::BUSY => busy(params),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

utee::ta!(Sleeper);

fn sleep(params: &mut Parameters<'_>) -> Result<()> {
    match params.get(0) {
        Param::None => steps(proto::STEPS, proto::STEP_MS).1,
        Param::ValueInout(mut value) => {
            let (slept, result) = steps(value.a(), value.b());
            let step = value.b();
            value.set(slept, step);
            result
        }
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

/// Sleeps `count` steps; how many it were, and why no more.
fn steps(count: u32, millis: u32) -> (u32, Result<()>) {
    cancellation::unmask();
    for step in 0..count {
        info!("sleeping, step {} of {count}", step + 1);
        if let Err(error) = time::wait_ms(millis) {
            info!("woken: {error}");
            return (step, Err(error));
        }
    }
    info!("awake again");
    (count, Ok(()))
}

fn busy(params: &mut Parameters<'_>) -> Result<()> {
    let (length, mut rounds): (ValueInput<'_>, ValueOutput<'_>) = params.take()?;
    let end = time::system().as_duration().saturating_add(Duration::from_millis(u64::from(length.a())));
    if length.b() != 0 {
        cancellation::unmask();
    }
    let (mut done, mut state) = (0u32, 1u32);
    while time::system().as_duration() < end {
        for _ in 0..10_000 {
            state = black_box(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        }
        done = done.saturating_add(1);
        if length.b() != 0 && cancellation::is_requested() {
            info!("cancelled after {done} rounds");
            return Err(TeeError::CANCEL);
        }
    }
    rounds.set(done, state);
    Ok(())
}
