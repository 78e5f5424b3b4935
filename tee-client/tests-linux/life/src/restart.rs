// SPDX-License-Identifier: BSD-2-Clause
//! The supplicant is killed and started again while clients open and close TAs.

use crate::clients::baseline;
use crate::harness::{Process, Result, ensure, test};
use crate::supplicant::{self, Away};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// How often.
const ROUNDS: u32 = 20;
/// Clients meanwhile.
const CLIENTS: usize = 4;
/// How long each supplicant lives, in steps, so that it dies at other moments each time.
const STEP: Duration = Duration::from_millis(13);
/// What an open comes to when the supplicant dies under it: Linux says COMMUNICATION for a request that was under way, which is no
/// memory when it was memory that was asked for, and the next supplicant knows nothing of memory which the last one gave.
const CLEAN: [&str; 4] = ["TEE_SUCCESS", "TEE_ERROR_COMMUNICATION", "TEE_ERROR_OUT_OF_MEMORY", "TEE_ERROR_BAD_PARAMETERS"];
const STOP: &str = "/tmp/tee-test-life.stop";

/// Tests.
pub(crate) fn run() -> Result<()> {
    let before = baseline()?;
    test("the supplicant is killed and restarted under load", || {
        let away = Away::new()?;
        let _ = fs::remove_file(STOP);
        let start = || (0..CLIENTS).map(|_| Process::client(&["churn", STOP])).collect::<Result<Vec<_>>>();
        let (mut clients, mut results, mut ended) = (start()?, BTreeMap::<String, u32>::new(), 0);
        for round in 1..=ROUNDS {
            let started = supplicant::start()?;
            if started.is_none() {
                // See there.
                ended += 1;
                Process::kill_all(&mut clients)?;
                count(&clients, &mut results)?;
                clients = start()?;
            }
            let mut system = started.map_or_else(supplicant::start_now, Ok)?;
            std::thread::sleep(STEP * round);
            system.kill()?;
        }
        let started = supplicant::start()?;
        if started.is_none() {
            Process::kill_all(&mut clients)?;
            count(&clients, &mut results)?;
            clients = start()?;
        }
        let mut system = started.map_or_else(supplicant::start_now, Ok)?;
        std::thread::sleep(STEP * ROUNDS);
        fs::write(STOP, "").map_err(|error| error.to_string())?;
        count(&clients, &mut results)?;
        system.kill()?;
        drop(away);
        println!("clients, ended {ended} times: {results:?}");
        let wrong = results.keys().find(|result| !CLEAN.contains(&result.as_str()));
        ensure(wrong.is_none(), || format!("a client got {wrong:?}"))?;
        let worked = results.get("TEE_SUCCESS").copied().unwrap_or(0);
        let _ = fs::remove_file(STOP);
        ensure(worked > ROUNDS, || format!("only {worked} opens worked"))?;
        for uuid in [hello_world::proto::UUID, sleeper::proto::UUID, conformance::proto::UUID] {
            Process::client(&["open", &uuid.to_string(), "1"])?.expect("TEE_SUCCESS")?;
        }
        before.wait_for()
    });
    Ok(())
}

/// Counts what clients said until their end.
fn count(clients: &[Process], results: &mut BTreeMap<String, u32>) -> Result<()> {
    for client in clients {
        while let Some(line) = client.line()? {
            *results.entry(line).or_default() += 1;
        }
    }
    Ok(())
}
