// SPDX-License-Identifier: BSD-2-Clause
//! Sockets in C (GlobalPlatform TEE Sockets API 1.0): the two tables of functions that tee_tcpsocket.h and tee_udpsocket.h name.

use crate::boxed;
use alloc::boxed::Box;
use api::net::{IoctlCommand, IpVersion, Protocol, RawSocket, SocketError};
use api::panic::panic;
use api::{Result, TeeError};
use core::ffi::{CStr, c_char, c_void};
use utee_abi::pta::socket::{API_VERSION, TCP_WARNING_UNKNOWN_OUT_OF_BAND, UDP_WARNING_UNKNOWN_OUT_OF_BAND};
use utee_abi::result::SUCCESS;

/// What a TEE_iSocketHandle points to.
struct Handle {
    socket: RawSocket,
    /// What the last function answered.
    error: u32,
}

/// TEE_tcpSocket_Setup and TEE_udpSocket_Setup.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Setup {
    /// TEE_ipSocket_ipVersion.
    pub ip_version: u32,
    /// Name or number of the server.
    pub server_addr: *const c_char,
    /// Its port.
    pub server_port: u16,
}

/// TEE_iSocket.
#[derive(Debug)]
#[repr(C)]
pub struct ISocket {
    /// Version of this structure.
    pub version: u32,
    /// Protocol.
    pub protocol: u8,
    /// Connects: place for the handle, setup, place for the protocol's own error.
    pub open: unsafe extern "C-unwind" fn(*mut *mut c_void, *const Setup, *mut u32) -> u32,
    /// Closes.
    pub close: unsafe extern "C-unwind" fn(*mut c_void) -> u32,
    /// Sends: data, their length and then what went, timeout in ms.
    pub send: unsafe extern "C-unwind" fn(*mut c_void, *const c_void, *mut u32, u32) -> u32,
    /// Receives: memory, its length and then what came, timeout in ms.
    pub recv: unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut u32, u32) -> u32,
    /// What the last of these answered.
    pub error: unsafe extern "C-unwind" fn(*mut c_void) -> u32,
    /// Controls: command, data, their length.
    pub ioctl: unsafe extern "C-unwind" fn(*mut c_void, u32, *mut c_void, *mut u32) -> u32,
}

static TCP: ISocket =
    ISocket { version: API_VERSION, protocol: Protocol::Tcp as u8, open: open_tcp, close, send, recv, error, ioctl: ioctl_tcp };

static UDP: ISocket =
    ISocket { version: API_VERSION, protocol: Protocol::Udp as u8, open: open_udp, close, send, recv, error, ioctl: ioctl_udp };

/// TEE_tcpSocket.
#[cfg_attr(any(target_arch = "arm", oxtee_ta), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "the name is the specification's")]
pub static TEE_tcpSocket: &ISocket = &TCP;

/// TEE_udpSocket.
#[cfg_attr(any(target_arch = "arm", oxtee_ta), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "the name is the specification's")]
pub static TEE_udpSocket: &ISocket = &UDP;

/// # Safety
/// The setup's name is a string.
unsafe fn connect(protocol: Protocol, setup: Setup) -> Result<RawSocket> {
    let ip = IpVersion::try_from(setup.ip_version).map_err(|_| TeeError::BAD_PARAMETERS)?;
    if setup.server_addr.is_null() {
        return Err(TeeError::BAD_PARAMETERS);
    }
    // SAFETY: the caller's string.
    RawSocket::open(protocol, ip, unsafe { CStr::from_ptr(setup.server_addr) }, setup.server_port)
}

/// # Safety
/// The pointers are valid, or NULL, which panics the TA.
unsafe fn open(protocol: Protocol, to: *mut *mut c_void, setup: *const Setup, own_error: *mut u32) -> u32 {
    if to.is_null() || setup.is_null() || own_error.is_null() {
        panic(TeeError::BAD_PARAMETERS);
    }
    // SAFETY: the caller's setup.
    let result = unsafe { connect(protocol, setup.read()) }.and_then(|socket| {
        // A socket that nobody has a handle of is closed again.
        boxed(Handle { socket, error: SUCCESS }).inspect_err(|_| _ = socket.close())
    });
    let code = crate::raw(result.as_ref().map(|_| ()).map_err(|error| *error));
    let handle = result.map_or(core::ptr::null_mut(), Box::into_raw);
    // What the protocol alone knows is told apart from what all protocols have.
    let (code, own) = match code {
        TCP_WARNING_UNKNOWN_OUT_OF_BAND | UDP_WARNING_UNKNOWN_OUT_OF_BAND => (SocketError::WarningProtocol.into(), code),
        _ if code == u32::from(SocketError::Hostname) => (SocketError::Protocol.into(), code),
        _ => (code, SUCCESS),
    };
    // SAFETY: the caller's pointers.
    unsafe {
        to.write(handle.cast());
        own_error.write(own);
    }
    code
}

unsafe extern "C-unwind" fn open_tcp(to: *mut *mut c_void, setup: *const Setup, own_error: *mut u32) -> u32 {
    // SAFETY: passed on.
    unsafe { open(Protocol::Tcp, to, setup, own_error) }
}

unsafe extern "C-unwind" fn open_udp(to: *mut *mut c_void, setup: *const Setup, own_error: *mut u32) -> u32 {
    // SAFETY: passed on.
    unsafe { open(Protocol::Udp, to, setup, own_error) }
}

unsafe extern "C-unwind" fn close(handle: *mut c_void) -> u32 {
    if handle.is_null() {
        return SUCCESS;
    }
    // SAFETY: the caller's handle, which `open` made of a box.
    crate::raw(unsafe { Box::from_raw(handle.cast::<Handle>()) }.socket.close())
}

/// The handle and the length; the TA panics without them, or when there are bytes but no memory.
///
/// # Safety
/// `handle` is NULL or open, `len` NULL or readable.
unsafe fn checked<'a>(handle: *mut c_void, memory: *const c_void, len: *mut u32) -> (&'a mut Handle, usize) {
    // SAFETY: the caller's handle and cell.
    let (handle, size) = unsafe { (handle.cast::<Handle>().as_mut(), len.as_ref()) };
    match (handle, size) {
        (Some(handle), Some(size)) if *size == 0 || !memory.is_null() => (handle, *size as usize),
        _ => panic(TeeError::BAD_PARAMETERS),
    }
}

impl Handle {
    /// Keeps and gives the result, and the length.
    ///
    /// # Safety
    /// `len` is writable.
    unsafe fn done(&mut self, (result, size): (Result<()>, usize), len: *mut u32) -> u32 {
        // SAFETY: the caller's cell.
        unsafe { len.write(u32::try_from(size).unwrap_or(u32::MAX)) };
        self.error = crate::raw(result);
        self.error
    }
}

unsafe extern "C-unwind" fn send(handle: *mut c_void, data: *const c_void, len: *mut u32, timeout: u32) -> u32 {
    if data.is_null() {
        panic(TeeError::BAD_PARAMETERS);
    }
    // SAFETY: the caller's handle, memory and cell.
    unsafe {
        let (handle, size) = checked(handle, data, len);
        handle.done(handle.socket.send(data.cast(), size, timeout), len)
    }
}

unsafe extern "C-unwind" fn recv(handle: *mut c_void, memory: *mut c_void, len: *mut u32, timeout: u32) -> u32 {
    // SAFETY: the caller's handle, memory and cell.
    unsafe {
        let (handle, size) = checked(handle, memory, len);
        handle.done(handle.socket.receive(memory.cast(), size, timeout), len)
    }
}

unsafe extern "C-unwind" fn error(handle: *mut c_void) -> u32 {
    // SAFETY: the caller's handle.
    match unsafe { handle.cast::<Handle>().as_ref() } {
        Some(handle) => handle.error,
        None => panic(TeeError::BAD_PARAMETERS),
    }
}

/// # Safety
/// As the functions of [`ISocket`].
unsafe fn ioctl(protocol: Protocol, handle: *mut c_void, command: u32, data: *mut c_void, len: *mut u32) -> u32 {
    // SAFETY: the caller's handle and cell.
    let (handle, size) = unsafe { checked(handle, data, len) };
    // The first byte is the protocol; commands of none are for all, and there is none that does anything.
    match (command >> 24, IoctlCommand::try_from(command)) {
        (0, _) => SUCCESS,
        (owner, Ok(command)) if owner == u32::from(protocol) => {
            // SAFETY: the caller's memory and cell.
            unsafe { handle.done(handle.socket.control(command, data.cast(), size), len) }
        }
        _ => panic(TeeError::BAD_PARAMETERS),
    }
}

unsafe extern "C-unwind" fn ioctl_tcp(handle: *mut c_void, command: u32, data: *mut c_void, len: *mut u32) -> u32 {
    // SAFETY: passed on.
    unsafe { ioctl(Protocol::Tcp, handle, command, data, len) }
}

unsafe extern "C-unwind" fn ioctl_udp(handle: *mut c_void, command: u32, data: *mut c_void, len: *mut u32) -> u32 {
    // SAFETY: passed on.
    unsafe { ioctl(Protocol::Udp, handle, command, data, len) }
}

#[cfg(test)]
mod tests {
    use super::{ISocket, Setup, TEE_tcpSocket, TEE_udpSocket};
    use api::TeeError;
    use api::fake::{self, End};
    use api::net::SocketError;
    use core::ptr;
    use utee_abi::pta::socket::{Command, TCP_WARNING_UNKNOWN_OUT_OF_BAND};
    use utee_abi::sysnum::Syscall;

    /// A pseudo-TA that sends all, receives "ok", and answers the opening of a port with its number as the code.
    fn pseudo_ta() {
        fake::on(Syscall::OpenTaSession, |args| {
            // SAFETY: the cell of the session.
            unsafe { args[3].pointer::<u32>().write(9) };
            0
        });
        fake::on(Syscall::InvokeTaCommand, |args| {
            // SAFETY: struct utee_params and the memory that it names.
            unsafe {
                let cells = args[3].pointer::<u64>().add(1);
                match Command::try_from(args[2].value() as u32).unwrap() {
                    Command::Open => {
                        cells.add(6).write(5);
                        return match cells.add(1).read() {
                            1 => SocketError::Hostname.into(),
                            2 => TCP_WARNING_UNKNOWN_OUT_OF_BAND,
                            3 => TeeError::COMMUNICATION.raw(),
                            _ => 0,
                        };
                    }
                    Command::Send => cells.add(4).write(cells.add(3).read()),
                    Command::Recv => {
                        let memory = ptr::with_exposed_provenance_mut::<u8>(cells.add(2).read() as usize);
                        memory.copy_from(b"ok".as_ptr(), 2);
                        cells.add(3).write(2);
                    }
                    Command::Ioctl => return SocketError::Protocol.into(),
                    Command::Close => return SocketError::RemoteClosed.into(),
                }
            }
            0
        });
    }

    fn open(socket: &ISocket, ip_version: u32, server_port: u16) -> (u32, *mut core::ffi::c_void, u32) {
        let (mut handle, mut own) = (ptr::dangling_mut(), 7);
        let setup = Setup { ip_version, server_addr: c"server".as_ptr(), server_port };
        // SAFETY: pointers of the test.
        let code = unsafe { (socket.open)(&raw mut handle, &raw const setup, &raw mut own) };
        (code, handle, own)
    }

    #[test]
    fn a_socket_works_by_its_table() {
        pseudo_ta();
        for (socket, ioctl) in [(TEE_tcpSocket, 0x65F0_0000), (TEE_udpSocket, 0x6600_0002)] {
            let (code, handle, own) = open(socket, 0, 80);
            assert_eq!((code, own, handle.is_null()), (0, 0, false));
            let (mut len, mut memory) = (3, [0u8; 4]);
            // SAFETY: the handle, and memory of the test.
            unsafe {
                assert_eq!(((socket.send)(handle, b"abc".as_ptr().cast(), &raw mut len, 0), len), (0, 3));
                len = 4;
                assert_eq!(((socket.recv)(handle, memory.as_mut_ptr().cast(), &raw mut len, u32::MAX), len), (0, 2));
                assert_eq!((&memory, (socket.error)(handle)), (b"ok\0\0", 0));
                let protocol = SocketError::Protocol.into();
                assert_eq!((socket.ioctl)(handle, 1, memory.as_mut_ptr().cast(), &raw mut len), 0, "of no protocol");
                assert_eq!((socket.ioctl)(handle, ioctl, memory.as_mut_ptr().cast(), &raw mut len), protocol);
                assert_eq!((socket.error)(handle), protocol);
                assert_eq!((socket.close)(handle), u32::from(SocketError::RemoteClosed));
                assert_eq!((socket.close)(ptr::null_mut()), 0);
            }
        }
        assert_eq!((TEE_tcpSocket.protocol, TEE_udpSocket.protocol), (0x65, 0x66));
    }

    #[test]
    fn what_only_the_protocol_knows_is_told_apart() {
        pseudo_ta();
        let (hostname, warning) = (SocketError::Hostname.into(), TCP_WARNING_UNKNOWN_OUT_OF_BAND);
        for (port, code, own) in [
            (1, SocketError::Protocol.into(), hostname),
            (2, SocketError::WarningProtocol.into(), warning),
            (3, TeeError::COMMUNICATION.raw(), 0),
        ] {
            assert_eq!(open(TEE_tcpSocket, 1, port), (code, ptr::null_mut(), own));
        }
        assert_eq!(open(TEE_tcpSocket, 3, 80).0, TeeError::BAD_PARAMETERS.raw());
    }

    #[test]
    fn what_the_specification_forbids_panics() {
        pseudo_ta();
        let (_, handle, _) = open(TEE_tcpSocket, 0, 80);
        let (mut len, null) = (1, ptr::null_mut::<core::ffi::c_void>());
        let bad = Some(End::Panic(TeeError::BAD_PARAMETERS.raw()));
        let len = &raw mut len;
        // SAFETY: the handle, and NULL where the functions look for it.
        unsafe {
            assert_eq!(fake::run(|| _ = (TEE_tcpSocket.open)(null.cast(), ptr::null(), len)), bad);
            assert_eq!(fake::run(|| _ = (TEE_tcpSocket.send)(handle, null, len, 0)), bad);
            assert_eq!(fake::run(|| _ = (TEE_tcpSocket.recv)(handle, null, len, 0)), bad);
            assert_eq!(fake::run(|| _ = (TEE_tcpSocket.recv)(null, null, len, 0)), bad);
            assert_eq!(fake::run(|| _ = (TEE_tcpSocket.error)(null)), bad);
            // The command of UDP, and one of TCP that there is not.
            assert_eq!(fake::run(|| _ = (TEE_tcpSocket.ioctl)(handle, 0x6600_0001, len.cast(), len)), bad);
            assert_eq!(fake::run(|| _ = (TEE_tcpSocket.ioctl)(handle, 0x65F0_0002, len.cast(), len)), bad);
            (TEE_tcpSocket.close)(handle);
        }
    }
}
