// SPDX-License-Identifier: BSD-2-Clause
//! Last words of the kernel: what stopped it, then the machine is switched off. Registers are printed, memory is not.

use crate::machine::Board;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};
use tee_arch::vectors::Fault;

struct Console<'b, B: Board>(&'b B);

impl<B: Board> Write for Console<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.console(text.as_bytes());
        Ok(())
    }
}

static STOPPING: AtomicBool = AtomicBool::new(false);

/// Prints a message and stops; a second CPU or a fault on the way just stops.
pub fn stop<B: Board>(board: &B, message: fmt::Arguments<'_>) -> ! {
    if !STOPPING.swap(true, Ordering::SeqCst) {
        let mut console = Console(board);
        // Nothing can be done about a console that does not take it.
        let _ = writeln!(console, "E core: PANIC {message}");
    }
    board.system_off()
}

/// Prints a fault of the kernel and stops.
pub fn fault<B: Board>(board: &B, fault: &Fault) -> ! {
    stop(board, format_args!("{fault}"))
}
