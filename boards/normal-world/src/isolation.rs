// SPDX-License-Identifier: BSD-2-Clause
//! The isolation proof: a hostile TA attacks and alone gets the error or dies; then this world attacks and is stopped.

use crate::board::{self, board};
use crate::cmdline::Options;
use crate::println;
use crate::probe::{self, Refused};
use crate::report::{Report, expect};
use crate::tee::{self, Line, Session, Tee, invoke, operation};
use alloc::format;
use alloc::string::{String, ToString};
use hello_world::proto as hello;
use hostile::proto as hostile;
use tee_client::{Error, Operation, Origin, Param, TeeError};

/// Runs the proof alone; gives the number of failures.
pub(crate) fn run_alone(_options: &Options) -> u32 {
    let mut report = Report::new("isolation");
    if let Some(tee) = report.step("find the TEE", tee::tee()) {
        run(tee, &mut report);
    }
    report.close()
}

/// What an attack is to come to.
enum Wanted {
    /// The TA dies; its client gets TARGET_DEAD from the TEE.
    Death,
    /// The TA lives.
    Life,
    /// The TA dies, or what it tried has no effect.
    DeathOrNothing,
}

/// Runs the proof.
pub(crate) fn run(tee: &Tee, report: &mut Report) {
    let kernel = board().secure_kernel() as u32;
    let foreign = (board().ram.end - FOREIGN_BEFORE_END) as u32;
    let deaths: [(&str, u32, u32, u32); 12] = [
        ("reads secure kernel memory", hostile::READ, kernel, 0),
        ("writes secure kernel memory", hostile::WRITE, kernel, 0xDEAD_BEEF),
        ("reads normal-world memory it was not given", hostile::READ, foreign, 0),
        ("reads a device", hostile::READ, board().secure_device, 0),
        ("writes its own code", hostile::WRITE_CODE, 0, 0),
        ("jumps to data", hostile::RUN_DATA, 0, 0),
        ("jumps into the kernel", hostile::JUMP, kernel, 0),
        ("overflows its stack", hostile::OVERFLOW_STACK, 0, 0),
        ("loops for ever", hostile::LOOP, 0, 0),
        ("panics", hostile::PANIC, 0, 0),
        ("executes an undefined instruction", hostile::UNDEFINED, 0, 0),
        ("follows NULL", hostile::READ, 0, 0),
    ];
    for (what, command, a, b) in deaths {
        attack(tee, report, what, command, (a, b), &Wanted::Death);
    }
    println!("hostile reads another TA's memory");
    report.step("hostile reads another TA's memory", attack_other(tee));
    for index in 0..hostile::PRIVILEGED {
        let what = format!("tries privileged instruction {index}");
        attack(tee, report, &what, hostile::PRIVILEGED_INSTRUCTION, (index, 0), &Wanted::DeathOrNothing);
    }
    let lives: [(&str, u32, u32); 6] = [
        ("exhausts its heap", hostile::EXHAUST_HEAP, 0),
        ("passes wild pointers to every system call", hostile::WILD_POINTERS, 0),
        ("makes every system call number", hostile::EVERY_NUMBER, 200),
        ("recurses through sessions with itself", hostile::RECURSE, 0),
        ("exhausts its sessions", hostile::EXHAUST_SESSIONS, 0),
        ("exhausts mappings", hostile::EXHAUST_MAPPINGS, 0),
    ];
    for (what, command, a) in lives {
        attack(tee, report, what, command, (a, 0), &Wanted::Life);
    }
    normal_world(tee, report);
}

/// An address this far below the end of this kernel's RAM was given to nobody.
const FOREIGN_BEFORE_END: u64 = 16 << 20;

/// Pairs of instances that are opened to find one above the other.
const TRIES: u32 = 32;
/// An address this far below an instance's secret is below everything that the instance has.
const BELOW: u32 = 256 << 10;

/// Attacks the memory of another instance, which is alive meanwhile and unharmed afterwards.
fn attack_other(tee: &Tee) -> Result<(), String> {
    if crate::cmdline::read().has("no-aslr") {
        println!("  not tried: at addresses that are not random, the other instance's memory has the addresses of its own");
        return Ok(());
    }
    for _ in 0..TRIES {
        let victim = tee.open_public(hostile::UUID).map_err(text)?;
        let target = secret(&victim)?;
        let attacker = tee.open_public(hostile::UUID).map_err(text)?;
        let own = secret(&attacker)?;
        if own.saturating_sub(target) < BELOW {
            continue;
        }
        println!("  its own secret is at {own:#x}, the other instance's at {target:#x}");
        let code = invoke(&attacker, hostile::READ, [Param::value_input(target, 0), Param::value_output()]).map(drop);
        expect(code, Err(DEAD))?;
        expect(secret(&victim)?, target)?;
        return victim.invoke(hostile::NOP, &mut Operation::none()).map_err(text);
    }
    Err("no two instances lie far enough apart".to_string())
}

fn secret(session: &Session) -> Result<u32, String> {
    invoke(session, hostile::SECRET, [Param::value_output()]).map(|done| done.value(0).0).map_err(text)
}

fn text(error: Error) -> String {
    error.to_string()
}

/// What the client of a TA that died gets.
const DEAD: Error = Error { code: TeeError::TARGET_DEAD, origin: Origin::Tee };

fn attack(tee: &Tee, report: &mut Report, what: &str, command: u32, (a, b): (u32, u32), wanted: &Wanted) {
    println!("hostile {what}");
    report.step(&format!("hostile {what}"), attempt(tee, command, (a, b), wanted));
}

fn attempt(tee: &Tee, command: u32, (a, b): (u32, u32), wanted: &Wanted) -> Result<(), String> {
    let session = tee.open_public(hostile::UUID).map_err(text)?;
    let first = match wanted {
        Wanted::Death | Wanted::DeathOrNothing => Param::value_input(a, b),
        Wanted::Life if command == hostile::EVERY_NUMBER => Param::value_input(a, b),
        Wanted::Life => Param::value_output(),
    };
    let mut params = operation([first, Param::value_output()]);
    let code = session.invoke(command, &mut params);
    outcome(code, wanted, command, &params)?;
    if matches!(wanted, Wanted::Death) {
        let again = session.invoke(hostile::NOP, &mut Operation::none());
        expect(again, Err(DEAD)).map_err(|error| format!("its session afterwards: {error}"))?;
    }
    session.close().map_err(|error| format!("closing: {error}"))?;
    let after = tee.open_public(hostile::UUID).and_then(|session| session.invoke(hostile::NOP, &mut Operation::none()));
    after.map_err(|error| format!("a new session: {error}"))
}

fn outcome(code: Result<(), Error>, wanted: &Wanted, command: u32, params: &Operation<'_, Line>) -> Result<(), String> {
    match wanted {
        Wanted::Death => expect(code, Err(DEAD)),
        Wanted::DeathOrNothing => expect(code == Err(DEAD) || code == Ok(()), true),
        Wanted::Life => {
            expect(code, Ok(()))?;
            let (a, b) = params.value(0);
            match command {
                hostile::WILD_POINTERS => {
                    println!("  {a} calls, {b} refused");
                    expect(params.value(1), (0, 0))?;
                    expect(a == b && a > 0, true)
                }
                hostile::EXHAUST_HEAP => {
                    println!("  it got {a} bytes, and memory again after it had freed them: {}", b == 1);
                    expect(a > 0 && b == 1, true)
                }
                hostile::EVERY_NUMBER => Ok(()),
                _ => {
                    println!("  it got {a}, then {:?}", TeeError::check(b));
                    expect(b != 0, true)
                }
            }
        }
    }
}

/// This world reads and writes secure memory.
fn normal_world(tee: &Tee, report: &mut Report) {
    if !board::is_isolated() {
        println!("  secure memory and devices not tried: this machine does not keep them from the normal world, as its device tree says");
    }
    for &(name, address) in board().secure.iter().filter(|_| board::is_isolated()) {
        let read = probe::read(address);
        println!("normal world reads {name} at {address:#010x}: {read:x?}");
        report.step(&format!("the normal world cannot read {name}"), refused(read.err()));
        // SAFETY: secure memory and devices are nothing that this kernel depends on; that they are out of reach is the proof.
        let write = unsafe { probe::write(address, 0xDEAD_BEEF) };
        println!("normal world writes {name} at {address:#010x}: {write:x?}");
        report.step(&format!("the normal world cannot write {name}"), refused(write.err()));
    }
    let configuration = probe::secure_configuration();
    println!("normal world reads the secure configuration register: {configuration:x?}");
    let undefined = expect(configuration, Err(Refused(probe::UNDEFINED)));
    report.step("the normal world cannot read the secure configuration register", undefined);
    let works = tee.open_public(hello::UUID).and_then(|session| session.invoke(hello::NOP, &mut Operation::none()));
    report.step("the TEE works on unharmed", works);
}

fn refused(fault: Option<Refused>) -> Result<(), String> {
    match fault {
        Some(Refused(probe::EXTERNAL_ABORT | probe::LATE_ABORT)) => Ok(()),
        Some(other) => Err(format!("another fault: {other:x?}")),
        None => Err("it was let through".to_string()),
    }
}
