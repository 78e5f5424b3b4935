// SPDX-License-Identifier: BSD-2-Clause
//! A TA of 10 MiB, of which the secure world has room for one alone.

use crate::{Session, Tests};
use tee_client::transport::linux::LinuxContext;
use tee_client::{Operation, Param, Uuid};

/// The TA in the folder `large`.
const UUID: Uuid = Uuid::new(0xd3a6_c1f2, 0x58b7, 0x4e0d, [0x9a, 0x41, 0x6c, 0x2f, 0x7e, 0x90, 0xb8, 0x35]);
/// Its only command: hash and size of its table.
const HASH: u32 = 0;
/// Last of the numbers in the table, each on a line of its own.
const LAST: u32 = 1_449_000;

/// What the TA has to find: FNV-1a and the number of bytes.
fn expected() -> (u32, u32) {
    let bytes = (1..=LAST).flat_map(|number| format!("{number}\n").into_bytes());
    bytes.fold((2_166_136_261, 0), |(hash, size), byte| ((hash ^ u32::from(byte)).wrapping_mul(16_777_619), size + 1))
}

fn check(session: &Session, expected: (u32, u32)) -> Result<(), String> {
    let mut operation = Operation::one(Param::value_output());
    session.invoke(HASH, &mut operation).map_err(|error| error.to_string())?;
    let found = operation.value(0);
    if found == expected { Ok(()) } else { Err(format!("the table is {found:x?} and not {expected:x?}")) }
}

/// Instances that share what they do not write.
fn shared(context: &LinuxContext, expected: (u32, u32)) -> Result<(), String> {
    let open = || context.open_public(UUID).map_err(|error| format!("opening: {error}"));
    let sessions = [open()?, open()?, open()?];
    sessions.iter().try_for_each(|session| check(session, expected))
}

/// Clients that load it at the same time.
fn together(expected: (u32, u32)) -> Result<(), String> {
    let client = || -> Result<(), String> {
        let context = LinuxContext::connect().map_err(|error| error.to_string())?;
        check(&context.open_public(UUID).map_err(|error| format!("opening: {error}"))?, expected)
    };
    std::thread::scope(|scope| {
        let clients = [(); 3].map(|()| scope.spawn(client));
        clients.into_iter().try_for_each(|client| client.join().map_err(|_| "a client panicked")?)
    })
}

/// Runs the tests.
pub(crate) fn run(context: &LinuxContext, tests: &mut Tests) {
    let expected = expected();
    tests.report("a TA of 10 MiB for clients at the same time", together(expected));
    tests.report("a TA of 10 MiB for several sessions", shared(context, expected));
}
