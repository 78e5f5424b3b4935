// SPDX-License-Identifier: BSD-2-Clause
//! The line editor: bytes of a terminal in, a line out.
//!
//! Keys: cursor left and right, Home, End, Backspace, Delete, cursor up and down for the lines before; Control with A and E
//! (start, end), B and F (left, right), P and N (up, down), K and U (delete to the end, to the start), W (delete the word before),
//! D (delete; leave an empty line), C (drop the line), L (clear the screen). Only printable ASCII gets into a line.

use heapless::{Deque, Vec};

/// Bytes of a line at most.
pub const LINE: usize = 120;
/// Lines that are remembered.
pub const HISTORY: usize = 8;
/// Columns of a line that are shown at most; the cursor is always among them.
const COLUMNS: usize = 76;
/// What stands before the line.
const PROMPT: &[u8] = b"> ";
/// Bytes that [`Editor::render`] makes at most: prompt, columns, and where the cursor goes.
pub const SHOWN: usize = PROMPT.len() + COLUMNS + 6;

type Line = Vec<u8, LINE>;

/// What a byte did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing that is seen, or not yet.
    None,
    /// The line or the cursor changed.
    Changed,
    /// The key has no meaning here, or there is no room.
    Refused,
    /// The line is complete: [`Editor::take`].
    Entered,
    /// The line was dropped.
    Dropped,
    /// The screen is to be cleared.
    Clear,
    /// The operator leaves.
    Left,
}

/// Where in an escape sequence the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After ESC.
    Started,
    /// After ESC O.
    Function,
    /// After ESC [: the first number so far, whether it still goes on, and the bytes so far.
    Control { number: u8, first: bool, len: u8 },
}

/// Parameter bytes of an escape sequence at most.
const ESCAPE_BYTES: u8 = 12;

/// A line editor.
#[derive(Default)]
pub struct Editor {
    line: Line,
    cursor: usize,
    /// Lines that were entered, the last one at the end.
    history: Deque<Line, HISTORY>,
    /// How many lines back the one on the screen is; 0 for the new one.
    back: usize,
    /// The new line while another one is on the screen.
    draft: Line,
    escape: Escape,
    after_return: bool,
}

const fn control(letter: u8) -> u8 {
    letter & 0x1F
}

const NUL: u8 = 0;
const CTRL_A: u8 = control(b'A');
const CTRL_B: u8 = control(b'B');
const CTRL_C: u8 = control(b'C');
const CTRL_D: u8 = control(b'D');
const CTRL_E: u8 = control(b'E');
const CTRL_F: u8 = control(b'F');
const CTRL_K: u8 = control(b'K');
const CTRL_L: u8 = control(b'L');
const CTRL_N: u8 = control(b'N');
const CTRL_P: u8 = control(b'P');
const CTRL_U: u8 = control(b'U');
const CTRL_W: u8 = control(b'W');
const BACKSPACE: u8 = 0x08;
const ESC: u8 = 0x1B;
const RUBOUT: u8 = 0x7F;

impl Editor {
    /// An empty line, nothing remembered.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line and where the cursor stands in it.
    pub fn line(&self) -> (&[u8], usize) {
        (&self.line, self.cursor)
    }

    /// Takes a byte.
    pub fn key(&mut self, byte: u8) -> Event {
        let after_return = core::mem::take(&mut self.after_return);
        match self.escape {
            Escape::None => {}
            Escape::Started => return self.started(byte),
            Escape::Function => return self.final_byte(byte, 0),
            Escape::Control { number, first, len } => return self.control_sequence(byte, number, first, len),
        }
        match byte {
            b'\n' if after_return => Event::None,
            b'\r' | b'\n' => {
                self.after_return = byte == b'\r';
                Event::Entered
            }
            ESC => {
                self.escape = Escape::Started;
                Event::None
            }
            CTRL_A => self.go(0),
            CTRL_E => self.go(self.line.len()),
            CTRL_B => self.left(),
            CTRL_F => self.right(),
            CTRL_P => self.recall(self.back.saturating_add(1)),
            CTRL_N => self.newer(),
            CTRL_K => self.delete(self.cursor, self.line.len()),
            CTRL_U => self.delete(0, self.cursor),
            CTRL_W => self.delete(self.word_start(), self.cursor),
            CTRL_D if self.line.is_empty() => Event::Left,
            CTRL_D => self.delete(self.cursor, self.cursor.saturating_add(1)),
            CTRL_C => {
                self.restart();
                Event::Dropped
            }
            CTRL_L => Event::Clear,
            BACKSPACE | RUBOUT => self.delete(self.cursor.saturating_sub(1), self.cursor),
            NUL => Event::None,
            b' '..=b'~' => self.insert(byte),
            _ => Event::Refused,
        }
    }

    /// The complete line, which is remembered; the editor goes on with an empty one.
    pub fn take(&mut self) -> Line {
        let line = self.line.clone();
        if !line.is_empty() && self.history.back() != Some(&line) {
            if self.history.is_full() {
                self.history.pop_front();
            }
            // There is room by now.
            let _ = self.history.push_back(line.clone());
        }
        self.restart();
        line
    }

    /// Prompt, the part of the line around the cursor, and the way of the cursor back to its place.
    pub fn render(&self) -> Vec<u8, SHOWN> {
        let mut out = Vec::new();
        let first = self.cursor.saturating_sub(COLUMNS);
        let end = self.line.len().min(first.saturating_add(COLUMNS));
        let back = u8::try_from(end.saturating_sub(self.cursor)).unwrap_or(u8::MAX);
        // All of it fits: that is how SHOWN is made.
        let _ = out.extend_from_slice(PROMPT);
        let _ = out.extend_from_slice(self.line.get(first..end).unwrap_or_default());
        if back != 0 {
            let _ = out.extend_from_slice(b"\x1b[");
            if back >= 10 {
                let _ = out.push(b'0'.saturating_add(back / 10));
            }
            let _ = out.extend_from_slice(&[b'0'.saturating_add(back % 10), b'D']);
        }
        out
    }

    fn restart(&mut self) {
        self.line.clear();
        self.draft.clear();
        (self.cursor, self.back) = (0, 0);
    }

    fn started(&mut self, byte: u8) -> Event {
        self.escape = match byte {
            b'[' => Escape::Control { number: 0, first: true, len: 0 },
            b'O' => Escape::Function,
            ESC => Escape::Started,
            _ => Escape::None,
        };
        if self.escape == Escape::None { Event::Refused } else { Event::None }
    }

    /// A byte of `ESC [ <numbers> <final byte>`; of the numbers only the first counts.
    fn control_sequence(&mut self, byte: u8, number: u8, first: bool, len: u8) -> Event {
        if !matches!(byte, b'0'..=b'9' | b';') || len >= ESCAPE_BYTES {
            return self.final_byte(byte, number);
        }
        let first = first && byte != b';';
        let number = if first { number.saturating_mul(10).saturating_add(byte.saturating_sub(b'0')) } else { number };
        self.escape = Escape::Control { number, first, len: len.saturating_add(1) };
        Event::None
    }

    fn final_byte(&mut self, byte: u8, number: u8) -> Event {
        self.escape = Escape::None;
        match (byte, number) {
            (b'A', _) => self.recall(self.back.saturating_add(1)),
            (b'B', _) => self.newer(),
            (b'C', _) => self.right(),
            (b'D', _) => self.left(),
            (b'H', _) | (b'~', 1 | 7) => self.go(0),
            (b'F', _) | (b'~', 4 | 8) => self.go(self.line.len()),
            (b'~', 3) => self.delete(self.cursor, self.cursor.saturating_add(1)),
            _ => Event::Refused,
        }
    }

    fn go(&mut self, cursor: usize) -> Event {
        self.cursor = cursor;
        Event::Changed
    }

    fn left(&mut self) -> Event {
        self.cursor.checked_sub(1).map_or(Event::Refused, |cursor| self.go(cursor))
    }

    fn right(&mut self) -> Event {
        if self.cursor < self.line.len() { self.go(self.cursor.saturating_add(1)) } else { Event::Refused }
    }

    fn insert(&mut self, byte: u8) -> Event {
        match self.line.insert(self.cursor, byte) {
            Ok(()) => self.go(self.cursor.saturating_add(1)),
            Err(_) => Event::Refused,
        }
    }

    /// Deletes a range of the line, in front of which the cursor stands afterwards.
    fn delete(&mut self, start: usize, end: usize) -> Event {
        let end = end.min(self.line.len());
        if start >= end {
            return Event::Refused;
        }
        self.line.copy_within(end.., start);
        self.line.truncate(self.line.len().saturating_sub(end.saturating_sub(start)));
        self.go(start)
    }

    fn word_start(&self) -> usize {
        let before = self.line.get(..self.cursor).unwrap_or_default();
        let word = before.iter().rposition(|byte| *byte != b' ').unwrap_or(0);
        let space = before.get(..word).unwrap_or_default().iter().rposition(|byte| *byte == b' ');
        space.map_or(0, |space| space.saturating_add(1))
    }

    fn newer(&mut self) -> Event {
        self.back.checked_sub(1).map_or(Event::Refused, |back| self.recall(back))
    }

    /// Puts the line that was entered `back` lines ago on the screen, 0 for the new one.
    fn recall(&mut self, back: usize) -> Event {
        let line = match self.history.len().checked_sub(back) {
            None => return Event::Refused,
            Some(_) if back == 0 => self.draft.clone(),
            Some(index) => match self.history.iter().nth(index) {
                Some(line) => line.clone(),
                None => return Event::Refused,
            },
        };
        if self.back == 0 {
            self.draft = self.line.clone();
        }
        (self.line, self.back) = (line, back);
        self.go(self.line.len())
    }
}
