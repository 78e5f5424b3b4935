// SPDX-License-Identifier: BSD-2-Clause
//! For the build script of a TA: reads `ta.toml`, makes the header and the link options.
//!
//! The build script of a Rust TA is `fn main() { utee_build::build() }`. Tools that build or sign TAs use [`Ta`] to read
//! `ta.toml` and [`cargo`] for the way a TA is compiled, so that both are written down once.

pub mod c_header;
mod calls;
pub mod cargo;
mod config;
mod link;
mod rust;

pub use config::{ConfigError, Flag, Property, Ta};

use link::Width;
use std::path::{Path, PathBuf};

/// Name of the file that describes a TA.
pub const TA_TOML: &str = "ta.toml";

/// Makes what `utee::ta!` includes, and tells cargo how to link the TA. For build scripts.
///
/// # Panics
/// With the reason when `ta.toml` is wrong or cannot be read: cargo shows it.
pub fn build() {
    if let Err(error) = try_build() {
        panic!("{error}");
    }
}

fn try_build() -> Result<(), ConfigError> {
    let variable = |name: &'static str| std::env::var_os(name).map(PathBuf::from).ok_or(ConfigError::NotInBuildScript(name));
    let ta = Ta::load(&variable("CARGO_MANIFEST_DIR")?)?;
    let out = variable("OUT_DIR")?;
    println!("cargo::rerun-if-changed={TA_TOML}");
    // The target of a 64-bit TA is that of development machines too; the options of the compiler tell.
    println!("cargo::rustc-check-cfg=cfg(oxtee_ta)");
    let width = if std::env::var_os("CARGO_CFG_OXTEE_TA").is_some() { Width::A64 } else { Width::A32 };
    write(&out.join("utee_ta.rs"), &rust::source(&ta, width))?;
    if width == Width::A64 || std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("arm") {
        let (script, list) = (out.join("ta.ld"), out.join("ta.list"));
        write(&script, link::SCRIPT)?;
        write(&list, &link::dynamic_list())?;
        for argument in link::arguments(&script, &list) {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), ConfigError> {
    std::fs::write(path, text).map_err(|error| ConfigError::Io { path: path.to_path_buf(), error })
}
