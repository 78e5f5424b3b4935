// SPDX-License-Identifier: BSD-2-Clause
//! The TEE itself: SMC services, messages, sessions, TA life cycle, system calls and pseudo-TAs.
//!
//! [`Tee`] is a value that owns everything and is generic over the [`ports::Platform`] it runs on; there are no
//! statics, so host tests build as many as they like. The way of a call:
//! [`Tee::run_cpu`] → [`smc`] → [`thread`] → [`msg`] → [`session`] → [`ta`] → [`syscall`] and back.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "testing")]
extern crate std;

pub mod banner;
pub mod call;
pub mod console;
pub mod crypto;
pub mod journal;
pub mod limits;
pub mod lock;
pub mod msg;
pub mod notification;
pub mod ports;
pub mod pta;
pub mod rpc;
pub mod run_loop;
pub mod session;
pub mod smc;
pub mod storage;
pub mod syscall;
pub mod ta;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
pub mod thread;
pub mod waiting;

use console::Console;
use crypto::rng::Rng;
use msg::shm::ShmTable;
use notification::Notifications;
use ports::Platform;
use session::Sessions;
use smc::psci::Cpus;
use storage::Storage;
use ta::registry::Registry;
use ta::source::{BootArchive, NormalSource};
use thread::Threads;
use utee_abi::result::TeeError;

/// The trusted execution environment on a platform.
pub struct Tee<P: Platform> {
    /// The machine it runs on.
    pub platform: P,
    /// Secure threads.
    pub threads: Threads<P>,
    /// Power state of each CPU.
    pub cpus: Cpus<P>,
    /// Memory that the normal world shares.
    pub shm: ShmTable<P>,
    /// TA instances that are loaded.
    pub registry: Registry<P>,
    /// Open sessions.
    pub sessions: Sessions<P>,
    /// Random numbers.
    pub rng: Rng<P>,
    /// TAs and root keys of the boot image.
    pub archive: BootArchive<P>,
    /// TAs that the normal world keeps.
    pub normal_source: NormalSource<P>,
    /// Persistent objects of TAs.
    pub storage: Storage<P>,
    /// Persistent time of TAs.
    pub times: ta::persistent_time::TaTimes<P>,
    /// RPC messages kept for the normal world while its shared-memory cache is on.
    pub rpc_cache: call::RpcCache<P>,
    /// What the normal world is told by an interrupt.
    pub notifications: Notifications<P>,
    /// The console of the trusted OS.
    pub console: Console<P>,
    /// What it signs with what runs here.
    pub attestation: pta::attestation::Key<P>,
    /// What the pseudo-TA of tests takes and gives back.
    #[cfg(feature = "test-pta")]
    pub mutex: pta::invoke_tests::Mutex<P>,
}

impl<P: Platform> Tee<P> {
    /// Builds the TEE: seeds its random numbers and reads the boot archive.
    ///
    /// # Errors
    /// GENERIC when the entropy source fails, BAD_FORMAT when the boot archive is not one.
    pub fn new(platform: P) -> Result<Self, TeeError> {
        let rng = Rng::new(&platform)?;
        let archive = BootArchive::read(&platform)?;
        Ok(Self {
            threads: Threads::new(platform.threads()),
            cpus: Cpus::new(platform.cpus()),
            shm: ShmTable::new(),
            registry: Registry::new(),
            sessions: Sessions::new(),
            rng,
            archive,
            normal_source: NormalSource::new(),
            storage: Storage::new(&platform),
            times: ta::persistent_time::TaTimes::new(),
            rpc_cache: call::RpcCache::new(),
            notifications: Notifications::new(&platform),
            console: Console::new(&platform),
            attestation: pta::attestation::Key::new(),
            #[cfg(feature = "test-pta")]
            mutex: pta::invoke_tests::Mutex::new(),
            platform,
        })
    }
}
