// SPDX-License-Identifier: BSD-2-Clause
//! The header inside a TA and the objects that a loader fills in (OP-TEE ABI, TA ELF and loading).

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
/// Name of the symbol that gets the program headers of everything that is loaded.
pub const ELF_PHDR_INFO_SYMBOL: &str = "__elf_phdr_info";

/// Name of the symbol that a TA of libutee 3.9.0 gets its init and fini functions by.
pub const INIT_FINI_INFO_SYMBOL: &str = "__init_fini_info";

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

/// Layout of `__elf_phdr_info` and of an entry of its array, in bytes; the names are those of [`phdr_info32`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the constants that they come from say what they are")]
pub struct PhdrInfoLayout {
    pub size: usize,
    pub count: usize,
    pub zero: usize,
    pub array: usize,
    pub entry_size: usize,
    pub entry_addr: usize,
    pub entry_name: usize,
    pub entry_phdr: usize,
    pub entry_phnum: usize,
    pub entry_adds: usize,
    pub entry_tls_module: usize,
}

/// Layout of `__init_fini_info` and of an entry of its array, in bytes; the names are those of [`init_fini32`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the constants that they come from say what they are")]
pub struct InitFiniLayout {
    pub size: usize,
    pub count: usize,
    pub array: usize,
    pub entry_size: usize,
    pub entry_init_count: usize,
    pub entry_fini_count: usize,
    pub entry_init: usize,
    pub entry_fini: usize,
}

/// `__elf_phdr_info` of a 32-bit TA: u32 reserved, u16 count, u8 reserved, u8 zero, pointer to the array.
pub mod phdr_info32 {
    /// Bytes of the object.
    pub const SIZE: usize = 12;
    /// Offset of the u16 count.
    pub const COUNT: usize = 4;
    /// Offset of a byte that is zero, for an empty string.
    pub const ZERO: usize = 7;
    /// Offset of the pointer to the array of [`ENTRY_SIZE`] entries.
    pub const ARRAY: usize = 8;
    /// Bytes of a dl_phdr_info: address, name, headers, count, adds, subs, TLS module, TLS data.
    pub const ENTRY_SIZE: usize = 40;
    /// Offset in an entry of the load base.
    pub const ENTRY_ADDR: usize = 0;
    /// Offset in an entry of the pointer to the name, which is empty for the TA itself.
    pub const ENTRY_NAME: usize = 4;
    /// Offset in an entry of the pointer to the program headers.
    pub const ENTRY_PHDR: usize = 8;
    /// Offset in an entry of the u16 number of program headers.
    pub const ENTRY_PHNUM: usize = 12;
    /// Offset in an entry of the u64 number of objects that were ever added.
    pub const ENTRY_ADDS: usize = 16;
    /// Offset in an entry of the u64 number of objects that were ever removed.
    pub const ENTRY_SUBS: usize = 24;
    /// Offset in an entry of the id of the TLS module.
    pub const ENTRY_TLS_MODULE: usize = 32;
    /// Offset in an entry of the pointer to its TLS data.
    pub const ENTRY_TLS_DATA: usize = 36;

    /// All of it as a value.
    pub const LAYOUT: super::PhdrInfoLayout = super::PhdrInfoLayout {
        size: SIZE,
        count: COUNT,
        zero: ZERO,
        array: ARRAY,
        entry_size: ENTRY_SIZE,
        entry_addr: ENTRY_ADDR,
        entry_name: ENTRY_NAME,
        entry_phdr: ENTRY_PHDR,
        entry_phnum: ENTRY_PHNUM,
        entry_adds: ENTRY_ADDS,
        entry_tls_module: ENTRY_TLS_MODULE,
    };
}

/// `__elf_phdr_info` of a 64-bit TA: the fields of [`phdr_info32`].
pub mod phdr_info64 {
    /// Bytes of the object.
    pub const SIZE: usize = 16;
    /// Offset of the u16 count.
    pub const COUNT: usize = 4;
    /// Offset of a byte that is zero, for an empty string.
    pub const ZERO: usize = 7;
    /// Offset of the pointer to the array of [`ENTRY_SIZE`] entries.
    pub const ARRAY: usize = 8;
    /// Bytes of a dl_phdr_info.
    pub const ENTRY_SIZE: usize = 64;
    /// Offset in an entry of the load base.
    pub const ENTRY_ADDR: usize = 0;
    /// Offset in an entry of the pointer to the name.
    pub const ENTRY_NAME: usize = 8;
    /// Offset in an entry of the pointer to the program headers.
    pub const ENTRY_PHDR: usize = 16;
    /// Offset in an entry of the u16 number of program headers.
    pub const ENTRY_PHNUM: usize = 24;
    /// Offset in an entry of the u64 number of objects that were ever added.
    pub const ENTRY_ADDS: usize = 32;
    /// Offset in an entry of the u64 number of objects that were ever removed.
    pub const ENTRY_SUBS: usize = 40;
    /// Offset in an entry of the id of the TLS module.
    pub const ENTRY_TLS_MODULE: usize = 48;
    /// Offset in an entry of the pointer to its TLS data.
    pub const ENTRY_TLS_DATA: usize = 56;

    /// All of it as a value.
    pub const LAYOUT: super::PhdrInfoLayout = super::PhdrInfoLayout {
        size: SIZE,
        count: COUNT,
        zero: ZERO,
        array: ARRAY,
        entry_size: ENTRY_SIZE,
        entry_addr: ENTRY_ADDR,
        entry_name: ENTRY_NAME,
        entry_phdr: ENTRY_PHDR,
        entry_phnum: ENTRY_PHNUM,
        entry_adds: ENTRY_ADDS,
        entry_tls_module: ENTRY_TLS_MODULE,
    };
}

/// `__init_fini_info` of a 32-bit TA: u32 reserved, u16 size, u16 padding, pointer to the array.
pub mod init_fini32 {
    /// Bytes of the object.
    pub const SIZE: usize = 12;
    /// Offset of the u16 number of entries.
    pub const COUNT: usize = 4;
    /// Offset of the pointer to the array of [`ENTRY_SIZE`] entries.
    pub const ARRAY: usize = 8;
    /// Bytes of an entry: u32 flags, u16 init functions, u16 fini functions, pointers to both arrays.
    pub const ENTRY_SIZE: usize = 16;
    /// Flag of an entry: it is valid.
    pub const VALID: u32 = 1 << 0;
    /// Flag of an entry: its init functions have run.
    pub const HAS_RUN: u32 = 1 << 1;
    /// Offset in an entry of the u16 number of init functions.
    pub const ENTRY_INIT_COUNT: usize = 4;
    /// Offset in an entry of the u16 number of fini functions.
    pub const ENTRY_FINI_COUNT: usize = 6;
    /// Offset in an entry of the pointer to the init functions.
    pub const ENTRY_INIT: usize = 8;
    /// Offset in an entry of the pointer to the fini functions.
    pub const ENTRY_FINI: usize = 12;

    /// All of it as a value.
    pub const LAYOUT: super::InitFiniLayout = super::InitFiniLayout {
        size: SIZE,
        count: COUNT,
        array: ARRAY,
        entry_size: ENTRY_SIZE,
        entry_init_count: ENTRY_INIT_COUNT,
        entry_fini_count: ENTRY_FINI_COUNT,
        entry_init: ENTRY_INIT,
        entry_fini: ENTRY_FINI,
    };
}

/// `__init_fini_info` of a 64-bit TA: the fields and flags of [`init_fini32`].
pub mod init_fini64 {
    /// Bytes of the object.
    pub const SIZE: usize = 16;
    /// Offset of the u16 number of entries.
    pub const COUNT: usize = 4;
    /// Offset of the pointer to the array of [`ENTRY_SIZE`] entries.
    pub const ARRAY: usize = 8;
    /// Bytes of an entry.
    pub const ENTRY_SIZE: usize = 24;
    /// Offset in an entry of the u16 number of init functions.
    pub const ENTRY_INIT_COUNT: usize = 4;
    /// Offset in an entry of the u16 number of fini functions.
    pub const ENTRY_FINI_COUNT: usize = 6;
    /// Offset in an entry of the pointer to the init functions.
    pub const ENTRY_INIT: usize = 8;
    /// Offset in an entry of the pointer to the fini functions.
    pub const ENTRY_FINI: usize = 16;

    /// All of it as a value.
    pub const LAYOUT: super::InitFiniLayout = super::InitFiniLayout {
        size: SIZE,
        count: COUNT,
        array: ARRAY,
        entry_size: ENTRY_SIZE,
        entry_init_count: ENTRY_INIT_COUNT,
        entry_fini_count: ENTRY_FINI_COUNT,
        entry_init: ENTRY_INIT,
        entry_fini: ENTRY_FINI,
    };
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
