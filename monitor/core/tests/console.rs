// SPDX-License-Identifier: BSD-2-Clause
//! The console of the trusted OS: every command at a pretended machine, and when its thread runs.

mod common;

use common::Running;
use std::sync::Arc;
use tee_core::Tee;
use tee_core::console::command;
use tee_core::console::ports::EngineState;
use tee_core::smc::Answer;
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::script::Ta;
use tee_core::testing::{FakePlatform, RAM, image};
use utee_abi::demonstration;
use utee_abi::light;
use utee_abi::psci;
use utee_abi::rpc::RpcCommand;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const TA: Uuid = Uuid::new(0x8aaa_f200, 0x2450, 0x11e4, [0xab, 0xe2, 0, 2, 0xa5, 0xd5, 0xc5, 0x1b]);

type Machine = Arc<Tee<FakePlatform>>;

fn boot() -> Machine {
    let tee = FakePlatform::boot(&[(TA, image::signed(&TA, &image::elf(&TA, TaFlags::empty(), 8192)))], 2);
    tee.console.begin(&tee.platform);
    tee
}

/// Types, and lets secure interrupts come until the console waits for more; what it sent.
fn press(tee: &Machine, keys: &[u8]) -> String {
    let before = tee.platform.printed().len();
    tee.platform.operator().press(keys);
    tee.secure_interrupt();
    while let Some(tick) = tee.platform.operator().tick() {
        let now = tee_core::ports::Platform::ticks(&tee.platform);
        tee.platform.advance(tick.saturating_sub(now));
        tee.secure_interrupt();
    }
    tee.platform.printed().split_off(before)
}

/// Types a line; the lines that come then, without the echo and the prompt.
fn say(tee: &Machine, line: &str) -> Vec<String> {
    let sent = press(tee, format!("{line}\r").as_bytes());
    let (_, answer) = sent.split_once("\r\n").expect("the line is echoed");
    let answer = answer.strip_suffix("\r\x1b[K> ").expect("a prompt comes last");
    answer.split_terminator("\r\n").map(String::from).collect()
}

/// The only line of an answer.
fn one(tee: &Machine, line: &str) -> String {
    let lines = say(tee, line);
    assert_eq!(lines.len(), 1, "{line}: {lines:?}");
    lines.into_iter().next().unwrap()
}

#[test]
fn nothing_is_sent_before_somebody_types() {
    let tee = boot();
    tee.banner();
    let banner = tee.platform.printed();
    assert!(banner.ends_with("root keys\n") && !banner.contains('\r'), "{banner}");
    tee.secure_interrupt();
    assert_eq!(tee.platform.printed(), banner);
    assert_eq!(press(&tee, b"h"), "\r\x1b[K> h");
    assert_eq!(press(&tee, b"e"), "e");
}

#[test]
fn help_lists_every_command_and_each_is_found() {
    let tee = boot();
    let help = say(&tee, "help");
    let names: Vec<_> = command::all::<FakePlatform>().iter().map(|command| command.name).collect();
    assert_eq!(names, help.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>());
    assert!(names.is_sorted() && names.iter().all(|name| command::find::<FakePlatform>(name).is_some()));
    assert_eq!(one(&tee, "halp"), "error: unknown command, type `help`");
    assert_eq!(one(&tee, "one two three four five six seven"), "error: too many words");
    assert_eq!(say(&tee, "   "), Vec::<String>::new());
    for name in ["help", "reboot", "stack", "stackall", "dbg", "ta"] {
        assert_eq!(one(&tee, &format!("{name} more")), format!("usage: {name}"));
    }
}

#[test]
fn a_log_line_does_not_tear_what_is_typed() {
    let tee = boot();
    assert_eq!(press(&tee, b"he"), "\r\x1b[K> he");
    let before = tee.platform.printed().len();
    tee_core::log!(&tee.platform, "I core: something else");
    assert_eq!(tee.platform.printed().split_off(before), "\r\x1b[KI core: something else\r\n> he");
    // Left with an empty line, it is as if nobody had come.
    assert_eq!(press(&tee, b"\x15\x04"), "\r\x1b[K> \r\n");
    let before = tee.platform.printed().len();
    tee_core::log!(&tee.platform, "as it is");
    assert_eq!(tee.platform.printed().split_off(before), "as it is\n");
}

#[test]
fn the_normal_world_goes_first_and_the_console_comes_back() {
    let tee = boot();
    tee.platform.operator().press(b"help\r");
    tee.platform.operator().interrupt(2);
    tee.secure_interrupt();
    let back = tee.platform.operator().tick().expect("it wants to go on");
    let printed = tee.platform.printed().len();
    // Another interrupt before that does not bring it back: the normal world has its time.
    tee.secure_interrupt();
    assert_eq!((tee.platform.operator().tick(), tee.platform.printed().len()), (Some(back), printed));
    tee.platform.advance(1);
    tee.secure_interrupt();
    assert!(tee.platform.operator().tick().is_some_and(|tick| tick > back));
    // A CPU that is busy with calls looks in passing.
    tee.platform.advance(1);
    tee.console.poll_in_passing(&tee);
    assert!(tee.platform.printed().ends_with("> "));
    assert_eq!(tee.platform.operator().tick(), None);
}

#[test]
fn the_normal_world_cannot_resume_the_console() {
    let tee = boot();
    let thread = tee.console.thread().unwrap().0;
    press(&tee, b"x");
    let normal = NormalWorld::new(Arc::clone(&tee));
    let regs = [utee_abi::smc::YieldingCall::ReturnFromRpc.into(), 0, 0, thread, 0, 0, 0, 0];
    assert_eq!(normal.smc(regs)[0], utee_abi::smc::ReturnCode::EResume.raw());
    assert_eq!(press(&tee, b"y"), "y");
}

#[test]
fn a_cpu_that_is_switched_off_hands_the_console_on() {
    let tee = boot();
    tee.cpus.request(0, psci_start()).unwrap();
    tee.cpus.request(1, psci_start()).unwrap();
    tee.cpus.take_start(0).unwrap();
    tee.cpus.take_start(1).unwrap();
    tee.leave_console(0);
    assert_eq!(tee.platform.operator().cpu(), 1);
    tee.leave_console(1);
    assert_eq!(tee.platform.operator().cpu(), 0);
}

#[test]
fn the_console_follows_the_cpus_that_firmware_switches() {
    let tee = boot();
    tee.begin();
    tee.powered_on(1);
    assert_eq!(tee.platform.operator().cpu(), 0, "who has it keeps it");
    tee.powered_off(0);
    assert_eq!(tee.platform.operator().cpu(), 1);
    // The last one goes while another is only on its way, which the TEE cannot know.
    tee.powered_off(1);
    assert_eq!(tee.platform.operator().cpu(), 1);
    tee.powered_on(0);
    assert_eq!(tee.platform.operator().cpu(), 0);
    // Firmware asks by the way that the run loop takes.
    tee.powered_on(1);
    tee.serve(0, &mut Leaves);
}

/// A normal world whose CPU firmware switches off.
struct Leaves;

impl tee_core::ports::NormalWorld for Leaves {
    fn start(&mut self, _entry: u64, _args: [u64; 3]) {}

    fn enter(&mut self) -> tee_core::ports::NormalExit {
        tee_core::ports::NormalExit::CpuOff
    }

    fn set_result(&mut self, _result: [u32; 4]) {}
}

fn psci_start() -> tee_core::smc::psci::Start {
    tee_core::smc::psci::Start::on(RAM.start, u64::from(psci::SUCCESS))
}

#[test]
fn threads_are_listed_with_what_they_wait_for() {
    let tee = boot();
    assert_eq!(say(&tee, "stack"), ["#0 0x0e000204", "#1 0x0e000208"]);
    let this = ["thread 2 is this console", "#0 0x0e000204", "#1 0x0e000208"];
    assert_eq!(say(&tee, "stackall"), [&["thread 0 is free", "thread 1 is free"], &this[..]].concat());
    tee.platform.scripts().set(&TA, |ta: &mut Ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            ta.syscall(utee_abi::sysnum::Syscall::Wait, &[1000]);
            ta.interrupted();
        }
        0
    });
    let mut world = NormalWorld::new(Arc::clone(&tee));
    let session = world.open(&TA, &[]).header.session;
    let call = Running::start(&mut world, session, 0);
    assert_eq!(call.request(&world).0, RpcCommand::Suspend);
    let waits = ["thread 0 waits for the normal world: sleep", "#0 0x0e000004", "#1 0x0e000008", "thread 1 is free"];
    assert_eq!(say(&tee, "stackall"), [&waits, &this[..]].concat());
    let rows = say(&tee, "ta");
    assert_eq!(rows[1], format!("{TA}        1          -  on thread 0"));
    tee.platform.advance(1000);
    call.answer(&world, 0);
    assert_eq!(say(&tee, "stackall")[0], "thread 0 was interrupted by the normal world");
    assert_eq!((call.resume(&world), call.result(&world)), (0, 0));
    let rows = say(&tee, "ta");
    assert_eq!(rows[0], format!("{:36} {:>8} {:>10}  {}", "TA", "sessions", "KiB", "state"));
    assert!(rows[1].starts_with(&TA.to_string()) && rows[1].ends_with("20  idle"), "{rows:?}");
    assert_eq!(rows[2], "1 loaded, 1 sessions");
}

#[test]
fn the_end_of_the_log_is_shown_by_whole_lines_and_harmless() {
    let tee = boot();
    for line in ["one", "two \x1b[2J \u{e9}", "three"] {
        tee_core::log!(&tee.platform, "{line}");
    }
    assert_eq!(say(&tee, "log"), ["one", "two ?[2J ??", "three"]);
    assert_eq!(say(&tee, "log 8"), ["three"]);
    assert_eq!(say(&tee, "log 0"), Vec::<String>::new());
    assert_eq!(say(&tee, "log 0xffffffffffffffff").len(), 3);
    assert_eq!(one(&tee, "log all"), "error: this is no number");
    assert_eq!(one(&tee, "log 1 2"), "usage: log [BYTES]");
    // What the console itself says is not in it.
    assert_eq!(say(&tee, "log").len(), 3);
}

#[test]
fn debug_state_is_told_bit_by_bit() {
    let lines = say(&boot(), "dbg");
    assert_eq!(lines[0], "DBGAUTHSTATUS 0x000000af");
    let words = |line: &String| line.rsplit(' ').filter(|word| !word.is_empty()).take(2).map(String::from).collect::<Vec<_>>();
    let rights: Vec<_> = lines[2..].iter().map(words).collect();
    assert_eq!(rights, [["yes", "yes"], ["yes", "yes"], ["no", "yes"], ["no", "yes"]]);
}

#[test]
fn reboot_resets_the_machine_once() {
    let tee = boot();
    let sent = press(&tee, b"reboot\r");
    assert!(sent.ends_with("resetting the machine\r\n"), "{sent}");
    assert_eq!(tee.platform.operator().resets(), 1);
}

#[cfg(not(feature = "debug-console"))]
#[test]
fn an_image_that_is_not_for_debugging_neither_shows_nor_sets() {
    let tee = boot();
    tee.platform.operator().add_unit();
    let memory = "error: not in this image: only one that is built for debugging shows or writes memory";
    assert_eq!((one(&tee, "md 40000000 4"), one(&tee, "mw 40000000 4")), (memory.into(), memory.into()));
    let rights = "error: not in this image: only one that is built for debugging sets rights";
    assert_eq!((one(&tee, "csl 0 0 33"), one(&tee, "sa 0 secure")), (rights.into(), rights.into()));
    assert_eq!(say(&tee, "csl"), ["CSL00 0:0x00 1:0x00", "CSL01 0:0x00 locked 1:0x00 locked"]);
}

#[cfg(feature = "debug-console")]
#[test]
fn memory_is_shown_and_written_where_there_is_some() {
    let tee = boot();
    assert_eq!(say(&tee, "mw 40000000 12345678"), Vec::<String>::new());
    assert_eq!(say(&tee, "mw 0x40000010 41"), Vec::<String>::new());
    let lines = say(&tee, "md 40000000 0x11");
    assert_eq!(lines[0], "40000000: 78 56 34 12 00 00 00 00 00 00 00 00 00 00 00 00  xV4.............");
    assert_eq!(lines[1], format!("40000010: 41{:45}  A", ""));
    for nowhere in ["md 0 4", "md fffffffffffffffe 4", "md 407ffffe 4", "mw 40800000 0"] {
        assert_eq!(one(&tee, nowhere), "error: no memory there", "{nowhere}");
    }
    assert_eq!(one(&tee, "md 40000000 4097"), "error: 4096 bytes at most");
    assert_eq!(one(&tee, "mw 40000002 0"), "error: a word stands at a multiple of 4");
    assert_eq!(one(&tee, "mw 40000000 100000000"), "error: a word has 32 bits");
}

#[cfg(feature = "debug-console")]
#[test]
fn rights_are_set_unless_they_are_locked() {
    let tee = boot();
    assert!(one(&tee, "csl").contains("this board has no unit") && one(&tee, "sa").contains("this board has no unit"));
    tee.platform.operator().add_unit();
    assert_eq!(say(&tee, "csl 0 1 33"), Vec::<String>::new());
    assert_eq!(say(&tee, "csl"), ["CSL00 0:0x00 1:0x33", "CSL01 0:0x00 locked 1:0x00 locked"]);
    assert_eq!(say(&tee, "sa 1 secure"), Vec::<String>::new());
    assert_eq!(say(&tee, "sa"), ["SA00 nonsecure", "SA01 secure", "SA02 nonsecure locked"]);
    assert_eq!(say(&tee, "csl 1 0 33"), ["locked until the next reset by the lock bit of CSL01", "error: it is locked"]);
    assert_eq!(say(&tee, "sa 2 secure"), ["locked until the next reset by the lock bit of SA02", "error: it is locked"]);
    for wrong in ["csl 2 0 33", "csl 0 2 33", "csl 0 0 333", "csl 300 0 0", "sa 3 secure"] {
        assert_eq!(one(&tee, wrong), "error: there is no such peripheral, slave, master or value", "{wrong}");
    }
    assert!(one(&tee, "sa 1 maybe").starts_with("usage: sa") && one(&tee, "csl 1").starts_with("usage: csl"));
}

/// The normal world that takes part in the demonstration: a1 to a7 that it yields with next.
struct Part([u32; 7]);

/// Parts of it: it cannot read SCR, and gets no light; it meets an external abort in secure memory.
const PROVEN: [u32; 7] = [1, 0, 0, u32::MAX, u32::MAX, 0, 0];
const REFUSED: [u32; 7] = [1, 8, 0x0E00_0000, 0, 0, 0, 0];

impl tee_core::ports::NormalWorld for Part {
    fn start(&mut self, _entry: u64, _args: [u64; 3]) {}

    fn enter(&mut self) -> tee_core::ports::NormalExit {
        tee_core::ports::NormalExit::SecureInterrupt
    }

    fn for_each_register(&self, f: &mut dyn FnMut(&'static str, u64)) {
        f("r0", u64::from(demonstration::YIELD));
        for (name, value) in ["r1", "r2", "r3", "r4", "r5", "r6", "r7"].into_iter().zip(self.0) {
            f(name, u64::from(value));
        }
    }

    fn set_result(&mut self, _result: [u32; 4]) {}
}

/// Types `tee` and plays the normal world until it is over, which yields with these one after the other; the lines that came.
fn demonstrate(tee: &Machine, parts: &[[u32; 7]]) -> Vec<String> {
    let mut parts = parts.iter();
    let before = tee.platform.printed().len();
    tee.platform.operator().press(b"tee\r");
    tee.secure_interrupt();
    while let Some(tick) = tee.platform.operator().tick() {
        if tee.console.awaits_yield()
            && let Some(part) = parts.next()
        {
            assert_eq!(tee.smc(0, &[demonstration::YIELD, 1, 8, 0, 0, 0, 0, 0]), Answer::Yield);
            tee.console.take_yield(&Part(*part));
        }
        let now = tee_core::ports::Platform::ticks(&tee.platform);
        tee.platform.advance(tick.saturating_sub(now));
        tee.secure_interrupt();
    }
    assert_eq!(parts.next(), None, "the normal world is asked less often");
    tee.platform.printed().split_off(before).split("\r\n").map(|line| line.trim_start_matches(' ').to_string()).collect()
}

/// A machine with the demonstration's TA, whose normal world can be notified.
fn boot_demonstration() -> Machine {
    let elf = image::elf(&demonstration::TA, TaFlags::empty(), 8192);
    let tee = FakePlatform::boot_notifying(&[(demonstration::TA, image::signed(&demonstration::TA, &elf))], 2);
    tee.console.begin(&tee.platform);
    tee.platform.scripts().set(&demonstration::TA, |ta: &mut Ta| {
        match (ta.function(), ta.command()) {
            (EntryFunction::InvokeCommand, demonstration::COUNT) => {
                for _ in 0..demonstration::COUNTS {
                    assert_eq!(ta.syscall(utee_abi::sysnum::Syscall::Wait, &[1000]), 0);
                    // Nobody is asked for a thread that works for the console.
                    ta.interrupted();
                }
            }
            (EntryFunction::InvokeCommand, demonstration::READ) => ta.read(0, &mut [0; 4]),
            _ => {}
        }
        0
    });
    tee
}

#[test]
fn the_demonstration_shows_each_at_work_and_at_its_bounds() {
    let tee = boot_demonstration();
    // Nobody has asked for notifications: the normal world takes no part, and an SMC of it means nothing.
    assert_eq!(tee.smc(0, &[demonstration::YIELD, 0, 0, 0, 0, 0, 0, 0]), Answer::Return([u32::MAX, 0, 0, 0]));
    let lines = demonstrate(&tee, &[]);
    assert!(lines.iter().any(|line| line.starts_with("the normal world takes no part")), "{lines:#?}");
    assert!(tee.notifications.enable(&tee.platform));
    for _ in 0..2 {
        let lines = demonstrate(&tee, &[PROVEN, REFUSED]);
        for wanted in [
            "pass one: a TA, this console and the normal world at work",
            "r0 b2004f58   r1 00000001   r2 00000000   r3 00000000",
            "the normal world is non-secure: it cannot read SCR",
            "the normal world was entered at 0x40000000, non-secure, with its device tree at 0x0",
            "this console waits for the TA and for the normal world",
            "the normal world asked for a light: this board has none",
            "this board has no block for keys that a normal world could be lent",
            "I core: demonstration: sent `hello, w` to the TA, and got the same back",
            "console says 5 mississippi",
            "I core: demonstration: the TA ended: TEE_ERROR_TARGET_DEAD (origin Tee)",
            "pass two: what is closed to the normal world",
            "the normal world could not read secure memory at 0x0e000000: external abort",
            "this TEE derived the same key as before from the hardware-unique key",
            "that was the demonstration",
        ] {
            assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:#?}");
        }
        assert!(tee.threads.all_free() && tee.sessions.count() == 0 && tee.registry.usage() == (0, 0));
    }
}

/// a1 to a7 of a normal world that derived this key, and of one that met a fault.
const DERIVED: [u32; 7] = [1, 0, 0, 0x0403_0201, 0x0807_0605, 0x0C0B_0A09, 0x100F_0E0D];
const KEY: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const ABORTED: [u32; 7] = [0, 0x406, 0x0228_0004, 0, 0, 0, 0];

/// The lines that name the block for keys.
fn at_the_engine(tee: &Machine, parts: &[[u32; 7]]) -> Vec<String> {
    let lines = demonstrate(tee, parts);
    let after = lines.iter().position(|line| line.starts_with("pass one")).expect("it is shown");
    lines[after..].iter().filter(|line| line.contains("DCP") || line.starts_with("pass ")).cloned().collect()
}

#[test]
fn a_lent_engine_is_closed_between_the_passes_and_stays_closed() {
    let tee = boot_demonstration();
    tee.platform.operator().add_engine(EngineState::Lent, [KEY, KEY]);
    assert!(tee.notifications.enable(&tee.platform));
    let passes = ["pass one: a TA, this console and the normal world at work", "pass two: what is closed to the normal world"];
    assert_eq!(
        at_the_engine(&tee, &[DERIVED, PROVEN, REFUSED, ABORTED]),
        [
            passes[0],
            "this TEE derived a key with the DCP, which is the normal world's in this pass",
            "the normal world derived a key with the DCP: the same as this TEE",
            passes[1],
            "this TEE closed the DCP to the normal world, and locked that until reset",
            "the normal world was refused at the DCP: external abort",
            "this TEE derived the same key as before with the DCP",
        ]
    );
    // Shown again it is closed in either pass, as in every other image.
    let locked = "the DCP is closed to the normal world and locked until reset: it derives no key in this pass either";
    let refused = "the normal world was refused at the DCP: external abort";
    assert_eq!(at_the_engine(&tee, &[PROVEN, REFUSED, ABORTED]), [passes[0], locked, passes[1], refused]);
    // A hole would be seen.
    let hole = at_the_engine(&tee, &[PROVEN, REFUSED, DERIVED]);
    assert_eq!(hole.last().map(String::as_str), Some("the normal world DERIVED a key with the DCP"));
}

#[test]
fn an_engine_that_derives_something_else_or_is_missing_is_told() {
    let tee = boot_demonstration();
    assert!(tee.notifications.enable(&tee.platform));
    let has = |lines: &[String], wanted: &str| assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:#?}");
    tee.platform.operator().add_engine(EngineState::Lent, [KEY, [7; 16]]);
    let other = [1, 0, 0, 1, 2, 3, 4];
    let lines = at_the_engine(&tee, &[other, PROVEN, REFUSED, [0, 0xD, 0x0228_0000, 0, 0, 0, 0]]);
    has(&lines, "the normal world derived ANOTHER key than this TEE with the DCP");
    has(&lines, "the normal world met a fault of status 0xd at the DCP");
    has(&lines, "this TEE derived ANOTHER key than before with the DCP");
    tee.platform.operator().add_engine(EngineState::Lent, [KEY, [0; 16]]);
    // It takes no part, and the engine is closed all the same.
    has(&at_the_engine(&tee, &[]), "this TEE derives no key with the DCP any more: TEE_ERROR_GENERIC");
    tee.platform.operator().add_engine(EngineState::Missing("an emulator"), [[0; 16]; 2]);
    let lines = at_the_engine(&tee, &[[0, 8, 0x0228_0004, 0, 0, 0, 0], PROVEN, REFUSED]);
    has(&lines, "this machine has no DCP: an emulator");
    has(&lines, "the normal world derived no key: no DCP answers it");
}

#[test]
fn the_normal_world_gets_the_blue_light_and_no_other() {
    let tee = boot_demonstration();
    let switch = |light: u32, on| match tee.smc(0, &[light::SWITCH, light, on, 0, 0, 0, 0, 0]) {
        Answer::Return([answer, 0, 0, 0]) => light::Answer::try_from(answer).unwrap(),
        other => panic!("{other:?}"),
    };
    let (white, blue) = (light::Light::White.into(), light::Light::Blue.into());
    assert_eq!([switch(white, 1), switch(blue, 1)], [light::Answer::NotSupported; 2]);
    tee.platform.operator().add_lights();
    assert_eq!((switch(blue, 1), tee.platform.operator().blue()), (light::Answer::Done, Some(true)));
    assert_eq!((switch(white, 0), tee.platform.operator().blue()), (light::Answer::Denied, Some(true)));
    assert_eq!([switch(blue, 2), switch(2, 1), switch(u32::MAX, 0)], [light::Answer::Invalid; 3]);
    assert_eq!((switch(blue, 0), tee.platform.operator().blue()), (light::Answer::Done, Some(false)));
    assert!(tee.notifications.enable(&tee.platform));
    let asked = |white: light::Answer, blue: light::Answer| [1, 0, 0, white.into(), blue.into(), 0, 0];
    let lines = demonstrate(&tee, &[asked(light::Answer::Denied, light::Answer::Done), REFUSED]);
    for wanted in [
        "the normal world asked for the white light: refused, it is the secure world's alone",
        "the normal world asked for the blue light: it got it",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:#?}");
    }
    let lines = demonstrate(&tee, &[asked(light::Answer::Done, light::Answer::Done), REFUSED]);
    assert!(lines.iter().any(|line| line.starts_with("the normal world GOT the white light")), "{lines:#?}");
}
