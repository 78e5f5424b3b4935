// SPDX-License-Identifier: BSD-2-Clause
//! Open, invoke and close, for the normal world and for TAs alike (OP-TEE ABI, sessions).

use super::{Client, Failure, Opener, Session, Target};
use crate::Tee;
use crate::call::{Call, Interrupted};
use crate::limits::admit;
use crate::log;
use crate::ports::Platform;
use crate::pta::{self, Caller, PseudoTa};
use crate::ta::instance::{Acquire, Body, Instance};
use crate::ta::load;
use crate::ta::params::{self, Param, Params};
use crate::ta::registry::Found;
use crate::ta::run::{self, Outcome};
use crate::ta::time::ticks_of_ms;
use crate::waiting;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;
use utee_abi::msg::Login;
use utee_abi::param::ParamType;
use utee_abi::result::TeeError;
use utee_abi::ta_head::{EntryFunction, TaFlags};
use utee_abi::uuid::Uuid;

/// Kernel heap that opening a session may take, page tables and plan of the image included.
const OPEN_HEAP: usize = 96 * 1024;

/// How long to sleep before looking again whether another thread has loaded the TA; twice as long each time.
const LOADING_POLL: Duration = Duration::from_millis(1);
/// The longest of these sleeps.
const LOADING_POLL_MAX: Duration = Duration::from_millis(20);

/// Milliseconds of CPU time in which a TA tells of its heap; it is ended past them, as one is that runs past its own limit.
const HEAP_OF_LIMIT_MS: u32 = 1000;

/// Who opens a session and how long it may take.
pub struct Request {
    /// The TA.
    pub uuid: Uuid,
    /// Identity that the TA is told.
    pub client: Client,
    /// Who may use the session.
    pub opener: Opener,
    /// Tick past which the open counts as cancelled.
    pub deadline: Option<u64>,
}

/// Opens a session; `caller` is the TA that asks, if it is one.
///
/// # Errors
/// ITEM_NOT_FOUND for an unknown TA, BUSY, TARGET_DEAD, OUT_OF_MEMORY, SECURITY for an image that does not verify,
/// and whatever the TA answers.
pub fn open<P: Platform>(call: &Call<'_, P>, request: &Request, params: &mut Params<P>, caller: Caller<'_, P>) -> Result<u32, Failure> {
    admit(call.platform(), OPEN_HEAP)?;
    // A place in the table first: a TA that has opened a session is owed its close.
    call.tee.sessions.reserve()?;
    let session = match pta::find(call.platform(), &request.uuid) {
        Some(pseudo) => open_pseudo(call, request, pseudo, &caller),
        None => open_user(call, request, params),
    };
    match session {
        Ok(session) => {
            call.tee.sessions.insert(&session);
            Ok(session.id)
        }
        Err(failure) => {
            call.tee.sessions.cancel();
            Err(failure)
        }
    }
}

fn open_pseudo<P: Platform>(
    call: &Call<'_, P>,
    request: &Request,
    pseudo: &'static dyn PseudoTa<P>,
    caller: &Caller<'_, P>,
) -> Result<Arc<Session<P>>, Failure> {
    pseudo.open(&request.client, caller).map_err(Failure::ta)?;
    let id = call.tee.sessions.new_id();
    Ok(Arc::new(Session::new(id, request.client, request.opener, Target::Pseudo(pseudo))))
}

fn open_user<P: Platform>(call: &Call<'_, P>, request: &Request, params: &mut Params<P>) -> Result<Arc<Session<P>>, Failure> {
    let (instance, fresh) = find_or_load(call, &request.uuid)?;
    let id = call.tee.sessions.new_id();
    let session = Arc::new(Session::new(id, request.client, request.opener, Target::User(Arc::clone(&instance))));
    session.set_deadline(request.deadline);
    let body = match fresh {
        Some(body) => Ok(body),
        None => acquire(call, &instance, Patience::Interruptible).map_err(Failure::tee),
    };
    let opened = body.and_then(|body| {
        if let Err(error) = instance.permits(&request.client, EntryFunction::OpenSession, 0, params) {
            release(call, &instance, body);
            return Err(Failure::tee(error));
        }
        enter(call, &instance, body, &session, EntryFunction::OpenSession, 0, params)
    });
    match opened {
        Ok(()) => Ok(session),
        Err(failure) => {
            leave(call, &instance);
            Err(failure)
        }
    }
}

/// An instance, with its body when this thread has just loaded it.
type FoundInstance<P> = (Arc<Instance<P>>, Option<Box<Body<P>>>);

fn find_or_load<P: Platform>(call: &Call<'_, P>, uuid: &Uuid) -> Result<FoundInstance<P>, Failure> {
    let (mut poll, mut interrupted) = (LOADING_POLL, Interrupted::default());
    loop {
        match call.tee.registry.find(uuid, call.thread)? {
            Found::Joined(instance) => return Ok((instance, None)),
            // Whoever loads it may wait for the normal world for ever; a client that is being killed does not have to.
            Found::Loading if interrupted.note(call.sleep(poll)?) => return Err(TeeError::CANCEL.into()),
            Found::Loading => poll = poll.saturating_mul(2).min(LOADING_POLL_MAX),
            Found::Load => {
                let loaded = load::load(call, uuid);
                let instance = loaded.as_ref().ok().map(|(instance, _)| instance);
                call.tee.registry.loaded(call.thread, instance)?;
                let (instance, body) = loaded?;
                return Ok((instance, Some(body)));
            }
        }
    }
}

/// Whether a call that is being killed still waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It does not.
    Interruptible,
    /// It does: the TA is owed this call.
    Certain,
}

/// Waits for the body of a TA.
///
/// # Errors
/// BUSY when waiting would never end, TARGET_DEAD, CANCEL when the client is being killed.
fn acquire<P: Platform>(call: &Call<'_, P>, instance: &Arc<Instance<P>>, patience: Patience) -> Result<Box<Body<P>>, TeeError> {
    loop {
        match instance.acquire(call.thread) {
            Acquire::Got(body) => return Ok(body),
            Acquire::Dead => return Err(TeeError::TARGET_DEAD),
            Acquire::HeldBy(_) => {}
        }
        call.tee.registry.begin_wait(call.thread, instance)?;
        let waited = match (instance.enqueue(call.thread), patience) {
            (false, _) => Ok(()),
            (true, Patience::Interruptible) => call.wait(),
            (true, Patience::Certain) => call.wait_for_certain(),
        };
        call.tee.registry.end_wait(call.thread);
        if let Err(error) = waited {
            if let Some(next) = instance.give_up(call.thread) {
                call.wake(next);
            }
            return Err(error);
        }
    }
}

/// Enters a TA whose body this thread has, gives the body back, and turns the outcome into a result.
fn enter<P: Platform>(
    call: &Call<'_, P>,
    instance: &Arc<Instance<P>>,
    mut body: Box<Body<P>>,
    session: &Arc<Session<P>>,
    function: EntryFunction,
    command: u32,
    params: &mut Params<P>,
) -> Result<(), Failure> {
    let outcome = run::enter(call, instance, &mut body, session, function, command, params);
    match outcome {
        Ok(Outcome::Died) => {
            bury(call, instance, body);
            Err(Failure::tee(TeeError::TARGET_DEAD))
        }
        Ok(Outcome::Returned(result)) => {
            release(call, instance, body);
            TeeError::check(result).map_err(Failure::ta)
        }
        Err(error) => {
            release(call, instance, body);
            Err(Failure::tee(error))
        }
    }
}

fn release<P: Platform>(call: &Call<'_, P>, instance: &Instance<P>, body: Box<Body<P>>) {
    if let Some(waiter) = instance.release(body) {
        call.wake(waiter);
    }
}

/// Ends a TA that died: its memory, states and sessions go, whoever waits for it is told.
fn bury<P: Platform>(call: &Call<'_, P>, instance: &Arc<Instance<P>>, body: Box<Body<P>>) {
    let waiting = instance.kill();
    let keep = TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE | TaFlags::INSTANCE_KEEP_CRASHED;
    if !instance.flags.contains(keep) {
        call.tee.registry.remove(instance);
    }
    drop(body);
    close_all_of(call, instance);
    for thread in waiting {
        call.wake(thread);
    }
    log!(call.platform(), "E core: ta {} is dead", instance.uuid);
}

/// Has a TA tell of its heap, the numbers as [`EntryFunction::DumpMemStats`] gives them. `None` when somebody runs in it, for nobody
/// waits for it, when it is dead or dies of being asked, and when it does not tell.
pub fn heap_of<P: Platform>(call: &Call<'_, P>, instance: &Arc<Instance<P>>) -> Option<[[u64; 2]; 3]> {
    let Acquire::Got(mut body) = instance.acquire(call.thread) else { return None };
    // Whoever asks is not its client: it gets little time, and what it has is its own again afterwards.
    let limit = body.time_limit;
    let most = ticks_of_ms(call.platform(), HEAP_OF_LIMIT_MS);
    body.time_limit = Some(limit.map_or(most, |limit| limit.min(most)));
    let client = Client { login: Login::Public, uuid: Uuid::NIL };
    let session = Session::new(call.tee.sessions.new_id(), client, Opener::Console, Target::User(Arc::clone(instance)));
    let output = || Param::Value { kind: ParamType::ValueOutput, a: 0, b: 0 };
    let mut params = [output(), output(), output(), Param::None];
    let outcome = run::enter(call, instance, &mut body, &Arc::new(session), EntryFunction::DumpMemStats, 0, &mut params);
    if outcome == Ok(Outcome::Died) {
        bury(call, instance, body);
        return None;
    }
    body.time_limit = limit;
    release(call, instance, body);
    // Its last client may have left meanwhile, before the TA opened sessions in this call.
    if !call.tee.registry.has(instance) {
        close_all_of(call, instance);
    }
    match (outcome, params) {
        (Ok(Outcome::Returned(0)), [Param::Value { a, b, .. }, Param::Value { a: c, b: d, .. }, Param::Value { a: e, b: f, .. }, _]) => {
            Some([[a, b], [c, d], [e, f]])
        }
        _ => None,
    }
}

/// Closes every session that a TA had open as a client.
fn close_all_of<P: Platform>(call: &Call<'_, P>, instance: &Instance<P>) {
    let opener = Opener::Ta(instance.id);
    while let Some(id) = call.tee.sessions.any_of(opener) {
        // What the other TA says to its close changes nothing for one that is gone.
        let _ = close(call, id, opener);
    }
}

/// Ends this session's hold on a TA, and the TA with it when it was the last one and is not to be kept.
fn leave<P: Platform>(call: &Call<'_, P>, instance: &Arc<Instance<P>>) {
    let keep = TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE;
    let last = instance.part();
    if last && !instance.flags.contains(keep) && call.tee.registry.remove_unused(instance) {
        close_all_of(call, instance);
    }
}

/// Invokes a command.
///
/// # Errors
/// BAD_PARAMETERS for a session that is not the opener's, TARGET_DEAD, BUSY, OUT_OF_MEMORY, and whatever the TA answers.
pub fn invoke<P: Platform>(
    call: &Call<'_, P>,
    id: u32,
    opener: Opener,
    command: u32,
    deadline: Option<u64>,
    params: &mut Params<P>,
    caller: Caller<'_, P>,
) -> Result<(), Failure> {
    let session = call.tee.sessions.get(id, opener).ok_or(TeeError::BAD_PARAMETERS)?;
    match &session.target {
        Target::Pseudo(pseudo) => pseudo.invoke(call, &session, caller, command, params).map_err(Failure::ta),
        Target::User(instance) => {
            instance.permits(&session.client, EntryFunction::InvokeCommand, command, params)?;
            let body = acquire(call, instance, Patience::Interruptible)?;
            session.set_deadline(deadline);
            enter(call, instance, body, &session, EntryFunction::InvokeCommand, command, params)
        }
    }
}

/// Closes a session.
///
/// # Errors
/// ITEM_NOT_FOUND for a session that is not the opener's.
pub fn close<P: Platform>(call: &Call<'_, P>, id: u32, opener: Opener) -> Result<(), Failure> {
    let session = call.tee.sessions.take(id, opener).ok_or(TeeError::ITEM_NOT_FOUND)?;
    let instance = match &session.target {
        Target::User(instance) => instance,
        Target::Pseudo(pseudo) => {
            pseudo.close(call, &session);
            return Ok(());
        }
    };
    match acquire(call, instance, Patience::Certain) {
        Ok(body) => {
            let mut params = params::none();
            // The session is gone whatever the TA answers to its close.
            let _ = enter(call, instance, body, &session, EntryFunction::CloseSession, 0, &mut params);
        }
        Err(TeeError::TARGET_DEAD) => {}
        Err(error) => log!(call.platform(), "E core: session {id} closed without telling its TA: {error}"),
    }
    leave(call, instance);
    Ok(())
}

/// Asks for what the normal world does in one of its sessions to be cancelled: the operation that runs, or waits for its TA,
/// and those that wait for a thread. Blocks nowhere.
///
/// # Errors
/// ITEM_NOT_FOUND for a session that is not the normal world's.
pub fn cancel<P: Platform>(tee: &Tee<P>, id: u32) -> Result<(), Failure> {
    let missing = Failure::tee(TeeError::ITEM_NOT_FOUND);
    tee.sessions.with(id, Opener::NormalWorld, |_| ()).ok_or(missing)?;
    let any = waiting::cancel(tee, id);
    let cancel = |session: &Session<P>| {
        // What was waiting for a thread is told already; the next operation is another one.
        if !any || session.is_entered() {
            session.cancel();
        }
    };
    tee.sessions.with(id, Opener::NormalWorld, cancel).ok_or(missing)
}
