// SPDX-License-Identifier: BSD-2-Clause
//! Words of the boot archive that are for the secure world; the normal world gets all of them.
//!
//! `watchdog=TIMEOUT,WARNING`: seconds of the trusted watchdog; `watchdog-trace`: a line at each service; `watchdog-stop`: it is not
//! serviced, so that it bites; `shared-console`: the normal world prints on the secure world's UART, which it can then also misuse;
//! `no-aslr`: TAs are not loaded at random addresses; `keep-unique-key`: the block with the key of the chip is not sealed once the
//! hardware-unique key is taken; [`OPEN_FIRST`]: the normal world has the DCP until the console's demonstration takes it back, in images
//! that are built to debug with.

use drivers::imx6::wdog::Times;

/// The word of images whose demonstration has two passes: [`crate::policy::lends`].
pub const OPEN_FIRST: &str = "open-first";

/// The words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments<'a> {
    text: &'a str,
}

impl<'a> Arguments<'a> {
    /// The words of a text.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// All of it.
    #[must_use]
    pub const fn text(self) -> &'a str {
        self.text
    }

    /// True when the word is there.
    #[must_use]
    pub fn has(self, word: &str) -> bool {
        self.text.split_ascii_whitespace().any(|other| other == word)
    }

    fn value(self, key: &str) -> Option<&'a str> {
        self.text.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    /// Seconds of the trusted watchdog, when they are given and possible.
    #[must_use]
    pub fn watchdog(self) -> Option<Times> {
        let (timeout, warning) = self.value("watchdog")?.split_once(',')?;
        Times::new(timeout.parse().ok()?, warning.parse().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use drivers::imx6::wdog::Times;

    #[test]
    fn words_and_times_are_found() {
        let arguments = Arguments::new("demo watchdog=4,1  no-aslr");
        assert!(arguments.has("demo") && arguments.has("no-aslr") && !arguments.has("watchdog"));
        assert_eq!(arguments.watchdog(), Times::new(4, 1));
        assert_eq!(Arguments::new("watchdog=1,1").watchdog(), None);
        assert_eq!(Arguments::new("watchdog=x").watchdog(), None);
    }
}
