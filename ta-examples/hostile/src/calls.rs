// SPDX-License-Identifier: BSD-2-Clause
//! Attacks on the system-call interface.

use core::arch::asm;
use core::ptr;
use hello_world::proto as hello;
use utee::Result;
use utee::info;
use utee::memory::{AccessFlags, check_access_rights};
use utee::raw::{Kernel, RawSyscalls, Word};
use utee::session::Session;
use utee::utee_abi::crypto::{Algorithm, OperationMode};
use utee::utee_abi::property::Set;
use utee::utee_abi::sysnum::Syscall;

/// An argument of a system call.
#[derive(Clone, Copy)]
enum Arg {
    /// A number.
    Number(u32),
    /// An open digest state.
    State,
    /// An open session.
    Session,
    /// Memory that the kernel reads.
    In,
    /// Memory that the kernel writes.
    Out,
    /// Memory that the kernel writes, or NULL.
    OptionalOut,
    /// A length cell of 32 or 64 bits that the kernel reads and writes.
    Cell,
    /// The UUID of a TA.
    Uuid,
    /// struct utee_params, or NULL.
    Params,
}
use Arg::{Cell, In, Number, OptionalOut, Out, Params, State, Uuid};

/// Calls with arguments that are right but for one pointer at a time.
const CALLS: &[(Syscall, &[Arg])] = &[
    (Syscall::GetProperty, &[Number(Set::Client as u32), Number(0), OptionalOut, Cell, OptionalOut, Cell, OptionalOut]),
    (Syscall::GetPropertyNameToIndex, &[Number(Set::Client as u32), In, Number(8), Out]),
    (Syscall::OpenTaSession, &[Uuid, Number(0xFFFF_FFFF), Params, Out, OptionalOut]),
    (Syscall::InvokeTaCommand, &[Arg::Session, Number(0xFFFF_FFFF), Number(hello::NOP), Params, OptionalOut]),
    (Syscall::CheckAccessRights, &[Number(7), Out, Number(16)]),
    (Syscall::GetCancellationFlag, &[Out]),
    (Syscall::UnmaskCancellation, &[Out]),
    (Syscall::MaskCancellation, &[Out]),
    (Syscall::GetTime, &[Number(0), Out]),
    (Syscall::SetTaTime, &[In]),
    (Syscall::CrypStateAlloc, &[Number(Algorithm::Sha256 as u32), Number(OperationMode::Digest as u32), Number(0), Number(0), Out]),
    (Syscall::HashUpdate, &[State, In, Number(16)]),
    (Syscall::HashFinal, &[State, In, Number(16), Out, Cell]),
    (Syscall::RandomNumberGenerate, &[Out, Number(16)]),
];

/// Calls that have no pointer, or that the kernel always takes.
const HARMLESS: &[Syscall] = &[Syscall::Return, Syscall::Log, Syscall::Panic, Syscall::Wait];

/// Addresses that are nobody's business: NULL, odd, kernel, flash and devices, normal world, the end of the world.
const WILD: [u32; 7] = [0, 1, 0x0E00_1000, 0x0000_1000, 0x0904_0000, 0x4400_0000, 0xFFFF_FFF0];

/// What came of the calls.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) made: u32,
    pub(crate) refused: u32,
    /// Code and number of the last call that was not refused.
    pub(crate) accepted_code: u32,
    pub(crate) accepted_number: u32,
}

impl Report {
    fn add(&mut self, call: Syscall, position: usize, address: u32, code: u32) {
        self.made += 1;
        if code != 0 {
            self.refused += 1;
            return;
        }
        info!("{} took {address:#x} as argument {position}", call.name());
        (self.accepted_code, self.accepted_number) = (code, call.raw());
    }
}

/// Memory that right arguments point to.
#[repr(C, align(8))]
struct Scratch {
    bytes: [u8; 96],
    cells: [u64; 2],
    params: [u8; 72],
    uuid: [u8; 16],
}

impl Scratch {
    const fn new() -> Self {
        Self { bytes: [0; 96], cells: [0; 2], params: [0; 72], uuid: [0; 16] }
    }
}

/// Open handles that right arguments name.
struct Handles {
    state: u32,
    session: u32,
}

fn word(arg: Arg, scratch: &mut Scratch, handles: &Handles) -> Word {
    match arg {
        Number(number) => Word::number(number),
        State => Word::number(handles.state),
        Arg::Session => Word::number(handles.session),
        In | Out | OptionalOut => Word::from_mut(scratch.bytes.as_mut_ptr()),
        Cell => {
            scratch.cells = [64; 2];
            Word::from_mut(scratch.cells.as_mut_ptr())
        }
        Uuid => {
            scratch.uuid = hello::UUID.to_memory();
            Word::from_mut(scratch.uuid.as_mut_ptr())
        }
        Params => {
            scratch.params = [0; 72];
            Word::from_mut(scratch.params.as_mut_ptr())
        }
    }
}

/// True when the kernel has to refuse `address` in the place of `arg`.
fn is_wild(arg: Arg, address: u32) -> bool {
    let rights = match arg {
        Number(_) | State | Arg::Session => return false,
        OptionalOut | Params if address == 0 => return false,
        In | Uuid => AccessFlags::READ,
        Out | OptionalOut | Cell | Params => AccessFlags::READ | AccessFlags::WRITE,
    };
    // Whatever the addresses above are on this board: memory of the TA's own is none of them.
    check_access_rights(rights | AccessFlags::ANY_OWNER, ptr::without_provenance(address as usize), 1).is_err()
}

pub(crate) fn wild_pointers() -> Result<Report> {
    let mut report = Report::default();
    let session = Session::open(&hello::UUID)?.keep();
    let mut state = 0u32;
    let arguments = [Number(Algorithm::Sha256 as u32), Number(OperationMode::Digest as u32), Number(0), Number(0)];
    let mut scratch = Scratch::new();
    let handles = Handles { state: 0, session };
    let [algorithm, mode, key1, key2] = arguments.map(|arg| word(arg, &mut scratch, &handles));
    // SAFETY: the kernel writes the u32 `state`.
    unsafe { Kernel::call(Syscall::CrypStateAlloc, [algorithm, mode, key1, key2, Word::from_mut(&raw mut state)]) };
    let handles = Handles { state, session };
    // SAFETY: no memory is named.
    unsafe { Kernel::call(Syscall::HashInit, [Word::number(state), Word::ZERO, Word::ZERO]) };

    let code = wild_pointers as fn() -> Result<Report> as usize as u32;
    for (call, arguments) in CALLS {
        for position in 0..arguments.len() {
            for address in WILD.into_iter().chain([code]) {
                attack(&mut report, *call, arguments, position, address, &handles);
            }
        }
    }
    for call in Syscall::ALL {
        let named = CALLS.iter().any(|(other, _)| other == call);
        if !named && !HARMLESS.contains(call) {
            // Neither a handle nor memory: 0 and small numbers could be handles.
            for address in WILD.into_iter().filter(|address| *address > 0xFFFF) {
                // SAFETY: none; the kernel refuses the pointers.
                report.add(*call, 0, address, unsafe { Kernel::call(*call, [Word::number(address); 8]) });
            }
        }
    }
    // SAFETY: no memory is named.
    unsafe { Kernel::call(Syscall::CrypStateFree, [Word::number(state)]) };
    drop(Session::from_kept(session));
    Ok(report)
}

fn attack(report: &mut Report, call: Syscall, arguments: &[Arg], position: usize, address: u32, handles: &Handles) {
    if !arguments.get(position).is_some_and(|arg| is_wild(*arg, address)) {
        return;
    }
    let mut scratch = Scratch::new();
    let mut words = [Word::ZERO; 8];
    for (index, (to, arg)) in words.iter_mut().zip(arguments).enumerate() {
        *to = if index == position { Word::number(address) } else { word(*arg, &mut scratch, handles) };
    }
    // SAFETY: all pointers but one are to `scratch`; the kernel refuses that one.
    report.add(call, position, address, unsafe { Kernel::call(call, words) });
}

/// Makes system calls by number, all arguments 0; those that end the TA are left out.
pub(crate) fn every_number(last: u32) {
    for number in (0..=last).filter(|number| ![Syscall::Return.raw(), Syscall::Panic.raw()].contains(number)) {
        #[cfg(target_arch = "aarch64")]
        let mut result = 0u64;
        #[cfg(target_arch = "arm")]
        let mut result = 0u32;
        // SAFETY: no pointer is passed, so the kernel touches no memory of this TA.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            asm!(
                "svc #0",
                in("x8") u64::from(number),
                inout("x0") result,
                in("x1") 0u64,
                in("x2") 0u64,
                in("x3") 0u64,
                in("x4") 0u64,
                in("x5") 0u64,
                in("x6") 0u64,
                in("x7") 0u64,
                clobber_abi("C"),
            );
        }
        // SAFETY: as above.
        #[cfg(target_arch = "arm")]
        unsafe {
            asm!(
                // r6 is the count of further words, and not for the compiler to give.
                "mov r4, r6",
                "mov r6, #0",
                "svc #0",
                "mov r6, r4",
                out("r4") _,
                in("r7") number,
                in("r5") 0,
                inout("r0") result,
                in("r1") 0,
                in("r2") 0,
                in("r3") 0,
                clobber_abi("C"),
            );
        }
        if result == 0 && number > Syscall::CacheOperation.raw() {
            info!("system call {number} exists");
        }
    }
}
