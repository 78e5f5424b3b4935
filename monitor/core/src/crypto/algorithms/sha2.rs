// SPDX-License-Identifier: BSD-2-Clause
//! SHA-2 (FIPS 180-4) on an engine: what is around the compression of blocks.

use super::block::Aligned;
use crate::crypto::engine::Engine;
use utee_abi::crypto::Algorithm;
use zeroize::Zeroize;

/// Start values (FIPS 180-4, 5.3.2, 5.3.3).
const SHA224: [u32; 8] = [0xC105_9ED8, 0x367C_D507, 0x3070_DD17, 0xF70E_5939, 0xFFC0_0B31, 0x6858_1511, 0x64F9_8FA7, 0xBEFA_4FA4];
const SHA256: [u32; 8] = [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

/// Start values (FIPS 180-4, 5.3.4, 5.3.5).
const SHA384: [u64; 8] = [
    0xCBBB_9D5D_C105_9ED8,
    0x629A_292A_367C_D507,
    0x9159_015A_3070_DD17,
    0x152F_ECD8_F70E_5939,
    0x6733_2667_FFC0_0B31,
    0x8EB4_4A87_6858_1511,
    0xDB0C_2E0D_64F9_8FA7,
    0x47B5_481D_BEFA_4FA4,
];
const SHA512: [u64; 8] = [
    0x6A09_E667_F3BC_C908,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
    0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1,
    0x9B05_688C_2B3E_6C1F,
    0x1F83_D9AB_FB41_BD6B,
    0x5BE0_CD19_137E_2179,
];

macro_rules! family {
    ($(#[$doc:meta])* $name:ident, $word:ty, $block:literal, $compress:ident, $short:ident = $short_start:ident, $long:ident = $long_start:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            engine: &'static dyn Engine,
            state: [$word; 8],
            start: &'static [$word; 8],
            size: usize,
            held: Aligned<$block>,
            /// Bytes that were taken in.
            len: u64,
        }

        impl $name {
            /// The digest of an algorithm; `None` for another family's.
            pub fn of(engine: &'static dyn Engine, algorithm: Algorithm) -> Option<Self> {
                let start = match algorithm {
                    Algorithm::$short => &$short_start,
                    Algorithm::$long => &$long_start,
                    _ => return None,
                };
                let size = algorithm.size()? as usize;
                Some(Self { engine, state: *start, start, size, held: Aligned([0; $block]), len: 0 })
            }

            /// Bytes of the result.
            pub fn size(&self) -> usize {
                self.size
            }

            fn fill(&self) -> usize {
                (self.len % $block) as usize
            }

            /// Takes in data.
            pub fn update(&mut self, data: &[u8]) {
                let fill = self.fill();
                let missing = if fill == 0 { 0 } else { $block - fill };
                let (head, body) = data.split_at(missing.min(data.len()));
                self.hold(fill, head);
                if missing > 0 && head.len() == missing {
                    self.engine.$compress(&mut self.state, core::slice::from_ref(&self.held.0));
                }
                let (blocks, rest) = body.as_chunks();
                if !blocks.is_empty() {
                    self.engine.$compress(&mut self.state, blocks);
                }
                self.hold(0, rest);
                self.len = self.len.wrapping_add(data.len() as u64);
            }

            fn hold(&mut self, at: usize, data: &[u8]) {
                self.held.0.iter_mut().skip(at).zip(data).for_each(|(to, from)| *to = *from);
            }

            /// Writes as much of the result as there is room for, and starts afresh.
            pub fn finish(&mut self, out: &mut [u8]) {
                // Twice the word: 8 or 16 bytes at the end of a block are the length in bits.
                const LENGTH: usize = 2 * size_of::<$word>();
                let bits = (u128::from(self.len) * 8).to_be_bytes();
                let fill = self.fill();
                let mut last = [[0u8; $block]; 2];
                let whole = if fill < $block - LENGTH { 1 } else { 2 };
                let flat = last.as_flattened_mut();
                let end = self.held.0.iter().take(fill).chain(&[0x80]);
                flat.iter_mut().zip(end).for_each(|(to, from)| *to = *from);
                let length = bits.iter().rev().take(LENGTH);
                flat.iter_mut().take(whole * $block).rev().zip(length).for_each(|(to, from)| *to = *from);
                self.engine.$compress(&mut self.state, last.get(..whole).unwrap_or_default());
                last.as_flattened_mut().zeroize();
                let bytes = self.state.iter().flat_map(|word| word.to_be_bytes()).take(self.size);
                out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
                self.state = *self.start;
                self.held.0.zeroize();
                self.len = 0;
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.state.zeroize();
                self.held.0.zeroize();
            }
        }
    };
}

family!(
    /// SHA-224 and SHA-256.
    Small,
    u32,
    64,
    sha256,
    Sha224 = SHA224,
    Sha256 = SHA256
);
family!(
    /// SHA-384 and SHA-512.
    Large,
    u64,
    128,
    sha512,
    Sha384 = SHA384,
    Sha512 = SHA512
);

#[cfg(test)]
mod tests {
    use crate::crypto::algorithms::digest::{Digest, MAX_DIGEST};
    use crate::testing::PortableEngine;
    use std::vec::Vec;
    use utee_abi::crypto::Algorithm;

    /// Every length around the ends of blocks, in two pieces, and what comes after a result.
    #[test]
    fn an_engine_gives_what_the_crate_gives() {
        let data: Vec<u8> = (0..400u32).map(|index| (index * 7) as u8).collect();
        for algorithm in [Algorithm::Sha224, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            let mut on_engine = Digest::on(Some(&PortableEngine), algorithm);
            assert!(matches!(on_engine, Digest::Sha2Small(_) | Digest::Sha2Large(_)));
            assert_eq!(on_engine.size(), Digest::of(algorithm).size());
            for len in 0..data.len() {
                let (first, second) = data[..len].split_at(len / 3);
                let mut portable = Digest::of(algorithm);
                portable.update(&data[..len]).unwrap();
                on_engine.update(first).unwrap();
                on_engine.update(second).unwrap();
                let (mut wanted, mut got) = ([0; MAX_DIGEST], [0; MAX_DIGEST]);
                portable.finish(&mut wanted);
                on_engine.finish(&mut got);
                assert_eq!(got, wanted, "{algorithm:?} {len}");
            }
        }
    }
}
