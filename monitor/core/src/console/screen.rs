// SPDX-License-Identifier: BSD-2-Clause
//! The secure UART as one screen for two: log lines, and the line that an operator types. Neither tears the other.
//!
//! Until somebody types, text goes out byte by byte as it is. From then on lines end with carriage return and line feed,
//! and a log line first takes the typed line away and then shows it again below.

use super::editor::SHOWN;
use heapless::Vec;
use lock_api::{Mutex, RawMutex};

/// Carriage return, and clear to the end of the line.
const CLEAR: &[u8] = b"\r\x1b[K";

/// What is on the last line of the screen.
struct State {
    /// Somebody has typed.
    active: bool,
    /// The line that is being typed; empty when none is.
    line: Vec<u8, SHOWN>,
    /// It stands on the screen.
    shown: bool,
}

/// The screen.
pub struct Screen<L: RawMutex> {
    state: Mutex<L, State>,
}

impl<L: RawMutex> Screen<L> {
    /// A screen that nobody has typed on.
    pub const fn new() -> Self {
        Self { state: Mutex::new(State { active: false, line: Vec::new(), shown: false }) }
    }

    /// Prints text in one piece; `out` sends bytes.
    pub fn print(&self, out: impl Fn(&[u8]), text: &[u8]) {
        let mut state = self.state.lock();
        if !state.active {
            return out(text);
        }
        if state.shown {
            out(CLEAR);
            state.shown = false;
        }
        for (index, part) in text.split(|byte| *byte == b'\n').enumerate() {
            if index != 0 {
                out(b"\r\n");
            }
            out(part);
        }
        // Text without an end of line goes on: the typed line comes back with that.
        if text.last() == Some(&b'\n') && !state.line.is_empty() {
            out(&state.line);
            state.shown = true;
        }
    }

    /// Shows the line that is being typed.
    pub fn show(&self, out: impl Fn(&[u8]), line: &[u8]) {
        let mut state = self.state.lock();
        state.active = true;
        let old = state.line.as_slice();
        // One more character at the end is all that most keys are.
        let added = if state.shown && !old.contains(&0x1B) { line.strip_prefix(old) } else { None };
        match added {
            Some(added) => out(added),
            None => {
                out(CLEAR);
                out(line);
            }
        }
        state.line.clear();
        // What a line may be fits; a longer one would come back cut.
        let _ = state.line.extend_from_slice(line.get(..SHOWN).unwrap_or(line));
        state.shown = true;
    }

    /// Ends the line that was being typed, which stays where it is.
    pub fn end_line(&self, out: impl Fn(&[u8])) {
        let mut state = self.state.lock();
        if state.shown {
            out(b"\r\n");
        }
        state.line.clear();
        state.shown = false;
    }

    /// Rings.
    pub fn alert(&self, out: impl Fn(&[u8])) {
        let _whole = self.state.lock();
        out(b"\x07");
    }

    /// Nobody types any more: text goes out as it is.
    pub fn rest(&self) {
        let mut state = self.state.lock();
        (state.active, state.shown) = (false, false);
        state.line.clear();
    }
}

impl<L: RawMutex> Default for Screen<L> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Screen;
    use core::cell::RefCell;
    use std::string::String;

    /// What two actions leave on the wire.
    fn wire(actions: impl Fn(&Screen<spin::Mutex<()>>, &dyn Fn(&[u8]))) -> String {
        let sent = RefCell::new(String::new());
        actions(&Screen::new(), &|bytes| sent.borrow_mut().push_str(core::str::from_utf8(bytes).unwrap()));
        sent.into_inner()
    }

    #[test]
    fn text_is_left_alone_until_somebody_types() {
        assert_eq!(wire(|screen, out| screen.print(out, b"a\nb\n")), "a\nb\n");
    }

    #[test]
    fn a_log_line_comes_above_what_is_typed() {
        let sent = wire(|screen, out| {
            screen.show(out, b"> m");
            screen.show(out, b"> md");
            screen.print(out, b"log\n");
            screen.show(out, b"> md\x1b[1D");
            screen.show(out, b"> mxd\x1b[1D");
        });
        assert_eq!(sent, "\r\x1b[K> md\r\x1b[Klog\r\n> md\x1b[1D\r\x1b[K> mxd\x1b[1D");
    }

    #[test]
    fn half_a_line_is_not_torn_by_the_prompt() {
        let sent = wire(|screen, out| {
            screen.show(out, b"> ");
            screen.print(out, b"half");
            screen.print(out, b" whole\n");
            screen.end_line(out);
            screen.rest();
            screen.print(out, b"as it is\n");
        });
        assert_eq!(sent, "\r\x1b[K> \r\x1b[Khalf whole\r\n> \r\nas it is\n");
    }
}
