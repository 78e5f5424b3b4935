// SPDX-License-Identifier: BSD-2-Clause
//! `evil-supplicant BEHAVIOUR`: serves the TEE of this system in place of the supplicant.

#![forbid(unsafe_code)]

use evil_supplicant::{Behaviour, READY, serve};
use std::path::PathBuf;
use std::process::ExitCode;
use tee_client::transport::linux::Device;
use utee_abi::linux::SUPPLICANT_NODE;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("evil-supplicant: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let behaviour: Behaviour = std::env::args().nth(1).ok_or("which behaviour?")?.parse()?;
    let node = PathBuf::from(format!("{SUPPLICANT_NODE}0"));
    let device = Device::open(&node).map_err(|error| format!("{}: {error}", node.display()))?;
    println!("{READY}");
    serve(&device, behaviour)
}
