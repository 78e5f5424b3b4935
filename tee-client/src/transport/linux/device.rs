// SPDX-License-Identifier: BSD-2-Clause
//! `/dev/tee0`: the system calls. All unsafe code of the crate is in this file and in [`super::pages`].
#![allow(unsafe_code)]

use super::kernel::{Errno, Kernel, Shared};
use super::pages::{ForkMark, Pages, Region};
use crate::memory::SharedBytes;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;
use utee_abi::linux::{
    Buffer, Cancel, Capabilities, CloseSession, Invoke, OpenSession, Param, SUPPLICANT_PARAMS, ShmAlloc, ShmRegister, ShmRegisterFd,
    Supplicant, Version, request,
};

/// Bytes up to which memory is the kernel's, contiguous; beyond, pages of the process are shared.
const KERNEL_MEMORY: usize = 256 * 1024;
/// Bytes that Linux is asked to share at least: it refuses none.
const MIN_SIZE: usize = 8;

/// An open node.
pub struct Device {
    fd: OwnedFd,
    version: Version,
    mark: ForkMark,
}

impl Device {
    /// Opens a node and asks what is behind it.
    ///
    /// # Errors
    /// What Linux answers; ENOTTY when it is no TEE.
    pub fn open(path: &Path) -> Result<Self, Errno> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| Errno::of(&error))?;
        let fd = OwnedFd::from(file);
        let mut version = Version::default();
        // SAFETY: VERSION writes a `Version`.
        unsafe { ioctl(fd.as_fd(), request::VERSION, &mut version) }?;
        Ok(Self { fd, version, mark: ForkMark::new()? })
    }

    /// What the TEE says of itself.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    fn has(&self, capability: Capabilities) -> bool {
        self.capabilities().contains(capability)
    }

    /// Kernel memory, mapped.
    fn allocate_kernel(&self, size: usize) -> Result<Block, Errno> {
        let mut data = ShmAlloc { size: size.max(MIN_SIZE) as u64, ..ShmAlloc::default() };
        // SAFETY: SHM_ALLOC reads and writes a `ShmAlloc` and returns a new file descriptor.
        let fd = unsafe { ioctl_fd(self.fd.as_fd(), request::SHM_ALLOC, &mut data) }?;
        // The mapping holds the memory: the descriptor is not needed any longer.
        let pages = Pages::of_file(fd.as_fd(), size.max(MIN_SIZE))?;
        pages.region().clear(0, size);
        Ok(Block { id: data.id, registration: None, len: size, body: Body::Pages(pages) })
    }

    /// Pages of the process, registered.
    fn allocate_pages(&self, size: usize) -> Result<Block, Errno> {
        let pages = Pages::anonymous(size.max(MIN_SIZE))?;
        let (id, registration) = self.share(pages.region().address(), size.max(MIN_SIZE))?;
        Ok(Block { id, registration: Some(registration), len: size, body: Body::Pages(pages) })
    }

    /// TEE_IOC_SHM_REGISTER. Linux takes no range that is not the caller's, so that a wrong address is an error only.
    fn share(&self, address: *mut u8, len: usize) -> Result<(i32, OwnedFd), Errno> {
        let mut data = ShmRegister { address: address.expose_provenance() as u64, length: len as u64, ..ShmRegister::default() };
        // SAFETY: SHM_REGISTER reads and writes a `ShmRegister` and returns a new file descriptor. What the memory is,
        // those who call this function answer for.
        let fd = unsafe { ioctl_fd(self.fd.as_fd(), request::SHM_REGISTER, &mut data) }?;
        Ok((data.id, fd))
    }

    /// Shares memory that somebody else owns, such as a program in C.
    ///
    /// # Safety
    /// `len` bytes at `address` stay valid until the block is dropped, and nobody has a Rust reference to them meanwhile.
    ///
    /// # Errors
    /// What Linux answers; EFAULT when it is not writable.
    pub unsafe fn register_outside(&self, address: *mut u8, len: usize) -> Result<Block, Errno> {
        if !self.has(Capabilities::REGISTERED_MEMORY) {
            return Err(Errno(libc::EOPNOTSUPP));
        }
        let (id, registration) = self.share(address, len.max(MIN_SIZE))?;
        // SAFETY: as this function asks for.
        let region = unsafe { Region::new(address, len) };
        Ok(Block { id, registration: Some(registration), len, body: Body::Outside(region) })
    }

    /// Shares a buffer of the kernel, such as a DMA buffer, by its file descriptor. It can be read and written through that
    /// only.
    ///
    /// # Errors
    /// What Linux answers; EOPNOTSUPP when it has no such request (before 6.18).
    pub fn register_fd(&self, fd: BorrowedFd<'_>) -> Result<Block, Errno> {
        let mut data = ShmRegisterFd { fd: i64::from(fd.as_raw_fd()), ..ShmRegisterFd::default() };
        // SAFETY: SHM_REGISTER_FD reads and writes a `ShmRegisterFd` and returns a new file descriptor.
        let registration = unsafe { ioctl_fd(self.fd.as_fd(), request::SHM_REGISTER_FD, &mut data) };
        match registration {
            Ok(registration) => {
                let len = usize::try_from(data.size).unwrap_or(0);
                Ok(Block { id: data.id, registration: Some(registration), len, body: Body::Elsewhere })
            }
            // An unknown request and a wrong descriptor may both be EINVAL; no descriptor at all is EBADF only where the
            // request is known.
            Err(Errno(libc::EINVAL | libc::ENOTTY)) if !self.knows_register_fd() => Err(Errno(libc::EOPNOTSUPP)),
            Err(error) => Err(error),
        }
    }

    fn knows_register_fd(&self) -> bool {
        let mut data = ShmRegisterFd { fd: -1, ..ShmRegisterFd::default() };
        // SAFETY: as above; with no descriptor nothing is made.
        let answer = unsafe { ioctl_fd(self.fd.as_fd(), request::SHM_REGISTER_FD, &mut data) };
        !matches!(answer, Err(Errno(libc::EINVAL | libc::ENOTTY)))
    }

    /// Waits for a request to the supplicant, on its node (TEE_IOC_SUPPL_RECV).
    ///
    /// # Errors
    /// What Linux answers.
    pub fn supplicant_receive(&self, call: &mut Supplicant) -> Result<(), Errno> {
        call.param_count = SUPPLICANT_PARAMS as u32;
        let mut buffer = Buffer { address: core::ptr::from_mut(call).expose_provenance() as u64, length: size_of::<Supplicant>() as u64 };
        // SAFETY: SUPPL_RECV reads a `Buffer`, and reads and writes the argument that it names, which is borrowed mutably and as
        // long as its number of parameters says.
        unsafe { ioctl(self.fd.as_fd(), request::SUPPL_RECV, &mut buffer) }.map(drop)
    }

    /// Answers a request to the supplicant (TEE_IOC_SUPPL_SEND).
    ///
    /// # Errors
    /// What Linux answers: ENOENT when there is no such request, EINVAL when the answer does not fit it.
    pub fn supplicant_send(&self, call: &mut Supplicant) -> Result<(), Errno> {
        call.param_count = call.param_count.min(SUPPLICANT_PARAMS as u32);
        let length = core::mem::offset_of!(Supplicant, params) + call.param_count as usize * size_of::<Param>();
        let mut buffer = Buffer { address: core::ptr::from_mut(call).expose_provenance() as u64, length: length as u64 };
        // SAFETY: SUPPL_SEND reads a `Buffer`, and the argument that it names, which is no shorter than that says.
        unsafe { ioctl(self.fd.as_fd(), request::SUPPL_SEND, &mut buffer) }.map(drop)
    }

    fn lend_at<'a>(&self, address: *mut u8, len: usize) -> Result<(i32, Loan<'a>), Errno> {
        if !self.has(Capabilities::REGISTERED_MEMORY) {
            return Err(Errno(libc::EOPNOTSUPP));
        }
        let (id, registration) = self.share(address, len)?;
        Ok((id, Loan { _registration: registration, _borrowed: PhantomData }))
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Kernel for Device {
    type Block = Block;
    type Loan<'a> = Loan<'a>;

    fn capabilities(&self) -> Capabilities {
        Capabilities::from_bits_retain(self.version.capabilities)
    }

    fn open_session(&self, call: &mut OpenSession) -> Result<(), Errno> {
        let length = call.length();
        let mut buffer = Buffer { address: core::ptr::from_mut(call).expose_provenance() as u64, length };
        // SAFETY: OPEN_SESSION reads a `Buffer`, and reads and writes the argument that it names, which is borrowed mutably.
        unsafe { ioctl(self.fd.as_fd(), request::OPEN_SESSION, &mut buffer) }.map(drop)
    }

    fn invoke(&self, call: &mut Invoke) -> Result<(), Errno> {
        let length = call.length();
        let mut buffer = Buffer { address: core::ptr::from_mut(call).expose_provenance() as u64, length };
        // SAFETY: INVOKE reads a `Buffer`, and reads and writes the argument that it names, which is borrowed mutably.
        unsafe { ioctl(self.fd.as_fd(), request::INVOKE, &mut buffer) }.map(drop)
    }

    fn cancel(&self, session: u32) -> Result<(), Errno> {
        let mut data = Cancel { cancel_id: 0, session };
        // SAFETY: CANCEL reads a `Cancel`.
        unsafe { ioctl(self.fd.as_fd(), request::CANCEL, &mut data) }.map(drop)
    }

    fn close_session(&self, session: u32) -> Result<(), Errno> {
        let mut data = CloseSession { session };
        // SAFETY: CLOSE_SESSION reads a `CloseSession`.
        unsafe { ioctl(self.fd.as_fd(), request::CLOSE_SESSION, &mut data) }.map(drop)
    }

    fn allocate(&self, size: usize) -> Result<Block, Errno> {
        if !self.has(Capabilities::REGISTERED_MEMORY) {
            return self.allocate_kernel(size);
        }
        if size <= KERNEL_MEMORY
            && let Ok(block) = self.allocate_kernel(size)
        {
            return Ok(block);
        }
        self.allocate_pages(size)
    }

    fn register(&self, mut buffer: Vec<u8>) -> Result<Block, Errno> {
        if !self.has(Capabilities::REGISTERED_MEMORY) {
            return Err(Errno(libc::EOPNOTSUPP));
        }
        // What Linux is asked for must exist.
        buffer.try_reserve_exact(MIN_SIZE.saturating_sub(buffer.len())).map_err(|_| Errno(libc::ENOMEM))?;
        let len = buffer.len();
        let (id, registration) = self.share(buffer.as_mut_ptr(), len.max(MIN_SIZE))?;
        Ok(Block { id, registration: Some(registration), len, body: Body::Vector(Vector::new(buffer)) })
    }

    fn lend<'a>(&self, bytes: &'a [u8]) -> Result<(i32, Loan<'a>), Errno> {
        // The TEE maps memory that goes in for reading only.
        self.lend_at(bytes.as_ptr().cast_mut(), bytes.len())
    }

    fn lend_mut<'a>(&self, bytes: &'a mut [u8]) -> Result<(i32, Loan<'a>), Errno> {
        self.lend_at(bytes.as_mut_ptr(), bytes.len())
    }

    fn forked(&self) -> bool {
        self.mark.forked()
    }
}

/// Memory of the caller that is shared for a while.
pub struct Loan<'a> {
    _registration: OwnedFd,
    _borrowed: PhantomData<&'a mut [u8]>,
}

/// A block of shared memory. The registration ends before the memory goes.
pub struct Block {
    id: i32,
    registration: Option<OwnedFd>,
    len: usize,
    body: Body,
}

enum Body {
    Pages(Pages),
    Vector(Vector),
    Outside(Region),
    /// Not mapped here.
    Elsewhere,
}

impl Block {
    /// Where it is, for those who share it with C; null when it is not mapped.
    #[must_use]
    pub fn address(&self) -> *mut u8 {
        self.region().map_or(core::ptr::null_mut(), Region::address)
    }

    fn region(&self) -> Option<&Region> {
        match &self.body {
            Body::Pages(pages) => Some(pages.region()),
            Body::Vector(vector) => Some(&vector.region),
            Body::Outside(region) => Some(region),
            Body::Elsewhere => None,
        }
    }
}

impl SharedBytes for Block {
    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        at.checked_add(out.len()).is_some_and(|end| end <= self.len) && self.region().is_some_and(|region| region.read(at, out))
    }

    fn write(&self, at: usize, data: &[u8]) -> bool {
        at.checked_add(data.len()).is_some_and(|end| end <= self.len) && self.region().is_some_and(|region| region.write(at, data))
    }
}

impl Shared for Block {
    fn id(&self) -> i32 {
        self.id
    }

    fn clear(&self, at: usize, len: usize) {
        if let Some(region) = self.region() {
            region.clear(at, len);
        }
    }

    fn into_vec(self) -> Vec<u8> {
        let Self { registration, len, body, .. } = self;
        drop(registration);
        let copy = |region: &Region| {
            let mut out = Vec::new();
            if out.try_reserve_exact(len).is_ok() {
                out.resize(len, 0);
                region.read(0, &mut out);
            }
            out
        };
        match body {
            Body::Vector(vector) => vector.into_inner(),
            Body::Pages(pages) => copy(pages.region()),
            Body::Outside(region) => copy(&region),
            Body::Elsewhere => Vec::new(),
        }
    }
}

/// A vector that is only touched through raw pointers while the TEE has it.
struct Vector {
    region: Region,
    capacity: usize,
}

impl Vector {
    fn new(buffer: Vec<u8>) -> Self {
        let mut buffer = ManuallyDrop::new(buffer);
        let (address, len, capacity) = (buffer.as_mut_ptr(), buffer.len(), buffer.capacity());
        // SAFETY: the vector is not dropped and nobody else has it until `take`.
        Self { region: unsafe { Region::new(address, len) }, capacity }
    }

    fn into_inner(self) -> Vec<u8> {
        let this = ManuallyDrop::new(self);
        this.take()
    }

    fn take(&self) -> Vec<u8> {
        // SAFETY: these are the parts of the vector that `new` took apart; both callers call this once, as the last thing.
        unsafe { Vec::from_raw_parts(self.region.address(), self.region.len(), self.capacity) }
    }
}

impl Drop for Vector {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// An ioctl; what it returns.
///
/// # Safety
/// `T` is what `request` reads and writes, and addresses in it are as the request wants them.
unsafe fn ioctl<T>(fd: BorrowedFd<'_>, request: u32, argument: &mut T) -> Result<i32, Errno> {
    // SAFETY: as this function asks for.
    let answer = unsafe { libc::ioctl(fd.as_raw_fd(), request as _, core::ptr::from_mut(argument)) };
    if answer < 0 { Err(Errno::of(&io::Error::last_os_error())) } else { Ok(answer) }
}

/// An ioctl that returns a file descriptor.
///
/// # Safety
/// As [`ioctl`], and what it returns is a descriptor that nobody else owns.
unsafe fn ioctl_fd<T>(fd: BorrowedFd<'_>, request: u32, argument: &mut T) -> Result<OwnedFd, Errno> {
    // SAFETY: as this function asks for.
    let answer = unsafe { ioctl(fd, request, argument) }?;
    // SAFETY: it is new, so it is nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(answer) })
}
