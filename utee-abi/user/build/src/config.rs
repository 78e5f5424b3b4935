// SPDX-License-Identifier: BSD-2-Clause
//! `ta.toml`: what a TA says of itself.

use crate::calls;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;
use utee_abi::call_rule::CallRule;
use utee_abi::ta_head::{STACK_EXTRA, TaFlags, TaHead, TaLimits};
use utee_abi::uuid::Uuid;

/// Why there is no description of a TA.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file that cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
    /// Not the TOML that it should be.
    #[error("{}: {error}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The place and the reason.
        error: Box<toml::de::Error>,
    },
    /// A value that makes no TA.
    #[error("{}: {reason}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A variable that cargo sets for build scripts is missing.
    #[error("{0} is not set: utee_build::build() is for build scripts")]
    NotInBuildScript(&'static str),
}

/// A flag of a TA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// One instance for all sessions.
    SingleInstance,
    /// Several sessions at a time in one instance.
    MultiSession,
    /// The instance stays when its last session closes.
    KeepAlive,
    /// An instance that stays and crashed is not loaded anew.
    KeepCrashed,
    /// Secure data path.
    SecureDataPath,
    /// May maintain caches.
    CacheMaintenance,
    /// Enumerated as a device.
    DeviceEnum,
    /// Enumerated as a device once the supplicant is there.
    DeviceEnumSupplicant,
    /// Enumerated as a device once private storage is there.
    DeviceEnumStorage,
    /// Handles of corrupt objects stay open.
    KeepCorruptHandles,
}

impl Flag {
    const fn bits(self) -> TaFlags {
        match self {
            Self::SingleInstance => TaFlags::SINGLE_INSTANCE,
            Self::MultiSession => TaFlags::MULTI_SESSION,
            Self::KeepAlive => TaFlags::INSTANCE_KEEP_ALIVE,
            Self::KeepCrashed => TaFlags::INSTANCE_KEEP_CRASHED,
            Self::SecureDataPath => TaFlags::SECURE_DATA_PATH,
            Self::CacheMaintenance => TaFlags::CACHE_MAINTENANCE,
            Self::DeviceEnum => TaFlags::DEVICE_ENUM,
            Self::DeviceEnumSupplicant => TaFlags::DEVICE_ENUM_SUPP,
            Self::DeviceEnumStorage => TaFlags::DEVICE_ENUM_TEE_STORAGE_PRIVATE,
            Self::KeepCorruptHandles => TaFlags::DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT,
        }
    }
}

/// A property of a TA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// True or false.
    Bool(bool),
    /// A number.
    U32(u32),
    /// A number past 32 bits.
    U64(u64),
    /// A text.
    String(String),
    /// Bytes: an array of numbers in `ta.toml`.
    BinaryBlock(Vec<u8>),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    name: String,
    uuid: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    version: u32,
    version_text: Option<String>,
    #[serde(default)]
    library: bool,
    stack: Option<u32>,
    heap: Option<u32>,
    #[serde(default)]
    flags: Vec<Flag>,
    #[serde(default)]
    time_limit_ms: u32,
    abandoned_limit_ms: Option<u32>,
    trace_level: Option<u32>,
    #[serde(default)]
    properties: BTreeMap<String, toml::Value>,
    open: Option<calls::Rule>,
    #[serde(default)]
    command: Vec<calls::Command>,
}

/// What a TA says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ta {
    /// Name for people and files.
    pub name: String,
    /// UUID.
    pub uuid: Uuid,
    /// One line for people (gpd.ta.description).
    pub description: String,
    /// Version in the signed image, which never goes back.
    pub version: u32,
    /// Version for people (gpd.ta.version).
    pub version_text: String,
    /// It is a library of TAs, which has no stack and no heap.
    pub library: bool,
    /// Stack in bytes, without what the framework adds.
    pub stack: u32,
    /// Heap in bytes.
    pub heap: u32,
    /// Flags.
    pub flags: TaFlags,
    /// Milliseconds of CPU time that a call may take; 0 is no limit.
    pub time_limit_ms: u32,
    /// The same once its client is interrupted; 0 is no limit, none leaves it to the TEE.
    pub abandoned_limit_ms: Option<u32>,
    /// Trace level, 0 to 4.
    pub trace_level: u32,
    /// Properties of its own, by name.
    pub properties: BTreeMap<String, Property>,
    /// What its calls have to be, in rising order.
    pub rules: Vec<CallRule>,
}

/// Levels above this one do not exist.
const MAX_TRACE_LEVEL: u32 = 4;
/// What is printed when `ta.toml` does not say: errors and what a user wants to know.
const DEFAULT_TRACE_LEVEL: u32 = 2;

impl Ta {
    /// Reads `ta.toml` in `folder`.
    ///
    /// # Errors
    /// The file and what is wrong with it.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(crate::TA_TOML);
        let text = std::fs::read_to_string(&path).map_err(|error| ConfigError::Io { path: path.clone(), error })?;
        Self::parse(&text, &path)
    }

    /// Reads the text of a `ta.toml`; `path` is for messages.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| ConfigError::Toml { path: path.to_path_buf(), error: Box::new(error) })?;
        Self::check(file).map_err(|reason| ConfigError::Value { path: path.to_path_buf(), reason })
    }

    fn check(file: File) -> Result<Self, String> {
        let uuid = file.uuid.parse().map_err(|_| format!("uuid = {:?} is not a UUID", file.uuid))?;
        let of_ta = |value: Option<u32>, what: &str| match (value, file.library) {
            (Some(_), true) => Err(format!("a library has no {what}: it uses that of the TA")),
            (None, true) => Ok(0),
            (Some(value), false) => Ok(value),
            (None, false) => Err(format!("{what} is missing")),
        };
        let stack = of_ta(file.stack, "stack")?.checked_next_multiple_of(16).filter(|stack| stack.checked_add(STACK_EXTRA).is_some());
        let stack = stack.ok_or("stack is too large")?;
        let heap = of_ta(file.heap, "heap")?.checked_next_multiple_of(8).ok_or("heap is too large")?;
        let trace_level = file.trace_level.unwrap_or(DEFAULT_TRACE_LEVEL);
        if trace_level > MAX_TRACE_LEVEL {
            return Err(format!("trace-level is 0 to {MAX_TRACE_LEVEL}"));
        }
        if file.name.is_empty() {
            return Err("name is empty".into());
        }
        let texts = [&file.description, file.version_text.as_ref().unwrap_or(&file.name)];
        if texts.iter().any(|text| text.contains('\0')) {
            return Err("a text has a NUL".into());
        }
        let mut properties = BTreeMap::new();
        for (name, value) in file.properties {
            let value = property(&name, value)?;
            properties.insert(name, value);
        }
        Ok(Self {
            name: file.name,
            uuid,
            description: file.description,
            version: file.version,
            version_text: file.version_text.unwrap_or_else(|| file.version.to_string()),
            library: file.library,
            stack,
            heap,
            flags: file.flags.iter().fold(TaFlags::empty(), |flags, flag| flags | flag.bits()),
            time_limit_ms: file.time_limit_ms,
            abandoned_limit_ms: file.abandoned_limit_ms,
            trace_level,
            properties,
            rules: calls::rules(file.open.as_ref(), &file.command)?,
        })
    }

    /// The header in the image.
    #[must_use]
    pub fn head(&self) -> TaHead {
        let stack_size = self.stack.saturating_add(STACK_EXTRA);
        TaHead { uuid: self.uuid, stack_size, flags: self.flags.bits(), depr_entry: TaHead::NO_ENTRY }
    }

    /// The limits in the image.
    #[must_use]
    pub fn limits(&self) -> TaLimits {
        // Rounded up, and what is more than there is a number for is for ever.
        let abandoned_limit = match self.abandoned_limit_ms {
            None => 0,
            Some(0) => TaLimits::NEVER,
            Some(limit) => u16::try_from(limit.div_ceil(100)).unwrap_or(TaLimits::NEVER),
        };
        TaLimits { time_limit_ms: self.time_limit_ms, abandoned_limit }
    }

    /// The limits in the image and the rules behind them, as words.
    #[must_use]
    pub fn limit_words(&self) -> Vec<u32> {
        let rules = self.rules.iter().flat_map(CallRule::words);
        self.limits().words(self.rules.len()).into_iter().chain(rules).collect()
    }

    /// All properties that the image brings along: those that the GlobalPlatform specification asks for, and its own.
    #[must_use]
    pub fn all_properties(&self) -> Vec<(String, Property)> {
        let flag = |flag| Property::Bool(self.flags.contains(flag));
        let standard = [
            ("gpd.ta.singleInstance", flag(TaFlags::SINGLE_INSTANCE)),
            ("gpd.ta.multiSession", flag(TaFlags::MULTI_SESSION)),
            ("gpd.ta.instanceKeepAlive", flag(TaFlags::INSTANCE_KEEP_ALIVE)),
            ("gpd.ta.dataSize", Property::U32(self.heap)),
            ("gpd.ta.stackSize", Property::U32(self.stack)),
            ("gpd.ta.version", Property::String(self.version_text.clone())),
            ("gpd.ta.description", Property::String(self.description.clone())),
            ("gpd.ta.endian", Property::U32(0)),
            ("gpd.ta.doesNotCloseHandleOnCorruptObject", flag(TaFlags::DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT)),
            ("optee.ta.instanceKeepCrashed", flag(TaFlags::INSTANCE_KEEP_CRASHED)),
            ("optee.ta.instanceKeepCrashed", flag(TaFlags::INSTANCE_KEEP_CRASHED)),
        ];
        let own = self.properties.iter().map(|(name, value)| (name.clone(), value.clone()));
        standard.into_iter().map(|(name, value)| (name.to_string(), value)).chain(own).collect()
    }
}

fn property(name: &str, value: toml::Value) -> Result<Property, String> {
    let wrong = || format!("property {name:?}: a value is true or false, a number from 0, a text, or an array of bytes");
    if name.starts_with("gpd.") || name.contains('\0') || name.is_empty() {
        return Err(format!("property {name:?}: names that begin with \"gpd.\" are the specification's"));
    }
    match value {
        toml::Value::Boolean(value) => Ok(Property::Bool(value)),
        toml::Value::Integer(value) => match (u32::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => Ok(Property::U32(value)),
            (_, Ok(value)) => Ok(Property::U64(value)),
            _ => Err(wrong()),
        },
        toml::Value::String(value) if !value.contains('\0') => Ok(Property::String(value)),
        toml::Value::Array(values) => {
            let byte = |value: &toml::Value| value.as_integer().and_then(|value| u8::try_from(value).ok());
            values.iter().map(byte).collect::<Option<_>>().map(Property::BinaryBlock).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Property, Ta};
    use std::path::Path;
    use utee_abi::ta_head::{TaFlags, TaLimits};

    const MINIMAL: &str = "name = \"x\"\nuuid = \"8aaaf200-2450-11e4-abe2-0002a5d5c51b\"\nstack = 4096\nheap = 8192\n";

    fn parse(more: &str) -> Result<Ta, String> {
        Ta::parse(&format!("{MINIMAL}{more}"), Path::new("ta.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn head_has_the_flags_and_the_stack_with_the_frameworks_part() {
        let ta = parse("flags = [\"single-instance\", \"keep-alive\"]\ntime-limit-ms = 500").unwrap();
        assert_eq!(ta.head().flags, (TaFlags::SINGLE_INSTANCE | TaFlags::INSTANCE_KEEP_ALIVE).bits());
        assert_eq!(ta.head().stack_size, 4096 + 2048);
        assert_eq!(ta.limits(), TaLimits { time_limit_ms: 500, abandoned_limit: 0 });
        for (line, word) in [
            ("abandoned-limit-ms = 0", TaLimits::NEVER),
            ("abandoned-limit-ms = 701", 8),
            ("abandoned-limit-ms = 4294967295", TaLimits::NEVER),
        ] {
            assert_eq!(parse(line).unwrap().limits().abandoned_limit, word);
        }
    }

    #[test]
    fn properties_keep_their_types() {
        let ta = parse("[properties]\na = true\nb = 7\nc = 0x1_0000_0000\nd = \"text\"\ne = [1, 255]").unwrap();
        let all = ta.all_properties();
        let get = |name: &str| all.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        assert_eq!(get("a"), Some(Property::Bool(true)));
        assert_eq!(get("b"), Some(Property::U32(7)));
        assert_eq!(get("c"), Some(Property::U64(1 << 32)));
        assert_eq!(get("d"), Some(Property::String("text".into())));
        assert_eq!(get("e"), Some(Property::BinaryBlock(vec![1, 255])));
        assert_eq!(get("gpd.ta.dataSize"), Some(Property::U32(8192)));
    }

    #[test]
    fn a_library_has_neither_stack_nor_heap() {
        let named = "name = \"x\"\nuuid = \"8aaaf200-2450-11e4-abe2-0002a5d5c51b\"\n";
        let parse = |more: &str| Ta::parse(&format!("{named}{more}"), Path::new("ta.toml"));
        let library = parse("library = true\nversion = 3\n").unwrap();
        assert_eq!((library.library, library.version, library.stack, library.heap), (true, 3, 0, 0));
        for (text, reason) in [
            ("library = true\nheap = 8\n", "a library has no heap"),
            ("library = true\nstack = 8\n", "a library has no stack"),
            ("heap = 8\n", "stack is missing"),
            ("stack = 8\n", "heap is missing"),
        ] {
            assert!(parse(text).unwrap_err().to_string().contains(reason), "{reason}");
        }
    }

    #[test]
    fn what_makes_no_ta_is_refused_with_the_reason() {
        for (text, reason) in [
            ("flags = [\"fast\"]", "fast"),
            ("colour = 1", "colour"),
            ("trace-level = 5", "trace-level"),
            ("[properties]\n\"gpd.ta.version\" = 1", "specification"),
            ("[properties]\nx = -1", "number from 0"),
            ("[properties]\nx = [256]", "array of bytes"),
            ("description = \"a\\u0000b\"", "NUL"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
