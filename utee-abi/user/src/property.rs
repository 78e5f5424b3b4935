// SPDX-License-Identifier: BSD-2-Clause
//! Properties (GlobalPlatform TEE Internal Core API 1.3.1, sections 4.4 and 4.7): those of the kernel and those that
//! `ta.toml` gives the TA.

use crate::raw::{self, Word};
use crate::{Result, TeeError};
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr;
use spin::Mutex;
use utee_abi::bytes;
use utee_abi::property::Type;
use utee_abi::sysnum::Syscall;
use utee_abi::uuid::Uuid;

pub use utee_abi::property::Set;

/// A property that the TA brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Name.
    pub name: &'static str,
    /// Value.
    pub value: Constant,
}

/// A value of such a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// True or false.
    Bool(bool),
    /// A number.
    U32(u32),
    /// A large number.
    U64(u64),
    /// A UUID.
    Uuid(Uuid),
    /// A text.
    String(&'static str),
    /// A login method and a UUID.
    Identity(Identity),
    /// Bytes.
    BinaryBlock(&'static [u8]),
}

/// Who a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Login method (TEE_LOGIN_...).
    pub login: u32,
    /// UUID of the client, nil for public ones.
    pub uuid: Uuid,
}

/// A value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A number.
    U32(u32),
    /// A large number.
    U64(u64),
    /// A UUID.
    Uuid(Uuid),
    /// A login method and a UUID.
    Identity(Identity),
    /// A text.
    String(String),
    /// Bytes.
    BinaryBlock(Vec<u8>),
}

static OWN: Mutex<&'static [Property]> = Mutex::new(&[]);

/// What this library adds to the properties of the implementation.
const IMPLEMENTATION: &[Property] = &[
    Property { name: "gpd.tee.arith.maxBigIntSize", value: Constant::U32(utee_abi::gp::arithmetic::MAX_OPERAND_BITS) },
    Property { name: "gpd.tee.sockets.version", value: Constant::U32(utee_abi::pta::socket::API_VERSION) },
    Property { name: "gpd.tee.sockets.tcp.version", value: Constant::U32(utee_abi::pta::socket::API_VERSION) },
    Property { name: "gpd.tee.sockets.udp.version", value: Constant::U32(utee_abi::pta::socket::API_VERSION) },
    Property { name: "gpd.tee.internalCore.version", value: Constant::U32(utee_abi::property::INTERNAL_CORE_VERSION) },
];

/// Sets the properties that the TA brings along: what the entry does with those of `ta.toml`.
pub fn set_own(properties: &'static [Property]) {
    *OWN.lock() = properties;
}

/// The properties of `set` that are not the kernel's.
fn local(set: Set) -> &'static [Property] {
    match set {
        Set::Ta => *OWN.lock(),
        Set::Implementation => IMPLEMENTATION,
        Set::Client => &[],
    }
}

impl Constant {
    fn to_value(self) -> Result<Value> {
        Ok(match self {
            Self::Bool(value) => Value::Bool(value),
            Self::U32(value) => Value::U32(value),
            Self::U64(value) => Value::U64(value),
            Self::Uuid(value) => Value::Uuid(value),
            Self::Identity(value) => Value::Identity(value),
            Self::String(value) => Value::String(text(value)?),
            Self::BinaryBlock(value) => Value::BinaryBlock(block(value)?),
        })
    }
}

fn text(value: &str) -> Result<String> {
    let mut text = String::new();
    text.try_reserve_exact(value.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    text.push_str(value);
    Ok(text)
}

fn block(value: &[u8]) -> Result<Vec<u8>> {
    let mut block = Vec::new();
    block.try_reserve_exact(value.len()).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    block.extend_from_slice(value);
    Ok(block)
}

/// The property `name` of `set`.
///
/// # Errors
/// ITEM_NOT_FOUND; OUT_OF_MEMORY; BAD_FORMAT for a text that is not UTF-8.
pub fn get(set: Set, name: &str) -> Result<Value> {
    if let Some(property) = local(set).iter().find(|property| property.name == name) {
        return property.value.to_value();
    }
    kernel_value(set, kernel_index(set, name)?)
}

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident $variant:ident $type:ty),* $(,)?) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// As [`get`]; BAD_FORMAT for a property of another type.
            pub fn $name(set: Set, name: &str) -> Result<$type> {
                match get(set, name)? {
                    Value::$variant(value) => Ok(value),
                    _ => Err(TeeError::BAD_FORMAT),
                }
            }
        )*
    };
}

typed! {
    /// A property that is true or false (TEE_GetPropertyAsBool).
    get_bool Bool bool,
    /// A property that is a number (TEE_GetPropertyAsU32).
    get_u32 U32 u32,
    /// A property that is a large number (TEE_GetPropertyAsU64).
    get_u64 U64 u64,
    /// A property that is a UUID (TEE_GetPropertyAsUUID).
    get_uuid Uuid Uuid,
    /// A property that is an identity (TEE_GetPropertyAsIdentity).
    get_identity Identity Identity,
    /// A property that is a text (TEE_GetPropertyAsString).
    get_string String String,
    /// A property that is bytes (TEE_GetPropertyAsBinaryBlock).
    get_binary_block BinaryBlock Vec<u8>,
}

/// The client of the current session.
///
/// # Errors
/// Those of [`get`].
pub fn client_identity() -> Result<Identity> {
    get_identity(Set::Client, "gpd.client.identity")
}

/// Walks through the properties of a set; the TA's own ones come first.
#[derive(Clone, Copy, Debug)]
pub struct Enumerator {
    set: Set,
    index: u32,
}

impl Enumerator {
    /// Starts at the first property (TEE_StartPropertyEnumerator).
    #[must_use]
    pub const fn new(set: Set) -> Self {
        Self { set, index: 0 }
    }

    /// The set.
    #[must_use]
    pub const fn set(&self) -> Set {
        self.set
    }

    /// Goes on to the next property (TEE_GetNextProperty).
    pub fn advance(&mut self) {
        self.index = self.index.saturating_add(1);
    }

    fn local(&self) -> core::result::Result<&'static Property, u32> {
        let own = local(self.set);
        own.get(self.index as usize).ok_or_else(|| self.index.saturating_sub(own.len() as u32))
    }

    /// The current property's name.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND past the end.
    pub fn name(&self) -> Result<String> {
        match self.local() {
            Ok(property) => text(property.name),
            Err(index) => kernel_name(self.set, index),
        }
    }

    /// The current property's value.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND past the end.
    pub fn value(&self) -> Result<Value> {
        match self.local() {
            Ok(property) => property.value.to_value(),
            Err(index) => kernel_value(self.set, index),
        }
    }
}

impl Iterator for Enumerator {
    type Item = (String, Value);

    fn next(&mut self) -> Option<Self::Item> {
        let item = (self.name().ok()?, self.value().ok()?);
        self.advance();
        Some(item)
    }
}

/// Bytes that are tried first.
const GUESS: usize = 128;

fn kernel_index(set: Set, name: &str) -> Result<u32> {
    let mut name = block(name.as_bytes())?;
    name.try_reserve_exact(1).map_err(|_| TeeError::OUT_OF_MEMORY)?;
    name.push(0);
    let mut index = 0u32;
    let args = [Word::number(set.into()), Word::from_ptr(name.as_ptr()), Word::size(name.len()), Word::from_mut(&raw mut index)];
    // SAFETY: the kernel reads `name` and writes the u32 `index`.
    unsafe { raw::call(Syscall::GetPropertyNameToIndex, args) }?;
    Ok(index)
}

/// Asks with growing buffers until the answer fits.
fn kernel_bytes(mut ask: impl FnMut(*mut u8, *mut u32) -> Result<()>) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    let mut len = GUESS as u32;
    loop {
        let wanted = len as usize;
        buffer.try_reserve_exact(wanted).map_err(|_| TeeError::OUT_OF_MEMORY)?;
        buffer.resize(wanted, 0u8);
        match ask(buffer.as_mut_ptr(), &raw mut len) {
            Ok(()) => {
                buffer.truncate(len as usize);
                return Ok(buffer);
            }
            // The length must have grown, or this would never end.
            Err(TeeError::SHORT_BUFFER) if len as usize > wanted => buffer.clear(),
            Err(error) => return Err(error),
        }
    }
}

fn until_nul(mut bytes: Vec<u8>) -> Result<String> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    String::from_utf8(bytes).map_err(|_| TeeError::BAD_FORMAT)
}

fn kernel_name(set: Set, index: u32) -> Result<String> {
    let name = kernel_bytes(|buffer, len| {
        let null = Word::ZERO;
        let args = [Word::number(set.into()), Word::number(index), Word::from_mut(buffer), Word::from_mut(len), null, null, null];
        // SAFETY: the kernel writes `len` and as many bytes to `buffer` as it says.
        unsafe { raw::call(Syscall::GetProperty, args) }
    })?;
    until_nul(name)
}

fn kernel_value(set: Set, index: u32) -> Result<Value> {
    let mut kind = 0u32;
    let kind_cell = &raw mut kind;
    let value = kernel_bytes(|buffer, len| {
        let args = [
            Word::number(set.into()),
            Word::number(index),
            Word::from_mut(ptr::null_mut::<u8>()),
            Word::ZERO,
            Word::from_mut(buffer),
            Word::from_mut(len),
            Word::from_mut(kind_cell),
        ];
        // SAFETY: the kernel writes `len`, the u32 `kind` and as many bytes to `buffer` as `len` says.
        unsafe { raw::call(Syscall::GetProperty, args) }
    })?;
    parse(Type::try_from(kind).map_err(|_| TeeError::BAD_FORMAT)?, value)
}

fn parse(kind: Type, value: Vec<u8>) -> Result<Value> {
    let uuid = |at| bytes::array(&value, at).map(|octets| Uuid::from_memory(&octets));
    let parsed = match kind {
        Type::Bool => value.first().map(|byte| Value::Bool(*byte != 0)),
        Type::U32 => bytes::u32_at(&value, 0).map(Value::U32),
        Type::U64 => bytes::u64_at(&value, 0).map(Value::U64),
        Type::Uuid => uuid(0).map(Value::Uuid),
        Type::Identity => bytes::u32_at(&value, 0).zip(uuid(4)).map(|(login, uuid)| Value::Identity(Identity { login, uuid })),
        Type::String => Some(Value::String(until_nul(value)?)),
        Type::BinaryBlock => {
            let len = bytes::u32_at(&value, 0).ok_or(TeeError::BAD_FORMAT)?;
            let body = value.get(4..).and_then(|body| body.get(..len as usize)).ok_or(TeeError::BAD_FORMAT)?;
            Some(Value::BinaryBlock(block(body)?))
        }
    };
    parsed.ok_or(TeeError::BAD_FORMAT)
}
