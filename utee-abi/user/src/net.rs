// SPDX-License-Identifier: BSD-2-Clause
//! Sockets in the normal world (GlobalPlatform TEE Sockets API 1.0), which the supplicant opens for the TA.
//!
//! The normal world sees, and can change, all that goes through them: what matters goes through TLS, or another protocol that does
//! not trust the way. Names of servers are looked up in the normal world, too. Timeouts of `None` wait for ever.
//!
//! ```no_run
//! use utee::net::{IpVersion, TcpStream};
//! let mut stream = TcpStream::connect(IpVersion::Any, "server.example", 80)?;
//! stream.send_all(b"GET / HTTP/1.0\r\n\r\n", None)?;
//! let mut answer = [0; 512];
//! let len = stream.receive(&mut answer, None)?;
//! # let _ = len;
//! # Ok::<(), utee::TeeError>(())
//! ```

use crate::pseudo::{NONE, PseudoTa, VALUE_OUT, memref, value_in};
use crate::{Result, TeeError};
use core::ffi::CStr;
use core::time::Duration;
use utee_abi::param::ParamType;
use utee_abi::pta::socket::{BLOCKING, Command, NAME_SIZE, UUID};

pub use utee_abi::pta::socket::{IoctlCommand, IpVersion, Protocol, SocketError};

static SOCKETS: PseudoTa = PseudoTa::new(UUID);

/// What an error means for a socket; `None` for one that is not about sockets.
#[must_use]
pub fn socket_error(error: TeeError) -> Option<SocketError> {
    SocketError::try_from(error.raw()).ok()
}

/// Milliseconds of a timeout.
fn millis(timeout: Option<Duration>) -> u32 {
    timeout.map_or(BLOCKING, |time| u32::try_from(time.as_millis()).unwrap_or(BLOCKING).min(BLOCKING - 1))
}

/// A socket of either protocol, as the pseudo-TA has it. [`TcpStream`] and [`UdpSocket`] close theirs when they are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSocket(u32);

impl RawSocket {
    /// Connects to a port of a server, which is a name or a number.
    ///
    /// # Errors
    /// [`SocketError::Hostname`] for a name that nobody knows, other errors of sockets, COMMUNICATION without a supplicant,
    /// BAD_PARAMETERS for an empty or too long name.
    pub fn open(protocol: Protocol, ip: IpVersion, server: &CStr, port: u16) -> Result<Self> {
        let name = server.to_bytes_with_nul();
        let parameters = [
            value_in(ip.into(), port.into()),
            memref(ParamType::MemrefInput, name.as_ptr(), name.len()),
            value_in(protocol.into(), 0),
            VALUE_OUT,
        ];
        // SAFETY: the pseudo-TA reads `name`.
        let (result, [.., [handle, _]]) = unsafe { SOCKETS.invoke(Command::Open.into(), parameters) };
        result?;
        u32::try_from(handle).map(Self).map_err(|_| TeeError::COMMUNICATION)
    }

    /// Closes it.
    ///
    /// # Errors
    /// Those of the supplicant, which is done with the socket all the same.
    pub fn close(self) -> Result<()> {
        // SAFETY: no memory is named.
        unsafe { SOCKETS.invoke(Command::Close.into(), [value_in(self.0, 0), NONE, NONE, NONE]) }.0
    }

    /// Sends; how many bytes went. The timeout is in milliseconds.
    ///
    /// # Safety
    /// The TA may read `len` bytes at `data`, and no Rust value is in the way of that.
    pub unsafe fn send(self, data: *const u8, len: usize, timeout: u32) -> (Result<()>, usize) {
        let parameters = [value_in(self.0, timeout), memref(ParamType::MemrefInput, data, len), VALUE_OUT, NONE];
        // SAFETY: passed on.
        let (result, [_, _, [sent, _], _]) = unsafe { SOCKETS.invoke(Command::Send.into(), parameters) };
        (result, usize::try_from(sent).unwrap_or(0).min(len))
    }

    /// Receives; how many bytes came, or are there to come when `len` is 0. The timeout is in milliseconds.
    ///
    /// # Safety
    /// The TA may write `len` bytes at `to`, and no Rust value is in the way of that.
    pub unsafe fn receive(self, to: *mut u8, len: usize, timeout: u32) -> (Result<()>, usize) {
        let parameters = [value_in(self.0, timeout), memref(ParamType::MemrefOutput, to, len), NONE, NONE];
        // SAFETY: passed on.
        let (result, [_, [_, came], ..]) = unsafe { SOCKETS.invoke(Command::Recv.into(), parameters) };
        (result, usize::try_from(came).unwrap_or(usize::MAX))
    }

    /// Controls it with data, where the answer comes; its length.
    ///
    /// # Safety
    /// The TA may read and write `len` bytes at `data`, and no Rust value is in the way of that.
    pub unsafe fn control(self, command: IoctlCommand, data: *mut u8, len: usize) -> (Result<()>, usize) {
        let parameters = [value_in(self.0, command.into()), memref(ParamType::MemrefInout, data, len), NONE, NONE];
        // SAFETY: passed on.
        let (result, [_, [_, size], ..]) = unsafe { SOCKETS.invoke(Command::Ioctl.into(), parameters) };
        (result, usize::try_from(size).unwrap_or(usize::MAX))
    }
}

/// A socket that is closed when it is dropped.
#[derive(Debug)]
struct Socket(RawSocket);

impl Socket {
    fn open(protocol: Protocol, ip: IpVersion, server: &str, port: u16) -> Result<Self> {
        let mut name = [0; NAME_SIZE];
        // The last byte stays the NUL.
        let room = name.get_mut(..server.len()).filter(|_| server.len() < NAME_SIZE).ok_or(TeeError::BAD_PARAMETERS)?;
        room.copy_from_slice(server.as_bytes());
        let name = CStr::from_bytes_until_nul(&name).ok().filter(|name| name.count_bytes() == server.len());
        RawSocket::open(protocol, ip, name.ok_or(TeeError::BAD_PARAMETERS)?, port).map(Self)
    }

    fn send(&mut self, data: &[u8], timeout: Option<Duration>) -> Result<usize> {
        // SAFETY: the pseudo-TA reads `data`.
        let (result, sent) = unsafe { self.0.send(data.as_ptr(), data.len(), millis(timeout)) };
        result.map(|()| sent)
    }

    fn receive(&mut self, to: &mut [u8], timeout: Option<Duration>) -> Result<usize> {
        // SAFETY: the pseudo-TA writes `to`.
        let (result, came) = unsafe { self.0.receive(to.as_mut_ptr(), to.len(), millis(timeout)) };
        result.map(|()| came)
    }

    fn control(&mut self, command: IoctlCommand, data: &mut [u8]) -> Result<()> {
        // SAFETY: the pseudo-TA reads and writes `data`.
        unsafe { self.0.control(command, data.as_mut_ptr(), data.len()) }.0
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What the supplicant cannot close any more is closed.
        let _ = self.0.close();
    }
}

/// A connection by TCP. Dropping it closes it.
#[derive(Debug)]
pub struct TcpStream(Socket);

impl TcpStream {
    /// Connects to a port of a server, which is a name or a number.
    ///
    /// # Errors
    /// As [`RawSocket::open`].
    pub fn connect(ip: IpVersion, server: &str, port: u16) -> Result<Self> {
        Socket::open(Protocol::Tcp, ip, server, port).map(Self)
    }

    /// Sends what goes at once; how many bytes went.
    ///
    /// # Errors
    /// [`SocketError::Timeout`], [`SocketError::RemoteClosed`] and others.
    pub fn send(&mut self, data: &[u8], timeout: Option<Duration>) -> Result<usize> {
        self.0.send(data, timeout)
    }

    /// Sends all of it, each part within the timeout.
    ///
    /// # Errors
    /// As [`TcpStream::send`]; [`SocketError::RemoteClosed`] as well when nothing goes any more.
    pub fn send_all(&mut self, mut data: &[u8], timeout: Option<Duration>) -> Result<()> {
        while !data.is_empty() {
            match data.get(self.0.send(data, timeout)?..) {
                Some(rest) if rest.len() < data.len() => data = rest,
                _ => return Err(TeeError::from_raw(SocketError::RemoteClosed.into()).unwrap_or(TeeError::COMMUNICATION)),
            }
        }
        Ok(())
    }

    /// Receives what comes first; its length, 0 at the end of the stream.
    ///
    /// # Errors
    /// [`SocketError::Timeout`] and others.
    pub fn receive(&mut self, to: &mut [u8], timeout: Option<Duration>) -> Result<usize> {
        self.0.receive(to, timeout)
    }

    /// Sets the size in bytes of the buffer of the normal world for what comes.
    ///
    /// # Errors
    /// Those of the supplicant.
    pub fn set_receive_buffer(&mut self, size: u32) -> Result<()> {
        self.0.control(IoctlCommand::TcpSetReceiveBuffer, &mut size.to_le_bytes())
    }

    /// Sets the size in bytes of the buffer of the normal world for what goes.
    ///
    /// # Errors
    /// Those of the supplicant.
    pub fn set_send_buffer(&mut self, size: u32) -> Result<()> {
        self.0.control(IoctlCommand::TcpSetSendBuffer, &mut size.to_le_bytes())
    }
}

/// Datagrams to one peer by UDP. Dropping it closes it.
#[derive(Debug)]
pub struct UdpSocket(Socket);

impl UdpSocket {
    /// A socket for a port of a peer, which is a name or a number.
    ///
    /// # Errors
    /// As [`RawSocket::open`].
    pub fn connect(ip: IpVersion, peer: &str, port: u16) -> Result<Self> {
        Socket::open(Protocol::Udp, ip, peer, port).map(Self)
    }

    /// Sends a datagram; its length.
    ///
    /// # Errors
    /// [`SocketError::Timeout`] and others.
    pub fn send(&mut self, datagram: &[u8], timeout: Option<Duration>) -> Result<usize> {
        self.0.send(datagram, timeout)
    }

    /// Receives a datagram; its length. What does not fit is lost.
    ///
    /// # Errors
    /// [`SocketError::Timeout`] and others.
    pub fn receive(&mut self, to: &mut [u8], timeout: Option<Duration>) -> Result<usize> {
        self.0.receive(to, timeout)
    }

    /// Bytes of the datagram that is to be received next.
    ///
    /// # Errors
    /// [`SocketError::Timeout`] and others.
    pub fn next_len(&mut self, timeout: Option<Duration>) -> Result<usize> {
        self.0.receive(&mut [], timeout)
    }

    /// Turns to another port of the peer.
    ///
    /// # Errors
    /// Those of the supplicant.
    pub fn change_port(&mut self, port: u16) -> Result<()> {
        self.0.control(IoctlCommand::UdpChangePort, &mut port.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{IpVersion, SocketError, TcpStream, UdpSocket, socket_error};
    use crate::fake;
    use crate::raw::Word;
    use alloc::rc::Rc;
    use alloc::vec;
    use alloc::vec::Vec;
    use core::cell::RefCell;
    use core::time::Duration;
    use utee_abi::pta::socket::Command;
    use utee_abi::sysnum::Syscall;

    /// Calls as the pseudo-TA sees them: command, and the numbers of the first parameter.
    type Seen = Rc<RefCell<Vec<(u32, [u64; 2])>>>;

    /// A pseudo-TA that sends two bytes at a time, and gives them back.
    fn echo() -> Seen {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let (calls, mut kept) = (Rc::clone(&seen), Vec::new());
        fake::on(Syscall::OpenTaSession, |args| {
            // SAFETY: the cell of the session.
            unsafe { args[3].pointer::<u32>().write(9) };
            0
        });
        fake::on(Syscall::InvokeTaCommand, move |args: &[Word]| {
            assert_eq!(args[0].value(), 9);
            let command = Command::try_from(args[2].value() as u32).unwrap();
            // SAFETY: struct utee_params and the memory that it names.
            unsafe {
                let cells = args[3].pointer::<u64>().add(1);
                calls.borrow_mut().push((command.into(), [cells.read(), cells.add(1).read()]));
                let memory = core::ptr::with_exposed_provenance_mut::<u8>(cells.add(2).read() as usize);
                let len = cells.add(3).read() as usize;
                match command {
                    Command::Open => {
                        let name = core::slice::from_raw_parts(memory, len);
                        if name != b"here\0" {
                            return SocketError::Hostname.into();
                        }
                        cells.add(6).write(77);
                    }
                    Command::Send => {
                        let sent = len.min(2);
                        kept.extend_from_slice(core::slice::from_raw_parts(memory, sent));
                        cells.add(4).write(sent as u64);
                    }
                    Command::Recv if kept.is_empty() => return SocketError::Timeout.into(),
                    Command::Recv => {
                        let came = len.min(kept.len());
                        memory.copy_from(kept.as_ptr(), came);
                        cells.add(3).write(if len == 0 { kept.len() } else { came } as u64);
                        kept.drain(..came);
                    }
                    Command::Ioctl => assert_eq!(core::slice::from_raw_parts(memory, len)[..2], [0x34, 0x12]),
                    Command::Close => {}
                }
            }
            0
        });
        seen
    }

    #[test]
    fn streams_and_datagrams_go_through_the_pseudo_ta() {
        let seen = echo();
        let wrong = TcpStream::connect(IpVersion::Any, "there", 80).unwrap_err();
        assert_eq!(socket_error(wrong), Some(SocketError::Hostname));
        assert_eq!(socket_error(crate::TeeError::BUSY), None);
        let mut stream = TcpStream::connect(IpVersion::V4, "here", 80).unwrap();
        stream.send_all(b"hello", Some(Duration::from_millis(1500))).unwrap();
        let mut answer = [0; 8];
        assert_eq!(stream.receive(&mut answer, None), Ok(5));
        assert_eq!(&answer, b"hello\0\0\0");
        let late = stream.receive(&mut answer, Some(Duration::from_secs(u64::MAX))).unwrap_err();
        assert_eq!(socket_error(late), Some(SocketError::Timeout));
        stream.set_send_buffer(0x1234).unwrap();
        drop(stream);
        let mut datagrams = UdpSocket::connect(IpVersion::V6, "here", 53).unwrap();
        datagrams.send(b"ab", Some(Duration::ZERO)).unwrap();
        assert_eq!(datagrams.next_len(None), Ok(2));
        datagrams.change_port(0x1234).unwrap();
        drop(datagrams);
        let forever = u64::from(u32::MAX);
        let wanted = vec![
            (1, [0, 80]),
            (1, [1, 80]),
            (3, [77, 1500]),
            (3, [77, 1500]),
            (3, [77, 1500]),
            (4, [77, forever]),
            (4, [77, forever - 1]),
            (5, [77, 0x65F0_0001]),
            (2, [77, 0]),
            (1, [2, 53]),
            (3, [77, 0]),
            (4, [77, forever]),
            (5, [77, 0x6600_0002]),
            (2, [77, 0]),
        ];
        assert_eq!(*seen.borrow(), wanted);
    }

    #[test]
    fn names_that_are_none_do_not_leave_the_ta() {
        let seen = echo();
        for name in ["a\0b", &"x".repeat(256)] {
            assert_eq!(TcpStream::connect(IpVersion::Any, name, 1).unwrap_err(), crate::TeeError::BAD_PARAMETERS);
        }
        assert!(seen.borrow().is_empty());
    }
}
