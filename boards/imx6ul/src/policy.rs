// SPDX-License-Identifier: BSD-2-Clause
//! What a board gives its normal world; everything else is locked away from it (`drivers::imx6::lockdown`).

use crate::arguments::{Arguments, OPEN_FIRST};
use crate::description::{Description, Port};
use crate::map;
use drivers::imx6::ccm::Usdhc;
use drivers::imx6::csu::{Access, Slot};
use drivers::imx6::lockdown::Policy;
use drivers::imx6::part::Part;
use drivers::imx6::table::{self, Table};
use drivers::imx6::tzasc::Window;
use drivers::imx6::wdog::Times;

/// RAM that no window may touch.
pub const SECURE: [(u32, u32); 1] = [(map::SECURE_RAM, map::SECURE_RAM_SIZE)];

/// The trusted watchdog, where no word says otherwise: reset 10 s after the last service, warning 2 s before.
pub const WATCHDOG: Times = match Times::new(10, 2) {
    Some(times) => times,
    None => panic!("these times are possible"),
};

/// The windows of the normal world.
pub const WINDOWS: [Window; 4] = {
    let [a, b, c, d] = map::NORMAL_WINDOWS;
    [window(a), window(b), window(c), window(d)]
};

const fn window((base, size): (u32, u32)) -> Window {
    match Window::new(base, size) {
        Some(window) => window,
        None => panic!("a window is as aligned as it is large"),
    }
}

/// The UART that the normal world prints on.
#[must_use]
pub fn normal_console(board: &Description, arguments: Arguments<'_>) -> Port {
    if arguments.has("shared-console") { board.console } else { board.normal_console }
}

fn card(board: &Description) -> Slot {
    match board.card {
        Usdhc::First => table::USDHC1,
        Usdhc::Second => table::USDHC2,
    }
}

/// The policy of a board.
#[must_use]
pub fn policy(board: &Description, part: Part, arguments: Arguments<'_>) -> Policy<'static> {
    let table = Table::DENY.grant(normal_console(board, arguments).slot, Access::NormalPrivileged, "console of the normal world").grant(
        card(board),
        Access::NormalPrivileged,
        "the card with the files of the normal world",
    );
    Policy { part, table, windows: &WINDOWS, secure: &SECURE, watchdog: arguments.watchdog().unwrap_or(WATCHDOG), lends: false }
}

/// Whether the DCP is lent to the normal world until the console's demonstration takes it back ([`drivers::imx6::passes`]): where the
/// image says so by `open-first`, was built to debug with, and is not made for a product.
#[must_use]
pub fn lends(part: Part, arguments: Arguments<'_>, debug: bool, product: bool) -> bool {
    arguments.has(OPEN_FIRST) && debug && !product && part.has_dcp()
}

#[cfg(test)]
mod tests {
    use super::{lends, policy};
    use crate::arguments::Arguments;
    use crate::description;
    use alloc::vec::Vec;
    use drivers::imx6::part::Part;

    #[test]
    fn the_dcp_is_lent_by_images_to_debug_with_that_say_so_alone() {
        let open = Arguments::new("idle open-first");
        assert!(lends(Part::Ull, open, true, false) && lends(Part::Ulz, open, true, false));
        for (part, words, debug, product) in [
            (Part::Ul, open, true, false),
            (Part::Ulz, Arguments::new("idle"), true, false),
            (Part::Ulz, open, false, false),
            (Part::Ulz, open, true, true),
        ] {
            assert!(!lends(part, words, debug, product));
        }
    }

    #[test]
    fn a_board_opens_two_slots_and_none_that_may_not_be() {
        for board in description::ALL {
            for words in ["", "shared-console"] {
                let policy = policy(board, Part::Ull, Arguments::new(words));
                let open: Vec<_> = policy.table.rows().iter().filter(|row| row.access.opens()).collect();
                assert_eq!(open.len(), 2, "{} {words}", board.name);
                assert!(open.iter().all(|row| !row.never));
                let console = open.iter().any(|row| row.slot == board.console.slot);
                assert_eq!(console, words == "shared-console", "{}", board.name);
            }
        }
    }
}
