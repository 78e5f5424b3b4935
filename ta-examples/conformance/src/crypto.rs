// SPDX-License-Identifier: BSD-2-Clause
//! Random data, keys of the TA's own, and digests.

use crate::checks::Checks;
use utee::digest::{Algorithm, Digest, digest};
use utee::system::derive_unique_key;
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

/// Digests of "abc" (RFC 1321; FIPS 180-4, examples).
const ABC: [(Algorithm, &[u8]); 6] = [
    (Algorithm::Md5, &[0x90, 0x01, 0x50, 0x98, 0x3C, 0xD2, 0x4F, 0xB0, 0xD6, 0x96, 0x3F, 0x7D, 0x28, 0xE1, 0x7F, 0x72]),
    (
        Algorithm::Sha1,
        &[0xA9, 0x99, 0x3E, 0x36, 0x47, 0x06, 0x81, 0x6A, 0xBA, 0x3E, 0x25, 0x71, 0x78, 0x50, 0xC2, 0x6C, 0x9C, 0xD0, 0xD8, 0x9D],
    ),
    (
        Algorithm::Sha224,
        &[
            0x23, 0x09, 0x7D, 0x22, 0x34, 0x05, 0xD8, 0x22, 0x86, 0x42, 0xA4, 0x77, 0xBD, 0xA2, 0x55, 0xB3, 0x2A, 0xAD, 0xBC, 0xE4, 0xBD,
            0xA0, 0xB3, 0xF7, 0xE3, 0x6C, 0x9D, 0xA7,
        ],
    ),
    (
        Algorithm::Sha256,
        &[
            0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE, 0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96,
            0x17, 0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD,
        ],
    ),
    (
        Algorithm::Sha384,
        &[
            0xCB, 0x00, 0x75, 0x3F, 0x45, 0xA3, 0x5E, 0x8B, 0xB5, 0xA0, 0x3D, 0x69, 0x9A, 0xC6, 0x50, 0x07, 0x27, 0x2C, 0x32, 0xAB, 0x0E,
            0xDE, 0xD1, 0x63, 0x1A, 0x8B, 0x60, 0x5A, 0x43, 0xFF, 0x5B, 0xED, 0x80, 0x86, 0x07, 0x2B, 0xA1, 0xE7, 0xCC, 0x23, 0x58, 0xBA,
            0xEC, 0xA1, 0x34, 0xC8, 0x25, 0xA7,
        ],
    ),
    (
        Algorithm::Sha512,
        &[
            0xDD, 0xAF, 0x35, 0xA1, 0x93, 0x61, 0x7A, 0xBA, 0xCC, 0x41, 0x73, 0x49, 0xAE, 0x20, 0x41, 0x31, 0x12, 0xE6, 0xFA, 0x4E, 0x89,
            0xA9, 0x7E, 0xA2, 0x0A, 0x9E, 0xEE, 0xE6, 0x4B, 0x55, 0xD3, 0x9A, 0x21, 0x92, 0x99, 0x2A, 0x27, 0x4F, 0xC1, 0xA8, 0x36, 0xBA,
            0x3C, 0x23, 0xA3, 0xFE, 0xEB, 0xBD, 0x45, 0x4D, 0x44, 0x23, 0x64, 0x3C, 0xE8, 0x0E, 0x2A, 0x9A, 0xC9, 0x4F, 0xA5, 0x4C, 0xA4,
            0x9F,
        ],
    ),
];

pub(crate) fn digests(checks: &mut Checks) -> Result<()> {
    let mut hash = [0u8; 64];
    for (algorithm, wanted) in ABC {
        let len = digest(algorithm, b"abc", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted));

        let mut running = Digest::new(algorithm)?;
        running.update(b"a")?;
        let mut copy = running.try_clone()?;
        running.update(b"b")?;
        checks.equal(running.finish(b"c", hash.get_mut(..wanted.len() - 1).unwrap_or_default()), Err(TeeError::SHORT_BUFFER));
        let len = running.finish(b"c", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted));
        let len = copy.finish(b"bc", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted));
        running.update(b"forgotten")?;
        running.reset()?;
        let len = running.finish(b"abc", &mut hash)?;
        checks.equal(hash.get(..len), Some(wanted));
    }
    checks.equal(Digest::by_id(0x5FFF_FFFF).map(|_| ()), Err(TeeError::NOT_SUPPORTED));
    by_traits(checks);
    Ok(())
}

/// The same and more by the traits of RustCrypto.
fn by_traits(checks: &mut Checks) {
    use utee::traits::aead::AeadInOut;
    use utee::traits::digest::{Digest, KeyInit, Mac};
    use utee::traits::{Aes128Gcm, HmacSha256, Sha256, Sha512};
    checks.equal(&Sha256::digest(b"abc")[..], ABC[3].1);
    checks.equal(&Sha512::new_with_prefix(b"a").chain_update(b"bc").finalize()[..], ABC[5].1);
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
}
