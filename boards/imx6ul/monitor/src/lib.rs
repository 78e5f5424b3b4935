// SPDX-License-Identifier: BSD-2-Clause
//! The monitor on boards with an i.MX6UL, ULL or ULZ: entry code and platform. A board's image is a [`board!`] and no more.
#![no_std]
#![cfg(target_arch = "arm")]

mod access;
mod board;
mod devices;
mod emulated;
mod engine;
pub mod entry;
mod normal_world;
mod secrets;

/// Makes a boot image of a [`imx6ul::description::Description`].
#[macro_export]
macro_rules! board {
    ($description:expr) => {
        static DESCRIPTION: ::imx6ul::description::Description = $description;

        /// What the entry code calls once there are stacks and zeroed data.
        #[unsafe(no_mangle)]
        extern "C" fn board_main() -> ! {
            // SAFETY: the entry code calls this once, in the state that `start` wants.
            unsafe { $crate::entry::start(&DESCRIPTION) }
        }
    };
}
