// SPDX-License-Identifier: BSD-2-Clause
//! The machine with Linux: its process, and what comes out of it on its consoles and ports.

use crate::image::Image;
use crate::qemu::{self, Machine};
use crate::tools::target_dir;
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Bytes of a line at most; a longer one is cut there.
const LINE: usize = 4096;
/// Bytes of a run at most: a guest that prints for ever is ended.
const BYTES: usize = 256 << 20;

/// Where bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Linux's console.
    Console,
    /// The secure console.
    Secure,
    /// The port on which /init tells how things go.
    Control,
    /// Standard output of the command.
    Out,
    /// Standard error of the command.
    Err,
}

/// Sources with their names as sockets here; the ports' are their names in the guest as well (/dev/ports).
const SOURCES: [(From, &str); 5] = [
    (From::Console, "console"),
    (From::Secure, "secure"),
    (From::Control, "oxtee.control"),
    (From::Out, "oxtee.out"),
    (From::Err, "oxtee.err"),
];

/// How a machine with Linux ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It switched itself off, or was reset, which ends it as well.
    Off,
    /// It was ended.
    Stopped(&'static str),
}

/// A machine that runs. It ends when this is dropped.
pub(crate) struct Running {
    child: Child,
    folder: PathBuf,
    console: UnixStream,
    bytes: Receiver<(From, Vec<u8>)>,
    files: Option<PathBuf>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
        if let Some(files) = &self.files {
            let _ = fs::remove_file(files);
        }
    }
}

impl Running {
    /// Starts a machine.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub(crate) fn start(image: &Image, machine: &Machine) -> Result<Self> {
        let folder = target_dir().join("run").join(format!("linux-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let paths: Vec<PathBuf> = SOURCES.iter().map(|(_, name)| folder.join(name)).collect();
        let serial = |index: usize| format!("unix:{},server=on,wait=on", paths[index].display());
        let mut command = qemu::command(image, machine, [&serial(0), &serial(1)]);
        command.args(["-device", "virtio-serial-device,max_ports=8"]);
        for (number, (_, name)) in SOURCES.iter().enumerate().skip(2) {
            let socket = format!("socket,id={name},path={},server=on,wait=on", folder.join(name).display());
            command.args(["-chardev", &socket, "-device", &format!("virtserialport,chardev={name},name={name},nr={}", number - 1)]);
        }
        // A panic resets the machine: that is its end, too.
        command.arg("-no-reboot");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.context("cannot start qemu-system-arm")?;
        let streams = match connect(&mut child, &paths) {
            Ok(streams) => streams,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        let console = streams[0].try_clone()?;
        let (sender, bytes) = channel();
        for (stream, (from, _)) in streams.into_iter().zip(SOURCES) {
            let sender = sender.clone();
            std::thread::spawn(move || read(stream, from, &sender));
        }
        Ok(Self { child, folder, console, bytes, files: machine.linux.as_ref().map(|linux| linux.files.clone()) })
    }

    /// The console, to write to.
    pub(crate) fn console(&self) -> &UnixStream {
        &self.console
    }

    /// Gives everything that comes to `seen` until the machine ends, `ended` says so, or the time is up.
    ///
    /// # Errors
    /// What `seen` gives.
    pub(crate) fn follow(
        &mut self,
        limit: Option<Duration>,
        ended: impl Fn() -> bool,
        mut seen: impl FnMut(From, &[u8]) -> Result<()>,
    ) -> Result<End> {
        let start = Instant::now();
        let mut count = 0;
        loop {
            match self.bytes.recv_timeout(Duration::from_millis(200)) {
                Ok((from, bytes)) => {
                    count += bytes.len();
                    seen(from, &bytes)?;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait()?;
                    let mut text = String::new();
                    if let (false, Some(stderr)) = (status.success(), &mut self.child.stderr) {
                        let _ = stderr.read_to_string(&mut text);
                        bail!("QEMU failed ({status}): {}", text.trim());
                    }
                    return Ok(End::Off);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if ended() {
                return Ok(End::Stopped("the user ended it"));
            }
            if limit.is_some_and(|limit| start.elapsed() > limit) {
                return Ok(End::Stopped("nothing ended it in time"));
            }
            if limit.is_some() && count > BYTES {
                return Ok(End::Stopped("it printed without end"));
            }
        }
    }
}

/// Connects to all sockets; QEMU waits for each in an order of its own.
fn connect(child: &mut Child, paths: &[PathBuf]) -> Result<Vec<UnixStream>> {
    let start = Instant::now();
    let mut streams: Vec<Option<UnixStream>> = paths.iter().map(|_| None).collect();
    loop {
        for (stream, path) in streams.iter_mut().zip(paths).filter(|(stream, _)| stream.is_none()) {
            *stream = UnixStream::connect(path).ok();
        }
        if streams.iter().all(Option::is_some) {
            return Ok(streams.into_iter().flatten().collect());
        }
        if child.try_wait()?.is_some() || start.elapsed() > Duration::from_secs(20) {
            let mut text = String::new();
            let _ = child.kill();
            if let Some(stderr) = &mut child.stderr {
                let _ = stderr.read_to_string(&mut text);
            }
            bail!("QEMU did not start: {}", text.trim());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn read(mut stream: UnixStream, from: From, sender: &Sender<(From, Vec<u8>)>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if sender.send((from, buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}

/// Makes lines of bytes that come in pieces.
#[derive(Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for byte in bytes {
            if *byte == b'\n' || self.rest.len() == LINE {
                lines.push(String::from_utf8_lossy(&std::mem::take(&mut self.rest)).trim_end().to_string());
            }
            if *byte != b'\n' {
                self.rest.push(*byte);
            }
        }
        lines
    }

    /// What of a line is there already.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_are_put_together() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\r\ntw"), ["one"]);
        assert_eq!(lines.rest(), b"tw");
        assert_eq!(lines.push(b"o\n\nthree\n"), ["two", "", "three"]);
        assert_eq!(lines.push(&[b'x'; 5000]).len(), 1);
    }
}
