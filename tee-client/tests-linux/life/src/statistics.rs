// SPDX-License-Identifier: BSD-2-Clause
//! What the TEE has loaded and given out.

use crate::harness::{Result, SOON};
use std::fmt;
use std::time::{Duration, Instant};
use tee_client::transport::linux::LinuxContext;
use tee_client::{Operation, Param, Uuid};
use utee_abi::pta::stats::{self, AllocRecord, Command, POOL_HEAP, POOL_TA_RAM, TaRecord};

/// TAs that fit into one answer.
const TAS: usize = 64;

/// What the TEE has at a moment, the session that asks for it included.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    heap: u32,
    ta_ram: u32,
    /// UUID and sessions of each loaded TA.
    tas: Vec<(Uuid, u32)>,
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of heap, {} for TAs, loaded:", self.heap, self.ta_ram)?;
        self.tas.iter().try_for_each(|(uuid, sessions)| write!(f, " {uuid} ({sessions})"))
    }
}

impl Snapshot {
    /// Asks the TEE.
    pub(crate) fn take() -> Result<Self> {
        let context = LinuxContext::connect().map_err(|error| error.to_string())?;
        let session = context.open_public(stats::UUID).map_err(|error| format!("statistics: {error}"))?;
        let pool = |pool: u32| -> Result<u32> {
            let mut record = [0; AllocRecord::SIZE];
            let mut operation = Operation::two(Param::value_input(pool, 0), Param::output(&mut record));
            session.invoke(Command::Alloc.into(), &mut operation).map_err(|error| format!("statistics: {error}"))?;
            Ok(AllocRecord::from_bytes(&record).ok_or("a short record")?.allocated)
        };
        let (heap, ta_ram) = (pool(POOL_HEAP)?, pool(POOL_TA_RAM)?);
        let mut bytes = vec![0; TAS * TaRecord::SIZE];
        let mut operation = Operation::one(Param::output(&mut bytes));
        session.invoke(Command::Ta.into(), &mut operation).map_err(|error| format!("statistics: {error}"))?;
        let size = operation.size(0);
        let records = bytes[..size].chunks_exact(TaRecord::SIZE).filter_map(TaRecord::from_bytes);
        let mut tas: Vec<(Uuid, u32)> = records.map(|ta| (ta.uuid, ta.sessions)).collect();
        tas.sort_by_key(|(uuid, sessions)| (uuid.octets(), *sessions));
        Ok(Self { heap, ta_ram, tas })
    }

    /// Sessions that all instances of a TA have.
    pub(crate) fn sessions(&self, uuid: &Uuid) -> u32 {
        self.tas.iter().filter(|(other, _)| other == uuid).map(|(_, sessions)| sessions).sum()
    }

    /// Waits until all is as it was: Linux may close what a process had after that is gone.
    pub(crate) fn wait_for(&self) -> Result<()> {
        let start = Instant::now();
        loop {
            let now = Self::take()?;
            if now == *self {
                return Ok(());
            }
            if start.elapsed() > SOON {
                return Err(format!("something is left: before {self}; now {now}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
