// SPDX-License-Identifier: BSD-2-Clause
//! `utee-build FOLDER`: prints the `user_ta_header_defines.h` of the C TA in a folder, for the make and CMake kits.

use std::env::args_os;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = args_os().skip(1);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: utee-build FOLDER");
        return ExitCode::from(2);
    };
    match utee_build::Ta::load(Path::new(&folder)) {
        Ok(ta) => {
            print!("{}", utee_build::c_header::source(&ta));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("utee-build: {error}");
            ExitCode::FAILURE
        }
    }
}
