// SPDX-License-Identifier: BSD-2-Clause
//! What differs between the architectures that QEMU `virt` is run with.

use crate::image::raw;
use crate::tools::{KERNEL_TARGET, KERNEL_TARGET_A64, target_dir};
use anyhow::Result;
use clap::ValueEnum;
use qemu_virt::map;
use std::path::{Path, PathBuf};
use utee_abi::opteed::{IMAGE_ANYWHERE, IMAGE_PAGEABLE, IMAGE_PAGER, Image, image_header, image_record};

/// The program of EL3 in the crate of the AArch64 board.
pub(crate) const EL3: &str = "qemu-virt-aarch64-el3";

/// Architecture of the secure world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    /// The TEE in Monitor and SVC mode, and the normal world, in 32-bit state.
    #[default]
    Armv7a,
    /// An EL3 monitor and the TEE at S-EL1 in 64-bit state, TAs of either width and our normal-world kernel in either state.
    Aarch64,
}

impl Arch {
    /// Target of the kernels.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Self::Armv7a => KERNEL_TARGET,
            Self::Aarch64 => KERNEL_TARGET_A64,
        }
    }

    /// The board's crate.
    pub(crate) fn board(self) -> &'static str {
        match self {
            Self::Armv7a => "qemu-virt",
            Self::Aarch64 => "qemu-virt-aarch64",
        }
    }

    /// What QEMU's program is called.
    pub(crate) fn emulator(self) -> &'static str {
        match self {
            Self::Armv7a => "qemu-system-arm",
            Self::Aarch64 => "qemu-system-aarch64",
        }
    }

    /// QEMU's machine.
    pub(crate) fn machine(self) -> &'static str {
        match self {
            Self::Armv7a => "virt,secure=on,highmem=off,gic-version=2",
            Self::Aarch64 => "virt,secure=on,gic-version=3",
        }
    }

    /// The CPU model when none is asked for.
    pub(crate) fn cpu(self) -> &'static str {
        match self {
            Self::Armv7a => "cortex-a15",
            Self::Aarch64 => "cortex-a57",
        }
    }

    /// Folder of the images below that of everything that is built.
    pub(crate) fn directory(self) -> &'static str {
        match self {
            Self::Armv7a => "image",
            Self::Aarch64 => "image-aarch64",
        }
    }

    /// Target of Rust TAs.
    pub(crate) fn ta_target(self) -> &'static str {
        match self {
            Self::Armv7a => utee_build::cargo::TARGET,
            Self::Aarch64 => utee_build::cargo::TARGET_A64,
        }
    }

    /// What the names of the tools that C TAs are made with begin with.
    pub(crate) fn ta_tools(self) -> &'static str {
        match self {
            Self::Armv7a => "arm-linux-gnueabihf-",
            Self::Aarch64 => "aarch64-linux-gnu-",
        }
    }

    /// Folder of TAs below that of everything that is built.
    pub(crate) fn ta_directory(self) -> PathBuf {
        target_dir().join(match self {
            Self::Armv7a => "ta",
            Self::Aarch64 => "ta-aarch64",
        })
    }

    /// Where a TA is loaded when addresses are not random.
    pub(crate) fn ta_base(self) -> u64 {
        match self {
            Self::Armv7a => 0x10_0000,
            Self::Aarch64 => 0xC000_1000,
        }
    }
}

/// The flash of AArch64 up to its archive: the EL3 image, a page with OP-TEE's image header, the TEE.
pub(crate) fn flash(el3: &Path, tee: &Path, archive: usize) -> Result<Vec<u8>> {
    let tee = raw(tee)?;
    let pager = Image { address: map::TRUSTED_OS, id: IMAGE_PAGER, size: u32::try_from(tee.len())? };
    let pageable = Image { address: IMAGE_ANYWHERE, id: IMAGE_PAGEABLE, size: u32::try_from(archive)? };
    let header: Vec<u8> = image_header(2).into_iter().chain([pager, pageable].iter().flat_map(image_record)).collect();
    flash_of(el3, &header, &tee, &[])
}

/// The flash of AArch64 with a trusted OS that has a header of its own, and what that calls its pageable part.
pub(crate) fn flash_of(el3: &Path, header: &[u8], tee: &[u8], pageable: &[u8]) -> Result<Vec<u8>> {
    let mut out = raw(el3)?;
    for part in [header, tee, pageable] {
        out.extend(part);
        out.resize(out.len().next_multiple_of(4096), 0);
    }
    Ok(out)
}
