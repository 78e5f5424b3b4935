// SPDX-License-Identifier: BSD-2-Clause
//! Calls of pseudo-TAs by scripted TAs.

use tee_core::testing::script::Ta;
use utee_abi::param::{ParamType, ParamTypes, UteeParams};
use utee_abi::sysnum::Syscall;
use utee_abi::uuid::Uuid;

/// Parameters of a TA's call, each with two cells.
pub(crate) type Cells = [(ParamType, [u64; 2]); 4];

/// Calls a pseudo-TA from a TA: the code, and the parameters afterwards.
pub(crate) fn call_pseudo(ta: &mut Ta, uuid: Uuid, command: u32, params: Cells) -> (u32, UteeParams) {
    let (name, session, origin, at) = (ta.scratch(0), ta.scratch(1), ta.scratch(2), ta.scratch(3));
    ta.write(name, &uuid.to_memory());
    assert_eq!(ta.syscall(Syscall::OpenTaSession, &[name, 0xFFFF_FFFF, 0, session, origin]), 0);
    let session = u64::from(ta.word(session));
    let block = UteeParams { types: ParamTypes::new(params.map(|(kind, _)| kind)), cells: params.map(|(_, cells)| cells) };
    ta.write(at, &block.to_bytes());
    let code = ta.syscall(Syscall::InvokeTaCommand, &[session, 0xFFFF_FFFF, u64::from(command), at, origin]);
    let mut bytes = [0; UteeParams::SIZE];
    ta.read(at, &mut bytes);
    assert_eq!(ta.syscall(Syscall::CloseTaSession, &[session]), 0);
    (code, UteeParams::from_bytes(&bytes).unwrap())
}
