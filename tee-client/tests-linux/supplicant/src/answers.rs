// SPDX-License-Identifier: BSD-2-Clause
//! The requests and their answers.

use crate::{Behaviour, SILENT, TAKEN};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tee_client::transport::linux::{Block, Device, Errno, Kernel, Shared};
use tee_client::{SharedBytes, TeeError, Uuid};
use utee_abi::linux::{ATTRIBUTE_META, Param, Supplicant};
use utee_abi::param::ParamType;
use utee_abi::rpc::{RpcCommand, ShmType};

/// Where Debian has TAs.
const FOLDER: &str = "/lib/optee_armtz";
/// The TA whose image comes where another is asked for: `hostile`.
const OTHER: Uuid = Uuid::new(0xb6c5_3aba, 0x9669, 0x4668, [0xa7, 0xf2, 0x20, 0x56, 0x29, 0xd0, 0x0f, 0x86]);
/// How long a late answer takes.
const LATE: Duration = Duration::from_secs(5);
/// Numbers of requests and of memory that do not exist.
const NOWHERE: u64 = 9999;

/// A type of parameter that does not exist; Linux takes it for none.
const NO_TYPE: u64 = 4;

/// A supplicant.
struct Server<'d> {
    device: &'d Device,
    behaviour: Behaviour,
    memory: BTreeMap<u64, Arc<Block>>,
    flipping: Option<Arc<AtomicBool>>,
}

/// Serves requests until Linux has none any more.
///
/// # Errors
/// Why the next request could not be had, or an answer was refused that Linux has to take.
pub fn serve(device: &Device, behaviour: Behaviour) -> Result<(), String> {
    let mut server = Server { device, behaviour, memory: BTreeMap::new(), flipping: None };
    loop {
        let mut call = Supplicant::default();
        call.params[0].attribute = ATTRIBUTE_META;
        device.supplicant_receive(&mut call).map_err(|error| format!("no request: {error}"))?;
        server.answer(&mut call)?;
    }
}

impl Server<'_> {
    fn answer(&mut self, call: &mut Supplicant) -> Result<(), String> {
        let command = RpcCommand::try_from(call.code).ok();
        if self.behaviour == Behaviour::Unasked {
            self.answer_unasked(*call)?;
        }
        let [_, first, second, ..] = &mut call.params;
        call.code = match command {
            Some(RpcCommand::ShmAlloc) => self.allocate(first),
            Some(RpcCommand::ShmFree) => self.free(first),
            Some(RpcCommand::LoadTa) => self.load(first, second),
            _ => TeeError::NOT_SUPPORTED.raw(),
        };
        if command == Some(RpcCommand::LoadTa) {
            self.spoil(call)?;
        }
        self.device.supplicant_send(call).map_err(|error| format!("answer refused: {error}"))
    }

    /// Answers requests that nobody made: a number that does not exist, and one that was answered already.
    fn answer_unasked(&self, mut call: Supplicant) -> Result<(), String> {
        call.params[0].a = NOWHERE;
        self.refused(&mut call)?;
        call.params[0] = Param::default();
        self.refused(&mut call)
    }

    /// Sends what Linux has to refuse.
    fn refused(&self, call: &mut Supplicant) -> Result<(), String> {
        match self.device.supplicant_send(call) {
            Err(Errno(_)) => Ok(()),
            Ok(()) => Err(TAKEN.into()),
        }
    }

    fn allocate(&mut self, param: &mut Param) -> u32 {
        let size = usize::try_from(param.b).unwrap_or(0);
        if param.a != u64::from(u32::from(ShmType::Application)) {
            return TeeError::BAD_PARAMETERS.raw();
        }
        match self.behaviour {
            Behaviour::NoMemory => return TeeError::OUT_OF_MEMORY.raw(),
            Behaviour::DiesAtAllocation => std::process::abort(),
            Behaviour::UnknownMemory => {
                param.c = NOWHERE;
                return 0;
            }
            Behaviour::NegativeMemory => {
                param.c = u64::MAX;
                return 0;
            }
            _ => {}
        }
        let given = if self.behaviour == Behaviour::SmallMemory { size / 2 } else { size };
        let Ok(block) = self.device.allocate(given) else { return TeeError::OUT_OF_MEMORY.raw() };
        let id = u64::from(block.id().unsigned_abs());
        self.memory.insert(id, Arc::new(block));
        param.c = id;
        0
    }

    fn free(&mut self, param: &Param) -> u32 {
        if self.behaviour == Behaviour::DiesAtFree {
            std::process::abort();
        }
        if let Some(stop) = self.flipping.take() {
            stop.store(true, Ordering::Relaxed);
        }
        let known = self.memory.remove(&param.b).is_some();
        if known && self.behaviour != Behaviour::NotFreed { 0 } else { TeeError::BAD_PARAMETERS.raw() }
    }

    fn load(&mut self, uuid: &Param, place: &mut Param) -> u32 {
        let uuid = Uuid::from_words(uuid.a, uuid.b);
        let (offset, room) = (place.a as usize, place.b as usize);
        let first = room == 0;
        match self.behaviour {
            Behaviour::NotFound => return TeeError::ITEM_NOT_FOUND.raw(),
            Behaviour::Late => std::thread::sleep(LATE),
            Behaviour::Never => {
                println!("{SILENT}");
                std::thread::sleep(Duration::MAX);
            }
            Behaviour::DiesAtLoad => std::process::abort(),
            _ => {}
        }
        let wanted = if self.behaviour == Behaviour::OtherImage { OTHER } else { uuid };
        let Ok(mut image) = std::fs::read(Path::new(FOLDER).join(format!("{wanted}.ta"))) else {
            return TeeError::ITEM_NOT_FOUND.raw();
        };
        place.b = match self.behaviour {
            Behaviour::SizeZero => 0,
            Behaviour::SizeHuge => u64::from(u32::MAX),
            Behaviour::SizeLarger => image.len() as u64 + 4096,
            Behaviour::SizeGrowing if !first => place.b + 1,
            Behaviour::Truncated => image.len() as u64 / 2,
            _ => image.len() as u64,
        };
        if self.behaviour == Behaviour::ChangedBetween {
            let middle = image.len() / 2;
            image[middle] ^= 1;
        }
        if self.behaviour == Behaviour::FreedEarly {
            self.memory.remove(&place.c);
        }
        if let Some(block) = self.memory.get(&place.c) {
            let len = image.len().min(room);
            // What does not fit is not there.
            let _ = block.write(offset, &image[..len]);
            if self.behaviour == Behaviour::Flipping && len == image.len() {
                self.flipping = Some(flip(Arc::clone(block), offset, image));
            }
        }
        0
    }

    /// What is wrong with the answer itself.
    fn spoil(&self, call: &mut Supplicant) -> Result<(), String> {
        match self.behaviour {
            Behaviour::WrongTypes => {
                for param in &mut call.params[1..] {
                    *param = Param { attribute: u64::from(u8::from(ParamType::ValueOutput)), a: u64::MAX, b: u64::MAX, c: u64::MAX };
                }
            }
            Behaviour::WrongAttributes => {
                let mut wrong = *call;
                wrong.params[2].attribute = u64::MAX;
                self.refused(&mut wrong)?;
                call.params[2].attribute = NO_TYPE;
            }
            Behaviour::WrongCount => {
                let mut wrong = *call;
                for count in 0..call.param_count {
                    wrong.param_count = count;
                    self.refused(&mut wrong)?;
                }
                call.code = TeeError::GENERIC.raw();
            }
            Behaviour::WrongResult => call.code = 0x1234_5678,
            Behaviour::SmallResult => call.code = 1,
            _ => {}
        }
        Ok(())
    }
}

/// Changes bytes of an image until it is told to stop; most of the time it is as it was.
fn flip(block: Arc<Block>, offset: usize, image: Vec<u8>) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        for at in (0..image.len()).step_by(97).cycle() {
            if told.load(Ordering::Relaxed) {
                break;
            }
            let _ = block.write(offset + at, &[!image[at]]);
            let _ = block.write(offset + at, &image[at..=at]);
        }
    });
    stop
}
