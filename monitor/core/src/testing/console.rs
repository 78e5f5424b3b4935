// SPDX-License-Identifier: BSD-2-Clause
//! An operator at the secure UART, and a unit of access rights as i.MX has it.

use super::threads;
use crate::console::ports::{AccessControl, AccessError, EngineKey, EngineState, KeyEngine, LightError, Right};
use crate::console::screen::Screen;
use crate::ports::{CpuIndex, ThreadExit};
use std::collections::VecDeque;
use std::sync::Mutex;
use utee_abi::light::Light;
use utee_abi::result::TeeError;

/// Peripheral registers of [`Unit`].
const PERIPHERALS: u8 = 2;
/// Bus masters of it.
const MASTERS: u8 = 3;

/// Access rights in memory: peripheral 1 and master 2 are locked.
#[derive(Default)]
pub struct Unit {
    peripherals: Mutex<[[u8; 2]; PERIPHERALS as usize]>,
    masters: Mutex<[bool; MASTERS as usize]>,
}

impl AccessControl for Unit {
    fn counts(&self) -> (u8, u8) {
        (PERIPHERALS, MASTERS)
    }

    fn peripheral(&self, peripheral: u8, slave: u8) -> Option<Right<u8>> {
        let value = *self.peripherals.lock().unwrap().get(peripheral as usize)?.get(slave as usize)?;
        Some(Right { value, locked: peripheral == 1 })
    }

    fn set_peripheral(&self, peripheral: u8, slave: u8, value: u8) -> Result<(), AccessError> {
        match self.peripherals.lock().unwrap().get_mut(peripheral as usize).and_then(|slaves| slaves.get_mut(slave as usize)) {
            None => Err(AccessError::Unknown),
            Some(_) if peripheral == 1 => Err(AccessError::Locked("the lock bit of CSL01")),
            Some(right) => {
                *right = value;
                Ok(())
            }
        }
    }

    fn master(&self, master: u8) -> Option<Right<bool>> {
        let value = *self.masters.lock().unwrap().get(master as usize)?;
        Some(Right { value, locked: master == 2 })
    }

    fn set_master(&self, master: u8, secure: bool) -> Result<(), AccessError> {
        match self.masters.lock().unwrap().get_mut(master as usize) {
            None => Err(AccessError::Unknown),
            Some(_) if master == 2 => Err(AccessError::Locked("the lock bit of SA02")),
            Some(right) => {
                *right = secure;
                Ok(())
            }
        }
    }
}

/// A key engine whose state a test sets.
pub struct Engine {
    state: Mutex<EngineState>,
    keys: [[u8; 16]; 2],
}

impl KeyEngine for Engine {
    fn state(&self) -> EngineState {
        *self.state.lock().unwrap()
    }

    fn key(&self) -> Option<EngineKey> {
        (self.state() == EngineState::Lent).then(|| EngineKey::new(self.keys[0]))
    }

    fn take_back(&self) -> Result<EngineKey, TeeError> {
        *self.state.lock().unwrap() = EngineState::Locked;
        if self.keys[1] == [0; 16] { Err(TeeError::GENERIC) } else { Ok(EngineKey::new(self.keys[1])) }
    }
}

/// The operator's side of the pretended machine.
#[derive(Default)]
pub struct Console {
    pub(super) screen: Screen<spin::Mutex<()>>,
    typed: Mutex<VecDeque<u8>>,
    /// The interrupt of the UART is wanted.
    listening: Mutex<bool>,
    tick: Mutex<Option<u64>>,
    cpu: Mutex<CpuIndex>,
    interrupted: Mutex<u32>,
    resets: Mutex<u32>,
    unit: Mutex<Option<&'static Unit>>,
    engine: Mutex<Option<&'static Engine>>,
    /// Whether the blue light is on, once the board has lights.
    blue: Mutex<Option<bool>>,
}

impl Console {
    /// Types; the core learns of it by its next secure interrupt.
    pub fn press(&self, keys: &[u8]) {
        self.typed.lock().unwrap().extend(keys);
    }

    /// The next so many times that the console looks for keys, the normal world has an interrupt.
    pub fn interrupt(&self, times: u32) {
        *self.interrupted.lock().unwrap() = times;
    }

    /// The tick that the core wants a secure interrupt at for the console.
    pub fn tick(&self) -> Option<u64> {
        *self.tick.lock().unwrap()
    }

    /// The CPU that has the console's interrupt.
    pub fn cpu(&self) -> CpuIndex {
        *self.cpu.lock().unwrap()
    }

    /// How often the machine was reset.
    pub fn resets(&self) -> u32 {
        *self.resets.lock().unwrap()
    }

    /// Gives the board a unit of access rights.
    pub fn add_unit(&self) {
        *self.unit.lock().unwrap() = Some(std::boxed::Box::leak(std::boxed::Box::default()));
    }

    /// Gives the board a key engine, with what the secure world derives before it is lent and as it is taken back; zeros: nothing.
    pub fn add_engine(&self, state: EngineState, keys: [[u8; 16]; 2]) {
        *self.engine.lock().unwrap() = Some(std::boxed::Box::leak(std::boxed::Box::new(Engine { state: Mutex::new(state), keys })));
    }

    /// Gives the board its lights.
    pub fn add_lights(&self) {
        *self.blue.lock().unwrap() = Some(false);
    }

    /// Whether the blue light is on; `None` on a board without.
    pub fn blue(&self) -> Option<bool> {
        *self.blue.lock().unwrap()
    }

    pub(super) fn lend_light(&self, light: Light, on: bool) -> Result<(), LightError> {
        let mut blue = self.blue.lock().unwrap();
        match (blue.as_mut(), light) {
            (None, _) => Err(LightError::Absent),
            (Some(_), Light::White) => Err(LightError::SecureOnly),
            (Some(is_on), Light::Blue) => {
                *is_on = on;
                Ok(())
            }
        }
    }

    pub(super) fn key_engine(&self) -> Option<&dyn KeyEngine> {
        self.engine.lock().unwrap().map(|engine| engine as &dyn KeyEngine)
    }

    pub(super) fn ready(&self) -> bool {
        *self.listening.lock().unwrap() && !self.typed.lock().unwrap().is_empty()
    }

    pub(super) fn listen(&self) {
        *self.listening.lock().unwrap() = true;
    }

    pub(super) fn read(&self, out: &mut [u8]) -> usize {
        let interrupted = {
            let mut left = self.interrupted.lock().unwrap();
            let some = *left > 0;
            *left = left.saturating_sub(1);
            some
        };
        if interrupted {
            threads::suspend(ThreadExit::ForeignInterrupt);
        }
        let mut typed = self.typed.lock().unwrap();
        let count = out.len().min(typed.len());
        for (to, from) in out.iter_mut().zip(typed.drain(..count)) {
            *to = from;
        }
        count
    }

    pub(super) fn route(&self, cpu: CpuIndex) {
        *self.cpu.lock().unwrap() = cpu;
    }

    pub(super) fn set_tick(&self, tick: Option<u64>) {
        *self.tick.lock().unwrap() = tick;
    }

    /// The thread that asked for it is never resumed: the machine starts anew.
    pub(super) fn reset(&self) -> ! {
        *self.resets.lock().unwrap() += 1;
        loop {
            threads::suspend(ThreadExit::Wait(None));
        }
    }

    pub(super) fn access_control(&self) -> Option<&dyn AccessControl> {
        self.unit.lock().unwrap().map(|unit| unit as &dyn AccessControl)
    }
}
