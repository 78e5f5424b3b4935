// SPDX-License-Identifier: BSD-2-Clause
//! Memory, in images that are built for debugging (feature `debug-console`). In others nothing of it is there.

#[cfg(feature = "debug-console")]
pub use with_memory::{md, mw};
#[cfg(not(feature = "debug-console"))]
pub use without_memory::{md, mw};

#[cfg(not(feature = "debug-console"))]
mod without_memory {
    use crate::console::Refusal;
    use crate::console::command::Session;
    use crate::ports::Platform;

    const NOT_HERE: Refusal = Refusal::Because("not in this image: only one that is built for debugging shows or writes memory");

    /// `md`.
    ///
    /// # Errors
    /// Always.
    pub fn md<P: Platform>(_session: &mut Session<'_, P>, _arguments: &[&str]) -> Result<(), Refusal> {
        Err(NOT_HERE)
    }

    /// `mw`.
    ///
    /// # Errors
    /// Always.
    pub fn mw<P: Platform>(_session: &mut Session<'_, P>, _arguments: &[&str]) -> Result<(), Refusal> {
        Err(NOT_HERE)
    }
}

#[cfg(feature = "debug-console")]
mod with_memory {
    use crate::console::Refusal;
    use crate::console::command::Session;
    use crate::console::words::{decimal, hexadecimal};
    use crate::ports::Platform;

    /// Bytes that `md` shows at most.
    const SHOWN: u64 = 4096;
    /// Bytes of a line of `md`.
    const LINE: u64 = 16;

    const NO_MEMORY: Refusal = Refusal::Because("no memory there");

    /// `md ADDRESS BYTES`.
    ///
    /// # Errors
    /// For other arguments, and where there is no memory.
    pub fn md<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
        let [address, len] = arguments else { return Err(Refusal::Usage("md ADDRESS BYTES (hexadecimal, decimal)")) };
        let (address, len) = (hexadecimal(address)?, decimal(len)?);
        if len > SHOWN {
            return Err(Refusal::Because("4096 bytes at most"));
        }
        let end = address.checked_add(len).ok_or(NO_MEMORY)?;
        let mut at = address;
        while at < end {
            let mut bytes = [0; LINE as usize];
            let count = usize::try_from(end.saturating_sub(at).min(LINE)).unwrap_or(0);
            let bytes = bytes.get_mut(..count).ok_or(NO_MEMORY)?;
            if !session.tee.platform.memory_read(at, bytes) {
                return Err(NO_MEMORY);
            }
            write!(session.out, "{at:08x}:")?;
            for byte in bytes.iter() {
                write!(session.out, " {byte:02x}")?;
            }
            let blanks = usize::try_from(LINE).unwrap_or(0).saturating_sub(count).saturating_mul(3);
            write!(session.out, "{:blanks$}  ", "")?;
            for byte in bytes.iter() {
                let printable = matches!(byte, b' '..=b'~');
                session.out.write_char(if printable { char::from(*byte) } else { '.' })?;
            }
            writeln!(session.out)?;
            at = at.saturating_add(LINE);
        }
        Ok(())
    }

    /// `mw ADDRESS VALUE`.
    ///
    /// # Errors
    /// For other arguments, and where there is no memory that can be written.
    pub fn mw<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
        let [address, value] = arguments else { return Err(Refusal::Usage("mw ADDRESS VALUE (hexadecimal, a word of 32 bits)")) };
        let address = hexadecimal(address)?;
        let value = u32::try_from(hexadecimal(value)?).map_err(|_| Refusal::Because("a word has 32 bits"))?;
        if !address.is_multiple_of(4) {
            return Err(Refusal::Because("a word stands at a multiple of 4"));
        }
        if session.tee.platform.memory_write(address, value) { Ok(()) } else { Err(NO_MEMORY) }
    }
}
