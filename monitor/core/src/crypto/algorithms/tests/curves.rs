// SPDX-License-Identifier: BSD-2-Clause
//! The curves of NIST.

use super::hex;
use crate::crypto::algorithms::ecc;
use std::vec;
use std::vec::Vec;
use utee_abi::result::TeeError;

/// RFC 6979, A.2.3 to A.2.7: the keys.
const EC_KEYS: [(ecc::Curve, &str, &str, &str); 5] = [
    (
        ecc::Curve::P192,
        "6FAB034934E4C0FC9AE67F5B5659A9D7D1FEFD187EE09FD4",
        "AC2C77F529F91689FEA0EA5EFEC7F210D8EEA0B9E047ED56",
        "3BC723E57670BD4887EBC732C523063D0A7C957BC97C1C43",
    ),
    (
        ecc::Curve::P224,
        "F220266E1105BFE3083E03EC7A3A654651F45E37167E88600BF257C1",
        "00CF08DA5AD719E42707FA431292DEA11244D64FC51610D94B130D6C",
        "EEAB6F3DEBE455E3DBF85416F7030CBD94F34F2D6F232C69F3C1385A",
    ),
    (
        ecc::Curve::P256,
        "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
        "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
    ),
    (
        ecc::Curve::P384,
        "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
        "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
        "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
    ),
    (
        ecc::Curve::P521,
        "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538",
        "01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD371123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F5023A4",
        "00493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A28A0DB25741B5B34A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFDFCF5",
    ),
];

#[test]
fn signatures_are_those_of_key_and_digest() {
    for (curve, secret, x, y) in EC_KEYS {
        let (secret, x, y) = (hex(secret), hex(x), hex(y));
        assert_eq!(ecc::check_pair(curve, &secret, &x, &y), Ok(()));
        assert!(ecc::check_pair(curve, &secret[..20], &x, &y).is_err());
        for len in [20, 28, 32, 48, 64] {
            let digest = vec![0xA5; len];
            let (mut one, mut two) = ([0; 2 * ecc::MAX_SCALAR], [0; 2 * ecc::MAX_SCALAR]);
            ecc::sign(curve, &secret, &digest, &[1; 32], &mut one).unwrap();
            ecc::sign(curve, &secret, &digest, &[2; 32], &mut two).unwrap();
            assert_ne!(one, two, "what is fresh goes in");
            for signature in [&mut one, &mut two] {
                let signature = &mut signature[..2 * curve.size()];
                assert_eq!(ecc::verify(curve, &x, &y, &digest, signature), Ok(()));
                let short = &signature[1..];
                assert_eq!(ecc::verify(curve, &x, &y, &digest, short), Err(TeeError::SIGNATURE_INVALID));
                signature[5] ^= 1;
                assert_eq!(ecc::verify(curve, &x, &y, &digest, signature), Err(TeeError::SIGNATURE_INVALID));
            }
            for wrong in [vec![0; 2 * curve.size()], vec![0xFF; 2 * curve.size()]] {
                assert_eq!(ecc::verify(curve, &x, &y, &digest, &wrong), Err(TeeError::SIGNATURE_INVALID));
            }
        }
    }
}

/// CVE-2026-45614 of OP-TEE: a point that is on no curve, or on another one, gives the secret away piece by piece.
#[test]
fn points_off_the_curve_are_refused_everywhere() {
    for (curve, secret, x, y) in EC_KEYS {
        let (secret, x, y) = (hex(secret), hex(x), hex(y));
        let [other, ox, oy] = ecc::pair(curve, &vec![1; curve.size()]).unwrap();
        let size = curve.size();
        let (other, ox, oy) = (&other[..size], &ox[..size], &oy[..size]);
        let (one, two) = (ecc::agree(curve, &secret, ox, oy).unwrap(), ecc::agree(curve, other, &x, &y).unwrap());
        assert_eq!(one[..], two[..], "both sides agree");
        let mut off = y.clone();
        off[size - 1] ^= 1;
        let big = vec![0xFF; size];
        let long = vec![0; size + 1];
        for (x, y) in [(&x, &off), (&vec![0; size], &vec![0; size]), (&big, &y), (&x, &big), (&long, &y), (&y, &x)] {
            assert_eq!(ecc::check_point(curve, x, y), Err(TeeError::BAD_PARAMETERS));
            assert_eq!(ecc::agree(curve, &secret, x, y).map(|_| ()), Err(TeeError::BAD_PARAMETERS));
            assert_eq!(ecc::verify(curve, x, y, &[1; 32], &vec![1; 2 * size]), Err(TeeError::BAD_PARAMETERS));
        }
        for scalar in [vec![0; size], big, Vec::new()] {
            assert!(ecc::agree(curve, &scalar, &x, &y).is_err());
            assert!(ecc::sign(curve, &scalar, &[1; 32], &[], &mut [0; 132]).is_err());
        }
    }
    assert!(ecc::Curve::of(0).is_err() && ecc::Curve::of(0x300).is_err() && ecc::Curve::of(0x400).is_err());
}
