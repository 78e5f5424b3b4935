// SPDX-License-Identifier: BSD-2-Clause
//! The key that attestation signs with: made of the hardware-unique key, the same each time, and kept in a file of the normal world,
//! encrypted, since making it takes long. Without the file, or with one that this machine did not write, it is made again.

use crate::call::Call;
use crate::crypto::algorithms::ae::{Ae, MAX_TAG, Scheme, Start};
use crate::crypto::algorithms::block::Kind;
use crate::crypto::algorithms::numbers::Aid;
use crate::crypto::algorithms::rsa::{self, Parts, Private};
use crate::crypto::huk::{self, Purpose};
use crate::limits::admit;
use crate::lock::Lock;
use crate::ports::Platform;
use crate::rpc::buffer::RpcBuffer;
use crate::rpc::fs::{self, Existing};
use alloc::sync::Arc;
use alloc::vec::Vec;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use utee_abi::pta::attestation::KEY_BITS;
use utee_abi::result::TeeError;
use utee_abi::rpc::ShmType;
use zeroize::Zeroizing;

/// Bytes of heap that a computation with the key takes.
pub(super) const WORKSPACE: usize = 32 * 1024;

/// The file, and what it is written as before it takes the place of the one before.
const FILE: &[u8] = b"oxtee-attestation-key";
const NEW_FILE: &[u8] = b"oxtee-attestation-key.new";

// The file: nonce, tag, and encrypted the numbers of the key, each behind its length in two bytes, the more significant one first.
const NONCE: usize = 12;
const HEAD: usize = NONCE + MAX_TAG;
/// Numbers of a key.
const NUMBERS: usize = 8;
const BUFFER: usize = 8 * 1024;

/// The numbers of a key, in the order of [`rsa::generate`].
type Numbers = [Zeroizing<Vec<u8>>; NUMBERS];

/// A key pair and its modulus.
pub(super) struct Pair {
    pub(super) private: Private,
    pub(super) modulus: Zeroizing<Vec<u8>>,
}

impl Pair {
    fn new(numbers: Numbers) -> Result<Self, TeeError> {
        let [n, e, d, p, q, p_exponent, q_exponent, coefficient] = numbers;
        let private = Private::new(&Parts { numbers: [&n, &e, &d], halves: Some([&p, &q, &p_exponent, &q_exponent, &coefficient]) })?;
        Ok(Self { private, modulus: n })
    }
}

/// The key, once somebody has wanted it.
pub struct Key<P: Platform>(Lock<P, Option<Arc<Pair>>>);

impl<P: Platform> Key<P> {
    /// Not made yet.
    pub fn new() -> Self {
        Self(Lock::<P, _>::new(None))
    }

    pub(super) fn get(&self, call: &Call<'_, P>) -> Result<Arc<Pair>, TeeError> {
        if let Some(key) = &*self.0.lock() {
            return Ok(Arc::clone(key));
        }
        admit(call.platform(), WORKSPACE)?;
        // Two calls that come at once make the same key.
        let pair = match read(call) {
            Some(numbers) => Pair::new(numbers)?,
            None => {
                let numbers = make(call)?;
                if let Err(error) = write(call, &numbers) {
                    crate::log!(call.platform(), "W core: the normal world does not keep the key of attestation: {error}");
                }
                Pair::new(numbers)?
            }
        };
        let key = Arc::new(pair);
        *self.0.lock() = Some(Arc::clone(&key));
        Ok(key)
    }
}

impl<P: Platform> Default for Key<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// Numbers that follow from the hardware-unique key alone.
struct Derived<'c, 't, P: Platform> {
    call: &'c Call<'t, P>,
    numbers: ChaCha20Rng,
}

impl<P: Platform> Aid for Derived<'_, '_, P> {
    fn random(&mut self, out: &mut [u8]) -> Result<(), TeeError> {
        self.numbers.fill_bytes(out);
        Ok(())
    }

    fn go_on(&mut self) -> Result<(), TeeError> {
        super::go_on(self.call)
    }
}

fn make<P: Platform>(call: &Call<'_, P>) -> Result<Numbers, TeeError> {
    let seed = huk::subkey(call.platform(), Purpose::Attestation)?;
    let mut derived = Derived { call, numbers: ChaCha20Rng::from_seed(*seed) };
    rsa::generate(KEY_BITS, &rsa::exponent(&rsa::EXPONENT)?, &mut derived)
}

fn cipher<P: Platform>(call: &Call<'_, P>, decrypts: bool, nonce: &[u8], len: usize) -> Result<Ae, TeeError> {
    let key = huk::subkey(call.platform(), Purpose::AttestationFile)?;
    let start = Start { nonce, tag_len: MAX_TAG, aad_len: 0, payload_len: len as u64 };
    Ae::new(call.platform().engine(), Kind::Aes, Scheme::Gcm, decrypts, key.as_slice(), &start)
}

/// What the file says, if this machine wrote it.
fn read<P: Platform>(call: &Call<'_, P>) -> Option<Numbers> {
    let buffer = RpcBuffer::allocate(call, ShmType::Application, BUFFER).ok()?;
    let file = fs::open(&buffer, FILE).ok()?;
    let len = fs::read(&buffer, file, 0, BUFFER);
    // It was only read: whether it closes changes nothing.
    let _ = fs::close(call, file);
    let mut head = [0; HEAD];
    buffer.read(0, &mut head).ok()?;
    let mut content = bytes(len.ok()?.checked_sub(HEAD)?).ok()?;
    buffer.read(HEAD, &mut content).ok()?;
    let (nonce, tag) = head.split_at_checked(NONCE)?;
    let mut ae = cipher(call, true, nonce, content.len()).ok()?;
    ae.admits_payload(content.len() as u64).ok()?;
    ae.payload(&mut content);
    ae.verify(tag).ok()?;
    decode(&content)
}

/// Writes a new file, which then takes the place of an old one.
fn write<P: Platform>(call: &Call<'_, P>, numbers: &Numbers) -> Result<(), TeeError> {
    let mut content = encode(numbers)?;
    let mut nonce = [0; NONCE];
    call.tee.rng.fill(call.platform(), &mut nonce)?;
    let mut ae = cipher(call, false, &nonce, content.len())?;
    ae.admits_payload(content.len() as u64)?;
    ae.payload(&mut content);
    let tag = ae.tag()?;
    let buffer = RpcBuffer::allocate(call, ShmType::Application, BUFFER)?;
    let file = fs::create(&buffer, NEW_FILE)?;
    let written = buffer
        .write(0, &nonce)
        .and_then(|()| buffer.write(NONCE, &tag))
        .and_then(|()| buffer.write(HEAD, &content))
        .and_then(|()| fs::write(&buffer, file, 0, HEAD.saturating_add(content.len())));
    let closed = fs::close(call, file);
    written.and(closed)?;
    fs::rename(&buffer, NEW_FILE, FILE, Existing::Replace)
}

fn bytes(len: usize) -> Result<Zeroizing<Vec<u8>>, TeeError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    bytes.resize(len, 0);
    Ok(Zeroizing::new(bytes))
}

fn encode(numbers: &Numbers) -> Result<Zeroizing<Vec<u8>>, TeeError> {
    let len = numbers.iter().fold(0usize, |sum, number| sum.saturating_add(number.len()).saturating_add(2));
    let mut out = bytes(len)?;
    out.clear();
    for number in numbers {
        out.extend_from_slice(&u16::try_from(number.len()).map_err(|_| TeeError::GENERIC)?.to_be_bytes());
        out.extend_from_slice(number);
    }
    Ok(out)
}

fn decode(mut content: &[u8]) -> Option<Numbers> {
    let mut numbers = Numbers::default();
    for number in &mut numbers {
        let (len, rest) = content.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        *number = bytes(part.len()).ok()?;
        number.copy_from_slice(part);
        content = rest;
    }
    content.is_empty().then_some(numbers)
}
