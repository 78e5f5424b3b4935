// SPDX-License-Identifier: BSD-2-Clause
//! Numbers that only the TEE Client API has (GlobalPlatform TEE Client API 1.0, section 4.4).

macro_rules! client {
    ($($name:ident = $value:literal;)*) => {
        $(
            #[doc = concat!("TEEC_", stringify!($name))]
            pub const $name: u32 = $value;
        )*

        /// Names with `TEEC_` and values.
        pub const ALL: &[(&str, u32)] = &[$((concat!("TEEC_", stringify!($name)), $name)),*];
    };
}

client! {
    MEMREF_WHOLE = 0xC;
    MEMREF_PARTIAL_INPUT = 0xD;
    MEMREF_PARTIAL_OUTPUT = 0xE;
    MEMREF_PARTIAL_INOUT = 0xF;
    MEM_INPUT = 1;
    MEM_OUTPUT = 2;
}
