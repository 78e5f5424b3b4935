// SPDX-License-Identifier: BSD-2-Clause
//! QEMU: its command line, and the lines of the two worlds as they come.

use crate::image::Image;
use crate::imx;
use crate::tools::target_dir;
use anyhow::{Context, Result, bail};
use qemu_virt::map;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Bytes of a line that are kept.
const LINE: usize = 1024;
/// Lines of a run at most: a guest that prints for ever is ended.
const LINES: usize = 200_000;

/// How the emulator is started.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// CPUs.
    pub(crate) smp: u32,
    /// CPU model.
    pub(crate) cpu: String,
    /// MiB of normal-world RAM.
    pub(crate) memory: u32,
    /// Count instructions: one a nanosecond, the same on every machine.
    pub(crate) icount: bool,
    /// Words for the guest.
    pub(crate) words: Vec<String>,
    /// Files for the guest, by name.
    pub(crate) files: Vec<(String, PathBuf)>,
    /// A disk, or the card of a board. With it the boot image has no TAs: they are on the disk.
    pub(crate) disk: Option<PathBuf>,
    /// Linux, instead of our own kernel in the normal world.
    pub(crate) linux: Option<LinuxBoot>,
    /// Another board than QEMU virt. What the guest is told stands in its image then.
    pub(crate) board: Option<imx::Board>,
    /// More options.
    pub(crate) extra: Vec<String>,
}

/// What is loaded for Linux.
#[derive(Clone, Debug)]
pub(crate) struct LinuxBoot {
    /// The kernel: a zImage, or an uncompressed Image of AArch64.
    pub(crate) kernel: PathBuf,
    /// Its initial file system.
    pub(crate) files: PathBuf,
    /// Its command line.
    pub(crate) arguments: String,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            smp: 4,
            cpu: "cortex-a15".into(),
            memory: 512,
            icount: false,
            words: Vec::new(),
            files: Vec::new(),
            disk: None,
            linux: None,
            board: None,
            extra: Vec::new(),
        }
    }
}

impl Machine {
    /// The usual machine for an image: the CPU model of its architecture.
    pub(crate) fn of(image: &Image) -> Self {
        Self { cpu: image.arch.cpu().into(), ..Self::default() }
    }

    /// How it is called in the titles of tests, as `4 × Cortex-A15`.
    pub(crate) fn title(&self) -> String {
        format!("{} × {}", self.smp, self.cpu.replace("cortex-a", "Cortex-A"))
    }
}

/// Which world a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// The TEE and its TAs.
    Secure,
    /// The normal world.
    Normal,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The guest ended with this status.
    Status(i32),
    /// It was ended: nothing more came in time, or too much.
    Stopped(&'static str),
}

/// The command that starts a machine.
pub(crate) fn command(image: &Image, machine: &Machine, serials: [&str; 2]) -> Command {
    let mut command = Command::new(image.arch.emulator());
    command.args(["-M", image.arch.machine(), "-display", "none", "-monitor", "none", "-nic", "none"]);
    command.args(["-cpu", &machine.cpu, "-smp", &machine.smp.to_string(), "-m", &format!("{}M", machine.memory)]);
    // Linux keeps the TAs in its file system, our kernel on its disk.
    command.arg("-bios").arg(if machine.linux.is_some() || machine.disk.is_some() { &image.bare } else { &image.boot });
    let mut words: Vec<String> = Vec::new();
    if let Some(LinuxBoot { kernel, files, arguments }) = &machine.linux {
        load(&mut command, kernel, map::NORMAL_ENTRY);
        load(&mut command, files, map::LINUX_FILES);
        let size = std::fs::metadata(files).map_or(0, |data| data.len());
        words.push(format!("{}{size}", map::LINUX_WORD));
        command.args(["-fw_cfg", &format!("name={},string={}", map::LINUX_ARGUMENTS, arguments.replace(',', ",,"))]);
    } else {
        load(&mut command, &image.normal, map::NORMAL_ENTRY);
        command.args(["-semihosting-config", "enable=on,target=native"]);
        words.extend(image.words().iter().map(ToString::to_string));
        words.push("semihosting".into());
    }
    if machine.icount {
        words.push("icount".into());
        command.args(["-icount", "shift=0,sleep=off", "-seed", "1"]);
    }
    words.extend(machine.words.iter().cloned());
    // A comma separates options of QEMU; twice it is itself.
    command.args(["-fw_cfg", &format!("name={},string={}", map::CMDLINE, words.join(" ").replace(',', ",,"))]);
    for (name, path) in &machine.files {
        command.args(["-fw_cfg", &format!("name={name},file={}", path.display())]);
    }
    if let Some(disk) = &machine.disk {
        command.args(["-drive", &format!("if=none,id=disk,format=raw,file={}", disk.display().to_string().replace(',', ",,"))]);
        command.args(["-device", "virtio-blk-device,drive=disk"]);
    }
    for serial in serials {
        command.args(["-serial", serial]);
    }
    command.args(&machine.extra);
    command
}

/// The command that starts a machine, whichever board it is.
///
/// # Errors
/// When the image of a board cannot be read.
pub(crate) fn board_command(image: &Image, machine: &Machine, serials: [&str; 2]) -> Result<Command> {
    let Some(board) = machine.board else { return Ok(command(image, machine, serials)) };
    let mut command = imx::run::command(&image.boot, board, serials)?;
    if let Some(disk) = &machine.disk {
        command.args(["-drive", &format!("if=sd,format=raw,file={}", disk.display().to_string().replace(',', ",,"))]);
    }
    command.args(&machine.extra);
    Ok(command)
}

/// Puts a file into the RAM of the normal world.
fn load(command: &mut Command, file: &Path, address: u64) {
    command.args(["-device", &format!("loader,file={},addr={address:#x},force-raw=on", file.display().to_string().replace(',', ",,"))]);
}

/// Runs a machine and gives each line to `seen`.
pub(crate) fn run(image: &Image, machine: &Machine, limit: Duration, mut seen: impl FnMut(World, &str)) -> Result<End> {
    let dir = target_dir().join("run").join(std::process::id().to_string());
    std::fs::create_dir_all(&dir)?;
    let paths = [dir.join("normal"), dir.join("secure")];
    for path in &paths {
        let _ = std::fs::remove_file(path);
    }
    let serials = paths.each_ref().map(|path| format!("unix:{},server=on,wait=on", path.display()));
    let mut child = board_command(image, machine, [&serials[0], &serials[1]])?
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start QEMU")?;
    let (sender, receiver) = channel();
    let started = attach(&mut child, &paths, &sender);
    drop(sender);
    let end = started.and_then(|()| follow(&mut child, &receiver, limit, &mut seen));
    let _ = child.kill();
    let _ = child.wait();
    let _ = std::fs::remove_dir_all(&dir);
    end
}

fn attach(child: &mut Child, paths: &[PathBuf; 2], sender: &Sender<(World, String)>) -> Result<()> {
    for (stream, world) in connect(child, paths)?.into_iter().zip([World::Normal, World::Secure]) {
        let sender = sender.clone();
        std::thread::spawn(move || read_lines(stream, world, &sender));
    }
    Ok(())
}

/// Connects to the sockets of an emulator that is being started, in whatever order it waits for that.
///
/// # Errors
/// What the emulator says when it does not start.
pub(crate) fn connect(child: &mut Child, paths: &[PathBuf]) -> Result<Vec<UnixStream>> {
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
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read_lines(stream: UnixStream, world: World, sender: &Sender<(World, String)>) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while let Ok(1..) = reader.by_ref().take(LINE as u64).read_until(b'\n', &mut bytes) {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_string();
        bytes.clear();
        if sender.send((world, line)).is_err() {
            return;
        }
    }
}

fn follow(child: &mut Child, lines: &Receiver<(World, String)>, limit: Duration, seen: &mut impl FnMut(World, &str)) -> Result<End> {
    let start = Instant::now();
    let mut count = 0;
    loop {
        match lines.recv_timeout(Duration::from_millis(200)) {
            Ok((world, line)) => {
                count += 1;
                seen(world, &line);
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait()?;
                return Ok(End::Status(status.code().unwrap_or(-1)));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if start.elapsed() > limit {
            return Ok(End::Stopped("nothing ended it in time"));
        }
        if count > LINES {
            return Ok(End::Stopped("it printed without end"));
        }
    }
}
