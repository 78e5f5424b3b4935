// SPDX-License-Identifier: BSD-2-Clause
//! One call of any TA, as the command line says: `ta=<uuid> cmd=<n> p0=value-inout:1,2 p1=memref-in:<file>
//! p2=memref-out:<size> p3=null-inout`.

use crate::cmdline::{self, Options};
use crate::println;
use crate::tee::{self, Line};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use tee_client::{Direction, Memref, Operation, Param, Uuid};

/// A parameter as it was asked for.
enum Wanted {
    None,
    Value(Direction, u32, u32),
    Null(Direction),
    Memory(Direction, Vec<u8>),
}

/// Runs it; gives the number of failures.
pub(crate) fn run(options: &Options) -> u32 {
    match perform(options) {
        Ok(()) => {
            println!("call: ok");
            0
        }
        Err(error) => {
            println!("call: FAILED: {error}");
            1
        }
    }
}

fn number(text: &str) -> Result<u32, String> {
    let parsed = text.strip_prefix("0x").map_or_else(|| text.parse(), |hex| u32::from_str_radix(hex, 16));
    parsed.map_err(|_| format!("{text} is no number"))
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    let direction = match kind.rsplit('-').next() {
        Some("in") => Direction::Input,
        Some("out") => Direction::Output,
        Some("inout") => Direction::Inout,
        _ => return Err(format!("{text} is no parameter")),
    };
    if kind.starts_with("value") {
        let (a, b) = rest.split_once(',').unwrap_or((rest, "0"));
        let [a, b] = [a, b].map(|text| if text.is_empty() { Ok(0) } else { number(text) });
        return Ok(Wanted::Value(direction, a?, b?));
    }
    if kind.starts_with("null") {
        return Ok(Wanted::Null(direction));
    }
    if !kind.starts_with("memref") {
        return Err(format!("{text} is no parameter"));
    }
    if direction == Direction::Output {
        return Ok(Wanted::Memory(direction, alloc::vec![0; number(rest)? as usize]));
    }
    let bytes = cmdline::file(rest).ok_or_else(|| format!("no file {rest}"))?;
    Ok(Wanted::Memory(direction, bytes))
}

fn perform(options: &Options) -> Result<(), String> {
    let uuid: Uuid = options.value("ta").ok_or("no ta=")?.parse().map_err(|_| "ta= is no UUID".to_string())?;
    let command = number(options.value("cmd").unwrap_or("0"))?;
    let mut asked = Vec::new();
    for key in ["p0", "p1", "p2", "p3"] {
        asked.push(options.value(key).map_or(Ok(Wanted::None), wanted)?);
    }
    let mut params = asked.iter_mut().map(|wanted| match wanted {
        Wanted::None => Param::None,
        Wanted::Value(direction, a, b) => Param::Value { direction: *direction, a: *a, b: *b },
        Wanted::Null(direction) => Param::null(*direction),
        Wanted::Memory(Direction::Input, bytes) => Param::input(bytes),
        Wanted::Memory(Direction::Output, bytes) => Param::output(bytes),
        Wanted::Memory(Direction::Inout, bytes) => Param::inout(bytes),
    });
    let mut operation = Operation::new(core::array::from_fn(|_| params.next().unwrap_or(Param::None)));
    drop(params);
    let session = tee::tee()?.open_public(uuid).map_err(|error| format!("open {uuid}: {error}"))?;
    let result = session.invoke(command, &mut operation).map_err(|error| format!("command {command}: {error}"));
    for (index, param) in operation.params().iter().enumerate() {
        show(index, param);
    }
    result
}

fn show(index: usize, param: &Param<'_, Line>) {
    match param {
        Param::Value { direction, a, b } if direction.is_output() => println!("p{index}: {a:#x} {b:#x} ({a} {b})"),
        Param::Memory { direction, memref: Memref::Temporary(data), size } if direction.is_output() => {
            println!("p{index}: {size} bytes");
            let data = data.bytes();
            for (line, bytes) in data.get(..(*size).min(data.len())).unwrap_or_default().chunks(16).enumerate() {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
                let text: String = bytes.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
                println!("p{index}: {:08x} {hex:48} {text}", line * 16);
            }
        }
        _ => {}
    }
}
