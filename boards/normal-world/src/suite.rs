// SPDX-License-Identifier: BSD-2-Clause
//! On-target tests: what only a CPU can show, and the protocol from the outside.

mod concurrency;
mod guards;
mod kernel;
mod limits;
mod memory;
mod notification;
mod power;
mod protocol;
mod services;
mod state;

use crate::cmdline::Options;
use crate::report::{Report, expect};
use crate::tee::{self, Tee, invoke};
use alloc::format;
use alloc::string::{String, ToString};
use conformance::proto as conformance;
use tee_client::Param;

/// Runs all; gives the number of failures.
pub(crate) fn run(options: &Options) -> u32 {
    let mut report = Report::new("test");
    kernel::run(&mut report);
    protocol::run(&mut report);
    state::run(&mut report);
    if let Some(tee) = report.step("connect", tee::tee()) {
        memory::run(tee, &mut report);
        limits::run(tee, &mut report);
        notification::run(tee, &mut report);
        services::run(tee, &mut report);
        guards::run(tee, &mut report);
        groups(tee, options.has("known"), &mut report);
        report.step("conformance-c", library(tee));
        report.step("library-user-c", shared_library(tee));
    }
    concurrency::run(&mut report);
    if let Ok(tee) = tee::tee() {
        power::run(tee, &mut report);
    }
    report.close()
}

/// Runs what needs no TEE; gives the number of failures.
pub(crate) fn run_kernel() -> u32 {
    let mut report = Report::new("test");
    kernel::run(&mut report);
    report.close()
}

/// The checks that `conformance` makes from inside the TEE; the vectors of every algorithm when they are wanted, as they take long.
fn groups(tee: &Tee, with_known: bool, report: &mut Report) {
    for (index, group) in conformance::GROUPS.iter().enumerate() {
        if group.starts_with("known ") && !with_known {
            continue;
        }
        let done = tee
            .open_public(conformance::UUID)
            .and_then(|session| invoke(&session, conformance::RUN_GROUP, [Param::value_input(index as u32, 0), Param::value_output()]));
        let outcome = done.map_err(|error| format!("{error}")).and_then(|done| match done.value(1) {
            (0, 0) => Err("no checks were made".to_string()),
            (_, line) => expect(line, 0).map_err(|error| format!("line of the first failure: {error}")),
        });
        report.step(&format!("conformance {group}"), outcome);
    }
}

/// The checks that `conformance-c` makes of the C library, from inside the TEE.
fn library(tee: &Tee) -> Result<(), String> {
    let session = tee.open_public(conformance::UUID_C).map_err(|error| error.to_string())?;
    let done = invoke(&session, conformance::RUN_ALL, [Param::value_output()]).map_err(|error| error.to_string())?;
    match done.value(0) {
        (0, 0) => Err("no checks were made".to_string()),
        (_, line) => expect(line, 0).map_err(|error| format!("line of the first failure: {error}")),
    }
}

/// A TA that is linked with a library: each instance has the library's data to itself.
fn shared_library(tee: &Tee) -> Result<(), String> {
    let add = |session: &tee::Session, number| {
        let done = invoke(session, conformance::RUN_ALL, [Param::value_inout(number, 0)]).map_err(|error| error.to_string())?;
        Ok::<_, String>(done.value(0))
    };
    let open = || tee.open_public(conformance::UUID_LIBRARY_USER).map_err(|error| error.to_string());
    let (first, second) = (open()?, open()?);
    expect(add(&first, 24)?, (1024, 2048))?;
    expect(add(&second, 1)?, (1001, 2002))?;
    expect(add(&first, 1)?, (1025, 2050))
}
