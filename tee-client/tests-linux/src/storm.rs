// SPDX-License-Identifier: BSD-2-Clause
//! Sixteen clients at once, each with a context of its own.

use crate::{Tests, memory};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tee_client::transport::linux::LinuxContext;
use tee_client::{Error, Operation, Origin, Param, TeeError, Uuid};

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Compute,
    Sleep,
    Cancel,
    Panic,
    Loop,
}

const ROLES: [Role; 5] = [Role::Compute, Role::Sleep, Role::Cancel, Role::Panic, Role::Loop];
/// Clients: each role in turn.
const CLIENTS: usize = 16;

/// How often a role did what it does, and how often the TEE had no room for it.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    done: u32,
    full: u32,
}

/// What one round made of it.
enum Round {
    Done,
    /// The TEE lacks memory for one more TA, or a session of it: said at opening, and allowed.
    Full,
}

/// Runs the clients for that long.
pub(crate) fn run(time: Duration, tests: &mut Tests) {
    let end = Instant::now() + time;
    let tallies = Mutex::new([Tally::default(); ROLES.len()]);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let index = client % ROLES.len();
            let (tallies, failures) = (&tallies, &failures);
            scope.spawn(move || {
                if let Err(why) = client_of(ROLES[index], index, end, tallies)
                    && let Ok(mut failures) = failures.lock()
                {
                    failures.push((ROLES[index], why));
                }
            });
        }
    });
    let (tallies, failures) = (tallies.into_inner().unwrap_or_default(), failures.into_inner().unwrap_or_default());
    for (role, tally) in ROLES.iter().zip(tallies) {
        let why = failures.iter().find(|(failed, _)| failed == role).map(|(_, why)| why.clone());
        let idle = (tally.done == 0).then(|| "it never got to it".to_string());
        println!("{role:?}: {} rounds, {} times there was no room", tally.done, tally.full);
        tests.report(&format!("sixteen clients: {role:?}").to_lowercase(), why.or(idle).map_or(Ok(()), Err));
    }
}

fn client_of(role: Role, index: usize, end: Instant, tallies: &Mutex<[Tally; ROLES.len()]>) -> Result<(), String> {
    let context = LinuxContext::connect().map_err(|error| error.to_string())?;
    while Instant::now() < end {
        let round = round(role, &context)?;
        let mut tallies = tallies.lock().map_err(|_| "another client panicked")?;
        match round {
            Round::Done => tallies[index].done += 1,
            Round::Full => tallies[index].full += 1,
        }
    }
    Ok(())
}

fn round(role: Role, context: &LinuxContext) -> Result<Round, String> {
    let uuid: Uuid = match role {
        Role::Compute => hello_world::proto::UUID,
        Role::Sleep | Role::Cancel => sleeper::proto::UUID,
        Role::Panic | Role::Loop => hostile::proto::UUID,
    };
    let session = match context.open_public(uuid) {
        Ok(session) => session,
        Err(Error { code: TeeError::OUT_OF_MEMORY | TeeError::BUSY, .. }) => {
            std::thread::sleep(Duration::from_millis(20));
            return Ok(Round::Full);
        }
        Err(error) => return Err(format!("opening: {error}")),
    };
    let dead = |result: Result<(), Error>| match result {
        Err(Error { code: TeeError::TARGET_DEAD, origin: Origin::Tee }) => Ok(()),
        other => Err(format!("a TA that dies answers {other:?}")),
    };
    match role {
        Role::Compute => (1..20).try_for_each(|n| memory::reverse(&session, n * 311))?,
        Role::Sleep => {
            let mut operation = Operation::one(Param::value_inout(2, 20));
            session.invoke(sleeper::proto::SLEEP, &mut operation).map_err(|error| format!("sleeping: {error}"))?;
            if operation.value(0).0 != 2 {
                return Err(format!("slept {} steps, not 2", operation.value(0).0));
            }
        }
        Role::Cancel => cancelled(&session)?,
        Role::Panic => dead(session.invoke(hostile::proto::PANIC, &mut Operation::none()))?,
        Role::Loop => dead(session.invoke(hostile::proto::LOOP, &mut Operation::none()))?,
    }
    Ok(Round::Done)
}

/// A sleep of a minute that another thread ends.
fn cancelled(session: &crate::Session) -> Result<(), String> {
    let handle = session.cancellation();
    let over = std::sync::atomic::AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            // A request before the call has begun has no effect.
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
                let _ = handle.cancel();
            }
        });
        let result = session.invoke(sleeper::proto::SLEEP, &mut Operation::one(Param::value_inout(600, 100)));
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        result
    });
    match result {
        Err(Error { code: TeeError::CANCEL, .. }) => Ok(()),
        other => Err(format!("a cancelled TA answers {other:?}")),
    }
}
