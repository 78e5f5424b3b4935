// SPDX-License-Identifier: BSD-2-Clause
//! Sockets for TAs, which the supplicant keeps: nothing that passes through is hidden from the normal world.

use super::{Caller, PseudoTa, memref, value};
use crate::call::Call;
use crate::ports::Platform;
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::socket::{self, Socket};
use crate::session::{Client, Opener, Session};
use crate::ta::memory::Memory;
use crate::ta::params::{Param, Params};
use utee_abi::param::ParamType;
use utee_abi::pta::socket::{Command, IpVersion, NAME_SIZE, Protocol, UUID};
use utee_abi::result::TeeError;
use utee_abi::rpc::ShmType;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

/// The pseudo-TA.
pub struct Sockets;

/// Bytes that are sent or received at a time; more than a datagram can have. Of a longer stream a part is sent.
const MAX_DATA: u64 = 128 * 1024;

/// Bytes of the argument of an ioctl.
const MAX_IOCTL: u64 = 4096;

impl<P: Platform> PseudoTa<P> for Sockets {
    fn uuid(&self) -> Uuid {
        UUID
    }

    fn flags(&self) -> TaFlags {
        TaFlags::CONCURRENT
    }

    fn open(&self, _client: &Client, caller: &Caller<'_, P>) -> Result<(), TeeError> {
        match caller {
            Caller::Ta(..) => Ok(()),
            Caller::NormalWorld => Err(TeeError::ACCESS_DENIED),
        }
    }

    fn close(&self, call: &Call<'_, P>, session: &Session<P>) {
        if let Opener::Ta(instance) = session.opener {
            // The supplicant may be gone, and its sockets with it.
            let _ = socket::close_all(call, instance);
        }
    }

    fn invoke(
        &self,
        call: &Call<'_, P>,
        session: &Session<P>,
        _caller: Caller<'_, P>,
        command: u32,
        params: &mut Params<P>,
    ) -> Result<(), TeeError> {
        let Opener::Ta(instance) = session.opener else { return Err(TeeError::ACCESS_DENIED) };
        match Command::try_from(command).map_err(|_| TeeError::NOT_IMPLEMENTED)? {
            Command::Open => open(call, instance, params),
            Command::Close => close(call, instance, params),
            Command::Send => send(call, instance, params),
            Command::Recv => receive(call, instance, params),
            Command::Ioctl => ioctl(call, instance, params),
        }
    }
}

fn word(value: u64) -> Result<u32, TeeError> {
    u32::try_from(value).map_err(|_| TeeError::BAD_PARAMETERS)
}

fn open<P: Platform>(call: &Call<'_, P>, instance: u32, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, p3] = params;
    let [ip, port] = value(p0, ParamType::ValueInput)?;
    let (name, size) = memref(p1, ParamType::MemrefInput)?;
    let [protocol, _] = value(p2, ParamType::ValueInput)?;
    let [handle, _] = value(p3, ParamType::ValueOutput)?;
    let bad = TeeError::BAD_PARAMETERS;
    let ip = IpVersion::try_from(word(*ip)?).map_err(|_| bad)?;
    let protocol = Protocol::try_from(word(*protocol)?).map_err(|_| bad)?;
    let port = u16::try_from(*port).map_err(|_| bad)?;
    let mut bytes = [0; NAME_SIZE];
    let bytes = usize::try_from(*size).ok().and_then(|len| bytes.get_mut(..len)).ok_or(bad)?;
    if !name.ok_or(bad)?.read(call.platform(), 0, bytes) {
        return Err(bad);
    }
    // The supplicant takes it for a string of C.
    if bytes.iter().position(|byte| *byte == 0).is_none_or(|end| end == 0) {
        return Err(bad);
    }
    let buffer = RpcBuffer::allocate(call, ShmType::Application, bytes.len())?;
    buffer.write(0, bytes)?;
    *handle = u64::from(socket::open(&buffer, instance, protocol, ip, port, bytes.len())?.handle);
    Ok(())
}

fn close<P: Platform>(call: &Call<'_, P>, instance: u32, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, Param::None, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [handle, _] = value(p0, ParamType::ValueInput)?;
    socket::close(call, Socket { instance, handle: word(*handle)? })
}

fn send<P: Platform>(call: &Call<'_, P>, instance: u32, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, p2, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [handle, timeout] = value(p0, ParamType::ValueInput)?;
    let (data, size) = memref(p1, ParamType::MemrefInput)?;
    let [sent, _] = value(p2, ParamType::ValueOutput)?;
    let socket = Socket { instance, handle: word(*handle)? };
    let (buffer, len) = filled_buffer(call, data, *size, MAX_DATA)?;
    *sent = socket::send(&buffer, socket, len, word(*timeout)?)? as u64;
    Ok(())
}

fn receive<P: Platform>(call: &Call<'_, P>, instance: u32, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [handle, timeout] = value(p0, ParamType::ValueInput)?;
    let (data, size) = memref(p1, ParamType::MemrefOutput)?;
    let socket = Socket { instance, handle: word(*handle)? };
    let timeout = word(*timeout)?;
    let Some(data) = data.filter(|_| *size != 0) else {
        *size = socket::available(call, socket, timeout)?.min(MAX_DATA);
        return Ok(());
    };
    let len = usize::try_from((*size).min(MAX_DATA)).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let buffer = RpcBuffer::allocate(call, ShmType::Application, len)?;
    let came = socket::receive(&buffer, socket, len, timeout)?;
    buffer.copy_to(data, usize::try_from(came).map_or(len, |came| came.min(len)))?;
    *size = came;
    Ok(())
}

fn ioctl<P: Platform>(call: &Call<'_, P>, instance: u32, params: &mut Params<P>) -> Result<(), TeeError> {
    let [p0, p1, Param::None, Param::None] = params else { return Err(TeeError::BAD_PARAMETERS) };
    let [handle, what] = value(p0, ParamType::ValueInput)?;
    let (data, size) = memref(p1, ParamType::MemrefInout)?;
    let socket = Socket { instance, handle: word(*handle)? };
    if *size > MAX_IOCTL {
        return Err(TeeError::BAD_PARAMETERS);
    }
    let (buffer, len) = filled_buffer(call, data, *size, MAX_IOCTL)?;
    let answer = socket::ioctl(&buffer, socket, word(*what)?, len)?;
    if let Some(data) = data {
        buffer.copy_to(data, answer)?;
    }
    *size = answer as u64;
    Ok(())
}

/// A buffer for the supplicant with the first `size` bytes of a TA's, `most` of them at most.
fn filled_buffer<'c, 't, P: Platform>(
    call: &'c Call<'t, P>,
    data: Option<&Memory<P>>,
    size: u64,
    most: u64,
) -> Result<(RpcBuffer<'c, 't, P>, usize), TeeError> {
    let len = usize::try_from(size.min(most)).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let data = data.ok_or(TeeError::BAD_PARAMETERS)?;
    let buffer = RpcBuffer::allocate(call, ShmType::Application, len)?;
    buffer.copy_from(data, len)?;
    Ok((buffer, len))
}
