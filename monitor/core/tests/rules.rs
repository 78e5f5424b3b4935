// SPDX-License-Identifier: BSD-2-Clause
//! Calls that a TA's image declares: what does not match never reaches the TA.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tee_core::Tee;
use tee_core::testing::FakePlatform;
use tee_core::testing::image::signed;
use tee_core::testing::modules::Module;
use tee_core::testing::normal::NormalWorld;
use utee_abi::call_rule::{CallRule, Logins, ParamKinds};
use utee_abi::msg::MsgParam;
use utee_abi::param::UteeParams;
use utee_abi::result::{Origin, TeeError};
use utee_abi::sysnum::Syscall;
use utee_abi::ta_head::{EntryFunction, TA_LIMITS_SYMBOL, TaFlags, TaLimits};
use utee_abi::uuid::Uuid;

const GUARDED: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const CALLER: Uuid = Uuid::new(5, 6, 7, [8; 8]);

const NONE: [ParamKinds; 4] = [ParamKinds::NONE; 4];

fn rule(function: EntryFunction, command: u32, params: [ParamKinds; 4], logins: Logins) -> CallRule {
    CallRule { function, command, params, logins }
}

/// A TA with these rules in its image.
fn guarded(rules: &[CallRule]) -> Vec<u8> {
    let words: Vec<u32> = TaLimits { time_limit_ms: 0, abandoned_limit: 0 }
        .words(rules.len())
        .into_iter()
        .chain(rules.iter().flat_map(CallRule::words))
        .collect();
    let names: Vec<String> = (0..words.len()).map(|index| format!("word{index}")).collect();
    let named = |(index, word): (usize, &u32)| (if index == 0 { TA_LIMITS_SYMBOL } else { names[index].as_str() }, *word);
    let words: Vec<(&str, u32)> = words.iter().enumerate().map(named).collect();
    Module { words: &words, ..Module::default() }.ta(&GUARDED, TaFlags::empty())
}

struct Guarded {
    tee: Arc<Tee<FakePlatform>>,
    world: NormalWorld,
    /// Opens and invocations that reached the TA.
    entered: Arc<AtomicU32>,
}

impl Guarded {
    fn new(rules: &[CallRule]) -> Self {
        let caller = Module::default().ta(&CALLER, TaFlags::empty());
        let images = [(GUARDED, signed(&GUARDED, &guarded(rules))), (CALLER, signed(&CALLER, &caller))];
        let tee = FakePlatform::boot(&images, 2);
        let entered = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&entered);
        tee.platform.scripts().set(&GUARDED, move |ta| {
            if ta.function() != EntryFunction::CloseSession {
                count.fetch_add(1, Ordering::Relaxed);
            }
            0
        });
        Self { world: NormalWorld::new(Arc::clone(&tee)), tee, entered }
    }

    fn session(&mut self) -> u32 {
        let opened = self.world.open(&GUARDED, &[]);
        assert_eq!(opened.header.ret, 0);
        opened.header.session
    }

    /// Result and origin of a call, and whether the TA saw it.
    fn invoke(&mut self, session: u32, command: u32, params: &[MsgParam]) -> (Result<(), TeeError>, u32, bool) {
        let before = self.entered.load(Ordering::Relaxed);
        let header = self.world.invoke(session, command, params).header;
        (TeeError::check(header.ret), header.ret_origin, self.entered.load(Ordering::Relaxed) != before)
    }
}

fn refused(error: TeeError) -> (Result<(), TeeError>, u32, bool) {
    (Err(error), Origin::Tee.raw(), false)
}

#[test]
fn commands_are_checked_before_the_ta_is_entered() {
    use EntryFunction::InvokeCommand as Invoke;
    let mut params = NONE;
    params[0] = ParamKinds::VALUE_INPUT | ParamKinds::VALUE_OUTPUT;
    let mut guarded = Guarded::new(&[
        rule(Invoke, 1, NONE, Logins::all()),
        rule(Invoke, 2, params, Logins::PUBLIC),
        rule(Invoke, 3, [ParamKinds::all(); 4], Logins::USER | Logins::TRUSTED_APP),
    ]);
    let session = guarded.session();
    let passed = (Ok(()), Origin::TrustedApp.raw(), true);
    let value = MsgParam::value_in(1, 2, 0);
    assert_eq!(guarded.invoke(session, 1, &[]), passed);
    assert_eq!(guarded.invoke(session, 1, &[value]), refused(TeeError::BAD_PARAMETERS));
    assert_eq!(guarded.invoke(session, 2, &[value]), passed);
    assert_eq!(guarded.invoke(session, 2, &[MsgParam::value_out()]), passed);
    assert_eq!(guarded.invoke(session, 2, &[]), refused(TeeError::BAD_PARAMETERS));
    assert_eq!(guarded.invoke(session, 2, &[value, value]), refused(TeeError::BAD_PARAMETERS));
    assert_eq!(guarded.invoke(session, 3, &[]), refused(TeeError::ACCESS_DENIED));
    assert_eq!(guarded.invoke(session, 4, &[]), refused(TeeError::NOT_SUPPORTED));
    assert_eq!(guarded.world.close(session).header.ret, 0);
    assert_eq!((guarded.tee.platform.pages_used(), guarded.tee.registry.usage()), (0, (0, 0)));
}

#[test]
fn opens_are_checked_and_what_was_loaded_for_them_goes() {
    let mut guarded = Guarded::new(&[rule(EntryFunction::OpenSession, 0, NONE, Logins::PUBLIC)]);
    let reply = guarded.world.open(&GUARDED, &[MsgParam::value_in(1, 2, 0)]);
    assert_eq!((reply.header.ret, reply.header.ret_origin), (TeeError::BAD_PARAMETERS.raw(), Origin::Tee.raw()));
    assert_eq!(guarded.entered.load(Ordering::Relaxed), 0);
    assert_eq!((guarded.tee.platform.pages_used(), guarded.tee.registry.usage()), (0, (0, 0)));
    let session = guarded.session();
    // Without rules for commands each goes.
    assert!(guarded.invoke(session, 77, &[MsgParam::value_in(1, 2, 0)]).2);
}

#[test]
fn another_ta_is_a_client_like_any_other() {
    let mut guarded = Guarded::new(&[
        rule(EntryFunction::InvokeCommand, 1, NONE, Logins::TRUSTED_APP),
        rule(EntryFunction::InvokeCommand, 2, NONE, Logins::PUBLIC),
    ]);
    guarded.tee.platform.scripts().set(&CALLER, |ta| {
        if ta.function() != EntryFunction::InvokeCommand {
            return 0;
        }
        let (name, session, params) = (ta.scratch(0), ta.scratch(1), ta.scratch(2));
        ta.write(name, &GUARDED.to_memory());
        ta.write(params, &UteeParams::default().to_bytes());
        assert_eq!(ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, params, session, 0]), 0);
        let (id, command) = (u64::from(ta.word(session)), u64::from(ta.command()));
        ta.syscall(Syscall::InvokeTaCommand, &[id, 0xFFFF_FFFF, command, params, 0])
    });
    let caller = guarded.world.open(&CALLER, &[]).header.session;
    assert_eq!(guarded.world.invoke(caller, 1, &[]).header.ret, 0);
    assert_eq!(guarded.world.invoke(caller, 2, &[]).header.ret, TeeError::ACCESS_DENIED.raw());
    let session = guarded.session();
    assert_eq!(guarded.invoke(session, 1, &[]), refused(TeeError::ACCESS_DENIED));
}

#[test]
fn an_image_with_wrong_rules_is_not_loaded() {
    let rule = |command| rule(EntryFunction::InvokeCommand, command, NONE, Logins::all());
    let mut guarded = Guarded::new(&[rule(2), rule(1)]);
    assert_eq!(guarded.world.open(&GUARDED, &[]).header.ret, TeeError::BAD_FORMAT.raw());
}
