// SPDX-License-Identifier: BSD-2-Clause
//! What user space and Linux's TEE subsystem say to each other at `/dev/tee0` (Linux, include/uapi/linux/tee.h).
//!
//! Fields have the byte order of the machine that Linux runs on. The types of parameters are those of [`crate::param`], the
//! login methods those of [`crate::msg::Login`].

use bitflags::bitflags;

/// Nodes for clients, each with its number appended.
pub const CLIENT_NODE: &str = "/dev/tee";
/// Nodes for the supplicant, likewise.
pub const SUPPLICANT_NODE: &str = "/dev/teepriv";
/// Bytes of the argument of open or invoke at most.
pub const MAX_ARGUMENT_SIZE: usize = 1024;
/// [`Version::implementation`] of OP-TEE.
pub const IMPLEMENTATION_OPTEE: u32 = 1;
/// [`Version::implementation_capabilities`] of OP-TEE: it is in TrustZone.
pub const OPTEE_TRUSTZONE: u32 = 1;
/// Identifier in [`Param::c`] of a memory reference that refers to nothing.
pub const MEMREF_NULL: u64 = u64::MAX;

bitflags! {
    /// General capabilities of a TEE.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Capabilities: u32 {
        /// It follows GlobalPlatform.
        const GLOBAL_PLATFORM = 1;
        /// The node is the supplicant's.
        const PRIVILEGED = 1 << 1;
        /// Clients may register their own memory.
        const REGISTERED_MEMORY = 1 << 2;
        /// There are references to nothing.
        const MEMREF_NULL = 1 << 3;
    }
}

/// struct tee_ioctl_version_data
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Version {
    /// Which TEE.
    pub implementation: u32,
    /// What that TEE can.
    pub implementation_capabilities: u32,
    /// [`Capabilities`].
    pub capabilities: u32,
}

/// struct tee_ioctl_shm_alloc_data
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ShmAlloc {
    /// Bytes; on return those that it became.
    pub size: u64,
    /// Zero.
    pub flags: u32,
    /// On return the identifier.
    pub id: i32,
}

/// struct tee_ioctl_shm_register_data
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ShmRegister {
    /// User address.
    pub address: u64,
    /// Bytes.
    pub length: u64,
    /// Zero.
    pub flags: u32,
    /// On return the identifier.
    pub id: i32,
}

/// struct tee_ioctl_shm_register_fd_data
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ShmRegisterFd {
    /// File descriptor of a DMA buffer.
    pub fd: i64,
    /// On return its bytes.
    pub size: u64,
    /// Zero.
    pub flags: u32,
    /// On return the identifier.
    pub id: i32,
}

/// struct tee_ioctl_buf_data
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Buffer {
    /// User address of [`OpenSession`] or [`Invoke`].
    pub address: u64,
    /// Its bytes.
    pub length: u64,
}

/// struct tee_ioctl_param: a parameter. A value has its numbers in `a` and `b`; a memory reference the offset in `a`, the
/// size in `b` and the identifier of the memory in `c`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Param {
    /// [`crate::param::ParamType`].
    pub attribute: u64,
    /// First number.
    pub a: u64,
    /// Second number.
    pub b: u64,
    /// Third number.
    pub c: u64,
}

/// Parameters that a client passes.
pub const PARAMS: usize = crate::param::PARAMS;

/// struct tee_ioctl_open_session_arg
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct OpenSession {
    /// UUID of the TA, as octets.
    pub uuid: [u8; 16],
    /// Connection data of the login: a group's number in its first four bytes.
    pub client: [u8; 16],
    /// Login method.
    pub login: u32,
    /// Number to cancel it by.
    pub cancel_id: u32,
    /// On return the session.
    pub session: u32,
    /// On return the result.
    pub result: u32,
    /// On return where that comes from.
    pub origin: u32,
    /// Number of parameters.
    pub param_count: u32,
    /// The parameters.
    pub params: [Param; PARAMS],
}

/// struct tee_ioctl_invoke_arg
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Invoke {
    /// Command.
    pub command: u32,
    /// Session.
    pub session: u32,
    /// Number to cancel it by.
    pub cancel_id: u32,
    /// On return the result.
    pub result: u32,
    /// On return where that comes from.
    pub origin: u32,
    /// Number of parameters.
    pub param_count: u32,
    /// The parameters.
    pub params: [Param; PARAMS],
}

/// Bytes of an argument of `whole` bytes that has `count` parameters only.
const fn length(whole: usize, count: u32) -> u64 {
    let left_out = (PARAMS as u64).saturating_sub(count as u64);
    (whole as u64).saturating_sub(left_out.saturating_mul(size_of::<Param>() as u64))
}

impl OpenSession {
    /// Bytes of it with the parameters that it has: what the kernel insists on.
    #[must_use]
    pub const fn length(&self) -> u64 {
        length(size_of::<Self>(), self.param_count)
    }
}

impl Invoke {
    /// Bytes of it with the parameters that it has: what the kernel insists on.
    #[must_use]
    pub const fn length(&self) -> u64 {
        length(size_of::<Self>(), self.param_count)
    }
}

/// struct tee_ioctl_cancel_arg
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Cancel {
    /// What was given when the call was made.
    pub cancel_id: u32,
    /// Session.
    pub session: u32,
}

/// struct tee_ioctl_close_session_arg
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct CloseSession {
    /// Session.
    pub session: u32,
}

/// In [`Param::attribute`]: the parameter is for Linux and the supplicant alone.
pub const ATTRIBUTE_META: u64 = 0x100;
/// Parameters that a supplicant has room for: those of a request, and the one that is meta.
pub const SUPPLICANT_PARAMS: usize = 6;

/// struct tee_iocl_supp_recv_arg and tee_iocl_supp_send_arg: a request to the supplicant and its answer.
///
/// When the first parameter is given as [`ATTRIBUTE_META`] it comes back as a value whose `a` is the number of the request, which
/// the answer has to give again; the parameters of the request follow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Supplicant {
    /// The command; in the answer the result.
    pub code: u32,
    /// Parameters there is room for; those that there are.
    pub param_count: u32,
    /// The parameters.
    pub params: [Param; SUPPLICANT_PARAMS],
}

/// Requests (ioctl numbers) as Arm, AArch64 and x86 encode them.
pub mod request {
    use super::{Buffer, Cancel, CloseSession, ShmAlloc, ShmRegister, ShmRegisterFd, Version};

    const MAGIC: u32 = 0xA4;
    const READ: u32 = 2;
    const READ_WRITE: u32 = 3;

    const fn number<T>(direction: u32, index: u32) -> u32 {
        direction << 30 | (size_of::<T>() as u32) << 16 | MAGIC << 8 | index
    }

    /// TEE_IOC_VERSION with [`Version`].
    pub const VERSION: u32 = number::<Version>(READ, 0);
    /// TEE_IOC_SHM_ALLOC with [`ShmAlloc`]; returns a file descriptor to map.
    pub const SHM_ALLOC: u32 = number::<ShmAlloc>(READ_WRITE, 1);
    /// TEE_IOC_OPEN_SESSION with [`Buffer`].
    pub const OPEN_SESSION: u32 = number::<Buffer>(READ, 2);
    /// TEE_IOC_INVOKE with [`Buffer`].
    pub const INVOKE: u32 = number::<Buffer>(READ, 3);
    /// TEE_IOC_CANCEL with [`Cancel`].
    pub const CANCEL: u32 = number::<Cancel>(READ, 4);
    /// TEE_IOC_CLOSE_SESSION with [`CloseSession`].
    pub const CLOSE_SESSION: u32 = number::<CloseSession>(READ, 5);
    /// TEE_IOC_SUPPL_RECV with [`Buffer`] of [`super::Supplicant`].
    pub const SUPPL_RECV: u32 = number::<Buffer>(READ, 6);
    /// TEE_IOC_SUPPL_SEND with [`Buffer`] of [`super::Supplicant`].
    pub const SUPPL_SEND: u32 = number::<Buffer>(READ, 7);
    /// TEE_IOC_SHM_REGISTER_FD with [`ShmRegisterFd`]; returns a file descriptor.
    pub const SHM_REGISTER_FD: u32 = number::<ShmRegisterFd>(READ_WRITE, 8);
    /// TEE_IOC_SHM_REGISTER with [`ShmRegister`]; returns a file descriptor.
    pub const SHM_REGISTER: u32 = number::<ShmRegister>(READ_WRITE, 9);
}

#[cfg(test)]
mod tests {
    use super::{
        Buffer, Cancel, CloseSession, Invoke, MAX_ARGUMENT_SIZE, OpenSession, Param, ShmAlloc, ShmRegister, ShmRegisterFd, Supplicant,
        Version, request,
    };
    use core::mem::offset_of;

    #[test]
    fn sizes_are_those_of_the_header() {
        assert_eq!(size_of::<Version>(), 12);
        assert_eq!(size_of::<ShmAlloc>(), 16);
        assert_eq!(size_of::<ShmRegister>(), 24);
        assert_eq!(size_of::<ShmRegisterFd>(), 24);
        assert_eq!(size_of::<Buffer>(), 16);
        assert_eq!(size_of::<Param>(), 32);
        assert_eq!(size_of::<Cancel>(), 8);
        assert_eq!(size_of::<CloseSession>(), 4);
        assert_eq!((size_of::<OpenSession>(), offset_of!(OpenSession, params)), (56 + 4 * 32, 56));
        assert_eq!((size_of::<Invoke>(), offset_of!(Invoke, params)), (24 + 4 * 32, 24));
        assert_eq!((size_of::<Supplicant>(), offset_of!(Supplicant, params)), (8 + 6 * 32, 8));
        const { assert!(size_of::<OpenSession>() <= MAX_ARGUMENT_SIZE) };
    }

    /// The numbers that a C compiler gives for the macros of the header.
    #[test]
    fn requests_are_those_of_the_header() {
        let numbers = [
            (request::VERSION, 0x800c_a400),
            (request::SHM_ALLOC, 0xc010_a401),
            (request::OPEN_SESSION, 0x8010_a402),
            (request::INVOKE, 0x8010_a403),
            (request::CANCEL, 0x8008_a404),
            (request::CLOSE_SESSION, 0x8004_a405),
            (request::SUPPL_RECV, 0x8010_a406),
            (request::SUPPL_SEND, 0x8010_a407),
            (request::SHM_REGISTER_FD, 0xc018_a408),
            (request::SHM_REGISTER, 0xc018_a409),
        ];
        for (ours, theirs) in numbers {
            assert_eq!(ours, theirs);
        }
    }
}
