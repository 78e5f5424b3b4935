// SPDX-License-Identifier: BSD-2-Clause
//! Images against their own parser, against mutations and against `mkimage`.

use super::Payload;
use super::board::Board;
use super::card;
use super::check::{Expected, check};
use super::format::{BOOT_DATA, DCD, Imx, PAYLOAD};
use crate::tools::{has_program, output};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};
use std::process::Command;

const BOARD: Board = Board::UsbArmoryMk2;

fn image(payload: &[u8]) -> Imx {
    Imx::new(BOARD.load(), BOARD.load(), BOARD.set_up(), payload).unwrap()
}

/// Why a file is not the image of this payload at the board's address: what the parser refuses or the checks report.
fn faults(bytes: &[u8], payload: &[u8]) -> Vec<String> {
    let imx = match Imx::read(bytes) {
        Ok(imx) => imx,
        Err(error) => return vec![error.to_string()],
    };
    let expected = Expected { entry: Some(BOARD.load()), payload: Some(payload) };
    check(&imx, BOARD, &expected).into_iter().filter(|it| !it.ok).map(|it| it.name.to_string()).collect()
}

/// The figures that mkimage gives for the same payload, address and set-up.
#[test]
fn a_million_bytes_give_the_known_header() {
    let payload = vec![0x5A; 1_000_000];
    let bytes = image(&payload).to_bytes();
    assert_eq!(bytes.len(), 0xF_5C00);
    let words: Vec<u32> = bytes[..0x2C].as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let known = [0x4020_00D1, 0x9001_0000, 0, 0x9000_F42C, 0x9000_F420, 0x9000_F400, 0x9010_5000, 0, 0x9000_F000, 0xF_A000, 0];
    assert_eq!(words, known);
    assert_eq!(bytes[0x2C..0x34], [0xD2, 0x03, 0xD8, 0x40, 0xCC, 0x03, 0xD4, 0x04]);
    assert_eq!(bytes[0x34..0x3C], [0x02, 0x0C, 0x40, 0x68, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(bytes[0x3FC..0x404], [0x02, 0x0E, 0x40, 0x24, 0, 0, 0, 1]);
    assert_eq!(bytes[PAYLOAD as usize..][..payload.len()], payload);
    assert_eq!(faults(&bytes, &payload), [""; 0]);
}

/// Every bit before the payload matters to somebody.
#[test]
fn every_changed_bit_of_the_headers_is_noticed() {
    let payload = [1, 2, 3];
    let good = image(&payload).to_bytes();
    for at in 0..PAYLOAD as usize {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            assert_ne!(faults(&bad, &payload), [""; 0], "byte {at:#x}, bit {bit}");
        }
    }
}

/// The checks that name a field notice that field: one wrong value, and which checks speak.
#[test]
fn each_check_speaks_for_its_field() {
    let payload = [7; 100];
    let spoken = |change: fn(&mut Imx)| {
        let mut imx = image(&payload);
        change(&mut imx);
        faults(&imx.to_bytes(), &payload).join("; ")
    };
    assert_eq!(spoken(|imx| imx.plugin = 1), "no plug-in");
    assert_eq!(spoken(|imx| imx.dcd = 0), "DCD pointer is own address + 0x2c");
    assert_eq!(spoken(|imx| imx.boot_data += 4), "boot data pointer is own address + 0x20");
    assert_eq!(spoken(|imx| imx.length -= 4), "boot length is 0x400 + file + 0x4000 for the CSF");
    assert_eq!(spoken(|imx| imx.csf += 4), "CSF pointer is the end of the file");
    assert_eq!(spoken(|imx| imx.start += 4), "image begins 0x400 before the vector table");
    assert_eq!(spoken(|imx| imx.entry = imx.own), "entry lies in the payload; entry is the payload's");
    assert_eq!(spoken(|imx| imx.payload[99] = 0), "payload at 0xc00 is the file's, padded with zeros");
    assert_eq!(spoken(|imx| imx.payload[100] = 1), "payload at 0xc00 is the file's, padded with zeros");
    assert_eq!(spoken(|imx| imx.writes[7].1 ^= 1), "DCD is the board's");
    assert_eq!(spoken(|imx| imx.writes.swap(0, 1)), "DCD opens the seven clock gates first; DCD is the board's");
    assert_eq!(
        spoken(|imx| {
            imx.writes.pop();
        }),
        "DCD takes the TZASC out of bypass, once; DCD is the board's"
    );
    assert_eq!(spoken(|imx| imx.writes.push((0x021B_0000, 0))), "DDR is set up as the board's table says; DCD is the board's");
    assert_eq!(spoken(|imx| imx.writes.push((0x021C_0000, 0))), "DCD writes to CCM, IOMUXC, IOMUXC_GPR and MMDC only; DCD is the board's");
    assert_eq!(spoken(|imx| imx.writes.push((0x020E_0002, 0))), "DCD writes to whole words; DCD is the board's");
    let low = Imx::new(0x0090_2000, 0x0090_2000, BOARD.set_up(), &payload).unwrap();
    assert_eq!(
        faults(&low.to_bytes(), &payload).join("; "),
        "image lies in DDR; image is clear of the ROM's on-chip RAM; entry is the payload's"
    );
}

#[test]
fn what_cannot_be_an_image_is_not_written() {
    let new = |load, payload: &[u8]| Imx::new(load, load, BOARD.set_up(), payload);
    assert!(new(BOARD.load() + 2, &[1]).is_err());
    assert!(new(BOARD.load(), &[]).is_err());
    assert!(new(0xC00, &[1]).is_err());
    assert!(new(0xFFFF_F000, &[1]).is_err());
    assert!(Imx::new(BOARD.load(), 0, vec![(0, 0); 220], &[1]).is_ok());
    assert!(Imx::new(BOARD.load(), 0, vec![(0, 0); 221], &[1]).is_err());
}

#[test]
fn the_boards_table_is_whole() {
    let writes = BOARD.set_up();
    assert_eq!(writes.len(), 122);
    assert_eq!(image(&[1]).dcd_size(), 984);
}

/// The EVK's table is another one: what of it differs, from the board's published boot table.
#[test]
fn the_evks_table_is_its_own() {
    let board = Board::Mcimx6ullEvk;
    let writes = board.set_up();
    assert_eq!(writes.len(), 7 + 19 + 5 + 12 + 14 + 31 + 34 + 1);
    for write in [(0x020E_0288, 0x000C_0030), (0x020E_0624, 3), (0x021B_083C, 0x4164_0158), (0x021B_0890, 0x0040_0000)] {
        assert!(writes.contains(&write), "{write:x?}");
    }
    assert_eq!(writes[writes.len() - 2..], [(0x021B_001C, 0), (0x020E_4024, 1)]);
    let bytes = Imx::new(board.load(), board.load(), writes, &[1]).unwrap().to_bytes();
    let failed = |of: Board| {
        let expected = Expected { entry: Some(board.load()), payload: Some(&[1]) };
        check(&Imx::read(&bytes).unwrap(), of, &expected).iter().filter(|it| !it.ok).count()
    };
    assert_eq!((failed(board), failed(BOARD)), (0, 2), "its own checks pass, the other board's table is missed");
}

fn any_image() -> impl Strategy<Value = Imx> {
    let writes = proptest::collection::vec(any::<(u32, u32)>(), 0..=220);
    let payload = proptest::collection::vec(any::<u8>(), 1..9000);
    (0x400_u32..0x3FFF_0000, any::<u32>(), writes, payload)
        .prop_map(|(load, entry, writes, payload)| Imx::new(load * 4, entry, writes, &payload).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_reads_back(imx in any_image()) {
        prop_assert_eq!(Imx::read(&imx.to_bytes()).unwrap(), imx);
    }

    /// Whatever the parser takes, it has understood in full: it writes the same bytes.
    #[test]
    fn what_is_read_writes_back(imx in any_image(), at in 0..PAYLOAD as usize, byte in any::<u8>()) {
        let mut bytes = imx.to_bytes();
        bytes[at] = byte;
        if let Ok(read) = Imx::read(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn what_is_cut_short_is_noticed(cut in 1..0x1C00_usize) {
        let bytes = image(&[9; 4096]).to_bytes();
        prop_assert!(!faults(&bytes[..bytes.len() - cut], &[9; 4096]).is_empty());
    }

    #[test]
    fn noise_is_no_image(bytes in proptest::collection::vec(any::<u8>(), 0..5000), header in Just([0xD1, 0, 0x20, 0x40])) {
        prop_assert!(Imx::read(&bytes).is_err());
        prop_assert!(!faults(&[&header[..], &bytes].concat(), &[]).is_empty());
    }

    #[test]
    fn a_card_reads_back(size in 1..3_000_000_usize, mib in 1..2000_u32) {
        let imx = image(&vec![3; size]).to_bytes();
        let (card, partition) = card::write(&imx, mib).unwrap();
        prop_assert_eq!(card.len() % (1 << 20), 0);
        prop_assert_eq!(card.len(), partition.first as usize * 512);
        prop_assert_eq!(partition.end(), card.len() as u64 + (u64::from(mib) << 20));
        prop_assert!(card::is_card(&card) && !card::is_card(&imx));
        prop_assert_eq!(&card[1024..1024 + imx.len()], &imx[..]);
        prop_assert_eq!(card::read(&card).unwrap(), (&imx[..], partition));
    }
}

#[test]
fn a_wrong_card_is_refused() {
    let imx = image(&[3; 10]).to_bytes();
    let (card, _) = card::write(&imx, 1).unwrap();
    // The table but its two numbers, whose every value would be one, and the signature.
    for at in (446..454).chain(462..512) {
        let mut bad = card.clone();
        bad[at] ^= 1;
        assert!(card::read(&bad).is_err(), "byte {at}");
    }
    let with = |at: usize, word: u32| {
        let mut bad = card.clone();
        bad[at..at + 4].copy_from_slice(&word.to_le_bytes());
        card::read(&bad).is_err()
    };
    assert!(with(454, 4) && with(454, u32::MAX) && with(458, 0), "the partition");
    assert!(with(1024 + 0x24, 0) && with(1024 + 0x24, 0x0050_0000), "the length of the image");
    assert!(card::write(&imx, 0).is_err() && card::write(&imx, u32::MAX).is_err());
    assert!(card::read(&card[..1024]).is_err() && card::read(&[]).is_err());
}

/// An ELF file of one segment at 0x90010000, entered 4 bytes later.
#[test]
fn an_elf_file_says_where_it_goes() {
    let (address, header, size) = (0x9001_0000_u32, 52_u32, 5_u32);
    let mut elf = b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // Executable, Arm; version, entry, program headers, no sections, flags; sizes and counts of headers.
    elf.extend([2_u16, 40].iter().flat_map(|half| half.to_le_bytes()));
    elf.extend([1, address + 4, header, 0, 0].iter().flat_map(|word| word.to_le_bytes()));
    elf.extend([header as u16, 32, 1, 40, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    // To be loaded: file offset, addresses, sizes, readable and executable, alignment.
    elf.extend([1, header + 32, address, address, size, size, 5, 4].iter().flat_map(|word| word.to_le_bytes()));
    elf.extend(b"hello");
    let path = std::env::temp_dir().join(format!("oxtee-imx-{}.elf", std::process::id()));
    std::fs::write(&path, &elf).unwrap();
    let payload = Payload::read(&path);
    std::fs::remove_file(&path).unwrap();
    let payload = payload.unwrap();
    assert_eq!(payload.place, Some((0x9001_0000, 0x9001_0004)));
    assert_eq!((&payload.bytes[..5], payload.bytes.len()), (&b"hello"[..], 4096));
}

/// `mkimage -l` sees what we see. `cargo xtask test` installs it; elsewhere this says nothing without it.
#[test]
fn mkimage_reads_the_same_fields() {
    if !has_program("mkimage") {
        eprintln!("mkimage (u-boot-tools) is not installed: not compared");
        return;
    }
    for board in [Board::UsbArmoryMk2, Board::Mcimx6ullEvk] {
        mkimage_agrees(board);
    }
}

fn mkimage_agrees(board: Board) {
    let path = std::env::temp_dir().join(format!("oxtee-imx-{}-{}.imx", std::process::id(), board.name()));
    let imx = Imx::new(board.load(), board.load(), board.set_up(), &[0x5A; 10_000]).unwrap();
    std::fs::write(&path, imx.to_bytes()).unwrap();
    let listed = output(Command::new("mkimage").arg("-l").arg(&path).env("LC_ALL", "C"));
    std::fs::remove_file(&path).unwrap();
    let listed = listed.unwrap();
    let field = |name: &str| {
        let value = listed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {name} in:\n{listed}")).split_whitespace().map(String::from).collect::<Vec<_>>()
    };
    assert!(field("Image Type").join(" ").contains("IMX Boot Image"), "{listed}");
    assert_eq!(field("Mode"), ["DCD"]);
    assert_eq!(field("Entry Point"), [format!("{:08x}", imx.entry)]);
    assert_eq!(field("Load Address"), [format!("{:08x}", imx.own + BOOT_DATA)]);
    assert_eq!(field("Data Size")[0], (imx.length).to_string());
    assert_eq!(field("HAB Blocks"), [imx.own, 0, imx.csf - imx.own].map(|word| format!("0x{word:08x}")));
    assert_eq!(field("DCD Blocks"), [0x0091_0000, DCD, imx.dcd_size() as u32].map(|word| format!("0x{word:08x}")));
}
