// SPDX-License-Identifier: BSD-2-Clause
//! How cargo compiles a TA: what `ta-examples/.cargo/config.toml` says, for tools that call cargo on a folder without one.

/// Target of 32-bit Rust TAs. Its prebuilt `core` is position-independent, which a TA has to be.
pub const TARGET: &str = "armv7-unknown-linux-gnueabihf";

/// Target of 64-bit Rust TAs, for the same reason.
pub const TARGET_A64: &str = "aarch64-unknown-linux-gnu";

/// The linker, which comes with the compiler.
pub const LINKER: &str = "rust-lld";

/// Options of the compiler. Frame pointers are what back-traces follow.
pub const RUSTFLAGS: &str = "-Cpanic=abort -Cforce-frame-pointers=yes -Ctarget-cpu=cortex-a7";

/// Options of the compiler for 64-bit TAs. The target is that of some development machines as well, so that code for TAs goes
/// by a name of its own there.
pub const RUSTFLAGS_A64: &str = "-Cpanic=abort -Cforce-frame-pointers=yes --cfg=oxtee_ta";

/// Environment of a cargo that builds a TA for one of the two targets.
#[must_use]
pub fn environment_of(target: &'static str) -> [(&'static str, &'static str); 3] {
    if target == TARGET_A64 {
        return [
            ("CARGO_BUILD_TARGET", TARGET_A64),
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER),
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS", RUSTFLAGS_A64),
        ];
    }
    environment()
}

/// Environment of a cargo that builds a 32-bit TA.
#[must_use]
pub fn environment() -> [(&'static str, &'static str); 3] {
    [
        ("CARGO_BUILD_TARGET", TARGET),
        ("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER", LINKER),
        ("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUSTFLAGS", RUSTFLAGS),
    ]
}
