//! The address map (RP2040 data sheet §2.2) and the interrupts (§2.3.2).

use crate::chip::bus::Block;
use crate::chip::layout::{Core, Flash, Layout, Memories};
use crate::qemu::SecondCore;

use super::io_bank0::PINS;
use super::sio::{DIV_QUOTIENT, FIFO_RD};

/// The first address of the flash, as it is usually seen.
pub(super) const FLASH: u32 = 0x1000_0000;
/// A Pico's flash: 2 MiB.
pub(super) const FLASH_SIZE: u32 = 0x20_0000;

/// See the head of this module. The core is the Cortex-M0 of QEMU's `microbit`,
/// whose own memory and peripherals are hidden.
pub(crate) static LAYOUT: Layout = Layout {
    name: "rp2040",
    core: Core {
        memory: "/machine/nrf51/nrf51-container[0]",
        interrupts: "/machine/nrf51/armv6m",
        lines: 32,
        clock: "/machine/nrf51/sysclk",
        hertz: 125_000_000,
    },
    second: Some(SecondCore {
        kind: c"cortex-m0-arm-cpu",
        lines: 32,
        clock: "/machine/nrf51/sysclk",
    }),
    own: Some(Memories {
        rom: (0, 0x4000),
        // SRAM0 to SRAM5 (§2.6.2), the cache as memory (§2.6.3.1), the USB's memory (§4.1.2.6).
        ram: &[
            ("chip.sram", 0x2000_0000, 0x4_2000),
            ("chip.xip-sram", 0x1500_0000, 0x4000),
            ("chip.usb-dpram", 0x5010_0000, 0x1000),
        ],
        // With and without cache and its allocation (§2.6.3).
        flash: Flash { at: &[FLASH, 0x1100_0000, 0x1200_0000, 0x1300_0000], size: FLASH_SIZE },
    }),
    blocks: &BLOCKS,
    loads: &[FIFO_RD, DIV_QUOTIENT],
    pins: PINS,
    // GPIO_IN of SIO (§2.3.1.7).
    levels: 0xd000_0004,
    pins_of: None,
    // GPIO26 to GPIO29, and the temperature sensor (§4.9).
    analog: 5,
    uarts: &["uart0", "uart1"],
};

/// A block of the peripheral bus: 16 KiB with aliases.
const fn apb(name: &'static str, at: u32) -> Block {
    Block { name, at, size: 0x4000, has_aliases: true, is_mirrored: false }
}

/// One of the fast bus.
const fn ahb(name: &'static str, at: u32, has_aliases: bool) -> Block {
    Block { name, at, size: 0x4000, has_aliases, is_mirrored: false }
}

macro_rules! blocks {
    ($($constant:ident = $block:expr;)*) => {
        /// The numbers of the blocks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Name { $($constant,)* }

        /// All of them, by their numbers.
        pub(super) const NAMES: &[Name] = &[$(Name::$constant,)*];

        static BLOCKS: [Block; NAMES.len()] = [$($block,)*];
    };
}

blocks! {
    XipCtrl = ahb("XIP_CTRL", 0x1400_0000, true);
    Ssi = ahb("XIP_SSI", 0x1800_0000, true);
    Sysinfo = apb("SYSINFO", 0x4000_0000);
    Syscfg = apb("SYSCFG", 0x4000_4000);
    Clocks = apb("CLOCKS", 0x4000_8000);
    Resets = apb("RESETS", 0x4000_c000);
    Psm = apb("PSM", 0x4001_0000);
    IoBank0 = apb("IO_BANK0", 0x4001_4000);
    IoQspi = apb("IO_QSPI", 0x4001_8000);
    PadsBank0 = apb("PADS_BANK0", 0x4001_c000);
    PadsQspi = apb("PADS_QSPI", 0x4002_0000);
    Xosc = apb("XOSC", 0x4002_4000);
    PllSys = apb("PLL_SYS", 0x4002_8000);
    PllUsb = apb("PLL_USB", 0x4002_c000);
    Busctrl = apb("BUSCTRL", 0x4003_0000);
    Uart0 = apb("UART0", 0x4003_4000);
    Uart1 = apb("UART1", 0x4003_8000);
    Spi0 = apb("SPI0", 0x4003_c000);
    Spi1 = apb("SPI1", 0x4004_0000);
    I2c0 = apb("I2C0", 0x4004_4000);
    I2c1 = apb("I2C1", 0x4004_8000);
    Adc = apb("ADC", 0x4004_c000);
    Pwm = apb("PWM", 0x4005_0000);
    Timer = apb("TIMER", 0x4005_4000);
    Watchdog = apb("WATCHDOG", 0x4005_8000);
    Rtc = apb("RTC", 0x4005_c000);
    Rosc = apb("ROSC", 0x4006_0000);
    Vreg = apb("VREG_AND_CHIP_RESET", 0x4006_4000);
    Tbman = apb("TBMAN", 0x4006_c000);
    BootRom = Block { name: "BOOT_ROM", at: 0x4fff_0000, size: 0x1000, has_aliases: false, is_mirrored: false };
    Dma = ahb("DMA", 0x5000_0000, true);
    Usb = ahb("USBCTRL", 0x5011_0000, true);
    Pio0 = ahb("PIO0", 0x5020_0000, true);
    Pio1 = ahb("PIO1", 0x5030_0000, true);
    XipAux = ahb("XIP_AUX", 0x5040_0000, false);
    Sio = Block { name: "SIO", at: 0xd000_0000, size: 0x1000, has_aliases: false, is_mirrored: true };
}

/// The levels of a block's interrupts, as each core has them: those of the pins
/// and of the mailbox are a core's own (§2.3.2).
pub(super) fn by_core(block: Name, levels: u32) -> [u32; 2] {
    let (first, count) = interrupts(block);
    match block {
        Name::IoBank0 => [(levels & 1) << first, (levels >> 1 & 1) << first],
        Name::Sio => [(levels & 1) << first, (levels & 2) << first],
        _ => [(levels & ((1 << count) - 1)) << first; 2],
    }
}

/// The first interrupt of a block, and how many it has.
pub(super) fn interrupts(block: Name) -> (u32, u32) {
    match block {
        Name::Timer => (0, 4),
        Name::Pwm => (4, 1),
        Name::IoBank0 => (13, 1),
        Name::Sio => (15, 2),
        Name::Spi0 => (18, 1),
        Name::Spi1 => (19, 1),
        Name::Uart0 => (20, 1),
        Name::Uart1 => (21, 1),
        Name::Adc => (22, 1),
        Name::I2c0 => (23, 1),
        Name::I2c1 => (24, 1),
        Name::Rtc => (25, 1),
        _ => (0, 0),
    }
}

/// The block that a bit of RESETS holds in reset (§2.14.3).
pub(super) fn held_by(bit: u32) -> Option<Name> {
    Some(match bit {
        0 => Name::Adc,
        1 => Name::Busctrl,
        2 => Name::Dma,
        3 => Name::I2c0,
        4 => Name::I2c1,
        5 => Name::IoBank0,
        6 => Name::IoQspi,
        8 => Name::PadsBank0,
        9 => Name::PadsQspi,
        10 => Name::Pio0,
        11 => Name::Pio1,
        12 => Name::PllSys,
        13 => Name::PllUsb,
        14 => Name::Pwm,
        15 => Name::Rtc,
        16 => Name::Spi0,
        17 => Name::Spi1,
        18 => Name::Syscfg,
        21 => Name::Timer,
        22 => Name::Uart0,
        23 => Name::Uart1,
        24 => Name::Usb,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_and_mailboxes_interrupt_their_own_core() {
        assert_eq!(by_core(Name::IoBank0, 2), [0, 1 << 13]);
        assert_eq!(by_core(Name::Sio, 3), [1 << 15, 1 << 16]);
        assert_eq!(by_core(Name::Timer, 9), [9, 9]);
    }

    #[test]
    fn blocks_do_not_overlap_and_interrupts_do_not_either() {
        let mut spans: Vec<_> = BLOCKS.iter().map(|block| (block.at, block.size)).collect();
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
        let lines = NAMES.iter().map(|name| interrupts(*name));
        let masks = lines.map(|(first, count)| ((1u32 << count) - 1) << first);
        masks.fold(0, |seen, mask| {
            assert_eq!(seen & mask, 0);
            seen | mask
        });
    }
}
