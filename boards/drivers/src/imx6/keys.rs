// SPDX-License-Identifier: BSD-2-Clause
//! The secrets of a chip, whichever block of the part keeps them: random numbers, and what a hardware-unique key is made of.
//!
//! | part | random numbers | unique key |
//! | --- | --- | --- |
//! | 6ULL, 6ULZ | RNGB | DCP: AES-128-CBC of a label under the unique key |
//! | 6UL | CAAM, its generator | CAAM, the key that it derives for blobs |
//! | QEMU | none: the board has a stand-in and says so | none, likewise |
//!
//! To be used after the lock-down: on the way of a job what is secret stands in the on-chip RAM, which that makes secure.

use core::fmt;

use super::bus::Bus;
use super::caam::{self, Caam};
use super::ccm::{Ccm, Gate};
use super::dcp::{self, Dcp};
use super::dma::Ocram;
use super::part::Part;
use super::rngb::{self, Rngb};
use super::snvs::Snvs;
use zeroize::Zeroizing;

/// Bytes that a hardware-unique key is made of.
pub const SECRET: usize = 32;

/// What the DCP encrypts for them: two blocks, in which a label of another use never begins.
const LABEL: [u8; SECRET] = *b"oxtee: hardware-unique key, v1\0\0";

/// What is assumed of a source: bytes of a sample, and thousandths of a bit of min-entropy in it.
///
/// These are assumptions, not assessments: nobody has published one of these sources. Of the RNGB Linux assumes 19 bits in 1024,
/// which is taken over. The CAAM's generator is one of SP 800-90A with prediction resistance; an eighth of its bits is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// Its name.
    pub name: &'static str,
    /// Bytes of a sample.
    pub width: usize,
    /// Thousandths of a bit in a sample.
    pub millibits: u32,
}

/// Why there is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The part has no block for it.
    Part(Part),
    /// The RNGB failed.
    Rngb(rngb::Error),
    /// The DCP failed.
    Dcp(dcp::Error),
    /// The CAAM failed.
    Caam(caam::Error),
}

impl From<rngb::Error> for Error {
    fn from(error: rngb::Error) -> Self {
        Self::Rngb(error)
    }
}

impl From<dcp::Error> for Error {
    fn from(error: dcp::Error) -> Self {
        Self::Dcp(error)
    }
}

impl From<caam::Error> for Error {
    fn from(error: caam::Error) -> Self {
        Self::Caam(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(part) => write!(f, "no block for secrets is known of this part: {part:?}"),
            Self::Rngb(error) => error.fmt(f),
            Self::Dcp(error) => error.fmt(f),
            Self::Caam(error) => error.fmt(f),
        }
    }
}

/// What a hardware-unique key is made of.
#[derive(Debug)]
pub struct Unique {
    /// Wiped when it is dropped.
    pub secret: Zeroizing<[u8; SECRET]>,
    /// Why this is the test key of every such chip and not this one's own; `None` when it is.
    pub fault: Option<&'static str>,
}

/// The blocks of a part that keep secrets. One at a time uses them: the caller has a lock around all calls.
#[derive(Debug)]
pub struct Keys<'b, B> {
    bus: &'b B,
    part: Part,
    words: rngb::Progress,
    job: caam::Progress,
}

/// Fills `out` by `look` after look, as [`Keys::random`] is one: the caller takes its lock for each alone, so that none of them keeps
/// anybody waiting for as long as noise takes.
///
/// # Errors
/// What a look fails with.
pub fn fill(out: &mut [u8], mut look: impl FnMut(&mut [u8]) -> Result<usize, Error>) -> Result<(), Error> {
    let mut rest = out;
    while !rest.is_empty() {
        match look(rest)? {
            0 => core::hint::spin_loop(),
            count => rest = rest.get_mut(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

impl<'b, B: Bus> Keys<'b, B> {
    /// Those of `part`, which the chip is.
    pub const fn new(bus: &'b B, part: Part) -> Self {
        Self { bus, part, words: rngb::Progress::new(), job: caam::Progress::new() }
    }

    const fn rngb(&self) -> Rngb<'b, B> {
        Rngb::new(self.bus)
    }

    const fn dcp(&self) -> Dcp<'b, B, Ocram<'b, B>> {
        Dcp::new(self.bus, Ocram::new(self.bus))
    }

    const fn caam(&self) -> Caam<'b, B, Ocram<'b, B>> {
        Caam::new(self.bus, Ocram::new(self.bus))
    }

    /// What random numbers come from; `None` for a part without a block for them.
    pub const fn source(&self) -> Option<Assumption> {
        match self.part {
            Part::Ull | Part::Ulz => Some(Assumption { name: "RNGB", width: 4, millibits: 593 }),
            Part::Ul => Some(Assumption { name: "CAAM", width: 4, millibits: 4000 }),
            Part::Emulated | Part::Unknown(_) => None,
        }
    }

    /// Starts the source of random numbers, once, before [`Keys::random`].
    ///
    /// # Errors
    /// What its block fails with, or `Part`.
    pub fn start_random(&self) -> Result<(), Error> {
        match self.part {
            Part::Ull | Part::Ulz => Ok(self.rngb().start()?),
            Part::Ul => {
                enable_clocks(self.bus, self.part);
                Ok(self.caam().start()?)
            }
            Part::Emulated | Part::Unknown(_) => Err(Error::Part(self.part)),
        }
    }

    /// One look at the source: puts samples that are there by now into `out`, and says how many bytes; for [`fill`]. What one caller
    /// has begun another may go on with, and what is left of it is lost.
    ///
    /// # Errors
    /// As [`Keys::start_random`]; after too many looks that found nothing too.
    pub fn random(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        match self.part {
            Part::Ull | Part::Ulz => {
                let word = Rngb::new(self.bus).word(&mut self.words)?;
                Ok(word.map_or(0, |word| out.iter_mut().zip(word.to_le_bytes()).map(|(to, from)| *to = from).count()))
            }
            Part::Ul => Ok(Caam::new(self.bus, Ocram::new(self.bus)).look(&mut self.job, out)?),
            Part::Emulated | Part::Unknown(_) => Err(Error::Part(self.part)),
        }
    }

    /// Derives what the hardware-unique key is made of, with the state that the SNVS was in before and after.
    ///
    /// On a closed chip the fused key is selected first, and that locked. On the 6UL after [`Keys::start_random`].
    ///
    /// # Errors
    /// As [`Keys::start_random`].
    pub fn unique(&self) -> Result<Unique, Error> {
        let snvs = Snvs::new(self.bus);
        let before = snvs.status();
        let selected = if before.is_closed() && before.has_unique_key() { snvs.select_fused_key() } else { snvs.selects_fused_key() };
        let secret = match self.part {
            Part::Ull | Part::Ulz => {
                enable_clocks(self.bus, self.part);
                let dcp = self.dcp();
                dcp.start()?;
                dcp.derive(&LABEL)?
            }
            Part::Ul => self.caam().blob_key()?,
            Part::Emulated | Part::Unknown(_) => return Err(Error::Part(self.part)),
        };
        // A violation in between has switched to the test key.
        let fault = before.fault().or(snvs.status().fault()).or(if selected { None } else { Some("software has selected another key") });
        Ok(Unique { secret, fault })
    }

    /// Sees to it that nobody derives the same again until reset, as far as the block can: after [`Keys::unique`], when it is not
    /// needed any more.
    pub fn seal(&self) {
        match self.part {
            Part::Ull | Part::Ulz => self.dcp().disable_unique_key(),
            Part::Ul => self.caam().seal_blob_key(),
            Part::Emulated | Part::Unknown(_) => {}
        }
    }
}

/// Switches the clocks of the blocks of a part on.
pub(super) fn enable_clocks<B: Bus>(bus: &B, part: Part) {
    let gates: &[Gate] = if part.has_caam() { &Gate::CAAM } else { &[Gate::DCP] };
    gates.iter().for_each(|gate| Ccm::new(bus).open(*gate));
}
