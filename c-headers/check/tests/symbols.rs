// SPDX-License-Identifier: BSD-2-Clause
//! Every name that programs get from OP-TEE's libutee, libutils and libdl (4.10), and what has become of it here.
//!
//! GlobalPlatform's functions are not listed: `headers.rs` compares those with the headers, and `README.md` has those that are missing.
#![allow(missing_docs)]

use c_headers_check::{exported, kit};
use std::collections::BTreeSet;

/// In `libutee.a`, or in the sources of the kit that are compiled into each TA.
const HERE: &[&str] = &[
    // OP-TEE's extensions.
    "TEE_CacheClean",
    "TEE_CacheFlush",
    "TEE_CacheInvalidate",
    "tee_invoke_supp_plugin",
    "tee_map_zi",
    "tee_map_zi_va",
    "tee_unmap",
    "tee_uuid_from_str",
    "tahead_get_trace_level",
    // Libraries of TAs, thread-local storage.
    "dl_iterate_phdr",
    "dlclose",
    "dlopen",
    "dlsym",
    "__tls_get_addr",
    // The heap.
    "aligned_alloc",
    "calloc",
    "free",
    "free_wipe",
    "malloc",
    "memalign",
    "realloc",
    // Memory and strings.
    "bcmp",
    "consttime_memcmp",
    "memchr",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "memzero_explicit",
    "strchr",
    "strcmp",
    "strcpy",
    "strdup",
    "strlcat",
    "strlcpy",
    "strlen",
    "strncmp",
    "strncpy",
    "strndup",
    "strnlen",
    "strrchr",
    "strstr",
    "strtok_r",
    "strtoul",
    "isalnum",
    "isalpha",
    "iscntrl",
    "isdigit",
    "isgraph",
    "islower",
    "isprint",
    "ispunct",
    "isspace",
    "isupper",
    "isxdigit",
    "tolower",
    "toupper",
    // Sockets.
    "TEE_tcpSocket",
    "TEE_udpSocket",
    // What compilers and OP-TEE's headers refer to.
    "__getauxval",
    "__sprintf_chk",
    "__stack_chk_fail",
    "__stack_chk_guard",
    "_assert_break",
    "_assert_log",
    "pthread_mutex_lock",
    "pthread_mutex_unlock",
    // Text.
    "dhex_dump",
    "fputc",
    "fputs",
    "fwrite",
    "printf",
    "putchar",
    "puts",
    "snprintf",
    "sprintf",
    "stderr",
    "stdout",
    "trace_ext_puts",
    "trace_get_level",
    "trace_printf",
    "trace_set_level",
    "trace_vprintf",
    "vsnprintf",
    "write",
    // The rest of the C library and of libutils.
    "abort",
    "abs",
    "atomic_dec32",
    "atomic_inc32",
    "base64_dec",
    "base64_enc",
    "base64_enc_len",
    "longjmp",
    "qsort",
    "qsort_int",
    "qsort_ll",
    "qsort_long",
    "qsort_s16",
    "qsort_s32",
    "qsort_s64",
    "qsort_s8",
    "qsort_u16",
    "qsort_u32",
    "qsort_u64",
    "qsort_u8",
    "qsort_uint",
    "qsort_ul",
    "qsort_ull",
    "rand",
    "setjmp",
    // Version 1.1 of the API.
    "__GP11_TEE_AEDecryptFinal",
    "__GP11_TEE_AEEncryptFinal",
    "__GP11_TEE_AEInit",
    "__GP11_TEE_AEUpdate",
    "__GP11_TEE_AEUpdateAAD",
    "__GP11_TEE_AllocateTransientObject",
    "__GP11_TEE_AsymmetricDecrypt",
    "__GP11_TEE_AsymmetricEncrypt",
    "__GP11_TEE_AsymmetricSignDigest",
    "__GP11_TEE_AsymmetricVerifyDigest",
    "__GP11_TEE_CipherDoFinal",
    "__GP11_TEE_CipherInit",
    "__GP11_TEE_CipherUpdate",
    "__GP11_TEE_DeriveKey",
    "__GP11_TEE_DigestDoFinal",
    "__GP11_TEE_DigestUpdate",
    "__GP11_TEE_FreeOperation",
    "__GP11_TEE_GenerateKey",
    "__GP11_TEE_GetObjectBufferAttribute",
    "__GP11_TEE_GetObjectInfo",
    "__GP11_TEE_GetObjectInfo1",
    "__GP11_TEE_GetOperationInfoMultiple",
    "__GP11_TEE_InitRefAttribute",
    "__GP11_TEE_InitValueAttribute",
    "__GP11_TEE_MACCompareFinal",
    "__GP11_TEE_MACComputeFinal",
    "__GP11_TEE_MACInit",
    "__GP11_TEE_MACUpdate",
    "__GP11_TEE_PopulateTransientObject",
    "__GP11_TEE_SetOperationKey",
    "__GP11_TEE_SetOperationKey2",
    "__GP11_TEE_CreatePersistentObject",
    "__GP11_TEE_GetNextPersistentObject",
    "__GP11_TEE_OpenPersistentObject",
    "__GP11_TEE_ReadObjectData",
    "__GP11_TEE_RenamePersistentObject",
    "__GP11_TEE_SeekObjectData",
    "__GP11_TEE_TruncateObjectData",
    "__GP11_TEE_WriteObjectData",
    "__GP11_TEE_BigIntConvertFromOctetString",
    "__GP11_TEE_BigIntConvertToOctetString",
    "__GP11_TEE_BigIntFMMContextSizeInU32",
    "__GP11_TEE_BigIntFMMSizeInU32",
    "__GP11_TEE_BigIntInit",
    "__GP11_TEE_BigIntInitFMM",
    "__GP11_TEE_BigIntInitFMMContext",
    "__GP11_TEE_BigIntShiftRight",
    "__GP11_TEE_CheckMemoryAccessRights",
    "__GP11_TEE_GenerateRandom",
    "__GP11_TEE_GetPropertyAsBinaryBlock",
    "__GP11_TEE_GetPropertyAsString",
    "__GP11_TEE_GetPropertyName",
    "__GP11_TEE_InvokeTACommand",
    "__GP11_TEE_Malloc",
    "__GP11_TEE_MemCompare",
    "__GP11_TEE_MemFill",
    "__GP11_TEE_MemMove",
    "__GP11_TEE_OpenTASession",
    "__GP11_TEE_Realloc",
];

/// Left out, with the reason.
const NOT: &[(&str, &str)] = &[
    ("__utee_call_elf_fini_fn", "inside of OP-TEE's library"),
    ("__utee_call_elf_init_fn", "inside of OP-TEE's library"),
    ("__utee_tcb_init", "inside of OP-TEE's library"),
    ("__vsnprintf", "inside of OP-TEE's library"),
    ("__vsprintf", "inside of OP-TEE's library"),
    ("free_flags", "inside of OP-TEE's library"),
    ("malloc_flags", "inside of OP-TEE's library"),
    ("malloc_add_pool", "the heap is one arena, of the size in ta.toml"),
    ("malloc_buffer_is_within_alloced", "asks the insides of a heap that is another one here"),
    ("malloc_buffer_overlaps_heap", "asks the insides of a heap that is another one here"),
    ("malloc_get_stats", "the statistics pseudo-TA has them"),
    ("malloc_reset_stats", "the statistics pseudo-TA has them"),
    ("mdbg_check", "a debugging heap"),
    ("mempool_alloc", "a pool for mbedTLS; its TAs use the heap"),
    ("mempool_alloc_pool", "a pool for mbedTLS; its TAs use the heap"),
    ("mempool_calloc", "a pool for mbedTLS; its TAs use the heap"),
    ("mempool_free", "a pool for mbedTLS; its TAs use the heap"),
    ("snprintk", "of OP-TEE's core"),
    ("vsnprintk", "of OP-TEE's core"),
    ("tee_user_mem_check_heap", "declared by OP-TEE, and defined nowhere"),
    ("tee_user_mem_mark_heap", "declared by OP-TEE, and defined nowhere"),
    ("trace_ext_get_core_id", "inside of OP-TEE's library"),
    ("trace_ext_get_guest_id", "inside of OP-TEE's library"),
    ("trace_ext_get_thread_id", "inside of OP-TEE's library"),
];

/// Insides of OP-TEE's libraries by how they begin, that no header for TAs declares.
const INSIDES: &[(&str, &str)] = &[
    ("_TEE_MathAPI_", "mbedTLS behind the arithmetic"),
    ("__elf_phdr_info", "written by the loader; in the kit's user_ta_header.c"),
    ("__ta_", "the entry of a TA"),
    ("__tee_socket_pta_", "behind the sockets"),
    ("__utee_check_", "the annotations of parameters"),
    ("__utee_entry", "the entry of a TA"),
    ("__utee_from_", "attributes for system calls"),
    ("__utee_panic", "behind TEE_Panic"),
    ("ta_param", "the entry of a TA"),
    ("tee_props", "the library's own properties"),
    ("___ftmn_", "hardening against faults"),
    ("__ftmn_", "hardening against faults"),
    ("_strtoul", "behind strtoul"),
    ("bget", "the allocator"),
    ("bpool", "the allocator"),
    ("brel", "the allocator"),
    ("bstats", "the allocator"),
    ("raw_", "the allocator"),
    ("nex_", "the allocator of OP-TEE's core"),
    ("ins_array_elem", "for drivers of OP-TEE's core"),
    ("rem_array_elem", "for drivers of OP-TEE's core"),
];

/// Every name of OP-TEE's libutee.a, libutils.a and libdl.a (4.5, the kit that Debian has), as `nm` lists them: a program that was
/// written for them finds each here, or in the lists above what has become of it.
#[test]
fn every_name_of_the_kit_has_a_place() {
    let declared = std::fs::read_to_string(kit().join("include/tee_internal_api.h")).unwrap()
        + &std::fs::read_to_string(kit().join("include/utee_syscalls.h")).unwrap();
    let declared: BTreeSet<&str> = declared.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let listed: BTreeSet<&str> = HERE.iter().copied().chain(NOT.iter().map(|(name, _)| *name)).collect();
    let names: Vec<&str> = include_str!("kit-names.txt").lines().collect();
    assert!(names.len() > 400);
    let inside = |name: &str| INSIDES.iter().any(|(begin, _)| name.starts_with(begin));
    let lost: Vec<_> = names.iter().filter(|name| !listed.contains(**name) && !declared.contains(**name) && !inside(name)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // What is inside of one library is in no list, so that no rule above hides a name that matters.
    assert!(listed.iter().all(|name| !inside(name)));
}

#[test]
fn what_is_said_to_be_there_is_there() {
    let exported = exported();
    let missing: Vec<_> = HERE.iter().filter(|name| !exported.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let there: Vec<_> = NOT.iter().filter(|(name, _)| exported.contains(*name)).collect();
    assert!(there.is_empty(), "{there:?}");
    // Every veneer that is declared.
    let declared = std::fs::read_to_string(kit().join("include/utee_syscalls.h")).unwrap();
    let veneers: BTreeSet<&str> = declared
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("_utee_") && !matches!(*word, "_utee_return" | "_utee_panic"))
        .collect();
    let missing: Vec<_> = veneers.iter().filter(|name| !exported.contains(**name)).collect();
    assert!(veneers.len() > 50 && missing.is_empty(), "{missing:?}");
}

#[test]
fn every_name_has_one_place() {
    let all: Vec<&str> = HERE.iter().copied().chain(NOT.iter().map(|(name, _)| *name)).collect();
    let different: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(all.len(), different.len());
    // OP-TEE has as many names of version 1.1.
    assert_eq!(all.iter().filter(|name| name.starts_with("__GP11_")).count(), 59);
}
