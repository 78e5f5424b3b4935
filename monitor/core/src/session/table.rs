// SPDX-License-Identifier: BSD-2-Clause
//! The table of open sessions.

use super::{Opener, Session};
use crate::limits::MAX_SESSIONS;
use crate::lock::Lock;
use crate::ports::Platform;
use crate::table;
use alloc::sync::Arc;
use alloc::vec::Vec;
use utee_abi::result::TeeError;

struct Table<P: Platform> {
    last_id: u32,
    /// Places promised to sessions that are being opened.
    reserved: usize,
    /// Sorted by number.
    open: Vec<Arc<Session<P>>>,
}

/// Open sessions by number. A session is in here only from a successful open to its close.
pub struct Sessions<P: Platform> {
    table: Lock<P, Table<P>>,
}

impl<P: Platform> Sessions<P> {
    /// An empty table.
    pub fn new() -> Self {
        Self { table: Lock::<P, _>::new(Table { last_id: 0, reserved: 0, open: table::empty() }) }
    }

    /// Number of open sessions.
    pub fn count(&self) -> usize {
        self.table.lock().open.len()
    }

    /// A number that no open session has, never 0.
    pub fn new_id(&self) -> u32 {
        let mut table = self.table.lock();
        loop {
            table.last_id = table.last_id.wrapping_add(1);
            let id = table.last_id;
            if id != 0 && table.position(id).is_err() {
                return id;
            }
        }
    }

    /// Promises a place for a session that is about to be opened; [`Sessions::insert`] or [`Sessions::cancel`] redeems it.
    ///
    /// # Errors
    /// OUT_OF_MEMORY when there are too many.
    pub fn reserve(&self) -> Result<(), TeeError> {
        let mut table = self.table.lock();
        let wanted = table.reserved.saturating_add(1);
        if table.open.len().saturating_add(wanted) > MAX_SESSIONS {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        table.open.try_reserve(wanted).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        table.reserved = wanted;
        Ok(())
    }

    /// Puts an opened session into the place that was promised to it.
    pub fn insert(&self, session: &Arc<Session<P>>) {
        let mut table = self.table.lock();
        table.reserved = table.reserved.saturating_sub(1);
        if let Err(index) = table.position(session.id) {
            table.open.insert(index, Arc::clone(session));
        }
    }

    /// Gives a promised place back.
    pub fn cancel(&self) {
        let mut table = self.table.lock();
        table.reserved = table.reserved.saturating_sub(1);
    }

    /// The session `id` if it belongs to `opener`.
    pub fn get(&self, id: u32, opener: Opener) -> Option<Arc<Session<P>>> {
        let table = self.table.lock();
        let session = table.open.get(table.position(id).ok()?)?;
        (session.opener == opener).then(|| Arc::clone(session))
    }

    /// Gives the session `id` to `f`, under the lock, if it belongs to `opener`.
    pub fn with<R>(&self, id: u32, opener: Opener, f: impl FnOnce(&Session<P>) -> R) -> Option<R> {
        let table = self.table.lock();
        let session = table.open.get(table.position(id).ok()?)?;
        (session.opener == opener).then(|| f(session))
    }

    /// Takes the session `id` of `opener` out of the table; the caller is the only one to close it.
    pub fn take(&self, id: u32, opener: Opener) -> Option<Arc<Session<P>>> {
        let mut sessions = self.table.lock();
        let index = sessions.position(id).ok()?;
        sessions.open.get(index).filter(|session| session.opener == opener)?;
        let session = sessions.open.remove(index);
        let reserved = sessions.reserved;
        table::give_back(&mut sessions.open, reserved);
        Some(session)
    }

    /// A session that `opener` still has open.
    pub fn any_of(&self, opener: Opener) -> Option<u32> {
        self.table.lock().open.iter().find(|session| session.opener == opener).map(|session| session.id)
    }
}

impl<P: Platform> Table<P> {
    fn position(&self, id: u32) -> Result<usize, usize> {
        self.open.binary_search_by_key(&id, |session| session.id)
    }
}

impl<P: Platform> Default for Sessions<P> {
    fn default() -> Self {
        Self::new()
    }
}
