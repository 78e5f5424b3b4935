// SPDX-License-Identifier: BSD-2-Clause
//! What the TEE and its TAs logged, where the TEE keeps it for the normal world: on a board without Linux this kernel fetches it.

use crate::println;
use crate::tee::{Tee, invoke};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use tee_client::{Param, TeeError};
use utee_abi::pta::log::{Command, UUID};

/// Bytes that are fetched at a time.
const CHUNK: usize = 1024;
/// Bytes at most, should it grow faster than it is fetched.
const MOST: usize = 64 << 10;
/// In the first line of every boot.
const BANNER: &str = "I core: Oxtee ";

/// Fetches all of it that is kept.
fn fetch(tee: &Tee) -> Result<Option<Vec<u8>>, tee_client::Error> {
    let session = match tee.open_public(UUID) {
        Err(error) if error.code == TeeError::ITEM_NOT_FOUND => return Ok(None),
        session => session?,
    };
    let (mut all, mut from) = (Vec::new(), (0, 0));
    while all.len() < MOST {
        let mut chunk = [0; CHUNK];
        let (size, next) = {
            let params = [Param::value_inout(from.0, from.1), Param::output(&mut chunk), Param::value_output()];
            let done = invoke(&session, Command::Read.into(), params)?;
            (done.size(1), done.value(0))
        };
        if size == 0 {
            break;
        }
        all.extend_from_slice(chunk.get(..size).unwrap_or_default());
        from = next;
    }
    Ok(Some(all))
}

/// Fetches it, and says how long it is.
pub(crate) fn demonstrate(tee: &Tee) -> Result<(), String> {
    let Some(all) = fetch(tee).map_err(|error| error.to_string())? else {
        println!("  this TEE keeps no log for the normal world");
        return Ok(());
    };
    let text = String::from_utf8_lossy(&all);
    println!("  the TEE's log has {} lines so far", text.lines().count());
    // Longer ago than it keeps, the banner is gone.
    if text.contains(BANNER) || all.len() > 8 * CHUNK { Ok(()) } else { Err("it does not begin with the boot".to_string()) }
}
