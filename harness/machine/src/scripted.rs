//! A machine made of a script, for the tests of everything above machines.
//!
//! A [`Scripted`] says what the firmware does at power-on and which [`Deeds`]
//! follow when certain bytes have been typed; [`Scripted::machine`] makes a
//! machine of it that keeps the rules of [`crate::StopGo`] to the nanosecond. It
//! has no processor: only what its script says happens. How time runs is in
//! `world`.

mod checkpoints;
mod wires;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use replab_board::{Board, Region};
use replab_record::{FindingKind, Level, PinName, PortName, Registers};

use crate::{Fault, Machine, RomEnd, Timing};

/// How long after its arrival a byte is echoed.
const ECHO_DELAY: Duration = Duration::from_micros(1);

/// The script of a machine.
#[derive(Clone, Debug)]
pub struct Scripted {
    board: Board,
    port: PortName,
    character: Duration,
    start: Deeds,
    reactions: Vec<(Vec<u8>, Deeds)>,
    echoes: bool,
    late: Duration,
    memory: BTreeMap<u32, u8>,
    timing: Timing,
    registers: Registers,
    has_pins: bool,
    pins_interrupt: bool,
    has_memory: bool,
    is_usb_only: bool,
    has_findings: bool,
    has_analog: bool,
    has_noise: bool,
    has_checkpoints: bool,
    has_wires: bool,
    is_deaf: bool,
}

impl Scripted {
    /// A machine that does nothing, with the ports, pins and memory of `board`.
    /// It talks on the port of the REPL, or on the first one if there is no REPL.
    ///
    /// # Panics
    ///
    /// If the board has no port.
    pub fn new(board: &Board) -> Scripted {
        let (port, definition) = board
            .repl_port()
            .or_else(|| board.ports.iter().next())
            .expect("a board of a test has a port");
        Scripted {
            board: board.clone(),
            port: port.clone(),
            character: Duration::from_nanos(10_000_000_000 / u64::from(definition.baud)),
            start: Deeds::default(),
            reactions: Vec::new(),
            echoes: false,
            late: Duration::ZERO,
            memory: BTreeMap::new(),
            timing: Timing::Exact,
            registers: Registers::default(),
            has_pins: true,
            pins_interrupt: true,
            has_memory: true,
            is_usb_only: false,
            has_findings: false,
            has_analog: false,
            has_noise: false,
            has_checkpoints: true,
            has_wires: true,
            is_deaf: false,
        }
    }

    /// What happens after power-on and after each reset.
    #[must_use]
    pub fn at_start(mut self, deeds: Deeds) -> Scripted {
        self.start = deeds;
        self
    }

    /// What happens each time the bytes that were typed since the last reset end
    /// with `typed`. Where several endings fit, the longest counts. Entries with the same ending take
    /// turns, and the last of them stays.
    #[must_use]
    pub fn on(mut self, typed: impl AsRef<[u8]>, deeds: Deeds) -> Scripted {
        self.reactions.push((typed.as_ref().to_vec(), deeds));
        self
    }

    /// Sends each printable byte back, and `\r\n` for `\r`, as a REPL does.
    #[must_use]
    pub fn echoes(mut self) -> Scripted {
        self.echoes = true;
        self
    }

    /// Stops so much later than the condition came true, as a real backend may.
    #[must_use]
    pub fn stops_late(mut self, late: Duration) -> Scripted {
        self.late = late;
        self
    }

    /// Memory holds `bytes` from `address` on. All other memory is zero.
    #[must_use]
    pub fn with_memory(mut self, address: u32, bytes: &[u8]) -> Scripted {
        self.memory.extend((address..).zip(bytes.iter().copied()));
        self
    }

    /// A machine that notices what it does not emulate: what [`Deeds::touches`].
    #[must_use]
    pub fn with_findings(mut self) -> Scripted {
        self.has_findings = true;
        self
    }

    /// A machine with analog inputs. It sends `input 1 is 1200000` and a line end when
    /// one gets a value.
    #[must_use]
    pub fn with_analog(mut self) -> Scripted {
        self.has_analog = true;
        self
    }

    /// A machine whose pins pick up noise: each floats for as many milliseconds as the
    /// seed's last digit and one more, is high for 1 ms, and then low.
    #[must_use]
    pub fn with_noise(mut self) -> Scripted {
        self.has_noise = true;
        self
    }

    /// A machine whose memory nobody can reach.
    #[must_use]
    pub fn without_memory(mut self) -> Scripted {
        self.has_memory = false;
        self
    }

    /// A machine that cannot go back.
    #[must_use]
    pub fn without_checkpoints(mut self) -> Scripted {
        self.has_checkpoints = false;
        self
    }

    /// A machine whose pins nobody can drive.
    #[must_use]
    pub fn without_pins(mut self) -> Scripted {
        self.has_pins = false;
        self
    }

    /// A machine whose pins cause no interrupts.
    #[must_use]
    pub fn without_interrupts(mut self) -> Scripted {
        self.pins_interrupt = false;
        self
    }

    /// A machine whose wires nobody can break.
    #[must_use]
    pub fn without_wires(mut self) -> Scripted {
        self.has_wires = false;
        self
    }

    /// A machine that takes what it is to drive and to be typed at, and then does nothing
    /// of it, as a broken one would.
    #[must_use]
    pub fn deaf(mut self) -> Scripted {
        self.is_deaf = true;
        self
    }

    /// Firmware that enables USB, and no UART.
    #[must_use]
    pub fn speaks_usb_only(mut self) -> Scripted {
        self.is_usb_only = true;
        self
    }

    /// What is in the registers whenever someone looks.
    #[must_use]
    pub fn with_registers(mut self, registers: Registers) -> Scripted {
        self.registers = registers;
        self
    }

    /// Says that its clock is this.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Scripted {
        self.timing = timing;
        self
    }

    /// The machine, stopped at power-on.
    pub fn machine(&self) -> Machine {
        world::machine(self)
    }

    fn regions(&self) -> impl Iterator<Item = &Region> {
        self.board.memory.values()
    }
}

/// What firmware does, one thing after the other. Each starts where the one
/// before ended; [`Deeds::after`] adds a pause.
#[derive(Clone, Debug, Default)]
pub struct Deeds {
    list: Vec<(Duration, Deed)>,
    /// When the next one happens, from the start of all.
    offset: Duration,
}

/// One thing that firmware does.
#[derive(Clone, Debug)]
enum Deed {
    /// Sends text, a character time between its bytes.
    Print(Vec<u8>),
    Edge(String, Level),
    Touch(FindingKind, String, u32),
    Fault(Fault),
    LockUp(Registers),
    Rom(RomEnd),
    Reset,
    /// Gives up whatever was still to come.
    Forget,
    /// The emulator ends.
    Die,
    /// The emulator does not answer any more.
    Hang,
}

impl Deeds {
    /// Lets `pause` go by before what comes next.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Deeds {
        self.offset += pause;
        self
    }

    /// Sends `text`. What comes next does not wait for its end; printed text does.
    #[must_use]
    pub fn prints(self, text: impl AsRef<[u8]>) -> Deeds {
        let bytes = text.as_ref().to_vec();
        self.then(Deed::Print(bytes))
    }

    /// Drives the output `pin` (role or name) to `level`.
    #[must_use]
    pub fn edge(self, pin: &str, level: Level) -> Deeds {
        self.then(Deed::Edge(pin.to_string(), level))
    }

    /// Takes `pin` high for `high`, then low for `low`, `times` times over.
    #[must_use]
    pub fn blinks(mut self, pin: &str, high: Duration, low: Duration, times: usize) -> Deeds {
        for _ in 0..times {
            self = self.edge(pin, Level::High).after(high).edge(pin, Level::Low).after(low);
        }
        self
    }

    /// Enters a fault handler.
    #[must_use]
    pub fn faults(self, fault: Fault) -> Deeds {
        self.then(Deed::Fault(fault))
    }

    /// Locks up: nothing but its memory and registers is left.
    #[must_use]
    pub fn locks_up(self, registers: Registers) -> Deeds {
        self.then(Deed::LockUp(registers))
    }

    /// Ends in the boot ROM of its chip.
    #[must_use]
    pub fn ends_in_rom(self, end: RomEnd) -> Deeds {
        self.then(Deed::Rom(end))
    }

    /// Stores to the register of `block` at `address`, which is not emulated.
    #[must_use]
    pub fn touches(self, kind: FindingKind, block: &str, address: u32) -> Deeds {
        self.then(Deed::Touch(kind, block.to_string(), address))
    }

    /// Asks for a reset.
    #[must_use]
    pub fn resets(self) -> Deeds {
        self.then(Deed::Reset)
    }

    /// Gives up all earlier deeds that have not happened yet, as Ctrl-C does.
    #[must_use]
    pub fn forgets_the_rest(self) -> Deeds {
        self.then(Deed::Forget)
    }

    /// Ends the emulator: [`crate::MachineError::Died`].
    #[must_use]
    pub fn dies(self) -> Deeds {
        self.then(Deed::Die)
    }

    /// Makes the emulator answer no more: [`crate::MachineError::Silent`].
    #[must_use]
    pub fn hangs(self) -> Deeds {
        self.then(Deed::Hang)
    }

    fn then(mut self, deed: Deed) -> Deeds {
        self.list.push((self.offset, deed));
        self
    }
}

/// The pin that `word` names on the board of `script`.
fn pin(script: &Scripted, word: &str) -> PinName {
    script
        .board
        .pin(word)
        .cloned()
        .unwrap_or_else(|| panic!("the board of this test has no pin {word}"))
}

#[cfg(test)]
mod tests;
