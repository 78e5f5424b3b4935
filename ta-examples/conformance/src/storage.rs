// SPDX-License-Identifier: BSD-2-Clause
//! Persistent objects.

use crate::checks::Checks;
use utee::crypto::{Cipher, Direction, Object};
use utee::storage::{Flags, PersistentObject, SeekFrom, StorageId, objects};
use utee::utee_abi::crypto::{AlgorithmId, AttributeId, KeyUsage, ObjectType};
use utee::utee_abi::time::TeeTime;
use utee::{Parameters, Result, TeeError, ValueOutput, time};

/// The object of [`count_for_ever`], which no check touches.
const COUNTER: &[u8] = b"count for ever";

const READ_WRITE: Flags = Flags::ACCESS_READ.union(Flags::ACCESS_WRITE);
const ALL: Flags = READ_WRITE.union(Flags::ACCESS_WRITE_META);
const SHARED: Flags = Flags::SHARE_READ.union(Flags::SHARE_WRITE);

pub(crate) fn storage(checks: &mut Checks) -> Result<()> {
    clean()?;
    streams(checks)?;
    rules(checks)?;
    keys(checks)?;
    enumeration(checks)?;
    clean()
}

/// Removes what a run that was broken off has left on the disk.
fn clean() -> Result<()> {
    for entry in objects(StorageId::PRIVATE)? {
        let entry = entry?;
        if entry.id() != COUNTER {
            PersistentObject::open(entry.id(), Flags::ACCESS_WRITE_META)?.delete()?;
        }
    }
    Ok(())
}

fn streams(checks: &mut Checks) -> Result<()> {
    let mut object = PersistentObject::create(b"stream", ALL, None, b"0123456789")?;
    let mut out = [0; 20];
    checks.equal(object.read(&mut out[..4]), Ok(4));
    checks.equal(object.read(&mut out[4..]), Ok(6));
    checks.equal(out.get(..10), Some(&b"0123456789"[..]));
    checks.equal(object.read(&mut out), Ok(0));
    object.seek(SeekFrom::End(3))?;
    object.write(b"end")?;
    object.rewind()?;
    checks.equal(object.read_to_end().as_deref(), Ok(&b"0123456789\0\0\0end"[..]));
    object.truncate(5)?;
    checks.equal((object.size(), object.position()), (Ok(5), Ok(16)));
    object.truncate(9)?;
    object.seek(SeekFrom::Current(-14))?;
    checks.equal(object.read_to_end().as_deref(), Ok(&b"234\0\0\0\0"[..]));
    object.seek(SeekFrom::Current(i32::MIN))?;
    checks.equal(object.position(), Ok(0));
    object.seek(SeekFrom::Start(u32::MAX))?;
    checks.equal(object.position(), Ok(u32::MAX));
    checks.equal(object.seek(SeekFrom::Current(1)), Err(TeeError::OVERFLOW));
    checks.equal(object.write(b"x"), Err(TeeError::OVERFLOW));
    checks.equal((object.size(), object.position()), (Ok(9), Ok(u32::MAX)));
    // More than goes over at a time.
    let large: alloc::vec::Vec<u8> = (0..33_000u32).map(|at| (at * 31 >> 3) as u8).collect();
    object.seek(SeekFrom::Start(1))?;
    object.write(&large)?;
    object.seek(SeekFrom::Start(1))?;
    let mut part = [0; 1000];
    for wanted in large.chunks(part.len()) {
        object.read_exact(&mut part)?;
        checks.holds(part == *wanted);
    }
    object.delete()?;
    checks.equal(PersistentObject::open(b"stream", ALL), Err(TeeError::ITEM_NOT_FOUND));
    Ok(())
}

fn rules(checks: &mut Checks) -> Result<()> {
    let conflict = Err(TeeError::ACCESS_CONFLICT);
    let mut object = PersistentObject::create(b"one", READ_WRITE | SHARED, None, b"1")?;
    checks.equal(PersistentObject::open(b"one", READ_WRITE).map(drop), conflict);
    checks.equal(PersistentObject::open(b"one", ALL | SHARED).map(drop), conflict);
    checks.equal(PersistentObject::create(b"one", READ_WRITE, None, b"").map(drop), conflict);
    let mut other = PersistentObject::open(b"one", READ_WRITE | SHARED)?;
    other.write(b"23")?;
    checks.equal(object.read_to_end().as_deref(), Ok(&b"23"[..]));
    checks.equal(object.rename(b"two"), Err(TeeError::BAD_STATE));
    drop((object, other));
    let mut object = PersistentObject::open(b"one", ALL)?;
    checks.equal(object.rename(&[1; 65]), Err(TeeError::BAD_PARAMETERS));
    object.rename(&[1; 64])?;
    checks.equal(PersistentObject::open(b"one", ALL).map(drop), Err(TeeError::ITEM_NOT_FOUND));
    checks.equal(PersistentObject::create(&[1; 64], ALL, None, b"").map(drop), conflict);
    drop(object);
    let mut object = PersistentObject::create(&[1; 64], ALL | Flags::OVERWRITE, None, b"new")?;
    checks.equal(object.read_to_end().as_deref(), Ok(&b"new"[..]));
    checks.equal(object.delete(), Ok(()));
    let object = PersistentObject::create(b"", Flags::ACCESS_WRITE, None, b"")?;
    checks.equal(object.delete(), conflict);
    let mut object = PersistentObject::open(b"", Flags::ACCESS_WRITE_META)?;
    checks.equal(object.read(&mut [0; 1]), Err(TeeError::ACCESS_CONFLICT));
    checks.equal(object.write(b"x"), conflict);
    object.delete()?;
    let absent = [(StorageId::PRIVATE_RPMB, TeeError::STORAGE_NOT_AVAILABLE), (StorageId::from_raw(9), TeeError::ITEM_NOT_FOUND)];
    for (storage, error) in absent {
        checks.equal(PersistentObject::open_in(storage, b"one", ALL).map(drop), Err(error));
        checks.equal(objects(storage).map(drop), Err(error));
    }
    Ok(())
}

fn keys(checks: &mut Checks) -> Result<()> {
    let key = Object::from_secret(ObjectType::AES, &[0x5A; 16])?;
    let object = PersistentObject::create(b"key", ALL, Some(&key), b"beside the key")?;
    object.key().restrict_usage((KeyUsage::ENCRYPT | KeyUsage::EXTRACTABLE).bits())?;
    drop((key, object));
    let object = PersistentObject::open(b"key", ALL)?;
    let info = object.key().info()?;
    checks.equal((info.object_type, info.object_size, info.data_size, info.usage), (ObjectType::AES.raw(), 128, 14, 3));
    let mut secret = [0; 16];
    checks.equal(object.key().bytes(AttributeId::SECRET_VALUE, &mut secret), Ok(16));
    checks.equal(secret, [0x5A; 16]);
    let mut text = [0; 16];
    let mut cipher = Cipher::new(AlgorithmId::AES_ECB_NOPAD, Direction::Encrypt, object.key())?;
    cipher.start(&[])?;
    cipher.finish_in_place(&mut text)?;
    let mut again = [0; 16];
    let mut cipher = Cipher::new(AlgorithmId::AES_ECB_NOPAD, Direction::Encrypt, &Object::from_secret(ObjectType::AES, &secret)?)?;
    cipher.start(&[])?;
    cipher.finish_in_place(&mut again)?;
    checks.equal(text, again);
    checks.equal(Cipher::new(AlgorithmId::AES_ECB_NOPAD, Direction::Decrypt, object.key()).map(drop), Err(TeeError::ACCESS_DENIED));
    checks.equal(object.key().reset(), Err(TeeError::BAD_PARAMETERS));
    object.delete()
}

fn enumeration(checks: &mut Checks) -> Result<()> {
    for index in 0..5u8 {
        PersistentObject::create(&[index], READ_WRITE, None, &[0; 5][..usize::from(index)])?;
    }
    let (mut sum, mut count) = (0, 0);
    for entry in objects(StorageId::PRIVATE)? {
        let entry = entry?;
        if entry.id() == COUNTER {
            continue;
        }
        count += 1;
        sum += entry.info.data_size;
        checks.equal(Some(entry.info.data_size), entry.id().first().map(|index| u32::from(*index)));
        PersistentObject::open(entry.id(), Flags::ACCESS_WRITE_META)?.delete()?;
    }
    checks.equal((sum, count), (10, 5));
    checks.holds(objects(StorageId::PRIVATE)?.all(|entry| entry.is_ok_and(|entry| entry.id() == COUNTER)));
    Ok(())
}

pub(crate) fn count_for_ever(params: &mut Parameters<'_>) -> Result<()> {
    let (mut answer,): (ValueOutput<'_>,) = params.take()?;
    let mut object = match PersistentObject::open(COUNTER, READ_WRITE) {
        Err(TeeError::ITEM_NOT_FOUND) => PersistentObject::create(COUNTER, READ_WRITE, None, &[0; 8])?,
        other => other?,
    };
    let (mut count, mut last) = ([0; 4], [0; 4]);
    object.read_exact(&mut count)?;
    object.read_exact(&mut last)?;
    let (count, last) = (u32::from_le_bytes(count).wrapping_add(1), u32::from_le_bytes(last));
    let (time, seconds) = match time::persistent() {
        Ok(now) if count > 1 && now.seconds >= last => (0, now.seconds),
        other => {
            // At first there is none; what other checks have set before counts for nothing.
            let state = if count == 1 { 0 } else { other.err().map_or(2, |error| if error == TeeError::TIME_NEEDS_RESET { 1 } else { 2 }) };
            time::set_persistent(TeeTime { seconds: 1000, millis: 0 })?;
            (state, 1000)
        }
    };
    object.rewind()?;
    object.write(&count.to_le_bytes())?;
    object.write(&seconds.to_le_bytes())?;
    answer.set(count, time);
    Ok(())
}

/// What is measured, with 256 bytes of data.
const MEASURED: &[u8] = b"measured";

fn create_measured() -> Result<PersistentObject> {
    PersistentObject::create(MEASURED, ALL | Flags::OVERWRITE, None, &[7; 256])
}

/// Creates an object and closes it, so many times; the one before is replaced.
pub(crate) fn measure_create(times: u32) -> Result<()> {
    create_measured()?;
    (0..times).try_for_each(|_| create_measured().map(drop))?;
    clean()
}

/// Opens, writes and closes.
pub(crate) fn measure_write(times: u32) -> Result<()> {
    create_measured()?;
    (0..times).try_for_each(|_| PersistentObject::open(MEASURED, READ_WRITE)?.write(&[8; 256]))?;
    clean()
}

/// Opens, reads and closes.
pub(crate) fn measure_read(times: u32) -> Result<()> {
    create_measured()?;
    (0..times).try_for_each(|_| PersistentObject::open(MEASURED, READ_WRITE)?.read_exact(&mut [0; 256]))?;
    clean()
}

/// Creates and deletes.
pub(crate) fn measure_create_and_delete(times: u32) -> Result<()> {
    (0..times).try_for_each(|_| create_measured()?.delete())
}
