// SPDX-License-Identifier: BSD-2-Clause
//! Compares the C headers with `utee-abi` and `libutee`: every number, size and offset, by asking a C compiler.
//!
//! [`known`] is what Rust knows; the tests turn it into static assertions that the compiler checks with each header, and
//! ask the preprocessor for macros that are in no table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use utee_abi::gp::{self, client, framework};
use utee_abi::param::ParamType;
use utee_abi::pta::{attestation, device, invoke_tests, rng, rtc, secstor_ta_mgmt, socket, stats, system};
use utee_abi::result::{Origin, TeeError};
use utee_abi::ta_head::{STACK_EXTRA, TaFlags, TaLimits};

/// Folder of the kit.
#[must_use]
pub fn kit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Numbers by their C names.
pub type Numbers = BTreeMap<String, u64>;

/// The numbers of `tee_internal_api.h` and its extensions.
#[must_use]
pub fn internal_api() -> Numbers {
    let tables = gp::TABLES.iter().flat_map(|table| table.iter());
    tables.map(|(name, value)| ((*name).to_string(), u64::from(*value))).collect()
}

/// The numbers of `user_ta_header.h`.
#[must_use]
pub fn ta_header() -> Numbers {
    let flags = TaFlags::all().iter_names().map(|(name, flag)| (format!("TA_FLAG_{name}"), u64::from(flag.bits())));
    let without_meaning = ["USER_MODE", "EXEC_DDR", "REMAP_SUPPORT"].map(|name| (format!("TA_FLAG_{name}"), 0));
    let stack = ("TA_FRAMEWORK_STACK_SIZE".to_string(), u64::from(STACK_EXTRA));
    let magic = ("OXTEE_TA_LIMITS_MAGIC".to_string(), u64::from(TaLimits::MAGIC));
    let size = ("OXTEE_TA_LIMITS_SIZE".to_string(), TaLimits::SIZE as u64);
    flags.chain(without_meaning).chain([stack, magic, size]).collect()
}

/// The numbers of the headers of pseudo-TAs, `pta_*.h`.
#[must_use]
pub fn pseudo_tas() -> Numbers {
    use device::Command as Device;
    use system::Command as System;
    let commands = [
        ("PTA_SYSTEM_ADD_RNG_ENTROPY", System::AddRngEntropy.into()),
        ("PTA_SYSTEM_DERIVE_TA_UNIQUE_KEY", System::DeriveTaUniqueKey.into()),
        ("PTA_SYSTEM_MAP_ZI", System::MapZi.into()),
        ("PTA_SYSTEM_UNMAP", System::Unmap.into()),
        ("PTA_SYSTEM_DLOPEN", System::DlOpen.into()),
        ("PTA_SYSTEM_DLSYM", System::DlSym.into()),
        ("PTA_SYSTEM_GET_TPM_EVENT_LOG", System::GetTpmEventLog.into()),
        ("PTA_SYSTEM_SUPP_PLUGIN_INVOKE", System::SuppPluginInvoke.into()),
        ("PTA_CMD_GET_DEVICES", Device::GetDevices.into()),
        ("PTA_CMD_GET_DEVICES_SUPP", Device::GetDevicesSupp.into()),
        ("PTA_CMD_GET_DEVICES_RPMB", Device::GetDevicesRpmb.into()),
        ("PTA_CMD_GET_ENTROPY", rng::Command::GetEntropy.into()),
        ("PTA_CMD_GET_RNG_INFO", rng::Command::GetInfo.into()),
        ("PTA_SECSTOR_TA_MGMT_BOOTSTRAP", secstor_ta_mgmt::Command::Bootstrap.into()),
        ("PTA_ATTESTATION_GET_PUBKEY", attestation::Command::GetPubkey.into()),
        ("PTA_ATTESTATION_GET_TA_SHDR_DIGEST", attestation::Command::GetTaShdrDigest.into()),
        ("PTA_ATTESTATION_HASH_TA_MEMORY", attestation::Command::HashTaMemory.into()),
        ("PTA_ATTESTATION_HASH_TEE_MEMORY", attestation::Command::HashTeeMemory.into()),
        ("PTA_SYSTEM_MAP_FLAG_SHAREABLE", system::MAP_SHAREABLE as u32),
        ("TA_DERIVED_KEY_MIN_SIZE", system::UNIQUE_KEY_MIN as u32),
        ("TA_DERIVED_KEY_MAX_SIZE", system::UNIQUE_KEY_MAX as u32),
        ("TA_DERIVED_EXTRA_DATA_MAX_SIZE", system::UNIQUE_KEY_EXTRA_MAX as u32),
    ];
    let all = commands.iter().chain(SOCKETS).chain(CLOCK).chain(STATISTICS).chain(TESTS);
    all.map(|(name, value)| ((*name).to_string(), u64::from(*value))).collect()
}

const SOCKETS: &[(&str, u32)] = &[
    ("PTA_SOCKET_OPEN", socket::Command::Open as u32),
    ("PTA_SOCKET_CLOSE", socket::Command::Close as u32),
    ("PTA_SOCKET_SEND", socket::Command::Send as u32),
    ("PTA_SOCKET_RECV", socket::Command::Recv as u32),
    ("PTA_SOCKET_IOCTL", socket::Command::Ioctl as u32),
    ("PTA_SOCKET_TIMEOUT_NONBLOCKING", socket::NON_BLOCKING),
    ("PTA_SOCKET_TIMEOUT_BLOCKING", socket::BLOCKING),
];

const CLOCK: &[(&str, u32)] = &[
    ("PTA_RTC_INFO_VERSION", rtc::INFO_VERSION as u32),
    ("PTA_RTC_FEATURE_CORRECTION", rtc::Features::CORRECTION.bits() as u32),
    ("PTA_RTC_FEATURE_ALARM", rtc::Features::ALARM.bits() as u32),
    ("PTA_RTC_FEATURE_WAKEUP_ALARM", rtc::Features::WAKE_ALARM.bits() as u32),
    ("PTA_CMD_RTC_GET_INFO", rtc::Command::GetInfo as u32),
    ("PTA_CMD_RTC_GET_TIME", rtc::Command::GetTime as u32),
    ("PTA_CMD_RTC_SET_TIME", rtc::Command::SetTime as u32),
    ("PTA_CMD_RTC_GET_OFFSET", rtc::Command::GetOffset as u32),
    ("PTA_CMD_RTC_SET_OFFSET", rtc::Command::SetOffset as u32),
    ("PTA_CMD_RTC_READ_ALARM", rtc::Command::ReadAlarm as u32),
    ("PTA_CMD_RTC_SET_ALARM", rtc::Command::SetAlarm as u32),
    ("PTA_CMD_RTC_ENABLE_ALARM", rtc::Command::EnableAlarm as u32),
    ("PTA_CMD_RTC_WAIT_ALARM", rtc::Command::WaitAlarm as u32),
    ("PTA_CMD_RTC_CANCEL_WAIT_ALARM", rtc::Command::CancelWait as u32),
    ("PTA_CMD_RTC_SET_WAKE_ALARM_STATUS", rtc::Command::SetWakeAlarmStatus as u32),
];

const STATISTICS: &[(&str, u32)] = &[
    ("STATS_CMD_PAGER_STATS", stats::Command::Pager as u32),
    ("STATS_CMD_ALLOC_STATS", stats::Command::Alloc as u32),
    ("STATS_CMD_MEMLEAK_STATS", stats::Command::MemLeak as u32),
    ("STATS_CMD_TA_STATS", stats::Command::Ta as u32),
    ("STATS_CMD_GET_TIME", stats::Command::Time as u32),
    ("STATS_CMD_PRINT_DRIVER_INFO", stats::Command::Driver as u32),
    ("ALLOC_ID_ALL", stats::POOL_ALL),
    ("ALLOC_ID_HEAP", stats::POOL_HEAP),
    ("ALLOC_ID_PUBLIC_DDR", stats::POOL_PUBLIC),
    ("ALLOC_ID_TA_RAM", stats::POOL_TA_RAM),
    ("ALLOC_ID_NEXUS_HEAP", stats::POOL_NEXUS),
    ("ALLOC_ID_RPMB", stats::POOL_RPMB),
    ("STATS_NB_POOLS", stats::POOLS),
    ("STATS_DRIVER_TYPE_CLOCK", stats::DRIVER_CLOCK),
    ("STATS_DRIVER_TYPE_REGULATOR", stats::DRIVER_REGULATOR),
];

const TESTS: &[(&str, u32)] = &[
    ("PTA_INVOKE_TESTS_CMD_TRACE", invoke_tests::Command::Trace as u32),
    ("PTA_INVOKE_TESTS_CMD_PARAMS", invoke_tests::Command::Params as u32),
    ("PTA_INVOKE_TESTS_CMD_SELF_TESTS", invoke_tests::Command::SelfTests as u32),
    ("PTA_INVOKE_TESTS_CMD_COPY_NSEC_TO_SEC", invoke_tests::Command::CopyNsecToSecure as u32),
    ("PTA_INVOKE_TESTS_CMD_READ_MODIFY_SEC", invoke_tests::Command::ReadModifySecure as u32),
    ("PTA_INVOKE_TESTS_CMD_COPY_SEC_TO_NSEC", invoke_tests::Command::CopySecureToNsec as u32),
    ("PTA_INVOKE_TESTS_CMD_FS_HTREE", invoke_tests::Command::FsHtree as u32),
    ("PTA_INVOKE_TESTS_CMD_MUTEX", invoke_tests::Command::Mutex as u32),
    ("PTA_INVOKE_TESTS_CMD_LOCKDEP", invoke_tests::Command::Lockdep as u32),
    ("PTA_INVOKE_TEST_CMD_AES_PERF", invoke_tests::Command::AesPerf as u32),
    ("PTA_INVOKE_TESTS_CMD_MEMREF_NULL", invoke_tests::Command::MemrefNull as u32),
    ("PTA_INVOKE_TESTS_CMD_DT_DRIVER_TESTS", invoke_tests::Command::DtDriver as u32),
    ("PTA_INVOKE_TESTS_CMD_TRANSFER_LIST_TESTS", invoke_tests::Command::TransferList as u32),
    ("PTA_INVOKE_TESTS_AES_ECB", invoke_tests::AesMode::Ecb as u32),
    ("PTA_INVOKE_TESTS_AES_CBC", invoke_tests::AesMode::Cbc as u32),
    ("PTA_INVOKE_TESTS_AES_CTR", invoke_tests::AesMode::Ctr as u32),
    ("PTA_INVOKE_TESTS_AES_XTS", invoke_tests::AesMode::Xts as u32),
    ("PTA_INVOKE_TESTS_AES_GCM", invoke_tests::AesMode::Gcm as u32),
    ("PTA_MUTEX_TEST_WRITER", invoke_tests::MUTEX_WRITER),
    ("PTA_MUTEX_TEST_READER", invoke_tests::MUTEX_READER),
];

/// The numbers of the headers of sockets.
#[must_use]
pub fn sockets() -> Numbers {
    use socket::{IoctlCommand, Protocol, SocketError};
    let all = [
        ("TEE_ISOCKET_VERSION", socket::API_VERSION),
        ("TEE_ISOCKET_ERROR_PROTOCOL", SocketError::Protocol.into()),
        ("TEE_ISOCKET_ERROR_REMOTE_CLOSED", SocketError::RemoteClosed.into()),
        ("TEE_ISOCKET_ERROR_TIMEOUT", SocketError::Timeout.into()),
        ("TEE_ISOCKET_ERROR_OUT_OF_RESOURCES", SocketError::OutOfResources.into()),
        ("TEE_ISOCKET_ERROR_LARGE_BUFFER", SocketError::LargeBuffer.into()),
        ("TEE_ISOCKET_WARNING_PROTOCOL", SocketError::WarningProtocol.into()),
        ("TEE_ISOCKET_ERROR_HOSTNAME", SocketError::Hostname.into()),
        ("TEE_ISOCKET_PROTOCOLID_TCP", Protocol::Tcp.into()),
        ("TEE_ISOCKET_PROTOCOLID_UDP", Protocol::Udp.into()),
        ("TEE_ISOCKET_TCP_WARNING_UNKNOWN_OUT_OF_BAND", socket::TCP_WARNING_UNKNOWN_OUT_OF_BAND),
        ("TEE_ISOCKET_UDP_WARNING_UNKNOWN_OUT_OF_BAND", socket::UDP_WARNING_UNKNOWN_OUT_OF_BAND),
        ("TEE_TCP_SET_RECVBUF", IoctlCommand::TcpSetReceiveBuffer.into()),
        ("TEE_TCP_SET_SENDBUF", IoctlCommand::TcpSetSendBuffer.into()),
        ("TEE_UDP_CHANGEADDR", IoctlCommand::UdpChangeAddress.into()),
        ("TEE_UDP_CHANGEPORT", IoctlCommand::UdpChangePort.into()),
    ];
    all.map(|(name, value): (&str, u32)| (name.to_string(), u64::from(value))).into()
}

/// The numbers of `tee_client_api.h`: the client's names of what the TEE has too, and its own.
#[must_use]
pub fn client_api() -> Numbers {
    let own = client::ALL.iter().map(|(name, value)| ((*name).to_string(), *value));
    let errors = TeeError::ALL.iter().filter_map(|error| Some((format!("TEEC_ERROR_{}", error.name()?), error.raw())));
    let rest = [
        ("SUCCESS", utee_abi::result::SUCCESS),
        ("CONFIG_PAYLOAD_REF_COUNT", framework::NUM_PARAMS),
        ("NONE", ParamType::None as u32),
        ("VALUE_INPUT", ParamType::ValueInput as u32),
        ("VALUE_OUTPUT", ParamType::ValueOutput as u32),
        ("VALUE_INOUT", ParamType::ValueInout as u32),
        ("MEMREF_TEMP_INPUT", ParamType::MemrefInput as u32),
        ("MEMREF_TEMP_OUTPUT", ParamType::MemrefOutput as u32),
        ("MEMREF_TEMP_INOUT", ParamType::MemrefInout as u32),
        ("ORIGIN_API", Origin::Api.raw()),
        ("ORIGIN_COMMS", Origin::Comms.raw()),
        ("ORIGIN_TEE", Origin::Tee.raw()),
        ("ORIGIN_TRUSTED_APP", Origin::TrustedApp.raw()),
        ("LOGIN_PUBLIC", framework::LOGIN_PUBLIC),
        ("LOGIN_USER", framework::LOGIN_USER),
        ("LOGIN_GROUP", framework::LOGIN_GROUP),
        ("LOGIN_APPLICATION", framework::LOGIN_APPLICATION),
        ("LOGIN_USER_APPLICATION", framework::LOGIN_APPLICATION_USER),
        ("LOGIN_GROUP_APPLICATION", framework::LOGIN_APPLICATION_GROUP),
    ];
    let rest = rest.into_iter().map(|(name, value)| (format!("TEEC_{name}"), value));
    own.chain(errors).chain(rest).map(|(name, value)| (name, u64::from(value))).collect()
}

/// Names of the functions and objects that `libutee.a` and the sources of the kit define, as the sources say.
///
/// # Panics
/// When a source cannot be read.
#[must_use]
pub fn exported() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![kit().join("../utee-abi/user/libutee/src"), kit().join("../utee-abi/memory/src"), kit().join("src")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).expect("the sources are there").flatten().map(|file| file.path()) {
            if file.is_dir() {
                folders.push(file);
            } else if !file.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&file).expect("a source is text");
                let is_c = file.extension().is_some_and(|kind| kind == "c");
                names.extend(text.lines().filter_map(|line| if is_c { defined_in_c(line) } else { defined_in_rust(line) }));
            }
        }
    }
    names
}

/// The identifier that `text` begins with, and what follows.
fn identifier(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len()))
}

fn defined_in_rust(line: &str) -> Option<String> {
    let line = line.trim_start();
    // A function of `c_functions!` or of the language; a row of a macro that makes one; a veneer; assembly.
    if let Some((before, rest)) = line.split_once("fn ")
        && (before.is_empty() || before.ends_with("extern \"C\" "))
    {
        let (name, rest) = identifier(rest);
        return rest.starts_with('(').then(|| name.to_string());
    }
    // A static.
    if let Some(rest) = line.strip_prefix("pub static ") {
        return Some(identifier(rest).0.to_string());
    }
    let (name, rest) = identifier(line);
    if rest.trim_end().ends_with([';', ':']) && (name.starts_with("TEE_") || name.starts_with("__GP11_")) {
        return Some(name.to_string());
    }
    // A row of a name and what it is made of.
    if let Some(rest) = rest.strip_prefix(' ').and_then(|rest| rest.strip_suffix(';'))
        && identifier(rest).1.is_empty()
    {
        return Some(name.to_string());
    }
    if let Some((name, rest)) = line.strip_prefix('"').and_then(|line| line.split_once("\" ")) {
        return (rest.ends_with(';') && identifier(name).1.is_empty()).then(|| format!("_utee_{name}"));
    }
    // Functions of assembly: the name is the first argument of their macro.
    let argument = line.strip_prefix("function!(").unwrap_or(line).strip_prefix('"').and_then(|line| line.split_once("\","));
    if let Some((name, _)) = argument.filter(|(name, _)| identifier(name).1.is_empty()) {
        return Some(name.to_string());
    }
    line.strip_prefix("\".global ").map(|line| identifier(line).0.to_string())
}

/// A function of C begins in the first column, and is not static.
fn defined_in_c(line: &str) -> Option<String> {
    let (head, _) =
        line.split_once('(').filter(|(head, _)| head.starts_with(|c: char| c.is_alphabetic()) && !head.starts_with("static"))?;
    let name = head.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    (!name.is_empty() && !line.trim_end().ends_with(';')).then(|| name.to_string())
}

/// A C compiler.
#[derive(Clone, Copy, Debug)]
pub struct Compiler(&'static str);

/// The compiler of the development machine, and that of C TAs where it is installed.
///
/// # Panics
/// When there is none at all: nothing could be checked.
#[must_use]
pub fn compilers() -> Vec<Compiler> {
    let works = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found: Vec<_> = ["arm-linux-gnueabihf-gcc", "cc", "gcc", "clang"].into_iter().filter(works).map(Compiler).collect();
    assert!(!found.is_empty(), "there is no C compiler; `cargo xtask setup` installs one");
    found
}

impl Compiler {
    /// Runs the compiler with the headers on `source`; its output.
    ///
    /// # Errors
    /// What the compiler complains of.
    pub fn run(self, source: &str, arguments: &[&str]) -> Result<String, String> {
        let kit = kit();
        let file = std::env::temp_dir().join(format!("oxtee-check-{}-{}.c", std::process::id(), next_number()));
        std::fs::write(&file, source).map_err(|error| error.to_string())?;
        let output = Command::new(self.0)
            .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-int-to-pointer-cast", "-Wno-unused-parameter"])
            .arg("-I")
            .arg(kit.join("include"))
            .args(arguments)
            .arg(&file)
            .output()
            .map_err(|error| error.to_string());
        let _ = std::fs::remove_file(&file);
        let output = output?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("{}: {}", self.0, String::from_utf8_lossy(&output.stderr)))
        }
    }

    /// Names and texts of the macros without arguments that `headers` define.
    ///
    /// # Errors
    /// What the compiler complains of.
    pub fn macros(self, headers: &[&str]) -> Result<BTreeMap<String, String>, String> {
        let includes: String = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
        let text = self.run(&includes, &["-E", "-dM"])?;
        let define = |line: &str| {
            let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
            (!name.contains('(')).then(|| (name.to_string(), value.to_string()))
        };
        Ok(text.lines().filter_map(define).collect())
    }
}

/// A number that is not given twice.
fn next_number() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
