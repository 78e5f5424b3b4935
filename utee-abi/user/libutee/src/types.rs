// SPDX-License-Identifier: BSD-2-Clause
//! C types of the API; `c-headers/check` compares the headers with them.

use core::ffi::{c_char, c_void};
use utee_abi::time::TeeTime;
use utee_abi::uuid::Uuid;

/// TEE_UUID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct TeeUuid {
    /// First 32 bits.
    pub time_low: u32,
    /// Next 16 bits.
    pub time_mid: u16,
    /// Next 16 bits.
    pub time_hi_and_version: u16,
    /// Last 64 bits.
    pub clock_seq_and_node: [u8; 8],
}

impl From<TeeUuid> for Uuid {
    fn from(uuid: TeeUuid) -> Self {
        Self::new(uuid.time_low, uuid.time_mid, uuid.time_hi_and_version, uuid.clock_seq_and_node)
    }
}

impl From<Uuid> for TeeUuid {
    fn from(uuid: Uuid) -> Self {
        let [a, b, c, d, e, f, g, h, node @ ..] = uuid.octets();
        Self {
            time_low: u32::from_be_bytes([a, b, c, d]),
            time_mid: u16::from_be_bytes([e, f]),
            time_hi_and_version: u16::from_be_bytes([g, h]),
            clock_seq_and_node: node,
        }
    }
}

/// TEE_Identity.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TeeIdentity {
    /// Login method.
    pub login: u32,
    /// UUID.
    pub uuid: TeeUuid,
}

/// The memref of a TEE_Param.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Memref {
    /// Address.
    pub buffer: *mut c_void,
    /// Bytes.
    pub size: usize,
}

/// The value of a TEE_Param.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Value {
    /// First number.
    pub a: u32,
    /// Second number.
    pub b: u32,
}

/// TEE_Param.
#[derive(Clone, Copy)]
#[repr(C)]
pub union TeeParam {
    /// Of a memref type.
    pub memref: Memref,
    /// Of a value type.
    pub value: Value,
}

/// TEE_Time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Time {
    /// Seconds.
    pub seconds: u32,
    /// Milliseconds.
    pub millis: u32,
}

impl From<TeeTime> for Time {
    fn from(time: TeeTime) -> Self {
        Self { seconds: time.seconds, millis: time.millis }
    }
}

/// TEE_OperationInfo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct OperationInfo {
    /// Algorithm id.
    pub algorithm: u32,
    /// Class of the algorithm.
    pub operation_class: u32,
    /// Mode.
    pub mode: u32,
    /// Bytes of the digest.
    pub digest_length: u32,
    /// Bits of the key at most.
    pub max_key_size: u32,
    /// Bits of the key.
    pub key_size: u32,
    /// Usage that keys must allow.
    pub required_key_usage: u32,
    /// Handle flags.
    pub handle_state: u32,
}

/// struct user_ta_property.
#[derive(Debug)]
#[repr(C)]
pub struct UserTaProperty {
    /// Name.
    pub name: *const c_char,
    /// Type.
    pub kind: u32,
    /// Pointer to the value.
    pub value: *const c_void,
}

/// TEE_ObjectInfo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ObjectInfo {
    /// Type.
    pub object_type: u32,
    /// Bits.
    pub object_size: u32,
    /// Bits at most.
    pub max_object_size: u32,
    /// What it may be used for.
    pub object_usage: u32,
    /// Bytes of the data stream.
    pub data_size: usize,
    /// Position in the data stream.
    pub data_position: usize,
    /// Handle flags.
    pub handle_flags: u32,
}

/// The content of a TEE_Attribute.
#[derive(Clone, Copy)]
#[repr(C)]
pub union Content {
    /// Of an attribute of bytes.
    pub reference: Memref,
    /// Of an attribute of numbers.
    pub value: Value,
}

/// TEE_Attribute.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Attribute {
    /// Attribute id.
    pub id: u32,
    /// Bytes or numbers.
    pub content: Content,
}
