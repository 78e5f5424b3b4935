// SPDX-License-Identifier: BSD-2-Clause
//! The drivers of UART, clocks, pads, GPIO, counter, power and watchdog against a bus that keeps what is written: which registers
//! they touch, in which order, with which values. The expected numbers are from the chip's public tables, not from the drivers.

use drivers::imx6::bus::Bus;
use drivers::imx6::ccm::{Ccm, Gate, Usdhc};
use drivers::imx6::gpio::Led;
use drivers::imx6::iomuxc::{self, Iomuxc};
use drivers::imx6::map::{self, Register};
use drivers::imx6::uart::Uart;
use drivers::imx6::wdog::{Times, Watchdog};
use drivers::imx6::{counter, power};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Registers that hold what is written, and every write.
#[derive(Default)]
struct Registers {
    values: RefCell<BTreeMap<u32, u32>>,
    writes: RefCell<Vec<(u32, u32)>>,
}

impl Registers {
    fn with(values: &[(u32, u32)]) -> Self {
        Self { values: RefCell::new(values.iter().copied().collect()), writes: RefCell::default() }
    }

    fn writes(&self) -> Vec<(u32, u32)> {
        self.writes.take()
    }

    fn set(&self, address: u32, value: u32) {
        self.values.borrow_mut().insert(address, value);
    }
}

impl Bus for Registers {
    fn read(&self, register: Register) -> u32 {
        self.values.borrow().get(&register.address()).copied().unwrap_or(0)
    }

    fn write(&self, register: Register, value: u32) {
        self.set(register.address(), value);
        self.writes.borrow_mut().push((register.address(), value));
    }

    fn read16(&self, register: Register) -> u16 {
        self.read(register) as u16
    }

    fn write16(&self, register: Register, value: u16) {
        self.write(register, value.into());
    }
}

/// UART 2 with nothing to send.
fn uart2() -> Registers {
    Registers::with(&[(0x021E_8098, 1 << 3)])
}

/// The same, with a UART whose reset is over at once, as the hardware says it.
struct Quick<'r>(&'r Registers);
impl Bus for Quick<'_> {
    fn read(&self, register: Register) -> u32 {
        if register.address() == 0x021E_8084 { 1 } else { self.0.read(register) }
    }
    fn write(&self, register: Register, value: u32) {
        self.0.write(register, value);
    }
    fn read16(&self, register: Register) -> u16 {
        self.0.read16(register)
    }
    fn write16(&self, register: Register, value: u16) {
        self.0.write16(register, value);
    }
}

#[test]
fn a_uart_is_reset_and_set_to_115200_baud() {
    let bus = uart2();
    let uart = Uart::new(&bus, map::UART2);
    // 80 MHz, halved, by 347: 115273 baud.
    let quick = Quick(&bus);
    Uart::new(&quick, map::UART2).init(80_000_000);
    let base = 0x021E_8000;
    let wanted =
        [(0x80, 0), (0x84, 0), (0x88, 0x784), (0x8C, 32 << 10), (0x90, 0x0A01), (0xA4, 15), (0xA8, 346), (0x84, 0x4027), (0x80, 1)];
    assert_eq!(bus.writes(), wanted.map(|(offset, value)| (base + offset, value)));
    uart.interrupt_on_receive(true);
    uart.interrupt_on_receive(false);
    assert_eq!(bus.writes(), [(0x021E_8080, 0x201), (0x021E_8080, 1)]);
}

#[test]
fn a_uart_sends_and_receives_bytes() {
    let bus = uart2();
    let uart = Uart::new(&bus, map::UART2);
    uart.send(b"ok");
    assert_eq!(bus.writes(), [(0x021E_8040, u32::from(b'o')), (0x021E_8040, u32::from(b'k'))]);
    assert_eq!(uart.receive(), None);
    bus.set(0x021E_8098, 1);
    bus.set(0x021E_8000, 0x8000 | u32::from(b'x'));
    assert_eq!(uart.receive(), Some(b'x'));
}

#[test]
fn a_line_that_never_empties_holds_nobody_for_ever() {
    let bus = uart2();
    bus.set(0x021E_80B4, 1 << 4);
    Uart::new(&bus, map::UART2).send(b"x");
    assert_eq!(bus.writes().len(), 1);
}

#[test]
fn clocks_are_opened_where_they_are_and_told() {
    let bus = Registers::default();
    let ccm = Ccm::new(&bus);
    for (gate, register, value) in [
        (Gate::UART1, 0x020C_407C, 0b11 << 24),
        (Gate::UART2, 0x020C_4068, 0b11 << 28),
        (Gate::GPIO4, 0x020C_4074, 0b11 << 12),
        (Gate::WDOG2, 0x020C_407C, 0b11 << 24 | 0b11 << 10),
        (Gate::CSU, 0x020C_406C, 0b11 << 28),
        (Gate::OCOTP, 0x020C_4070, 0b11 << 12),
    ] {
        ccm.open(gate);
        assert_eq!(bus.writes(), [(register, value)], "{gate:?}");
        ccm.open(gate);
        assert_eq!(bus.writes(), [], "{gate:?} runs already");
    }
    assert_eq!(ccm.uart_clock(), 80_000_000);
    bus.set(0x020C_4024, 1 << 6 | 1);
    assert_eq!(ccm.uart_clock(), 12_000_000);
    // PFD2 of PLL2 at 528 * 18 / 24 = 396 MHz, halved; PFD0 at 352 MHz.
    bus.set(0x020C_4024, 1 << 11);
    bus.set(0x020C_8100, 24 << 16 | 27);
    assert_eq!(ccm.usdhc_clock(Usdhc::First), 198_000_000);
    bus.set(0x020C_401C, 1 << 17);
    assert_eq!(ccm.usdhc_clock(Usdhc::Second), 352_000_000);
}

#[test]
fn a_pin_behaves_before_it_has_its_function() {
    let bus = Registers::default();
    Iomuxc::new(&bus).set(&iomuxc::UART1);
    let wanted = [(0x310, 0x1_B0B1), (0x084, 0), (0x314, 0x1_B0B1), (0x624, 3), (0x088, 0)];
    assert_eq!(bus.writes(), wanted.map(|(offset, value)| (0x020E_0000 + offset, value)));
    Iomuxc::new(&bus).set(&[iomuxc::WDOG2_RESET]);
    assert_eq!(bus.writes(), [(0x020E_0364, 0x1_F030), (0x020E_00D8, 8)]);
}

#[test]
fn leds_shine_when_their_line_is_low_and_white_is_not_lent() {
    let bus = Registers::with(&[(0x020A_8000, 0x0100_0000)]);
    Led::White.set(&bus, false);
    assert_eq!(bus.writes(), [(0x020A_8000, 0x0120_0000), (0x020A_8004, 1 << 21)]);
    assert!(!Led::White.is_on(&bus));
    Led::White.set(&bus, true);
    assert_eq!(bus.writes(), [(0x020A_8000, 0x0100_0000), (0x020A_8004, 1 << 21)]);
    Led::Blue.set(&bus, true);
    assert_eq!(bus.writes(), [(0x020A_8000, 0x0100_0000), (0x020A_8004, 0b11 << 21)]);
    assert!(Led::White.is_on(&bus) && Led::Blue.is_on(&bus));
    assert_eq!(Led::ALL.map(|led| (led.name(), led.is_lent())), [("white", false), ("blue", true)]);
}

#[test]
fn the_counter_runs_at_what_its_table_says() {
    let bus = Registers::default();
    assert_eq!(counter::start(&bus), 8_000_000);
    assert_eq!(bus.writes(), [(0x021D_C000, 0x103)]);
    bus.set(0x021D_C020, 24_000_000);
    assert_eq!(counter::start(&bus), 24_000_000);
}

#[test]
fn off_and_reset_leave_other_bits_alone() {
    let bus = Registers::with(&[(0x020C_C038, 1), (0x020C_0000, 0x1234)]);
    power::off(&bus);
    assert_eq!(bus.writes(), [(0x020C_C038, 0x61)]);
    Watchdog::trusted(&bus).reset();
    // Neither "no reset" (bit 4) nor "no line" (bit 5); written three times.
    assert_eq!(bus.writes(), [(0x020C_0000, 0x1244); 3]);
}

#[test]
fn the_trusted_watchdog_warns_before_it_bites() {
    let bus = Registers::with(&[(0x020B_C008, 1), (0x020C_0008, 1), (0x021E_4008, 1), (0x020C_0000, 0x30)]);
    Watchdog::start_trusted(&bus, Times::new(10, 2).unwrap());
    let wanted = [
        (0x020B_C008, 0),
        (0x020C_0008, 0),
        (0x021E_4008, 0),
        (0x020C_0006, 0x8004),
        (0x020C_0000, 0x1334),
        (0x020C_0002, 0x5555),
        (0x020C_0002, 0xAAAA),
        (0x020C_0006, 0xC004),
    ];
    assert_eq!(bus.writes(), wanted);
}
