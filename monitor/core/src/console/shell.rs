// SPDX-License-Identifier: BSD-2-Clause
//! An operator at a line of bytes: keys to the editor, lines to the commands, their words back.

use super::command::{self, Session};
use super::editor::{Editor, Event};
use super::stream::{ByteStream, write_all};
use super::{Refusal, words};
use crate::Tee;
use crate::ports::Platform;
use core::fmt::{self, Write};

/// Bytes that are taken at a time.
const CHUNK: usize = 16;
/// Bytes of a line of a command that go out in one piece, so that no log line gets between them.
const OUT: usize = 160;
/// Clears the screen.
const CLEAR_SCREEN: &[u8] = b"\x1b[2J\x1b[H";

/// Serves an operator for ever; starts with the first key.
pub fn run<P: Platform>(tee: &Tee<P>, stream: &mut impl ByteStream) -> ! {
    let mut editor = Editor::new();
    loop {
        let mut bytes = [0; CHUNK];
        let count = stream.read(&mut bytes);
        if count == 0 {
            stream.wait();
        }
        for byte in bytes.iter().take(count) {
            key(tee, &mut editor, stream, *byte);
        }
    }
}

fn key<P: Platform>(tee: &Tee<P>, editor: &mut Editor, stream: &mut impl ByteStream, byte: u8) {
    match editor.key(byte) {
        Event::None => return,
        Event::Changed => {}
        Event::Refused => stream.alert(),
        Event::Clear => write_all(stream, CLEAR_SCREEN),
        Event::Dropped => stream.end_line(),
        Event::Left => {
            stream.end_line();
            return stream.rest();
        }
        Event::Entered => {
            let line = editor.take();
            stream.end_line();
            execute(tee, stream, &line);
        }
    }
    stream.show(&editor.render());
}

/// Runs a line, and says why it could not.
fn execute<P: Platform>(tee: &Tee<P>, stream: &mut impl ByteStream, line: &[u8]) {
    let mut out = Lines { stream, line: heapless::Vec::new() };
    if let Err(refusal) = interpret(tee, &mut out, line) {
        // Writing to a stream cannot fail.
        let _ = match refusal {
            Refusal::Unknown => writeln!(out, "error: unknown command, type `help`"),
            Refusal::Usage(command) => writeln!(out, "usage: {command}"),
            Refusal::Because(why) => writeln!(out, "error: {why}"),
        };
    }
    out.flush();
}

fn interpret<P: Platform>(tee: &Tee<P>, out: &mut dyn Write, line: &[u8]) -> Result<(), Refusal> {
    let words = words::split(line)?;
    let Some((name, arguments)) = words.split_first() else { return Ok(()) };
    let command = command::find::<P>(name).ok_or(Refusal::Unknown)?;
    (command.run)(&mut Session { tee, out }, arguments)
}

/// What a command says, line by line.
struct Lines<'s, S> {
    stream: &'s mut S,
    line: heapless::Vec<u8, OUT>,
}

impl<S: ByteStream> Lines<'_, S> {
    fn flush(&mut self) {
        write_all(self.stream, &self.line);
        self.line.clear();
    }
}

impl<S: ByteStream> Write for Lines<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.line.is_full() {
                self.flush();
            }
            // There is room by now.
            let _ = self.line.push(byte);
            if byte == b'\n' {
                self.flush();
            }
        }
        Ok(())
    }
}
