// SPDX-License-Identifier: BSD-2-Clause
//! Power and architecture calls: what a Linux kernel asks at boot, and what CPUs do when they come, go and sleep.

use std::sync::Arc;
use tee_core::Tee;
use tee_core::ports::{NormalExit, NormalWorld, Platform};
use tee_core::smc::Answer;
use tee_core::smc::psci::Start;
use tee_core::testing::{FakePlatform, RAM, SECURE_PROBE};
use utee_abi::psci::{AffinityState, Call, Error, MIGRATE_NOT_REQUIRED, SUCCESS, VERSION_1_0, power_state};
use utee_abi::smc::{
    SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2, SMCCC_VERSION, SMCCC_VERSION_1_1, UNKNOWN_FUNCTION,
};

const ENTRY: u32 = RAM.start as u32 + 0x8000;

/// A TEE whose first CPU runs.
fn boot() -> Arc<Tee<FakePlatform>> {
    let tee = FakePlatform::boot(&[], 2);
    tee.cpus.request(0, Start::on(RAM.start, 0)).unwrap();
    tee.cpus.take_start(0).unwrap();
    tee
}

fn ask(tee: &Tee<FakePlatform>, cpu: usize, id: u32, args: [u32; 3]) -> Answer {
    let [a1, a2, a3] = args;
    tee.smc(cpu, &[id, a1, a2, a3, 0, 0, 0, 0])
}

fn value(answer: Answer) -> u32 {
    let Answer::Return([a0, 0, 0, 0]) = answer else { panic!("{answer:?}") };
    a0
}

fn psci(tee: &Tee<FakePlatform>, cpu: usize, call: Call, args: [u32; 3]) -> u32 {
    value(ask(tee, cpu, call.into(), args))
}

/// Switches the second CPU on.
fn second_cpu(tee: &Tee<FakePlatform>) {
    assert_eq!(psci(tee, 0, Call::CpuOn, [1, ENTRY, 7]), SUCCESS);
    assert_eq!(tee.cpus.take_start(1), Some(Start::on(u64::from(ENTRY), 7)));
}

#[test]
fn what_linux_asks_at_boot_is_answered_truthfully() {
    let tee = boot();
    let not_there = Error::NotSupported.raw();
    let features = |id: u32| psci(&tee, 0, Call::Features, [id, 0, 0]);
    assert_eq!(psci(&tee, 0, Call::Version, [0; 3]), VERSION_1_0);
    assert_eq!(psci(&tee, 0, Call::MigrateInfoType, [0; 3]), MIGRATE_NOT_REQUIRED);
    // PSCI_FEATURES says yes to exactly what is served. (The rest of the range would be a call without its arguments.)
    let served = [
        0x8400_0000u32,
        0x8400_0001,
        0x8400_0002,
        0x8400_0003,
        0x8400_0004,
        0x8400_0006,
        0x8400_0008,
        0x8400_0009,
        0x8400_000A,
        0x8400_000E,
        SMCCC_VERSION,
    ];
    for id in (0x8400_0000..0x8400_0100u32).chain(0xC400_0000..0xC400_0100).chain([SMCCC_VERSION, SMCCC_ARCH_FEATURES]) {
        let wanted = if served.contains(&id) { 0 } else { not_there };
        assert_eq!(features(id), wanted, "{id:#x}");
        if wanted == not_there && id != SMCCC_ARCH_FEATURES {
            assert_eq!(value(ask(&tee, 0, id, [0; 3])), UNKNOWN_FUNCTION, "{id:#x}");
        }
    }
    assert_eq!(value(ask(&tee, 0, SMCCC_VERSION, [0; 3])), SMCCC_VERSION_1_1);
    let arch = |id: u32| value(ask(&tee, 0, SMCCC_ARCH_FEATURES, [id, 0, 0]));
    assert_eq!((arch(SMCCC_VERSION), arch(SMCCC_ARCH_FEATURES)), (0, 0));
    // SOC_ID, the workarounds, the random numbers and the hypervisor services are not there.
    let soc_id = 0x8000_0002;
    for id in [soc_id, SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2, 0x8000_3FFF] {
        assert_eq!((arch(id), value(ask(&tee, 0, id, [0; 3]))), (not_there, UNKNOWN_FUNCTION), "{id:#x}");
    }
    for id in [0x8400_0050, 0x8600_FF01, 0xC500_0020, 0x8400_FF01, 0x8100_0000] {
        assert_eq!(value(ask(&tee, 0, id, [0; 3])), UNKNOWN_FUNCTION, "{id:#x}");
    }
}

#[test]
fn cpus_come_and_go_but_the_last_one_stays() {
    let tee = boot();
    assert_eq!(psci(&tee, 0, Call::CpuOff, [0; 3]), Error::Denied.raw());
    for (target, entry, error) in [
        (1, SECURE_PROBE as u32, Error::InvalidAddress),
        (1, RAM.end as u32, Error::InvalidAddress),
        (1, 0, Error::InvalidAddress),
        (2, ENTRY, Error::InvalidParameters),
        (0, ENTRY, Error::AlreadyOn),
    ] {
        assert_eq!(psci(&tee, 0, Call::CpuOn, [target, entry, 0]), error.raw());
    }
    assert_eq!(psci(&tee, 0, Call::AffinityInfo, [1, 0, 0]), AffinityState::Off.raw());
    assert_eq!(psci(&tee, 0, Call::CpuOn, [1, ENTRY, 0]), SUCCESS);
    assert_eq!(psci(&tee, 0, Call::AffinityInfo, [1, 0, 0]), AffinityState::OnPending.raw());
    assert_eq!(psci(&tee, 0, Call::CpuOn, [1, ENTRY, 0]), Error::OnPending.raw());
    tee.cpus.take_start(1).unwrap();
    assert_eq!(psci(&tee, 0, Call::AffinityInfo, [1, 0, 0]), AffinityState::On.raw());
    // Both want to go at once: one of them has to stay.
    assert_eq!(ask(&tee, 1, Call::CpuOff.into(), [0; 3]), Answer::CpuOff);
    assert_eq!(psci(&tee, 0, Call::CpuOff, [0; 3]), Error::Denied.raw());
    assert_eq!(psci(&tee, 0, Call::CpuOn, [1, ENTRY, 0]), Error::AlreadyOn.raw(), "not gone yet");
    tee.cpus.set_off(1);
    second_cpu(&tee);
}

#[test]
fn a_suspended_cpu_returns_or_starts_at_its_entry() {
    let tee = boot();
    let suspend = |state, entry| ask(&tee, 0, Call::CpuSuspend.into(), [state, entry, 9]);
    assert_eq!(suspend(0, 0), Answer::Sleep(None));
    assert_eq!(suspend(0xFFFF, SECURE_PROBE as u32), Answer::Sleep(None), "standby needs no entry");
    let start = Start::on(u64::from(ENTRY), 9);
    assert_eq!(suspend(power_state::POWER_DOWN, ENTRY), Answer::Sleep(Some(start)));
    assert_eq!(value(suspend(power_state::POWER_DOWN, SECURE_PROBE as u32)), Error::InvalidAddress.raw());
    for state in [1 << 17, 1 << 24, 1 << 25, 1 << 31] {
        assert_eq!(value(suspend(state, ENTRY)), Error::InvalidParameters.raw(), "{state:#x}");
    }
}

#[test]
fn the_system_is_suspended_by_its_last_cpu() {
    let tee = boot();
    let suspend = |entry| ask(&tee, 0, Call::SystemSuspend.into(), [entry, 5, 0]);
    let start = Start::on(u64::from(ENTRY), 5);
    assert_eq!(suspend(ENTRY), Answer::Sleep(Some(start)));
    assert_eq!(value(suspend(SECURE_PROBE as u32)), Error::InvalidAddress.raw());
    second_cpu(&tee);
    assert_eq!(value(suspend(ENTRY)), Error::Denied.raw());
    assert_eq!(ask(&tee, 1, Call::CpuOff.into(), [0; 3]), Answer::CpuOff);
    assert_eq!(value(suspend(ENTRY)), Error::Denied.raw(), "it is still on its way");
    tee.cpus.set_off(1);
    assert_eq!(suspend(ENTRY), Answer::Sleep(Some(start)));
}

/// A normal world that makes some calls and then switches its CPU off; it notes what it finds.
struct Script {
    calls: Vec<[u32; 4]>,
    seen: Vec<(&'static str, u64)>,
}

impl NormalWorld for Script {
    fn start(&mut self, entry: u64, _args: [u64; 3]) {
        self.seen.push(("starts at", entry));
    }

    fn enter(&mut self) -> NormalExit {
        let [a0, a1, a2, a3] = self.calls.remove(0);
        NormalExit::Smc([a0, a1, a2, a3, 0, 0, 0, 0])
    }

    fn set_result(&mut self, result: [u32; 4]) {
        self.seen.push(("gets", u64::from(result[0])));
    }
}

#[test]
fn the_run_loop_sleeps_until_an_interrupt_and_goes_on() {
    let tee = boot();
    second_cpu(&tee);
    let suspend = Call::CpuSuspend.into();
    let mut world = Script {
        calls: vec![[suspend, 0, 0, 0], [suspend, power_state::POWER_DOWN, ENTRY, 0], [Call::CpuOff.into(), 0, 0, 0]],
        seen: Vec::new(),
    };
    let before = tee.platform.ticks();
    tee.serve(0, &mut world);
    assert_eq!(world.seen, [("gets", 0), ("starts at", u64::from(ENTRY))]);
    assert_eq!(tee.platform.ticks(), before + 2, "an interrupt was waited for each time");
}
