// SPDX-License-Identifier: BSD-2-Clause
//! The system calls under their C names, `_utee_*`, which TAs that go round the API call.

use core::arch::global_asm;
use utee_abi::sysnum::Syscall;

/// A veneer: a function's arguments stand where the kernel wants them.
#[cfg(target_arch = "aarch64")]
macro_rules! veneer {
    ($($name:literal $call:ident;)*) => {
        $(
            global_asm!(
                ".cfi_sections .debug_frame",
                concat!(".pushsection .text._utee_", $name, ", \"ax\", %progbits"),
                ".balign 4",
                concat!(".global _utee_", $name),
                concat!(".type _utee_", $name, ", %function"),
                concat!("_utee_", $name, ":"),
                ".cfi_startproc",
                "hint #34",
                "mov x8, #{NUMBER}",
                "svc #0",
                "ret",
                ".cfi_endproc",
                concat!(".size _utee_", $name, ", . - _utee_", $name),
                ".popsection",
                NUMBER = const Syscall::$call.raw(),
            );
        )*
    };
}

/// A veneer: up to four arguments are in registers; more are on the stack, where r5 and r6 point the kernel to.
#[cfg(target_arch = "arm")]
macro_rules! veneer {
    ($($name:literal $call:ident;)*) => {
        $(
            global_asm!(
                ".syntax unified",
                ".cfi_sections .debug_frame",
                concat!(".pushsection .text._utee_", $name, ", \"ax\", %progbits"),
                ".arm",
                ".balign 4",
                concat!(".global _utee_", $name),
                concat!(".type _utee_", $name, ", %function"),
                concat!("_utee_", $name, ":"),
                ".cfi_startproc",
                "push {{r5, r6, r7, lr}}",
                ".cfi_adjust_cfa_offset 16",
                ".cfi_offset lr, -4",
                "mov r7, #{NUMBER}",
                "mov r6, #{EXTRA}",
                "add r5, sp, #16",
                "svc #0",
                "pop {{r5, r6, r7, pc}}",
                ".cfi_endproc",
                concat!(".size _utee_", $name, ", . - _utee_", $name),
                ".popsection",
                NUMBER = const Syscall::$call.raw(),
                EXTRA = const Syscall::$call.arguments().saturating_sub(utee_abi::regs::A32_REGISTER_ARGS),
            );
        )*
    };
}

veneer! {
    "log" Log;
    "get_property" GetProperty;
    "get_property_name_to_index" GetPropertyNameToIndex;
    "open_ta_session" OpenTaSession;
    "close_ta_session" CloseTaSession;
    "invoke_ta_command" InvokeTaCommand;
    "check_access_rights" CheckAccessRights;
    "get_cancellation_flag" GetCancellationFlag;
    "unmask_cancellation" UnmaskCancellation;
    "mask_cancellation" MaskCancellation;
    "wait" Wait;
    "get_time" GetTime;
    "set_ta_time" SetTaTime;
    "cryp_state_alloc" CrypStateAlloc;
    "cryp_state_copy" CrypStateCopy;
    "cryp_state_free" CrypStateFree;
    "hash_init" HashInit;
    "hash_update" HashUpdate;
    "hash_final" HashFinal;
    "cipher_init" CipherInit;
    "cipher_update" CipherUpdate;
    "cipher_final" CipherFinal;
    "cryp_obj_get_info" CrypObjGetInfo;
    "cryp_obj_restrict_usage" CrypObjRestrictUsage;
    "cryp_obj_get_attr" CrypObjGetAttr;
    "cryp_obj_alloc" CrypObjAlloc;
    "cryp_obj_close" CrypObjClose;
    "cryp_obj_reset" CrypObjReset;
    "cryp_obj_populate" CrypObjPopulate;
    "cryp_obj_copy" CrypObjCopy;
    "cryp_derive_key" CrypDeriveKey;
    "cryp_random_number_generate" RandomNumberGenerate;
    "authenc_init" AuthencInit;
    "authenc_update_aad" AuthencUpdateAad;
    "authenc_update_payload" AuthencUpdatePayload;
    "authenc_enc_final" AuthencEncFinal;
    "authenc_dec_final" AuthencDecFinal;
    "asymm_operate" AsymmOperate;
    "asymm_verify" AsymmVerify;
    "storage_obj_open" StorageObjOpen;
    "storage_obj_create" StorageObjCreate;
    "storage_obj_del" StorageObjDel;
    "storage_obj_rename" StorageObjRename;
    "storage_alloc_enum" StorageAllocEnum;
    "storage_free_enum" StorageFreeEnum;
    "storage_reset_enum" StorageResetEnum;
    "storage_start_enum" StorageStartEnum;
    "storage_next_enum" StorageNextEnum;
    "storage_obj_read" StorageObjRead;
    "storage_obj_write" StorageObjWrite;
    "storage_obj_trunc" StorageObjTrunc;
    "storage_obj_seek" StorageObjSeek;
    "cryp_obj_generate_key" CrypObjGenerateKey;
    "cache_operation" CacheOperation;
}
