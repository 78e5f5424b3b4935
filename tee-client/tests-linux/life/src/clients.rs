// SPDX-License-Identifier: BSD-2-Clause
//! Clients that die.

use crate::client::{CALLING, HOLDING};
use crate::crowd::{CALLS, THREADS};
use crate::harness::{Process, Result, ensure, test, until};
use crate::statistics::Snapshot;
use crate::supplicant::{self, Away};
use evil_supplicant::{Behaviour, SILENT};
use std::time::Duration;
use tee_client::Uuid;

/// How far into its call a client is killed.
pub(crate) const MEANWHILE: Duration = Duration::from_millis(300);

/// Calls that other processes make meanwhile, such as to ask for statistics; generously.
const MORE: usize = 8;

/// How long it takes until as many clients as there are in any test have begun with their calls; generously.
const START: Duration = Duration::from_secs(4);

/// Clients whose TA has a time limit, so that they have little time to be killed in.
const LIMITED: [&str; 2] = ["loop", "memory-call"];

/// Everything is loaded once, several sessions at a time: images that are held and tables that have grown are there before
/// as they are afterwards.
pub(crate) fn baseline() -> Result<Snapshot> {
    for words in [&["sessions", "exit"][..], &["memory"]] {
        let mut clients = (0..4).map(|_| Process::client(words)).collect::<Result<Vec<_>>>()?;
        for client in &mut clients {
            client.expect(HOLDING)?;
        }
        Process::kill_all(&mut clients)?;
    }
    for uuid in [hostile::proto::UUID, ta_to_ta::proto::UUID] {
        Process::client(&["open", &uuid.to_string(), "1"])?.expect("TEE_SUCCESS")?;
    }
    // Linux keeps what it needs for as many calls as were ever under way at once.
    let mut calls = (0..THREADS).map(|_| Process::client(&["nested"])).collect::<Result<Vec<_>>>()?;
    for call in &calls {
        call.expect(CALLING)?;
    }
    let mut waiting = (THREADS..CALLS.saturating_add(MORE)).map(|_| Process::client(&["nested"])).collect::<Result<Vec<_>>>()?;
    // Those that wait for a thread cannot say so. They go first: with a thread they would be killed in the middle of a load, and
    // a supplicant whose answer is not wanted any more ends itself.
    std::thread::sleep(START);
    Process::kill_all(&mut waiting)?;
    Process::kill_all(&mut calls)?;
    settled()
}

/// What there is once it does not change any more.
fn settled() -> Result<Snapshot> {
    let mut last = Snapshot::take()?;
    until("nothing changes", || {
        std::thread::sleep(Duration::from_millis(100));
        let now = Snapshot::take()?;
        Ok(std::mem::replace(&mut last, now.clone()) == now)
    })?;
    Ok(last)
}

fn busy_in(uuid: &Uuid) -> Result<()> {
    until("the TA is called", || Ok(Snapshot::take()?.sessions(uuid) != 0))
}

/// Tests.
pub(crate) fn run() -> Result<()> {
    let before = baseline()?;
    let killed = |words: &[&str], said: &str, uuid: Option<Uuid>| -> Result<()> {
        let mut client = Process::client(words)?;
        client.expect(said)?;
        if let Some(uuid) = uuid {
            busy_in(&uuid)?;
        }
        if !LIMITED.contains(&words[0]) {
            std::thread::sleep(MEANWHILE);
            ensure(client.is_running()?, || format!("{words:?} has ended by itself"))?;
        }
        client.kill()?;
        before.wait_for()
    };
    test("a client killed while its TA sleeps", || killed(&["sleep"], CALLING, Some(sleeper::proto::UUID)));
    test("a client killed while its TA calls another", || killed(&["nested"], CALLING, Some(sleeper::proto::UUID)));
    test("a client killed while its TA computes", || killed(&["busy"], CALLING, Some(sleeper::proto::UUID)));
    test("a client killed while its TA loops up to its limit", || killed(&["loop"], CALLING, None));
    test("a client killed while its TA reads its memory", || killed(&["memory-call"], CALLING, None));
    test("a client killed with sessions open", || killed(&["sessions", "stay"], HOLDING, Some(hello_world::proto::UUID)));
    test("a client killed with memory shared", || killed(&["memory"], HOLDING, None));
    test("a client that ends with sessions open", || {
        let mut client = Process::client(&["sessions", "exit"])?;
        client.expect(HOLDING)?;
        client.ended()?;
        before.wait_for()
    });
    test("many clients killed at once", || {
        let kinds: [&[&str]; 4] = [&["sleep"], &["nested"], &["loop"], &["memory-call"]];
        let mut clients = kinds.iter().cycle().take(8).map(|words| Process::client(words)).collect::<Result<Vec<_>>>()?;
        for client in &clients {
            client.expect(CALLING)?;
        }
        std::thread::sleep(MEANWHILE);
        Process::kill_all(&mut clients)?;
        before.wait_for()
    });
    test("clients killed while their TA is loaded", || {
        let away = Away::new()?;
        let mut silent = supplicant::start_evil(Behaviour::Never)?;
        let uuid = hello_world::proto::UUID.to_string();
        let mut first = Process::client(&["open", &uuid, "1"])?;
        silent.expect(SILENT)?;
        // It waits for the first one's load.
        let mut second = Process::client(&["open", &uuid, "1"])?;
        std::thread::sleep(MEANWHILE);
        ensure(first.is_running()? && second.is_running()?, || "a client did not wait".into())?;
        second.kill()?;
        first.kill()?;
        silent.kill()?;
        drop(away);
        Process::client(&["open", &uuid, "1"])?.expect("TEE_SUCCESS")?;
        before.wait_for()
    });
    Ok(())
}
