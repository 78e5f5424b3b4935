// SPDX-License-Identifier: BSD-2-Clause
//! The board's clock for the normal world's kernel: Linux' rtc-optee binds to this. It is there where the board has a clock.
//!
//! The clock keeps whole seconds; its rate cannot be corrected, and alarms are not served.

use super::{Caller, PseudoTa, memref};
use crate::call::Call;
use crate::ports::Platform;
use crate::session::{Client, Session};
use crate::ta::memory::Memory;
use crate::ta::params::{Param, Params};
use core::ops::RangeInclusive;
use utee_abi::bytes::u32_at;
use utee_abi::msg::Login;
use utee_abi::param::ParamType;
use utee_abi::pta::rtc::{Command, Features, INFO_VERSION, TIME_SIZE, UUID};
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct Clock;

const DAY: u64 = 24 * 60 * 60;
/// Years that have a leap year each fourth, and none at the turn of a century.
const ERA_DAYS: u64 = 146_097;
/// From the first of March of the year 0 to the start of 1970.
const EPOCH_DAYS: u64 = 719_468;
/// Bytes of the information: version, features, two times.
const INFO_SIZE: usize = 16 + 2 * TIME_SIZE;

impl<P: Platform> PseudoTa<P> for Clock {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn flags(&self) -> TaFlags {
        TaFlags::CONCURRENT | TaFlags::DEVICE_ENUM
    }

    fn is_there(&self, platform: &P) -> bool {
        platform.clock().is_some()
    }

    fn open(&self, client: &Client, _caller: &Caller<'_, P>) -> Result<(), TeeError> {
        // Whoever sets the time of a machine can let certificates live for ever: that is its kernel's business.
        if client.login == Login::ReeKernel { Ok(()) } else { Err(TeeError::ACCESS_DENIED) }
    }

    fn invoke(
        &self,
        call: &Call<'_, P>,
        _session: &Session<P>,
        _caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError> {
        let clock = call.platform().clock().ok_or(TeeError::NOT_SUPPORTED)?;
        match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::GetInfo => {
                let range = clock.range();
                let mut info = [0; INFO_SIZE];
                let head = [INFO_VERSION, Features::empty().bits()].map(u64::to_le_bytes);
                let times = [*range.start(), *range.end()].map(|seconds| Time::of(seconds).to_bytes());
                for (to, from) in info.iter_mut().zip(head.as_flattened().iter().chain(times.as_flattened())) {
                    *to = *from;
                }
                write(call, params, &info)
            }
            Command::GetTime => write(call, params, &Time::of(clock.now()?).to_bytes()),
            Command::SetTime => {
                let mut bytes = [0; TIME_SIZE];
                let memory = exactly(params, ParamType::MemrefInput, TIME_SIZE)?;
                if !memory.read(call.platform(), 0, &mut bytes) {
                    return Err(TeeError::BAD_PARAMETERS);
                }
                let seconds = Time::from_bytes(&bytes).and_then(|time| time.seconds());
                let seconds = seconds.filter(|seconds| clock.range().contains(seconds));
                clock.set(seconds.ok_or(TeeError::BAD_PARAMETERS)?)
            }
            Command::GetOffset
            | Command::SetOffset
            | Command::ReadAlarm
            | Command::SetAlarm
            | Command::EnableAlarm
            | Command::WaitAlarm
            | Command::CancelWait
            | Command::SetWakeAlarmStatus => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

/// The one buffer, which has so many bytes.
fn exactly<P: Platform>(params: &mut Params<P>, kind: ParamType, len: usize) -> Result<&Memory<P>, TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let (memory, size) = memref(p0, kind)?;
    memory.filter(|_| *size == len as u64).ok_or(TeeError::BAD_PARAMETERS)
}

fn write<P: Platform>(call: &Call<'_, P>, params: &mut Params<P>, bytes: &[u8]) -> Result<(), TeeError> {
    let memory = exactly(params, ParamType::MemrefOutput, bytes.len())?;
    if memory.write(call.platform(), 0, bytes) { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
}

/// A time of the Gregorian calendar, as Linux counts: months from 0, days of the week from Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Time {
    second: u32,
    minute: u32,
    hour: u32,
    day: u32,
    month: u32,
    year: u32,
    weekday: u32,
}

impl Time {
    /// The time so many seconds after the start of 1970.
    fn of(seconds: u64) -> Self {
        let (days, rest) = (seconds / DAY, seconds % DAY);
        // Years that begin in March, so that the day that a leap year has more is the last one.
        let all = days.saturating_add(EPOCH_DAYS);
        let (era, day_of_era) = (all / ERA_DAYS, all % ERA_DAYS);
        let leap_days = (day_of_era / 1460).saturating_add(day_of_era / 146_096).saturating_sub(day_of_era / 36_524);
        let year_of_era = day_of_era.saturating_sub(leap_days) / 365;
        let day_of_year = day_of_era.saturating_sub(days_of_years(year_of_era));
        let from_march = day_of_year.saturating_mul(5).saturating_add(2) / 153;
        let day = day_of_year.saturating_sub(days_of_months(from_march)).saturating_add(1);
        // March is month 2 of those that are counted from January and 0.
        let month = from_march.saturating_add(2) % 12;
        let year = era.saturating_mul(400).saturating_add(year_of_era).saturating_add(u64::from(month < 2));
        let word = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Self {
            second: word(rest % 60),
            minute: word(rest / 60 % 60),
            hour: word(rest / 3600),
            day: word(day),
            month: word(month),
            year: word(year),
            // The start of 1970 was a Thursday.
            weekday: word(days.saturating_add(4) % 7),
        }
    }

    /// Seconds since the start of 1970; `None` for a time that no calendar has. The day of the week is not looked at.
    fn seconds(&self) -> Option<u64> {
        let within = |value: u32, range: RangeInclusive<u32>| range.contains(&value).then_some(u64::from(value));
        let (year, month) = (within(self.year, 1970..=9999)?, within(self.month, 0..=11)?);
        let day = within(self.day, 1..=31)?;
        let from_march = month.checked_add(10)? % 12;
        let year_from_march = year.checked_sub(u64::from(month < 2))?;
        let (era, year_of_era) = (year_from_march / 400, year_from_march % 400);
        let day_of_year = days_of_months(from_march).checked_add(day)?.checked_sub(1)?;
        let days = era.checked_mul(ERA_DAYS)?.checked_add(days_of_years(year_of_era))?.checked_add(day_of_year)?;
        let days = days.checked_sub(EPOCH_DAYS)?;
        let time = within(self.hour, 0..=23)?.checked_mul(3600)?.checked_add(within(self.minute, 0..=59)?.checked_mul(60)?)?;
        let seconds = days.checked_mul(DAY)?.checked_add(time)?.checked_add(within(self.second, 0..=59)?)?;
        // A day that its month does not have is one of the next month.
        (Self::of(seconds).day == self.day).then_some(seconds)
    }

    fn words(&self) -> [u32; TIME_SIZE / 4] {
        [self.second, self.minute, self.hour, self.day, self.month, self.year, self.weekday]
    }

    fn to_bytes(self) -> [u8; TIME_SIZE] {
        let mut bytes = [0; TIME_SIZE];
        for (to, from) in bytes.chunks_exact_mut(4).zip(self.words()) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [second, minute, hour, day, month, year, weekday] = [0, 4, 8, 12, 16, 20, 24].map(|at| u32_at(bytes, at));
        Some(Self { second: second?, minute: minute?, hour: hour?, day: day?, month: month?, year: year?, weekday: weekday? })
    }
}

/// Days of so many years from a March on.
fn days_of_years(years: u64) -> u64 {
    years.saturating_mul(365).saturating_add(years / 4).saturating_sub(years / 100)
}

/// Days of so many months from March on.
fn days_of_months(months: u64) -> u64 {
    months.saturating_mul(153).saturating_add(2) / 5
}

#[cfg(test)]
mod tests {
    use super::{DAY, Time};

    fn time(year: u32, month: u32, day: u32, hour: u32, minute: u32, second: u32, weekday: u32) -> Time {
        Time { second, minute, hour, day, month, year, weekday }
    }

    /// What `date -u -d @N` says of each.
    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, time(1970, 0, 1, 0, 0, 0, 4)),
            (951_782_399, time(2000, 1, 28, 23, 59, 59, 1)),
            (951_782_400, time(2000, 1, 29, 0, 0, 0, 2)),
            (951_868_800, time(2000, 2, 1, 0, 0, 0, 3)),
            (1_234_567_890, time(2009, 1, 13, 23, 31, 30, 5)),
            (1_709_164_800, time(2024, 1, 29, 0, 0, 0, 4)),
            (4_107_542_400, time(2100, 2, 1, 0, 0, 0, 1)),
            (4_294_967_295, time(2106, 1, 7, 6, 28, 15, 0)),
        ] {
            assert_eq!(Time::of(seconds), expected);
            assert_eq!(expected.seconds(), Some(seconds));
            assert_eq!(Time::from_bytes(&expected.to_bytes()), Some(expected));
        }
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let mut last = Time::of(0);
        for day in 1..150_000 {
            let next = Time::of(day * DAY + 77);
            assert_eq!(next.seconds(), Some(day * DAY + 77));
            assert_eq!(next.weekday, (last.weekday + 1) % 7);
            let follows = (next.year, next.month, next.day) == (last.year, last.month, last.day + 1);
            let first = next.day == 1 && last.day >= 28 && (next.year * 12 + next.month) == last.year * 12 + last.month + 1;
            assert!(follows || first, "{last:?} {next:?}");
            last = next;
        }
    }

    #[test]
    fn days_that_no_month_has_are_none() {
        for wrong in [
            time(2023, 1, 29, 0, 0, 0, 0),
            time(2100, 1, 29, 0, 0, 0, 0),
            time(2024, 3, 31, 0, 0, 0, 0),
            time(2024, 0, 0, 0, 0, 0, 0),
            time(2024, 0, 32, 0, 0, 0, 0),
            time(2024, 12, 1, 0, 0, 0, 0),
            time(1969, 11, 31, 0, 0, 0, 0),
            time(u32::MAX, 0, 1, 0, 0, 0, 0),
            time(2024, 0, 1, 24, 0, 0, 0),
            time(2024, 0, 1, 0, 60, 0, 0),
            time(2024, 0, 1, 0, 0, 60, 0),
        ] {
            assert_eq!(wrong.seconds(), None, "{wrong:?}");
        }
    }
}
