// SPDX-License-Identifier: BSD-2-Clause
//! Authenticated encryption.

use super::{ENGINES, hex, upto};
use crate::crypto::algorithms::ae::{self, Ae, Scheme, Start};
use crate::crypto::algorithms::block::Kind;
use crate::crypto::engine::MaybeEngine;
use proptest::prelude::{any, prop_assert_eq, proptest};
use std::vec;
use std::vec::Vec;
use utee_abi::result::TeeError;

struct AeVector {
    scheme: Scheme,
    key: Vec<u8>,
    nonce: Vec<u8>,
    aad: Vec<u8>,
    plain: Vec<u8>,
    text: Vec<u8>,
    tag: Vec<u8>,
}

impl AeVector {
    /// Works in pieces of `piece` bytes; the result and the tag.
    fn run(&self, engine: MaybeEngine, decrypts: bool, piece: usize) -> (Vec<u8>, Ae) {
        let start =
            Start { nonce: &self.nonce, tag_len: self.tag.len(), aad_len: self.aad.len() as u64, payload_len: self.plain.len() as u64 };
        let mut ae = Ae::new(engine, Kind::Aes, self.scheme, decrypts, &self.key, &start).unwrap();
        for part in self.aad.chunks(piece) {
            ae.admits_aad(part.len() as u64).unwrap();
            ae.aad(part);
        }
        let mut data = if decrypts { self.text.clone() } else { self.plain.clone() };
        for part in data.chunks_mut(piece) {
            ae.admits_payload(part.len() as u64).unwrap();
            ae.payload(part);
        }
        (data, ae)
    }

    /// Those of a scheme that TAs play as well.
    fn shared(scheme: Scheme) -> impl Iterator<Item = Self> {
        let (id, _) = ae::ROWS.iter().find(|(_, row)| row.1 == scheme).unwrap();
        known_answers::vectors_of(*id).map(move |vector| {
            let [key, nonce, aad, plain, text, tag] =
                ["key", "nonce", "aad", "message", "out", "tag"].map(|name| vector.bytes(name).unwrap());
            Self { scheme, key, nonce, aad, plain, text, tag }
        })
    }

    fn check(&self) {
        let pieces = [1, 5, 16, 17, 100, 100_000];
        for (engine, piece) in ENGINES.into_iter().flat_map(|engine| pieces.map(|piece| (engine, piece))) {
            let (text, mut ae) = self.run(engine, false, piece);
            assert_eq!(text, self.text);
            assert_eq!(ae.tag().unwrap()[..self.tag.len()], self.tag);
            let (plain, mut ae) = self.run(engine, true, piece);
            assert_eq!(plain, self.plain);
            assert_eq!(ae.clone().verify(&self.tag), Ok(()));
            let mut wrong = self.tag.clone();
            wrong[0] ^= 1;
            assert_eq!(ae.clone().verify(&wrong), Err(TeeError::MAC_INVALID));
            assert_eq!(ae.clone().verify(&self.tag[1..]), Err(TeeError::MAC_INVALID));
            assert_eq!(ae.verify(&[]), Err(TeeError::MAC_INVALID));
        }
    }
}

/// Published ones, and the submission of GCM to NIST, test case 6: a nonce of another length.
#[test]
fn gcm_agrees_with_published_vectors() {
    for vector in AeVector::shared(Scheme::Gcm) {
        vector.check();
        AeVector { tag: vector.tag[..12].to_vec(), ..vector }.check();
    }
    let mut vector = AeVector::shared(Scheme::Gcm).next().unwrap();
    vector.nonce = hex("9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b5254\
         16aedbf5a0de6a57a637b39b");
    vector.text = hex("8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90ccdcb281d48c7c6f\
         d62875d2aca417034c34aee5");
    vector.tag = hex("619cc5aefffe0bfa462af43c1699d050");
    vector.check();
}

/// Published ones, and SP 800-38C, examples 3 and 4.
#[test]
fn ccm_agrees_with_published_vectors() {
    AeVector::shared(Scheme::Ccm).for_each(|vector| vector.check());
    for (nonce, aad, plain, text, tag) in [
        (upto(0x10, 0x1C), upto(0, 20), upto(0x20, 0x38), "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5", "484392fbc1b09951"),
        (
            upto(0x10, 0x1D),
            (0..=255).cycle().take(65_536).collect(),
            upto(0x20, 0x40),
            "69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72",
            "b4ac6bec93e8598e7f0dadbcea5b",
        ),
    ] {
        let vector = AeVector { scheme: Scheme::Ccm, key: upto(0x40, 0x50), nonce, aad, plain, text: hex(text), tag: hex(tag) };
        vector.check();
    }
}

#[test]
fn ccm_wants_what_was_said_at_the_start() {
    let start = Start { nonce: &[1; 13], tag_len: 8, aad_len: 3, payload_len: 5 };
    let new = |start: &Start<'_>| Ae::new(None, Kind::Aes, Scheme::Ccm, false, &[0; 16], start);
    let mut ae = new(&start).unwrap();
    assert_eq!((ae.admits_payload(1), ae.admits_aad(4)), (Err(TeeError::BAD_STATE), Err(TeeError::BAD_PARAMETERS)));
    assert_eq!(ae.tag(), Err(TeeError::BAD_STATE));
    let mut ae = new(&start).unwrap();
    ae.aad(&[0; 3]);
    assert_eq!(ae.admits_payload(6), Err(TeeError::BAD_PARAMETERS));
    ae.payload(&mut [0; 4]);
    assert_eq!((ae.tag(), ae.admits_aad(0)), (Err(TeeError::BAD_STATE), Err(TeeError::BAD_STATE)));
    ae.payload(&mut [0; 1]);
    assert!(ae.tag().is_ok());
    // Two bytes of length beside 13 of nonce.
    assert!(new(&Start { payload_len: 0xFFFF, ..start }).is_ok() && new(&Start { payload_len: 0x1_0000, ..start }).is_err());
    for (nonce, tag_len) in [(&[0; 6][..], 8), (&[0; 14], 8), (&[0; 13], 7), (&[0; 13], 2), (&[0; 13], 18)] {
        assert!(new(&Start { nonce, tag_len, ..start }).is_err());
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(gcm: bool, key: [u8; 16], nonce in proptest::collection::vec(any::<u8>(), 7..13), aad: Vec<u8>, plain: Vec<u8>,
                             piece in 1usize..70, on_engine: bool) {
        let scheme = if gcm { Scheme::Gcm } else { Scheme::Ccm };
        let mut vector = AeVector { scheme, key: key.to_vec(), nonce, aad, plain, text: Vec::new(), tag: vec![0; 16] };
        let [engine, other] = if on_engine { ENGINES } else { [ENGINES[1], ENGINES[0]] };
        let (text, mut ae) = vector.run(engine, false, 1 << 20);
        let tag = ae.tag().unwrap();
        let (again, mut ae) = vector.run(other, false, piece);
        prop_assert_eq!((&again, ae.tag()), (&text, Ok(tag)));
        vector.text = text;
        let (plain, mut ae) = vector.run(engine, true, piece);
        prop_assert_eq!((plain, ae.verify(&tag)), (vector.plain, Ok(())));
    }
}
