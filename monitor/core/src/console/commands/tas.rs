// SPDX-License-Identifier: BSD-2-Clause
//! Trusted applications, and what they and the TEE had to say.

use super::none;
use crate::console::Refusal;
use crate::console::command::Session;
use crate::limits::MAX_INSTANCES;
use crate::ports::{PAGE_SIZE, Platform};
use crate::ta::instance::Doing;
use crate::ta::time::Clock;
use utee_abi::uuid::Uuid;

struct Row {
    uuid: Uuid,
    sessions: u32,
    doing: Doing,
    pages: Option<usize>,
}

/// `ta`.
///
/// # Errors
/// For arguments.
pub fn ta<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    none(arguments, "ta")?;
    let tee = session.tee;
    let mut count = 0u32;
    // Printing is slow and the table is under a lock: one row at a time, of one moment each.
    for index in 0..MAX_INSTANCES {
        let Some(row) = row(session, index) else { break };
        if index == 0 {
            writeln!(session.out, "{:36} {:>8} {:>10}  state", "TA", "sessions", "KiB")?;
        }
        write!(session.out, "{} {:>8} ", row.uuid, row.sessions)?;
        match row.pages {
            Some(pages) => write!(session.out, "{:>10}  ", pages.saturating_mul(PAGE_SIZE) / 1024)?,
            // Only the thread that runs in it may look.
            None => write!(session.out, "{:>10}  ", "-")?,
        }
        match row.doing {
            Doing::Nothing => writeln!(session.out, "idle")?,
            Doing::Running(thread) => writeln!(session.out, "on thread {}", thread.0)?,
            Doing::Dead => writeln!(session.out, "dead")?,
        }
        count = count.saturating_add(1);
    }
    let (free, size) = tee.platform.ta_ram();
    let (heap_free, heap) = tee.platform.heap();
    let time = tee.platform.uptime();
    writeln!(session.out, "{count} loaded, {} sessions", tee.sessions.count())?;
    writeln!(session.out, "TA memory {} of {} KiB in use", size.saturating_sub(free) / 1024, size / 1024)?;
    writeln!(session.out, "kernel heap {} of {} KiB in use", heap.saturating_sub(heap_free) / 1024, heap / 1024)?;
    writeln!(session.out, "up for {}.{:03} s", time.as_secs(), time.subsec_millis())?;
    Ok(())
}

fn row<P: Platform>(session: &Session<'_, P>, index: usize) -> Option<Row> {
    let (mut at, mut row) = (0usize, None);
    session.tee.registry.for_each(|instance| {
        if at == index {
            let (doing, pages) = instance.doing();
            row = Some(Row { uuid: instance.uuid, sessions: instance.sessions(), doing, pages });
        }
        at = at.saturating_add(1);
    });
    row
}

/// `log` in an image that keeps none.
///
/// # Errors
/// Always.
#[cfg(not(feature = "log"))]
pub fn log<P: Platform>(_session: &mut Session<'_, P>, _arguments: &[&str]) -> Result<(), Refusal> {
    Err(Refusal::Because("this image keeps no log"))
}

/// `log [BYTES]`.
///
/// # Errors
/// For other arguments.
#[cfg(feature = "log")]
pub fn log<P: Platform>(session: &mut Session<'_, P>, arguments: &[&str]) -> Result<(), Refusal> {
    use crate::console::words::decimal;
    use crate::journal::{CAPACITY, Read};

    /// Bytes that are shown unless told.
    const TAIL: u64 = 2048;
    /// Bytes that are copied at a time.
    const CHUNK: usize = 128;

    let wanted = match arguments {
        [] => TAIL,
        [bytes] => decimal(bytes)?.min(CAPACITY as u64),
        _ => return Err(Refusal::Usage("log [BYTES]")),
    };
    let journal = session.tee.platform.journal();
    let end = journal.read(u64::MAX, &mut []).next;
    let mut position = end.saturating_sub(wanted);
    // The first line is whole, unless it is longer than all.
    let mut within = position == 0;
    while position < end {
        let mut bytes = [0; CHUNK];
        let Read { len, next, .. } = journal.read(position, &mut bytes);
        if len == 0 {
            break;
        }
        for byte in bytes.iter().take(len) {
            if within {
                // What a TA prints is no command to the operator's terminal.
                let shown = matches!(byte, b' '..=b'~' | b'\n' | b'\t');
                session.out.write_char(if shown { char::from(*byte) } else { '?' })?;
            }
            within |= *byte == b'\n';
        }
        position = next;
    }
    Ok(())
}
