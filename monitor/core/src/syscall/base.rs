// SPDX-License-Identifier: BSD-2-Clause
//! Log output of a TA.

use super::Env;
use crate::banner::print;
use crate::ports::{PAGE_SIZE, Platform};
use core::fmt::Write;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;

/// Bytes that one log call prints at most; the rest is dropped.
const MAX_LOG: u64 = PAGE_SIZE as u64;

/// Longest line; a longer one is broken.
const LINE: usize = 192;

/// Prints text to the secure console, each line marked with the TA's UUID. Bad pointers are ignored, as the ABI says.
///
/// # Errors
/// None.
pub fn log<P: Platform>(env: &Env<'_, '_, P>, text: Option<UserSlice>) -> Result<(), TeeError> {
    let Some(text) = text else { return Ok(()) };
    let mut line = TaLine::new(env);
    let end = text.end().min(text.addr().saturating_add(MAX_LOG));
    let mut address = text.addr();
    while address < end {
        let mut bytes = [0u8; 64];
        let len = end.saturating_sub(address).min(bytes.len() as u64);
        let part = usize::try_from(len).ok().and_then(|len| bytes.get_mut(..len));
        let (Some(part), Some(slice)) = (part, UserSlice::new(address, len)) else { break };
        if env.read_any(slice, part).is_err() {
            break;
        }
        for byte in part.iter() {
            line.push(*byte);
        }
        address = address.saturating_add(len);
    }
    line.flush();
    Ok(())
}

struct TaLine<'e, P: Platform> {
    platform: &'e P,
    text: heapless::String<{ LINE + 64 }>,
    start: usize,
}

impl<'e, P: Platform> TaLine<'e, P> {
    fn new(env: &'e Env<'_, '_, P>) -> Self {
        let mut text = heapless::String::new();
        // The prefix is shorter than the buffer.
        let _ = write!(text, "[ta {}] ", env.instance.uuid);
        let start = text.len();
        Self { platform: env.call.platform(), text, start }
    }

    /// Takes one byte; what a terminal could take for a command is shown as a dot.
    fn push(&mut self, byte: u8) {
        match byte {
            b'\n' => self.flush(),
            b'\r' => {}
            b'\t' | b' '..=b'~' => self.put(char::from(byte)),
            _ => self.put('.'),
        }
    }

    fn put(&mut self, character: char) {
        if self.text.len() >= self.start.saturating_add(LINE) {
            self.flush();
        }
        let _ = self.text.push(character);
    }

    fn flush(&mut self) {
        if self.text.len() > self.start {
            let _ = self.text.push('\n');
            print(self.platform, self.text.as_bytes());
            self.text.truncate(self.start);
        }
    }
}
