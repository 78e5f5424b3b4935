// SPDX-License-Identifier: BSD-2-Clause
//! Little-endian fields of byte slices, total: out of range is `None`, never a panic.

/// The `N` bytes at `at`.
pub fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The u16 at `at`.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

/// The u32 at `at`.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// The u64 at `at`.
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

/// Writes `data` at `at`.
pub fn put(bytes: &mut [u8], at: usize, data: &[u8]) -> Option<()> {
    bytes.get_mut(at..at.checked_add(data.len())?)?.copy_from_slice(data);
    Some(())
}
