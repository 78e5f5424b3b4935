// SPDX-License-Identifier: BSD-2-Clause
//! A yielding call under way on a secure thread, and its line to the normal world (RPC).

use crate::Tee;
use crate::lock::Lock;
use crate::msg::window::Window;
use crate::ports::{Platform, ThreadExit, ThreadId};
use crate::ta::time::{duration_of_ticks, ticks_of_ms};
use core::cell::{Cell, RefCell};
use core::time::Duration;
use utee_abi::msg::{self, MsgHeader, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{self, RpcCommand};
use utee_abi::smc::{RpcReturn, rpc_return};

/// Parameters of an RPC message at most.
pub const RPC_PARAMS: usize = utee_abi::smc::RPC_PARAMS as usize;

/// Milliseconds that a thread waits before it looks whether anybody still wants its call. Linux 6.12 takes them for jiffies.
const WAIT_MS: u64 = 1000;

/// The sleep that shows whether the caller is being killed: long enough to be told from none.
const PROBE: Duration = Duration::from_millis(20);

/// Milliseconds that a CPU rests when the normal world has no interrupt for it.
const REST_MS: u32 = 10;

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slept {
    /// The time is over, or what was waited for is there.
    Whole,
    /// It ended before that.
    Early,
}

/// How often a call that computes looks whether its client is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Sleeps in a row that ended early: a client that is being killed, and not one that was merely woken.
#[derive(Default)]
pub struct Interrupted(u32);

impl Interrupted {
    /// So many are no coincidence.
    const ENOUGH: u32 = 4;

    /// Notes how a sleep ended; true when the client is taken to be killed.
    pub fn note(&mut self, slept: Slept) -> bool {
        self.0 = if slept == Slept::Early { self.0.saturating_add(1) } else { 0 };
        self.0 >= Self::ENOUGH
    }
}

/// Bytes of an RPC message.
const RPC_MESSAGE: usize = msg::HEADER_SIZE + RPC_PARAMS * msg::PARAM_SIZE;

/// Where the RPC message of a call stands.
enum RpcMessage {
    /// None yet: the normal world gave none with the call.
    None,
    /// It came with the call.
    Given(Window),
    /// The normal world allocated it on demand; the cookie frees it.
    Allocated(Window, u64),
}

/// A yielding call.
pub struct Call<'t, P: Platform> {
    /// The TEE that serves it.
    pub tee: &'t Tee<P>,
    /// The thread that it runs on.
    pub thread: ThreadId,
    /// Number of TAs that are entered in one another.
    pub depth: Cell<u32>,
    /// The tick at which it was last looked whether the client is there; set at the first interrupt of a TA.
    looked: Cell<Option<u64>>,
    message: RefCell<RpcMessage>,
    /// It is the TEE's own: no normal world waits for it, and none is asked.
    own: bool,
}

impl<'t, P: Platform> Call<'t, P> {
    /// A call on `thread`, with the RPC message that came with it.
    pub fn new(tee: &'t Tee<P>, thread: ThreadId, rpc: Option<Window>) -> Self {
        let message = rpc.map_or(RpcMessage::None, RpcMessage::Given);
        Self { tee, thread, depth: Cell::new(0), looked: Cell::new(None), message: RefCell::new(message), own: false }
    }

    /// A call of the TEE itself, on a thread that the console has.
    pub fn own(tee: &'t Tee<P>, thread: ThreadId) -> Self {
        Self { own: true, ..Self::new(tee, thread, None) }
    }

    /// The machine.
    pub fn platform(&self) -> &'t P {
        &self.tee.platform
    }

    /// Asks the normal world; its answer replaces `params`.
    ///
    /// The answer is copied once; what of it is believed is the caller's matter.
    ///
    /// # Errors
    /// What the normal world answers; COMMUNICATION when the answer is no message; OUT_OF_MEMORY when there is
    /// no memory for one.
    pub fn rpc(&self, command: RpcCommand, params: &mut [MsgParam]) -> Result<(), TeeError> {
        if self.own {
            return Err(TeeError::COMMUNICATION);
        }
        let (window, cookie) = self.rpc_window()?;
        let mut bytes = [0u8; RPC_MESSAGE];
        let count = params.len().min(RPC_PARAMS);
        let used = msg::message_size(count).min(RPC_MESSAGE);
        let header = MsgHeader::request(command.raw(), u32::try_from(count).unwrap_or(0));
        header.write(&mut bytes).ok_or(TeeError::GENERIC)?;
        for (index, param) in params.iter().enumerate().take(count) {
            param.write(&mut bytes, index).ok_or(TeeError::GENERIC)?;
        }
        let sent = bytes.get(..used).ok_or(TeeError::GENERIC)?;
        if !window.write(self.platform(), 0, sent) {
            return Err(TeeError::COMMUNICATION);
        }
        let [high, low] = halves(cookie);
        self.platform().suspend(ThreadExit::Rpc([rpc_return(RpcReturn::Cmd), high, low, command.raw()]));
        let answer = bytes.get_mut(..used).ok_or(TeeError::GENERIC)?;
        if !window.read(self.platform(), 0, answer) {
            return Err(TeeError::COMMUNICATION);
        }
        for (index, param) in params.iter_mut().enumerate().take(count) {
            *param = MsgParam::read(answer, index).ok_or(TeeError::COMMUNICATION)?;
        }
        let header = MsgHeader::read(answer).ok_or(TeeError::COMMUNICATION)?;
        TeeError::check(header.ret)
    }

    fn rpc_window(&self) -> Result<(Window, u64), TeeError> {
        match &*self.message.borrow() {
            RpcMessage::Given(window) => return Ok((window.clone(), 0)),
            RpcMessage::Allocated(window, cookie) => return Ok((window.clone(), *cookie)),
            RpcMessage::None => {}
        }
        let (window, cookie) = match self.tee.rpc_cache.take() {
            Some((pa, cookie)) => (Window::rpc_message(self.platform(), pa), cookie),
            None => self.allocate()?,
        };
        let window = window.ok_or(TeeError::OUT_OF_MEMORY)?;
        *self.message.borrow_mut() = RpcMessage::Allocated(window.clone(), cookie);
        Ok((window, cookie))
    }

    fn allocate(&self) -> Result<(Option<Window>, u64), TeeError> {
        let size = u32::try_from(RPC_MESSAGE).unwrap_or(0);
        let back = self.platform().suspend(ThreadExit::Rpc([rpc_return(RpcReturn::Alloc), size, 0, self.thread.0]));
        let [_, pa_high, pa_low, _, cookie_high, cookie_low, ..] = back;
        let (pa, cookie) = (join(pa_high, pa_low), join(cookie_high, cookie_low));
        if pa == 0 {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        let window = Window::rpc_message(self.platform(), pa);
        if window.is_none() {
            // Not memory that a message may stand in: give it back rather than lose it.
            self.free(cookie);
        }
        Ok((window, cookie))
    }

    fn free(&self, cookie: u64) {
        let [high, low] = halves(cookie);
        self.platform().suspend(ThreadExit::Rpc([rpc_return(RpcReturn::Free), high, low, self.thread.0]));
    }

    /// Ends the call: an RPC message that was allocated for it goes to the cache or back to the normal world.
    pub fn finish(&self) {
        let message = core::mem::replace(&mut *self.message.borrow_mut(), RpcMessage::None);
        if let RpcMessage::Allocated(window, cookie) = message
            && !self.tee.rpc_cache.keep(window.physical(), cookie)
        {
            self.free(cookie);
        }
    }

    /// Sleeps in the normal world; other threads run meanwhile.
    ///
    /// A Linux task with a signal pending comes back at once, and would again: then this CPU rests until an interrupt of
    /// the normal world, so that a caller which sleeps in a loop neither spins nor floods the normal world.
    ///
    /// # Errors
    /// As [`Call::rpc`].
    pub fn sleep(&self, time: Duration) -> Result<Slept, TeeError> {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
        let start = self.platform().ticks();
        if self.own {
            crate::console::schedule::pause(self.platform(), u32::try_from(ms).unwrap_or(u32::MAX));
            return Ok(Slept::Whole);
        }
        self.rpc(RpcCommand::Suspend, &mut [MsgParam::value_in(ms, 0, 0)])?;
        if self.since(start) >= time / 2 {
            return Ok(Slept::Whole);
        }
        self.rest();
        Ok(Slept::Early)
    }

    fn since(&self, start: u64) -> Duration {
        duration_of_ticks(self.platform(), self.platform().ticks().saturating_sub(start))
    }

    /// Lets the CPU sleep until an interrupt, at most [`REST_MS`], and the normal world serve it.
    fn rest(&self) {
        let platform = self.platform();
        platform.set_timer(Some(platform.ticks().saturating_add(ticks_of_ms(platform, REST_MS))));
        platform.wait_for_interrupt();
        platform.set_timer(None);
        // Resuming sets the timer again that may have been set before.
        platform.suspend(ThreadExit::ForeignInterrupt);
    }

    /// Looks now and then whether the client of a call that computes is being killed; true when it is.
    ///
    /// Linux does not say so when an interrupt ends, but a sleep it ends early.
    ///
    /// # Errors
    /// As [`Call::rpc`].
    pub fn is_abandoned(&self) -> Result<bool, TeeError> {
        if self.own {
            return Ok(false);
        }
        let now = self.platform().ticks();
        let Some(last) = self.looked.get() else {
            self.looked.set(Some(now));
            return Ok(false);
        };
        if duration_of_ticks(self.platform(), now.saturating_sub(last)) < LOOK_EVERY {
            return Ok(false);
        }
        let mut interrupted = Interrupted::default();
        let abandoned = loop {
            match self.sleep(PROBE)? {
                Slept::Whole => break false,
                Slept::Early if interrupted.note(Slept::Early) => break true,
                Slept::Early => {}
            }
        };
        self.looked.set(Some(self.platform().ticks()));
        Ok(abandoned)
    }

    /// Sleeps until [`Call::wake`] is called for this thread. It may end early: the caller looks, and waits again.
    ///
    /// Linux does not let signals end this, so it is asked now and then for a sleep that they do end. Before 6.12 it
    /// ignores the time limit; there a client that is being killed waits until it is woken.
    ///
    /// # Errors
    /// CANCEL when whoever made the call is being killed; as [`Call::rpc`].
    pub fn wait(&self) -> Result<(), TeeError> {
        let interrupted = self.wait_some_time()? == Slept::Early && self.sleep(PROBE)? == Slept::Early;
        if interrupted { Err(TeeError::CANCEL) } else { Ok(()) }
    }

    /// The same for what has to be waited for even by a call that is being killed.
    ///
    /// # Errors
    /// As [`Call::rpc`].
    pub fn wait_for_certain(&self) -> Result<(), TeeError> {
        self.wait_some_time().map(drop)
    }

    /// Early when the time is over and nobody has woken this thread.
    fn wait_some_time(&self) -> Result<Slept, TeeError> {
        if self.own {
            // Nobody can wake it: it looks again.
            crate::console::schedule::pause(self.platform(), REST_MS);
            return Ok(Slept::Whole);
        }
        let number = u64::from(self.tee.notifications.number_of(self.thread));
        let start = self.platform().ticks();
        match self.rpc(RpcCommand::Notification, &mut [MsgParam::value_in(rpc::NOTIFICATION_WAIT, number, WAIT_MS)]) {
            Ok(()) => Ok(Slept::Whole),
            // Linux says BAD_PARAMETERS for a time that is over as for anything else.
            Err(_) if self.since(start) >= Duration::from_millis(WAIT_MS) / 2 => Ok(Slept::Early),
            Err(error) => Err(error),
        }
    }

    /// Wakes a thread that sleeps in [`Call::wait`], or is about to.
    ///
    /// By an interrupt where the normal world listens for it: a request would make the thread that has just finished
    /// wait for the normal world once more, and fail with a client that is being killed.
    pub fn wake(&self, thread: ThreadId) {
        let number = self.tee.notifications.number_of(thread);
        if self.tee.notifications.raise(self.platform(), number) {
            return;
        }
        let sent = self.rpc(RpcCommand::Notification, &mut [MsgParam::value_in(rpc::NOTIFICATION_SEND, u64::from(number), 0)]);
        if sent.is_err() {
            crate::log!(self.platform(), "thread {} could not be woken by the normal world", thread.0);
        }
    }

    /// Wall-clock time of the normal world since 1970.
    ///
    /// # Errors
    /// As [`Call::rpc`].
    pub fn normal_time(&self) -> Result<Duration, TeeError> {
        let mut params = [MsgParam::value_out()];
        self.rpc(RpcCommand::GetTime, &mut params)?;
        let [param] = params;
        let (seconds, nanoseconds) = param.output_value().ok_or(TeeError::COMMUNICATION)?;
        let nanoseconds = u32::try_from(nanoseconds).ok().filter(|ns| *ns < 1_000_000_000).ok_or(TeeError::COMMUNICATION)?;
        Ok(Duration::new(seconds, nanoseconds))
    }
}

fn halves(value: u64) -> [u32; 2] {
    [(value >> 32) as u32, value as u32]
}

fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// RPC messages that are kept between calls while the normal world has the cache switched on.
pub struct RpcCache<P: Platform> {
    kept: Lock<P, Cache>,
}

struct Cache {
    enabled: bool,
    messages: heapless::Vec<(u64, u64), { crate::limits::MAX_THREADS }>,
}

impl<P: Platform> RpcCache<P> {
    /// An empty cache, switched off.
    pub fn new() -> Self {
        Self { kept: Lock::<P, _>::new(Cache { enabled: false, messages: heapless::Vec::new() }) }
    }

    /// Switches it on.
    pub fn enable(&self) {
        self.kept.lock().enabled = true;
    }

    /// Switches it off and gives the cookie of one message to free, until there is none.
    pub fn disable(&self) -> Option<u64> {
        let mut kept = self.kept.lock();
        kept.enabled = false;
        kept.messages.pop().map(|(_, cookie)| cookie)
    }

    fn take(&self) -> Option<(u64, u64)> {
        self.kept.lock().messages.pop()
    }

    fn keep(&self, pa: Option<u64>, cookie: u64) -> bool {
        let mut kept = self.kept.lock();
        kept.enabled && pa.is_some_and(|pa| kept.messages.push((pa, cookie)).is_ok())
    }
}

impl<P: Platform> Default for RpcCache<P> {
    fn default() -> Self {
        Self::new()
    }
}
