// SPDX-License-Identifier: BSD-2-Clause
//! Crash dumps of TAs with functions and lines. The form of a dump is the core's (`ta::dump`).

use addr2line::Loader;
use std::collections::HashMap;
use std::path::PathBuf;

/// Frames that are looked for on the stack at most.
const FRAMES: usize = 12;

/// Turns dumps into backtraces.
pub(crate) struct Symbols {
    dir: PathBuf,
    monitor: PathBuf,
    /// The monitor's symbols, once they were asked for.
    kernel: Option<Loader>,
    dump: Option<Dump>,
}

#[derive(Debug, Default)]
struct Dump {
    /// UUIDs and load addresses of the TA and its libraries.
    modules: Vec<(String, u64)>,
    registers: HashMap<String, u64>,
    code: Vec<(u64, u64)>,
    stack: Vec<(u64, u64)>,
    /// Bytes of a word of the stack.
    word: u64,
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or(0)
}

impl Symbols {
    /// ELF files of TAs are in `dir`, named by UUID.
    pub(crate) fn new(dir: PathBuf, monitor: PathBuf) -> Self {
        Self { dir, monitor, kernel: None, dump: None }
    }

    /// Takes a line of the secure console; gives the lines of a backtrace when it ends a dump.
    pub(crate) fn line(&mut self, line: &str) -> Vec<String> {
        if let Some(rest) = line.split_once("PANIC ").map(|(_, rest)| rest) {
            return self.panic(rest);
        }
        if let Some(text) = line.strip_prefix('#') {
            return self.return_address(text).into_iter().collect();
        }
        let Some(rest) = line.strip_prefix("dump: ") else { return Vec::new() };
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (words.as_slice(), &mut self.dump) {
            (["ta", uuid, "load", base, ..], _) => {
                self.dump = Some(Dump { modules: vec![((*uuid).into(), hex(base))], ..Dump::default() });
            }
            (["lib", uuid, "load", base], Some(dump)) => dump.modules.push(((*uuid).into(), hex(base))),
            (["reg", name, value], Some(dump)) => {
                dump.registers.insert((*name).into(), hex(value));
            }
            (["map", first, end, "r-x", ..], Some(dump)) => dump.code.push((hex(first), hex(end))),
            (["stack", address, words @ ..], Some(dump)) => {
                let start = hex(address);
                dump.word = words.first().map_or(4, |word| word.len() as u64 / 2);
                let size = dump.word;
                let values = words.iter().enumerate().map(|(index, word)| (start + size * index as u64, hex(word)));
                dump.stack.extend(values);
            }
            (["end"], Some(_)) => {
                let dump = self.dump.take().unwrap_or_default();
                return self.backtrace(&dump);
            }
            _ => {}
        }
        Vec::new()
    }

    /// The program counter in a panic of the kernel.
    fn panic(&mut self, text: &str) -> Vec<String> {
        let pc = text.split("pc 0x").nth(1).and_then(|rest| rest.split_whitespace().next()).map(hex);
        let loader = self.kernel();
        pc.zip(loader).map(|(pc, loader)| format!("kernel at {}", place(loader, pc))).into_iter().collect()
    }

    /// A return address on the stack of a secure thread, as the console prints it: number and address.
    fn return_address(&mut self, text: &str) -> Option<String> {
        let (number, address) = text.split_once(" 0x")?;
        let (_, address) = (number.parse::<u32>().ok()?, u64::from_str_radix(address, 16).ok()?);
        // A return address is past the call: one byte back is still in it.
        self.kernel().map(|loader| format!("#{text} {}", place(loader, address.saturating_sub(1))))
    }

    fn kernel(&mut self) -> Option<&Loader> {
        if self.kernel.is_none() {
            self.kernel = Loader::new(&self.monitor).ok();
        }
        self.kernel.as_ref()
    }

    fn backtrace(&self, dump: &Dump) -> Vec<String> {
        let files: Vec<(u64, Result<Loader, String>)> = dump
            .modules
            .iter()
            .map(|(uuid, base)| {
                let missing = || format!("no symbols: {uuid}.elf is not in {}", self.dir.display());
                (*base, Loader::new(self.dir.join(format!("{uuid}.elf"))).map_err(|_| missing()))
            })
            .collect();
        let place = |address: u64, back: u64| match files.iter().filter(|(base, _)| *base <= address).max_by_key(|(base, _)| *base) {
            Some((base, Ok(loader))) => place(loader, offset(address, *base, back)),
            Some((_, Err(missing))) => missing.clone(),
            None => "?".into(),
        };
        let in_code = |address: u64| dump.code.iter().any(|(first, end)| (*first..*end).contains(&address));
        let register = |name: &str| dump.registers.get(name).copied().unwrap_or(0);
        let mut lines = Vec::new();
        let pc = register("pc");
        if in_code(pc) {
            lines.push(format!("#0 {:#010x} {}", pc, place(pc, 0)));
        } else {
            lines.push(format!("#0 {pc:#010x} outside the TA's code"));
        }
        let (frames, how) = walk(dump, &in_code);
        for address in frames.into_iter().take(FRAMES) {
            // A return address is past the call: one byte back is still in it.
            let text = place(address, 1);
            lines.push(format!("#{} {:#010x} {text}{how}", lines.len(), address));
        }
        lines
    }
}

/// Where an address lies in a module, `back` bytes before it; what points at the first byte follows no call.
fn offset(address: u64, base: u64, back: u64) -> u64 {
    address.saturating_sub(base).saturating_sub(back)
}

/// Return addresses: by the chain of frame pointers, or, where there is none, whatever on the stack points into code.
fn walk(dump: &Dump, in_code: &impl Fn(u64) -> bool) -> (Vec<u64>, &'static str) {
    let stack: HashMap<u64, u64> = dump.stack.iter().copied().collect();
    let register = |narrow: &str, wide: &str| dump.registers.get(wide).or_else(|| dump.registers.get(narrow)).copied();
    // A 64-bit TA signs return addresses; it lies below 4 GiB.
    let bare = |value: u64| if dump.word == 8 && value >> 55 & 1 == 0 { value & u64::from(u32::MAX) } else { value };
    let word = |address: u64| stack.get(&address).copied().map(bare);
    // Bit 0 of an address of A32 says Thumb; it is never set in one of A64.
    let mut frames = Vec::new();
    let mut fp = register("r11", "x29").unwrap_or(0);
    while frames.len() < FRAMES {
        let (Some(next), Some(back)) = (word(fp), word(fp + dump.word)) else { break };
        if !in_code(back & !1) {
            break;
        }
        frames.push(back & !1);
        if next <= fp {
            break;
        }
        fp = next;
    }
    if !frames.is_empty() {
        return (frames, "");
    }
    let lr = register("lr", "x30");
    let scanned = lr.into_iter().chain(dump.stack.iter().map(|(_, word)| *word)).map(|address| bare(address) & !1);
    (scanned.filter(|address| in_code(*address)).collect(), " (found on the stack, may be stale)")
}

/// Function, file and line of an address of an ELF file.
fn place(loader: &Loader, address: u64) -> String {
    let function =
        loader.find_symbol(address).map_or_else(|| "?".to_string(), |name| addr2line::demangle_auto(name.into(), None).into_owned());
    match loader.find_location(address) {
        Ok(Some(location)) => {
            let file = location.file.unwrap_or("?");
            format!("{function} at {file}:{}", location.line.unwrap_or(0))
        }
        _ => function,
    }
}

#[cfg(test)]
mod tests {
    use super::{Dump, offset, walk};

    #[test]
    fn words_that_point_at_the_start_of_a_module_are_no_calls() {
        assert_eq!((offset(0x1000, 0x1000, 1), offset(0x1001, 0x1000, 1), offset(0x1234, 0x1000, 0)), (0, 0, 0x234));
    }

    #[test]
    fn frames_follow_the_chain_and_end_with_it() {
        let mut dump = Dump { code: vec![(0x1000, 0x2000)], word: 4, ..Dump::default() };
        dump.registers.insert("r11".into(), 0x8000);
        dump.stack = vec![(0x8000, 0x8010), (0x8004, 0x1234), (0x8010, 0), (0x8014, 0x1500)];
        let in_code = |address| (0x1000..0x2000).contains(&address);
        assert_eq!(walk(&dump, &in_code), (vec![0x1234, 0x1500], ""));
        dump.registers.insert("r11".into(), 0);
        assert_eq!(walk(&dump, &in_code).0, vec![0x1234, 0x1500]);
        dump.registers.insert("x29".into(), 0x8000);
        dump.stack = vec![(0x8000, 0x8020), (0x8008, 0x1238), (0x8020, 0), (0x8028, 0x1504)];
        dump.word = 8;
        assert_eq!(walk(&dump, &in_code), (vec![0x1238, 0x1504], ""));
        // Signed ones, by the chain and without it.
        dump.stack = vec![(0x8000, 0x8020), (0x8008, 0x2a55_1234_0000_1238), (0x8020, 0), (0x8028, 0x0012_0001_0000_1504)];
        assert_eq!(walk(&dump, &in_code), (vec![0x1238, 0x1504], ""));
        dump.registers.insert("x29".into(), 0);
        assert_eq!(walk(&dump, &in_code).0, vec![0x1238, 0x1504]);
    }
}
