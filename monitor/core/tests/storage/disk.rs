// SPDX-License-Identifier: BSD-2-Clause
//! A supplicant that keeps files in memory, with the rules of OP-TEE's, and that can be told to fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tee_core::ports::{Platform, Store};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, RESERVED, Secrets};
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{FsCommand, RpcCommand};
use utee_abi::uuid::Uuid;

/// Files by name, which outlast resets, and what is open.
#[derive(Default)]
pub(crate) struct Disk {
    /// Contents, by number.
    inodes: Vec<Vec<u8>>,
    names: BTreeMap<String, usize>,
    open: Vec<Option<usize>>,
    directories: Vec<Option<Vec<String>>>,
    buffers: u64,
    /// Seconds of the normal world's clock.
    pub(crate) clock: u64,
    /// Requests so far.
    pub(crate) requests: usize,
    /// The request of this number, and all after it, are answered so.
    pub(crate) fails: Option<(usize, TeeError)>,
}

/// A disk that several boots share.
pub(crate) type Shared = Arc<Mutex<Disk>>;

fn bytes(platform: &FakePlatform, param: &MsgParam) -> Vec<u8> {
    let mut out = vec![0; param.words[1] as usize];
    assert!(platform.normal_read(param.words[0], &mut out));
    out
}

fn name(platform: &FakePlatform, param: &MsgParam) -> String {
    assert_eq!(param.words[1], 350, "names travel in a buffer of one size");
    let text = bytes(platform, param);
    String::from_utf8(text.split(|byte| *byte == 0).next().unwrap().to_vec()).unwrap()
}

impl Disk {
    /// A file's content.
    pub(crate) fn content(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.inodes[self.names[name]]
    }

    /// Names of all files.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    /// Puts a file there.
    pub(crate) fn put(&mut self, name: &str, content: &[u8]) {
        self.inodes.push(content.to_vec());
        self.names.insert(name.into(), self.inodes.len() - 1);
    }

    /// Takes a file away.
    pub(crate) fn lose(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Every file with its content.
    pub(crate) fn snapshot(&self) -> Vec<(String, Vec<u8>)> {
        self.names.iter().map(|(name, inode)| (name.clone(), self.inodes[*inode].clone())).collect()
    }

    /// Puts back what was there once.
    pub(crate) fn restore(&mut self, snapshot: &[(String, Vec<u8>)]) {
        self.lose_all();
        for (name, content) in snapshot {
            self.put(name, content);
        }
    }

    /// No file is open.
    pub(crate) fn nothing_is_open(&self) -> bool {
        self.open.iter().all(Option::is_none)
    }

    /// Takes every file away.
    pub(crate) fn lose_all(&mut self) {
        self.names.clear();
    }

    /// Nothing is open and no buffer lives: what is to be so between two calls.
    pub(crate) fn is_quiet(&self) -> bool {
        self.buffers == 0 && self.open.iter().all(Option::is_none) && self.directories.iter().all(Option::is_none)
    }

    pub(crate) fn serve(&mut self, platform: &FakePlatform, command: RpcCommand, params: &mut [MsgParam]) -> u32 {
        match (command, params) {
            (RpcCommand::ShmAlloc, [param]) => {
                // Each in a place of its own, however many there are.
                let at = RESERVED.start + self.buffers * 0x1_0000;
                self.buffers += 1;
                *param = MsgParam::new(Kind::TmemOutput, [at, param.words[1], 1]);
                0
            }
            (RpcCommand::ShmFree, _) => {
                self.buffers -= 1;
                0
            }
            (RpcCommand::Suspend, [time]) => {
                platform.advance(time.words[0]);
                0
            }
            (RpcCommand::GetTime, [time]) => {
                time.words = [self.clock, 0, 0];
                0
            }
            (RpcCommand::Fs, params) => {
                self.requests += 1;
                match self.fails {
                    Some((from, error)) if self.requests > from => error.raw(),
                    _ => self.fs(platform, params).err().map_or(0, |error| error.raw()),
                }
            }
            (RpcCommand::LoadTa, _) => TeeError::ITEM_NOT_FOUND.raw(),
            _ => TeeError::NOT_SUPPORTED.raw(),
        }
    }

    fn fs(&mut self, platform: &FakePlatform, params: &mut [MsgParam]) -> Result<(), TeeError> {
        let [command, handle, offset] = params[0].words;
        let (handle, offset) = (handle as usize, offset as usize);
        let command = FsCommand::try_from(command as u32).unwrap();
        assert_eq!(params.len() as u32, command.params());
        let missing = TeeError::ITEM_NOT_FOUND;
        match command {
            FsCommand::Open | FsCommand::Create => {
                let name = name(platform, &params[1]);
                if command == FsCommand::Create {
                    // Where two folders are missing, OP-TEE's supplicant (4.6 to 4.10) makes one and fails.
                    let folders = name.matches('/').count();
                    if folders > 1 {
                        return Err(TeeError::GENERIC);
                    }
                    self.put(&name, &[]);
                }
                self.open.push(Some(*self.names.get(&name).ok_or(missing)?));
                params[2].words[0] = self.open.len() as u64 - 1;
            }
            FsCommand::Close => {
                self.open[handle].take().unwrap();
            }
            FsCommand::Read => {
                let file = &self.inodes[self.open[handle].unwrap()];
                let content = file.get(offset..).unwrap_or_default();
                let len = content.len().min(params[1].words[1] as usize);
                assert!(platform.normal_write(params[1].words[0], &content[..len]));
                params[1].words[1] = len as u64;
            }
            FsCommand::Write => {
                let data = bytes(platform, &params[1]);
                let file = &mut self.inodes[self.open[handle].unwrap()];
                file.resize(file.len().max(offset + data.len()), 0);
                file[offset..offset + data.len()].copy_from_slice(&data);
            }
            FsCommand::Truncate => self.inodes[self.open[handle].unwrap()].resize(offset, 0),
            FsCommand::Remove => {
                self.names.remove(&name(platform, &params[1])).ok_or(missing)?;
            }
            FsCommand::Rename => {
                let (old, new) = (name(platform, &params[1]), name(platform, &params[2]));
                // On 9p, which cannot keep the other file, OP-TEE's supplicant does nothing and says that it did.
                if handle == 0 {
                    return Ok(());
                }
                let inode = self.names.remove(&old).ok_or(missing)?;
                self.names.insert(new, inode);
            }
            FsCommand::OpenDir => {
                let name = name(platform, &params[1]) + "/";
                let entries: Vec<String> = self.names.keys().filter_map(|file| file.strip_prefix(&name)).map(String::from).collect();
                if entries.is_empty() {
                    return Err(missing);
                }
                self.directories.push(Some(entries));
                params[2].words[0] = self.directories.len() as u64 - 1;
            }
            FsCommand::ReadDir => {
                let entry = self.directories[handle].as_mut().unwrap().pop().ok_or(missing)? + "\0";
                assert!(platform.normal_write(params[1].words[0], entry.as_bytes()));
                params[1].words[1] = entry.len() as u64;
            }
            FsCommand::CloseDir => {
                self.directories[handle].take().unwrap();
            }
        }
        Ok(())
    }
}

/// Boots a machine with these TAs on a disk; or without one, with its storage in memory.
pub(crate) fn boot(disk: Option<&Shared>, tas: &[(Uuid, Vec<u8>)]) -> NormalWorld {
    let store = if disk.is_some() { Store::NormalFiles } else { Store::Memory };
    boot_with(disk, tas, Secrets { store, ..Secrets::default() })
}

/// The same with these secrets.
pub(crate) fn boot_with(disk: Option<&Shared>, tas: &[(Uuid, Vec<u8>)], secrets: Secrets) -> NormalWorld {
    let mut world = NormalWorld::new(FakePlatform::boot_keeping(secrets, tas).unwrap());
    if let Some(disk) = disk.cloned() {
        world.supplicant = Box::new(move |platform, command, params| disk.lock().unwrap().serve(platform, command, params));
    }
    world
}
