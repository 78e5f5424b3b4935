// SPDX-License-Identifier: BSD-2-Clause
//! Where TAs come from: sources that are asked in turn.
//!
//! * [`archive`] - the boot image.
//! * [`normal`] - the normal world, through its supplicant.

pub mod archive;
pub mod normal;
mod versions;

pub use archive::BootArchive;
pub use normal::NormalSource;

use super::image::Image;
use crate::call::Call;
use crate::ports::Platform;
use alloc::sync::Arc;
use utee_abi::result::TeeError;
use utee_abi::uuid::Uuid;

/// A source of TAs.
pub trait TaSource<P: Platform>: Sync {
    /// The verified image of a TA; `None` when this source does not have it.
    ///
    /// # Errors
    /// SECURITY for an image that does not verify, BAD_FORMAT for an ELF file that breaks a rule, ACCESS_CONFLICT for a
    /// version that has been superseded, OUT_OF_MEMORY, and what the source fails with.
    fn find(&self, call: &Call<'_, P>, uuid: &Uuid) -> Result<Option<Arc<Image<P>>>, TeeError>;
}

/// The verified image of a TA, from the first source that has it.
///
/// # Errors
/// ITEM_NOT_FOUND when none has it, and as [`TaSource::find`].
pub fn find<P: Platform>(call: &Call<'_, P>, uuid: &Uuid) -> Result<Arc<Image<P>>, TeeError> {
    let sources: [&dyn TaSource<P>; 2] = [&call.tee.archive, &call.tee.normal_source];
    for source in sources {
        if let Some(image) = source.find(call, uuid)? {
            return Ok(image);
        }
    }
    Err(TeeError::ITEM_NOT_FOUND)
}
