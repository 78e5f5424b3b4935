// SPDX-License-Identifier: BSD-2-Clause
//! Handles, flags and usage of objects (GlobalPlatform TEE Internal Core API 1.3.1, sections 5.4 and 5.5).

use crate::crypto::object::USAGE_DEFAULT as ALL_USAGE;
use crate::crypto::{HandleFlags, KeyUsage, attribute};
use crate::storage;

super::constants! {
    HANDLE_NULL = 0;
    DATA_MAX_POSITION = storage::DATA_POSITION_MAX;
    OBJECT_ID_MAX_LEN = storage::OBJECT_ID_MAX as u32;
    DATA_FLAG_ACCESS_READ = HandleFlags::ACCESS_READ.bits();
    DATA_FLAG_ACCESS_WRITE = HandleFlags::ACCESS_WRITE.bits();
    DATA_FLAG_ACCESS_WRITE_META = HandleFlags::ACCESS_WRITE_META.bits();
    DATA_FLAG_SHARE_READ = HandleFlags::SHARE_READ.bits();
    DATA_FLAG_SHARE_WRITE = HandleFlags::SHARE_WRITE.bits();
    DATA_FLAG_OVERWRITE = HandleFlags::OVERWRITE.bits();
    HANDLE_FLAG_PERSISTENT = HandleFlags::PERSISTENT.bits();
    HANDLE_FLAG_INITIALIZED = HandleFlags::INITIALIZED.bits();
    HANDLE_FLAG_KEY_SET = HandleFlags::KEY_SET.bits();
    HANDLE_FLAG_EXPECT_TWO_KEYS = HandleFlags::EXPECT_TWO_KEYS.bits();
    HANDLE_FLAG_EXTRACTING = HandleFlags::EXTRACTING.bits();
    USAGE_EXTRACTABLE = KeyUsage::EXTRACTABLE.bits();
    USAGE_ENCRYPT = KeyUsage::ENCRYPT.bits();
    USAGE_DECRYPT = KeyUsage::DECRYPT.bits();
    USAGE_MAC = KeyUsage::MAC.bits();
    USAGE_SIGN = KeyUsage::SIGN.bits();
    USAGE_VERIFY = KeyUsage::VERIFY.bits();
    USAGE_DERIVE = KeyUsage::DERIVE.bits();
    USAGE_DEFAULT = ALL_USAGE;
    ATTR_FLAG_PUBLIC = attribute::FLAG_PUBLIC;
    ATTR_FLAG_VALUE = attribute::FLAG_VALUE;
}
