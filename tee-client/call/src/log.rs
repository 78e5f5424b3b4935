// SPDX-License-Identifier: BSD-2-Clause
//! `log`: what the TEE and its TAs print, from the pseudo-TA that keeps the last of it.

use crate::Failure;
use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::json;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::time::Duration;
use tee_client::transport::linux::{Device, Linux, LinuxContext};
use tee_client::{Error, Operation, Param, Session, TeeError};
use utee_abi::pta::log::{Command, END, UUID};
use utee_abi::smc::{from_halves, halves};

/// Bytes that are asked for at a time.
const ROOM: usize = 4096;
/// How often a log that is followed is looked at.
const PERIOD: Duration = Duration::from_millis(200);

/// Arguments of `log`.
#[derive(Args)]
pub(crate) struct LogArgs {
    /// Goes on with what is printed from now on, until it is interrupted or nobody reads any more.
    #[arg(short, long)]
    follow: bool,
    /// Where to begin: a position that --json gave, 0 for all that is kept, or end for nothing but what comes.
    #[arg(long, value_name = "POSITION", default_value = "0", value_parser = position)]
    from: u64,
    /// Node of the TEE; without it the first that there is.
    #[arg(long, value_name = "NODE")]
    pub(crate) device: Option<PathBuf>,
    /// Prints one JSON object: the text, how many bytes were lost before it, and the position to go on from.
    #[arg(long, conflicts_with = "follow")]
    pub(crate) json: bool,
}

/// What one question brought.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    text: Vec<u8>,
    /// Where the next one begins.
    next: u64,
    /// Bytes before this text that were overwritten before they could be read.
    lost: u64,
}

/// Prints the log.
pub(crate) fn log(context: &LinuxContext, args: &LogArgs) -> Result<(), Failure> {
    let session = context.open_public(UUID).map_err(|error| match error.code {
        TeeError::ITEM_NOT_FOUND => Failure::NoLog(error),
        _ => Failure::Call(error),
    })?;
    let read = |from| read(&session, from);
    if args.json {
        let mut text = Vec::new();
        let mut missing = 0u64;
        let next = copy(args.from, read, &mut text, |lost| missing = missing.saturating_add(lost), || false)?;
        println!("{}", json!({ "text": String::from_utf8_lossy(&text), "lost": missing, "next": next }));
        return Ok(());
    }
    let told = |lost| eprintln!("tee-call: {lost} bytes were lost here");
    let copied = copy(args.from, read, &mut io::stdout().lock(), told, || args.follow && wait());
    match copied {
        // Whoever read it has had enough.
        Err(Failure::File(_, error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map(drop),
    }
}

/// Copies the log from a position to its end, and again whenever `wait` says that there may be more. `lost` is told how
/// many bytes are missing, before those that follow them. Gives where the next one begins.
fn copy(
    from: u64,
    mut read: impl FnMut(u64) -> Result<Piece, Error>,
    out: &mut impl Write,
    mut lost: impl FnMut(u64),
    mut wait: impl FnMut() -> bool,
) -> Result<u64, Failure> {
    let fail = |error| Failure::File("standard output".into(), error);
    let mut position = from;
    loop {
        let piece = read(position)?;
        position = piece.next;
        if piece.lost != 0 {
            lost(piece.lost);
        }
        if !piece.text.is_empty() {
            out.write_all(&piece.text).and_then(|()| out.flush()).map_err(fail)?;
        } else if !wait() {
            return Ok(position);
        }
    }
}

fn read(session: &Session<Linux<Device>>, from: u64) -> Result<Piece, Error> {
    let (high, low) = halves(from);
    let mut text = vec![0; ROOM];
    let params = [Param::value_inout(low, high), Param::output(&mut text), Param::value_output(), Param::None];
    let mut operation = Operation::new(params);
    session.invoke(u32::from(Command::Read), &mut operation)?;
    let (size, next, lost) = (operation.size(1), operation.value(0), operation.value(2));
    text.truncate(size);
    Ok(Piece { text, next: from_halves(next.1, next.0), lost: from_halves(lost.1, lost.0) })
}

/// Waits a while; false when nobody reads standard output any more, which a pipe tells at once.
fn wait() -> bool {
    let period = Timespec::try_from(PERIOD).ok();
    let stdout = io::stdout();
    let mut told = [PollFd::new(&stdout, PollFlags::empty())];
    // An interrupted wait is a short one.
    let _ = rustix::event::poll(&mut told, period.as_ref());
    let [stdout] = told;
    !stdout.revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
}

fn position(text: &str) -> Result<u64, String> {
    if text == "end" {
        let [low, high] = END;
        return Ok(from_halves(high, low));
    }
    text.parse().map_err(|error| format!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{Piece, copy, position};
    use crate::Failure;
    use std::cell::RefCell;
    use std::io::{self, ErrorKind, Write};
    use tee_client::{Error, TeeError};

    /// A log of this text whose first `gone` bytes are not kept any more, read five bytes at a time.
    fn ring(text: &[u8], gone: u64, from: u64) -> Piece {
        let end = text.len() as u64;
        let (from, start) = (from.min(end), from.min(end).max(gone));
        let next = end.min(start + 5);
        Piece { text: text[start as usize..next as usize].to_vec(), next, lost: start - from }
    }

    #[test]
    fn a_log_is_copied_to_its_end_and_gaps_are_told() {
        let (mut out, mut gaps) = (Vec::new(), Vec::new());
        let next = copy(0, |from| Ok(ring(b"lost. hello world\n", 6, from)), &mut out, |lost| gaps.push(lost), || false).unwrap();
        assert_eq!((&out[..], &gaps[..], next), (&b"hello world\n"[..], &[6][..], 18));
        out.clear();
        let next = copy(12, |from| Ok(ring(b"lost. hello world\n", 6, from)), &mut out, |_| panic!("nothing is lost"), || false);
        assert_eq!((&out[..], next.unwrap()), (&b"world\n"[..], 18));
        out.clear();
        let end = position("end").unwrap();
        let next = copy(end, |from| Ok(ring(b"lost. hello world\n", 6, from)), &mut out, |_| panic!("nothing is lost"), || false);
        assert_eq!((out.len(), next.unwrap()), (0, 18));
    }

    #[test]
    fn a_log_is_followed_while_there_is_a_reader() {
        let text = RefCell::new(b"one\n".to_vec());
        let (mut out, mut waits, mut gaps) = (Vec::new(), 0, Vec::new());
        let wait = || {
            waits += 1;
            text.borrow_mut().extend_from_slice(b"more\n");
            waits < 3
        };
        // What was written at first is gone by the time of the second look.
        let read = |from| Ok(ring(&text.borrow(), if text.borrow().len() > 4 { 6 } else { 0 }, from));
        let next = copy(0, read, &mut out, |lost| gaps.push(lost), wait).unwrap();
        assert_eq!((&out[..], &gaps[..], next, waits), (&b"one\nre\nmore\n"[..], &[2][..], 14, 3));
    }

    /// Somebody who reads that much and leaves.
    struct Reader(usize);

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let len = bytes.len().min(self.0);
            self.0 -= len;
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn errors_end_it() {
        let read = |from| Ok(ring(b"hello world\n", 0, from));
        let result = copy(0, read, &mut Reader(7), |_| {}, || panic!("it has ended by then"));
        assert!(matches!(result, Err(Failure::File(_, error)) if error.kind() == ErrorKind::BrokenPipe));
        let dead = |_| Err(Error::comms(TeeError::TARGET_DEAD));
        let result = copy(0, dead, &mut Vec::new(), |_| {}, || panic!("it has ended by then"));
        assert!(matches!(result, Err(Failure::Call(Error { code: TeeError::TARGET_DEAD, .. }))));
    }

    #[test]
    fn positions_are_numbers_or_the_end() {
        assert_eq!((position("17"), position("end")), (Ok(17), Ok(u64::MAX)));
        assert!(position("").is_err() && position("-1").is_err() && position("begin").is_err());
    }
}
