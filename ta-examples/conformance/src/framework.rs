// SPDX-License-Identifier: BSD-2-Clause
//! Properties, time, sessions and cancellation.

use crate::checks::Checks;
use conformance::proto;
use core::time::Duration;
use hello_world::proto as hello;
use utee::cancellation::Mask;
use utee::params::Value;
use utee::property::{self, Enumerator, Set};
use utee::session::{Argument, Failure, Session};
use utee::time::{WAIT_FOREVER, persistent, ree, set_persistent, system, wait_ms};
use utee::utee_abi::property::names;
use utee::utee_abi::time::TeeTime;
use utee::{Origin, Result, TeeError, Uuid};

pub(crate) fn properties(checks: &mut Checks) -> Result<()> {
    let own = Set::Ta;
    checks.equal(property::get_bool(own, "org.oxtee.test.bool")?, true);
    checks.equal(property::get_u32(own, "org.oxtee.test.u32")?, 7);
    checks.equal(property::get_u64(own, "org.oxtee.test.u64")?, 0x1_0000_0002);
    checks.equal(property::get_string(own, "org.oxtee.test.string")?.as_str(), "text");
    checks.equal(property::get_binary_block(own, "org.oxtee.test.block")?.as_slice(), &[1, 2, 255]);
    checks.equal(property::get_bool(own, "gpd.ta.singleInstance")?, true);
    checks.equal(property::get_bool(own, "gpd.ta.instanceKeepAlive")?, false);
    checks.equal(property::get_uuid(own, "gpd.ta.appID")?, proto::UUID);

    let tee = Set::Implementation;
    checks.holds(!property::get_string(tee, "gpd.tee.apiversion")?.is_empty());
    checks.holds(property::get_u32(tee, "gpd.tee.systemTime.protectionLevel")? > 0);
    checks.holds(property::get_uuid(tee, "gpd.tee.deviceID")? != Uuid::NIL);
    checks.equal(property::get_bool(tee, "gpd.tee.cryptography.ecc")?, true);
    checks.equal(property::get_bool(tee, "gpd.tee.cryptography.bsi-t")?, false);
    checks.equal(property::get_u32(tee, "gpd.tee.event.maxSources")?, 0);
    checks.equal(property::get_u32(tee, "gpd.tee.sockets.version")?, 0x0100_0000);
    checks.equal(property::get_bool(own, "optee.ta.instanceKeepCrashed")?, false);
    checks.equal(property::get_u32(Set::Client, "gpd.client.endian")?, 0);
    property::client_identity()?;

    checks.equal(property::get(tee, "gpd.tee.nothing"), Err(TeeError::ITEM_NOT_FOUND));
    checks.equal(property::get_u32(own, "gpd.ta.appID"), Err(TeeError::BAD_FORMAT));
    for (set, names) in [(tee, names::IMPLEMENTATION), (Set::Client, names::CLIENT), (own, names::TA)] {
        let found = Enumerator::new(set).filter(|(name, _)| names.contains(&name.as_str())).count();
        checks.equal(found, names.len());
        let mut past = Enumerator::new(set);
        (0..1000).for_each(|_| past.advance());
        checks.equal(past.name(), Err(TeeError::ITEM_NOT_FOUND));
    }
    Ok(())
}

pub(crate) fn time(checks: &mut Checks) -> Result<()> {
    let start = system().as_duration();
    wait_ms(20)?;
    let slept = system().as_duration().saturating_sub(start);
    checks.holds(slept >= Duration::from_millis(20));
    wait_ms(0)?;
    checks.holds(system().millis < 1000 && ree().millis < 1000);

    let now = TeeTime { seconds: 1_000_000, millis: 500 };
    set_persistent(now)?;
    let later = persistent()?.as_duration();
    checks.holds(later >= now.as_duration() && later < now.as_duration() + Duration::from_secs(5));
    checks.equal(set_persistent(TeeTime { seconds: 0, millis: 1000 }), Err(TeeError::BAD_PARAMETERS));
    set_persistent(TeeTime { seconds: u32::MAX, millis: 999 })?;
    wait_ms(5)?;
    checks.equal(persistent(), Err(TeeError::OVERFLOW));
    set_persistent(TeeTime { seconds: 0, millis: 0 })?;
    checks.holds(persistent()?.seconds < 5);
    Ok(())
}

pub(crate) fn sessions(checks: &mut Checks) -> Result<()> {
    let mut session = Session::open(&hello::UUID)?;
    let mut value = Value { a: 3, b: 4 };
    session.invoke(hello::ADD, &mut [Argument::ValueInout(&mut value)])?;
    checks.equal(value, Value { a: 7, b: 1 });

    let mut sum = Value::default();
    session.invoke(hello::SUM, &mut [Argument::MemrefInput(&[200; 100]), Argument::ValueOutput(&mut sum)])?;
    checks.equal(sum, Value { a: 20_000, b: 100 });

    let (mut text, mut size) = ([0u8; 40], 0);
    session.invoke(hello::GREET, &mut [Argument::MemrefOutput(&mut text, &mut size)])?;
    checks.equal(text.get(..size), Some(hello::GREETING.as_bytes()));
    let short = text.get_mut(..3).ok_or(TeeError::GENERIC)?;
    short.fill(b'-');
    let result = session.invoke(hello::GREET, &mut [Argument::MemrefOutput(short, &mut size)]);
    checks.equal(result, failure(TeeError::SHORT_BUFFER, Origin::TrustedApp));
    checks.equal((size, &*short), (hello::GREETING.len(), b"---".as_slice()));

    let mut answer = Value::default();
    let mut null_size = 0;
    session.invoke(hello::NULL_MEMREF, &mut [Argument::MemrefInout(&mut [], &mut null_size), Argument::ValueOutput(&mut answer)])?;
    checks.equal(answer.b, 0);

    let code = TeeError::EXCESS_DATA;
    let result = session.invoke(hello::FAIL, &mut [Argument::ValueInput(code.raw(), 0)]);
    checks.equal(result, failure(code, Origin::TrustedApp));
    let result = session.invoke(0xFFFF, &mut []);
    checks.equal(result, failure(TeeError::NOT_SUPPORTED, Origin::TrustedApp));
    let mut second = Session::open(&hello::UUID)?;
    second.invoke(hello::NOP, &mut [])?;
    let id = second.keep();
    drop(Session::from_kept(id));
    let result = Session::from_kept(id).invoke(hello::NOP, &mut []);
    checks.equal(result.map_err(|failure| failure.error), Err(TeeError::BAD_PARAMETERS));

    let nobody = Session::open(&Uuid::NIL).map(|_| ());
    checks.equal(nobody, failure(TeeError::ITEM_NOT_FOUND, Origin::Tee));
    Ok(())
}

fn failure(error: TeeError, origin: Origin) -> Result<(), Failure> {
    Err(Failure { error, origin: Some(origin) })
}

/// What the image of `conformance-c` says of its calls.
pub(crate) fn call_rules(checks: &mut Checks) -> Result<()> {
    let refused = |error| failure(error, Origin::Tee);
    let mut session = Session::open(&proto::UUID_C)?;
    let mut value = Value::default();
    checks.equal(session.invoke(0, &mut []), refused(TeeError::BAD_PARAMETERS));
    checks.equal(session.invoke(0, &mut [Argument::ValueInput(1, 2)]), refused(TeeError::BAD_PARAMETERS));
    let result = session.invoke(0, &mut [Argument::ValueOutput(&mut value), Argument::ValueInput(0, 0)]);
    checks.equal(result, refused(TeeError::BAD_PARAMETERS));
    checks.equal(session.invoke(1, &mut []), refused(TeeError::ACCESS_DENIED));
    checks.equal(session.invoke(1, &mut [Argument::MemrefInput(&[1])]), refused(TeeError::ACCESS_DENIED));
    checks.equal(session.invoke(2, &mut []), refused(TeeError::NOT_SUPPORTED));
    let opened = Session::open_with(&proto::UUID_C, WAIT_FOREVER, &mut [Argument::ValueInput(1, 2)]).map(|_| ());
    checks.equal(opened, refused(TeeError::BAD_PARAMETERS));
    Ok(())
}

pub(crate) fn cancellation(checks: &mut Checks) -> Result<()> {
    use utee::cancellation::{is_requested, mask, unmask};
    checks.equal(is_requested(), false);
    checks.equal(unmask(), Mask::Masked);
    checks.equal(unmask(), Mask::Unmasked);
    checks.equal(is_requested(), false);
    checks.equal(mask(), Mask::Unmasked);
    checks.equal(mask(), Mask::Masked);
    Ok(())
}
