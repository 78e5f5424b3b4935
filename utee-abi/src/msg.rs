// SPDX-License-Identifier: BSD-2-Clause
//! Messages between the worlds (OP-TEE ABI, struct optee_msg_arg).

use crate::bytes::{array, put, u32_at};
use crate::result::{Origin, TeeError};
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Bytes of the header.
pub const HEADER_SIZE: usize = 32;
/// Bytes of a parameter.
pub const PARAM_SIZE: usize = 32;
/// Parameters of a message at most: what fits in a page.
pub const MAX_PARAMS: u32 = 127;
/// Page addresses in a page of a page list; the last word links to the next page.
pub const PAGES_PER_LIST: usize = 511;
/// Offset of the link in a page of a page list.
pub const NONCONTIG_LINK: usize = PAGES_PER_LIST * 8;

/// Bytes of a message with `params` parameters.
#[must_use]
pub const fn message_size(params: usize) -> usize {
    HEADER_SIZE.saturating_add(params.saturating_mul(PARAM_SIZE))
}

/// Commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Command {
    /// OPEN_SESSION
    OpenSession = 0,
    /// INVOKE_COMMAND
    InvokeCommand = 1,
    /// CLOSE_SESSION
    CloseSession = 2,
    /// CANCEL
    Cancel = 3,
    /// REGISTER_SHM
    RegisterShm = 4,
    /// UNREGISTER_SHM
    UnregisterShm = 5,
    /// DO_BOTTOM_HALF
    DoBottomHalf = 6,
    /// STOP_ASYNC_NOTIF
    StopAsyncNotif = 7,
    /// LEND_PROTMEM
    LendProtmem = 8,
    /// RECLAIM_PROTMEM
    ReclaimProtmem = 9,
    /// GET_PROTMEM_CONFIG
    GetProtmemConfig = 10,
    /// ASSIGN_PROTMEM
    AssignProtmem = 11,
}

/// Login methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u32)]
pub enum Login {
    /// TEE_LOGIN_PUBLIC
    Public = 0,
    /// TEE_LOGIN_USER
    User = 1,
    /// TEE_LOGIN_GROUP
    Group = 2,
    /// TEE_LOGIN_APPLICATION
    Application = 4,
    /// TEE_LOGIN_APPLICATION_USER
    ApplicationUser = 5,
    /// TEE_LOGIN_APPLICATION_GROUP
    ApplicationGroup = 6,
    /// TEE_LOGIN_REE_KERNEL
    ReeKernel = 0x8000_0000,
    /// TEE_LOGIN_TRUSTED_APP: never from the normal world.
    TrustedApp = 0xF000_0000,
}

/// The header of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MsgHeader {
    /// Command.
    pub cmd: u32,
    /// TA command, for INVOKE_COMMAND.
    pub func: u32,
    /// Session.
    pub session: u32,
    /// Chosen by the normal world for a cancellation; not looked at.
    pub cancel_id: u32,
    /// Result.
    pub ret: u32,
    /// Origin of the result.
    pub ret_origin: u32,
    /// Number of parameters.
    pub num_params: u32,
}

impl MsgHeader {
    /// Offset of the session field.
    pub const SESSION: usize = 8;
    /// Offset of the result, which the origin follows.
    pub const RET: usize = 20;

    /// A request as its sender writes it: the result preset to GENERIC.
    #[must_use]
    pub fn request(cmd: u32, num_params: u32) -> Self {
        let (ret, ret_origin) = (TeeError::GENERIC.raw(), Origin::Tee.raw());
        Self { cmd, num_params, ret, ret_origin, ..Self::default() }
    }

    /// From the start of a message; `None` when it is too short.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            cmd: u32_at(bytes, 0)?,
            func: u32_at(bytes, 4)?,
            session: u32_at(bytes, Self::SESSION)?,
            cancel_id: u32_at(bytes, 12)?,
            ret: u32_at(bytes, Self::RET)?,
            ret_origin: u32_at(bytes, Self::RET + 4)?,
            num_params: u32_at(bytes, 28)?,
        })
    }

    /// To the start of a message; `None` when it is too short.
    #[must_use]
    pub fn write(&self, bytes: &mut [u8]) -> Option<()> {
        let fields = [self.cmd, self.func, self.session, self.cancel_id, 0, self.ret, self.ret_origin, self.num_params];
        let mut header = [0; HEADER_SIZE];
        for (to, from) in header.chunks_exact_mut(4).zip(fields) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        put(bytes, 0, &header)
    }
}

/// Kind of a parameter: the low byte of its attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u8)]
pub enum Kind {
    /// NONE
    None = 0,
    /// VALUE_INPUT
    ValueInput = 1,
    /// VALUE_OUTPUT
    ValueOutput = 2,
    /// VALUE_INOUT
    ValueInout = 3,
    /// RMEM_INPUT
    RmemInput = 5,
    /// RMEM_OUTPUT
    RmemOutput = 6,
    /// RMEM_INOUT
    RmemInout = 7,
    /// TMEM_INPUT
    TmemInput = 9,
    /// TMEM_OUTPUT
    TmemOutput = 0xA,
    /// TMEM_INOUT
    TmemInout = 0xB,
}

/// Attribute bit: the parameter is for the TEE, not for the TA.
pub const ATTR_META: u64 = 1 << 8;
/// Attribute bit: the buffer is given by a page list.
pub const ATTR_NONCONTIG: u64 = 1 << 9;

/// A parameter of a message: attribute and three words, whose meaning goes by the kind.
///
/// Values: a, b, c. Temporary memory: address, size, reference. Registered memory: offset, size, reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MsgParam {
    /// Attribute.
    pub attr: u64,
    /// The words.
    pub words: [u64; 3],
}

impl MsgParam {
    /// Offset in a parameter of the size of a buffer.
    pub const SIZE_FIELD: usize = 16;
    /// Offset in a parameter of value a, which b follows.
    pub const VALUE_FIELD: usize = 8;

    /// Offset of parameter `index` in a message.
    #[must_use]
    pub const fn offset(index: usize) -> usize {
        message_size(index)
    }

    /// Parameter `index` of a message; `None` when the message ends before.
    #[must_use]
    pub fn read(message: &[u8], index: usize) -> Option<Self> {
        let bytes: [u8; PARAM_SIZE] = array(message, Self::offset(index))?;
        let (words, _) = bytes.as_chunks::<8>();
        let [attr, a, b, c] = *words else { return None };
        Some(Self { attr: u64::from_le_bytes(attr), words: [a, b, c].map(u64::from_le_bytes) })
    }

    /// Writes it as parameter `index` of a message; `None` when the message ends before.
    #[must_use]
    pub fn write(&self, message: &mut [u8], index: usize) -> Option<()> {
        let at = Self::offset(index);
        let [a, b, c] = self.words;
        let mut bytes = [0; PARAM_SIZE];
        for (to, from) in bytes.chunks_exact_mut(8).zip([self.attr, a, b, c]) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        put(message, at, &bytes)
    }

    /// A parameter of a kind.
    #[must_use]
    pub fn new(kind: Kind, words: [u64; 3]) -> Self {
        Self { attr: u64::from(u8::from(kind)), words }
    }

    /// Values to the other side.
    #[must_use]
    pub fn value_in(a: u64, b: u64, c: u64) -> Self {
        Self::new(Kind::ValueInput, [a, b, c])
    }

    /// Values from the other side.
    #[must_use]
    pub fn value_out() -> Self {
        Self::new(Kind::ValueOutput, [0; 3])
    }

    /// The same parameter with further attribute bits.
    #[must_use]
    pub fn with(mut self, bits: u64) -> Self {
        self.attr |= bits;
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::try_from((self.attr & 0xFF) as u8).ok()
    }

    /// True for a parameter of the TEE.
    #[must_use]
    pub fn is_meta(&self) -> bool {
        self.attr & ATTR_META != 0
    }

    /// True for a buffer by page list.
    #[must_use]
    pub fn is_noncontig(&self) -> bool {
        self.attr & ATTR_NONCONTIG != 0
    }

    /// Size of a memref, whichever way it is given.
    #[must_use]
    pub fn memref_size(&self) -> Option<u64> {
        let [_, size, _] = self.words;
        match self.kind()? {
            Kind::RmemInput | Kind::RmemOutput | Kind::RmemInout | Kind::TmemInput | Kind::TmemOutput | Kind::TmemInout => Some(size),
            Kind::None | Kind::ValueInput | Kind::ValueOutput | Kind::ValueInout => None,
        }
    }

    /// Values a and b that the other side wrote, if it is a value that goes that way.
    #[must_use]
    pub fn output_value(&self) -> Option<(u64, u64)> {
        let [a, b, _] = self.words;
        matches!(self.kind(), Some(Kind::ValueOutput | Kind::ValueInout)).then_some((a, b))
    }
}

#[cfg(test)]
mod tests {
    use super::{ATTR_META, Command, Kind, Login, MAX_PARAMS, MsgHeader, MsgParam, message_size};
    use crate::smc::RPC_PARAMS;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn messages_round_trip() {
        let mut bytes = [0u8; message_size(2)];
        let header = MsgHeader { cmd: 1, func: 2, session: 3, cancel_id: 4, ret: 5, ret_origin: 6, num_params: 2 };
        header.write(&mut bytes).unwrap();
        let param = MsgParam::new(Kind::RmemInout, [7, 8, 9]).with(ATTR_META);
        param.write(&mut bytes, 1).unwrap();
        assert_eq!(MsgHeader::read(&bytes), Some(header));
        assert_eq!(MsgParam::read(&bytes, 1), Some(param));
        assert!(param.is_meta() && !param.is_noncontig());
        assert_eq!(bytes[message_size(1)], 7);
        assert_eq!(param.write(&mut bytes, 2), None);
    }

    #[test]
    fn kinds_are_those_of_the_protocol() {
        for raw in 0..=0xFFu8 {
            assert_eq!(Kind::try_from(raw).is_ok(), matches!(raw, 0..=3 | 5..=7 | 9..=11), "{raw}");
        }
        for raw in 0..32 {
            assert_eq!(Command::try_from(raw).is_ok(), raw < 12, "{raw}");
            assert_eq!(Login::try_from(raw).is_ok(), matches!(raw, 0..=2 | 4..=6), "{raw}");
        }
        assert_eq!(message_size(MAX_PARAMS as usize), 4096);
        assert_eq!(message_size(RPC_PARAMS as usize), 160);
    }

    #[test]
    fn only_values_that_go_out_are_outputs() {
        for raw in 0..=0xFF {
            let param = MsgParam { attr: raw, words: [1, 2, 3] };
            assert_eq!(param.output_value(), matches!(raw, 2 | 3).then_some((1, 2)), "{raw}");
            assert_eq!(param.memref_size(), matches!(raw, 5..=7 | 9..=11).then_some(2), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(fields in any::<[u32; 7]>(), attr in any::<u64>(), words in any::<[u64; 3]>(), index in 0usize..4) {
            let mut bytes = [0xA5u8; message_size(4)];
            let [cmd, func, session, cancel_id, ret, ret_origin, num_params] = fields;
            let header = MsgHeader { cmd, func, session, cancel_id, ret, ret_origin, num_params };
            let param = MsgParam { attr, words };
            header.write(&mut bytes).unwrap();
            param.write(&mut bytes, index).unwrap();
            prop_assert_eq!(MsgHeader::read(&bytes), Some(header));
            prop_assert_eq!(MsgParam::read(&bytes, index), Some(param));
        }

        #[test]
        fn decoding_any_bytes_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..300), index in any::<usize>()) {
            let _ = MsgHeader::read(&bytes);
            if let Some(param) = MsgParam::read(&bytes, index) {
                let _ = (param.kind(), param.output_value(), param.memref_size());
            }
        }
    }
}
