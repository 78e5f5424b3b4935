// SPDX-License-Identifier: BSD-2-Clause
//! Sizes and layout of large integers in C (GlobalPlatform TEE Internal Core API 1.3.1, chapter 8; OP-TEE ABI, libutee).

/// Bits of numbers that every function takes: the property gpd.tee.arith.maxBigIntSize.
pub const MAX_OPERAND_BITS: u32 = 4096;

/// Words of a TEE_BigInt before the words of its magnitude: the sign, and the numbers of words that there are and are used.
pub const HEADER_WORDS: usize = 2;

/// Words of the largest TEE_BigInt. There is room for products and more.
pub const MAX_WORDS: usize = MAX_OPERAND_BITS as usize / 4;

/// Bits of the largest number in it.
pub const MAX_BITS: u32 = (MAX_WORDS - HEADER_WORDS) as u32 * 32;

/// TEE_BigIntSizeInU32: words of a TEE_BigInt for numbers of `bits`.
#[must_use]
pub const fn words(bits: usize) -> usize {
    bits.div_ceil(32).saturating_add(HEADER_WORDS)
}

/// The first two words of a TEE_BigInt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number is negative.
    pub negative: bool,
    /// Words that there are for the magnitude.
    pub room: u16,
    /// Words of them that the magnitude takes.
    pub used: u16,
}

impl Header {
    /// From the first two words.
    #[must_use]
    pub const fn read([sign, sizes]: [u32; HEADER_WORDS]) -> Self {
        Self { negative: (sign as i32) < 0, room: sizes as u16, used: (sizes >> 16) as u16 }
    }

    /// The two words: 1 or -1, and the sizes.
    #[must_use]
    pub const fn to_words(self) -> [u32; HEADER_WORDS] {
        let sign: i32 = if self.negative { -1 } else { 1 };
        [sign as u32, self.room as u32 | (self.used as u32) << 16]
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, MAX_BITS, words};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn headers_round_trip(negative: bool, room in any::<u16>(), used in any::<u16>()) {
            let header = Header { negative, room, used };
            prop_assert_eq!(Header::read(header.to_words()), header);
        }
    }

    #[test]
    fn sizes_are_those_of_the_macro() {
        assert_eq!((words(0), words(1), words(32), words(33), words(4096)), (2, 3, 3, 4, 130));
        assert_eq!(MAX_BITS, 32_704);
        assert_eq!(Header { negative: true, room: 3, used: 1 }.to_words(), [u32::MAX, 0x0001_0003]);
    }
}
