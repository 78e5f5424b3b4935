// SPDX-License-Identifier: BSD-2-Clause
//! The TEE's side of the requests, and a disk whose power can fail.

use drivers::block::{Disk, DiskError, MemoryDisk, SECTOR};
use files::window::Window;
use files::{Service, Volume};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tee_client::transport::smc::RpcParam;
use tee_client::{Direction, SharedBytes, TeeError};
use utee_abi::rpc::FsCommand;

/// Memory that the TEE gives.
pub(crate) struct Memory(Mutex<Vec<u8>>);

impl Memory {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(Mutex::new(bytes.to_vec()))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl SharedBytes for Memory {
    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        let bytes = self.0.lock().unwrap();
        bytes.get(at..at.saturating_add(out.len())).map(|from| out.copy_from_slice(from)).is_some()
    }

    fn write(&self, at: usize, data: &[u8]) -> bool {
        let mut bytes = self.0.lock().unwrap();
        bytes.get_mut(at..at.saturating_add(data.len())).map(|to| to.copy_from_slice(data)).is_some()
    }
}

pub(crate) type Answer<T> = Result<T, TeeError>;

pub(crate) fn command(command: FsCommand, b: u64, c: u64) -> RpcParam<'static> {
    RpcParam::Value { direction: Direction::Input, words: [u32::from(command).into(), b, c] }
}

pub(crate) fn value() -> RpcParam<'static> {
    RpcParam::Value { direction: Direction::Output, words: [0; 3] }
}

pub(crate) fn memory(direction: Direction, memory: &Memory) -> RpcParam<'_> {
    RpcParam::Memory { direction, bytes: memory, offset: 0, size: memory.len() }
}

pub(crate) fn named(name: &str) -> Memory {
    Memory::new(&[name.as_bytes(), &[0]].concat())
}

fn with_name(service: &mut Service, what: FsCommand, name: &str) -> Answer<u64> {
    let name = named(name);
    let mut params = [command(what, 0, 0), memory(Direction::Input, &name), value()];
    service.request(&mut params)?;
    match params {
        [.., RpcParam::Value { words: [handle, ..], .. }] => Ok(handle),
        _ => panic!("the value became something else"),
    }
}

pub(crate) fn open(service: &mut Service, name: &str) -> Answer<u64> {
    with_name(service, FsCommand::Open, name)
}

pub(crate) fn create(service: &mut Service, name: &str) -> Answer<u64> {
    with_name(service, FsCommand::Create, name)
}

pub(crate) fn open_directory(service: &mut Service, name: &str) -> Answer<u64> {
    with_name(service, FsCommand::OpenDir, name)
}

pub(crate) fn close(service: &mut Service, file: u64) -> Answer<()> {
    service.request(&mut [command(FsCommand::Close, file, 0)])
}

pub(crate) fn close_directory(service: &mut Service, directory: u64) -> Answer<()> {
    service.request(&mut [command(FsCommand::CloseDir, directory, 0)])
}

pub(crate) fn read(service: &mut Service, file: u64, offset: u64, len: usize) -> Answer<Vec<u8>> {
    let out = Memory::new(&vec![0xEE; len]);
    let mut params = [command(FsCommand::Read, file, offset), memory(Direction::Output, &out)];
    service.request(&mut params)?;
    let [_, RpcParam::Memory { size, .. }] = params else { panic!("the memory became something else") };
    let bytes = out.bytes();
    assert!(bytes[size..].iter().all(|byte| *byte == 0xEE), "more was written than there is");
    Ok(bytes[..size].to_vec())
}

pub(crate) fn write(service: &mut Service, file: u64, offset: u64, bytes: &[u8]) -> Answer<()> {
    service.request(&mut [command(FsCommand::Write, file, offset), memory(Direction::Input, &Memory::new(bytes))])
}

pub(crate) fn truncate(service: &mut Service, file: u64, len: u64) -> Answer<()> {
    service.request(&mut [command(FsCommand::Truncate, file, len)])
}

pub(crate) fn remove(service: &mut Service, name: &str) -> Answer<()> {
    service.request(&mut [command(FsCommand::Remove, 0, 0), memory(Direction::Input, &named(name))])
}

pub(crate) fn rename(service: &mut Service, old: &str, new: &str, overwrite: bool) -> Answer<()> {
    let (old, new) = (named(old), named(new));
    let names = [memory(Direction::Input, &old), memory(Direction::Input, &new)];
    let [old, new] = names;
    service.request(&mut [command(FsCommand::Rename, overwrite.into(), 0), old, new])
}

pub(crate) fn read_directory(service: &mut Service, directory: u64, room: usize) -> Answer<(Vec<u8>, usize)> {
    let out = Memory::new(&vec![0; room]);
    let mut params = [command(FsCommand::ReadDir, directory, 0), memory(Direction::Output, &out)];
    let done = service.request(&mut params);
    let [_, RpcParam::Memory { size, .. }] = params else { panic!("the memory became something else") };
    match done {
        Err(TeeError::SHORT_BUFFER) => Ok((Vec::new(), size)),
        done => done.map(|()| (out.bytes()[..size - 1].to_vec(), size)),
    }
}

/// All names of a directory.
pub(crate) fn list(service: &mut Service, name: &str) -> Answer<Vec<String>> {
    let directory = open_directory(service, name)?;
    let mut found = Vec::new();
    let end = loop {
        match read_directory(service, directory, 350) {
            Ok((name, _)) => found.push(String::from_utf8(name).unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(end, TeeError::ITEM_NOT_FOUND);
    close_directory(service, directory)?;
    found.sort();
    Ok(found)
}

/// Makes a file as the TEE does: created, written, closed.
pub(crate) fn put(service: &mut Service, name: &str, bytes: &[u8]) -> Answer<()> {
    let file = create(service, name)?;
    write(service, file, 0, bytes)?;
    close(service, file)
}

/// The content of a file.
pub(crate) fn get(service: &mut Service, name: &str) -> Answer<Vec<u8>> {
    let file = open(service, name)?;
    let bytes = read(service, file, 0, 1 << 20)?;
    close(service, file)?;
    Ok(bytes)
}

/// An empty service on so many sectors.
pub(crate) fn service(sectors: usize) -> Service {
    Service::new(Volume::format(Window::whole(Box::new(MemoryDisk::new(sectors).unwrap())), None).unwrap())
}

/// What a disk holds: what it held at first, and sectors that were written since; and how many more it takes before its power
/// fails.
struct State {
    first: Arc<Vec<u8>>,
    written: BTreeMap<u64, [u8; SECTOR]>,
    left: usize,
}

/// A disk, seen from outside.
#[derive(Clone)]
pub(crate) struct Wires(Arc<Mutex<State>>);

/// A disk whose power can fail between any two sectors.
pub(crate) struct Failing(pub(crate) Wires);

impl Wires {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self::of(Arc::new(bytes))
    }

    pub(crate) fn of(first: Arc<Vec<u8>>) -> Self {
        Self(Arc::new(Mutex::new(State { first, written: BTreeMap::new(), left: usize::MAX })))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let state = self.0.lock().unwrap();
        let mut bytes = state.first.to_vec();
        for (sector, content) in &state.written {
            let at = *sector as usize * SECTOR;
            bytes[at..at + SECTOR].copy_from_slice(content);
        }
        bytes
    }

    /// Has the power fail at the sector that is written after so many others.
    pub(crate) fn fail_after(&self, sectors: usize) {
        self.0.lock().unwrap().left = sectors;
    }

    /// Whether the power is still there.
    pub(crate) fn works(&self) -> bool {
        self.0.lock().unwrap().left > 0
    }
}

impl Disk for Failing {
    fn sectors(&self) -> u64 {
        (self.0.0.lock().unwrap().first.len() / SECTOR) as u64
    }

    fn read(&mut self, first: u64, out: &mut [u8]) -> Result<(), DiskError> {
        drivers::block::check(self.sectors(), first, out.len())?;
        let state = self.0.0.lock().unwrap();
        for (sector, out) in (first..).zip(out.chunks_mut(SECTOR)) {
            let at = sector as usize * SECTOR;
            out.copy_from_slice(state.written.get(&sector).map_or(&state.first[at..at + SECTOR], |sector| sector));
        }
        if state.left == 0 { Err(DiskError::Gone) } else { Ok(()) }
    }

    fn write(&mut self, first: u64, data: &[u8]) -> Result<(), DiskError> {
        drivers::block::check(self.sectors(), first, data.len())?;
        let mut state = self.0.0.lock().unwrap();
        for (sector, content) in (first..).zip(data.chunks(SECTOR)) {
            state.left = state.left.saturating_sub(1);
            if state.left == 0 {
                return Err(DiskError::Gone);
            }
            state.written.insert(sector, content.try_into().unwrap());
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        if self.0.works() { Ok(()) } else { Err(DiskError::Gone) }
    }
}
