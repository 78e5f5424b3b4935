// SPDX-License-Identifier: BSD-2-Clause
//! More calls than the TEE has threads, and TAs that compute for clients which are gone.

use crate::client::{CALLING, HOLDING};
use crate::clients::{MEANWHILE, baseline};
use crate::harness::{Process, Result, ensure, test, until};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// Threads for opens and invokes; the TEE has one more, for what must be done.
pub(crate) const THREADS: usize = 7;
/// Calls at once at most.
pub(crate) const CALLS: usize = 24;
/// Tells clients to begin with their call.
const GO: &str = "/tmp/tee-test-life.go";
/// How soon a client has to be gone whose TA goes on computing: the TEE lets it do so for ten seconds of CPU time.
const AFTER_LIMIT: Duration = Duration::from_secs(60);

/// Clients whose calls hold all threads.
fn fill() -> Result<Vec<Process>> {
    let clients = (0..THREADS).map(|_| Process::client(&["sleep"])).collect::<Result<Vec<_>>>()?;
    clients.iter().try_for_each(|client| client.expect(CALLING))?;
    std::thread::sleep(MEANWHILE);
    Ok(clients)
}

fn all_run(clients: &mut [Process]) -> Result<()> {
    clients.iter_mut().try_for_each(|client| ensure(client.is_running()?, || "a client has ended by itself".into()))
}

fn signal(client: &Process, name: &str) -> Result<()> {
    let status = Command::new("kill").args([name, &client.id().to_string()]).status().map_err(|error| error.to_string())?;
    ensure(status.success(), || format!("kill {name}: {status}"))
}

/// Everybody at once, each with a session of its own.
fn everybody() -> Result<()> {
    let clients = (0..CALLS).map(|_| Process::client(&["nap"])).collect::<Result<Vec<_>>>()?;
    clients.iter().try_for_each(|client| {
        client.expect(CALLING)?;
        client.expect("TEE_SUCCESS")
    })
}

/// Tests.
pub(crate) fn run() -> Result<()> {
    // The table of sessions has grown as far as it will before it is looked what there is.
    everybody()?;
    let before = baseline()?;
    test("calls beyond the threads all get their turn", || {
        everybody()?;
        before.wait_for()
    });
    test("clients killed while they wait for a thread", || {
        let mut busy = fill()?;
        let mut waiting = (THREADS..CALLS).map(|_| Process::client(&["sleep"])).collect::<Result<Vec<_>>>()?;
        std::thread::sleep(MEANWHILE);
        all_run(&mut waiting)?;
        Process::kill_all(&mut waiting)?;
        all_run(&mut busy)?;
        Process::kill_all(&mut busy)?;
        before.wait_for()
    });
    test("a client killed while its invoke waits for a thread", || {
        let _ = fs::remove_file(GO);
        let mut clients = [Process::client(&["late", GO])?, Process::client(&["late", GO])?];
        clients.iter().try_for_each(|client| client.expect(HOLDING))?;
        let mut busy = fill()?;
        fs::write(GO, "").map_err(|error| error.to_string())?;
        clients.iter().try_for_each(|client| client.expect(CALLING))?;
        std::thread::sleep(MEANWHILE);
        all_run(&mut clients)?;
        // It is gone when its session is closed, for which a thread is kept.
        Process::kill_all(&mut clients)?;
        all_run(&mut busy)?;
        let _ = fs::remove_file(GO);
        Process::kill_all(&mut busy)?;
        before.wait_for()
    });
    test("a cancellation comes through while all threads are in use", || {
        let client = Process::client(&["cancelled"])?;
        client.expect(CALLING)?;
        let mut busy = (1..THREADS).map(|_| Process::client(&["sleep"])).collect::<Result<Vec<_>>>()?;
        busy.iter().try_for_each(|client| client.expect(CALLING))?;
        let mut waiting = (THREADS..CALLS).map(|_| Process::client(&["sleep"])).collect::<Result<Vec<_>>>()?;
        client.expect("TEE_ERROR_CANCEL")?;
        // Whoever has its thread now is done with loading.
        std::thread::sleep(Duration::from_secs(2));
        all_run(&mut busy)?;
        Process::kill_all(&mut waiting)?;
        Process::kill_all(&mut busy)?;
        before.wait_for()
    });
    test("a client killed whose TA never looks up", || {
        let mut client = Process::client(&["stubborn", "600000"])?;
        client.expect(CALLING)?;
        std::thread::sleep(MEANWHILE);
        let start = Instant::now();
        signal(&client, "-KILL")?;
        while client.is_running()? {
            ensure(start.elapsed() < AFTER_LIMIT, || format!("not gone within {AFTER_LIMIT:?}"))?;
            std::thread::sleep(Duration::from_millis(100));
        }
        println!("gone after {:?}", start.elapsed());
        before.wait_for()
    });
    test("a client with a signal that is not its end keeps its TA", || {
        let client = Process::client(&["stubborn", "5000"])?;
        client.expect(CALLING)?;
        std::thread::sleep(MEANWHILE);
        // Pending from now on: Linux can stop it only when its call is over.
        signal(&client, "-STOP")?;
        std::thread::sleep(Duration::from_secs(3));
        signal(&client, "-CONT")?;
        client.expect("TEE_SUCCESS")?;
        before.wait_for()
    });
    until("nothing is left of it", || Ok(!fs::exists(GO).unwrap_or(true)))
}
