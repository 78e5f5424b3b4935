// SPDX-License-Identifier: BSD-2-Clause
//! A machine whose secure UART somebody types at.

use crate::image::Image;
use crate::qemu::{self, Machine, World};
use crate::tools::target_dir;
use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// A machine that runs. It ends when this is dropped.
pub(super) struct Session {
    child: Child,
    folder: PathBuf,
    secure: UnixStream,
    bytes: Receiver<(World, Vec<u8>)>,
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Session {
    /// Starts a machine.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub(super) fn start(image: &Image, machine: &Machine) -> Result<Self> {
        let folder = target_dir().join("run").join(format!("console-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let paths = ["normal", "secure"].map(|name| folder.join(name));
        let serials = paths.each_ref().map(|path| format!("unix:{},server=on,wait=on", path.display()));
        let mut child = qemu::board_command(image, machine, [&serials[0], &serials[1]])?
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start QEMU")?;
        let (sender, bytes) = channel();
        let connected = qemu::connect(&mut child, &paths).and_then(|mut streams| {
            for (stream, world) in streams.iter().zip([World::Normal, World::Secure]) {
                let (reader, sender) = (stream.try_clone()?, sender.clone());
                std::thread::spawn(move || read(reader, world, &sender));
            }
            Ok(streams.pop())
        });
        match connected {
            Ok(Some(secure)) => Ok(Self { child, folder, secure, bytes }),
            Ok(None) => bail!("QEMU has no secure UART"),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// The keyboard of the secure UART.
    ///
    /// # Errors
    /// When there are too many files open.
    pub(super) fn keyboard(&self) -> Result<UnixStream> {
        Ok(self.secure.try_clone()?)
    }

    /// Types.
    ///
    /// # Errors
    /// When the machine has ended.
    pub(super) fn press(&mut self, keys: &[u8]) -> Result<()> {
        self.secure.write_all(keys).context("the machine has ended")
    }

    /// What comes next from one of the UARTs, if it comes in this time.
    ///
    /// # Errors
    /// When the machine has ended.
    pub(super) fn next(&mut self, limit: Duration) -> Result<Option<(World, Vec<u8>)>> {
        match self.bytes.recv_timeout(limit) {
            Ok(next) => Ok(Some(next)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("the machine has ended"),
        }
    }
}

fn read(mut stream: UnixStream, world: World, sender: &Sender<(World, Vec<u8>)>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if sender.send((world, buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}
