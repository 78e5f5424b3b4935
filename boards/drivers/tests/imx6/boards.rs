// SPDX-License-Identifier: BSD-2-Clause
//! The boards' own policies, unmodified, on the model: what is listed here, apart from them, and no more is the normal world's.

use super::attack::{Listed, faults_at_the_end, faults_on_the_way};
use super::model::{Chip, Mutation, State};
use drivers::imx6::audit::audit;
use drivers::imx6::lockdown::lock_down;
use drivers::imx6::part::Part;
use imx6ul::arguments::Arguments;
use imx6ul::description::{Description, MCIMX6ULL_EVK, USB_ARMORY_MK2};
use imx6ul::policy::policy;

/// All of the RAM but 32 MB from 0x90000000 on.
pub(crate) const MEMORY: &[(u32, u32)] =
    &[(0x8000_0000, 256 << 20), (0x9200_0000, 32 << 20), (0x9400_0000, 64 << 20), (0x9800_0000, 128 << 20)];
/// Slots of the card controller and of the two UARTs.
pub(crate) const USDHC1: (usize, u32) = (9, 1);
pub(crate) const UART1: (usize, u32) = (21, 0);
pub(crate) const UART2: (usize, u32) = (30, 0);

fn attack(board: &Description, part: Part, words: &str, slots: &'static [(usize, u32)]) {
    let chip = Chip::new(State::open(), Mutation::None);
    let policy = policy(board, part, Arguments::new(words));
    assert_eq!(lock_down(&chip, &policy), Ok(()), "{}", board.name);
    let listed = Listed { memory: MEMORY, slots };
    assert_eq!(faults_at_the_end(&chip.state(), &listed), Vec::<String>::new(), "{} {words}", board.name);
    assert_eq!(faults_on_the_way(&chip.history(), &listed), Vec::<String>::new(), "{} {words}", board.name);
    assert_eq!(audit(&chip, &policy, |_| ()), 0, "{} {words}", board.name);
}

#[test]
fn the_usb_armory_gives_a_card_and_the_uart_of_its_radio() {
    for part in [Part::Ul, Part::Ull, Part::Ulz] {
        attack(&USB_ARMORY_MK2, part, "", &[USDHC1, UART1]);
    }
}

#[test]
fn the_evk_gives_a_card_and_the_uart_of_its_base_board() {
    attack(&MCIMX6ULL_EVK, Part::Ull, "watchdog=4,1", &[USDHC1, UART2]);
}

#[test]
fn a_shared_console_is_given_and_the_other_uart_is_not() {
    attack(&USB_ARMORY_MK2, Part::Ulz, "shared-console", &[USDHC1, UART2]);
    attack(&MCIMX6ULL_EVK, Part::Ull, "shared-console", &[USDHC1, UART1]);
}
