// SPDX-License-Identifier: BSD-2-Clause
//! The TA, which has instructions of the CPU in it.

use crate::checks::Checks;
use crate::{arithmetic, crypto, curves, framework, keys, known, measured, memory, numbers, storage, streamed};
use alloc::vec;
use alloc::vec::Vec;
use conformance::proto;
use core::time::Duration;
use utee::digest::{Algorithm, Digest};
use utee::net::{IpVersion, TcpStream, UdpSocket};
use utee::{MemrefInput, MemrefOutput, Parameters, Result, Ta, TeeError, ValueInput, ValueOutput, cancellation, info, property};

pub(crate) struct Conformance;

impl Ta for Conformance {
    type Session = ();

    fn create() -> Result<Self> {
        Ok(Self)
    }

    fn open_session(&mut self, _params: &mut Parameters<'_>) -> Result<()> {
        Ok(())
    }

    fn invoke(&mut self, _session: &mut (), command: u32, params: &mut Parameters<'_>) -> Result<()> {
        match command {
            proto::RUN_ALL => run_all(params),
            proto::RUN_GROUP => run_group(params),
            proto::EMPTY_SYSCALLS => empty_syscalls(params),
            proto::COPY => copy(params),
            proto::HASH => hash(params),
            proto::RANDOM => random(params),
            proto::IDENTITY => identity(params),
            proto::MEASURE => measured::measure(params),
            proto::STREAM => streamed::measure(params),
            proto::ECHO => echo(params),
            proto::COUNT_FOR_EVER => storage::count_for_ever(params),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}

/// The groups, in the order of [`proto::GROUPS`].
const GROUPS: [fn(&mut Checks) -> Result<()>; proto::GROUPS.len()] = [
    framework::properties,
    memory::rights,
    framework::time,
    crypto::random,
    crypto::unique_keys,
    crypto::digests,
    framework::sessions,
    framework::cancellation,
    memory::mappings,
    memory::heap,
    memory::floating_point,
    arithmetic::arithmetic,
    framework::call_rules,
    keys::keys,
    curves::curves,
    storage::storage,
    numbers::numbers,
    |checks| known::family(checks, 0),
    |checks| known::family(checks, 1),
    |checks| known::family(checks, 2),
    |checks| known::family(checks, 3),
    |checks| known::family(checks, 4),
    |checks| known::family(checks, 5),
    |checks| known::family(checks, 6),
    |checks| known::family(checks, 7),
    known::generated,
];

fn run(index: usize) -> Result<Checks> {
    let (name, group) = proto::GROUPS.get(index).zip(GROUPS.get(index)).ok_or(TeeError::BAD_PARAMETERS)?;
    let mut checks = Checks::new(name);
    if let Err(error) = group(&mut checks) {
        checks.stop(error);
    }
    info!("{name}: {} checks passed{}", checks.passed(), if checks.failed() { ", others FAILED" } else { "" });
    Ok(checks)
}

fn run_all(params: &mut Parameters<'_>) -> Result<()> {
    let (mut answer,): (ValueOutput<'_>,) = params.take()?;
    let mut passed = 0u32;
    for index in 0..GROUPS.len() {
        if !run(index)?.failed() {
            passed |= 1 << index;
        }
    }
    answer.set(passed, GROUPS.len() as u32);
    Ok(())
}

fn run_group(params: &mut Parameters<'_>) -> Result<()> {
    let (which, mut answer): (ValueInput<'_>, ValueOutput<'_>) = params.take()?;
    let checks = run(which.a() as usize)?;
    answer.set(checks.passed(), checks.first_failure());
    Ok(())
}

fn echo(params: &mut Parameters<'_>) -> Result<()> {
    let (port, data, mut back): (ValueInput<'_>, MemrefInput<'_>, MemrefOutput<'_>) = params.take()?;
    let number = u16::try_from(port.a()).map_err(|_| TeeError::BAD_PARAMETERS)?;
    let data = data.to_vec()?;
    let came = if port.b() == 0 { echo_stream(number, &data)? } else { echo_datagram(number, &data)? };
    back.write(&came)
}

/// How long an answer may take.
const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

fn echo_datagram(port: u16, data: &[u8]) -> Result<Vec<u8>> {
    let mut socket = UdpSocket::connect(IpVersion::V4, "127.0.0.1", port)?;
    if socket.send(data, LIMIT)? != data.len() {
        return Err(TeeError::COMMUNICATION);
    }
    // Room for one byte more shows an answer that is too long.
    let mut came = vec![0; data.len() + 1];
    let len = socket.receive(&mut came, LIMIT)?;
    came.truncate(len);
    Ok(came)
}

fn echo_stream(port: u16, data: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(IpVersion::V4, "127.0.0.1", port)?;
    stream.set_receive_buffer(4096)?;
    stream.send_all(data, LIMIT)?;
    let mut came = Vec::new();
    let mut part = [0; 64];
    while came.len() < data.len() {
        match stream.receive(&mut part, LIMIT)? {
            0 => return Err(TeeError::COMMUNICATION),
            len => came.extend_from_slice(part.get(..len).unwrap_or_default()),
        }
    }
    Ok(came)
}

fn empty_syscalls(params: &mut Parameters<'_>) -> Result<()> {
    let (count,): (ValueInput<'_>,) = params.take()?;
    for _ in 0..count.a() {
        // Never true here; what counts is the way there and back.
        if cancellation::is_requested() {
            return Err(TeeError::CANCEL);
        }
    }
    Ok(())
}

fn identity(params: &mut Parameters<'_>) -> Result<()> {
    let (mut login, mut octets): (ValueOutput<'_>, MemrefOutput<'_>) = params.take()?;
    let client = property::client_identity()?;
    login.set(client.login, 0);
    octets.write(&client.uuid.octets())
}

fn copy(params: &mut Parameters<'_>) -> Result<()> {
    let (from, mut to): (MemrefInput<'_>, MemrefOutput<'_>) = params.take()?;
    to.write(&from.to_vec()?)
}

fn hash(params: &mut Parameters<'_>) -> Result<()> {
    let (times, data): (ValueInput<'_>, MemrefInput<'_>) = params.take()?;
    for _ in 0..times.a() {
        let mut digest = Digest::new(Algorithm::Sha256)?;
        digest.update_shared(data.shared())?;
        digest.finish(&[], &mut [0; 32])?;
    }
    Ok(())
}

fn random(params: &mut Parameters<'_>) -> Result<()> {
    const CHUNK: usize = 1024;
    let (mut out,): (MemrefOutput<'_>,) = params.take()?;
    let mut chunk = [0; CHUNK];
    for at in (0..out.len()).step_by(CHUNK) {
        let part = chunk.get_mut(..CHUNK.min(out.len() - at)).ok_or(TeeError::GENERIC)?;
        utee::random::fill(part);
        out.write_at(at, part)?;
    }
    Ok(())
}
