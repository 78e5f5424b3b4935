// SPDX-License-Identifier: BSD-2-Clause
//! The headers against the tables of Rust.
#![allow(missing_docs)]

use c_headers_check::{Numbers, client_api, compilers, exported, internal_api, kit, pseudo_tas, sockets, ta_header};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::mem::{offset_of, size_of};
use utee::types::{Attribute as CAttribute, ObjectInfo as CObjectInfo};
use utee::types::{Memref, OperationInfo, TeeIdentity, TeeParam, TeeUuid, Time, UserTaProperty, Value};
use utee_abi::crypto::attribute::UteeAttribute as Attribute;
use utee_abi::crypto::object::UteeObjectInfo as ObjectInfo;
use utee_abi::param::UteeParams;
use utee_abi::property::{Set, Type};
use utee_abi::pta;
use utee_abi::ta_head::{EntryFunction, TaHead};

/// Checks that `headers` have all of `numbers`, and no macro that begins like one of `prefixes` beyond them.
fn compare(headers: &[&str], numbers: &Numbers, prefixes: &[&str], not_numbers: &[&str]) {
    let mut source: String = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
    for (name, value) in numbers {
        writeln!(source, "_Static_assert((unsigned long long)({name}) == {value}ull, \"{name}\");").unwrap();
    }
    for compiler in compilers() {
        if let Err(error) = compiler.run(&source, &["-fsyntax-only"]) {
            panic!("{error}");
        }
        for (name, text) in compiler.macros(headers).unwrap() {
            let ours = prefixes.iter().any(|prefix| name.starts_with(prefix));
            let known = numbers.contains_key(&name) || not_numbers.contains(&name.as_str()) || name.ends_with("_H");
            assert!(!ours || known, "{name} ({text}) is not in utee-abi");
        }
    }
}

/// Checks C expressions of integers.
fn assert_all(headers: &[&str], facts: &[(String, usize)]) {
    let mut source: String = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
    for (expression, value) in facts {
        writeln!(source, "_Static_assert(({expression}) == {value}, \"{expression}\");").unwrap();
    }
    for compiler in compilers() {
        if let Err(error) = compiler.run(&source, &["-fsyntax-only"]) {
            panic!("{error}");
        }
    }
}

#[test]
fn internal_core_api() {
    let mut numbers = internal_api();
    numbers.extend([
        ("TEE_PROPSET_TEE_IMPLEMENTATION".to_string(), u64::from(u32::from(Set::Implementation))),
        ("TEE_PROPSET_CURRENT_CLIENT".to_string(), u64::from(u32::from(Set::Client))),
        ("TEE_PROPSET_CURRENT_TA".to_string(), u64::from(u32::from(Set::Ta))),
        ("TEE_MAP_FLAG_SHAREABLE".to_string(), pta::system::MAP_SHAREABLE),
    ]);
    // A handle is a pointer: compared as a number of its width.
    for name in ["TEE_PROPSET_TEE_IMPLEMENTATION", "TEE_PROPSET_CURRENT_CLIENT", "TEE_PROPSET_CURRENT_TA"] {
        let value = numbers.remove(name).unwrap();
        numbers.insert(format!("(uintptr_t){name}"), value);
    }
    let not_numbers = ["TEE_CORE_API_1_3_1", "TEE_PROPSET_TEE_IMPLEMENTATION", "TEE_PROPSET_CURRENT_CLIENT", "TEE_PROPSET_CURRENT_TA"];
    compare(&["tee_internal_api_extensions.h"], &numbers, &["TEE_"], &not_numbers);
}

#[test]
fn header_of_a_ta() {
    compare(&["user_ta_header.h"], &ta_header(), &["TA_FLAG", "TA_FRAMEWORK", "OXTEE_"], &[]);
    let kinds = [
        ("BOOL", Type::Bool),
        ("U32", Type::U32),
        ("UUID", Type::Uuid),
        ("IDENTITY", Type::Identity),
        ("STRING", Type::String),
        ("BINARY_BLOCK", Type::BinaryBlock),
        ("U64", Type::U64),
    ];
    let facts: Vec<_> = kinds.into_iter().map(|(name, kind)| (format!("USER_TA_PROP_TYPE_{name}"), u32::from(kind) as usize)).collect();
    assert_all(&["user_ta_header.h"], &facts);
}

#[test]
fn pseudo_ta_numbers_and_uuids() {
    let uuids = [
        ("PTA_SYSTEM_UUID", "pta_system.h", pta::system::UUID),
        ("PTA_DEVICE_UUID", "pta_device.h", pta::device::UUID),
        ("PTA_SOCKET_UUID", "pta_socket.h", pta::socket::UUID),
        ("PTA_RNG_UUID", "pta_rng.h", pta::rng::UUID),
        ("PTA_RTC_UUID", "pta_rtc.h", pta::rtc::UUID),
        ("STATS_UUID", "pta_stats.h", pta::stats::UUID),
        ("PTA_ATTESTATION_UUID", "pta_attestation.h", pta::attestation::UUID),
        ("PTA_INVOKE_TESTS_UUID", "pta_invoke_tests.h", pta::invoke_tests::UUID),
        ("PTA_SECSTOR_TA_MGMT_UUID", "pta_secstor_ta_mgmt.h", pta::secstor_ta_mgmt::UUID),
    ];
    let headers = uuids.map(|(_, header, _)| header);
    compare(&headers, &pseudo_tas(), &["PTA_", "TA_DERIVED", "STATS_", "ALLOC_ID_"], &uuids.map(|(name, ..)| name));
    for compiler in compilers() {
        let macros = compiler.macros(&headers).unwrap();
        for (name, _, uuid) in uuids {
            let digits: String = macros[name].split(|c: char| "{}, ".contains(c)).map(|part| part.trim_start_matches("0x")).collect();
            assert_eq!(digits, uuid.to_string().replace('-', ""), "{name}");
        }
    }
    let facts = [
        ("sizeof(struct pta_rtc_time)", pta::rtc::TIME_SIZE),
        ("sizeof(struct pta_rtc_info)", 16 + 2 * pta::rtc::TIME_SIZE),
        ("sizeof(struct pta_rtc_alarm)", pta::rtc::ALARM_SIZE),
        ("offsetof(struct pta_rtc_alarm, time)", pta::rtc::ALARM_TIME),
        ("TEE_ALLOCATOR_DESC_LENGTH", pta::stats::AllocRecord::NAME_SIZE),
        ("sizeof(struct pta_stats_alloc)", pta::stats::AllocRecord::SIZE),
        ("sizeof(struct pta_stats_ta)", pta::stats::TaRecord::SIZE),
    ];
    assert_all(&["stddef.h", "pta_rtc.h", "pta_stats.h"], &facts.map(|(expression, value)| (expression.to_string(), value)));
}

/// Numbers of sockets, and the structures that TAs and the library share.
#[test]
fn headers_of_sockets() {
    use utee::socket::{ISocket, Setup};
    let headers = ["tee_tcpsocket.h", "tee_udpsocket.h", "__tee_tcpsocket_defines_extensions.h"];
    compare(&headers, &sockets(), &["TEE_ISOCKET", "TEE_TCP_", "TEE_UDP_"], &[]);
    let versions = [("TEE_IP_VERSION_DC", 0), ("TEE_IP_VERSION_4", 1), ("TEE_IP_VERSION_6", 2)];
    assert_all(&headers, &versions.map(|(name, value)| (name.to_string(), value)));
    let facts = [
        ("sizeof(TEE_iSocket)", size_of::<ISocket>(), 32),
        ("offsetof(TEE_iSocket, protocolID)", offset_of!(ISocket, protocol), 4),
        ("offsetof(TEE_iSocket, open)", offset_of!(ISocket, open), 8),
        ("offsetof(TEE_iSocket, ioctl)", offset_of!(ISocket, ioctl), 28),
        ("sizeof(TEE_udpSocket_Setup)", size_of::<Setup>(), 12),
        ("offsetof(TEE_tcpSocket_Setup, server_port)", offset_of!(Setup, server_port), 8),
    ];
    let source: String = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
    let asserts: String = facts
        .iter()
        .map(|(expression, wide, narrow)| {
            format!("_Static_assert(({expression}) == (sizeof(void *) == 8 ? {wide} : {narrow}), \"{expression}\");\n")
        })
        .collect();
    for compiler in compilers() {
        compiler.run(&format!("#include <stddef.h>\n{source}{asserts}"), &["-fsyntax-only"]).unwrap();
    }
}

#[test]
fn client_api_numbers() {
    let mut numbers = client_api();
    let all: BTreeSet<String> =
        compilers().first().map(|compiler| compiler.macros(&["tee_client_api.h"]).unwrap().into_keys().collect()).unwrap_or_default();
    // The client's header has those errors only that a client can get.
    numbers.retain(|name, _| !name.starts_with("TEEC_ERROR_") || all.contains(name));
    assert!(numbers.keys().filter(|name| name.starts_with("TEEC_ERROR_")).count() >= 18);
    compare(&["tee_client_api.h"], &numbers, &["TEEC_"], &["TEEC_CONFIG_SHAREDMEM_MAX_SIZE"]);
}

/// The client's structures: those of the library here, and half as wide those that 32-bit programs were built with.
#[test]
#[cfg(target_pointer_width = "64")]
fn structures_of_the_client_api() {
    use teec::types::{Context, Operation, Parameter, Session, SharedMemory, SharedMemoryImp, Uuid};
    let facts = [
        ("sizeof(TEEC_Context)", size_of::<Context>(), 8),
        ("offsetof(TEEC_Context, imp.reg_mem)", offset_of!(Context, reg_mem), 4),
        ("offsetof(TEEC_Context, imp.memref_null)", offset_of!(Context, memref_null), 5),
        ("sizeof(TEEC_UUID)", size_of::<Uuid>(), 16),
        ("offsetof(TEEC_UUID, clockSeqAndNode)", offset_of!(Uuid, clock_seq_and_node), 8),
        ("sizeof(TEEC_SharedMemory)", size_of::<SharedMemory>(), 32),
        ("offsetof(TEEC_SharedMemory, flags)", offset_of!(SharedMemory, flags), 8),
        ("offsetof(TEEC_SharedMemory, imp)", offset_of!(SharedMemory, imp), 12),
        ("offsetof(TEEC_SharedMemory, imp.shadow_buffer)", offset_of!(SharedMemory, imp) + offset_of!(SharedMemoryImp, block), 20),
        ("offsetof(TEEC_SharedMemory, imp.flags)", offset_of!(SharedMemory, imp) + offset_of!(SharedMemoryImp, flags), 28),
        ("sizeof(TEEC_Session)", size_of::<Session>(), 8),
        ("offsetof(TEEC_Session, imp.session_id)", offset_of!(Session, id), 4),
        ("sizeof(TEEC_Parameter)", size_of::<Parameter>(), 12),
        ("sizeof(TEEC_Operation)", size_of::<Operation>(), 60),
        ("offsetof(TEEC_Operation, params)", offset_of!(Operation, params), 8),
        ("offsetof(TEEC_Operation, imp.session)", offset_of!(Operation, session), 56),
    ];
    let mut source = String::from("#include <tee_client_api_extensions.h>\n");
    for (expression, wide, narrow) in facts {
        writeln!(source, "_Static_assert(({expression}) == (sizeof(void *) == 8 ? {wide} : {narrow}), \"{expression}\");").unwrap();
    }
    for compiler in compilers() {
        compiler.run(&source, &["-fsyntax-only"]).unwrap();
    }
}

/// Every function that the client's headers declare is in the library.
#[test]
fn client_functions_are_in_the_library() {
    let declared = compilers()[0].run("#include <tee_client_api_extensions.h>\n", &["-E", "-P"]).unwrap();
    let library = std::fs::read_to_string(kit().join("../tee-client/libteec/src/lib.rs")).unwrap();
    let names: BTreeSet<&str> = declared
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("TEEC_") && declared.contains(&format!(" {word}(")))
        .collect();
    assert_eq!(names.len(), 10);
    for name in names {
        assert!(library.contains(&format!("extern \"C\" fn {name}(")), "{name}");
    }
}

#[test]
fn structures_of_the_system_calls() {
    let mut facts = vec![
        ("sizeof(struct utee_params)".to_string(), UteeParams::SIZE),
        ("sizeof(struct utee_attribute)".to_string(), Attribute::SIZE),
        ("sizeof(struct utee_object_info)".to_string(), ObjectInfo::SIZE),
        ("sizeof(struct ta_head)".to_string(), TaHead::SIZE),
        ("offsetof(struct ta_head, stack_size)".to_string(), 16),
        ("offsetof(struct ta_head, flags)".to_string(), 20),
        ("offsetof(struct ta_head, depr_entry)".to_string(), 24),
    ];
    facts.extend((0..4).map(|index| (format!("offsetof(struct utee_params, vals[{}])", index * 2), UteeParams::cell_offset(index))));
    for (name, function) in [
        ("OPEN_SESSION", EntryFunction::OpenSession),
        ("CLOSE_SESSION", EntryFunction::CloseSession),
        ("INVOKE_COMMAND", EntryFunction::InvokeCommand),
        ("DUMP_MEMSTATS", EntryFunction::DumpMemStats),
    ] {
        facts.push((format!("UTEE_ENTRY_FUNC_{name}"), function.raw() as usize));
    }
    use utee_abi::access::CacheOperation;
    use utee_abi::time::TimeCategory;
    facts.extend([
        ("UTEE_TIME_CAT_SYSTEM".to_string(), TimeCategory::System as usize),
        ("UTEE_TIME_CAT_TA_PERSISTENT".to_string(), TimeCategory::TaPersistent as usize),
        ("UTEE_TIME_CAT_REE".to_string(), TimeCategory::Ree as usize),
        ("TEE_CACHECLEAN".to_string(), CacheOperation::Clean as usize),
        ("TEE_CACHEFLUSH".to_string(), CacheOperation::Flush as usize),
        ("TEE_CACHEINVALIDATE".to_string(), CacheOperation::Invalidate as usize),
    ]);
    assert_all(&["utee_types.h", "utee_syscalls.h", "utee_defines.h", "user_ta_header.h"], &facts);
}

/// The Rust types have the layout that the compiler of this machine gives those of the header.
#[test]
#[cfg(target_pointer_width = "64")]
fn structures_that_have_pointers() {
    let facts = [
        ("sizeof(TEE_UUID)", size_of::<TeeUuid>()),
        ("offsetof(TEE_UUID, timeMid)", offset_of!(TeeUuid, time_mid)),
        ("offsetof(TEE_UUID, timeHiAndVersion)", offset_of!(TeeUuid, time_hi_and_version)),
        ("offsetof(TEE_UUID, clockSeqAndNode)", offset_of!(TeeUuid, clock_seq_and_node)),
        ("sizeof(TEE_Identity)", size_of::<TeeIdentity>()),
        ("offsetof(TEE_Identity, uuid)", offset_of!(TeeIdentity, uuid)),
        ("sizeof(TEE_Param)", size_of::<TeeParam>()),
        ("offsetof(TEE_Param, memref.size)", offset_of!(Memref, size)),
        ("offsetof(TEE_Param, value.b)", offset_of!(Value, b)),
        ("sizeof(TEE_Time)", size_of::<Time>()),
        ("offsetof(TEE_Time, millis)", offset_of!(Time, millis)),
        ("sizeof(TEE_OperationInfo)", size_of::<OperationInfo>()),
        ("offsetof(TEE_OperationInfo, digestLength)", offset_of!(OperationInfo, digest_length)),
        ("offsetof(TEE_OperationInfo, handleState)", offset_of!(OperationInfo, handle_state)),
        ("sizeof(TEE_OperationInfoMultiple)", 32),
        ("sizeof(TEE_Attribute)", size_of::<CAttribute>()),
        ("offsetof(TEE_Attribute, content)", offset_of!(CAttribute, content)),
        ("sizeof(TEE_ObjectInfo)", size_of::<CObjectInfo>()),
        ("offsetof(TEE_ObjectInfo, dataPosition)", offset_of!(CObjectInfo, data_position)),
        ("offsetof(TEE_ObjectInfo, handleFlags)", offset_of!(CObjectInfo, handle_flags)),
        ("sizeof(struct user_ta_property)", size_of::<UserTaProperty>()),
        ("offsetof(struct user_ta_property, value)", offset_of!(UserTaProperty, value)),
    ];
    // Pointers are as wide as here, or half as wide: the compiler says which.
    let wide: String = facts
        .iter()
        .map(|(expression, value)| format!("_Static_assert(sizeof(void *) != 8 || ({expression}) == {value}, \"{expression}\");\n"))
        .collect();
    let narrow = [
        ("sizeof(TEE_Param)", 8),
        ("offsetof(TEE_Param, memref.size)", 4),
        ("sizeof(TEE_Attribute)", 12),
        ("sizeof(TEE_ObjectInfo)", 28),
        ("sizeof(struct user_ta_property)", 12),
    ];
    let narrow: String = narrow
        .iter()
        .map(|(expression, value)| format!("_Static_assert(sizeof(void *) != 4 || ({expression}) == {value}, \"{expression}\");\n"))
        .collect();
    let source = format!("#include <user_ta_header.h>\n#include <tee_internal_api.h>\n{wide}{narrow}");
    for compiler in compilers() {
        compiler.run(&source, &["-fsyntax-only"]).unwrap();
    }
}

/// Names of functions that begin with `TEE_` in `text`, each before a bracket.
fn functions(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("TEE_").filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let name = |at: usize| {
        let name: String = text[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        text[at + name.len()..].starts_with('(').then_some(name)
    };
    starts.filter_map(|(at, _)| name(at)).collect()
}

#[test]
fn declared_functions_are_in_the_library_or_listed_as_missing() {
    let declared = functions(&compilers()[0].run("#include <tee_internal_api.h>\n", &["-E", "-P"]).unwrap());
    assert_eq!(declared.len(), 131, "GlobalPlatform's 1.3.1 has 131 functions");
    let exported = exported();
    let readme = std::fs::read_to_string(kit().join("README.md")).unwrap();
    let (_, list) = readme.split_once("## Functions that are not there yet").unwrap();
    let listed: BTreeSet<String> =
        list.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| word.starts_with("TEE_")).map(String::from).collect();
    let missing: BTreeSet<String> = declared.difference(&exported).cloned().collect();
    assert_eq!(missing, listed, "c-headers/README.md lists what is declared and not in libutee.a");
}

/// Every veneer that is declared has the name that the library gives it, and each system call has one.
#[test]
fn system_calls_are_declared() {
    let text = std::fs::read_to_string(kit().join("include/utee_syscalls.h")).unwrap();
    let declared = text.match_indices("_utee_").filter(|(at, _)| text[*at..].contains('(')).count();
    assert_eq!(declared, utee_abi::sysnum::Syscall::ALL.len());
    let source = std::fs::read_to_string(kit().join("../utee-abi/user/libutee/src/syscalls.rs")).unwrap();
    for line in source.lines().filter(|line| line.starts_with("    \"") && line.ends_with(';')) {
        let name = line.split('"').nth(1).unwrap();
        assert!(text.contains(&format!(" _utee_{name}(")), "_utee_{name} is not declared");
    }
}

/// Headers stand alone, and may be included twice.
#[test]
fn every_header_compiles_by_itself() {
    for entry in std::fs::read_dir(kit().join("include")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        for compiler in compilers() {
            compiler.run(&format!("#include <{name}>\n#include <{name}>\nint not_empty;\n"), &["-fsyntax-only", "-pedantic"]).unwrap();
        }
    }
}

/// What TAs open libraries with, and what they are told of them.
#[test]
fn headers_of_libraries_agree() {
    use utee_abi::pta::system::{DLOPEN_GLOBAL, DLOPEN_NODELETE, DLOPEN_NOW};
    use utee_abi::ta_objects::PhdrInfoLayout;
    let flags = [("RTLD_NOW", DLOPEN_NOW), ("RTLD_GLOBAL", DLOPEN_GLOBAL), ("RTLD_NODELETE", DLOPEN_NODELETE)];
    let mut holds: Vec<String> = flags.iter().map(|(name, value)| format!("{name} == {value}")).collect();
    let fields = [
        ("addr", PhdrInfoLayout::A32.entry_addr, PhdrInfoLayout::A64.entry_addr),
        ("name", PhdrInfoLayout::A32.entry_name, PhdrInfoLayout::A64.entry_name),
        ("phdr", PhdrInfoLayout::A32.entry_phdr, PhdrInfoLayout::A64.entry_phdr),
        ("phnum", PhdrInfoLayout::A32.entry_phnum, PhdrInfoLayout::A64.entry_phnum),
        ("adds", PhdrInfoLayout::A32.entry_adds, PhdrInfoLayout::A64.entry_adds),
        ("subs", PhdrInfoLayout::A32.entry_subs, PhdrInfoLayout::A64.entry_subs),
        ("tls_modid", PhdrInfoLayout::A32.entry_tls_module, PhdrInfoLayout::A64.entry_tls_module),
        ("tls_data", PhdrInfoLayout::A32.entry_tls_data, PhdrInfoLayout::A64.entry_tls_data),
    ];
    for (name, narrow, wide) in fields {
        holds.push(format!("offsetof(struct dl_phdr_info, dlpi_{name}) == (sizeof(void *) == 4 ? {narrow} : {wide})"));
    }
    let (narrow, wide) = (PhdrInfoLayout::A32.entry_size, PhdrInfoLayout::A64.entry_size);
    holds.push(format!("sizeof(struct dl_phdr_info) == (sizeof(void *) == 4 ? {narrow} : {wide})"));
    let asserts: String = holds.iter().map(|expression| format!("_Static_assert({expression}, \"\");\n")).collect();
    let libc = format!("-I{}", kit().join("libc").display());
    for compiler in compilers() {
        compiler.run(&format!("#include <dlfcn.h>\n#include <link.h>\n{asserts}int not_empty;\n"), &["-fsyntax-only", &libc]).unwrap();
    }
}
