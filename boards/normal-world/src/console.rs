// SPDX-License-Identifier: BSD-2-Clause
//! Lines on this world's UART, each whole.

use crate::board::{board, tree};
use core::fmt::{self, Write};
use drivers::imx6::bus::Mmio;
use drivers::imx6::map::{self, Block};
use drivers::imx6::uart::Uart as ImxUart;
use drivers::pl011::Pl011;
use spin::{Mutex, Once};

static BUSY: Mutex<()> = Mutex::new(());

/// A UART.
#[derive(Clone, Copy)]
pub(crate) enum Port {
    /// A PL011 at an address.
    Pl011(u64),
    /// One of an i.MX6, which the secure world has set up: its clock and pins are out of reach.
    Imx(Block),
}

// SAFETY: used on an i.MX6 alone, whose devices are mapped where they are.
static CHIP: Mmio = unsafe { Mmio::new() };

static PORT: Once<Port> = Once::new();

fn pl011(base: u64) -> Pl011 {
    // SAFETY: this world's UART, mapped as device memory.
    unsafe { Pl011::new(base as usize) }
}

struct Uart;

impl Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match PORT.get().copied().unwrap_or(board().console) {
            Port::Pl011(base) => pl011(base).send(text.as_bytes()),
            Port::Imx(block) => ImxUart::new(&CHIP, block).send(text.as_bytes()),
        }
        Ok(())
    }
}

/// Finds the UART, by the device tree where that says which it is, and switches it on.
pub(crate) fn init() {
    let port = PORT.call_once(|| match board().console {
        Port::Imx(usual) => {
            let told = tree().and_then(|tree| tree.console());
            let known = [map::UART1, map::UART2, map::UART3, map::UART4, map::UART5];
            Port::Imx(known.into_iter().find(|block| Some(u64::from(block.base())) == told).unwrap_or(usual))
        }
        port @ Port::Pl011(_) => port,
    });
    if let Port::Pl011(base) = *port {
        pl011(base).init();
    }
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
