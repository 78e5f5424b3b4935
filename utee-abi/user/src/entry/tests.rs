// SPDX-License-Identifier: BSD-2-Clause
//! The life of instances and sessions, entry by entry.

use super::{Instance, Manifest, Ta, enter};
use crate::fake::{self, End};
use crate::heap::Arena;
use crate::params::{Parameters, RawParams};
use crate::{Result, TeeError, ValueInout};
use core::cell::RefCell;
use std::boxed::Box;
use std::string::String;
use std::thread_local;
use utee_abi::param::{ParamType, ParamTypes};
use utee_abi::result::SUCCESS;
use utee_abi::ta_head::{EntryFunction, TaFlags};

thread_local! {
    /// What happened to the TA of this test.
    static EVENTS: RefCell<String> = const { RefCell::new(String::new()) };
}

fn event(text: &str) {
    EVENTS.with_borrow_mut(|events| events.push_str(text));
}

fn events() -> String {
    EVENTS.with_borrow_mut(core::mem::take)
}

struct Recorder;

impl Ta for Recorder {
    type Session = u32;

    fn create() -> Result<Self> {
        event("create ");
        Ok(Self)
    }

    fn open_session(&mut self, params: &mut Parameters<'_>) -> Result<u32> {
        event("open ");
        match params.take::<(ValueInout<'_>,)>() {
            Ok((value,)) if value.a() == 0 => Err(TeeError::ACCESS_DENIED),
            Ok((value,)) => Ok(value.a()),
            Err(_) => Ok(0),
        }
    }

    fn invoke(&mut self, session: &mut u32, command: u32, params: &mut Parameters<'_>) -> Result<()> {
        event("invoke ");
        let (mut value,): (ValueInout<'_>,) = params.take()?;
        *session += command;
        let a = value.a();
        value.set(*session, a);
        Ok(())
    }

    fn close_session(&mut self, _session: u32) {
        event("close ");
    }

    fn destroy(self) {
        event("destroy ");
    }
}

struct Harness {
    instance: &'static Instance<Recorder>,
    flags: TaFlags,
}

impl Harness {
    fn new(flags: TaFlags) -> Self {
        Self { instance: Box::leak(Box::new(Instance::new())), flags }
    }

    /// Enters as the kernel does; the result and the cells of the first parameter.
    fn enter(&self, function: u32, session: u32, a: Option<u64>, command: u32) -> (u32, [u64; 2]) {
        let kind = if a.is_some() { ParamType::ValueInout } else { ParamType::None };
        let types = ParamTypes::new([kind, ParamType::None, ParamType::None, ParamType::None]);
        self.enter_raw(function, session, u64::from(types.word()), a.unwrap_or(0), command)
    }

    fn enter_raw(&self, function: u32, session: u32, types: u64, a: u64, command: u32) -> (u32, [u64; 2]) {
        let manifest = Manifest { flags: self.flags, trace_level: 2, properties: &[], heap: Arena::new(core::ptr::null_mut(), 0) };
        let mut params = RawParams { types, cells: [[a, 0], [0; 2], [0; 2], [0; 2]] };
        let raw = &raw mut params;
        // SAFETY: as the kernel: one entry at a time, with parameters that have no memrefs.
        let end = fake::run(|| unsafe { enter(self.instance, &manifest, function, session, raw, command) });
        let Some(End::Return(result)) = end else { panic!("{end:?}") };
        (result, params.cells[0])
    }

    fn open(&self, session: u32, a: u64) -> u32 {
        self.enter(EntryFunction::OpenSession.raw(), session, Some(a), 0).0
    }

    fn close(&self, session: u32) -> u32 {
        self.enter(EntryFunction::CloseSession.raw(), session, None, 0).0
    }

    fn invoke(&self, session: u32, command: u32, a: u64) -> (u32, [u64; 2]) {
        self.enter(EntryFunction::InvokeCommand.raw(), session, Some(a), command)
    }
}

#[test]
fn an_instance_lives_from_its_first_session_to_its_last() {
    let ta = Harness::new(TaFlags::SINGLE_INSTANCE | TaFlags::MULTI_SESSION);
    assert_eq!((ta.open(5, 1), ta.open(9, 2)), (SUCCESS, SUCCESS));
    assert_eq!(events(), "create open open ");
    assert_eq!(ta.close(5), SUCCESS);
    assert_eq!(events(), "close ");
    assert_eq!(ta.close(9), SUCCESS);
    assert_eq!(events(), "close destroy ");
    assert_eq!(ta.open(5, 1), SUCCESS);
    assert_eq!(events(), "create open ");
}

#[test]
fn an_instance_that_is_kept_alive_is_not_destroyed() {
    let ta = Harness::new(TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE);
    assert_eq!((ta.open(1, 1), ta.close(1), ta.open(2, 1)), (SUCCESS, SUCCESS, SUCCESS));
    assert_eq!(events(), "create open close open ");
}

#[test]
fn sessions_keep_apart_what_they_have() {
    let ta = Harness::new(TaFlags::MULTI_SESSION);
    assert_eq!((ta.open(5, 100), ta.open(9, 200)), (SUCCESS, SUCCESS));
    assert_eq!(ta.invoke(5, 1, 7), (SUCCESS, [101, 7]));
    assert_eq!(ta.invoke(9, 2, 7), (SUCCESS, [202, 7]));
    assert_eq!(ta.invoke(5, 1, 7), (SUCCESS, [102, 7]));
}

#[test]
fn a_session_that_is_not_open_is_a_bad_state() {
    let ta = Harness::new(TaFlags::empty());
    let bad = TeeError::BAD_STATE.raw();
    assert_eq!((ta.close(1), ta.invoke(1, 0, 0).0), (bad, bad));
    assert_eq!(ta.open(1, 0), TeeError::ACCESS_DENIED.raw());
    // The kernel of OP-TEE closes a session whose opening failed: the TA hears nothing of it.
    assert_eq!((ta.close(1), ta.invoke(1, 0, 0).0), (bad, bad));
    assert_eq!(events(), "create open ");
}

#[test]
fn unknown_functions_and_types_are_refused() {
    let ta = Harness::new(TaFlags::empty());
    assert_eq!(ta.enter(4, 1, None, 0).0, TeeError::NOT_SUPPORTED.raw());
    assert_eq!(ta.enter(u32::MAX, 1, None, 0).0, TeeError::NOT_SUPPORTED.raw());
    for types in [4, 8, 0x1_0000, 1 << 63] {
        assert_eq!(ta.enter_raw(EntryFunction::OpenSession.raw(), 1, types, 0, 0).0, TeeError::BAD_PARAMETERS.raw());
    }
    assert_eq!(events(), "");
}

#[test]
fn memory_statistics_need_three_values() {
    let ta = Harness::new(TaFlags::empty());
    let function = EntryFunction::DumpMemStats.raw();
    assert_eq!(ta.enter(function, 0, None, 0).0, TeeError::BAD_PARAMETERS.raw());
    assert_eq!(ta.enter_raw(function, 0, 0x222, 0, 0).0, SUCCESS);
}

#[test]
fn a_ta_that_panics_leaves_by_the_system_call() {
    let end = fake::run(|| crate::panic::panic(TeeError::SECURITY));
    assert_eq!(end, Some(End::Panic(TeeError::SECURITY.raw())));
}
