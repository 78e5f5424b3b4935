// SPDX-License-Identifier: BSD-2-Clause
//! QEMU's firmware configuration device (QEMU docs/specs/fw_cfg).

use crate::mmio::Block;

const DATA: usize = 0;
const SELECTOR: usize = 8;

const KEY_SIGNATURE: u16 = 0x00;
const KEY_CPUS: u16 = 0x05;
const KEY_DIRECTORY: u16 = 0x19;
/// Bytes of a name in the directory.
const NAME: usize = 56;

/// The device. One user at a time: selector and data port are shared.
#[derive(Clone, Copy, Debug)]
pub struct FwCfg {
    block: Block,
}

/// A file of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    key: u16,
    /// Length in bytes.
    pub len: u32,
}

impl FwCfg {
    /// The device at `base`; `None` when there is none.
    ///
    /// # Safety
    /// As [`Block::new`].
    pub unsafe fn new(base: usize) -> Option<Self> {
        // SAFETY: the caller's.
        let this = Self { block: unsafe { Block::new(base) } };
        let mut signature = [0; 4];
        this.read(KEY_SIGNATURE, &mut signature);
        (signature == *b"QEMU").then_some(this)
    }

    fn select(&self, key: u16) {
        self.block.write16(SELECTOR, key.to_be());
    }

    fn next(&self, out: &mut [u8]) {
        for byte in out {
            *byte = self.block.read8(DATA);
        }
    }

    fn read(&self, key: u16, out: &mut [u8]) {
        self.select(key);
        self.next(out);
    }

    /// Number of CPUs.
    pub fn cpus(&self) -> u16 {
        let mut bytes = [0; 2];
        self.read(KEY_CPUS, &mut bytes);
        u16::from_le_bytes(bytes)
    }

    /// The file of this name.
    pub fn find(&self, name: &str) -> Option<File> {
        self.select(KEY_DIRECTORY);
        let mut word = [0; 4];
        self.next(&mut word);
        for _ in 0..u32::from_be_bytes(word) {
            let (mut len, mut key, mut text) = ([0; 4], [0; 2], [0; NAME]);
            self.next(&mut len);
            self.next(&mut key);
            self.next(&mut [0; 2]);
            self.next(&mut text);
            let end = text.iter().position(|byte| *byte == 0).unwrap_or(NAME);
            if text.get(..end) == Some(name.as_bytes()) {
                return Some(File { key: u16::from_be_bytes(key), len: u32::from_be_bytes(len) });
            }
        }
        None
    }

    /// Reads the start of a file; gives how many bytes were read.
    pub fn read_file(&self, file: File, out: &mut [u8]) -> usize {
        let len = out.len().min(file.len as usize);
        if let Some(out) = out.get_mut(..len) {
            self.read(file.key, out);
        }
        len
    }
}
