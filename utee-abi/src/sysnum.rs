// SPDX-License-Identifier: BSD-2-Clause
//! System calls of TAs by number (OP-TEE ABI, system calls). Numbers 55 to 69 were the secure element's and are gone.

use num_enum::{IntoPrimitive, TryFromPrimitive};

use core::ops::RangeInclusive;

/// Numbers of calls that are gone: NOT_SUPPORTED, as is everything past the last number.
pub const REMOVED: RangeInclusive<u32> = 55..=69;

/// A system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Syscall {
    /// `return`
    Return = 0,
    /// `log`
    Log = 1,
    /// `panic`
    Panic = 2,
    /// `get_property`
    GetProperty = 3,
    /// `get_property_name_to_index`
    GetPropertyNameToIndex = 4,
    /// `open_ta_session`
    OpenTaSession = 5,
    /// `close_ta_session`
    CloseTaSession = 6,
    /// `invoke_ta_command`
    InvokeTaCommand = 7,
    /// `check_access_rights`
    CheckAccessRights = 8,
    /// `get_cancellation_flag`
    GetCancellationFlag = 9,
    /// `unmask_cancellation`
    UnmaskCancellation = 10,
    /// `mask_cancellation`
    MaskCancellation = 11,
    /// `wait`
    Wait = 12,
    /// `get_time`
    GetTime = 13,
    /// `set_ta_time`
    SetTaTime = 14,
    /// `cryp_state_alloc`
    CrypStateAlloc = 15,
    /// `cryp_state_copy`
    CrypStateCopy = 16,
    /// `cryp_state_free`
    CrypStateFree = 17,
    /// `hash_init`
    HashInit = 18,
    /// `hash_update`
    HashUpdate = 19,
    /// `hash_final`
    HashFinal = 20,
    /// `cipher_init`
    CipherInit = 21,
    /// `cipher_update`
    CipherUpdate = 22,
    /// `cipher_final`
    CipherFinal = 23,
    /// `cryp_obj_get_info`
    CrypObjGetInfo = 24,
    /// `cryp_obj_restrict_usage`
    CrypObjRestrictUsage = 25,
    /// `cryp_obj_get_attr`
    CrypObjGetAttr = 26,
    /// `cryp_obj_alloc`
    CrypObjAlloc = 27,
    /// `cryp_obj_close`
    CrypObjClose = 28,
    /// `cryp_obj_reset`
    CrypObjReset = 29,
    /// `cryp_obj_populate`
    CrypObjPopulate = 30,
    /// `cryp_obj_copy`
    CrypObjCopy = 31,
    /// `cryp_derive_key`
    CrypDeriveKey = 32,
    /// `random_number_generate`
    RandomNumberGenerate = 33,
    /// `authenc_init`
    AuthencInit = 34,
    /// `authenc_update_aad`
    AuthencUpdateAad = 35,
    /// `authenc_update_payload`
    AuthencUpdatePayload = 36,
    /// `authenc_enc_final`
    AuthencEncFinal = 37,
    /// `authenc_dec_final`
    AuthencDecFinal = 38,
    /// `asymm_operate`
    AsymmOperate = 39,
    /// `asymm_verify`
    AsymmVerify = 40,
    /// `storage_obj_open`
    StorageObjOpen = 41,
    /// `storage_obj_create`
    StorageObjCreate = 42,
    /// `storage_obj_del`
    StorageObjDel = 43,
    /// `storage_obj_rename`
    StorageObjRename = 44,
    /// `storage_alloc_enum`
    StorageAllocEnum = 45,
    /// `storage_free_enum`
    StorageFreeEnum = 46,
    /// `storage_reset_enum`
    StorageResetEnum = 47,
    /// `storage_start_enum`
    StorageStartEnum = 48,
    /// `storage_next_enum`
    StorageNextEnum = 49,
    /// `storage_obj_read`
    StorageObjRead = 50,
    /// `storage_obj_write`
    StorageObjWrite = 51,
    /// `storage_obj_trunc`
    StorageObjTrunc = 52,
    /// `storage_obj_seek`
    StorageObjSeek = 53,
    /// `cryp_obj_generate_key`
    CrypObjGenerateKey = 54,
    /// `cache_operation`
    CacheOperation = 70,
}

impl Syscall {
    /// Every system call.
    pub const ALL: &'static [Self] = &[
        Self::Return,
        Self::Log,
        Self::Panic,
        Self::GetProperty,
        Self::GetPropertyNameToIndex,
        Self::OpenTaSession,
        Self::CloseTaSession,
        Self::InvokeTaCommand,
        Self::CheckAccessRights,
        Self::GetCancellationFlag,
        Self::UnmaskCancellation,
        Self::MaskCancellation,
        Self::Wait,
        Self::GetTime,
        Self::SetTaTime,
        Self::CrypStateAlloc,
        Self::CrypStateCopy,
        Self::CrypStateFree,
        Self::HashInit,
        Self::HashUpdate,
        Self::HashFinal,
        Self::CipherInit,
        Self::CipherUpdate,
        Self::CipherFinal,
        Self::CrypObjGetInfo,
        Self::CrypObjRestrictUsage,
        Self::CrypObjGetAttr,
        Self::CrypObjAlloc,
        Self::CrypObjClose,
        Self::CrypObjReset,
        Self::CrypObjPopulate,
        Self::CrypObjCopy,
        Self::CrypDeriveKey,
        Self::RandomNumberGenerate,
        Self::AuthencInit,
        Self::AuthencUpdateAad,
        Self::AuthencUpdatePayload,
        Self::AuthencEncFinal,
        Self::AuthencDecFinal,
        Self::AsymmOperate,
        Self::AsymmVerify,
        Self::StorageObjOpen,
        Self::StorageObjCreate,
        Self::StorageObjDel,
        Self::StorageObjRename,
        Self::StorageAllocEnum,
        Self::StorageFreeEnum,
        Self::StorageResetEnum,
        Self::StorageStartEnum,
        Self::StorageNextEnum,
        Self::StorageObjRead,
        Self::StorageObjWrite,
        Self::StorageObjTrunc,
        Self::StorageObjSeek,
        Self::CrypObjGenerateKey,
        Self::CacheOperation,
    ];

    /// Name in the ABI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Log => "log",
            Self::Panic => "panic",
            Self::GetProperty => "get_property",
            Self::GetPropertyNameToIndex => "get_property_name_to_index",
            Self::OpenTaSession => "open_ta_session",
            Self::CloseTaSession => "close_ta_session",
            Self::InvokeTaCommand => "invoke_ta_command",
            Self::CheckAccessRights => "check_access_rights",
            Self::GetCancellationFlag => "get_cancellation_flag",
            Self::UnmaskCancellation => "unmask_cancellation",
            Self::MaskCancellation => "mask_cancellation",
            Self::Wait => "wait",
            Self::GetTime => "get_time",
            Self::SetTaTime => "set_ta_time",
            Self::CrypStateAlloc => "cryp_state_alloc",
            Self::CrypStateCopy => "cryp_state_copy",
            Self::CrypStateFree => "cryp_state_free",
            Self::HashInit => "hash_init",
            Self::HashUpdate => "hash_update",
            Self::HashFinal => "hash_final",
            Self::CipherInit => "cipher_init",
            Self::CipherUpdate => "cipher_update",
            Self::CipherFinal => "cipher_final",
            Self::CrypObjGetInfo => "cryp_obj_get_info",
            Self::CrypObjRestrictUsage => "cryp_obj_restrict_usage",
            Self::CrypObjGetAttr => "cryp_obj_get_attr",
            Self::CrypObjAlloc => "cryp_obj_alloc",
            Self::CrypObjClose => "cryp_obj_close",
            Self::CrypObjReset => "cryp_obj_reset",
            Self::CrypObjPopulate => "cryp_obj_populate",
            Self::CrypObjCopy => "cryp_obj_copy",
            Self::CrypDeriveKey => "cryp_derive_key",
            Self::RandomNumberGenerate => "random_number_generate",
            Self::AuthencInit => "authenc_init",
            Self::AuthencUpdateAad => "authenc_update_aad",
            Self::AuthencUpdatePayload => "authenc_update_payload",
            Self::AuthencEncFinal => "authenc_enc_final",
            Self::AuthencDecFinal => "authenc_dec_final",
            Self::AsymmOperate => "asymm_operate",
            Self::AsymmVerify => "asymm_verify",
            Self::StorageObjOpen => "storage_obj_open",
            Self::StorageObjCreate => "storage_obj_create",
            Self::StorageObjDel => "storage_obj_del",
            Self::StorageObjRename => "storage_obj_rename",
            Self::StorageAllocEnum => "storage_alloc_enum",
            Self::StorageFreeEnum => "storage_free_enum",
            Self::StorageResetEnum => "storage_reset_enum",
            Self::StorageStartEnum => "storage_start_enum",
            Self::StorageNextEnum => "storage_next_enum",
            Self::StorageObjRead => "storage_obj_read",
            Self::StorageObjWrite => "storage_obj_write",
            Self::StorageObjTrunc => "storage_obj_trunc",
            Self::StorageObjSeek => "storage_obj_seek",
            Self::CrypObjGenerateKey => "cryp_obj_generate_key",
            Self::CacheOperation => "cache_operation",
        }
    }

    /// Number of arguments.
    #[must_use]
    pub const fn arguments(self) -> usize {
        match self {
            Self::Return
            | Self::CloseTaSession
            | Self::GetCancellationFlag
            | Self::UnmaskCancellation
            | Self::MaskCancellation
            | Self::Wait
            | Self::SetTaTime
            | Self::CrypStateFree
            | Self::CrypObjClose
            | Self::CrypObjReset
            | Self::StorageObjDel
            | Self::StorageAllocEnum
            | Self::StorageFreeEnum
            | Self::StorageResetEnum => 1,
            Self::Log
            | Self::Panic
            | Self::GetTime
            | Self::CrypStateCopy
            | Self::CrypObjGetInfo
            | Self::CrypObjRestrictUsage
            | Self::CrypObjCopy
            | Self::RandomNumberGenerate
            | Self::StorageStartEnum
            | Self::StorageObjTrunc => 2,
            Self::CheckAccessRights
            | Self::HashInit
            | Self::HashUpdate
            | Self::CipherInit
            | Self::CrypObjAlloc
            | Self::CrypObjPopulate
            | Self::AuthencUpdateAad
            | Self::StorageObjRename
            | Self::StorageObjWrite
            | Self::StorageObjSeek
            | Self::CacheOperation => 3,
            Self::GetPropertyNameToIndex
            | Self::CrypObjGetAttr
            | Self::CrypDeriveKey
            | Self::StorageNextEnum
            | Self::StorageObjRead
            | Self::CrypObjGenerateKey => 4,
            Self::OpenTaSession
            | Self::InvokeTaCommand
            | Self::CrypStateAlloc
            | Self::HashFinal
            | Self::CipherUpdate
            | Self::CipherFinal
            | Self::AuthencUpdatePayload
            | Self::StorageObjOpen => 5,
            Self::AuthencInit => 6,
            Self::GetProperty | Self::AuthencEncFinal | Self::AuthencDecFinal | Self::AsymmOperate | Self::AsymmVerify => 7,
            Self::StorageObjCreate => 8,
        }
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::Syscall;

    #[test]
    fn numbers_are_dense_up_to_the_gap() {
        for number in 0..=100 {
            let exists = number <= 54 || number == 70;
            assert_eq!(Syscall::try_from(number).is_ok(), exists, "{number}");
        }
        assert_eq!(Syscall::ALL.len(), 56);
        assert!(super::REMOVED.into_iter().all(|number| Syscall::try_from(number).is_err()));
        assert!(Syscall::ALL.iter().all(|call| call.arguments() <= crate::regs::MAX_ARGS));
    }

    #[test]
    fn arguments_are_as_many_as_the_table_of_the_abi_has() {
        let table = [
            1, 2, 2, 7, 4, 5, 1, 5, 3, 1, 1, 1, 1, 2, 1, 5, 2, 1, 3, 3, 5, 3, 5, 5, 2, 2, 4, 3, 1, 1, 3, 2, 4, 2, 6, 3, 5, 7, 7, 7, 7, 5,
            8, 1, 3, 1, 1, 1, 2, 4, 4, 3, 2, 3, 4, 3,
        ];
        for (call, arguments) in Syscall::ALL.iter().zip(table) {
            assert_eq!(call.arguments(), arguments, "{}", call.name());
        }
        assert_eq!(Syscall::ALL.len(), table.len());
    }

    #[test]
    fn names_are_the_variants_in_snake_case() {
        extern crate std;
        use std::string::String;
        for call in Syscall::ALL {
            let mut name = String::new();
            for letter in std::format!("{call:?}").chars() {
                if letter.is_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.extend(letter.to_lowercase());
            }
            assert_eq!(name, call.name());
            assert_eq!(Syscall::try_from(call.raw()), Ok(*call));
        }
    }
}
