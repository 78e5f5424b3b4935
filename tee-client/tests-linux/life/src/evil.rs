// SPDX-License-Identifier: BSD-2-Clause
//! Supplicants that answer wrongly, late, never, or die meanwhile: the call that they were asked for fails or works, and
//! nothing else happens.

use crate::clients::baseline;
use crate::harness::{Process, Result, ensure, test};
use crate::statistics::Snapshot;
use crate::supplicant::{self, Away};
use evil_supplicant::{Behaviour, SILENT};
use std::fs;

/// The TA that is opened.
const TA: tee_client::Uuid = hello_world::proto::UUID;

/// What an open may come to.
fn allowed(behaviour: Behaviour) -> &'static [&'static str] {
    use Behaviour as B;
    match behaviour {
        B::Honest | B::Late | B::Unasked | B::NotFreed | B::DiesAtFree => &["TEE_SUCCESS"],
        B::Flipping => &["TEE_SUCCESS", "TEE_ERROR_SECURITY"],
        B::SizeZero | B::WrongAttributes => &["TEE_ERROR_BAD_FORMAT", "TEE_ERROR_SECURITY"],
        B::SizeLarger | B::Truncated | B::OtherImage | B::ChangedBetween | B::FreedEarly => &["TEE_ERROR_SECURITY"],
        B::SizeHuge | B::WrongTypes | B::UnknownMemory | B::NegativeMemory | B::NoMemory => &["TEE_ERROR_OUT_OF_MEMORY"],
        B::SizeGrowing | B::WrongResult | B::SmallResult | B::SmallMemory | B::Never | B::DiesAtLoad => &["TEE_ERROR_COMMUNICATION"],
        B::WrongCount => &["TEE_ERROR_GENERIC"],
        B::NotFound => &["TEE_ERROR_ITEM_NOT_FOUND"],
        // Linux tells of no memory, whatever the reason.
        B::DiesAtAllocation => &["TEE_ERROR_OUT_OF_MEMORY"],
    }
}

/// Tests.
pub(crate) fn run() -> Result<()> {
    let before = baseline()?;
    let _away = Away::new()?;
    for behaviour in Behaviour::ALL {
        test(&format!("supplicant: {behaviour}"), || {
            // With the image held in secure memory from the last open, and without.
            for held in [true, false] {
                one(*behaviour, held, &before).map_err(|why| format!("{why} (image held: {held})"))?;
            }
            Ok(())
        });
    }
    Ok(())
}

fn one(behaviour: Behaviour, held: bool, before: &Snapshot) -> Result<()> {
    if !held {
        forget()?;
    }
    let mut evil = supplicant::start_evil(behaviour)?;
    let times = if behaviour == Behaviour::Flipping { 10 } else { 1 };
    let mut client = Process::client(&["open", &TA.to_string(), &times.to_string()])?;
    let answered = match behaviour {
        Behaviour::Never => {
            evil.expect(SILENT)?;
            evil.kill()?;
            None
        }
        Behaviour::DiesAtAllocation | Behaviour::DiesAtLoad | Behaviour::DiesAtFree => {
            evil.ended()?;
            None
        }
        _ => Some(results(&client, times)?),
    };
    evil.kill()?;
    if let Some(line) = evil.line()? {
        return Err(line);
    }
    let started = supplicant::start()?;
    let results = match (answered, &started) {
        (Some(results), _) => results,
        // What the dead one left unanswered Linux asks this one.
        (None, Some(_)) => results(&client, times)?,
        (None, None) => {
            client.kill()?;
            Vec::new()
        }
    };
    let mut system = started.map_or_else(supplicant::start_now, Ok)?;
    let wrong = results.iter().find(|result| !allowed(behaviour).contains(&result.as_str()));
    ensure(wrong.is_none(), || format!("the open gave {results:?}"))?;
    Process::client(&["open", &TA.to_string(), "1"])?.expect("TEE_SUCCESS")?;
    before.wait_for()?;
    system.kill()
}

fn results(client: &Process, times: usize) -> Result<Vec<String>> {
    (0..times).map(|_| client.line()?.ok_or_else(|| "the client ended".into())).collect()
}

/// Has the TEE let go of the image that it holds: there is no such TA for a while.
fn forget() -> Result<()> {
    let file = format!("/lib/optee_armtz/{TA}.ta");
    let away = format!("{file}.away");
    let mut system = supplicant::start_now()?;
    let rename = |from: &str, to: &str| fs::rename(from, to).map_err(|error| format!("{from}: {error}"));
    rename(&file, &away)?;
    let gone = Process::client(&["open", &TA.to_string(), "1"])?.expect("TEE_ERROR_ITEM_NOT_FOUND");
    rename(&away, &file)?;
    system.kill()?;
    gone
}
