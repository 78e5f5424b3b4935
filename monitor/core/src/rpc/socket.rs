// SPDX-License-Identifier: BSD-2-Clause
//! Sockets of the supplicant (OP-TEE ABI, SOCKET sub-commands). Errors of sockets come back as they are
//! ([`utee_abi::pta::socket::SocketError`]).

use super::buffer::{Direction, RpcBuffer, filled};
use crate::call::Call;
use crate::ports::Platform;
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::pta::socket::{IpVersion, Protocol};
use utee_abi::result::TeeError;
use utee_abi::rpc::{RpcCommand, SocketCommand};

/// An open socket, and the TA instance that it is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Number of the instance.
    pub instance: u32,
    /// Number that the supplicant gave.
    pub handle: u32,
}

/// Bytes of a datagram at most, and one that the supplicant adds for what it did not see.
const DATAGRAM: u64 = 1 << 16;

fn command(command: SocketCommand, socket: Socket) -> MsgParam {
    MsgParam::value_in(u64::from(u32::from(command)), u64::from(socket.instance), u64::from(socket.handle))
}

/// Connects to a server, whose name of `len` bytes stands NUL-terminated at the start of the buffer.
///
/// # Errors
/// As [`Call::rpc`]; COMMUNICATION for a handle that is none.
pub fn open<P: Platform>(
    buffer: &RpcBuffer<'_, '_, P>,
    instance: u32,
    protocol: Protocol,
    ip: IpVersion,
    port: u16,
    len: usize,
) -> Result<Socket, TeeError> {
    let mut params = [
        command(SocketCommand::Open, Socket { instance, handle: 0 }),
        MsgParam::value_in(u64::from(port), u64::from(u32::from(protocol)), u64::from(u32::from(ip))),
        buffer.param(Direction::In, 0, len)?,
        MsgParam::value_out(),
    ];
    buffer.call().rpc(RpcCommand::Socket, &mut params)?;
    let [.., out] = params;
    let (handle, _) = out.output_value().ok_or(TeeError::COMMUNICATION)?;
    let handle = u32::try_from(handle).map_err(|_| TeeError::COMMUNICATION)?;
    Ok(Socket { instance, handle })
}

/// Closes a socket.
///
/// # Errors
/// As [`Call::rpc`].
pub fn close<P: Platform>(call: &Call<'_, P>, socket: Socket) -> Result<(), TeeError> {
    call.rpc(RpcCommand::Socket, &mut [command(SocketCommand::Close, socket)])
}

/// Closes every socket of a TA instance.
///
/// # Errors
/// As [`Call::rpc`].
pub fn close_all<P: Platform>(call: &Call<'_, P>, instance: u32) -> Result<(), TeeError> {
    call.rpc(RpcCommand::Socket, &mut [command(SocketCommand::CloseAll, Socket { instance, handle: 0 })])
}

/// Sends the first `len` bytes of the buffer; gives how many were sent. The timeout is in milliseconds.
///
/// # Errors
/// As [`Call::rpc`]; COMMUNICATION when more was sent than there was.
pub fn send<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, socket: Socket, len: usize, timeout: u32) -> Result<usize, TeeError> {
    let mut params = [
        command(SocketCommand::Send, socket),
        buffer.param(Direction::In, 0, len)?,
        MsgParam::new(Kind::ValueInout, [u64::from(timeout), 0, 0]),
    ];
    buffer.call().rpc(RpcCommand::Socket, &mut params)?;
    let [.., out] = params;
    let (_, sent) = out.output_value().ok_or(TeeError::COMMUNICATION)?;
    usize::try_from(sent).ok().filter(|sent| *sent <= len).ok_or(TeeError::COMMUNICATION)
}

/// Receives up to `len` bytes to the start of the buffer; gives how many came, which of a datagram may be more than fits: the rest
/// of it is lost. The timeout is in milliseconds.
///
/// # Errors
/// As [`Call::rpc`]; COMMUNICATION when more came than fits and than a datagram has.
pub fn receive<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, socket: Socket, len: usize, timeout: u32) -> Result<u64, TeeError> {
    let mut params =
        [command(SocketCommand::Recv, socket), buffer.param(Direction::Out, 0, len)?, MsgParam::value_in(u64::from(timeout), 0, 0)];
    buffer.call().rpc(RpcCommand::Socket, &mut params)?;
    let [_, MsgParam { words: [_, came, _], .. }, _] = params;
    if came <= (len as u64).max(DATAGRAM) { Ok(came) } else { Err(TeeError::COMMUNICATION) }
}

/// Bytes of the datagram that waits to be received.
///
/// # Errors
/// As [`Call::rpc`].
pub fn available<P: Platform>(call: &Call<'_, P>, socket: Socket, timeout: u32) -> Result<u64, TeeError> {
    let nothing = MsgParam::new(Kind::TmemOutput, [0; 3]);
    let mut params = [command(SocketCommand::Recv, socket), nothing, MsgParam::value_in(u64::from(timeout), 0, 0)];
    call.rpc(RpcCommand::Socket, &mut params)?;
    let [_, MsgParam { words: [_, size, _], .. }, _] = params;
    Ok(size)
}

/// Controls a socket with `len` bytes at the start of the buffer; gives how many the answer there has.
///
/// # Errors
/// As [`Call::rpc`]; COMMUNICATION when that is more.
pub fn ioctl<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, socket: Socket, what: u32, len: usize) -> Result<usize, TeeError> {
    let mut params =
        [command(SocketCommand::Ioctl, socket), buffer.param(Direction::InOut, 0, len)?, MsgParam::value_in(u64::from(what), 0, 0)];
    buffer.call().rpc(RpcCommand::Socket, &mut params)?;
    let [_, content, _] = params;
    filled(&content, len)
}
