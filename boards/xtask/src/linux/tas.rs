// SPDX-License-Identifier: BSD-2-Clause
//! TAs that tests in Linux need beside the examples.

use super::{Added, rootfs};
use crate::image::Image;
use crate::setup::Tools;
use crate::sign::development_key;
use crate::ta;
use crate::tools::{check, root};
use anyhow::{Context, Result};
use std::process::Command;
use utee_abi::uuid::Uuid;

/// A TA whose table fills most of the secure world's memory.
const LARGE: &str = "tee-client/tests-linux/large";

/// Builds the large TA.
pub(crate) fn large(image: &Image, tools: &Tools) -> Result<Added> {
    let built = ta::build_for(tools, image.ta_arch, &root().join(LARGE), &development_key())?;
    Ok(Added { path: format!("{}/{}.ta", rootfs::TAS, built.uuid), from: built.signed })
}

/// Signs an example of the image anew as another version, which the guest has as `/root/<uuid>.<version>`.
pub(crate) fn version(image: &Image, uuid: Uuid, version: u32) -> Result<Added> {
    let built = image.tas.iter().find(|built| built.uuid == uuid).with_context(|| format!("no TA {uuid}"))?;
    let elf = built.signed.with_extension("elf");
    let name = format!("{uuid}.{version}");
    let folder = image.ta_arch.ta_directory();
    let (stripped, signed) = (folder.join(format!("{name}.stripped.elf")), folder.join(&name));
    check(Command::new(format!("{}objcopy", image.ta_arch.ta_tools())).arg("--strip-unneeded").args([&elf, &stripped]))?;
    let mut sign = Command::new(std::env::current_exe().context("who am I")?);
    sign.args(["sign", "--uuid", &uuid.to_string(), "--version", &version.to_string()]);
    check(sign.arg("--in").arg(&stripped).arg("--out").arg(&signed))?;
    std::fs::remove_file(&stripped)?;
    Ok(Added { path: format!("root/{name}"), from: signed })
}
