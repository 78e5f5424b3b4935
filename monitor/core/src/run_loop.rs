// SPDX-License-Identifier: BSD-2-Clause
//! The run loop of a CPU: enter the normal world, serve why it came back, enter it again.

use crate::Tee;
use crate::ports::{CpuIndex, NormalExit, NormalWorld, Platform, ThreadId};
use crate::smc::Answer;
use core::convert::Infallible;
use utee_abi::psci::SUCCESS;

impl<P: Platform> Tee<P> {
    /// Runs CPU `cpu` for ever: waits until it is switched on, then serves its normal world.
    pub fn run_cpu(&self, cpu: CpuIndex, world: &mut impl NormalWorld) -> Infallible {
        if cpu == 0 {
            self.console.begin(&self.platform);
        }
        loop {
            while let Some(start) = self.cpus.take_start(cpu) {
                world.start(start.entry, start.args);
                self.serve(cpu, world);
                self.leave_console(cpu);
                self.platform.cpu_off();
                self.cpus.set_off(cpu);
            }
            self.platform.wait_for_event();
        }
    }

    /// The same where firmware below this TEE has the power of the CPUs, after [`Tee::begin`] or [`Tee::powered_on`].
    pub fn run_powered_cpu(&self, cpu: CpuIndex, world: &mut impl NormalWorld) -> Infallible {
        loop {
            self.serve(cpu, world);
            self.powered_off(cpu);
        }
    }

    /// The boot CPU, which firmware below this TEE has on, before it enters the normal world.
    pub fn begin(&self) {
        self.cpus.set_on(0);
        self.console.begin(&self.platform);
    }

    /// `cpu` was switched on by firmware below this TEE.
    pub fn powered_on(&self, cpu: CpuIndex) {
        self.cpus.set_on(cpu);
        self.take_console(cpu);
    }

    /// `cpu` is about to be switched off by firmware below this TEE.
    pub fn powered_off(&self, cpu: CpuIndex) {
        self.cpus.set_off(cpu);
        self.leave_console(cpu);
        self.platform.cpu_off();
    }

    /// Serves the normal world on `cpu` until it switches the CPU off.
    pub fn serve(&self, cpu: CpuIndex, world: &mut impl NormalWorld) {
        loop {
            match world.enter() {
                NormalExit::Smc(regs) => match self.smc(cpu, &regs) {
                    Answer::Return(result) => world.set_result(result),
                    Answer::Yield => {
                        self.console.take_yield(world);
                        world.set_result([0; 4]);
                    }
                    Answer::CpuOff => return,
                    Answer::Sleep(start) => {
                        while !self.platform.wait_for_interrupt() {
                            self.console.poll(self);
                        }
                        match start {
                            Some(start) => world.start(start.entry, start.args),
                            None => world.set_result([SUCCESS, 0, 0, 0]),
                        }
                    }
                },
                NormalExit::SecureInterrupt => self.secure_interrupt(),
                NormalExit::CpuOff => return,
            }
        }
    }

    /// What a secure thread executes on its own stack: one yielding call, from its a0..a7 to its a0..a3; or the console.
    pub fn thread_main(&self, thread: ThreadId, regs: &[u32; 8]) -> [u32; 4] {
        if self.console.thread() == Some(thread) {
            crate::console::main(self)
        }
        self.rng.event(self.platform.ticks());
        crate::smc::yielding::serve(self, thread, regs)
    }
}
