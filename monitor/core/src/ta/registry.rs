// SPDX-License-Identifier: BSD-2-Clause
//! Which TAs are loaded, which are being loaded, and who waits for whom.

use super::instance::Instance;
use crate::limits::{MAX_INSTANCES, MAX_THREADS};
use crate::lock::Lock;
use crate::ports::{Platform, ThreadId};
use crate::table;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use utee_abi::result::TeeError;
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

struct Loaded<P: Platform> {
    instances: Vec<Arc<Instance<P>>>,
    loading: [Option<Uuid>; MAX_THREADS],
}

impl<P: Platform> Loaded<P> {
    fn remove(&mut self, instance: &Arc<Instance<P>>) {
        self.instances.retain(|other| !Arc::ptr_eq(other, instance));
        table::give_back(&mut self.instances, 0);
    }
}

/// The table of loaded TAs.
pub struct Registry<P: Platform> {
    loaded: Lock<P, Loaded<P>>,
    waits: Lock<P, [Option<Arc<Instance<P>>>; MAX_THREADS]>,
    next_id: AtomicU32,
}

/// What an open finds.
pub enum Found<P: Platform> {
    /// An instance that the session joined.
    Joined(Arc<Instance<P>>),
    /// Nothing: the caller loads the TA, and has to end that with [`Registry::loaded`].
    Load,
    /// Another thread is loading this TA; ask again later.
    Loading,
}

impl<P: Platform> Registry<P> {
    /// An empty table.
    pub fn new() -> Self {
        let loaded = Loaded { instances: table::empty(), loading: [None; MAX_THREADS] };
        Self { loaded: Lock::<P, _>::new(loaded), waits: Lock::<P, _>::new([const { None }; MAX_THREADS]), next_id: AtomicU32::new(1) }
    }

    /// Number of instances and of sessions in them.
    pub fn usage(&self) -> (usize, u32) {
        let loaded = self.loaded.lock();
        (loaded.instances.len(), loaded.instances.iter().map(|instance| instance.sessions()).sum())
    }

    /// Gives every loaded instance to `f`, under the lock.
    pub fn for_each(&self, f: impl FnMut(&Instance<P>)) {
        self.loaded.lock().instances.iter().map(Arc::as_ref).for_each(f);
    }

    /// The loaded instance with the lowest number past `id`, so that one can walk them without the lock; `None` past the last.
    pub fn after(&self, id: u32) -> Option<Arc<Instance<P>>> {
        let loaded = self.loaded.lock();
        loaded.instances.iter().filter(|instance| instance.id > id).min_by_key(|instance| instance.id).cloned()
    }

    /// True while an instance is in the table.
    pub fn has(&self, instance: &Arc<Instance<P>>) -> bool {
        self.loaded.lock().instances.iter().any(|other| Arc::ptr_eq(other, instance))
    }

    /// Joins a loaded single instance of `uuid`, or claims the load of it for `thread`.
    ///
    /// # Errors
    /// BUSY and TARGET_DEAD as the TA's flags demand, OUT_OF_MEMORY when too many are loaded.
    pub fn find(&self, uuid: &Uuid, thread: ThreadId) -> Result<Found<P>, TeeError> {
        let mut loaded = self.loaded.lock();
        let single = |instance: &&Arc<Instance<P>>| instance.uuid == *uuid && instance.flags.contains(TaFlags::SINGLE_INSTANCE);
        if let Some(instance) = loaded.instances.iter().find(single) {
            if instance.is_dead() {
                return Err(TeeError::TARGET_DEAD);
            }
            instance.join()?;
            return Ok(Found::Joined(Arc::clone(instance)));
        }
        if loaded.loading.contains(&Some(*uuid)) {
            return Ok(Found::Loading);
        }
        let count = loaded.instances.len().saturating_add(loaded.loading.iter().flatten().count());
        if count >= MAX_INSTANCES {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        match loaded.loading.get_mut(thread.0 as usize) {
            Some(slot) => *slot = Some(*uuid),
            None => return Err(TeeError::GENERIC),
        }
        Ok(Found::Load)
    }

    /// A number for a new instance.
    pub fn new_id(&self) -> u32 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Ends a load that [`Registry::find`] gave to `thread`, with the instance when it went well.
    ///
    /// # Errors
    /// OUT_OF_MEMORY.
    pub fn loaded(&self, thread: ThreadId, instance: Option<&Arc<Instance<P>>>) -> Result<(), TeeError> {
        let mut loaded = self.loaded.lock();
        if let Some(slot) = loaded.loading.get_mut(thread.0 as usize) {
            *slot = None;
        }
        if let Some(instance) = instance {
            loaded.instances.try_reserve(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
            loaded.instances.push(Arc::clone(instance));
        }
        Ok(())
    }

    /// Takes an instance out of the table, so that the next open loads the TA afresh.
    pub fn remove(&self, instance: &Arc<Instance<P>>) {
        self.loaded.lock().remove(instance);
    }

    /// Takes an idle instance out of the table if nobody has a session with it; true when it did.
    pub fn remove_unused(&self, instance: &Arc<Instance<P>>) -> bool {
        let mut loaded = self.loaded.lock();
        // Joining happens under this lock, so nobody can come in between.
        let unused = instance.sessions() == 0;
        if unused {
            loaded.remove(instance);
        }
        unused
    }

    /// Notes that `thread` is about to wait for `instance`.
    ///
    /// # Errors
    /// BUSY when that would close a circle of threads that wait for each other.
    pub fn begin_wait(&self, thread: ThreadId, instance: &Arc<Instance<P>>) -> Result<(), TeeError> {
        let mut waits = self.waits.lock();
        let mut holder = instance.holder();
        for _ in 0..MAX_THREADS {
            let Some(other) = holder else { break };
            if other == thread {
                return Err(TeeError::BUSY);
            }
            holder = waits.get(other.0 as usize).and_then(Option::as_ref).and_then(|next| next.holder());
        }
        if let Some(slot) = waits.get_mut(thread.0 as usize) {
            *slot = Some(Arc::clone(instance));
        }
        Ok(())
    }

    /// The TA that `thread` waits for.
    pub fn awaited(&self, thread: ThreadId) -> Option<Uuid> {
        self.waits.lock().get(thread.0 as usize)?.as_ref().map(|instance| instance.uuid)
    }

    /// Ends what [`Registry::begin_wait`] noted.
    pub fn end_wait(&self, thread: ThreadId) {
        if let Some(slot) = self.waits.lock().get_mut(thread.0 as usize) {
            *slot = None;
        }
    }
}

impl<P: Platform> Default for Registry<P> {
    fn default() -> Self {
        Self::new()
    }
}
