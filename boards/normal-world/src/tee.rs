// SPDX-License-Identifier: BSD-2-Clause
//! This kernel as the ground that the TEE client stands on.

use crate::supplicant::OwnFiles;
use crate::{cpu, memory, task};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use spin::Once;
use tee_client::transport::smc::{ConnectError, Options, Os, Shareable, Smc, SmcTransport};
use tee_client::{Context, Operation, Param, SharedBytes, TeeError};

/// This kernel.
pub(crate) struct Kernel;

/// The line to the TEE.
pub(crate) type Line = SmcTransport<Kernel, Kernel, OwnFiles>;
/// A context over it.
pub(crate) type Tee = Context<Line>;
/// A session over it.
pub(crate) type Session = tee_client::Session<Line>;

/// Makes a line with choices of its own; the demonstration and most tests share one ([`tee`]).
pub(crate) fn connect(options: Options) -> Result<Tee, ConnectError> {
    SmcTransport::connect(Kernel, Kernel, OwnFiles, options).map(Context::new)
}

/// The line that everybody shares.
pub(crate) fn tee() -> Result<&'static Tee, String> {
    static TEE: Once<Result<Tee, ConnectError>> = Once::new();
    TEE.call_once(|| connect(Options::default())).as_ref().map_err(ToString::to_string)
}

/// Invokes a command with parameters; their results come back.
pub(crate) fn invoke<'a, const N: usize>(
    session: &Session,
    command: u32,
    params: [Param<'a, Line>; N],
) -> Result<Operation<'a, Line>, tee_client::Error> {
    let mut operation = operation(params);
    session.invoke(command, &mut operation).map(|()| operation)
}

/// An operation with up to four parameters.
pub(crate) fn operation<const N: usize>(params: [Param<'_, Line>; N]) -> Operation<'_, Line> {
    let mut params = params.into_iter();
    Operation::new(core::array::from_fn(|_| params.next().unwrap_or(Param::None)))
}

impl Smc for Kernel {
    #[inline]
    fn call(&self, regs: [u32; 8]) -> [u32; 4] {
        cpu::smc(regs)
    }
}

/// Memory that both worlds see; virtual addresses are physical ones here.
pub(crate) struct Memory {
    address: usize,
    len: usize,
    owner: Owner,
}

enum Owner {
    /// Pages of the pool.
    Pages,
    /// A buffer of the heap.
    Heap(Box<[u8]>),
    /// Reserved shared memory, which the transport hands out.
    Reserved,
}

const PAGE: usize = 4096;

impl Memory {
    fn pages(&self) -> usize {
        self.len.div_ceil(PAGE).max(1)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if matches!(self.owner, Owner::Pages) {
            memory::release(self.address as u64, self.pages());
        }
    }
}

impl SharedBytes for Memory {
    fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        let inside = at.checked_add(out.len()).is_some_and(|end| end <= self.len);
        if inside {
            // SAFETY: inside memory that this value owns.
            unsafe { memory::copy(out.as_mut_ptr(), (self.address + at) as *const u8, out.len()) };
        }
        inside
    }

    #[inline]
    fn write(&self, at: usize, data: &[u8]) -> bool {
        let inside = at.checked_add(data.len()).is_some_and(|end| end <= self.len);
        if inside {
            // SAFETY: as above; nobody has a reference to these bytes.
            unsafe { memory::copy((self.address + at) as *mut u8, data.as_ptr(), data.len()) };
        }
        inside
    }
}

impl Shareable for Memory {
    fn offset(&self) -> usize {
        self.address % PAGE
    }

    fn page(&self, index: usize) -> u64 {
        let offset = index.saturating_mul(PAGE);
        if offset < self.offset() + self.len.max(1) { (self.address - self.offset() + offset) as u64 } else { 0 }
    }

    fn into_vec(mut self) -> Vec<u8> {
        match core::mem::replace(&mut self.owner, Owner::Reserved) {
            Owner::Heap(bytes) => bytes.into_vec(),
            owner => {
                self.owner = owner;
                let mut bytes = alloc::vec![0; self.len];
                // It is as long as the memory.
                let _ = self.read(0, &mut bytes);
                bytes
            }
        }
    }
}

impl Os for Kernel {
    type Memory = Memory;

    fn allocate(&self, bytes: usize) -> Option<Memory> {
        let address = memory::allocate(bytes.div_ceil(PAGE).max(1))? as usize;
        Some(Memory { address, len: bytes, owner: Owner::Pages })
    }

    fn adopt(&self, buffer: Vec<u8>) -> Result<Memory, Vec<u8>> {
        let mut bytes = buffer.into_boxed_slice();
        Ok(Memory { address: bytes.as_mut_ptr().expose_provenance(), len: bytes.len(), owner: Owner::Heap(bytes) })
    }

    fn reserved(&self, pa: u64, bytes: usize) -> Option<Memory> {
        let region = memory::reserved_shm();
        let inside = region.start <= pa && pa.checked_add(bytes as u64)? <= region.end;
        inside.then_some(Memory { address: pa as usize, len: bytes, owner: Owner::Reserved })
    }

    fn physical(&self, address: usize) -> Option<u64> {
        Some(address as u64)
    }

    fn sleep(&self, time: Duration) {
        task::sleep(time);
    }

    fn yield_now(&self) {
        task::yield_now();
    }

    fn wait(&self, number: u32, timeout: Option<Duration>) -> Result<(), TeeError> {
        if task::wait_for(number, timeout) { Ok(()) } else { Err(TeeError::TIMEOUT) }
    }

    fn notify(&self, number: u32) {
        task::notify(number);
    }

    fn now(&self) -> Duration {
        task::now()
    }
}
