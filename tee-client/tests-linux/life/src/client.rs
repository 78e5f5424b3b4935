// SPDX-License-Identifier: BSD-2-Clause
//! What this program does as a client: mostly to be killed meanwhile.

use conformance::proto as conformance;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tee_client::transport::linux::{Device, Linux, LinuxContext};
use tee_client::{Direction, Error, Identity, Login, Operation, Param, Uuid};

/// Printed before a call that takes long.
pub(crate) const CALLING: &str = "calling";
/// Printed when it has what it is to have when it is killed.
pub(crate) const HOLDING: &str = "holding";
/// Milliseconds that a call takes which is not ended.
const LONG: u32 = 60_000;
/// Milliseconds of a call that ends by itself.
const NAP: u32 = 300;
const MIB: usize = 1 << 20;
/// Bytes that a TA with a small heap copies twice.
const READ: usize = 8192;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Does what the words say.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    match serve(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// A result as [`run`] prints it: the code's name.
pub(crate) fn text(result: Result<(), Error>) -> String {
    result.map_or_else(|error| error.code.to_string(), |()| "TEE_SUCCESS".into())
}

fn serve(words: &[&str]) -> Outcome {
    let context = LinuxContext::connect()?;
    match words {
        ["open", uuid, times] => {
            let uuid: Uuid = uuid.parse()?;
            for _ in 0..times.parse()? {
                println!("{}", text(context.open_public(uuid).and_then(tee_client::Session::close)));
            }
            Ok(())
        }
        ["churn", stop] => {
            churn(&context, Path::new(stop));
            Ok(())
        }
        ["identity", login] => identity(&context, login),
        ["sleep"] => call(&context, sleeper::proto::UUID, sleeper::proto::SLEEP, Param::value_inout(1, LONG)),
        ["nap"] => call(&context, sleeper::proto::UUID, sleeper::proto::SLEEP, Param::value_inout(1, NAP)),
        ["late", go] => {
            let session = context.open_public(sleeper::proto::UUID)?;
            println!("{HOLDING}");
            while !Path::new(go).exists() {
                std::thread::sleep(Duration::from_millis(10));
            }
            println!("{CALLING}");
            println!("{}", text(session.invoke(sleeper::proto::SLEEP, &mut Operation::one(Param::value_inout(1, LONG)))));
            Ok(())
        }
        ["cancelled"] => cancelled(&context),
        ["busy"] => busy(&context, LONG, 1),
        ["stubborn", milliseconds] => busy(&context, milliseconds.parse()?, 0),
        ["loop"] => call(&context, hostile::proto::UUID, hostile::proto::LOOP, Param::None),
        ["nested"] => call(&context, ta_to_ta::proto::UUID, ta_to_ta::proto::SLEEP, Param::value_input(1, LONG)),
        ["sessions", end] => {
            let uuids = [hello_world::proto::UUID, conformance::UUID, sleeper::proto::UUID, sleeper::proto::UUID];
            let sessions = uuids.into_iter().map(|uuid| context.open_public(uuid)).collect::<Result<Vec<_>, _>>()?;
            println!("{HOLDING}");
            if *end == "exit" {
                // No destructor runs: Linux closes the device, and the TEE what was open.
                std::process::exit(0);
            }
            wait();
            drop(sessions);
            Ok(())
        }
        ["memory"] => {
            let registered = (0..3).map(|_| context.register(vec![1; MIB], Direction::Inout)).collect::<Result<Vec<_>, _>>()?;
            let allocated = context.allocate(4096, Direction::Inout)?;
            println!("{HOLDING}");
            wait();
            drop((registered, allocated));
            Ok(())
        }
        ["memory-call"] => {
            let memory = context.register(vec![1; MIB], Direction::Inout)?;
            let session = context.open_public(hostile::proto::UUID)?;
            println!("{CALLING}");
            let params =
                [Param::partial(&memory, Direction::Input, 0, READ), Param::value_input(u32::MAX, 0), Param::value_output(), Param::None];
            println!("{}", text(session.invoke(hostile::proto::DOUBLE_FETCH, &mut Operation::new(params))));
            Ok(())
        }
        _ => Err(format!("no such client: {words:?}").into()),
    }
}

/// Until it is killed.
fn wait() {
    std::thread::sleep(Duration::from_secs(3600));
}

fn call(context: &LinuxContext, uuid: Uuid, command: u32, param: Param<'_, Linux<Device>>) -> Outcome {
    let session = context.open_public(uuid)?;
    println!("{CALLING}");
    println!("{}", text(session.invoke(command, &mut Operation::one(param))));
    Ok(())
}

/// Has a TA compute, which looks for cancellation or does not.
fn busy(context: &LinuxContext, milliseconds: u32, looks: u32) -> Outcome {
    let session = context.open_public(sleeper::proto::UUID)?;
    println!("{CALLING}");
    let mut operation = Operation::two(Param::value_input(milliseconds, looks), Param::value_output());
    println!("{}", text(session.invoke(sleeper::proto::BUSY, &mut operation)));
    Ok(())
}

/// Has a TA sleep, and cancels that a while later.
fn cancelled(context: &LinuxContext) -> Outcome {
    let session = context.open_public(sleeper::proto::UUID)?;
    println!("{CALLING}");
    let handle = session.cancellation();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        handle.cancel()
    });
    println!("{}", text(session.invoke(sleeper::proto::SLEEP, &mut Operation::one(Param::value_inout(1, LONG)))));
    canceller.join().map_err(|_| "the other thread panicked")??;
    Ok(())
}

/// Opens and closes until a file is there, and prints what comes of it.
fn churn(context: &LinuxContext, stop: &Path) {
    let uuids = [hello_world::proto::UUID, sleeper::proto::UUID];
    while !stop.exists() {
        for uuid in uuids {
            println!("{}", text(context.open_public(uuid).and_then(tee_client::Session::close)));
        }
    }
}

/// Who a client is that logs in like this, as a TA sees it.
fn identity(context: &LinuxContext, login: &str) -> Outcome {
    let forged = Uuid::new(0xdead_beef, 1, 2, [3; 8]);
    let identity = match login.split_once(':') {
        Some(("group", id)) => Identity::group(id.parse()?),
        Some(("group-application", id)) => Identity::group_application(id.parse()?),
        _ => match login {
            "public" => Identity::PUBLIC,
            "forged" => Identity { login: Login::Public, uuid: forged },
            "user" => Identity::USER,
            "forged-user" => Identity { login: Login::User, uuid: forged },
            "application" => Identity::APPLICATION,
            "user-application" => Identity::USER_APPLICATION,
            "kernel" => Identity::KERNEL,
            "ta" => Identity { login: Login::TrustedApp, uuid: forged },
            _ => return Err(format!("no login {login}").into()),
        },
    };
    let session = context.open(conformance::UUID, identity, &mut Operation::none())?;
    let mut octets = [0; 16];
    let mut operation = Operation::two(Param::value_output(), Param::output(&mut octets));
    session.invoke(conformance::IDENTITY, &mut operation)?;
    let (login, _) = operation.value(0);
    println!("{login} {}", Uuid::from_octets(octets));
    Ok(())
}
