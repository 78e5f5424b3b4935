// SPDX-License-Identifier: BSD-2-Clause
//! What carries a console: the secure UART, or any other line of bytes.

/// A line to an operator. Nothing here blocks but [`ByteStream::wait`].
pub trait ByteStream {
    /// Takes bytes that have come; 0 when there are none now.
    fn read(&mut self, out: &mut [u8]) -> usize;

    /// Sends text of a command, lines ending with `\n`. Gives how many bytes were taken; 0 when there is no room now.
    fn write(&mut self, text: &[u8]) -> usize;

    /// Shows the line that is being typed, prompt and cursor included; what else is printed comes above it.
    fn show(&mut self, line: &[u8]);

    /// The line that was typed is complete; it stays where it is.
    fn end_line(&mut self);

    /// Tells the operator that a key has no meaning.
    fn alert(&mut self);

    /// The operator has left: nothing is shown until there is a key again.
    fn rest(&mut self);

    /// Waits until bytes have come or there is room again; may return early.
    fn wait(&mut self);
}

/// Sends all of a text.
pub fn write_all(stream: &mut impl ByteStream, text: &[u8]) {
    let mut left = text;
    while !left.is_empty() {
        match stream.write(left) {
            0 => stream.wait(),
            sent => left = left.get(sent..).unwrap_or_default(),
        }
    }
}
