//! What one peripheral does to the others: resets, pins, the flash's chip select,
//! core 1; and which of them interrupts and is due.

mod flash;
mod pins;
mod usb;

use crate::chip::layout::{Chip, ResetBy, Spoken};
use crate::chip::noise::Noise;
use crate::chip::peripheral::{Context, Effect, Peripheral, Pin};
use crate::chip::storage::Storage;
use crate::chip::turns::Turns;
use crate::qemu::Memory;

use super::adc::Adc;
use super::boot_rom::BootRom;
use super::clocks::Clocks;
use super::flash_chip::FlashChip;
use super::i2c::I2c;
use super::io_bank0::{IoBank0, PINS};
use super::map::{FLASH, FLASH_SIZE, NAMES, Name, by_core, held_by};
use super::oscillators::{Rosc, Xosc};
use super::power::{ChipReset, Pll, Psm, Vreg};
use super::pwm::Pwm;
use super::resets::Resets;
use super::rtc::Rtc;
use super::sio::Sio;
use super::spi::Spi;
use super::ssi::Ssi;
use super::timer::Timer;
use super::uart::Uart;
use super::watchdog::Watchdog;

/// A pad after a reset: input enable, 4 mA, pull-down, Schmitt trigger.
const PAD: u32 = 0x56;
/// The input of the ADC that is the temperature sensor.
const SENSOR: u32 = 4;
/// Of the USB controller: programs that do not use it put its transceiver to
/// sleep (§4.1.4).
const SIE_CTRL: u32 = 0x4c;
/// All pins.
const ALL_PINS: u32 = (1 << PINS) - 1;

/// The chip.
#[derive(Clone)]
struct Rp2040 {
    xip_ctrl: Storage,
    ssi: Ssi,
    sysinfo: Storage,
    syscfg: Storage,
    clocks: Clocks,
    resets: Resets,
    psm: Psm,
    io_bank0: IoBank0,
    io_qspi: Storage,
    pads_bank0: Storage,
    pads_qspi: Storage,
    xosc: Xosc,
    plls: [Pll; 2],
    busctrl: Storage,
    uarts: [Uart; 2],
    spis: [Spi; 2],
    i2cs: [I2c; 2],
    adc: Adc,
    pwm: Pwm,
    timer: Timer,
    watchdog: Watchdog,
    rtc: Rtc,
    rosc: Rosc,
    vreg: Vreg,
    tbman: Storage,
    boot_rom: BootRom,
    dma: Storage,
    usb: Storage,
    pios: [Storage; 2],
    xip_aux: Storage,
    sio: Sio,
    /// What the firmware has enabled since power-on.
    spoken: Spoken,
    is_usb_on: bool,
    pins: [Pin; PINS as usize],
    /// What the outside puts on them.
    outside: [Option<bool>; PINS as usize],
    /// What they pick up where nobody drives them.
    noise: Noise,
    /// The inputs that nothing decides.
    undriven: u32,
    /// The analog inputs that the outside has given a voltage.
    analog: u32,
    /// The levels on them.
    levels: u32,
    /// What SIO's outputs were when the pins were last looked at.
    sio_outputs: (u32, u32),
    /// What each core's interrupts are.
    interrupts: [u32; 2],
    turns: Turns,
    deadlines: [Option<u64>; NAMES.len()],
    /// The first of them.
    next: Option<u64>,
}

/// A chip without power so far; `mirrors` are the pages of SIO, one for each core.
pub(crate) fn make(mirrors: &[Memory], flash: Memory, seed: u64) -> Box<dyn Chip> {
    Box::new(Rp2040::new(mirrors, flash, seed))
}

impl Rp2040 {
    fn new(sio: &[Memory], flash: Memory, seed: u64) -> Rp2040 {
        let pads: Vec<_> = (0..PINS).map(|pin| (4 + 4 * pin, PAD)).collect();
        let qspi: Vec<_> = (0..6).map(|pin| (8 * pin + 4, 0x1f)).collect();
        Rp2040 {
            xip_ctrl: Storage::modelled(0x20, &[(0, 3), (8, 2)]),
            ssi: Ssi::new(FlashChip::new(flash, FLASH)),
            // CHIP_ID of revision B2; PLATFORM.ASIC; GITREF_RP2040.
            sysinfo: Storage::modelled(0x44, &[(0, 0x2000_2927), (4, 2)]),
            syscfg: Storage::modelled(0x1c, &[(8, 0x1000_0000), (0x14, 0x66)]),
            clocks: Clocks::new(),
            resets: Resets::new(),
            psm: Psm::new(),
            io_bank0: IoBank0::new(),
            io_qspi: Storage::modelled(0x58, &qspi),
            pads_bank0: Storage::modelled(0x84, &pads),
            pads_qspi: Storage::modelled(
                0x1c,
                &[(4, 0x56), (8, 0x52), (0xc, 0x52), (0x10, 0x52), (0x14, 0x52), (0x18, 0x5a)],
            ),
            xosc: Xosc::new(),
            plls: [Pll::new(), Pll::new()],
            busctrl: Storage::modelled(0x28, &[(4, 1)]),
            uarts: [Uart::new(0), Uart::new(1)],
            spis: [Spi::new(), Spi::new()],
            i2cs: [I2c::new(), I2c::new()],
            adc: Adc::new(),
            pwm: Pwm::new(),
            timer: Timer::new(),
            watchdog: Watchdog::new(),
            rtc: Rtc::new(),
            rosc: Rosc::new(seed),
            vreg: Vreg::new(),
            tbman: Storage::modelled(4, &[(0, 5)]),
            boot_rom: BootRom::new(FLASH, FLASH_SIZE),
            dma: Storage::only(0xac8),
            usb: Storage::only_but(0x9c, &[SIE_CTRL]),
            pios: [Storage::only(0x144), Storage::only(0x144)],
            xip_aux: Storage::only(4),
            sio: Sio::new(sio),
            spoken: Spoken::default(),
            is_usb_on: false,
            pins: [Pin::default(); PINS as usize],
            outside: [None; PINS as usize],
            noise: Noise::default(),
            undriven: 0,
            analog: 0,
            levels: 0,
            sio_outputs: (0, 0),
            interrupts: [0; 2],
            turns: Turns::default(),
            deadlines: [None; NAMES.len()],
            next: None,
        }
    }

    fn named(&mut self, name: Name) -> &mut dyn Peripheral {
        match name {
            Name::XipCtrl => &mut self.xip_ctrl,
            Name::Ssi => &mut self.ssi,
            Name::Sysinfo => &mut self.sysinfo,
            Name::Syscfg => &mut self.syscfg,
            Name::Clocks => &mut self.clocks,
            Name::Resets => &mut self.resets,
            Name::Psm => &mut self.psm,
            Name::IoBank0 => &mut self.io_bank0,
            Name::IoQspi => &mut self.io_qspi,
            Name::PadsBank0 => &mut self.pads_bank0,
            Name::PadsQspi => &mut self.pads_qspi,
            Name::Xosc => &mut self.xosc,
            Name::PllSys => &mut self.plls[0],
            Name::PllUsb => &mut self.plls[1],
            Name::Busctrl => &mut self.busctrl,
            Name::Uart0 => &mut self.uarts[0],
            Name::Uart1 => &mut self.uarts[1],
            Name::Spi0 => &mut self.spis[0],
            Name::Spi1 => &mut self.spis[1],
            Name::I2c0 => &mut self.i2cs[0],
            Name::I2c1 => &mut self.i2cs[1],
            Name::Adc => &mut self.adc,
            Name::Pwm => &mut self.pwm,
            Name::Timer => &mut self.timer,
            Name::Watchdog => &mut self.watchdog,
            Name::Rtc => &mut self.rtc,
            Name::Rosc => &mut self.rosc,
            Name::Vreg => &mut self.vreg,
            Name::Tbman => &mut self.tbman,
            Name::BootRom => &mut self.boot_rom,
            Name::Dma => &mut self.dma,
            Name::Usb => &mut self.usb,
            Name::Pio0 => &mut self.pios[0],
            Name::Pio1 => &mut self.pios[1],
            Name::XipAux => &mut self.xip_aux,
            Name::Sio => &mut self.sio,
        }
    }

    /// Notes what `name` wants of the core, and when it is due.
    fn note(&mut self, name: Name) {
        let (levels, deadline) = {
            let peripheral = self.named(name);
            (peripheral.interrupts(), peripheral.next_deadline())
        };
        for ((all, new), mask) in
            self.interrupts.iter_mut().zip(by_core(name, levels)).zip(by_core(name, u32::MAX))
        {
            *all = *all & !mask | new;
        }
        if std::mem::replace(&mut self.deadlines[name as usize], deadline) != deadline {
            self.next = self.deadlines.iter().flatten().min().copied();
        }
    }

    fn carry_on(&mut self, name: Name, context: &mut Context) {
        match name {
            Name::Sio => {
                let (out, enable) = self.sio.outputs();
                let (old_out, old_enable) = self.sio_outputs;
                self.sio_outputs = (out, enable);
                self.look_at_pins((out ^ old_out) | (enable ^ old_enable), context);
            }
            Name::Uart0 | Name::Uart1 => {
                self.spoken.uart |= self.uarts.iter().any(Uart::is_on);
            }
            Name::Usb => self.look_at_usb(context),
            Name::IoBank0 => {
                self.connect_pwm(context.now);
                self.look_at_pins(ALL_PINS, context);
            }
            Name::PadsBank0 => self.look_at_pins(ALL_PINS, context),
            Name::Pwm => self.look_at_pins(self.pins_of(pins::PWM), context),
            Name::Clocks | Name::PllSys | Name::PllUsb => self.set_clocks(context.now),
            Name::IoQspi | Name::PadsQspi => self.connect_flash(context),
            Name::Resets => {
                let begun = self.resets.take_begun();
                for held in (0..25).filter(|bit| begun >> bit & 1 != 0).filter_map(held_by) {
                    self.named(held).reset(context.now);
                    self.note(held);
                }
                if begun != 0 {
                    self.connect_flash(context);
                    self.look_at_usb(context);
                    self.connect_pwm(context.now);
                    self.look_at_pins(ALL_PINS, context);
                }
            }
            // Its ROM says hello (§2.8.2), unless there is no core 1 to do it.
            Name::Psm if self.psm.take_core_1_released() && !self.sio.has_two() => {
                self.sio.mail_from_core_1(0);
                self.note(Name::Sio);
            }
            _ => {}
        }
    }

    /// Clocks have been set: whoever counts them counts anew.
    fn set_clocks(&mut self, now: u64) {
        let [sys, usb] = &self.plls;
        self.clocks.set_plls(sys.hertz(), usb.hertz());
        let (sys, peri) = (self.clocks.sys_hertz(), self.clocks.peri_hertz());
        if sys > 0 {
            self.pwm.set_clock(sys, now);
            self.note(Name::Pwm);
        }
        if peri > 0 {
            self.spis.iter_mut().for_each(|spi| spi.set_clock(peri));
            self.uarts.iter_mut().for_each(|uart| uart.set_clock(peri));
        }
    }
}

impl Chip for Rp2040 {
    fn peripheral(&mut self, block: usize) -> &mut dyn Peripheral {
        self.named(NAMES[block])
    }

    fn settle(&mut self, block: usize, context: &mut Context) {
        let name = NAMES[block];
        self.carry_on(name, context);
        self.note(name);
    }

    fn advance(&mut self, context: &mut Context) {
        self.turns.advance(context.now);
        for name in NAMES {
            if self.deadlines[*name as usize].is_some_and(|at| at <= context.now) {
                self.named(*name).advance(context);
                self.carry_on(*name, context);
                self.note(*name);
            }
        }
        self.make_noise(context);
    }

    fn next_deadline(&self) -> Option<u64> {
        let deadlines = [self.noise.next_deadline(), self.turns.next_deadline()];
        self.next.into_iter().chain(deadlines.into_iter().flatten()).min()
    }

    fn boxed_clone(&self) -> Box<dyn Chip> {
        Box::new(self.clone())
    }

    fn interrupts(&self, core: usize) -> u32 {
        self.interrupts[core]
    }

    fn turns(&mut self) -> Option<&mut Turns> {
        Some(&mut self.turns)
    }

    fn is_second_held(&self) -> bool {
        self.psm.is_core_1_held()
    }

    fn drive(&mut self, pin: u32, level: Option<bool>, context: &mut Context) {
        self.outside[pin as usize] = level;
        self.noise.stop(pin);
        self.look_at_pins(1 << pin, context);
    }

    fn noise(&mut self, pin: u32, seed: u64, context: &mut Context) {
        self.outside[pin as usize] = None;
        self.noise.start(pin, seed);
        self.look_at_pins(1 << pin, context);
    }

    fn undriven(&self) -> u32 {
        self.undriven
    }

    fn drive_analog(&mut self, input: u32, value: i32, context: &mut Context) {
        let value = i64::from(value);
        match input {
            SENSOR => self.adc.set_temperature(value, context.now),
            input => {
                self.analog |= 1 << input;
                self.adc.set_pin(input as usize, value, context.now);
            }
        }
        self.note(Name::Adc);
    }

    fn has_room(&self, uart: usize) -> bool {
        self.uarts[uart].has_room()
    }

    fn spoken(&self) -> Spoken {
        self.spoken
    }

    fn receive(&mut self, uart: usize, byte: u8, context: &mut Context) {
        self.uarts[uart].receive(byte, context.now);
        self.note([Name::Uart0, Name::Uart1][uart]);
    }

    fn loaded(&mut self, core: usize, _block: usize, offset: u32) -> bool {
        let has_changed = self.sio.loaded(core, offset);
        if has_changed {
            self.note(Name::Sio);
        }
        has_changed
    }

    /// By the core: that alone begins anew (§2.4.2.9). By the watchdog: all but its
    /// own memory. By the reset line: all.
    fn reset(&mut self, by: ResetBy, context: &mut Context) {
        let by_watchdog = self.watchdog.take_fired();
        self.turns = Turns::default();
        if by == ResetBy::Core && !by_watchdog {
            return;
        }
        for name in NAMES {
            self.named(*name).reset(context.now);
        }
        if !by_watchdog {
            self.watchdog.forget();
            let why = if by == ResetBy::Power { ChipReset::Power } else { ChipReset::Run };
            self.vreg.had(why);
        }
        self.sio_outputs = (0, 0);
        self.look_at_pins(ALL_PINS, context);
        // Whoever watches takes all outputs for unknown now.
        context.effects.retain(|effect| matches!(effect, Effect::Noise { .. }));
        NAMES.iter().for_each(|name| self.note(*name));
    }
}

#[cfg(test)]
mod tests;
