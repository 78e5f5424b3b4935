// SPDX-License-Identifier: BSD-2-Clause
//! Makes the header of the TA from `ta.toml`.

fn main() {
    #[cfg(feature = "ta")]
    utee_build::build();
}
