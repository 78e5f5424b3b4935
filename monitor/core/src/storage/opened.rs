// SPDX-License-Identifier: BSD-2-Clause
//! Objects that are open, by all instances of all TAs: who shares what (OP-TEE ABI, persistent object file content, share rules).
//!
//! A handle is open for as long as its [`Token`] lives. Nothing has to be asked to close one, so that a TA that dies closes what it
//! had by being dropped.

use super::Place;
use super::backend::{Existing, Name, ObjectId};
use crate::limits::admit;
use crate::lock::Lock;
use crate::ports::Platform;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use utee_abi::crypto::HandleFlags;
use utee_abi::result::TeeError;

/// An open handle.
#[derive(Debug)]
pub struct Token(());

/// What of an object all its handles share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Byte of the content at which the data stream begins.
    pub data_at: u32,
    /// Bytes of the data stream.
    pub data_len: u32,
    /// What its key may be used for.
    pub usage: u32,
}

impl Layout {
    /// Length of the content.
    pub fn content_len(&self) -> u64 {
        u64::from(self.data_at).saturating_add(u64::from(self.data_len))
    }
}

struct Entry {
    token: Weak<Token>,
    place: Place,
    name: Name,
    flags: HandleFlags,
    layout: Layout,
}

/// The table of open handles.
pub struct Opened<P: Platform> {
    entries: Lock<P, Vec<Entry>>,
}

/// True when one handle may be open beside another one.
fn go_together(one: HandleFlags, other: HandleFlags) -> bool {
    let pairs = [(HandleFlags::ACCESS_READ, HandleFlags::SHARE_READ), (HandleFlags::ACCESS_WRITE, HandleFlags::SHARE_WRITE)];
    let either = one | other;
    !either.contains(HandleFlags::ACCESS_WRITE_META)
        && pairs.into_iter().all(|(access, share)| {
            let (mine, its) = (one.contains(share), other.contains(share));
            mine == its && (mine || !either.contains(access))
        })
}

impl<P: Platform> Opened<P> {
    /// Nothing is open.
    pub fn new() -> Self {
        Self { entries: Lock::<P, _>::new(Vec::new()) }
    }

    /// Refuses a handle that does not go with those that are open; `creating` says that the object is to be made.
    ///
    /// # Errors
    /// ACCESS_CONFLICT.
    pub fn check(&self, place: Place, name: &Name, flags: HandleFlags, creating: Option<Existing>) -> Result<(), TeeError> {
        let mut entries = self.entries.lock();
        entries.retain(|entry| entry.token.strong_count() != 0);
        let mut others = entries.iter().filter(|entry| entry.place == place && entry.name == *name);
        let fits = others.all(|other| creating != Some(Existing::Keep) && go_together(flags, other.flags));
        if fits { Ok(()) } else { Err(TeeError::ACCESS_CONFLICT) }
    }

    /// Notes a handle that was checked.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn insert(&self, platform: &P, place: Place, name: &Name, flags: HandleFlags, layout: Layout) -> Result<Arc<Token>, TeeError> {
        let mut entries = self.entries.lock();
        if entries.len() == entries.capacity() {
            // Growing copies: both are there for a while.
            admit(platform, entries.capacity().saturating_mul(3).saturating_add(4).saturating_mul(size_of::<Entry>()))?;
        }
        admit(platform, 2 * size_of::<Token>() + 64)?;
        entries.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        let token = Arc::new(Token(()));
        entries.push(Entry { token: Arc::downgrade(&token), place, name: name.clone(), flags, layout });
        Ok(token)
    }

    /// The layout that the handles of an object share, if it is open.
    pub fn layout(&self, place: Place, name: &Name) -> Option<Layout> {
        let entries = self.entries.lock();
        let mut same = entries.iter().filter(|entry| entry.place == place && entry.name == *name && entry.token.strong_count() != 0);
        same.next().map(|entry| entry.layout)
    }

    /// Changes what the handles of an object share.
    pub fn update(&self, place: Place, name: &Name, change: impl Fn(&mut Layout)) {
        let mut entries = self.entries.lock();
        entries.iter_mut().filter(|entry| entry.place == place && entry.name == *name).for_each(|entry| change(&mut entry.layout));
    }

    /// Gives an object that one handle has open another id.
    pub fn rename(&self, token: &Arc<Token>, to: &ObjectId) {
        let mut entries = self.entries.lock();
        let own = entries.iter_mut().find(|entry| core::ptr::eq(entry.token.as_ptr(), Arc::as_ptr(token)));
        if let Some(entry) = own {
            entry.name.id = to.clone();
        }
    }
}

impl<P: Platform> Default for Opened<P> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::go_together;
    use utee_abi::crypto::HandleFlags as F;

    /// The rules in words, over every pair.
    #[test]
    fn handles_share_what_both_let() {
        let all = || (0..32u32).map(|bits| F::from_bits_retain(bits & 7 | (bits & 0x18) << 1));
        for (one, other) in all().flat_map(|one| all().map(move |other| (one, other))) {
            let reads = one.contains(F::ACCESS_READ) || other.contains(F::ACCESS_READ);
            let writes = one.contains(F::ACCESS_WRITE) || other.contains(F::ACCESS_WRITE);
            let both = |flag| one.contains(flag) && other.contains(flag);
            let same = |flag| one.contains(flag) == other.contains(flag);
            let meta = one.contains(F::ACCESS_WRITE_META) || other.contains(F::ACCESS_WRITE_META);
            let wanted = !meta
                && same(F::SHARE_READ)
                && same(F::SHARE_WRITE)
                && (!reads || both(F::SHARE_READ))
                && (!writes || both(F::SHARE_WRITE));
            assert_eq!(go_together(one, other), wanted, "{one:?} and {other:?}");
            assert_eq!(go_together(other, one), wanted);
        }
    }
}
