// SPDX-License-Identifier: BSD-2-Clause
//! Lines on this world's UART, each whole.

use core::fmt::{self, Write};
use drivers::pl011::Pl011;
use qemu_virt::map;
use spin::Mutex;

static BUSY: Mutex<()> = Mutex::new(());

fn uart() -> Pl011 {
    // SAFETY: this world's UART, mapped as device memory.
    unsafe { Pl011::new(map::UART_NORMAL as usize) }
}

struct Uart;

impl Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        uart().send(text.as_bytes());
        Ok(())
    }
}

/// Switches the UART on.
pub(crate) fn init() {
    uart().init();
}

/// Prints; what [`crate::println!`] calls.
pub(crate) fn print(args: fmt::Arguments<'_>) {
    let _whole = BUSY.lock();
    // The UART takes everything.
    let _ = Uart.write_fmt(args);
}

/// Prints, whoever is printing: last words.
pub(crate) fn print_unlocked(args: fmt::Arguments<'_>) {
    // The UART takes everything.
    let _ = Uart.write_fmt(args);
}

/// Prints a line.
#[macro_export]
macro_rules! println {
    ($($args:tt)*) => {
        $crate::console::print(::core::format_args!("{}\n", ::core::format_args!($($args)*)))
    };
}
