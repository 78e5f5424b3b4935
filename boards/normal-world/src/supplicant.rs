// SPDX-License-Identifier: BSD-2-Clause
//! The supplicant of this kernel: on the disk of the board, or in memory for as long as the kernel runs.

use crate::{disk, println};
use alloc::boxed::Box;
use alloc::vec::Vec;
use drivers::block::MemoryDisk;
use files::window::Window;
use files::{Files, Service, Volume};
use spin::Once;
use tee_client::TeeError;
use tee_client::transport::smc::{RpcParam, Supplicant};
use utee_abi::rpc::RpcCommand;
use utee_abi::uuid::Uuid;

/// Sectors of the disk in memory.
const MEMORY: usize = 4096;

/// The supplicant; what it serves is looked for when it is asked first.
pub(crate) struct OwnFiles;

/// Where the files are; `None` when there is neither a disk with a volume nor memory.
fn files() -> Option<&'static Files> {
    static FILES: Once<Option<Files>> = Once::new();
    FILES.call_once(|| volume().map(|volume| Files::new(Service::new(volume)))).as_ref()
}

fn volume() -> Option<Volume> {
    let Some(disk) = disk::find() else {
        // Nothing on it outlives this run, and the TEE is told nothing else.
        return Volume::format(Window::whole(Box::new(MemoryDisk::new(MEMORY)?)), None).ok();
    };
    let mib = disk.sectors() / 2048;
    match Volume::mount(disk) {
        Ok(mut volume) => {
            let (size, free) = volume.space().unwrap_or((0, 0));
            let rights = if volume.is_read_only() { "read only" } else { "read and write" };
            println!("normal world: disk of {mib} MiB, its volume has {} KiB, {} KiB free, {rights}", size >> 10, free >> 10);
            Some(volume)
        }
        Err(error) => {
            println!("normal world: disk of {mib} MiB without a volume that can be used: {error}");
            None
        }
    }
}

impl Supplicant for OwnFiles {
    fn load_ta(&self, uuid: Uuid) -> Result<Vec<u8>, TeeError> {
        files().ok_or(TeeError::ITEM_NOT_FOUND)?.load_ta(uuid)
    }

    fn ta_size(&self, uuid: Uuid) -> Result<usize, TeeError> {
        files().ok_or(TeeError::ITEM_NOT_FOUND)?.ta_size(uuid)
    }

    fn request(&self, command: RpcCommand, params: &mut [RpcParam<'_>]) -> Result<(), TeeError> {
        match (command, files()) {
            (RpcCommand::Fs, None) => Err(TeeError::STORAGE_NOT_AVAILABLE),
            (_, None) => Err(TeeError::NOT_SUPPORTED),
            (_, Some(files)) => files.request(command, params),
        }
    }
}
