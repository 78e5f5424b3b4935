// SPDX-License-Identifier: BSD-2-Clause
//! TAs from open to close, panic and death, through the messages of the normal world.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tee_core::Tee;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::{elf, elf64, signed};
use tee_core::testing::normal::{NormalWorld, Reply};
use tee_core::testing::script::Ta;
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::param::{ParamType, ParamTypes, UteeParams};
use utee_abi::result::{Origin, TeeError};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const B: Uuid = Uuid::new(5, 6, 7, [8; 8]);

fn boot(tas: &[(Uuid, TaFlags)], threads: usize) -> (Arc<Tee<FakePlatform>>, NormalWorld) {
    let images: Vec<_> = tas.iter().map(|(uuid, flags)| (*uuid, signed(uuid, &elf(uuid, *flags, 8192)))).collect();
    let tee = FakePlatform::boot(&images, threads);
    let world = NormalWorld::new(Arc::clone(&tee));
    (tee, world)
}

fn result(reply: &Reply) -> (u32, u32) {
    assert_eq!(reply.code, 0);
    (reply.header.ret, reply.header.ret_origin)
}

fn error(error: TeeError, origin: Origin) -> (u32, u32) {
    (error.raw(), origin.raw())
}

#[test]
fn tas_of_32_and_of_64_bits_serve_one_another() {
    let images = [(A, signed(&A, &elf64(&A, TaFlags::empty(), 8192))), (B, signed(&B, &elf(&B, TaFlags::empty(), 8192)))];
    let tee = FakePlatform::boot(&images, 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    tee.platform.scripts().set(&B, adder);
    tee.platform.scripts().set(&A, |ta| {
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        // Seven arguments in registers: the TA's own UUID is property 0 of its set.
        let (value, cells) = (ta.scratch(0), ta.scratch(1));
        ta.write(cells, &16u32.to_le_bytes());
        assert_eq!(ta.syscall(Syscall::GetProperty, &[0xFFFF_FFFF, 0, 0, 0, value, cells, cells + 4]), 0);
        let mut uuid = [0; 16];
        ta.read(value, &mut uuid);
        assert_eq!((uuid, ta.word(cells), ta.word(cells + 4)), (A.to_memory(), 16, 2));
        ta.write(value, &B.to_memory());
        assert_eq!(ta.syscall(Syscall::OpenTaSession, &[value, u64::from(u32::MAX), 0, cells, 0]), 0);
        let session = u64::from(ta.word(cells));
        let types = ParamTypes::new([ParamType::ValueInput, ParamType::ValueOutput, ParamType::None, ParamType::None]);
        // Bits past those of the arguments' types are not part of them, and values keep the 64 bits of their cells.
        ta.write(value, &UteeParams { types, cells: [[40, 1 << 40], [0; 2], [0; 2], [0; 2]] }.to_bytes());
        assert_eq!(ta.syscall(Syscall::InvokeTaCommand, &[session | 7 << 32, 1 << 33, 1 | 1 << 63, value, 0]), 0);
        let mut bytes = [0; UteeParams::SIZE];
        ta.read(value, &mut bytes);
        assert_eq!(UteeParams::from_bytes(&bytes).unwrap().cells[1], [40 + (1 << 40), 99]);
        ta.syscall(Syscall::Panic, &[7])
    });
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 0, &[])), error(TeeError::TARGET_DEAD, Origin::Tee));
    let printed = tee.platform.printed();
    assert!(printed.contains(&format!("dump: ta {A}")) && printed.contains(" 0000000000000000 "), "{printed}");
}

/// On invoke: adds the cells of parameter 0 into parameter 1.
fn adder(ta: &mut Ta) -> u32 {
    if ta.function() == EntryFunction::InvokeCommand && ta.command() == 1 {
        let [a, b] = ta.params().cells[0];
        ta.set_cell(1, 0, a + b);
        ta.set_cell(1, 1, 99);
    }
    if ta.command() == 2 { TeeError::NO_DATA.raw() } else { 0 }
}

#[test]
fn a_session_lives_from_open_to_close_and_leaves_nothing() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 2);
    tee.platform.scripts().set(&A, adder);
    let opened = world.open(&A, &[]);
    assert_eq!(result(&opened), (0, Origin::TrustedApp.raw()));
    let session = opened.header.session;
    let params = [MsgParam::value_in(40, 2, 0), MsgParam::value_out()];
    let reply = world.invoke(session, 1, &params);
    assert_eq!((result(&reply).0, reply.params[1].words[0], reply.params[1].words[1]), (0, 42, 99));
    assert_eq!(reply.params[0], params[0], "inputs stay as they were");
    assert_eq!(result(&world.invoke(session, 2, &[])), error(TeeError::NO_DATA, Origin::TrustedApp));
    assert_eq!(result(&world.invoke(session + 1, 1, &[])), error(TeeError::BAD_PARAMETERS, Origin::Tee));
    assert_eq!(result(&world.close(session)).0, 0);
    assert_eq!(result(&world.close(session)), error(TeeError::ITEM_NOT_FOUND, Origin::Tee));
    assert_eq!((tee.platform.pages_used(), tee.sessions.count(), tee.registry.usage()), (0, 0, (0, 0)));
}

#[test]
fn unknown_and_forged_tas_are_refused() {
    let mut forged = signed(&A, &elf(&A, TaFlags::empty(), 8192));
    *forged.last_mut().unwrap() ^= 1;
    let tee = FakePlatform::boot(&[(A, forged)], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    assert_eq!(result(&world.open(&A, &[])), error(TeeError::SECURITY, Origin::Tee));
    let reply = world.open(&B, &[]);
    assert_eq!(result(&reply), error(TeeError::ITEM_NOT_FOUND, Origin::Tee));
    assert_eq!(reply.header.session, 0);
    assert_eq!(tee.platform.pages_used(), 0);
}

#[test]
fn a_ta_that_panics_dies_alone_and_is_loaded_afresh() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty()), (B, TaFlags::empty())], 2);
    tee.platform.scripts().set(&A, |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            ta.syscall(Syscall::Panic, &[0xBAD, 0]);
        }
        0
    });
    tee.platform.scripts().set(&B, adder);
    let other = world.open(&B, &[]).header.session;
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 0, &[])), error(TeeError::TARGET_DEAD, Origin::Tee));
    assert_eq!(result(&world.invoke(session, 0, &[])), error(TeeError::TARGET_DEAD, Origin::Tee));
    assert!(tee.platform.printed().contains(&format!("dump: ta {A}")));
    assert_eq!(result(&world.close(session)).0, 0);
    assert_eq!(result(&world.invoke(other, 1, &[MsgParam::value_in(1, 1, 0), MsgParam::value_out()])).0, 0);
    assert_eq!(result(&world.open(&A, &[])).0, 0);
}

#[test]
fn a_fault_ends_the_ta_and_wild_pointers_are_only_refused() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 2);
    tee.platform.scripts().set(&A, |ta| {
        if ta.command() == 1 {
            ta.read(0x0E00_0000, &mut [0; 4]);
        }
        if ta.command() == 2 {
            for call in Syscall::ALL.iter().filter(|call| !matches!(call, Syscall::Return | Syscall::Panic | Syscall::Wait)) {
                for wild in [0u64, 1, 0xFFFF_FFFF, 0x0E00_0000, 0x4000_0000] {
                    ta.syscall(*call, &[wild; 8]);
                }
            }
            for number in 55..300 {
                // 70 exists, for TAs with a flag that this one has not.
                assert_eq!(ta.syscall_number(number, &[]), TeeError::NOT_SUPPORTED.raw());
            }
        }
        0
    });
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 2, &[])).0, 0);
    assert_eq!(result(&world.invoke(session, 1, &[])), error(TeeError::TARGET_DEAD, Origin::Tee));
}

#[test]
fn the_stack_is_as_large_as_the_ta_asks_and_its_last_page_is_there() {
    // Two pages and a half: a buffer of 2 KiB from the stack's end on ends in the third.
    let tee = FakePlatform::boot(&[(A, signed(&A, &elf(&A, TaFlags::empty(), 10240)))], 2);
    let mut world = NormalWorld::new(Arc::clone(&tee));
    tee.platform.scripts().set(&A, |ta| {
        let from = ta.scratch(0);
        match ta.command() {
            1 => ta.syscall(Syscall::RandomNumberGenerate, &[from, 2048]),
            2 => ta.syscall(Syscall::RandomNumberGenerate, &[from, 4096]),
            _ => 0,
        }
    });
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 1, &[])).0, 0);
    assert_eq!(result(&world.invoke(session, 2, &[])).0, TeeError::ACCESS_DENIED.raw());
}

#[test]
fn calls_with_few_arguments_do_not_look_at_words_on_the_stack() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 2);
    tee.platform.scripts().set(&A, |ta| {
        // r5 and r6 hold whatever the TA had in them: the address is wild.
        if ta.command() == 1 { ta.syscall_registers(Syscall::CheckAccessRights, [0; 4], (0xFFFF_FFF0, 2)) } else { 0 }
    });
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 1, &[])).0, 0);
}

#[test]
fn every_system_call_is_there() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 2);
    tee.platform.scripts().set(&A, |ta| {
        for call in Syscall::ALL.iter().filter(|call| !matches!(call, Syscall::Return | Syscall::Panic | Syscall::Wait)) {
            if ta.syscall(*call, &[0; 8]) == TeeError::NOT_IMPLEMENTED.raw() {
                return call.raw() + 1;
            }
        }
        0
    });
    assert_eq!(result(&world.open(&A, &[])).0, 0, "one more than the number of the call that is not");
}

#[test]
fn single_instance_flags_are_kept() {
    let single = TaFlags::SINGLE_INSTANCE;
    let (tee, mut world) = boot(&[(A, single), (B, single | TaFlags::MULTI_SESSION | TaFlags::INSTANCE_KEEP_ALIVE)], 2);
    tee.platform.scripts().set(&A, adder);
    tee.platform.scripts().set(&B, adder);
    let first = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.open(&A, &[])), error(TeeError::BUSY, Origin::Tee));
    world.close(first);
    assert_eq!(result(&world.open(&A, &[])).0, 0);
    let (one, two) = (world.open(&B, &[]).header.session, world.open(&B, &[]).header.session);
    assert_ne!(one, two);
    assert_eq!(tee.registry.usage(), (2, 3));
    world.close(one);
    world.close(two);
    assert_eq!(tee.registry.usage(), (2, 1), "kept alive without a session");
}

#[test]
fn a_crashed_instance_that_is_to_be_kept_stays_dead() {
    let keep = TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE | TaFlags::INSTANCE_KEEP_CRASHED;
    let (tee, mut world) = boot(&[(A, keep)], 2);
    tee.platform.scripts().set(&A, |ta| {
        if ta.function() == EntryFunction::InvokeCommand {
            ta.syscall(Syscall::Panic, &[1, 0]);
        }
        0
    });
    let session = world.open(&A, &[]).header.session;
    world.invoke(session, 0, &[]);
    world.close(session);
    assert_eq!(result(&world.open(&A, &[])), error(TeeError::TARGET_DEAD, Origin::Tee));
}

#[test]
fn waiting_sleeps_in_the_normal_world_and_is_cancelled() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 3);
    tee.platform.scripts().set(&A, |ta| {
        if ta.command() == 0 && ta.function() == EntryFunction::InvokeCommand {
            let old = ta.scratch(0);
            ta.syscall(Syscall::UnmaskCancellation, &[old]);
            return ta.syscall(Syscall::Wait, &[10_000]);
        }
        0
    });
    let session = world.open(&A, &[]).header.session;
    let before = tee_core::ports::Platform::ticks(&tee.platform);
    assert_eq!(result(&world.invoke(session, 0, &[])).0, 0);
    assert!(tee_core::ports::Platform::ticks(&tee.platform) - before >= 10_000);
    // The second time another message cancels it in the middle.
    let other = Arc::clone(&tee);
    let rounds = AtomicU32::new(0);
    world.supplicant = Box::new(move |platform, _, params| {
        platform.advance(params[0].words[0]);
        if rounds.fetch_add(1, Ordering::SeqCst) == 3 {
            let mut second = NormalWorld::new(Arc::clone(&other));
            second.pages(512);
            let header =
                utee_abi::msg::MsgHeader { session, ..utee_abi::msg::MsgHeader::request(utee_abi::msg::Command::Cancel.into(), 0) };
            assert_eq!(second.perform(&header, &[]).header.ret, 0);
        }
        0
    });
    assert_eq!(result(&world.invoke(session, 0, &[])), error(TeeError::CANCEL, Origin::TrustedApp));
}

#[test]
fn memory_of_the_client_is_mapped_for_the_call_only() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 2);
    tee.platform.scripts().set(&A, |ta| {
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        let [address, size] = ta.params().cells[0];
        if ta.command() == 1 {
            let mut bytes = vec![0; size as usize];
            ta.read(address, &mut bytes);
            bytes.reverse();
            ta.write(address, &bytes);
            ta.set_cell(0, 1, size - 1);
        } else {
            // Where the buffer stood in the call before.
            ta.read(0x0200_0000, &mut [0; 1]);
        }
        0
    });
    let session = world.open(&A, &[]).header.session;
    let (one, two) = (world.pages(1), world.pages(3) + 4096);
    world.write(one + 4094, b"ab");
    world.write(two, b"cd");
    let list = world.list(&[one, two]);
    let param = MsgParam::new(Kind::TmemInout, [list | 4094, 4, 0]).with(utee_abi::msg::ATTR_NONCONTIG);
    let reply = world.invoke(session, 1, &[param]);
    assert_eq!((result(&reply).0, reply.params[0].words[1]), (0, 3));
    assert_eq!((world.read(one + 4094, 2), world.read(two, 2)), (b"dc".to_vec(), b"ba".to_vec()));
    assert_eq!(result(&world.invoke(session, 2, &[])), error(TeeError::TARGET_DEAD, Origin::Tee));
}

#[test]
fn a_ta_that_uses_up_its_time_is_ended_by_the_timer_alone() {
    // The script says that the timer fired; only a TA with a limit would die of it.
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 2);
    tee.platform.scripts().set(&A, |ta| {
        ta.secure_interrupt();
        ta.interrupted();
        0
    });
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 0, &[])).0, 0);
    assert_eq!(tee.platform.timer(), None);
}

#[test]
fn tas_call_tas_and_a_circle_is_refused() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty()), (B, TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION)], 2);
    fn open_other(ta: &mut Ta, uuid: Uuid) -> (u32, u32) {
        let (name, session, origin) = (ta.scratch(0), ta.scratch(1), ta.scratch(2));
        ta.write(name, &uuid.to_memory());
        let code = ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, session, origin]);
        (code, ta.word(session))
    }
    tee.platform.scripts().set(&A, |ta| match (ta.function(), ta.command()) {
        (EntryFunction::InvokeCommand, 1) => {
            let (code, session) = open_other(ta, B);
            if code != 0 {
                return code;
            }
            let origin = ta.scratch(2);
            ta.syscall(Syscall::InvokeTaCommand, &[u64::from(session), 0xFFFF_FFFF, 5, 0, origin])
        }
        _ => 0,
    });
    tee.platform.scripts().set(&B, |ta| match (ta.function(), ta.command()) {
        (EntryFunction::InvokeCommand, 5) => TeeError::EXCESS_DATA.raw(),
        // Itself, while it runs.
        (EntryFunction::InvokeCommand, 6) => open_other(ta, B).0,
        _ => 0,
    });
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 1, &[])), error(TeeError::EXCESS_DATA, Origin::TrustedApp));
    assert_eq!(tee.sessions.count(), 2, "the session that A keeps with B");
    world.close(session);
    assert_eq!(tee.sessions.count(), 0, "closed with A");
    // Whoever does not want to know the origin says NULL for its cell; but a session must go somewhere.
    tee.platform.scripts().set(&A, |ta| {
        let (name, cell) = (ta.scratch(0), ta.scratch(1));
        ta.write(name, &B.to_memory());
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        let nowhere = ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, 0, 0]);
        let opened = ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, cell, 0]);
        let session = u64::from(ta.word(cell));
        let invoked = ta.syscall(Syscall::InvokeTaCommand, &[session, 0xFFFF_FFFF, 5, 0, 0]);
        let expected = (TeeError::ACCESS_DENIED.raw(), 0, TeeError::EXCESS_DATA.raw());
        u32::from((nowhere, opened, invoked) != expected)
    });
    let session = world.open(&A, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 1, &[])).0, 0);
    world.close(session);
    assert_eq!(tee.sessions.count(), 0);
    let session = world.open(&B, &[]).header.session;
    assert_eq!(result(&world.invoke(session, 6, &[])), error(TeeError::BUSY, Origin::TrustedApp));
}

#[test]
fn threads_run_out_and_come_back() {
    let (tee, mut world) = boot(&[(A, TaFlags::empty())], 1);
    tee.platform.scripts().set(&A, |ta| if ta.command() == 7 { ta.syscall(Syscall::Wait, &[1000]) } else { 0 });
    let session = world.open(&A, &[]).header.session;
    let other = Arc::clone(&tee);
    world.supplicant = Box::new(move |platform, _, params| {
        let second = NormalWorld::new(Arc::clone(&other));
        let [code, ..] = second.smc([utee_abi::smc::YieldingCall::WithArg.into(), 0, 0x4000_0000, 0, 0, 0, 0, 0]);
        assert_eq!(code, utee_abi::smc::ReturnCode::EThreadLimit.raw());
        let [code, ..] = second.smc([utee_abi::smc::YieldingCall::ReturnFromRpc.into(), 0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(code, utee_abi::smc::ReturnCode::EResume.raw());
        platform.advance(params[0].words[0]);
        0
    });
    assert_eq!(result(&world.invoke(session, 7, &[])).0, 0);
    assert!(tee.threads.all_free());
}
