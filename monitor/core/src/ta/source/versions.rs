// SPDX-License-Identifier: BSD-2-Clause
//! Versions of TAs that have been loaded, so that none goes back (OP-TEE ABI, TA version database).
//!
//! They are kept in memory and, so that they outlast a reset, in a file of the normal world with a code that only this machine
//! can make. The normal world can still take the file away or put an older one back: what cannot be forged can be lost.

use crate::call::Call;
use crate::crypto::huk::{self, Purpose};
use crate::limits::MAX_VERSIONS;
use crate::lock::Lock;
use crate::ports::Platform;
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::fs::{self, Existing};
use alloc::vec::Vec;
use hmac::Mac;
use utee_abi::bytes::{array, u32_at};
use utee_abi::result::TeeError;
use utee_abi::rpc::{FS_NAME_SIZE, ShmType};
use utee_abi::uuid::Uuid;

/// The file, and what it is written as before it takes the place of the one before.
const FILE: &[u8] = b"oxtee-ta-versions";
const NEW_FILE: &[u8] = b"oxtee-ta-versions.new";

// The file: magic 8, u32 number of records, records (16 octets of UUID, u32 version), HMAC-SHA-256 of all that.
const MAGIC: [u8; 8] = *b"OXTEEVE1";
const HEADER: usize = 12;
const RECORD: usize = 20;
const CODE: usize = 32;
const LARGEST: usize = HEADER + MAX_VERSIONS * RECORD + CODE;
/// The buffer holds the file, and two names.
const BUFFER: usize = if LARGEST > 2 * FS_NAME_SIZE { LARGEST } else { 2 * FS_NAME_SIZE };

struct State {
    records: Vec<(Uuid, u32)>,
    /// The file has been read, or there is nobody to read it from.
    read: bool,
    /// A thread writes the file.
    writing: bool,
    /// What that thread writes is not all any more.
    changed: bool,
}

/// The highest version of each TA that came from the normal world.
pub(super) struct Versions<P: Platform> {
    state: Lock<P, State>,
}

impl<P: Platform> Versions<P> {
    /// None seen yet.
    pub(super) fn new() -> Self {
        Self { state: Lock::<P, _>::new(State { records: Vec::new(), read: false, writing: false, changed: false }) }
    }

    /// Takes note of a version that is about to be loaded.
    ///
    /// # Errors
    /// ACCESS_CONFLICT when a higher one has been loaded before, OUT_OF_MEMORY when there are too many TAs to remember.
    pub(super) fn admit(&self, call: &Call<'_, P>, uuid: &Uuid, version: u32) -> Result<(), TeeError> {
        if !self.state.lock().read {
            self.read(call);
        }
        let higher = self.state.lock().note(uuid, version)?;
        if higher {
            self.write(call);
        }
        Ok(())
    }

    /// Takes over what the file says. One that was not written by this machine counts as none.
    fn read(&self, call: &Call<'_, P>) {
        let records = match read_file(call) {
            Ok(bytes) => decode(call.platform(), &bytes).unwrap_or_else(|| {
                crate::log!(call.platform(), "E core: the versions of TAs that the normal world keeps are not this machine's: ignored");
                Vec::new()
            }),
            Err(TeeError::ITEM_NOT_FOUND | TeeError::NOT_SUPPORTED | TeeError::NOT_IMPLEMENTED) => Vec::new(),
            // Nobody answers now; it is asked again with the next TA.
            Err(_) => return,
        };
        let mut state = self.state.lock();
        state.read = true;
        for (uuid, version) in records {
            // A lower one than in memory changes nothing.
            let _ = state.note(&uuid, version);
        }
    }

    /// Writes the file until it holds what is in memory; one thread at a time.
    fn write(&self, call: &Call<'_, P>) {
        {
            let mut state = self.state.lock();
            state.changed = true;
            if core::mem::replace(&mut state.writing, true) {
                return;
            }
        }
        loop {
            let bytes = {
                let mut state = self.state.lock();
                if !core::mem::take(&mut state.changed) {
                    state.writing = false;
                    return;
                }
                encode(call.platform(), &state.records)
            };
            if let Err(error) = bytes.and_then(|bytes| write_file(call, &bytes)) {
                crate::log!(call.platform(), "W core: the normal world does not keep the versions of TAs: {error}");
            }
        }
    }
}

impl State {
    /// Takes note of a version; true when that is more than was known.
    fn note(&mut self, uuid: &Uuid, version: u32) -> Result<bool, TeeError> {
        if let Some((_, highest)) = self.records.iter_mut().find(|(other, _)| other == uuid) {
            if version < *highest {
                return Err(TeeError::ACCESS_CONFLICT);
            }
            return Ok(core::mem::replace(highest, version) != version);
        }
        // A TA that has never had a version has none to go back to.
        if version == 0 {
            return Ok(false);
        }
        if self.records.len() >= MAX_VERSIONS {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        self.records.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        self.records.push((*uuid, version));
        Ok(true)
    }
}

fn read_file<P: Platform>(call: &Call<'_, P>) -> Result<Vec<u8>, TeeError> {
    let buffer = RpcBuffer::allocate(call, ShmType::Application, BUFFER)?;
    let file = fs::open(&buffer, FILE)?;
    let read = fs::read(&buffer, file, 0, LARGEST).and_then(|len| {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        bytes.resize(len, 0);
        buffer.read(0, &mut bytes)?;
        Ok(bytes)
    });
    // It was only read: whether it closes changes nothing.
    let _ = fs::close(call, file);
    read
}

/// Writes a new file, which then takes the place of the old one: a loss of power leaves one of them.
fn write_file<P: Platform>(call: &Call<'_, P>, bytes: &[u8]) -> Result<(), TeeError> {
    let buffer = RpcBuffer::allocate(call, ShmType::Application, BUFFER)?;
    let file = fs::create(&buffer, NEW_FILE)?;
    let written = buffer.write(0, bytes).and_then(|()| fs::write(&buffer, file, 0, bytes.len()));
    let closed = fs::close(call, file);
    written.and(closed)?;
    fs::rename(&buffer, NEW_FILE, FILE, Existing::Replace)
}

fn encode<P: Platform>(platform: &P, records: &[(Uuid, u32)]) -> Result<Vec<u8>, TeeError> {
    let mut out = Vec::new();
    let size = records.len().saturating_mul(RECORD).saturating_add(HEADER).saturating_add(CODE);
    out.try_reserve_exact(size).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&u32::try_from(records.len()).map_err(|_| TeeError::GENERIC)?.to_le_bytes());
    for (uuid, version) in records {
        out.extend_from_slice(&uuid.octets());
        out.extend_from_slice(&version.to_le_bytes());
    }
    let mut mac = huk::mac(platform, Purpose::TaVersions)?;
    mac.update(&out);
    out.extend_from_slice(&mac.finalize().into_bytes());
    Ok(out)
}

/// What a file says, if this machine wrote it.
fn decode<P: Platform>(platform: &P, bytes: &[u8]) -> Option<Vec<(Uuid, u32)>> {
    let (content, code) = bytes.split_at_checked(bytes.len().checked_sub(CODE)?)?;
    let mut mac = huk::mac(platform, Purpose::TaVersions).ok()?;
    mac.update(content);
    mac.verify_slice(code).ok()?;
    let count = usize::try_from(u32_at(content, 8)?).ok()?;
    let records = content.get(HEADER..)?;
    if array::<8>(content, 0)? != MAGIC || count > MAX_VERSIONS || records.len() != count.checked_mul(RECORD)? {
        return None;
    }
    let mut out = Vec::new();
    out.try_reserve_exact(count).ok()?;
    for record in records.chunks_exact(RECORD) {
        out.push((Uuid::from_octets(array(record, 0)?), u32_at(record, 16)?));
    }
    Some(out)
}
