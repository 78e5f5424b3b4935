// SPDX-License-Identifier: BSD-2-Clause
//! The `.imx` file: what stands where, written and read. Whether the values make sense is the matter of `check`.
//!
//! Words are little-endian, but the DCD and the 16-bit lengths of headers (tag, length, version) are big-endian.

use anyhow::{Context, Result, ensure};

/// Offset of the image vector table in what the ROM loads: the ROM wants it there on SD and eMMC.
pub(super) const IVT_OFFSET: u32 = 0x400;
/// Offset of the boot data in the file.
pub(super) const BOOT_DATA: u32 = 0x20;
/// Offset of the DCD in the file.
pub(super) const DCD: u32 = 0x2C;
/// Offset of the payload in the file.
pub(super) const PAYLOAD: u32 = 0xC00;
/// Bytes that the ROM loads beyond the file, for the signatures of secure boot (CSF).
pub(super) const CSF_SIZE: u32 = 0x4000;
/// Longest DCD that the ROM takes.
pub(super) const DCD_MAX: usize = 1768;
/// The payload is padded to whole pages.
const PAGE: usize = 4096;

const IVT_HEADER: [u8; 4] = [0xD1, 0, 0x20, 0x40];
const DCD_TAG: u8 = 0xD2;
const DCD_VERSION: u8 = 0x40;
/// Command of a DCD: write values.
const WRITE: u8 = 0xCC;
/// Its parameter: words of 4 bytes, written as they are.
const WRITE_WORDS: u8 = 4;

/// A file, taken apart. Addresses are those that it is loaded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Imx {
    /// Where the ROM jumps to.
    pub(super) entry: u32,
    /// Address of the DCD.
    pub(super) dcd: u32,
    /// Address of the boot data.
    pub(super) boot_data: u32,
    /// Address of the file itself.
    pub(super) own: u32,
    /// Address of the signatures.
    pub(super) csf: u32,
    /// First address that the ROM loads.
    pub(super) start: u32,
    /// Bytes that it loads from there.
    pub(super) length: u32,
    /// Whether the image is a plug-in of the ROM.
    pub(super) plugin: u32,
    /// What the DCD writes: address and value.
    pub(super) writes: Vec<(u32, u32)>,
    /// What follows, whole pages.
    pub(super) payload: Vec<u8>,
}

impl Imx {
    /// An image of a flat payload.
    ///
    /// # Errors
    /// When an address does not fit in 32 bits or is not aligned, or the DCD is too long.
    pub(super) fn new(load: u32, entry: u32, writes: Vec<(u32, u32)>, payload: &[u8]) -> Result<Self> {
        ensure!(load.is_multiple_of(4), "the load address {load:#x} is not a multiple of 4");
        ensure!(!payload.is_empty(), "the payload is empty");
        let mut payload = payload.to_vec();
        payload.resize(payload.len().next_multiple_of(PAGE), 0);
        let too_low = || format!("there is no room below the load address {load:#x}");
        let own = load.checked_sub(PAYLOAD).with_context(too_low)?;
        let start = own.checked_sub(IVT_OFFSET).with_context(too_low)?;
        let too_long = || format!("{} bytes at {load:#x} do not fit in 32 bits", payload.len());
        let file = u32::try_from(payload.len()).ok().and_then(|length| length.checked_add(PAYLOAD)).with_context(too_long)?;
        let csf = own.checked_add(file).with_context(too_long)?;
        csf.checked_add(CSF_SIZE).with_context(too_long)?;
        ensure!(dcd_length(&writes) <= DCD_MAX, "a DCD of {} bytes is too long: {DCD_MAX}", dcd_length(&writes));
        let length = IVT_OFFSET + file + CSF_SIZE;
        Ok(Self { entry, dcd: own + DCD, boot_data: own + BOOT_DATA, own, csf, start, length, plugin: 0, writes, payload })
    }

    /// Bytes of the file.
    pub(super) fn file_size(&self) -> u64 {
        u64::from(PAYLOAD) + self.payload.len() as u64
    }

    /// Bytes of the DCD.
    pub(super) fn dcd_size(&self) -> usize {
        dcd_length(&self.writes)
    }

    /// The file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = IVT_HEADER.to_vec();
        for word in [self.entry, 0, self.dcd, self.boot_data, self.own, self.csf, 0, self.start, self.length, self.plugin] {
            out.extend(word.to_le_bytes());
        }
        let length = self.dcd_size() as u16;
        out.push(DCD_TAG);
        out.extend(length.to_be_bytes());
        out.extend([DCD_VERSION, WRITE]);
        out.extend((length - 4).to_be_bytes());
        out.push(WRITE_WORDS);
        for (address, value) in &self.writes {
            out.extend(address.to_be_bytes());
            out.extend(value.to_be_bytes());
        }
        out.resize(PAYLOAD as usize, 0);
        out.extend(&self.payload);
        out
    }

    /// Takes a file apart.
    ///
    /// # Errors
    /// When a header, a reserved word or the DCD is not as this tool writes it, or the file is cut short.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        ensure!(bytes.get(..4) == Some(&IVT_HEADER), "no image vector table: it begins with d1 00 20 40");
        let word = |at: u32| -> Result<u32> {
            let at = at as usize;
            Ok(u32::from_le_bytes(bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).context("the file is cut short")?))
        };
        for at in [0x08, 0x1C] {
            ensure!(word(at)? == 0, "the reserved word at {at:#x} is not 0");
        }
        let header = bytes.get(..PAYLOAD as usize).context("the file ends before the payload")?;
        let (writes, end) = read_dcd(header)?;
        ensure!(header[end..].iter().all(|byte| *byte == 0), "there is something between DCD and payload");
        let payload = bytes[PAYLOAD as usize..].to_vec();
        ensure!(!payload.is_empty() && payload.len().is_multiple_of(PAGE), "a payload of {} bytes is not whole pages", payload.len());
        Ok(Self {
            entry: word(0x04)?,
            dcd: word(0x0C)?,
            boot_data: word(0x10)?,
            own: word(0x14)?,
            csf: word(0x18)?,
            start: word(0x20)?,
            length: word(0x24)?,
            plugin: word(0x28)?,
            writes,
            payload,
        })
    }
}

/// Header of the DCD, header of its one command, pairs of words.
fn dcd_length(writes: &[(u32, u32)]) -> usize {
    8 + writes.len() * 8
}

/// The writes of the DCD in the bytes before the payload, and where it ends.
fn read_dcd(header: &[u8]) -> Result<(Vec<(u32, u32)>, usize)> {
    let at = DCD as usize;
    let length = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    ensure!(header[at] == DCD_TAG && header[at + 3] == DCD_VERSION, "no DCD: it begins with d2, two bytes of length, 40");
    let size = length(at + 1);
    ensure!((8..=DCD_MAX).contains(&size), "a DCD of {size} bytes: 8 to {DCD_MAX}");
    let command = at + 4;
    ensure!(header[command] == WRITE, "the command {:#x} of the DCD is no write", header[command]);
    ensure!(header[command + 3] == WRITE_WORDS, "the DCD writes otherwise than words of 4 bytes: {:#x}", header[command + 3]);
    ensure!(length(command + 1) + 4 == size, "the DCD has {size} bytes, its command ends after {}", length(command + 1) + 4);
    ensure!(size.is_multiple_of(8), "the DCD does not end with a pair of words");
    let pairs = header[command + 4..at + size].as_chunks::<8>().0;
    let writes = pairs.iter().map(|[a, b, c, d, e, f, g, h]| (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h])));
    Ok((writes.collect(), at + size))
}
