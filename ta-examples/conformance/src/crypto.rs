// SPDX-License-Identifier: BSD-2-Clause
//! Random data, keys of the TA's own, and digests.

use crate::checks::Checks;
use crate::known::vector;
use alloc::vec::Vec;
use utee::digest::{Algorithm, Digest, digest};
use utee::system::derive_unique_key;
use utee::utee_abi::crypto::AlgorithmId;
use utee::{Result, TeeError, random};

pub(crate) fn random(checks: &mut Checks) -> Result<()> {
    let (mut first, mut second) = ([0u8; 48], [0u8; 48]);
    random::fill(&mut first);
    random::fill(&mut second);
    // Equal by chance once in 2^384.
    checks.holds(first != second && first != [0; 48]);
    // Less than a quarter or more than three quarters of ones by chance: once in 2^70.
    let ones: u32 = first.iter().map(|byte| byte.count_ones()).sum();
    checks.holds((96..=288).contains(&ones));
    random::fill(&mut []);
    checks.holds(random::next_u64() != random::next_u64());
    Ok(())
}

pub(crate) fn unique_keys(checks: &mut Checks) -> Result<()> {
    let (mut first, mut again, mut other, mut short) = ([0u8; 32], [0u8; 32], [0u8; 32], [0u8; 16]);
    derive_unique_key(b"one", &mut first)?;
    derive_unique_key(b"one", &mut again)?;
    derive_unique_key(b"two", &mut other)?;
    derive_unique_key(b"one", &mut short)?;
    checks.holds(first == again && first != other && first != [0; 32]);
    checks.equal(&short[..], &first[..16]);
    checks.equal(derive_unique_key(b"", &mut first), Ok(()));
    checks.equal(derive_unique_key(&[0; 1024], &mut first), Ok(()));
    checks.equal(derive_unique_key(&[0; 1025], &mut first), Err(TeeError::BAD_PARAMETERS));
    checks.equal(derive_unique_key(b"one", &mut first[..15]), Err(TeeError::BAD_PARAMETERS));
    Ok(())
}

/// Digests that a TA in Rust has names for.
const NAMED: [Algorithm; 6] = [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha224, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];

/// The published digest of "abc".
fn of_abc(algorithm: Algorithm) -> Result<Vec<u8>> {
    vector(AlgorithmId::from_raw(algorithm.into()), 0)?.bytes("out").ok_or(TeeError::ITEM_NOT_FOUND)
}

pub(crate) fn digests(checks: &mut Checks) -> Result<()> {
    let mut hash = [0u8; 64];
    for algorithm in NAMED {
        let wanted = of_abc(algorithm)?;
        let len = digest(algorithm, b"abc", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted.as_slice()));

        let mut running = Digest::new(algorithm)?;
        running.update(b"a")?;
        let mut copy = running.try_clone()?;
        running.update(b"b")?;
        checks.equal(running.finish(b"c", hash.get_mut(..wanted.len() - 1).unwrap_or_default()), Err(TeeError::SHORT_BUFFER));
        let len = running.finish(b"c", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted.as_slice()));
        let len = copy.finish(b"bc", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted.as_slice()));
        running.update(b"forgotten")?;
        running.reset()?;
        let len = running.finish(b"abc", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted.as_slice()));
    }
    checks.equal(Digest::by_id(0x5FFF_FFFF).map(|_| ()), Err(TeeError::NOT_SUPPORTED));
    by_traits(checks)
}

/// The same and more by the traits of RustCrypto.
fn by_traits(checks: &mut Checks) -> Result<()> {
    use utee::traits::aead::AeadInOut;
    use utee::traits::digest::{Digest, KeyInit, Mac};
    use utee::traits::{Aes128Gcm, HmacSha256, Sha256, Sha512};
    checks.equal(&Sha256::digest(b"abc")[..], &of_abc(Algorithm::Sha256)?[..]);
    checks.equal(&Sha512::new_with_prefix(b"a").chain_update(b"bc").finalize()[..], &of_abc(Algorithm::Sha512)?[..]);
    // RFC 4231, test case 4.
    let key: [u8; 25] = core::array::from_fn(|index| index as u8 + 1);
    let code = 0x8255_8A38_9A44_3C0E_A4CC_8198_99F2_083A_u128.to_be_bytes();
    let rest = 0x85F0_FAA3_E578_F807_7A2E_3FF4_6729_665B_u128.to_be_bytes();
    let computed = HmacSha256::new_from_slice(&key).map(|mac| mac.chain_update([0xCD; 50]).finalize().into_bytes());
    checks.holds(computed.is_ok_and(|computed| computed[..16] == code && computed[16..] == rest));
    checks.holds(HmacSha256::new_from_slice(&key[..4]).is_err());
    // The GCM specification's test case 2.
    let cipher = Aes128Gcm::new(&[0; 16].into());
    let (mut text, nonce) = ([0u8; 16], [0; 12].into());
    let tag = cipher.encrypt_inout_detached(&nonce, b"", text.as_mut_slice().into());
    checks.equal(text, 0x0388_DACE_60B6_A392_F328_C2B9_71B2_FE78_u128.to_be_bytes());
    checks.holds(tag.is_ok_and(|tag| tag[..] == 0xAB6E_47D4_2CEC_13BD_F53A_67B2_1257_BDDF_u128.to_be_bytes()));
    checks.holds(cipher.decrypt_inout_detached(&nonce, b"", text.as_mut_slice().into(), &[0; 16].into()).is_err());
    Ok(())
}
