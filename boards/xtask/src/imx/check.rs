// SPDX-License-Identifier: BSD-2-Clause
//! What can be said about an image without a board: each check by its name, with what was found.

use super::board::{BLOCK_SIZE, BLOCKS, Board, CLOCK_GATES, GPR9, OCRAM, is_mmdc};
use super::format::{BOOT_DATA, CSF_SIZE, DCD, DCD_MAX, IVT_OFFSET, Imx, PAYLOAD};
use std::ops::Range;

/// What an image is held against beside its board.
#[derive(Default)]
pub(super) struct Expected<'a> {
    /// Where it has to be entered.
    pub(super) entry: Option<u32>,
    /// The flat payload, without padding.
    pub(super) payload: Option<&'a [u8]>,
}

/// One check.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) name: &'static str,
    pub(super) ok: bool,
    pub(super) found: String,
}

/// All checks of an image.
pub(super) fn check(imx: &Imx, board: Board, expected: &Expected) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut note = |name, ok, found: String| all.push(Finding { name, ok, found });
    let offset = |address: u32| i64::from(address) - i64::from(imx.own);
    let file = imx.file_size();

    note("image begins 0x400 before the vector table", offset(imx.start) == -i64::from(IVT_OFFSET), hex(imx.start));
    note("DCD pointer is own address + 0x2c", offset(imx.dcd) == i64::from(DCD), hex(imx.dcd));
    note("boot data pointer is own address + 0x20", offset(imx.boot_data) == i64::from(BOOT_DATA), hex(imx.boot_data));
    note("no plug-in", imx.plugin == 0, imx.plugin.to_string());
    let whole = u64::from(IVT_OFFSET) + file + u64::from(CSF_SIZE);
    note("boot length is 0x400 + file + 0x4000 for the CSF", u64::from(imx.length) == whole, hex(imx.length));
    note("CSF pointer is the end of the file", offset(imx.csf) == i64::try_from(file).unwrap_or(-1), hex(imx.csf));

    let loaded = u64::from(imx.start)..u64::from(imx.start) + u64::from(imx.length);
    let ram = wide(&board.ram());
    let range = format!("{:#x}..{:#x}", loaded.start, loaded.end);
    note("image lies in DDR", ram.start <= loaded.start && loaded.end <= ram.end, range.clone());
    let ocram = wide(&OCRAM);
    note("image is clear of the ROM's on-chip RAM", loaded.end <= ocram.start || ocram.end <= loaded.start, range);
    let code = u64::from(imx.own) + u64::from(PAYLOAD)..u64::from(imx.own) + file;
    note("entry lies in the payload", code.contains(&u64::from(imx.entry)), hex(imx.entry));
    if let Some(entry) = expected.entry {
        note("entry is the payload's", imx.entry == entry, format!("{:#x}, wanted {entry:#x}", imx.entry));
    }
    if let Some(payload) = expected.payload {
        let same = imx.payload.starts_with(payload)
            && imx.payload.len() == payload.len().next_multiple_of(4096)
            && imx.payload[payload.len()..].iter().all(|byte| *byte == 0);
        note("payload at 0xc00 is the file's, padded with zeros", same, format!("{} bytes", imx.payload.len()));
    }
    check_dcd(imx, board, &mut note);
    all
}

fn check_dcd(imx: &Imx, board: Board, note: &mut impl FnMut(&'static str, bool, String)) {
    let writes = &imx.writes;
    let size = imx.dcd_size();
    note("DCD is not too long for the ROM", size <= DCD_MAX, format!("{size} bytes, {} writes", writes.len()));
    let odd = writes.iter().find(|(address, _)| !address.is_multiple_of(4));
    note("DCD writes to whole words", odd.is_none(), first(odd));
    let stray = writes.iter().find(|(address, _)| !BLOCKS.iter().any(|(_, base)| (*base..base + BLOCK_SIZE).contains(address)));
    note("DCD writes to CCM, IOMUXC, IOMUXC_GPR and MMDC only", stray.is_none(), first(stray));
    let gates = writes.iter().zip(CLOCK_GATES).filter(|((address, value), gate)| address == gate && *value == u32::MAX).count();
    note("DCD opens the seven clock gates first", gates == CLOCK_GATES.len(), gates.to_string());
    let bypass: Vec<u32> = writes.iter().filter(|(address, _)| *address == GPR9).map(|(_, value)| *value).collect();
    note("DCD takes the TZASC out of bypass, once", bypass == [1], format!("{bypass:x?}"));
    let wanted = board.set_up();
    let ddr = |writes: &[(u32, u32)]| writes.iter().copied().filter(|(address, _)| is_mmdc(*address)).collect::<Vec<_>>();
    note("DDR is set up as the board's table says", ddr(writes) == ddr(&wanted), format!("{} writes", ddr(writes).len()));
    let differs = writes.iter().zip(&wanted).position(|(found, wanted)| found != wanted);
    let differs = differs.or_else(|| (writes.len() != wanted.len()).then_some(writes.len().min(wanted.len())));
    let found = differs.map_or_else(|| "all".into(), |at| format!("write {at} differs: {}", first(writes.get(at))));
    note("DCD is the board's", differs.is_none(), found);
}

fn hex(word: u32) -> String {
    format!("{word:#010x}")
}

fn wide(range: &Range<u32>) -> Range<u64> {
    u64::from(range.start)..u64::from(range.end)
}

fn first(write: Option<&(u32, u32)>) -> String {
    write.map_or_else(|| "none other".into(), |(address, value)| format!("{address:#x} = {value:#x}"))
}
