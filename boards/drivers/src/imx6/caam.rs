// SPDX-License-Identifier: BSD-2-Clause
//! Cryptographic acceleration and assurance module of the i.MX6UL (chapter "CAAM" of its security reference manual): random numbers,
//! and a key that no other chip has.
//!
//! It takes jobs from rings in memory; ring 0 is used, with one job at a time ([`job`]). Facts from the public drivers of OP-TEE,
//! tamago and Linux; not checked on hardware.
//!
//! Which CSL covers this block no source says. All of them are closed and locked; as a second line every job ring is made the secure
//! world's, and that locked: without a ring nobody gives the block a job.

pub mod job;

use core::fmt;

use super::bus::Bus;
use super::dma::Dma;
use super::map::{CAAM, Register};
use super::wait::until;
use job::{Job, Ring};
use zeroize::Zeroizing;

const MCFGR: u32 = 0x0004;
const SCFGR: u32 = 0x000C;
const MIDR: u32 = 0x0010;
const JRSTART: u32 = 0x005C;
const TRNG_CONTROL: u32 = 0x0600;
const TRNG_SEED: u32 = 0x0610;
const TRNG_LEAST: u32 = 0x0618;
const TRNG_MOST: u32 = 0x061C;
const RNG_STATUS: u32 = 0x06C0;
const PARAMETERS: u32 = 0x0FA8;

const MCFGR_WATCHDOG: u32 = 1 << 30;
const MCFGR_PIPELINE: u32 = 0xF << 4;
/// One transaction at a time: more may come out of order on these parts.
const MCFGR_PIPELINE_1: u32 = 1 << 4;
const SCFGR_BLOBS: u32 = 0b11;
const MIDR_LOCK: u32 = 1 << 31;
/// Number of the CPU as a master, for the ring and for the data of its jobs (OP-TEE); clear are the bits that would make it the normal
/// world's.
const MIDR_OWNER: u32 = 1;
const MIDR_DATA: u32 = 1 << 16 | 1;
const MIDR_NORMAL: u32 = 1 << 3;
const MIDR_DATA_NORMAL: u32 = 1 << 19 | 1 << 3;

const TRNG_PROGRAM: u32 = 1 << 16;
const TRNG_ERROR: u32 = 1 << 12;
const TRNG_ACCESS: u32 = 1 << 5;
const TRNG_SAMPLING: u32 = 0b11;
const TRNG_RAW: u32 = 0b01;
const TRNG_SAMPLES: u32 = 512;
/// How long each bit of noise is gathered, in cycles: at first, by how much more if that will not do, and at most.
const DELAY: u32 = 3200;
const DELAY_STEP: u32 = 400;
const DELAY_MOST: u32 = 12_800;

/// Bits of the status for each of the two state handles: instantiated, with prediction resistance, without noise (for tests).
const HANDLE: u32 = 1 << 0;
const RESISTANT: u32 = 1 << 4;
const HANDLE_TEST: u32 = 1 << 8;
const KEYS_MADE: u32 = 1 << 30;

/// Number of job rings.
pub const RINGS: u32 = 3;
/// Most bytes of one job for random numbers.
pub const LONGEST: usize = 64;
/// Bytes of the blob key.
pub const KEY: usize = 32;

/// A job of the noise source failed because that did: source CCB, of the RNG, hardware error.
const JOB_NO_NOISE: (u32, u32) = (0xF000_00FF, 0x2000_005B);

/// Reads of a register until a job has to be done: the longest is the noise for a seed, some tens of milliseconds.
const READS: u32 = 4_000_000;

/// Why there are no random numbers, or no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No CAAM with a random number generator answers, with its parameters.
    Absent(u32),
    /// The job ring does not reset.
    Ring,
    /// Somebody has locked a job ring as the normal world's: its number, and the register that says so.
    Taken(u32, u32),
    /// A job is not done.
    Timeout,
    /// A job failed, with its status.
    Job(u32),
    /// Another job came back than was put in.
    Confused(u32),
    /// The noise source fails its own tests however long it gathers.
    Noise,
    /// A job says that it is done and has written nothing.
    Nothing,
    /// Blobs are at their last stage already: the key of an earlier one cannot be had until reset.
    Sealed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Absent(parameters) => write!(f, "no CAAM with a generator answers (parameters {parameters:#010x})"),
            Self::Ring => f.write_str("the job ring of the CAAM does not reset"),
            Self::Taken(ring, owner) => write!(f, "job ring {ring} of the CAAM is locked for the normal world ({owner:#010x})"),
            Self::Timeout => f.write_str("the CAAM does not finish"),
            Self::Job(status) => write!(f, "the CAAM failed (status {status:#010x})"),
            Self::Confused(job) => write!(f, "the CAAM gave back a job at {job:#010x}, which is not the one it was given"),
            Self::Noise => f.write_str("the noise source of the CAAM fails its own tests"),
            Self::Nothing => f.write_str("the CAAM says that it is done, and wrote nothing"),
            Self::Sealed => f.write_str("the blob key of the CAAM is sealed until reset"),
        }
    }
}

/// A job for random numbers that may be under way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Bytes that it makes.
    length: Option<usize>,
    /// Looks that found it not done.
    looks: u32,
}

impl Progress {
    /// None is.
    pub const fn new() -> Self {
        Self { length: None, looks: 0 }
    }
}

/// The block, with memory for its jobs.
#[derive(Debug)]
pub struct Caam<'b, B, D> {
    bus: &'b B,
    memory: D,
}

impl<'b, B: Bus, D: Dma> Caam<'b, B, D> {
    /// The one of the chip; its clocks (CCM CCGR0 CG4 to CG6) run.
    pub const fn new(bus: &'b B, memory: D) -> Self {
        Self { bus, memory }
    }

    /// Takes every job ring for the secure world, sets up ring 0, and instantiates the generator.
    ///
    /// # Errors
    /// All of [`Error`] but `Nothing` and `Sealed`.
    pub fn start(&self) -> Result<(), Error> {
        let handles = handles(self.bus)?;
        own_rings(self.bus)?;
        let mcfgr = self.bus.read(register(MCFGR));
        self.bus.write(register(MCFGR), mcfgr & !MCFGR_PIPELINE | MCFGR_PIPELINE_1 | MCFGR_WATCHDOG);
        self.bus.write(register(JRSTART), 1);
        self.ring().start()?;
        self.instantiate(handles)
    }

    fn ring(&self) -> Ring<'_, B, D> {
        Ring::new(self.bus, &self.memory)
    }

    fn status(&self) -> u32 {
        self.bus.read(register(RNG_STATUS))
    }

    /// Instantiates every state handle, those anew that somebody has made without noise or without prediction resistance.
    fn instantiate(&self, handles: u32) -> Result<(), Error> {
        let mut delay = DELAY;
        let mut released = 0;
        loop {
            let status = self.status();
            let has = |kind: u32, handle: u32| status & kind << handle != 0;
            // One that stays without resistance although it was asked for is as good as this part makes them.
            let good =
                |handle: u32| has(HANDLE, handle) && !has(HANDLE_TEST, handle) && (has(RESISTANT, handle) || released >> handle & 1 != 0);
            let Some(handle) = (0..handles).find(|&handle| !good(handle)) else { break };
            if has(HANDLE, handle) {
                if released >> handle & 1 != 0 {
                    return Err(Error::Noise);
                }
                released |= 1 << handle;
                self.ring().run(&Job::release(handle))?;
                continue;
            }
            if delay > DELAY_MOST {
                return Err(Error::Noise);
            }
            released |= 1 << handle;
            self.gather(delay);
            match self.ring().run(&Job::instantiate(handle)) {
                Ok(()) if self.status() & HANDLE << handle != 0 => {}
                Ok(()) => return Err(Error::Nothing),
                Err(Error::Job(status)) if status & JOB_NO_NOISE.0 == JOB_NO_NOISE.1 => delay += DELAY_STEP,
                Err(error) => return Err(error),
            }
        }
        // Keys that the block wraps others with; the generator counts as set up with them.
        if self.status() & KEYS_MADE == 0 { self.ring().run(&Job::make_keys()) } else { Ok(()) }
    }

    /// Has the noise source gather each bit for `delay` cycles.
    fn gather(&self, delay: u32) {
        let control = self.bus.read(register(TRNG_CONTROL));
        self.bus.write(register(TRNG_CONTROL), control | TRNG_PROGRAM | TRNG_ACCESS);
        self.bus.write(register(TRNG_SEED), delay << 16 | TRNG_SAMPLES);
        self.bus.write(register(TRNG_LEAST), delay >> 2);
        self.bus.write(register(TRNG_MOST), delay << 4);
        let running = control & !(TRNG_PROGRAM | TRNG_ACCESS | TRNG_SAMPLING) | TRNG_RAW | TRNG_ERROR;
        self.bus.write(register(TRNG_CONTROL), running);
    }

    /// Fills `out` from the generator of state handle 0, with noise drawn anew for every job where the part can do that.
    ///
    /// # Errors
    /// As [`Caam::look`].
    pub fn fill(&self, out: &mut [u8]) -> Result<(), Error> {
        let mut rest = out;
        let mut progress = Progress::default();
        while !rest.is_empty() {
            match self.look(&mut progress, rest)? {
                0 => core::hint::spin_loop(),
                count => rest = rest.get_mut(count..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// One look: has the generator make bytes, or puts those that it has made by now into `out`; how many. It takes some hundreds of
    /// accesses at most, however long the noise takes.
    ///
    /// # Errors
    /// `Timeout` after too many looks, `Job`, `Confused`, `Nothing`.
    pub fn look(&self, progress: &mut Progress, out: &mut [u8]) -> Result<usize, Error> {
        let Some(length) = progress.length else {
            let resistant = self.status() & RESISTANT != 0;
            let length = out.len().next_multiple_of(4).min(LONGEST);
            self.ring().submit(&Job::random(resistant, length as u32, self.memory.address()));
            *progress = Progress { length: Some(length), looks: 0 };
            return Ok(0);
        };
        progress.looks += 1;
        if !self.ring().is_done() {
            if progress.looks < READS {
                return Ok(0);
            }
            *progress = Progress::default();
            self.ring().give_up();
            return Err(Error::Timeout);
        }
        *progress = Progress::default();
        let mut bytes = Zeroizing::new([0; LONGEST]);
        let made = bytes.get_mut(..length).unwrap_or_default();
        self.ring().collect(made)?;
        if made.iter().all(|byte| *byte == 0) {
            return Err(Error::Nothing);
        }
        Ok(out.iter_mut().zip(made).map(|(to, from)| *to = *from).count())
    }

    /// The blob key: what the block derives from the unique key for its blobs (the master key verification blob), at the present
    /// stage of blobs.
    ///
    /// # Errors
    /// `Sealed`, and as [`Caam::fill`].
    pub fn blob_key(&self) -> Result<Zeroizing<[u8; KEY]>, Error> {
        if self.bus.read(register(SCFGR)) & SCFGR_BLOBS == SCFGR_BLOBS {
            return Err(Error::Sealed);
        }
        let mut key = Zeroizing::new([0; KEY]);
        self.ring().produce(&Job::blob_key(KEY as u32, self.memory.address()), key.as_mut_slice())?;
        if key.iter().all(|byte| *byte == 0) { Err(Error::Nothing) } else { Ok(key) }
    }

    /// Moves blobs to their last stage: nobody gets the key of an earlier one until reset.
    pub fn seal_blob_key(&self) {
        self.bus.write(register(SCFGR), self.bus.read(register(SCFGR)) | SCFGR_BLOBS);
    }
}

const fn register(offset: u32) -> Register {
    CAAM.register(offset)
}

/// How many state handles the generator has.
fn handles<B: Bus>(bus: &B) -> Result<u32, Error> {
    let parameters = bus.read(register(PARAMETERS));
    // More than two have no status bits; none is no CAAM.
    match parameters >> 8 & 0b111 {
        count @ 1..=2 => Ok(count),
        _ => Err(Error::Absent(parameters)),
    }
}

/// A register that says whose a job ring is.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// The register.
    pub register: Register,
    /// What is written to it.
    pub value: u32,
    /// Bits that decide over the world: not the number of the master, which an earlier stage may have chosen and locked.
    pub mask: u32,
}

/// The registers that give job ring `ring` to the secure world: that for the data of its jobs, then that for the ring, with the lock
/// of both.
pub const fn ownership(ring: u32) -> [Owner; 2] {
    let owner = MIDR + 8 * ring;
    [
        Owner { register: register(owner + 4), value: MIDR_DATA, mask: MIDR_DATA_NORMAL },
        Owner { register: register(owner), value: MIDR_OWNER | MIDR_LOCK, mask: MIDR_LOCK | MIDR_NORMAL },
    ]
}

/// Takes every job ring for the secure world, and locks that until reset. The clocks of the block run.
///
/// # Errors
/// `Taken` if a ring is locked as the normal world's.
pub fn own_rings<B: Bus>(bus: &B) -> Result<(), Error> {
    for ring in 0..RINGS {
        for owner in ownership(ring) {
            bus.write(owner.register, owner.value);
        }
        for owner in ownership(ring) {
            let found = bus.read(owner.register);
            if (found ^ owner.value) & owner.mask != 0 {
                return Err(Error::Taken(ring, found));
            }
        }
    }
    Ok(())
}

/// Waits for a register to have `value` in `mask`.
fn wait<B: Bus>(bus: &B, register: Register, mask: u32, value: u32) -> bool {
    until(READS, || bus.read(register) & mask == value)
}
