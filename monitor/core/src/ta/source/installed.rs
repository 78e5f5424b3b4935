// SPDX-License-Identifier: BSD-2-Clause
//! TAs that were installed through the TEE (OP-TEE ABI, secstor_ta_mgmt): signed images in files of the normal world, which the TEE
//! verified before it wrote them, and verifies again when it loads them.
//!
//! They are asked for after the TAs that the normal world keeps by itself, or when the one it keeps has been superseded. What it can
//! read in a file, or lose with it, it can as well in its own TAs; another or an older image than was installed is refused
//! as those are. OP-TEE encrypts them and keeps their digests in its storage: an installation of the one is not the other's.

use super::normal::{Fetched, NormalSource, admitted_size};
use crate::call::Call;
use crate::ports::{Frames, PAGE_SIZE, Platform};
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::fs::{self, Existing};
use crate::ta::image::{Image, Place};
use crate::ta::memory::Memory;
use alloc::sync::Arc;
use core::fmt::Write;
use utee_abi::image::{BootstrapHeader, ImageType, SignedHeader};
use utee_abi::result::TeeError;
use utee_abi::rpc::{FS_NAME_SIZE, ShmType};
use utee_abi::uuid::Uuid;

/// Bytes of an image that are written at a time.
const CHUNK: usize = 64 * 1024;

/// Bytes of the buffer that names and headers go through.
const SMALL: usize = if 2 * FS_NAME_SIZE > PAGE_SIZE { 2 * FS_NAME_SIZE } else { PAGE_SIZE };

/// The name of a file.
type Name = heapless::String<64>;

fn name(uuid: &Uuid, suffix: &str) -> Result<Name, TeeError> {
    let mut name = Name::new();
    write!(name, "oxtee-ta-{uuid}{suffix}").map_err(|_| TeeError::GENERIC)?;
    Ok(name)
}

/// Bytes of the whole image, by its header: a claim of the normal world.
fn size_of(header: &[u8]) -> Option<usize> {
    let signed = SignedHeader::read(header).filter(|signed| signed.magic == utee_abi::image::MAGIC)?;
    let payload = payload_at(&signed)?;
    payload.checked_add(BootstrapHeader::SIZE)?.checked_add(usize::try_from(signed.img_size).ok()?)
}

/// Where the bootstrap header stands.
fn payload_at(signed: &SignedHeader) -> Option<usize> {
    SignedHeader::SIZE.checked_add(usize::from(signed.hash_size))?.checked_add(usize::from(signed.sig_size))
}

impl<P: Platform> NormalSource<P> {
    /// The verified image of a TA that was installed; `None` when there is none.
    ///
    /// # Errors
    /// As [`super::TaSource::find`].
    pub fn find_installed(&self, call: &Call<'_, P>, uuid: &Uuid) -> Result<Option<Arc<Image<P>>>, TeeError> {
        match fetch(call, uuid) {
            Ok((buffer, len)) => self.admit(call, uuid, &buffer, len).map(Some),
            Err(TeeError::OUT_OF_MEMORY) => Err(TeeError::OUT_OF_MEMORY),
            // There is no such file, nobody who keeps files, or nothing that could be an image.
            Err(_) => Ok(None),
        }
    }

    /// Verifies the signed image of `len` bytes in `memory`, and keeps it.
    ///
    /// # Errors
    /// SECURITY for an image that does not verify, is no bootstrap image or none of a TA; ACCESS_CONFLICT for a version that has been
    /// superseded; OUT_OF_MEMORY; what the normal world fails with.
    pub fn install(&self, call: &Call<'_, P>, memory: &Memory<P>, len: usize) -> Result<(), TeeError> {
        let security = TeeError::SECURITY;
        let mut header = [0; SignedHeader::SIZE];
        if !memory.read(call.platform(), 0, header.get_mut(..len.min(SignedHeader::SIZE)).unwrap_or_default()) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        // Where the copy begins depends on this, and how long it is; the copy is what is verified.
        let lead = ta_loader::image::payload_offset(&header).unwrap_or(0);
        let start = lead.next_multiple_of(PAGE_SIZE).saturating_sub(lead);
        let end = start.checked_add(admitted_size(len)?).ok_or(TeeError::OUT_OF_MEMORY)?;
        let mut frames = self.frames(call, end.div_ceil(PAGE_SIZE))?;
        let to = frames.bytes_mut().and_then(|bytes| bytes.get_mut(start..end)).ok_or(TeeError::OUT_OF_MEMORY)?;
        if !memory.read(call.platform(), 0, to) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let signed = SignedHeader::read(to).filter(|signed| signed.img_type == u32::from(ImageType::Bootstrap)).ok_or(security)?;
        let bootstrap = payload_at(&signed).and_then(|at| to.get(at..)).and_then(BootstrapHeader::read).ok_or(security)?;
        let place = Place { memory: Arc::new(frames.seal()?), range: start..end, limit: end.next_multiple_of(PAGE_SIZE) };
        let image = Image::verify(call.tee, &bootstrap.uuid, place).map_err(|error| match error {
            TeeError::OUT_OF_MEMORY => error,
            _ => security,
        })?;
        let new = name(&image.uuid, ".new")?;
        let buffer = RpcBuffer::allocate(call, ShmType::Application, SMALL)?;
        let kept = store(call, new.as_bytes(), image.bytes())
            .and_then(|()| self.versions().admit(call, &image.uuid, image.version))
            .and_then(|()| fs::rename(&buffer, new.as_bytes(), name(&image.uuid, "")?.as_bytes(), Existing::Replace));
        if let Err(error) = kept {
            // What is left of it is of no use; that it cannot be removed changes nothing.
            let _ = fs::remove(&buffer, new.as_bytes());
            return Err(error);
        }
        // One that is held may be older now than it may be.
        self.let_go(&image.uuid);
        crate::log!(call.platform(), "I core: ta {} installed, version {}", image.uuid, image.version);
        Ok(())
    }
}

/// Writes a file.
fn store<P: Platform>(call: &Call<'_, P>, name: &[u8], bytes: &[u8]) -> Result<(), TeeError> {
    let buffer = RpcBuffer::allocate(call, ShmType::Application, CHUNK.max(SMALL))?;
    let file = fs::create(&buffer, name)?;
    let mut written = Ok(());
    for (index, part) in bytes.chunks(CHUNK).enumerate() {
        let at = index.saturating_mul(CHUNK) as u64;
        written = buffer.write(0, part).and_then(|()| fs::write(&buffer, file, at, part.len()));
        if written.is_err() {
            break;
        }
    }
    let closed = fs::close(call, file);
    written.and(closed)
}

/// Has the normal world put the file into a buffer.
fn fetch<'c, 't, P: Platform>(call: &'c Call<'t, P>, uuid: &Uuid) -> Result<Fetched<'c, 't, P>, TeeError> {
    let small = RpcBuffer::allocate(call, ShmType::Application, SMALL)?;
    let file = fs::open(&small, name(uuid, "")?.as_bytes())?;
    let read = fs::read(&small, file, 0, SMALL).and_then(|_| {
        let mut header = [0; SignedHeader::SIZE];
        small.read(0, &mut header)?;
        let size = admitted_size(size_of(&header).ok_or(TeeError::BAD_FORMAT)?)?;
        let buffer = RpcBuffer::allocate(call, ShmType::Application, size)?;
        let len = fs::read(&buffer, file, 0, size)?;
        Ok((buffer, len))
    });
    // It was only read: whether it closes changes nothing.
    let _ = fs::close(call, file);
    read
}
