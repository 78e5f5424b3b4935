// SPDX-License-Identifier: BSD-2-Clause
//! What keeps the content of objects: the trait that every backend implements, and the names in it.
//!
//! A backend knows objects as bytes under a name; what stands in them, who may open them and who has is decided above it. The calls
//! come one at a time ([`super::gate`]), so that a backend with a directory and a hash tree of its own may be in the middle of neither
//! when the next one comes.

use crate::call::Call;
use crate::ports::Platform;
use alloc::vec::Vec;
use utee_abi::result::TeeError;
use utee_abi::storage::OBJECT_ID_MAX;
use utee_abi::uuid::Uuid;

/// Id of an object: up to 64 bytes, of any value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId(heapless::Vec<u8, OBJECT_ID_MAX>);

impl ObjectId {
    /// These bytes as an id; `None` for too many.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        heapless::Vec::from_slice(bytes).ok().map(Self)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Name of an object: a TA has no way to say another owner than itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The TA that it belongs to.
    pub owner: Uuid,
    /// What that TA calls it.
    pub id: ObjectId,
}

/// Bytes that are to be written, wherever they stand. They are asked for once, in order.
pub trait Source {
    /// Number of bytes.
    fn len(&self) -> u64;

    /// True for none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the bytes from `at` on.
    ///
    /// # Errors
    /// What their owner fails with; the write has not happened then, as far as the backend can undo it.
    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), TeeError>;
}

impl Source for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), TeeError> {
        let end = usize::try_from(at).ok().and_then(|at| Some(at..at.checked_add(out.len())?));
        let bytes = end.and_then(|range| self.get(range)).ok_or(TeeError::GENERIC)?;
        out.copy_from_slice(bytes);
        Ok(())
    }
}

/// Gets bytes that were read, piece by piece, in order.
pub type Sink<'s> = dyn FnMut(&[u8]) -> Result<(), TeeError> + 's;

/// What happens to an object that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced, in one step.
    Replace,
    /// ACCESS_CONFLICT.
    Keep,
}

/// Ids of the objects of a TA, in little memory: each with its length before it.
#[derive(Debug, Default)]
pub struct Ids {
    bytes: Vec<u8>,
    count: usize,
}

impl Ids {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of them.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True for none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds one.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, also for more than [`MAX_LISTED`](crate::limits::MAX_LISTED).
    pub fn push<P: Platform>(&mut self, platform: &P, id: &ObjectId) -> Result<(), TeeError> {
        let bytes = id.bytes();
        let len = u8::try_from(bytes.len()).map_err(|_| TeeError::GENERIC)?;
        if self.count >= crate::limits::MAX_LISTED {
            return Err(TeeError::OUT_OF_MEMORY);
        }
        if self.bytes.capacity() < self.bytes.len().saturating_add(bytes.len()).saturating_add(1) {
            // Growing copies: both are there for a while.
            crate::limits::admit(platform, self.bytes.capacity().saturating_mul(2).saturating_add(OBJECT_ID_MAX))?;
        }
        self.bytes.try_reserve(bytes.len().saturating_add(1)).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        self.bytes.push(len);
        self.bytes.extend_from_slice(bytes);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// The id that begins at byte `at`, and where the next one does.
    pub fn at(&self, at: usize) -> Option<(ObjectId, usize)> {
        let from = at.checked_add(1)?;
        let end = from.checked_add(usize::from(*self.bytes.get(at)?))?;
        Some((ObjectId::new(self.bytes.get(from..end)?)?, end))
    }
}

/// Keeps the content of objects.
///
/// Errors of all: STORAGE_NOT_AVAILABLE when the storage cannot be reached, CORRUPT_OBJECT for an object that is there but not what was
/// written; of those that write, STORAGE_NO_SPACE. ITEM_NOT_FOUND is for an object that is not there, where it is named below; one that
/// was opened before and is gone is CORRUPT_OBJECT. A TA ends by most other errors, which the specification does not have.
///
/// `len` is the length of the content that the call before answered: a backend need not ask for it again, and one that keeps it
/// itself looks at its own.
pub trait Backend<P: Platform>: Sync {
    /// Length of the content of an object, and the first bytes of it in `head`, as many as both have.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND, and those of all.
    fn open(&self, call: &Call<'_, P>, name: &Name, head: &mut [u8]) -> Result<u64, TeeError>;

    /// Makes an object with this content, or none.
    ///
    /// # Errors
    /// ACCESS_CONFLICT for one that is there and to be kept, and those of all.
    fn create(&self, call: &Call<'_, P>, name: &Name, existing: Existing, content: &dyn Source) -> Result<(), TeeError>;

    /// Reads from byte `at` on; gives how many bytes there were, `wanted` or as many as the content has.
    ///
    /// # Errors
    /// Those of all and of `to`.
    fn read(&self, call: &Call<'_, P>, name: &Name, len: u64, at: u64, wanted: u64, to: &mut Sink<'_>) -> Result<u64, TeeError>;

    /// Writes at byte `at`; what lies between the end and there becomes zeros. Gives the new length.
    ///
    /// # Errors
    /// Those of all and of `from`.
    fn write(&self, call: &Call<'_, P>, name: &Name, len: u64, at: u64, from: &dyn Source) -> Result<u64, TeeError>;

    /// Cuts the content to `new` bytes, or fills it up with zeros.
    ///
    /// # Errors
    /// Those of all.
    fn truncate(&self, call: &Call<'_, P>, name: &Name, len: u64, new: u64) -> Result<(), TeeError>;

    /// Renames an object of the same owner.
    ///
    /// # Errors
    /// ACCESS_CONFLICT when there is one of the other name, and those of all.
    fn rename(&self, call: &Call<'_, P>, name: &Name, to: &ObjectId) -> Result<(), TeeError>;

    /// Removes an object.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND, and those of all.
    fn remove(&self, call: &Call<'_, P>, name: &Name) -> Result<(), TeeError>;

    /// Ids of the objects of a TA, in any order.
    ///
    /// # Errors
    /// OUT_OF_MEMORY, and those of all.
    fn list(&self, call: &Call<'_, P>, owner: &Uuid) -> Result<Ids, TeeError>;
}
