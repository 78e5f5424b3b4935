// SPDX-License-Identifier: BSD-2-Clause
//! Services of the system pseudo-TA: more memory, entropy, and keys of the TA's own.

use crate::pseudo::PseudoTa;
use crate::{Result, TeeError, Uuid};
use core::ptr::{self, NonNull};
use core::slice;
use utee_abi::param::ParamType;
use utee_abi::pta::system::{Command, MAP_SHAREABLE, UUID};

/// Whether memory may be handed to other TAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It may not.
    Private,
    /// It may, as a memref of a command.
    Shareable,
}

static SYSTEM: PseudoTa = PseudoTa::new(UUID);

/// Invokes a command of it. Memrefs among `cells` are valid for the call.
pub(crate) fn invoke(command: Command, types: [ParamType; 4], cells: [[u64; 2]; 4]) -> Result<[[u64; 2]; 4]> {
    let [a, b, c, d] = types;
    let [p, q, r, s] = cells;
    // SAFETY: the memrefs among `cells` are slices of the callers in this crate, which outlive the call.
    let (result, cells) = unsafe { SYSTEM.invoke(command.into(), [(a, p), (b, q), (c, r), (d, s)]) };
    result.map(|()| cells)
}

/// Adds to the entropy of the TEE's random numbers.
///
/// # Errors
/// Those of the system pseudo-TA.
pub fn add_entropy(data: &[u8]) -> Result<()> {
    let none = ParamType::None;
    let cells = [[data.as_ptr().expose_provenance() as u64, data.len() as u64], [0; 2], [0; 2], [0; 2]];
    invoke(Command::AddRngEntropy, [ParamType::MemrefInput, none, none, none], cells).map(|_| ())
}

/// Derives a key from the hardware-unique key that no other TA and no other device can derive: 16 to 32 bytes, as long as `key` is,
/// the same for the same `extra` of at most 1024 bytes. Whoever can load another TA under this TA's UUID has its keys.
///
/// # Errors
/// BAD_PARAMETERS for other lengths; SECURITY when `key` is not in secure memory, or the device has no key of its own and was
/// built for a product.
pub fn derive_unique_key(extra: &[u8], key: &mut [u8]) -> Result<()> {
    let none = ParamType::None;
    let input = [extra.as_ptr().expose_provenance() as u64, extra.len() as u64];
    let output = [key.as_mut_ptr().expose_provenance() as u64, key.len() as u64];
    let types = [ParamType::MemrefInput, ParamType::MemrefOutput, none, none];
    invoke(Command::DeriveTaUniqueKey, types, [input, output, [0; 2], [0; 2]]).map(|_| ())
}

/// Invokes a plugin of the normal world's supplicant: `data` goes there and comes back; the bytes of the answer.
/// The normal world sees and chooses all of it.
///
/// # Errors
/// ITEM_NOT_FOUND when there is no such plugin, BAD_PARAMETERS for too much data, what the plugin answers, and GENERIC for an answer
/// longer than `data`.
pub fn invoke_plugin(plugin: &Uuid, command: u32, sub_command: u32, data: &mut [u8]) -> Result<usize> {
    let uuid = plugin.to_memory();
    let types = [ParamType::MemrefInput, ParamType::ValueInput, ParamType::MemrefInout, ParamType::ValueOutput];
    let cells = [
        [uuid.as_ptr().expose_provenance() as u64, uuid.len() as u64],
        [command.into(), sub_command.into()],
        [data.as_mut_ptr().expose_provenance() as u64, data.len() as u64],
        [0; 2],
    ];
    let [_, _, _, [len, _]] = invoke(Command::SuppPluginInvoke, types, cells)?;
    usize::try_from(len).ok().filter(|len| *len <= data.len()).ok_or(TeeError::GENERIC)
}

/// Zeroed memory beyond the heap, in whole pages. Dropping it unmaps it.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

impl Mapping {
    /// Maps `len` bytes.
    ///
    /// # Errors
    /// OUT_OF_MEMORY; BAD_PARAMETERS for no bytes at all.
    pub fn new(len: usize, sharing: Sharing) -> Result<Self> {
        let base = map_zeroed(ptr::null_mut(), len, sharing, 0, 0)?;
        NonNull::new(base).map(|base| Self { base, len }).ok_or(TeeError::OUT_OF_MEMORY)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: mapped until dropped; other TAs reach it only in a call that borrows it mutably.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }

    /// Its bytes.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as `as_slice`, and `self` is borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.len) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the whole mapping, which nothing refers to any more. Memory that stays mapped is only wasted.
        let _ = unsafe { unmap(self.base.as_ptr(), self.len) };
    }
}

fn halves(address: *mut u8) -> [u64; 2] {
    let address = address.addr() as u64;
    [address >> 32, address & u64::from(u32::MAX)]
}

/// Maps `len` zeroed bytes, at `at` unless that is NULL, with unmapped bytes before and after them (tee_map_zi).
///
/// # Errors
/// OUT_OF_MEMORY, BAD_PARAMETERS; ACCESS_CONFLICT when there is something at `at`.
pub fn map_zeroed(at: *mut u8, len: usize, sharing: Sharing, pad_before: u32, pad_after: u32) -> Result<*mut u8> {
    let len = u32::try_from(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    let flags = match sharing {
        Sharing::Private => 0,
        Sharing::Shareable => MAP_SHAREABLE,
    };
    let types = [ParamType::ValueInput, ParamType::ValueInout, ParamType::ValueInput, ParamType::None];
    let cells = [[u64::from(len), flags], halves(at), [u64::from(pad_before), u64::from(pad_after)], [0; 2]];
    let [_, [high, low], ..] = invoke(Command::MapZi, types, cells)?;
    let address = usize::try_from(high << 32 | low).map_err(|_| TeeError::GENERIC)?;
    Ok(ptr::with_exposed_provenance_mut(address))
}

/// Unmaps `len` bytes at `base` (tee_unmap).
///
/// # Safety
/// Nothing refers to the memory any more.
///
/// # Errors
/// ACCESS_DENIED for memory that the loader mapped; BAD_PARAMETERS.
pub unsafe fn unmap(base: *mut u8, len: usize) -> Result<()> {
    let len = u32::try_from(len).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let types = [ParamType::ValueInput, ParamType::ValueInput, ParamType::None, ParamType::None];
    invoke(Command::Unmap, types, [[u64::from(len), 0], halves(base), [0; 2], [0; 2]]).map(|_| ())
}
