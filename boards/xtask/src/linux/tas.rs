// SPDX-License-Identifier: BSD-2-Clause
//! TAs that tests in Linux need beside the examples.

use super::{Added, rootfs};
use crate::setup::Tools;
use crate::sign::development_key;
use crate::ta;
use crate::tools::root;
use anyhow::Result;

/// A TA whose table fills most of the secure world's memory.
const LARGE: &str = "tee-client/tests-linux/large";

/// Builds the large TA.
pub(crate) fn large(tools: &Tools) -> Result<Added> {
    let built = ta::build(tools, &root().join(LARGE), &development_key())?;
    Ok(Added { path: format!("{}/{}.ta", rootfs::TAS, built.uuid), from: built.signed })
}
