// SPDX-License-Identifier: BSD-2-Clause
//! The time that each TA may set, and that goes on over resets (GlobalPlatform TEE Internal Core API 1.3.1, chapter 7).
//!
//! While the machine runs it goes on with the TEE's counter. Over a reset the only clock is the normal world's, so that what is stored is
//! the time that was set beside that clock's then: gpd.tee.TAPersistentTime.protectionLevel is 100. A clock that is behind what it was, or
//! a record that this machine did not write, is no time to go on from.

use super::time::Clock;
use crate::call::Call;
use crate::crypto::huk::{self, Purpose};
use crate::lock::Lock;
use crate::ports::Platform;
use crate::storage::backend::ObjectId;
use alloc::vec::Vec;
use core::time::Duration;
use hmac::Mac;
use utee_abi::bytes::{array, put, u32_at, u64_at};
use utee_abi::result::TeeError;
use utee_abi::time::TeeTime;
use utee_abi::uuid::Uuid;

/// TAs whose time is not looked up again.
const MAX_KNOWN: usize = 64;

// A record: magic 8, the time that was set 8, the normal world's clock then (u64 seconds, u32 nanoseconds), HMAC-SHA-256 of that and of
// the TA's UUID.
const MAGIC: [u8; 8] = *b"OXTEETI1";
const CONTENT: usize = 28;
const RECORD: usize = CONTENT + 32;

/// A time that goes on from when the counter stood at `since`.
struct Known {
    owner: Uuid,
    time: TeeTime,
    since: Duration,
}

/// Persistent time of each TA.
pub struct TaTimes<P: Platform> {
    known: Lock<P, Vec<Known>>,
}

/// A time, and whether its seconds have wrapped.
fn after(time: TeeTime, passed: Duration) -> (TeeTime, bool) {
    let total = time.as_duration().saturating_add(passed);
    (TeeTime::from_duration(total), total.as_secs() > u64::from(u32::MAX))
}

/// What authenticates a record.
fn code<P: Platform>(platform: &P, owner: &Uuid, content: &[u8]) -> Result<impl Mac + use<P>, TeeError> {
    let mut mac = huk::mac(platform, Purpose::TaTimes)?;
    mac.update(&owner.octets());
    mac.update(content);
    Ok(mac)
}

fn encode<P: Platform>(platform: &P, owner: &Uuid, time: TeeTime, clock: Duration) -> Result<[u8; RECORD], TeeError> {
    let mut record = [0; RECORD];
    let (content, place) = record.split_at_mut(CONTENT);
    let filled = put(content, 0, &MAGIC)
        .and_then(|()| put(content, 8, &time.to_bytes()))
        .and_then(|()| put(content, 16, &clock.as_secs().to_le_bytes()))
        .and_then(|()| put(content, 24, &clock.subsec_nanos().to_le_bytes()));
    filled.ok_or(TeeError::GENERIC)?;
    put(place, 0, &code(platform, owner, content)?.finalize().into_bytes()).ok_or(TeeError::GENERIC)?;
    Ok(record)
}

/// The time and the normal world's clock of a record, if this machine wrote it for this TA.
fn decode<P: Platform>(platform: &P, owner: &Uuid, record: &[u8; RECORD]) -> Option<(TeeTime, Duration)> {
    let (content, tag) = record.split_at_checked(CONTENT)?;
    code(platform, owner, content).ok()?.verify_slice(tag).ok()?;
    let clock = Duration::new(u64_at(content, 16)?, u32_at(content, 24)?);
    (array(content, 0) == Some(MAGIC)).then_some((TeeTime::from_bytes(&array(content, 8)?), clock))
}

impl<P: Platform> TaTimes<P> {
    /// No time is known.
    pub fn new() -> Self {
        Self { known: Lock::<P, _>::new(Vec::new()) }
    }

    /// The TA's time, and whether its seconds have wrapped.
    ///
    /// # Errors
    /// TIME_NOT_SET; TIME_NEEDS_RESET when it was set and cannot be told any more, or nobody answers who kept it.
    pub fn get(&self, call: &Call<'_, P>, owner: &Uuid) -> Result<(TeeTime, bool), TeeError> {
        let now = call.platform().uptime();
        let known = {
            let known = self.known.lock();
            let entry = known.iter().find(|entry| entry.owner == *owner);
            entry.map(|entry| after(entry.time, now.saturating_sub(entry.since)))
        };
        if let Some(time) = known {
            return Ok(time);
        }
        let mut record = [0; RECORD];
        match call.tee.storage.system_read(call, &id(owner)?, &mut record) {
            Ok(len) if len == RECORD as u64 => {}
            Err(TeeError::ITEM_NOT_FOUND) => return Err(TeeError::TIME_NOT_SET),
            _ => return Err(TeeError::TIME_NEEDS_RESET),
        }
        let (time, then) = decode(call.platform(), owner, &record).ok_or(TeeError::TIME_NEEDS_RESET)?;
        let clock = call.normal_time().map_err(|_| TeeError::TIME_NEEDS_RESET)?;
        let (time, wrapped) = after(time, clock.checked_sub(then).ok_or(TeeError::TIME_NEEDS_RESET)?);
        if !wrapped {
            // From here on the normal world's clock has no say in it.
            self.note(Known { owner: *owner, time, since: now });
        }
        Ok((time, wrapped))
    }

    /// Sets the TA's time.
    ///
    /// # Errors
    /// STORAGE_NO_SPACE when it cannot be kept, for whatever reason: a TA ends by errors that the specification does not have.
    pub fn set(&self, call: &Call<'_, P>, owner: &Uuid, time: TeeTime) -> Result<(), TeeError> {
        let kept = call.normal_time().and_then(|clock| encode(call.platform(), owner, time, clock)).and_then(|record| {
            let since = call.platform().uptime();
            call.tee.storage.system_write(call, &id(owner)?, &record)?;
            Ok(since)
        });
        let since = kept.map_err(|error| {
            crate::log!(call.platform(), "W core: the time of ta {owner} cannot be kept: {error}");
            TeeError::STORAGE_NO_SPACE
        })?;
        self.note(Known { owner: *owner, time, since });
        Ok(())
    }

    /// Notes a time; the oldest one is forgotten for it, and looked up again when it is asked for.
    fn note(&self, new: Known) {
        let mut known = self.known.lock();
        known.retain(|entry| entry.owner != new.owner);
        if known.len() >= MAX_KNOWN {
            known.remove(0);
        }
        if known.try_reserve(1).is_ok() {
            known.push(new);
        }
    }
}

/// The id of a TA's record among the TEE's own objects.
fn id(owner: &Uuid) -> Result<ObjectId, TeeError> {
    ObjectId::new(&owner.octets()).ok_or(TeeError::GENERIC)
}

impl<P: Platform> Default for TaTimes<P> {
    fn default() -> Self {
        Self::new()
    }
}
