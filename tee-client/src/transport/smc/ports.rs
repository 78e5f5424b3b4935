// SPDX-License-Identifier: BSD-2-Clause
//! What the engine asks of the kernel around it.

use crate::memory::SharedBytes;
use crate::operation::Direction;
use alloc::vec::Vec;
use core::time::Duration;
use utee_abi::result::TeeError;
use utee_abi::rpc::RpcCommand;
use utee_abi::uuid::Uuid;

/// Executes the secure monitor call.
pub trait Smc: Send + Sync + 'static {
    /// Calls with a0..a7, gives a0..a3 back.
    fn call(&self, regs: [u32; 8]) -> [u32; 4];
}

/// Memory whose pages have addresses that the TEE understands.
pub trait Shareable: SharedBytes + 'static {
    /// Offset of the first byte in its first page.
    fn offset(&self) -> usize;

    /// Physical address of page `index`; 0 past the end.
    fn page(&self, index: usize) -> u64;

    /// Gives the bytes up, or a copy of them.
    fn into_vec(self) -> Vec<u8>;
}

/// The kernel around the client.
pub trait Os: Send + Sync + 'static {
    /// Memory that can be shared.
    type Memory: Shareable;

    /// Allocates zeroed, physically contiguous memory that starts a page.
    fn allocate(&self, bytes: usize) -> Option<Self::Memory>;

    /// Makes memory of a buffer, wherever it starts.
    ///
    /// # Errors
    /// The buffer, when that cannot be done.
    fn adopt(&self, buffer: Vec<u8>) -> Result<Self::Memory, Vec<u8>>;

    /// The part of reserved shared memory at this physical address.
    fn reserved(&self, pa: u64, bytes: usize) -> Option<Self::Memory>;

    /// Physical address of a byte of the caller's own memory. With `None` temporary buffers are copied.
    fn physical(&self, address: usize) -> Option<u64>;

    /// Sleeps; other threads run meanwhile.
    fn sleep(&self, time: Duration);

    /// Lets other threads run.
    fn yield_now(&self);

    /// Waits until [`Os::notify`] was called for `number`, before or after this; one notification ends one wait.
    fn wait(&self, number: u32, timeout: Option<Duration>) -> Result<(), TeeError>;

    /// Ends a wait for `number`, or the next one.
    fn notify(&self, number: u32);

    /// Time since 1970-01-01 UTC.
    fn now(&self) -> Duration;
}

/// A parameter of a request of the TEE.
pub enum RpcParam<'a> {
    /// None.
    None,
    /// Numbers; what is written to them goes back when the direction says so.
    Value {
        /// Which way they go.
        direction: Direction,
        /// The numbers.
        words: [u64; 3],
    },
    /// Memory that the TEE had asked for before.
    Memory {
        /// Which way its content goes.
        direction: Direction,
        /// The memory.
        bytes: &'a dyn SharedBytes,
        /// Where the parameter starts in it.
        offset: usize,
        /// Size; what is written to it goes back.
        size: usize,
    },
    /// A reference to nothing.
    Null,
}

/// Serves what the TEE asks of the file system and beyond.
pub trait Supplicant: Send + Sync + 'static {
    /// The signed image of a TA.
    ///
    /// # Errors
    /// ITEM_NOT_FOUND when there is none.
    fn load_ta(&self, _uuid: Uuid) -> Result<Vec<u8>, TeeError> {
        Err(TeeError::ITEM_NOT_FOUND)
    }

    /// Bytes of the signed image of a TA, which the TEE asks for before the image.
    ///
    /// # Errors
    /// As [`Supplicant::load_ta`].
    fn ta_size(&self, uuid: Uuid) -> Result<usize, TeeError> {
        self.load_ta(uuid).map(|image| image.len())
    }

    /// Any other request (OP-TEE ABI, RPC commands).
    ///
    /// # Errors
    /// NOT_SUPPORTED for a request that is not served; otherwise what it fails with.
    fn request(&self, _command: RpcCommand, _params: &mut [RpcParam<'_>]) -> Result<(), TeeError> {
        Err(TeeError::NOT_SUPPORTED)
    }
}

/// No supplicant: there are no TAs and no files in the normal world.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSupplicant;

impl Supplicant for NoSupplicant {}
