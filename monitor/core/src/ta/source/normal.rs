// SPDX-License-Identifier: BSD-2-Clause
//! TAs that the normal world keeps, asked for by LOAD_TA (OP-TEE ABI, RPC commands).
//!
//! An image is copied once into secure memory; that copy is what is verified, mapped and held for the next open. The
//! normal world is asked anew at each open all the same, so that a TA that was replaced there is replaced here: what comes
//! is compared with the copy that is held, and only another image is verified.

use super::TaSource;
use super::versions::Versions;
use crate::call::Call;
use crate::lock::Lock;
use crate::ports::{Frames, PAGE_SIZE, Platform, SealedOf};
use crate::rpc::buffer::{Direction, RpcBuffer};
use crate::ta::image::{Image, LIMITS, Place};
use alloc::sync::Arc;
use alloc::vec::Vec;
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{RpcCommand, ShmType};
use utee_abi::uuid::Uuid;

/// Images that are held for the next open at most.
const MAX_HELD: usize = 8;

/// How often an image may change its size while it is being asked for.
const TRIES: u32 = 4;

/// Bytes that are compared at a time.
const COMPARED: usize = 512;

/// The normal world as a source of TAs.
pub struct NormalSource<P: Platform> {
    /// The most recently opened one last.
    held: Lock<P, Vec<Arc<Image<P>>>>,
    versions: Versions<P>,
}

impl<P: Platform> NormalSource<P> {
    /// Nothing held yet.
    pub fn new() -> Self {
        Self { held: Lock::<P, _>::new(Vec::new()), versions: Versions::new() }
    }

    /// Lets go of the image that was opened longest ago and that no TA uses; false when there is none.
    pub fn drop_one(&self) -> bool {
        let dropped = {
            let mut held = self.held.lock();
            let unused = held.iter().position(|image| image.is_unused() && Arc::strong_count(image) == 1);
            unused.map(|index| held.remove(index))
        };
        // Wiping its pages takes a while: the lock is free by then.
        dropped.is_some()
    }

    fn held(&self, uuid: &Uuid) -> Option<Arc<Image<P>>> {
        self.held.lock().iter().find(|image| image.uuid == *uuid).map(Arc::clone)
    }

    /// Lets go of the image of a TA.
    pub(super) fn let_go(&self, uuid: &Uuid) {
        let gone = {
            let mut held = self.held.lock();
            held.iter().position(|image| image.uuid == *uuid).map(|index| held.remove(index))
        };
        drop(gone);
    }

    /// Holds an image; one that is held under the same UUID goes, as does the oldest when there are too many.
    fn hold(&self, image: &Arc<Image<P>>) -> Result<(), TeeError> {
        self.let_go(&image.uuid);
        let oldest = {
            let mut held = self.held.lock();
            let oldest = (held.len() >= MAX_HELD).then(|| held.remove(0));
            held.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
            held.push(Arc::clone(image));
            oldest
        };
        drop(oldest);
        Ok(())
    }

    /// The highest version of each TA.
    pub(super) fn versions(&self) -> &Versions<P> {
        &self.versions
    }

    /// Verifies and holds what the normal world gave.
    pub(super) fn admit(
        &self,
        call: &Call<'_, P>,
        uuid: &Uuid,
        buffer: &RpcBuffer<'_, '_, P>,
        len: usize,
    ) -> Result<Arc<Image<P>>, TeeError> {
        let (memory, start) = self.copy(call, buffer, len)?;
        let end = start.saturating_add(len);
        let place = Place { memory, range: start..end, limit: end.next_multiple_of(PAGE_SIZE) };
        let image = Arc::new(Image::verify(call.tee, uuid, place)?);
        self.versions.admit(call, uuid, image.version).inspect_err(|_| {
            crate::log!(call.platform(), "E core: ta {uuid} refused: version {} is older than one that was loaded", image.version);
        })?;
        self.hold(&image)?;
        Ok(image)
    }

    /// Copies an image into secure memory, once, so that its ELF file begins with a page. Gives where the image begins.
    fn copy(&self, call: &Call<'_, P>, buffer: &RpcBuffer<'_, '_, P>, len: usize) -> Result<(Arc<SealedOf<P>>, usize), TeeError> {
        let mut header = [0; utee_abi::image::SignedHeader::SIZE];
        let head = header.get_mut(..len.min(utee_abi::image::SignedHeader::SIZE)).unwrap_or_default();
        buffer.read(0, head)?;
        // Only where the copy begins depends on this; what the copy says is looked at afterwards.
        let lead = ta_loader::image::payload_offset(&header).unwrap_or(0);
        let start = lead.next_multiple_of(PAGE_SIZE).saturating_sub(lead);
        let pages = start.saturating_add(len).div_ceil(PAGE_SIZE);
        let mut frames = self.frames(call, pages)?;
        let to = frames.bytes_mut().and_then(|bytes| bytes.get_mut(start..start.checked_add(len)?)).ok_or(TeeError::OUT_OF_MEMORY)?;
        buffer.read(0, to)?;
        Ok((Arc::new(frames.seal()?), start))
    }

    /// Frames in one run; images that are only held make room.
    pub(super) fn frames(&self, call: &Call<'_, P>, pages: usize) -> Result<P::Frames, TeeError> {
        loop {
            match call.platform().contiguous_frames(pages) {
                Err(TeeError::OUT_OF_MEMORY) if self.drop_one() => {}
                result => return result,
            }
        }
    }
}

impl<P: Platform> Default for NormalSource<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> TaSource<P> for NormalSource<P> {
    fn find(&self, call: &Call<'_, P>, uuid: &Uuid) -> Result<Option<Arc<Image<P>>>, TeeError> {
        let held = self.held(uuid);
        let expected = match &held {
            Some(image) => image.bytes().len(),
            None => match ask(call, uuid, None)? {
                Some(len) => len,
                None => return Ok(None),
            },
        };
        let Some((buffer, len)) = fetch(call, uuid, expected)? else {
            self.let_go(uuid);
            return Ok(None);
        };
        match held {
            Some(image) if same(&buffer, len, image.bytes()) => self.hold(&image).map(|()| Some(image)),
            held => {
                drop(held);
                self.admit(call, uuid, &buffer, len).map(Some)
            }
        }
    }
}

/// Asks for the image of a TA: without a buffer for its length, with one for its content too. `None` when there is no such TA,
/// or nobody to ask.
fn ask<P: Platform>(call: &Call<'_, P>, uuid: &Uuid, buffer: Option<&RpcBuffer<'_, '_, P>>) -> Result<Option<usize>, TeeError> {
    let [a, b] = uuid.words();
    let place = match buffer {
        Some(buffer) => buffer.param(Direction::Out, 0, buffer.size())?,
        None => MsgParam::new(Kind::TmemOutput, [0; 3]),
    };
    let mut params = [MsgParam::value_in(a, b, 0), place];
    match call.rpc(RpcCommand::LoadTa, &mut params) {
        Ok(()) | Err(TeeError::SHORT_BUFFER) => {}
        Err(TeeError::ITEM_NOT_FOUND | TeeError::NOT_SUPPORTED | TeeError::STORAGE_NOT_AVAILABLE) => return Ok(None),
        Err(error) if error.name().is_none() => return Err(TeeError::COMMUNICATION),
        Err(error) => return Err(error),
    }
    let [_, place] = params;
    let len = place.memref_size().and_then(|len| usize::try_from(len).ok()).ok_or(TeeError::COMMUNICATION)?;
    admitted_size(len).map(Some)
}

/// The size of an image, if it is one that a TA may have.
pub(super) fn admitted_size(len: usize) -> Result<usize, TeeError> {
    if len as u64 > LIMITS.memory { Err(TeeError::OUT_OF_MEMORY) } else { Ok(len) }
}

/// An image in memory of the normal world, and its length.
pub(super) type Fetched<'c, 't, P> = (RpcBuffer<'c, 't, P>, usize);

/// Has the normal world put the image of a TA into a buffer of its own. `None` when there is no such TA.
fn fetch<'c, 't, P: Platform>(call: &'c Call<'t, P>, uuid: &Uuid, expected: usize) -> Result<Option<Fetched<'c, 't, P>>, TeeError> {
    let mut size = expected;
    for _ in 0..TRIES {
        if size == 0 {
            return Err(TeeError::BAD_FORMAT);
        }
        let buffer = RpcBuffer::allocate(call, ShmType::Application, size)?;
        match ask(call, uuid, Some(&buffer))? {
            None => return Ok(None),
            Some(len) if len <= size => return Ok(Some((buffer, len))),
            // It has grown since its length was told.
            Some(len) => size = len,
        }
    }
    Err(TeeError::COMMUNICATION)
}

/// True when the buffer holds these bytes and no others.
fn same<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, len: usize, bytes: &[u8]) -> bool {
    let mut part = [0; COMPARED];
    len == bytes.len()
        && bytes.chunks(COMPARED).enumerate().all(|(index, chunk)| {
            let Some(part) = part.get_mut(..chunk.len()) else { return false };
            buffer.read(index.saturating_mul(COMPARED), part).is_ok() && part == chunk
        })
}
