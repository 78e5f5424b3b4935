// SPDX-License-Identifier: BSD-2-Clause
//! Files that the supplicant keeps (OP-TEE ABI, FS sub-commands). Their names and content are the normal world's to read
//! and to change: whoever keeps secrets in them encrypts, and believes nothing that does not verify.

use super::buffer::{Direction, RpcBuffer, filled};
use crate::call::Call;
use crate::ports::Platform;
use utee_abi::msg::MsgParam;
use utee_abi::result::TeeError;
use utee_abi::rpc::{FS_NAME_SIZE, FsCommand, RpcCommand};

/// An open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File(u32);

/// An open directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory(u32);

/// The name of an entry of a directory.
pub type Name = heapless::Vec<u8, FS_NAME_SIZE>;

/// What happens when a file is renamed to a name that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced.
    Replace,
    /// ACCESS_CONFLICT.
    Keep,
}

fn command(command: FsCommand, b: u64, c: u64) -> MsgParam {
    MsgParam::value_in(u64::from(u32::from(command)), b, c)
}

/// Puts a name with its NUL at byte `at` of a buffer.
fn named<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, at: usize, name: &[u8]) -> Result<MsgParam, TeeError> {
    let mut bytes = [0; FS_NAME_SIZE];
    // The last byte stays for the NUL.
    let (_, place) = bytes.split_last_mut().ok_or(TeeError::GENERIC)?;
    if name.is_empty() || name.contains(&0) {
        return Err(TeeError::BAD_PARAMETERS);
    }
    place.get_mut(..name.len()).ok_or(TeeError::BAD_PARAMETERS)?.copy_from_slice(name);
    buffer.write(at, &bytes)?;
    buffer.param(Direction::In, at, FS_NAME_SIZE)
}

/// A handle is a non-negative int of the supplicant's.
fn handle(param: &MsgParam) -> Result<u32, TeeError> {
    let (value, _) = param.output_value().ok_or(TeeError::COMMUNICATION)?;
    u32::try_from(value).ok().filter(|value| i32::try_from(*value).is_ok()).ok_or(TeeError::COMMUNICATION)
}

fn get<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, what: FsCommand, name: &[u8]) -> Result<u32, TeeError> {
    let mut params = [command(what, 0, 0), named(buffer, 0, name)?, MsgParam::value_out()];
    buffer.call().rpc(RpcCommand::Fs, &mut params)?;
    let [_, _, out] = params;
    handle(&out)
}

/// Opens a file. The buffer holds at least [`FS_NAME_SIZE`] bytes, as for every call with a name.
///
/// # Errors
/// ITEM_NOT_FOUND; BAD_PARAMETERS for a name that is empty, too long or has a NUL; as [`Call::rpc`]; COMMUNICATION for an
/// answer that is none.
pub fn open<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, name: &[u8]) -> Result<File, TeeError> {
    get(buffer, FsCommand::Open, name).map(File)
}

/// Creates a file, or empties the one that is there. Missing directories are made.
///
/// # Errors
/// As [`open`].
pub fn create<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, name: &[u8]) -> Result<File, TeeError> {
    get(buffer, FsCommand::Create, name).map(File)
}

/// Closes a file.
///
/// # Errors
/// As [`Call::rpc`].
pub fn close<P: Platform>(call: &Call<'_, P>, file: File) -> Result<(), TeeError> {
    call.rpc(RpcCommand::Fs, &mut [command(FsCommand::Close, u64::from(file.0), 0)])
}

/// Reads up to `len` bytes from byte `offset` of a file to the start of the buffer; gives how many there were.
///
/// # Errors
/// BAD_PARAMETERS past the end of the buffer; as [`Call::rpc`]; COMMUNICATION for more bytes than were asked for.
pub fn read<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, file: File, offset: u64, len: usize) -> Result<usize, TeeError> {
    let mut params = [command(FsCommand::Read, u64::from(file.0), offset), buffer.param(Direction::Out, 0, len)?];
    buffer.call().rpc(RpcCommand::Fs, &mut params)?;
    let [_, content] = params;
    filled(&content, len)
}

/// Writes the first `len` bytes of the buffer to byte `offset` of a file.
///
/// # Errors
/// BAD_PARAMETERS past the end of the buffer; as [`Call::rpc`].
pub fn write<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, file: File, offset: u64, len: usize) -> Result<(), TeeError> {
    let mut params = [command(FsCommand::Write, u64::from(file.0), offset), buffer.param(Direction::In, 0, len)?];
    buffer.call().rpc(RpcCommand::Fs, &mut params)
}

/// Cuts a file, or fills it up with zeros.
///
/// # Errors
/// As [`Call::rpc`].
pub fn truncate<P: Platform>(call: &Call<'_, P>, file: File, len: u64) -> Result<(), TeeError> {
    call.rpc(RpcCommand::Fs, &mut [command(FsCommand::Truncate, u64::from(file.0), len)])
}

/// Removes a file, and the directories that are empty then.
///
/// # Errors
/// As [`open`].
pub fn remove<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, name: &[u8]) -> Result<(), TeeError> {
    buffer.call().rpc(RpcCommand::Fs, &mut [command(FsCommand::Remove, 0, 0), named(buffer, 0, name)?])
}

/// Whether there is a file of this name.
fn exists<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, name: &[u8]) -> Result<bool, TeeError> {
    match open(buffer, name) {
        Ok(file) => close(buffer.call(), file).map(|()| true),
        Err(TeeError::ITEM_NOT_FOUND) => Ok(false),
        Err(answer) => Err(answer),
    }
}

/// Renames a file. The buffer holds two names. Of OP-TEE's supplicant one answer alone is to be relied on: it reports most failures as
/// success, among them that a file system cannot refuse to replace a file (9p, NFS). Both are looked at here instead.
///
/// # Errors
/// As [`open`]; ACCESS_CONFLICT; GENERIC when the file still has its old name afterwards.
pub fn rename<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, old: &[u8], new: &[u8], existing: Existing) -> Result<(), TeeError> {
    let second = named(buffer, FS_NAME_SIZE, new)?;
    if existing == Existing::Keep && exists(buffer, new)? {
        return Err(TeeError::ACCESS_CONFLICT);
    }
    let mut params = [command(FsCommand::Rename, 1, 0), named(buffer, 0, old)?, second];
    buffer.call().rpc(RpcCommand::Fs, &mut params)?;
    if exists(buffer, old)? { Err(TeeError::GENERIC) } else { Ok(()) }
}

/// Opens a directory.
///
/// # Errors
/// As [`open`]; ITEM_NOT_FOUND for an empty one as well.
pub fn open_directory<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, name: &[u8]) -> Result<Directory, TeeError> {
    get(buffer, FsCommand::OpenDir, name).map(Directory)
}

/// Closes a directory.
///
/// # Errors
/// As [`Call::rpc`].
pub fn close_directory<P: Platform>(call: &Call<'_, P>, directory: Directory) -> Result<(), TeeError> {
    call.rpc(RpcCommand::Fs, &mut [command(FsCommand::CloseDir, u64::from(directory.0), 0)])
}

/// The next entry of a directory, without its NUL.
///
/// # Errors
/// ITEM_NOT_FOUND at the end; as [`Call::rpc`]; COMMUNICATION for a name that is none of an entry: without its NUL, empty,
/// or with a slash in it.
pub fn read_directory<P: Platform>(buffer: &RpcBuffer<'_, '_, P>, directory: Directory) -> Result<Name, TeeError> {
    let mut params = [command(FsCommand::ReadDir, u64::from(directory.0), 0), buffer.param(Direction::Out, 0, FS_NAME_SIZE)?];
    buffer.call().rpc(RpcCommand::Fs, &mut params)?;
    let [_, out] = params;
    let mut bytes = [0; FS_NAME_SIZE];
    let bytes = bytes.get_mut(..filled(&out, FS_NAME_SIZE)?).ok_or(TeeError::COMMUNICATION)?;
    buffer.read(0, bytes)?;
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(TeeError::COMMUNICATION)?;
    let name = bytes.get(..end).filter(|name| !name.is_empty() && !name.contains(&b'/')).ok_or(TeeError::COMMUNICATION)?;
    Name::from_slice(name).map_err(|_| TeeError::COMMUNICATION)
}
