// SPDX-License-Identifier: BSD-2-Clause
//! Where a volume is found, and the TAs on it.

use crate::kit::{Failing, Wires, get, put, service};
use drivers::block::{MemoryDisk, SECTOR};
use files::window::Window;
use files::{Service, Volume};
use tee_client::{TeeError, Uuid};

const UUID: Uuid = Uuid::new(0x8aaa_f200, 0x2450, 0x11e4, [0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b]);
const NAME: &str = "8aaaf200-2450-11e4-abe2-0002a5d5c51b.ta";

/// A disk with a partition table whose second entry is a FAT partition.
fn partitioned() -> Vec<u8> {
    let mut bytes = vec![0; 20_000 * SECTOR];
    let entry = |kind: u8, first: u32, count: u32| [&[0, 0, 0, 0, kind, 0, 0, 0][..], &first.to_le_bytes(), &count.to_le_bytes()].concat();
    bytes[446..462].copy_from_slice(&entry(0x83, 8, 100));
    bytes[462..478].copy_from_slice(&entry(0x0C, 2048, 16_384));
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    bytes
}

#[test]
fn the_first_fat_partition_is_the_volume() {
    let wires = Wires::new(partitioned());
    let window = Window::find(Box::new(Failing(wires.clone()))).unwrap();
    assert_eq!(window.sectors(), 16_384);
    let mut service = Service::new(Volume::format(window, None).unwrap());
    put(&mut service, "a", b"in the partition").unwrap();
    let bytes = wires.bytes();
    // Nothing outside was touched.
    assert_eq!(bytes[..2048 * SECTOR], partitioned()[..2048 * SECTOR]);
    assert!(bytes[(2048 + 16_384) * SECTOR..].iter().all(|byte| *byte == 0));
    let mut service = Service::new(Volume::mount(Box::new(MemoryDisk::from_bytes(bytes))).unwrap());
    assert_eq!(get(&mut service, "a").unwrap(), b"in the partition");
}

#[test]
fn a_disk_without_partitions_is_the_volume() {
    for sectors in [1000, 40_000, 70_000, 1_200_000] {
        let wires = Wires::new(vec![0; sectors * SECTOR]);
        let mut service = Service::new(Volume::format(Window::whole(Box::new(Failing(wires.clone()))), None).unwrap());
        put(&mut service, "a", b"whole").unwrap();
        let mut service = Service::new(Volume::mount(Box::new(Failing(wires))).unwrap());
        assert_eq!(get(&mut service, "a").unwrap(), b"whole");
    }
}

#[test]
fn what_is_no_volume_is_refused() {
    for bytes in [vec![0; 100 * SECTOR], vec![0xFF; 100 * SECTOR], vec![], partitioned()] {
        assert!(Volume::mount(Box::new(MemoryDisk::from_bytes(bytes))).is_err());
    }
    let mut past = partitioned();
    past[462 + 12..462 + 16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(Volume::mount(Box::new(MemoryDisk::from_bytes(past))).is_err());
}

#[test]
fn tas_are_found_by_their_uuid() {
    let mut service = service(8192);
    assert_eq!(service.load_ta(UUID), Err(TeeError::ITEM_NOT_FOUND));
    assert_eq!(service.ta_size(UUID), Err(TeeError::ITEM_NOT_FOUND));
    let image: Vec<u8> = (0..70_000u32).map(|index| index as u8).collect();
    service.volume().write(&[b"optee_armtz", NAME.as_bytes()], &image).unwrap();
    assert_eq!(service.ta_size(UUID), Ok(image.len()));
    assert_eq!(service.load_ta(UUID), Ok(image));
    service.volume().write(&[b"optee_armtz", NAME.as_bytes()], b"short").unwrap();
    assert_eq!(service.load_ta(UUID), Ok(b"short".to_vec()));
    // The TEE's files are elsewhere: it cannot make itself a TA.
    put(&mut service, NAME, b"file").unwrap();
    assert_eq!(service.load_ta(UUID), Ok(b"short".to_vec()));
}
