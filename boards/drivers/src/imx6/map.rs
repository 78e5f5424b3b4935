// SPDX-License-Identifier: BSD-2-Clause
//! Addresses of the i.MX6UL, ULL and ULZ ("Memory Maps" chapter of their reference manuals). Each stands here and nowhere else.
//!
//! From public drivers of these parts, not checked on hardware; those of ROMCP and SDMA are from general knowledge only.

use core::fmt;

/// A register of the chip. Only this module makes one, so that a [`super::bus::Bus`] sees addresses of known blocks alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Register(u32);

impl Register {
    /// Its physical address.
    pub const fn address(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// A range of the physical address space that belongs to one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    base: u32,
    size: u32,
}

impl Block {
    /// `size` is a power of two, in bytes.
    const fn new(base: u32, size: u32) -> Self {
        assert!(size.is_power_of_two() && base.is_multiple_of(size), "a block is as aligned as it is large");
        Self { base, size }
    }

    /// Its first address.
    pub const fn base(self) -> u32 {
        self.base
    }

    /// Its size in bytes.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// Whether `address` lies in it.
    pub const fn contains(self, address: u32) -> bool {
        address.wrapping_sub(self.base) < self.size
    }

    /// The register at a byte offset. The mask keeps it inside, whatever the offset was computed from.
    pub(super) const fn register(self, offset: u32) -> Register {
        Register(self.base | (offset & (self.size - 1)))
    }
}

/// Bytes of a peripheral's window on the bus.
const WINDOW: u32 = 0x4000;

/// On-chip RAM.
pub const OCRAM: Block = Block::new(0x0090_0000, 0x2_0000);
/// Interrupt distributor of the CPU's GICv2.
pub const GIC_DISTRIBUTOR: Block = Block::new(0x00A0_1000, 0x1000);
/// Its CPU interface.
pub const GIC_CPU: Block = Block::new(0x00A0_2000, 0x2000);
/// UART 1: the console of the MCIMX6ULL-EVK.
pub const UART1: Block = Block::new(0x0202_0000, WINDOW);
/// Timer GPT1.
pub const GPT1: Block = Block::new(0x0209_8000, WINDOW);
/// GPIO 1.
pub const GPIO1: Block = Block::new(0x0209_C000, WINDOW);
/// GPIO 2.
pub const GPIO2: Block = Block::new(0x020A_0000, WINDOW);
/// GPIO 3.
pub const GPIO3: Block = Block::new(0x020A_4000, WINDOW);
/// GPIO 4.
pub const GPIO4: Block = Block::new(0x020A_8000, WINDOW);
/// GPIO 5.
pub const GPIO5: Block = Block::new(0x020A_C000, WINDOW);
/// Secure non-volatile storage, low-power part.
pub const SNVS_LP: Block = Block::new(0x020B_0000, WINDOW);
/// Ethernet 2.
pub const ENET2: Block = Block::new(0x020B_4000, WINDOW);
/// Watchdog 1.
pub const WDOG1: Block = Block::new(0x020B_C000, WINDOW);
/// Watchdog 2: the trusted watchdog, and the reset of the board.
pub const WDOG2: Block = Block::new(0x020C_0000, WINDOW);
/// Clocks.
pub const CCM: Block = Block::new(0x020C_4000, WINDOW);
/// PLLs, USB analog parts, and the silicon id.
pub const ANATOP: Block = Block::new(0x020C_8000, WINDOW);
/// Secure non-volatile storage, high-power part.
pub const SNVS_HP: Block = Block::new(0x020C_C000, WINDOW);
/// Timer EPIT1.
pub const EPIT1: Block = Block::new(0x020D_0000, WINDOW);
/// Timer EPIT2.
pub const EPIT2: Block = Block::new(0x020D_4000, WINDOW);
/// Reset controller, with the words that a wake-up starts from.
pub const SRC: Block = Block::new(0x020D_8000, WINDOW);
/// Power controller.
pub const GPC: Block = Block::new(0x020D_C000, WINDOW);
/// Pads.
pub const IOMUXC: Block = Block::new(0x020E_0000, WINDOW);
/// General-purpose registers of the pad controller.
pub const IOMUXC_GPR: Block = Block::new(0x020E_4000, WINDOW);
/// Timer GPT2.
pub const GPT2: Block = Block::new(0x020E_8000, WINDOW);
/// Smart DMA.
pub const SDMA: Block = Block::new(0x020E_C000, WINDOW);
/// CAAM of the i.MX6UL.
pub const CAAM: Block = Block::new(0x0214_0000, 0x4_0000);
/// USB 1 and 2 with their shared registers.
pub const USB: Block = Block::new(0x0218_4000, WINDOW);
/// Ethernet 1.
pub const ENET1: Block = Block::new(0x0218_8000, WINDOW);
/// SD controller 1: the card.
pub const USDHC1: Block = Block::new(0x0219_0000, WINDOW);
/// SD controller 2: the eMMC of the USB armory.
pub const USDHC2: Block = Block::new(0x0219_4000, WINDOW);
/// I2C 1.
pub const I2C1: Block = Block::new(0x021A_0000, WINDOW);
/// I2C 2.
pub const I2C2: Block = Block::new(0x021A_4000, WINDOW);
/// ROM patches.
pub const ROMCP: Block = Block::new(0x021A_C000, WINDOW);
/// DDR controller.
pub const MMDC: Block = Block::new(0x021B_0000, WINDOW);
/// Fuses.
pub const OCOTP: Block = Block::new(0x021B_C000, WINDOW);
/// Central security unit.
pub const CSU: Block = Block::new(0x021C_0000, WINDOW);
/// TrustZone address space controller.
pub const TZASC: Block = Block::new(0x021D_0000, WINDOW);
/// System counter, control.
pub const SYSTEM_COUNTER: Block = Block::new(0x021D_C000, WINDOW);
/// Watchdog 3.
pub const WDOG3: Block = Block::new(0x021E_4000, WINDOW);
/// UART 2: the console of the USB armory.
pub const UART2: Block = Block::new(0x021E_8000, WINDOW);
/// UART 3.
pub const UART3: Block = Block::new(0x021E_C000, WINDOW);
/// UART 4.
pub const UART4: Block = Block::new(0x021F_0000, WINDOW);
/// UART 5.
pub const UART5: Block = Block::new(0x021F_4000, WINDOW);
/// Data co-processor of the i.MX6ULL and ULZ.
pub const DCP: Block = Block::new(0x0228_0000, WINDOW);
/// Random numbers of the i.MX6ULL and ULZ.
pub const RNGB: Block = Block::new(0x0228_4000, WINDOW);
/// RAM, as much as both boards have.
pub const DDR: Block = Block::new(0x8000_0000, 512 << 20);
