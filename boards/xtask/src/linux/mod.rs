// SPDX-License-Identifier: BSD-2-Clause
//! Linux in the normal world: its kernel, its file system, and the machine that boots them.
//!
//! [`Guest`] is the interface for `run` and for tests: say what is added to the file system, then boot it for a shell
//! ([`console::shell`]), for one command ([`exec::command`]) or for a list of named ones ([`exec::tests`]).

pub(crate) mod boot;
pub(crate) mod clients;
pub(crate) mod compare;
pub(crate) mod console;
mod cpio;
pub(crate) mod exec;
mod kernel;
pub(crate) mod log;
mod modules;
mod packages;
pub(crate) mod peer;
mod rootfs;
mod tas;
pub(crate) mod test;
pub(crate) mod xtest;

pub(crate) use packages::Release;
pub(crate) use rootfs::Added;

use crate::image::Image;
use crate::qemu::{LinuxBoot, Machine};
use crate::tools::{lock_cache, target_dir};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;

/// Tells Linux's console and its first process; an emergency ends the machine.
const ARGUMENTS: &str = "console=ttyAMA0 panic=-1 rdinit=/init";

/// A Linux to boot.
pub(crate) struct Guest<'a> {
    /// The secure world.
    pub(crate) image: &'a Image,
    /// What Debian's part is made of.
    pub(crate) release: Release,
    /// CPUs, memory and the like.
    pub(crate) machine: Machine,
    /// A kernel of the user's; `None` for Debian's, or on Armv7-A the one of its source.
    pub(crate) kernel: Option<PathBuf>,
    /// A folder of the host that is mounted at /mnt/share.
    pub(crate) share: Option<PathBuf>,
    /// Folders with the root of a file system to add.
    pub(crate) folders: Vec<PathBuf>,
    /// Files to add.
    pub(crate) added: Vec<Added>,
    /// More words for the kernel.
    pub(crate) arguments: String,
}

impl<'a> Guest<'a> {
    /// A Linux with nothing added.
    pub(crate) fn new(image: &'a Image, machine: Machine) -> Self {
        Self {
            image,
            release: Release::default(),
            machine,
            kernel: None,
            share: None,
            folders: Vec::new(),
            added: Vec::new(),
            arguments: String::new(),
        }
    }

    /// The machine that boots this Linux, with `scripts` (by file name) in /etc/oxtee of its file system.
    ///
    /// # Errors
    /// When the kernel, a package or a file is not to be had.
    fn prepare(&self, scripts: &[(String, String)], quiet: bool) -> Result<Machine> {
        let filling = lock_cache()?;
        let kernel = match &self.kernel {
            Some(kernel) => kernel.canonicalize().with_context(|| format!("no kernel {}", kernel.display()))?,
            None => kernel::image(self.image.arch)?,
        };
        let mut tree = rootfs::tree(self.image, self.release, &self.folders, &self.added)?;
        drop(filling);
        for (name, text) in scripts {
            tree.file(&format!("etc/oxtee/{name}"), 0o755, text.clone().into_bytes());
        }
        let files = target_dir().join("run").join(format!("linux-{}.cpio", std::process::id()));
        fs::create_dir_all(files.parent().context("no folder")?)?;
        fs::write(&files, tree.archive()?)?;
        let mut words = vec![ARGUMENTS];
        words.extend(quiet.then_some("quiet"));
        words.extend(self.share.is_some().then_some("oxtee.share"));
        words.extend(Some(self.arguments.as_str()).filter(|words| !words.is_empty()));
        let mut machine = self.machine.clone();
        machine.linux = Some(LinuxBoot { kernel, files, arguments: words.join(" ") });
        if let Some(share) = &self.share {
            let share = share.canonicalize().with_context(|| format!("no folder {}", share.display()))?;
            let path = share.display().to_string().replace(',', ",,");
            machine.extra.extend(["-fsdev".into(), format!("local,id=share,path={path},security_model=none,multidevs=remap")]);
            machine.extra.extend(["-device".into(), "virtio-9p-device,fsdev=share,mount_tag=share".into()]);
        }
        Ok(machine)
    }
}

/// A name for what is made of these texts.
fn key(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
