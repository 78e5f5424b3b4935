// SPDX-License-Identifier: BSD-2-Clause
//! The disk of the board: a virtio block device where QEMU was given one, or the SD card.

use crate::board::{board, tree};
use crate::{memory, println, task};
use alloc::boxed::Box;
use core::ptr::NonNull;
use drivers::block::{self, Disk, DiskError};
use drivers::imx6::bus::Mmio;
use drivers::imx6::sd::Card;
use drivers::imx6::usdhc::{Clock, Usdhc};
use qemu_virt::map;
use virtio_drivers::device::blk::VirtIOBlk;
use virtio_drivers::transport::mmio::MmioTransport;
use virtio_drivers::transport::{DeviceType, Transport};
use virtio_drivers::{BufferDirection, Hal, PhysAddr};

/// Sectors that go in one request.
const TOGETHER: usize = 128;

/// This kernel's memory as the devices see it: where it is, and coherent with the caches.
struct Direct;

/// The address of a device as a pointer.
fn at(address: u64) -> NonNull<u8> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(address as usize)).unwrap_or(NonNull::dangling())
}

// SAFETY: pages come from the pool, zeroed, at their physical addresses and for nobody else until they are released; buffers are
// shared where they are.
unsafe impl Hal for Direct {
    fn dma_alloc(pages: usize, _direction: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        // The driver takes address 0 for a failure.
        let address = memory::allocate(pages).unwrap_or(0);
        (address, at(address))
    }

    unsafe fn dma_dealloc(address: PhysAddr, _pointer: NonNull<u8>, pages: usize) -> i32 {
        memory::release(address, pages);
        0
    }

    unsafe fn mmio_phys_to_virt(address: PhysAddr, _size: usize) -> NonNull<u8> {
        at(address)
    }

    unsafe fn share(buffer: NonNull<[u8]>, _direction: BufferDirection) -> PhysAddr {
        buffer.cast::<u8>().as_ptr().expose_provenance() as PhysAddr
    }

    unsafe fn unshare(_address: PhysAddr, _buffer: NonNull<[u8]>, _direction: BufferDirection) {}
}

/// A virtio block device.
struct Virtio {
    device: VirtIOBlk<Direct, MmioTransport<'static>>,
}

/// Time, for the card.
struct Counter;

impl Clock for Counter {
    fn micros(&self) -> u64 {
        task::now().as_micros() as u64
    }
}

/// The disk of the board, if it is there: a virtio device, or the card whose controller the device tree names.
pub(crate) fn find() -> Option<Box<dyn Disk>> {
    virtio().or_else(card)
}

fn virtio() -> Option<Box<dyn Disk>> {
    let first = board().virtio?;
    (0..map::VIRTIO_SLOTS).find_map(|slot| {
        let header = at(first + slot * map::VIRTIO_SIZE).cast();
        // SAFETY: a slot of the board, mapped as device memory for good; each is looked at by this alone, once.
        let transport = unsafe { MmioTransport::new(header, map::VIRTIO_SIZE as usize) }.ok()?;
        if transport.device_type() != DeviceType::Block {
            return None;
        }
        let device = VirtIOBlk::new(transport).ok()?;
        Some(Box::new(Virtio { device }) as Box<dyn Disk>)
    })
}

fn card() -> Option<Box<dyn Disk>> {
    let (address, hertz) = tree()?.card()?;
    // SAFETY: the device tree names the controller, so that this is one of those chips, and it is this world's. The registers
    // of the chip are mapped where they are; only those of the controller are used.
    let bus = unsafe { Mmio::new() };
    let card = Card::start(Usdhc::at(address, bus, Counter)?, hertz);
    let card = card.inspect_err(|error| println!("normal world: no card: {error:?}")).ok()?;
    Some(Box::new(card))
}

fn failed(error: virtio_drivers::Error) -> DiskError {
    match error {
        virtio_drivers::Error::IoError => DiskError::Failed,
        _ => DiskError::Gone,
    }
}

impl Virtio {
    /// The sectors at which the parts of a request of `bytes` from sector `first` on begin.
    fn parts(&self, first: u64, bytes: usize) -> Result<impl Iterator<Item = usize> + use<>, DiskError> {
        block::check(self.sectors(), first, bytes)?;
        let first = usize::try_from(first).map_err(|_| DiskError::Range)?;
        Ok((first..).step_by(TOGETHER))
    }
}

impl Disk for Virtio {
    fn sectors(&self) -> u64 {
        self.device.capacity()
    }

    fn writable(&self) -> bool {
        !self.device.readonly()
    }

    fn read(&mut self, first: u64, out: &mut [u8]) -> Result<(), DiskError> {
        for (sector, part) in self.parts(first, out.len())?.zip(out.chunks_mut(TOGETHER * block::SECTOR)) {
            self.device.read_blocks(sector, part).map_err(failed)?;
        }
        Ok(())
    }

    fn write(&mut self, first: u64, data: &[u8]) -> Result<(), DiskError> {
        if !self.writable() {
            return Err(DiskError::ReadOnly);
        }
        for (sector, part) in self.parts(first, data.len())?.zip(data.chunks(TOGETHER * block::SECTOR)) {
            self.device.write_blocks(sector, part).map_err(failed)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        self.device.flush().map_err(failed)
    }
}
