// SPDX-License-Identifier: BSD-2-Clause
//! Where TAs come from: sources that are asked in turn.
//!
//! * [`archive`] - the boot image.
//! * [`normal`] - the normal world, through its supplicant.
//! * `installed` - files of the normal world, which the TEE wrote.

pub mod archive;
mod installed;
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
    if let Some(image) = call.tee.archive.find(call, uuid)? {
        return Ok(image);
    }
    // One that was installed comes after the normal world's own, and in the place of one that it has superseded.
    let refused = match call.tee.normal_source.find(call, uuid) {
        Ok(Some(image)) => return Ok(image),
        Ok(None) => TeeError::ITEM_NOT_FOUND,
        Err(TeeError::ACCESS_CONFLICT) => TeeError::ACCESS_CONFLICT,
        Err(error) => return Err(error),
    };
    call.tee.normal_source.find_installed(call, uuid)?.ok_or(refused)
}
