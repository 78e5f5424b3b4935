// SPDX-License-Identifier: BSD-2-Clause
//! Who a client is: Linux says so, not the client, and the TA sees it.

use crate::harness::{Process, Result, ensure, own_path, test};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The user and group of root, of alice, and of mallory, who may not open the device.
const ROOT: (u32, u32) = (0, 0);
const ALICE: (u32, u32) = (1000, TEE);
const MALLORY: (u32, u32) = (1002, 1002);
/// The group that may.
const TEE: u32 = 990;

const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// What a client prints that logs in like this as a user.
fn says((user, group): (u32, u32), login: &str) -> Result<String> {
    let process = Process::start(Command::new(own_path()?).args(["client", "identity", login]).uid(user).gid(group))?;
    process.line()?.ok_or_else(|| "it says nothing".into())
}

fn is(who: (u32, u32), login: &str, wanted: &str) -> Result<()> {
    let said = says(who, login)?;
    ensure(said == wanted, || format!("{login}: {said}, not {wanted}"))
}

fn refused(who: (u32, u32), login: &str) -> Result<()> {
    let said = says(who, login)?;
    ensure(said.contains("TEE_ERROR_"), || format!("{login}: {said}"))
}

/// Tests. The UUIDs are version 5 of `uid=<hexadecimal>` and `gid=<hexadecimal>` in Linux' name space for clients.
pub(crate) fn run() -> Result<()> {
    test("public clients are nobody, whatever they say", || {
        is(ROOT, "public", &format!("0 {NIL}"))?;
        is(ALICE, "forged", &format!("0 {NIL}"))
    });
    test("users are who they are", || {
        is(ROOT, "user", "1 ef0180a3-13f3-5d1c-b7f5-888c0e21059a")?;
        is(ALICE, "user", "1 fc34275c-d8dd-5ba7-968b-504718363b87")?;
        is(ALICE, "forged-user", "1 fc34275c-d8dd-5ba7-968b-504718363b87")
    });
    test("members of a group are it, others are not", || {
        is(ALICE, &format!("group:{TEE}"), "2 9c28a2a6-fb4f-5af9-953c-4ee04a9c926d")?;
        refused(ALICE, "group:0")?;
        refused(ALICE, "group:1002")
    });
    test("nobody is the kernel or a TA", || {
        for login in ["kernel", "ta"] {
            refused(ROOT, login)?;
            refused(ALICE, login)?;
        }
        Ok(())
    });
    test("logins as a program are refused where Linux cannot tell", || {
        // Linux 6.12 knows users and groups; a later one may tell programs apart.
        for login in ["application", "user-application", "group-application:990"] {
            let said = says(ALICE, login)?;
            ensure(said.contains("TEE_ERROR_") || !said.ends_with(NIL), || format!("{login}: {said}"))?;
        }
        Ok(())
    });
    test("others cannot open the device", || {
        let said = says(MALLORY, "public")?;
        ensure(said.contains("ermission"), || said)
    });
    Ok(())
}
