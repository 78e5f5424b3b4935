// SPDX-License-Identifier: BSD-2-Clause
//! How cargo compiles a TA: what `ta-examples/.cargo/config.toml` says, for tools that call cargo on a folder without one.

/// Target of Rust TAs. Its prebuilt `core` is position-independent, which a TA has to be.
pub const TARGET: &str = "armv7-unknown-linux-gnueabihf";

/// The linker, which comes with the compiler.
pub const LINKER: &str = "rust-lld";

/// Options of the compiler. Frame pointers are what back-traces follow.
pub const RUSTFLAGS: &str = "-Cpanic=abort -Cforce-frame-pointers=yes -Ctarget-cpu=cortex-a7";

/// Environment of a cargo that builds a TA.
#[must_use]
pub fn environment() -> [(&'static str, &'static str); 3] {
    [
        ("CARGO_BUILD_TARGET", TARGET),
        ("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER", LINKER),
        ("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUSTFLAGS", RUSTFLAGS),
    ]
}
