// SPDX-License-Identifier: BSD-2-Clause
//! Lines on the secure console: the log macro and the boot banner.

use crate::Tee;
use crate::crypto::huk;
use crate::ports::{EntropyKind, KeyState, Platform};
use crate::storage::Place;
use core::fmt::{self, Write};

/// Longest line of the TEE itself; the rest is cut.
const LINE: usize = 256;

/// A line that is built in place, so that it reaches the console in one piece.
struct Line {
    text: heapless::String<LINE>,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.text.push(character).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Prints text of a TA or of the TEE: to the secure console, and into the journal for the normal world.
pub fn print<P: Platform>(platform: &P, text: &[u8]) {
    platform.screen().print(|bytes| platform.console(bytes), text);
    platform.journal().write(text);
}

/// Prints one line of the TEE; what [`crate::log!`] calls.
pub fn print_line<P: Platform>(platform: &P, args: fmt::Arguments<'_>) {
    print(platform, line(args).text.as_bytes());
}

/// Writes one line of the TEE to the secure console alone; what [`crate::log_secret!`] calls.
pub fn print_secret_line<P: Platform>(platform: &P, args: fmt::Arguments<'_>) {
    let line = line(args);
    platform.screen().print(|bytes| platform.console(bytes), line.text.as_bytes());
}

fn line(args: fmt::Arguments<'_>) -> Line {
    let mut line = Line { text: heapless::String::new() };
    // Writing to a Line cannot fail.
    let _ = line.write_fmt(args);
    if line.text.len() == LINE {
        line.text.pop();
    }
    let _ = line.text.push('\n');
    line
}

/// Writes one formatted line to the secure console of a platform, and into the journal that the normal world can read.
#[macro_export]
macro_rules! log {
    ($platform:expr, $($args:tt)*) => {
        $crate::banner::print_line($platform, ::core::format_args!($($args)*))
    };
}

/// Writes one formatted line to the secure console alone: for what may show a TA's secrets.
#[macro_export]
macro_rules! log_secret {
    ($platform:expr, $($args:tt)*) => {
        $crate::banner::print_secret_line($platform, ::core::format_args!($($args)*))
    };
}

impl<P: Platform> Tee<P> {
    /// Prints what booted: version, board, CPUs, memory map with rights, TAs at hand, where entropy comes from.
    pub fn banner(&self) {
        let platform = &self.platform;
        log!(platform, "I core: Oxtee {} on {}", env!("CARGO_PKG_VERSION"), platform.board());
        log!(platform, "I core: {} CPUs, {} secure threads", platform.cpus(), self.threads.count());
        for entry in platform.memory_map() {
            let end = entry.base.saturating_add(entry.len);
            log!(platform, "I core: {:010x}..{:010x} {} {}", entry.base, end, entry.rights, entry.name);
        }
        platform.guards(&mut |name| log!(platform, "I core: the CPU guards: {name}"));
        let ((heap, heap_size), (ta, ta_size)) = (platform.heap(), platform.ta_ram());
        let (heap, ta) = (heap_size.saturating_sub(heap), ta_size.saturating_sub(ta));
        log!(platform, "I core: in use: {heap} of {heap_size} bytes of heap, {ta} of {ta_size} bytes of TA memory");
        match platform.entropy_kind() {
            EntropyKind::Hardware(noise) => {
                let (name, millibits, bits) = (noise.name(), noise.millibits(), noise.width().saturating_mul(8));
                log!(platform, "I core: entropy: {name}, start-up test passed, {millibits}/1000 of a bit assumed in {bits}");
            }
            EntropyKind::StandIn(what) => log!(platform, "W core: entropy is a STAND-IN ({what}): no secret of this boot is safe"),
        }
        match platform.hardware_key().map(|key| key.state()) {
            Ok(KeyState::Device) => log!(platform, "I core: hardware key: of this device alone"),
            Ok(KeyState::Test(why)) => {
                log!(platform, "W core: hardware key is the TEST KEY of every such chip ({why}): nothing kept is safe")
            }
            Ok(KeyState::StandIn(what)) => log!(platform, "W core: hardware key is a STAND-IN ({what}): nothing kept is safe"),
            Err(error) => log!(platform, "E core: no hardware key ({error}): nothing can be kept"),
        }
        if huk::is_product(platform) {
            let usable = if huk::hardware(platform).is_ok() { "is used" } else { "is REFUSED" };
            log!(platform, "I core: made for a product: the hardware key {usable}");
        }
        match self.storage.private() {
            Some(Place::Files) => log!(platform, "I core: objects of TAs are files of the normal world, encrypted with the hardware key"),
            Some(Place::Memory) => log!(platform, "I core: objects of TAs are in memory, until the next reset"),
            None => log!(platform, "E core: objects of TAs are REFUSED, as no hardware key would protect them"),
        }
        let (tas, keys) = crate::ta::source::BootArchive::count_in(platform);
        log!(platform, "I core: boot image: {tas} TAs, {keys} root keys");
    }
}
