// SPDX-License-Identifier: BSD-2-Clause
//! A message under construction, and what came back of it.

use utee_abi::msg::{ATTR_META, Command, HEADER_SIZE, Kind, MsgHeader, MsgParam, PARAM_SIZE, message_size};
use utee_abi::param::PARAMS;

/// Parameters of a message at most.
pub(super) const MAX: usize = 2 + PARAMS;

/// Bytes of the largest message.
pub(super) const BYTES: usize = HEADER_SIZE + MAX * PARAM_SIZE;

pub(super) struct Message {
    pub(super) header: MsgHeader,
    pub(super) params: [MsgParam; MAX],
    pub(super) count: usize,
}

impl Message {
    pub(super) fn new(command: Command) -> Self {
        Self { header: MsgHeader::request(command.into(), 0), params: [MsgParam::default(); MAX], count: 0 }
    }

    pub(super) fn push(&mut self, param: MsgParam) {
        if let Some(slot) = self.params.get_mut(self.count) {
            *slot = param;
            self.count += 1;
            self.header.num_params = self.count as u32;
        }
    }

    pub(super) fn push_meta(&mut self, words: [u64; 3]) {
        self.push(MsgParam::new(Kind::ValueInput, words).with(ATTR_META));
    }

    pub(super) fn len(&self) -> usize {
        message_size(self.count)
    }

    pub(super) fn write(&self, bytes: &mut [u8]) -> Option<()> {
        self.header.write(bytes)?;
        self.params.iter().take(self.count).enumerate().try_for_each(|(index, param)| param.write(bytes, index))
    }

    pub(super) fn read_back(&mut self, bytes: &[u8]) -> Option<()> {
        self.header = MsgHeader::read(bytes)?;
        for (index, param) in self.params.iter_mut().take(self.count).enumerate() {
            *param = MsgParam::read(bytes, index)?;
        }
        Some(())
    }
}
