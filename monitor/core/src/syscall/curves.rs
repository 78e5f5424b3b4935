// SPDX-License-Identifier: BSD-2-Clause
//! What the curves have of their own: keys, signatures and agreement on Curve25519 and Curve448, and SM2 (OP-TEE ABI, system calls
//! 32, 39, 40 and 54).

use super::asymmetric::digest;
use super::object::{self, Given, buffer, given};
use super::{Env, derive};
use crate::crypto::algorithms::digest::MAX_DIGEST;
use crate::crypto::algorithms::ecc::{self, Curve};
use crate::crypto::algorithms::edwards::{self, Dom, Prehash, Verify, Verifying};
use crate::crypto::algorithms::{Service, sm2};
use crate::crypto::object::{Object, Value};
use crate::limits::{MAX_MESSAGE, admit};
use crate::ports::Platform;
use alloc::vec::Vec;
use heapless::Vec as Few;
use utee_abi::crypto::{AttributeId as Id, OperationMode as Mode};
use utee_abi::regs::SyscallArgs;
use utee_abi::result::TeeError;
use utee_abi::uaddr::UserSlice;
use zeroize::Zeroizing;

/// Times that random numbers are drawn at most until one is below the order of its curve. That it is not comes at worst once in
/// 2^32 times.
const TRIES: usize = 64;

/// The attributes of a key that was made.
type Made = Few<(Id, Value), 4>;

/// Generates a key pair: object, bits, attributes, their number.
///
/// # Errors
/// Those of [`Object::plan_pair_on`]; ITEM_NOT_FOUND for attributes that are of no use; ACCESS_DENIED, OUT_OF_MEMORY.
pub fn generate<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs) -> Result<(), TeeError> {
    let handle = a.u32(0);
    let given = given(env, a.addr(2), a.u32(3))?;
    let object = object::get(env, handle)?;
    let made = match edwards::Use::of_key(object.id()) {
        Some(of) => {
            object.plan_pair(a.u32(1))?;
            if !given.is_empty() {
                return Err(TeeError::ITEM_NOT_FOUND);
            }
            make(env, of)?
        }
        None => {
            let (curve, number) = object.plan_pair_on(a.u32(1), &given)?;
            make_on(env, curve, number)?
        }
    };
    object::get(env, handle)?.set_key(&made)
}

fn push(made: &mut Made, id: Id, value: Value) -> Result<(), TeeError> {
    made.push((id, value)).map_err(|_| TeeError::GENERIC)
}

fn make<P: Platform>(env: &Env<'_, '_, P>, of: edwards::Use) -> Result<Made, TeeError> {
    let mut random = Zeroizing::new([0; edwards::MAX_KEY]);
    let secret = random.get_mut(..of.size()).ok_or(TeeError::GENERIC)?;
    env.call.tee.rng.fill(env.call.platform(), secret)?;
    let mut public = [0; edwards::MAX_KEY];
    of.public_of(secret, &mut public)?;
    let mut made = Made::new();
    let [secret_id, public_id] = of.attributes();
    push(&mut made, secret_id, Value::bytes(secret)?)?;
    push(&mut made, public_id, Value::bytes(public.get(..of.size()).ok_or(TeeError::GENERIC)?)?)?;
    Ok(made)
}

fn make_on<P: Platform>(env: &Env<'_, '_, P>, curve: Curve, number: Option<u32>) -> Result<Made, TeeError> {
    let mut random = Zeroizing::new([0; ecc::MAX_SCALAR]);
    let random = random.get_mut(..curve.size()).ok_or(TeeError::GENERIC)?;
    for _ in 0..TRIES {
        env.call.tee.rng.fill(env.call.platform(), random)?;
        // P-521 has seven bits too many.
        if let (Curve::P521, Some(first)) = (curve, random.first_mut()) {
            *first &= 1;
        }
        let Some(pair) = ecc::pair(curve, random) else { continue };
        let mut made = Made::new();
        for (id, bytes) in [Id::ECC_PRIVATE_VALUE, Id::ECC_PUBLIC_VALUE_X, Id::ECC_PUBLIC_VALUE_Y].into_iter().zip(&pair) {
            push(&mut made, id, Value::bytes(bytes.get(..curve.size()).ok_or(TeeError::GENERIC)?)?)?;
        }
        if let Some(number) = number {
            push(&mut made, Id::ECC_CURVE, Value::Number(number))?;
        }
        return Ok(made);
    }
    Err(TeeError::GENERIC)
}

fn key<'e, P: Platform>(env: &'e Env<'_, '_, P>, handle: u32) -> Result<&'e Object, TeeError> {
    env.body.objects.get(handle).filter(|object| object.is_initialised()).ok_or(TeeError::BAD_PARAMETERS)
}

fn array<const N: usize>(from: &[u8]) -> Result<Zeroizing<[u8; N]>, TeeError> {
    from.try_into().map(Zeroizing::new).map_err(|_| TeeError::BAD_PARAMETERS)
}

/// What the attributes of an EdDSA signature say: whether the message is hashed first, and the context.
fn variant<P: Platform>(env: &Env<'_, '_, P>, given: &Given) -> Result<(bool, Zeroizing<Vec<u8>>), TeeError> {
    let (mut is_prehashed, mut context) = (false, None);
    for attribute in given {
        match (attribute.id, attribute.a, attribute.b) {
            (Id::EDDSA_PREHASH, hashed @ (0 | 1), 0) => is_prehashed = hashed == 1,
            (Id::EDDSA_CTX, ..) if context.is_none() => {
                context = Some(buffer(env, attribute, edwards::MAX_CONTEXT, TeeError::BAD_PARAMETERS)?);
            }
            _ => return Err(TeeError::BAD_PARAMETERS),
        }
    }
    Ok((is_prehashed, context.unwrap_or_default()))
}

/// Copies a message that is needed twice: nobody is to change it in between.
fn copy<P: Platform>(env: &Env<'_, '_, P>, claim: UserSlice) -> Result<Zeroizing<Vec<u8>>, TeeError> {
    let len = usize::try_from(claim.len()).ok().filter(|len| *len <= MAX_MESSAGE).ok_or(TeeError::OUT_OF_MEMORY)?;
    let mut message = room(env, len)?;
    env.read_any(claim, &mut message)?;
    Ok(message)
}

fn room<P: Platform>(env: &Env<'_, '_, P>, len: usize) -> Result<Zeroizing<Vec<u8>>, TeeError> {
    admit(env.call.platform(), len)?;
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.try_reserve_exact(len).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

fn prehash<P: Platform>(env: &Env<'_, '_, P>, of: edwards::Use, claim: UserSlice) -> Result<[u8; edwards::PREHASHED], TeeError> {
    let mut hash = Prehash::new(of);
    env.feed(claim, |part| {
        hash.update(part);
        Ok(())
    })?;
    Ok(hash.finish())
}

/// Signs, encrypts or decrypts on Curve25519, Curve448 or with SM2, with the arguments of `asymmetric::operate`.
///
/// # Errors
/// BAD_STATE for a state that does none of these; BAD_PARAMETERS for a key without attributes, attributes that are of no use, or a digest
/// of another length; CIPHERTEXT_INVALID for what was not encrypted for the key; SHORT_BUFFER with the length that is needed;
/// OUT_OF_MEMORY for a long message; ACCESS_DENIED.
pub fn operate<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs, service: Service, mode: Mode, handle: u32) -> Result<(), TeeError> {
    match (service, mode) {
        (Service::Edwards(of), Mode::Sign) => sign(env, a, of, key(env, handle)?),
        (Service::Sm2(sm2::Use::Sign), Mode::Sign) => sign_sm2(env, a, key(env, handle)?),
        (Service::Sm2(sm2::Use::Encrypt), Mode::Encrypt) => encrypt(env, a, key(env, handle)?),
        (Service::Sm2(sm2::Use::Encrypt), Mode::Decrypt) => decrypt(env, a, key(env, handle)?),
        _ => Err(TeeError::BAD_STATE),
    }
}

fn give<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs, out: UserSlice, bytes: Option<&[u8]>) -> Result<(), TeeError> {
    let bytes = bytes.ok_or(TeeError::GENERIC)?;
    env.write_any(out, bytes)?;
    env.set_room(a.addr(6), bytes.len() as u64)
}

fn sign<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs, of: edwards::Use, key: &Object) -> Result<(), TeeError> {
    let (is_prehashed, context) = variant(env, &given(env, a.addr(1), a.u32(2))?)?;
    let claim = env.input(a.slice(3, 4))?;
    let out = env.output(a.addr(5), a.addr(6), of.signature_size() as u64)?;
    let [secret, public] = of.attributes();
    let keys = [key.number(secret)?, key.number(public)?];
    let dom = Dom { is_prehashed, context: &context };
    let mut signature = [0; edwards::MAX_SIGNATURE];
    if is_prehashed {
        of.sign(keys, dom, &prehash(env, of, claim)?, &mut signature)?;
    } else {
        of.sign(keys, dom, &copy(env, claim)?, &mut signature)?;
    }
    give(env, a, out, signature.get(..of.signature_size()))
}

fn sign_sm2<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs, key: &Object) -> Result<(), TeeError> {
    let claim = env.input(a.slice(3, 4))?;
    let out = env.output(a.addr(5), a.addr(6), sm2::SIGNATURE as u64)?;
    let mut bytes = [0; MAX_DIGEST];
    let digest = digest(env, claim, &mut bytes)?;
    let mut fresh = Zeroizing::new([0; ecc::FRESH]);
    env.call.tee.rng.fill(env.call.platform(), fresh.as_mut_slice())?;
    give(env, a, out, Some(&sm2::sign(key.scalar()?, digest, &fresh)?))
}

fn encrypt<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs, key: &Object) -> Result<(), TeeError> {
    let claim = env.input(a.slice(3, 4))?;
    let len = usize::try_from(claim.len()).ok().filter(|len| *len <= MAX_MESSAGE).ok_or(TeeError::OUT_OF_MEMORY)?;
    let len = len.checked_add(sm2::OVERHEAD).ok_or(TeeError::OUT_OF_MEMORY)?;
    let out = env.output(a.addr(5), a.addr(6), len as u64)?;
    let message = copy(env, claim)?;
    let (mut text, (x, y)) = (room(env, len)?, key.point()?);
    let mut random = Zeroizing::new([0; sm2::SIZE]);
    for _ in 0..TRIES {
        let behind_point = text.iter_mut().skip(sm2::OVERHEAD.saturating_sub(sm2::SIZE));
        behind_point.zip(message.iter()).for_each(|(to, from)| *to = *from);
        env.call.tee.rng.fill(env.call.platform(), random.as_mut_slice())?;
        if sm2::encrypt(x, y, &random, &mut text)? {
            return give(env, a, out, Some(&text));
        }
    }
    Err(TeeError::GENERIC)
}

fn decrypt<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs, key: &Object) -> Result<(), TeeError> {
    let claim = env.input(a.slice(3, 4))?;
    let len = claim.len().checked_sub(sm2::OVERHEAD as u64).ok_or(TeeError::BAD_PARAMETERS)?;
    let out = env.output(a.addr(5), a.addr(6), len)?;
    let mut text = copy(env, claim)?;
    give(env, a, out, Some(sm2::decrypt(key.scalar()?, &mut text)?))
}

/// Verifies a signature on Curve25519, Curve448 or of SM2, with the arguments of `asymmetric::verify`.
///
/// # Errors
/// SIGNATURE_INVALID; BAD_STATE for a state that does not verify; BAD_PARAMETERS as for [`operate`]; ACCESS_DENIED.
pub fn verify<P: Platform>(env: &Env<'_, '_, P>, a: &SyscallArgs, service: Service, mode: Mode, handle: u32) -> Result<(), TeeError> {
    if mode != Mode::Verify {
        return Err(TeeError::BAD_STATE);
    }
    let key = key(env, handle)?;
    let (claim, sent) = (env.input(a.slice(3, 4))?, env.input(a.slice(5, 6))?);
    let mut signature = [0; edwards::MAX_SIGNATURE];
    let signature = usize::try_from(sent.len()).ok().and_then(|len| signature.get_mut(..len)).ok_or(TeeError::SIGNATURE_INVALID)?;
    env.read_any(sent, signature)?;
    let Service::Edwards(of) = service else {
        let mut bytes = [0; MAX_DIGEST];
        let digest = digest(env, claim, &mut bytes)?;
        if digest.len() != sm2::SIZE {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let (x, y) = key.point()?;
        return sm2::verify(x, y, digest, signature);
    };
    let (is_prehashed, context) = variant(env, &given(env, a.addr(1), a.u32(2))?)?;
    let [_, public] = of.attributes();
    let mut verify = Verify::new(of, key.number(public)?, Dom { is_prehashed, context: &context }, signature)?;
    if is_prehashed {
        verify.update(&prehash(env, of, claim)?);
    } else {
        env.feed(claim, |part| {
            verify.update(part);
            Ok(())
        })?;
    }
    verify.finish()
}

/// Agrees on a secret with the owner of a public key on Curve25519 or Curve448, with the arguments of `derive::derive`: exactly that key.
///
/// # Errors
/// BAD_PARAMETERS for other attributes, a public key of another length or of low order, a key without attributes, or an object that does
/// not take the secret; those of `derive::room`.
pub fn agree<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, of: edwards::Use, keys: [u32; 2]) -> Result<(), TeeError> {
    let target = a.u32(3);
    let longest = derive::room(env, target)?;
    let given = given(env, a.addr(1), a.u32(2))?;
    let [secret, public] = of.attributes();
    let attribute = match given.as_slice() {
        [attribute] if attribute.id == public && u32::try_from(of.size()).is_ok_and(|size| size <= longest) => attribute,
        _ => return Err(TeeError::BAD_PARAMETERS),
    };
    let other = buffer(env, attribute, of.size(), TeeError::BAD_PARAMETERS)?;
    let shared = of.agree(key(env, keys[0])?.number(secret)?, &other)?;
    object::get(env, target)?.set_secret(shared)
}

/// The attributes of a key exchange. Confirmations need not be there.
#[derive(Default)]
struct Offered {
    is_initiator: Option<bool>,
    point: [Option<Zeroizing<Vec<u8>>>; 2],
    ephemeral: [Option<Zeroizing<Vec<u8>>>; 2],
    identities: [Option<Zeroizing<Vec<u8>>>; 2],
    confirmation: Option<Zeroizing<[u8; sm2::SIZE]>>,
    /// Where this side's confirmation goes.
    confirm_at: Option<UserSlice>,
}

impl Offered {
    fn read<P: Platform>(env: &Env<'_, '_, P>, given: &Given) -> Result<Self, TeeError> {
        let mut offered = Self::default();
        for attribute in given {
            let bytes = |longest| buffer(env, attribute, longest, TeeError::BAD_PARAMETERS);
            match attribute.id {
                Id::SM2_KEP_USER => offered.is_initiator = Some(attribute.a == 0),
                Id::ECC_PUBLIC_VALUE_X => offered.point[0] = Some(bytes(ecc::MAX_SCALAR)?),
                Id::ECC_PUBLIC_VALUE_Y => offered.point[1] = Some(bytes(ecc::MAX_SCALAR)?),
                Id::ECC_EPHEMERAL_PUBLIC_VALUE_X => offered.ephemeral[0] = Some(bytes(ecc::MAX_SCALAR)?),
                Id::ECC_EPHEMERAL_PUBLIC_VALUE_Y => offered.ephemeral[1] = Some(bytes(ecc::MAX_SCALAR)?),
                Id::SM2_ID_INITIATOR => offered.identities[0] = Some(bytes(sm2::MAX_IDENTITY)?),
                Id::SM2_ID_RESPONDER => offered.identities[1] = Some(bytes(sm2::MAX_IDENTITY)?),
                Id::SM2_KEP_CONFIRMATION_IN => offered.confirmation = Some(array(&bytes(sm2::SIZE)?)?),
                Id::SM2_KEP_CONFIRMATION_OUT => {
                    let out = UserSlice::new(attribute.a, sm2::SIZE as u64).filter(|out| attribute.b >= out.len());
                    offered.confirm_at = Some(out.ok_or(TeeError::BAD_PARAMETERS)?);
                }
                _ => return Err(TeeError::BAD_PARAMETERS),
            }
        }
        Ok(offered)
    }
}

fn both(pair: &[Option<Zeroizing<Vec<u8>>>; 2]) -> Result<(&[u8], &[u8]), TeeError> {
    match pair {
        [Some(first), Some(second)] => Ok((first, second)),
        _ => Err(TeeError::BAD_PARAMETERS),
    }
}

/// Exchanges a key by SM2, with the arguments of `derive::derive`. The keys are this side's own, and the one that it made for the
/// exchange. The key that comes of it has as many bytes as the object was allocated bits: OP-TEE takes the one number for the other, and
/// its tests rely on it. Past the largest size of the type, where it wrote on, the key ends.
///
/// # Errors
/// BAD_PARAMETERS for attributes that are missing or of no use, points that are not on the curve, and keys without attributes; BAD_STATE
/// when the other side has not confirmed; those of `derive::room`; ACCESS_DENIED, OUT_OF_MEMORY.
pub fn exchange<P: Platform>(env: &mut Env<'_, '_, P>, a: &SyscallArgs, keys: [u32; 2]) -> Result<(), TeeError> {
    let target = a.u32(3);
    let longest = derive::room(env, target)?;
    let given = given(env, a.addr(1), a.u32(2))?;
    let offered = Offered::read(env, &given)?;
    let is_initiator = offered.is_initiator.ok_or(TeeError::BAD_PARAMETERS)?;
    let (initiator, responder) = both(&offered.identities)?;
    let [own, other] = if is_initiator { [initiator, responder] } else { [responder, initiator] };
    let (own_key, own_ephemeral) = (key(env, keys[0])?, key(env, keys[1])?);
    let sides = [
        sm2::Side { identity: own, point: own_key.point()?, ephemeral: own_ephemeral.point()? },
        sm2::Side { identity: other, point: both(&offered.point)?, ephemeral: both(&offered.ephemeral)? },
    ];
    let secrets = [own_key.scalar()?, own_ephemeral.scalar()?];
    let agreed = sm2::Exchange { is_initiator, sides, secrets }.run()?;
    if offered.confirmation.is_some_and(|confirmation| !agreed.is_confirmed(confirmation.as_slice())) {
        return Err(TeeError::BAD_STATE);
    }
    let len = object::get(env, target)?.info().max_object_size.min(longest);
    let mut secret = room(env, usize::try_from(len).map_err(|_| TeeError::BAD_PARAMETERS)?)?;
    agreed.key(&mut secret);
    if let Some(out) = offered.confirm_at {
        env.write_any(out, agreed.confirmation())?;
    }
    object::get(env, target)?.set_secret(secret)
}
