// SPDX-License-Identifier: BSD-2-Clause
//! Plugins of the supplicant (OP-TEE ABI, SUPP_PLUGIN).

use super::buffer::{Direction, RpcBuffer};
use crate::ports::Platform;
use utee_abi::msg::{Kind, MsgParam};
use utee_abi::result::TeeError;
use utee_abi::rpc::{PLUGIN_INVOKE, RpcCommand};
use utee_abi::uuid::Uuid;

/// Invokes a command of a plugin with the first `len` bytes of the buffer, where its answer comes as well; gives how many
/// bytes of it are the answer.
///
/// # Errors
/// ITEM_NOT_FOUND for an unknown plugin; as [`crate::call::Call::rpc`]; COMMUNICATION for more bytes than there are.
pub fn invoke<P: Platform>(
    buffer: &RpcBuffer<'_, '_, P>,
    plugin: &Uuid,
    command: u32,
    sub_command: u32,
    len: usize,
) -> Result<usize, TeeError> {
    let octets = plugin.octets();
    let mut words = octets.as_chunks::<4>().0.iter().map(|word| u64::from(u32::from_le_bytes(*word)));
    let mut word = || words.next().unwrap_or(0);
    let mut params = [
        MsgParam::value_in(PLUGIN_INVOKE, word(), word()),
        MsgParam::value_in(word(), word(), u64::from(command)),
        MsgParam::new(Kind::ValueInout, [u64::from(sub_command), 0, 0]),
        buffer.param(Direction::InOut, 0, len)?,
    ];
    buffer.call().rpc(RpcCommand::SuppPlugin, &mut params)?;
    let [_, _, out, _] = params;
    let (_, answer) = out.output_value().ok_or(TeeError::COMMUNICATION)?;
    usize::try_from(answer).ok().filter(|answer| *answer <= len).ok_or(TeeError::COMMUNICATION)
}
