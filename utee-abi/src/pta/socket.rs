// SPDX-License-Identifier: BSD-2-Clause
//! Sockets of the normal world, for TAs.

use crate::uuid::Uuid;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// UUID.
pub const UUID: Uuid = Uuid::new(0x3b99_6a7d, 0x2c2b, 0x4a49, [0xa8, 0x96, 0xe1, 0xfb, 0x57, 0x66, 0xd2, 0xf4]);

/// Timeout: do not block.
pub const NON_BLOCKING: u32 = 0;
/// Timeout: block for ever.
pub const BLOCKING: u32 = u32::MAX;

/// Bytes of the name of a server at most, with its NUL.
pub const NAME_SIZE: usize = 256;
/// TEE_ISOCKET_VERSION: version 1.0 of the API.
pub const API_VERSION: u32 = 0x0100_0000;
/// TEE_ISOCKET_TCP_WARNING_UNKNOWN_OUT_OF_BAND
pub const TCP_WARNING_UNKNOWN_OUT_OF_BAND: u32 = 0xF101_0002;
/// TEE_ISOCKET_UDP_WARNING_UNKNOWN_OUT_OF_BAND
pub const UDP_WARNING_UNKNOWN_OUT_OF_BAND: u32 = 0xF102_0002;

/// Protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Protocol {
    /// TCP
    Tcp = 0x65,
    /// UDP
    Udp = 0x66,
}

/// Versions of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum IpVersion {
    /// Either.
    Any = 0,
    /// IPv4
    V4 = 1,
    /// IPv6
    V6 = 2,
}

/// Commands of the ioctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum IoctlCommand {
    /// Bytes of TCP's receive buffer.
    TcpSetReceiveBuffer = 0x65F0_0000,
    /// Bytes of TCP's send buffer.
    TcpSetSendBuffer = 0x65F0_0001,
    /// UDP's peer address.
    UdpChangeAddress = 0x6600_0001,
    /// UDP's peer port.
    UdpChangePort = 0x6600_0002,
}

/// Errors of sockets, beside the common ones (GlobalPlatform TEE Sockets API, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum SocketError {
    /// TEE_ISOCKET_ERROR_PROTOCOL
    Protocol = 0xF100_7001,
    /// TEE_ISOCKET_ERROR_REMOTE_CLOSED
    RemoteClosed = 0xF100_7002,
    /// TEE_ISOCKET_ERROR_TIMEOUT
    Timeout = 0xF100_7003,
    /// TEE_ISOCKET_ERROR_OUT_OF_RESOURCES
    OutOfResources = 0xF100_7004,
    /// TEE_ISOCKET_ERROR_LARGE_BUFFER
    LargeBuffer = 0xF100_7005,
    /// TEE_ISOCKET_WARNING_PROTOCOL
    WarningProtocol = 0xF100_7006,
    /// TEE_ISOCKET_ERROR_HOSTNAME
    Hostname = 0xF100_7007,
}

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// Opens: p0 value in (IP version, port), p1 memref in (address), p2 value in (protocol), p3 value out (handle).
    Open = 1,
    /// Closes: p0 value in (handle).
    Close = 2,
    /// Sends: p0 value in (handle, timeout in ms), p1 memref in, p2 value out (bytes sent).
    Send = 3,
    /// Receives: p0 value in (handle, timeout in ms), p1 memref out.
    Recv = 4,
    /// Controls: p0 value in (handle, [`IoctlCommand`]), p1 memref inout.
    Ioctl = 5,
}
