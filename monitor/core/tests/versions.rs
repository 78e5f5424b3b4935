// SPDX-License-Identifier: BSD-2-Clause
//! Versions of TAs outlast a reset in a file of the normal world, which cannot be forged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tee_core::crypto::huk::{Purpose, subkey};
use tee_core::ports::Platform;
use tee_core::testing::image::{elf, signed_version};
use tee_core::testing::normal::NormalWorld;
use tee_core::testing::{FakePlatform, RESERVED};
use utee_abi::msg::{ATTR_NONCONTIG, Kind, MsgParam};
use utee_abi::pta::secstor_ta_mgmt;
use utee_abi::result::TeeError;
use utee_abi::rpc::{FsCommand, RpcCommand};
use utee_abi::ta_head::TaFlags;
use utee_abi::uuid::Uuid;

const A: Uuid = Uuid::new(1, 2, 3, [4; 8]);
const FILE: &str = "oxtee-ta-versions";
const CONFLICT: u32 = TeeError::ACCESS_CONFLICT.raw();

/// What outlasts a reset.
#[derive(Default)]
struct Disk {
    ta: Vec<u8>,
    files: BTreeMap<String, Vec<u8>>,
    /// Names of open files by handle.
    open: Vec<String>,
    /// No file can be written.
    full: bool,
}

fn bytes(platform: &FakePlatform, param: &MsgParam, len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    assert!(platform.normal_read(param.words[0], &mut out));
    out
}

fn name(platform: &FakePlatform, param: &MsgParam) -> String {
    let text = bytes(platform, param, param.words[1] as usize);
    String::from_utf8(text.split(|byte| *byte == 0).next().unwrap().to_vec()).unwrap()
}

impl Disk {
    fn serve(&mut self, platform: &FakePlatform, command: RpcCommand, params: &mut [MsgParam]) -> u32 {
        match (command, params) {
            (RpcCommand::ShmAlloc, [param]) => {
                *param = MsgParam::new(Kind::TmemOutput, [RESERVED.start, param.words[1], 1]);
                0
            }
            (RpcCommand::ShmFree, _) => 0,
            (RpcCommand::LoadTa, _) if self.ta.is_empty() => TeeError::ITEM_NOT_FOUND.raw(),
            (RpcCommand::LoadTa, [_, place]) => {
                let room = std::mem::replace(&mut place.words[1], self.ta.len() as u64);
                assert!(room < self.ta.len() as u64 || platform.normal_write(place.words[0], &self.ta));
                0
            }
            (RpcCommand::Fs, params) => self.fs(platform, params).err().map_or(0, |error| error.raw()),
            _ => TeeError::NOT_SUPPORTED.raw(),
        }
    }

    fn fs(&mut self, platform: &FakePlatform, params: &mut [MsgParam]) -> Result<(), TeeError> {
        let [command, handle, offset] = params[0].words;
        let file = self.open.get(handle as usize).cloned().unwrap_or_default();
        match FsCommand::try_from(command as u32).unwrap() {
            command @ (FsCommand::Open | FsCommand::Create) => {
                let name = name(platform, &params[1]);
                if command == FsCommand::Create {
                    self.files.insert(name.clone(), Vec::new());
                } else if !self.files.contains_key(&name) {
                    return Err(TeeError::ITEM_NOT_FOUND);
                }
                self.open.push(name);
                params[2].words[0] = self.open.len() as u64 - 1;
            }
            FsCommand::Read => {
                let content = &self.files[&file][offset as usize..];
                let len = content.len().min(params[1].words[1] as usize);
                assert!(platform.normal_write(params[1].words[0], &content[..len]));
                params[1].words[1] = len as u64;
            }
            FsCommand::Write if self.full => return Err(TeeError::STORAGE_NO_SPACE),
            FsCommand::Write => {
                let data = bytes(platform, &params[1], params[1].words[1] as usize);
                let content = self.files.get_mut(&file).unwrap();
                content.resize(content.len().max(offset as usize + data.len()), 0);
                content[offset as usize..][..data.len()].copy_from_slice(&data);
            }
            FsCommand::Remove => drop(self.files.remove(&name(platform, &params[1]))),
            FsCommand::Rename => {
                let content = self.files.remove(&name(platform, &params[1])).unwrap();
                self.files.insert(name(platform, &params[2]), content);
            }
            FsCommand::Close => {}
            other => panic!("{other:?}"),
        }
        Ok(())
    }
}

/// Boots with what a disk holds, and opens the TA in these versions one after the other.
fn boot(disk: &Arc<Mutex<Disk>>, versions: &[u32]) -> Vec<u32> {
    let tee = FakePlatform::boot(&[], 2);
    tee.platform.scripts().set(&A, |_| 0);
    let mut world = NormalWorld::new(tee);
    let served = Arc::clone(disk);
    world.supplicant = Box::new(move |platform, command, params| served.lock().unwrap().serve(platform, command, params));
    let mut open = |version: &u32| {
        disk.lock().unwrap().ta = signed_version(&A, &elf(&A, TaFlags::empty(), 4096), *version);
        let header = world.open(&A, &[]).header;
        if header.ret == 0 {
            world.close(header.session);
        }
        header.ret
    };
    versions.iter().map(&mut open).collect()
}

/// The key is the one that OP-TEE's derivation gives: computed apart from this code for the fake hardware-unique key, 16 times 7.
#[test]
fn the_key_is_derived_as_op_tee_does() {
    const KEY: [u8; 32] = [
        0xe6, 0x34, 0xd6, 0xa5, 0x02, 0x61, 0x27, 0x6b, 0xc4, 0x35, 0x17, 0x8a, 0x96, 0x82, 0x37, 0x70, 0xab, 0x98, 0x78, 0x86, 0xf4, 0x5d,
        0xdb, 0x14, 0x35, 0x5e, 0x5d, 0x09, 0x30, 0x6f, 0xf6, 0xb7,
    ];
    let tee = FakePlatform::boot(&[], 1);
    assert_eq!(subkey(&tee.platform, Purpose::TaVersions).as_deref(), Ok(&KEY));
}

#[test]
fn an_older_version_is_refused_after_a_reset_too() {
    let disk = Arc::default();
    assert_eq!(boot(&disk, &[1, 3]), [0, 0]);
    assert_eq!(boot(&disk, &[2, 3, 1, 4]), [CONFLICT, 0, CONFLICT, 0]);
    assert_eq!(boot(&disk, &[3, 0, 4]), [CONFLICT, CONFLICT, 0]);
    let files: Vec<String> = disk.lock().unwrap().files.keys().cloned().collect();
    assert_eq!(files, [FILE], "nothing else is left there");
}

#[test]
fn a_ta_without_versions_writes_nothing() {
    let disk = Arc::default();
    assert_eq!(boot(&disk, &[0, 0]), [0, 0]);
    assert!(disk.lock().unwrap().files.is_empty());
}

#[test]
fn a_forged_file_says_nothing() {
    let disk: Arc<Mutex<Disk>> = Arc::default();
    assert_eq!(boot(&disk, &[1]), [0]);
    let good = disk.lock().unwrap().files[FILE].clone();
    for at in 0..good.len() {
        // To a version that would lock every TA out, among others.
        let mut bad = good.clone();
        bad[at] ^= 0x80;
        disk.lock().unwrap().files.insert(FILE.into(), bad);
        assert_eq!(boot(&disk, &[0]), [0], "byte {at}");
    }
    for len in 0..good.len() {
        disk.lock().unwrap().files.insert(FILE.into(), good[..len].to_vec());
        assert_eq!(boot(&disk, &[0]), [0], "length {len}");
    }
    disk.lock().unwrap().files.insert(FILE.into(), vec![0xFF; 100_000]);
    assert_eq!(boot(&disk, &[0]), [0]);
    disk.lock().unwrap().files.insert(FILE.into(), good);
    assert_eq!(boot(&disk, &[0]), [CONFLICT], "the good one does");
}

#[test]
fn without_room_versions_are_kept_until_the_reset() {
    let disk: Arc<Mutex<Disk>> = Arc::default();
    disk.lock().unwrap().full = true;
    assert_eq!(boot(&disk, &[2, 1]), [0, CONFLICT]);
    assert_eq!(boot(&disk, &[1]), [0]);
}

/// A machine whose TAs are on the disk, and a session with the pseudo-TA that installs them.
fn installer(disk: &Arc<Mutex<Disk>>) -> (NormalWorld, u32) {
    let tee = FakePlatform::boot(&[], 2);
    tee.platform.scripts().set(&A, |_| 0);
    let mut world = NormalWorld::new(tee);
    let served = Arc::clone(disk);
    world.supplicant = Box::new(move |platform, command, params| served.lock().unwrap().serve(platform, command, params));
    let session = world.open(&secstor_ta_mgmt::UUID, &[]).header.session;
    (world, session)
}

fn install(world: &mut NormalWorld, session: u32, image: &[u8]) -> u32 {
    let pages = image.len().div_ceil(4096) as u64;
    let at = world.pages(pages);
    world.write(at, image);
    let list = world.list(&(0..pages).map(|page| at + page * 4096).collect::<Vec<_>>());
    let param = MsgParam::new(Kind::TmemInput, [list, image.len() as u64, 0]).with(ATTR_NONCONTIG);
    world.invoke(session, secstor_ta_mgmt::Command::Bootstrap.into(), &[param]).header.ret
}

fn open(world: &mut NormalWorld) -> u32 {
    let header = world.open(&A, &[]).header;
    if header.ret == 0 {
        world.close(header.session);
    }
    header.ret
}

fn image(version: u32) -> Vec<u8> {
    signed_version(&A, &elf(&A, TaFlags::empty(), 4096), version)
}

#[test]
fn a_ta_that_was_installed_is_there_after_a_reset_and_in_no_older_version() {
    let disk: Arc<Mutex<Disk>> = Arc::default();
    let (mut world, session) = installer(&disk);
    let not_found = TeeError::ITEM_NOT_FOUND.raw();
    assert_eq!(open(&mut world), not_found);
    assert_eq!(install(&mut world, session, &image(2)), 0);
    assert_eq!([open(&mut world), open(&mut world)], [0, 0]);
    assert_eq!(install(&mut world, session, &image(1)), CONFLICT);
    assert_eq!(open(&mut world), 0, "the newer one is still there");

    let (mut world, session) = installer(&disk);
    assert_eq!(open(&mut world), 0);
    assert_eq!(install(&mut world, session, &image(3)), 0);
    let names: Vec<String> = disk.lock().unwrap().files.keys().cloned().collect();
    assert_eq!(names, [format!("oxtee-ta-{A}"), FILE.to_string()], "nothing else is left there");

    // The normal world's own comes first, but not in the place of a newer one.
    disk.lock().unwrap().ta = image(2);
    assert_eq!(open(&mut world), 0);
    disk.lock().unwrap().files.remove(&format!("oxtee-ta-{A}"));
    assert_eq!(open(&mut world), CONFLICT);
    disk.lock().unwrap().ta = Vec::new();
    assert_eq!(open(&mut world), not_found);
}

#[test]
fn what_is_not_signed_is_not_installed() {
    let disk: Arc<Mutex<Disk>> = Arc::default();
    let (mut world, session) = installer(&disk);
    let good = image(1);
    let security = TeeError::SECURITY.raw();
    // Each field of the header, the digest, the signature, the header of the TA, its content.
    for at in [0, 4, 8, 12, 16, 18, 20, 52, 20 + 32 + 256, 20 + 32 + 256 + 16, 3000, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(install(&mut world, session, &bad), security, "byte {at}");
    }
    for len in [1, 19, 20, 300, 330, good.len() - 1] {
        assert_eq!(install(&mut world, session, &good[..len]), security, "{len} bytes");
    }
    assert!(disk.lock().unwrap().files.is_empty());
    let out = MsgParam::value_out();
    assert_eq!(world.invoke(session, 0, &[out]).header.ret, TeeError::BAD_PARAMETERS.raw());
    assert_eq!(world.invoke(session, 1, &[]).header.ret, TeeError::NOT_IMPLEMENTED.raw());
    disk.lock().unwrap().full = true;
    assert_eq!(install(&mut world, session, &good), TeeError::STORAGE_NO_SPACE.raw());
    assert!(disk.lock().unwrap().files.is_empty());
}

#[test]
fn a_file_that_the_normal_world_changed_is_refused() {
    let disk: Arc<Mutex<Disk>> = Arc::default();
    let (mut world, session) = installer(&disk);
    assert_eq!(install(&mut world, session, &image(1)), 0);
    let file = format!("oxtee-ta-{A}");
    let good = disk.lock().unwrap().files[&file].clone();
    let mut put = |content: Vec<u8>| {
        disk.lock().unwrap().files.insert(file.clone(), content);
        open(&mut world)
    };
    for at in [4, 8, 20, 400, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        assert_ne!(put(bad), 0, "byte {at}");
    }
    for content in [Vec::new(), good[..19].to_vec(), good[..good.len() - 1].to_vec(), vec![0xFF; 5000]] {
        assert_ne!(put(content), 0);
    }
    assert_eq!(put(good), 0);
}
