// SPDX-License-Identifier: BSD-2-Clause
//! Names the library as programs ask for it, and compiles the one function that takes a variable number of arguments.

fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libteec.so.2");
    println!("cargo::rerun-if-changed=src/trace.c");
    cc::Build::new().file("src/trace.c").warnings(true).extra_warnings(true).compile("teec_trace");
}
