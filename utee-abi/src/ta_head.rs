// SPDX-License-Identifier: BSD-2-Clause
//! The header inside a TA (OP-TEE ABI, TA ELF and loading).

use crate::bytes::{array, u32_at, u64_at};
use crate::call_rule::CallRule;
use crate::uuid::Uuid;
use bitflags::bitflags;
use num_enum::{IntoPrimitive, TryFromPrimitive};

bitflags! {
    /// Flags of a TA.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct TaFlags: u32 {
        /// One instance for all sessions.
        const SINGLE_INSTANCE = 1 << 2;
        /// Several sessions at a time in one instance.
        const MULTI_SESSION = 1 << 3;
        /// The instance stays when its last session closes.
        const INSTANCE_KEEP_ALIVE = 1 << 4;
        /// Secure data path.
        const SECURE_DATA_PATH = 1 << 5;
        /// May maintain caches.
        const CACHE_MAINTENANCE = 1 << 7;
        /// Concurrent sessions; pseudo-TAs only.
        const CONCURRENT = 1 << 8;
        /// Enumerated as a device.
        const DEVICE_ENUM = 1 << 9;
        /// Enumerated once the supplicant is there.
        const DEVICE_ENUM_SUPP = 1 << 10;
        /// Handles of corrupt objects stay open.
        const DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT = 1 << 11;
        /// Enumerated once private storage is there.
        const DEVICE_ENUM_TEE_STORAGE_PRIVATE = 1 << 12;
        /// A kept instance that crashed stays crashed.
        const INSTANCE_KEEP_CRASHED = 1 << 13;
    }
}

/// Flags that once meant something and are ignored.
pub const DEAD_FLAGS: u32 = 1 << 0 | 1 << 1 | 1 << 6;

/// Name of the symbol and of the section of the header.
pub const TA_HEAD_SYMBOL: &str = "ta_head";
/// Section of the header.
pub const TA_HEAD_SECTION: &str = ".ta_head";
/// Name of the symbol of [`TaLimits`].
pub const TA_LIMITS_SYMBOL: &str = "oxtee_ta_limits";

/// Stack that the framework adds to what a TA asks for, in bytes.
pub const STACK_EXTRA: u32 = 2048;

/// struct ta_head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaHead {
    /// UUID.
    pub uuid: Uuid,
    /// Stack in bytes.
    pub stack_size: u32,
    /// Flags as they stand there.
    pub flags: u32,
    /// [`TaHead::NO_ENTRY`], or the entry of a TA of the old layout.
    pub depr_entry: u64,
}

impl TaHead {
    /// Size in bytes.
    pub const SIZE: usize = 32;
    /// Offset of `depr_entry`.
    pub const DEPR_ENTRY: usize = 24;
    /// The entry is the ELF file's.
    pub const NO_ENTRY: u64 = u64::MAX;

    /// From its memory.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            uuid: Uuid::from_memory(&array(bytes, 0)?),
            stack_size: u32_at(bytes, 16)?,
            flags: u32_at(bytes, 20)?,
            depr_entry: u64_at(bytes, Self::DEPR_ENTRY)?,
        })
    }

    /// Its memory.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        let (uuid, rest) = out.split_at_mut(16);
        uuid.copy_from_slice(&self.uuid.to_memory());
        let (stack, rest) = rest.split_at_mut(4);
        stack.copy_from_slice(&self.stack_size.to_le_bytes());
        let (flags, entry) = rest.split_at_mut(4);
        flags.copy_from_slice(&self.flags.to_le_bytes());
        entry.copy_from_slice(&self.depr_entry.to_le_bytes());
        out
    }
}

/// What a TA of this project says beyond OP-TEE's header: a dynamic symbol [`TA_LIMITS_SYMBOL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaLimits {
    /// Milliseconds of CPU time that one call may take; 0 is no limit.
    pub time_limit_ms: u32,
    /// Tenths of a second of CPU time that a call may go on once its client is interrupted, by a kill for one; 0 leaves it to the
    /// TEE, [`TaLimits::NEVER`] is no limit.
    pub abandoned_limit: u16,
}

impl TaLimits {
    /// A limit of abandoned calls that is never reached.
    pub const NEVER: u16 = u16::MAX;

    /// Size in bytes: magic, size with the rules, time limit, number of rules ([`CallRule`]), which follow; the limit of abandoned
    /// calls is the upper half of that number's word.
    pub const SIZE: usize = 16;

    /// Most rules of a TA.
    pub const MAX_RULES: usize = 256;

    /// First word.
    pub const MAGIC: u32 = 0x4C54_584F;

    /// From its memory; `None` for another magic or size.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; Self::SIZE] = array(bytes, 0)?;
        let known = Self::is_marked(&bytes) && u32_at(&bytes, 4)? as usize == Self::size(Self::rules(&bytes)?);
        let time_limit_ms = u32_at(&bytes, 8)?;
        let [_, _, low, high] = u32_at(&bytes, 12)?.to_le_bytes();
        known.then_some(Self { time_limit_ms, abandoned_limit: u16::from_le_bytes([low, high]) })
    }

    /// True for memory that has the magic, and has to be right in all else.
    #[must_use]
    pub fn is_marked(bytes: &[u8]) -> bool {
        u32_at(bytes, 0) == Some(Self::MAGIC)
    }

    /// Number of rules that follow; `None` for too many.
    #[must_use]
    pub fn rules(bytes: &[u8]) -> Option<usize> {
        u32_at(bytes, 12).map(|word| word as u16 as usize).filter(|rules| *rules <= Self::MAX_RULES)
    }

    /// Bytes with `rules` rules.
    #[must_use]
    pub const fn size(rules: usize) -> usize {
        Self::SIZE.saturating_add(rules.saturating_mul(CallRule::SIZE))
    }

    /// Its words, for that many rules behind them.
    #[must_use]
    pub const fn words(self, rules: usize) -> [u32; 4] {
        [Self::MAGIC, Self::size(rules) as u32, self.time_limit_ms, rules as u32 | (self.abandoned_limit as u32) << 16]
    }
}

/// Entry functions of a TA, in its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum EntryFunction {
    /// Open a session.
    OpenSession = 0,
    /// Close a session.
    CloseSession = 1,
    /// Invoke a command.
    InvokeCommand = 2,
    /// Dump memory statistics.
    DumpMemStats = 3,
}

impl EntryFunction {
    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::{DEAD_FLAGS, EntryFunction, TaFlags, TaHead, TaLimits};
    use crate::uuid::Uuid;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn heads_round_trip(bytes in any::<[u8; TaHead::SIZE]>()) {
            prop_assert_eq!(TaHead::read(&bytes).unwrap().to_bytes(), bytes);
        }
    }

    #[test]
    fn layout_of_a_head() {
        let uuid: Uuid = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
        let head = TaHead { uuid, stack_size: 0x1000, flags: 0x1C, depr_entry: TaHead::NO_ENTRY };
        let bytes = head.to_bytes();
        assert_eq!(bytes[..8], [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66]);
        assert_eq!((bytes[17], bytes[20], bytes[31]), (0x10, 0x1C, 0xFF));
        assert_eq!(TaHead::read(&bytes[..31]), None);
    }

    #[test]
    fn flags_and_dead_flags_fill_the_mask() {
        assert_eq!(TaFlags::all().bits() & DEAD_FLAGS, 0);
        assert_eq!(TaFlags::all().bits() | DEAD_FLAGS, 0x3FFF);
    }

    #[test]
    fn limits_of_another_magic_or_size_are_none() {
        let limits = TaLimits { time_limit_ms: 77, abandoned_limit: 0x8001 };
        let words = limits.words(0);
        let bytes = |words: [u32; 4]| {
            let mut out = [0; TaLimits::SIZE];
            out.chunks_exact_mut(4).zip(words).for_each(|(to, from)| to.copy_from_slice(&from.to_le_bytes()));
            out
        };
        assert_eq!(bytes(words)[..4], *b"OXTL");
        assert_eq!(TaLimits::read(&bytes(words)), Some(limits));
        assert_eq!(TaLimits::read(&bytes([0, words[1], 77, 0])), None);
        assert_eq!(TaLimits::read(&bytes([words[0], 12, 77, 0])), None);
        assert_eq!(TaLimits::read(&bytes(words)[..15]), None);
        assert_eq!(TaLimits::read(&bytes(limits.words(3))), Some(limits));
        assert_eq!(TaLimits::read(&bytes([words[0], words[1], 77, 1])), None);
        assert_eq!(TaLimits::read(&bytes(limits.words(257))), None);
    }

    #[test]
    fn entry_functions_are_four() {
        for raw in 0..8 {
            assert_eq!(EntryFunction::try_from(raw).map(EntryFunction::raw).ok(), (raw < 4).then_some(raw));
        }
    }
}
