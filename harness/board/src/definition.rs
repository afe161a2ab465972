//! What a board is.

use std::collections::BTreeMap;

use replab_record::{Level, PinName, PortName};

/// A named design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its name, `lab-m0`: also that of its file.
    pub name: String,
    /// One line about it.
    pub title: String,
    /// Nanoseconds of machine time that one instruction takes. A power of two,
    /// because QEMU's `-icount shift=` takes only those.
    pub instruction_ns: u32,
    /// Memory regions by name.
    pub memory: BTreeMap<String, Region>,
    /// Parts of its RAM that keep their content without power, by name.
    pub nonvolatile: BTreeMap<String, Span>,
    /// Where the firmware keeps its files, if it has a file system.
    pub file_system: Option<FileSystem>,
    /// UARTs by name.
    pub ports: BTreeMap<PortName, Port>,
    /// Every pin, in the order of its line number.
    pub pins: Vec<PinName>,
    /// Pins by role: `LED`, `BUTTON`.
    pub roles: BTreeMap<String, PinName>,
    /// The pins with a button, and what it does to them.
    pub buttons: BTreeMap<PinName, Button>,
    /// Inputs that measure, by name: `ADC0`. No name is that of a pin.
    pub analog: BTreeMap<String, AnalogInput>,
    /// The app whose firmware it runs, a folder under `firmware/`.
    pub firmware: String,
    /// Who can run it.
    pub backends: Backends,
}

/// Addresses that behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First address.
    pub at: u32,
    /// Bytes.
    pub size: u32,
    /// What a reset does to it.
    pub kind: MemoryKind,
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First address.
    pub at: u32,
    /// Bytes; not zero.
    pub size: u32,
}

impl Span {
    fn ends(self) -> (u64, u64) {
        (u64::from(self.at), u64::from(self.at) + u64::from(self.size))
    }

    /// What is left of it without `hole`.
    pub fn without(self, hole: Span) -> impl Iterator<Item = Span> {
        let ((start, end), (from, to)) = (self.ends(), hole.ends());
        let span = |start: u64, end: u64| {
            // Both ends lie between those of a span, so they fit.
            (start < end).then(|| Span { at: start as u32, size: (end - start) as u32 })
        };
        let parts = [span(start, end.min(from)), span(start.max(to), end)];
        parts.into_iter().flatten()
    }

    /// Whether all of `other` lies in it.
    pub fn holds(self, other: Span) -> bool {
        let ((start, end), (from, to)) = (self.ends(), other.ends());
        start <= from && to <= end
    }
}

/// What kind of memory a region is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Kept without power; programmed, not written.
    Flash,
    /// Lost without power, except where the board says `nonvolatile:`.
    Ram,
}

/// A littlefs volume in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSystem {
    /// First address.
    pub at: u32,
    /// Bytes; a multiple of `block_size`.
    pub size: u32,
    /// Bytes that are erased together.
    pub block_size: u32,
    /// Bytes that are programmed together.
    pub program_size: u32,
}

/// One UART.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Bits per second; a byte takes ten bits (8N1).
    pub baud: u32,
    /// Whether MicroPython's REPL is on it.
    pub repl: bool,
    /// The pins that it is on, where the chip's pins tell. Its bits are not drawn on
    /// them: they idle.
    pub pins: Vec<PinName>,
}

/// A button: what its pin is connected to. A press is a change from `released` to `pressed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Button {
    /// While it is pressed: [`Level::High`] or [`Level::Low`].
    pub pressed: Level,
    /// Otherwise: the other one by a resistor on the board, or [`Level::Floating`].
    pub released: Level,
}

/// An input of the board's converter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnalogInput {
    /// Its number in the chip.
    pub input: u32,
    /// What it measures.
    pub measures: Quantity,
}

/// What an analog input measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The voltage on a pin.
    Voltage,
    /// How warm the chip is.
    Temperature,
}

/// Who can run a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backends {
    /// QEMU, as this machine.
    pub qemu: Option<QemuMachine>,
    /// Renode, as this machine.
    pub renode: Option<RenodeMachine>,
}

/// How QEMU runs a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QemuMachine {
    /// The value of `-machine`.
    pub machine: String,
    /// A chip that QEMU does not have, or a part of one, which the plugin puts over the
    /// machine. A board with a whole one ([`QemuMachine::whole_chip`]) runs in exact
    /// time only.
    pub chip: Option<Chip>,
    /// How many cores it can have, 1 or 2. It has one, unless a scenario wants more.
    pub cores: u32,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// The devices whose unnamed lines are the pins, in the order of the pins.
    pub gpio: Vec<GpioController>,
    /// QOM path of the Armv6-M or Armv7-M container, which has SYSRESETREQ.
    pub interrupt_controller: String,
}

/// A chip of the plugin's (`harness/qemu-plugin/src/chip`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chip {
    /// The RP2040. It begins in a boot ROM, and its program in flash begins with
    /// the 256 bytes of the second stage.
    Rp2040,
    /// GPIO and GPIOTE of the nRF51, over a machine that has the rest of it.
    Nrf51Pins,
}

impl QemuMachine {
    /// The chip that replaces the machine's memories, registers and program.
    pub fn whole_chip(&self) -> Option<Chip> {
        self.chip.filter(|chip| *chip != Chip::Nrf51Pins)
    }
}

impl Chip {
    /// Its name, as board files and the plugin write it.
    pub fn name(self) -> &'static str {
        match self {
            Chip::Rp2040 => "rp2040",
            Chip::Nrf51Pins => "nrf51-pins",
        }
    }

    /// Where the vector table of a program is: bytes from the start of the flash
    /// (pico-sdk, `boot2` and `crt0`; RP2040 data sheet §2.8.1.3.1).
    pub fn vectors(self) -> u32 {
        match self {
            Chip::Rp2040 => 0x100,
            Chip::Nrf51Pins => 0,
        }
    }
}

/// How Renode runs a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenodeMachine {
    /// The file of its platform description, `lab-m0.repl`, in the folder `renode/`.
    pub platform: String,
    /// The processor, by its name in Renode: `sysbus.cpu`.
    pub cpu: String,
    /// The UART behind each port, by its name in Renode: `sysbus.uart0`. Has exactly
    /// the ports of the board.
    pub ports: BTreeMap<PortName, String>,
    /// The peripherals whose connections are the pins, in the order of the pins.
    pub gpio: Vec<GpioController>,
}

/// A device of an emulator's with GPIO lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpioController {
    /// QEMU's QOM path, or the peripheral's name in Renode.
    pub path: String,
    /// How many lines, from 0.
    pub lines: u32,
}

impl Region {
    /// Its addresses.
    pub fn span(&self) -> Span {
        Span { at: self.at, size: self.size }
    }
}

impl Board {
    /// The parts of its memory that lose their content without power, from low to
    /// high addresses.
    pub fn volatile(&self) -> Vec<Span> {
        let ram = self.memory.values().filter(|region| region.kind == MemoryKind::Ram);
        let mut spans: Vec<Span> = ram.map(Region::span).collect();
        for kept in self.nonvolatile.values() {
            spans = spans.into_iter().flat_map(|span| span.without(*kept)).collect();
        }
        spans.sort_by_key(|span| span.at);
        spans
    }

    /// The parts of its memory that keep their content without power, from low to
    /// high addresses.
    pub fn kept(&self) -> Vec<Span> {
        let flash = self.memory.values().filter(|region| region.kind == MemoryKind::Flash);
        let mut spans: Vec<Span> =
            flash.map(Region::span).chain(self.nonvolatile.values().copied()).collect();
        spans.sort_by_key(|span| span.at);
        spans
    }

    /// The pin that `word` means: a role (`LED`) or a name (`P25`).
    pub fn pin(&self, word: &str) -> Option<&PinName> {
        self.roles.get(word).or_else(|| self.pins.iter().find(|pin| pin.as_str() == word))
    }

    /// The pin that `word` means and its button, if it has one.
    pub fn button(&self, word: &str) -> Option<(&PinName, Button)> {
        let pin = self.pin(word)?;
        self.buttons.get(pin).map(|button| (pin, *button))
    }

    /// Every word that [`Board::button`] knows: roles first.
    pub fn button_words(&self) -> impl Iterator<Item = &str> {
        self.pin_words().filter(|word| self.button(word).is_some())
    }

    /// The line number of `pin`.
    pub fn line(&self, pin: &PinName) -> Option<usize> {
        self.pins.iter().position(|one| one == pin)
    }

    /// Every word that [`Board::pin`] knows: roles first.
    pub fn pin_words(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str).chain(self.pins.iter().map(PinName::as_str))
    }

    /// The role of `pin`, or its name where it has none.
    pub fn role<'a>(&'a self, pin: &'a PinName) -> &'a str {
        self.roles.iter().find(|(_, of)| *of == pin).map_or(pin.as_str(), |(role, _)| role)
    }

    /// The port that the REPL is on.
    pub fn repl_port(&self) -> Option<(&PortName, &Port)> {
        self.ports.iter().find(|(_, port)| port.repl)
    }
}
