// SPDX-License-Identifier: BSD-2-Clause
//! Messages of the normal world: copied once into secure memory, then decoded, then served.
//!
//! * [`window`] - where a message stands.
//! * [`params`] - its parameters, in and back.
//! * [`shm`] - the memory that it may refer to.

pub mod params;
pub mod shm;
pub mod window;

use crate::Tee;
use crate::call::Call;
use crate::ports::Platform;
use crate::pta::Caller;
use crate::session::{Client, Failure, Opener, ops};
use crate::ta::params::none;
use alloc::sync::Arc;
use core::time::Duration;
use shm::Shm;
use utee_abi::msg::{self, ATTR_NONCONTIG, Command, HEADER_SIZE, Kind, Login, MsgHeader, MsgParam, PARAM_SIZE};
use utee_abi::param::PARAMS;
use utee_abi::result::{Origin, SUCCESS, TeeError};
use utee_abi::uuid::Uuid;
use window::Window;

/// Parameters of a message that are looked at: the ones of OPEN_SESSION for the TEE and four for the TA.
const LOOKED_AT: usize = 2 + PARAMS;

/// How long to sleep before looking again whether shared memory is still in use; twice as long each time.
const UNREGISTER_POLL: Duration = Duration::from_millis(1);
/// The longest of these sleeps.
const UNREGISTER_POLL_MAX: Duration = Duration::from_millis(50);

/// A message that is not one: neither answered nor touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCommand;

/// The copies of a message's parameters.
type Copies = heapless::Vec<MsgParam, LOOKED_AT>;

/// The copy of a message.
struct Message<'m> {
    header: &'m MsgHeader,
    params: &'m [MsgParam],
}

/// Reads the number of parameters of the message at `window`, once; it holds for all that follows.
pub fn read_header<P: Platform>(platform: &P, window: &Window) -> Option<MsgHeader> {
    let mut bytes = [0; HEADER_SIZE];
    if !window.read(platform, 0, &mut bytes) {
        return None;
    }
    MsgHeader::read(&bytes)
}

/// Serves the message at `window`, whose header has been copied, and writes the answer into it.
///
/// # Errors
/// [`UnknownCommand`].
pub fn serve<P: Platform>(call: &Call<'_, P>, window: &Window, header: MsgHeader) -> Result<(), UnknownCommand> {
    let command = Command::try_from(header.cmd).map_err(|_| UnknownCommand)?;
    let mut params = Copies::new();
    let copied = copy_params(call, window, &header, &mut params);
    let message = copied.map(|()| Message { header: &header, params: &params });
    let outcome = message.and_then(|message| match command {
        Command::OpenSession => Some(open(call, window, &message)),
        Command::InvokeCommand => Some(invoke(call, window, &message)),
        Command::CloseSession => Some(close(call, &message)),
        Command::Cancel => Some(cancel(call, &message)),
        Command::RegisterShm => Some(register(call, &message)),
        Command::UnregisterShm => Some(unregister(call, &message)),
        // Nothing of the core is put off to a bottom half: what it tells asynchronously are wake-ups of threads.
        Command::DoBottomHalf => Some(Ok(())),
        Command::StopAsyncNotif => {
            call.tee.notifications.disable();
            Some(Ok(()))
        }
        _ => None,
    });
    let outcome = match command {
        Command::DoBottomHalf | Command::StopAsyncNotif if !call.tee.notifications.possible() => return Err(UnknownCommand),
        Command::LendProtmem | Command::ReclaimProtmem | Command::GetProtmemConfig | Command::AssignProtmem => return Err(UnknownCommand),
        _ => outcome.unwrap_or(Err(Failure::tee(TeeError::BAD_PARAMETERS))),
    };
    let (ret, origin) = match outcome {
        // A TA has answered these two; a pseudo-TA counts as one.
        Ok(()) if matches!(command, Command::OpenSession | Command::InvokeCommand) => (SUCCESS, Origin::TrustedApp),
        Ok(()) => (SUCCESS, Origin::Tee),
        Err(failure) => (failure.error.raw(), failure.origin),
    };
    let leaves_origin = matches!(command, Command::RegisterShm | Command::UnregisterShm | Command::DoBottomHalf | Command::StopAsyncNotif);
    answer(call.platform(), window, ret, (!leaves_origin).then_some(origin));
    Ok(())
}

/// Writes the result of a message, and where it comes from if that is to be told.
#[inline]
pub fn answer<P: Platform>(platform: &P, window: &Window, ret: u32, origin: Option<Origin>) {
    let [r0, r1, r2, r3] = ret.to_le_bytes();
    let [o0, o1, o2, o3] = origin.map_or(0, Origin::raw).to_le_bytes();
    let both = [r0, r1, r2, r3, o0, o1, o2, o3];
    let bytes = if origin.is_some() { both.get(..) } else { both.get(..4) };
    // The window was checked when the call began; a write can only fail if the board's memory map changed.
    let _ = window.write(platform, MsgHeader::RET, bytes.unwrap_or_default());
}

/// Serves a request to cancel where there is no thread for it: it blocks nowhere and asks the normal world nothing.
#[cold]
#[inline(never)]
pub fn serve_cancel<P: Platform>(tee: &Tee<P>, window: &Window, header: &MsgHeader) {
    let cancelled = if header.num_params == 0 { ops::cancel(tee, header.session) } else { Err(TeeError::BAD_PARAMETERS.into()) };
    let ret = cancelled.map_or_else(|failure| failure.error.raw(), |()| SUCCESS);
    answer(&tee.platform, window, ret, Some(Origin::Tee));
}

/// Copies the parameters; `None` when there are more than any command takes.
fn copy_params<P: Platform>(call: &Call<'_, P>, window: &Window, header: &MsgHeader, params: &mut Copies) -> Option<()> {
    let count = usize::try_from(header.num_params).ok().filter(|count| *count <= LOOKED_AT)?;
    if count == 0 {
        return Some(());
    }
    let mut bytes = [0; HEADER_SIZE + LOOKED_AT * PARAM_SIZE];
    let used = bytes.get_mut(HEADER_SIZE..msg::message_size(count))?;
    if !window.read(call.platform(), HEADER_SIZE, used) {
        return None;
    }
    for index in 0..count {
        params.push(MsgParam::read(&bytes, index)?).ok()?;
    }
    Some(())
}

fn open<P: Platform>(call: &Call<'_, P>, window: &Window, message: &Message<'_>) -> Result<(), Failure> {
    let opened = open_session(call, window, message);
    let id = opened.unwrap_or(0);
    let _ = window.write(call.platform(), MsgHeader::SESSION, &id.to_le_bytes());
    opened.map(drop)
}

fn open_session<P: Platform>(call: &Call<'_, P>, window: &Window, message: &Message<'_>) -> Result<u32, Failure> {
    let [target, client, rest @ ..] = message.params else { return Err(TeeError::BAD_PARAMETERS.into()) };
    let is_meta_value = |param: &MsgParam| param.is_meta() && param.kind() == Some(Kind::ValueInput);
    if !is_meta_value(target) || !is_meta_value(client) {
        return Err(TeeError::BAD_PARAMETERS.into());
    }
    let [a, b, _] = target.words;
    let request = ops::Request { uuid: Uuid::from_words(a, b), client: identity(client)?, opener: Opener::NormalWorld, deadline: None };
    let mut params = none();
    params::decode(call, rest, &mut params)?;
    let result = ops::open(call, &request, &mut params, Caller::NormalWorld);
    params::write_back(call, window, 2, rest, &params);
    result
}

/// The client's identity. Public clients and the kernel have none of their own, whatever the message says.
fn identity(param: &MsgParam) -> Result<Client, TeeError> {
    let [a, b, login] = param.words;
    let login = u32::try_from(login).ok().and_then(|login| Login::try_from(login).ok()).ok_or(TeeError::BAD_PARAMETERS)?;
    let uuid = match login {
        Login::Public | Login::ReeKernel => Uuid::NIL,
        Login::TrustedApp => return Err(TeeError::BAD_PARAMETERS),
        _ => Uuid::from_words(a, b),
    };
    Ok(Client { login, uuid })
}

fn invoke<P: Platform>(call: &Call<'_, P>, window: &Window, message: &Message<'_>) -> Result<(), Failure> {
    let mut params = none();
    params::decode(call, message.params, &mut params)?;
    let MsgHeader { session, func, .. } = *message.header;
    let result = ops::invoke(call, session, Opener::NormalWorld, func, None, &mut params, Caller::NormalWorld);
    params::write_back(call, window, 0, message.params, &params);
    result
}

fn close<P: Platform>(call: &Call<'_, P>, message: &Message<'_>) -> Result<(), Failure> {
    if !message.params.is_empty() {
        return Err(TeeError::BAD_PARAMETERS.into());
    }
    ops::close(call, message.header.session, Opener::NormalWorld)
}

fn cancel<P: Platform>(call: &Call<'_, P>, message: &Message<'_>) -> Result<(), Failure> {
    if !message.params.is_empty() {
        return Err(TeeError::BAD_PARAMETERS.into());
    }
    ops::cancel(call.tee, message.header.session)
}

fn register<P: Platform>(call: &Call<'_, P>, message: &Message<'_>) -> Result<(), Failure> {
    let [param] = message.params else { return Err(TeeError::BAD_PARAMETERS.into()) };
    if param.attr != u64::from(u8::from(Kind::TmemOutput)) | ATTR_NONCONTIG {
        return Err(TeeError::BAD_PARAMETERS.into());
    }
    let [list, size, cookie] = param.words;
    if size == 0 {
        return Err(TeeError::BAD_PARAMETERS.into());
    }
    let shm = Shm::from_list(call.platform(), list, size)?;
    Ok(call.tee.shm.register(cookie, shm)?)
}

fn unregister<P: Platform>(call: &Call<'_, P>, message: &Message<'_>) -> Result<(), Failure> {
    let [param] = message.params else { return Err(TeeError::BAD_PARAMETERS.into()) };
    if param.attr != u64::from(u8::from(Kind::RmemInput)) {
        return Err(TeeError::BAD_PARAMETERS.into());
    }
    let [_, _, cookie] = param.words;
    let shm = call.tee.shm.unregister(cookie).ok_or(TeeError::BAD_PARAMETERS)?;
    // The normal world takes the pages back once this answers, so no TA may still have them mapped.
    let mut poll = UNREGISTER_POLL;
    loop {
        call.tee.shm.begin_wait(call.thread);
        if Arc::strong_count(&shm) == 1 {
            break;
        }
        // The last use may be by a message that stands in this memory: who served it can tell only by an interrupt.
        if call.tee.notifications.listens() {
            call.wait_for_certain()?;
        } else {
            call.sleep(poll)?;
            poll = poll.saturating_mul(2).min(UNREGISTER_POLL_MAX);
        }
    }
    call.tee.shm.end_wait(call.thread);
    Ok(())
}
