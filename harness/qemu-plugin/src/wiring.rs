//! The ends inside QEMU of what [`crate::lab`] knows by number: ports, watched
//! lines, driven lines. They are parts of QEMU's devices, or of our chip.

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard};

use crate::chip::emulation;
use crate::chip::layout::Layout;
use crate::commands::Refusal;
use crate::lab::lab;
use crate::qemu::{self, Callback, Chardev, Device, Line, Opaque, Timer};
use crate::stop;
use crate::wires::Wire;

/// The paths that stand for the pins and the analog inputs of our chip.
const CHIP: &str = "chip";
const ANALOG: &str = "chip/analog";

static WIRING: Mutex<Wiring> =
    Mutex::new(Wiring { ports: Vec::new(), driven: Vec::new(), behind: Vec::new() });

struct Wiring {
    ports: Vec<(FarEnd, Timer)>,
    driven: Vec<(String, u32, Input)>,
    /// The old end of each watched line.
    behind: Vec<Option<Line>>,
}

/// What a port is connected to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FarEnd {
    /// A UART of QEMU's, by its chardev.
    Chardev(Chardev),
    /// A UART of our chip.
    Uart(usize),
}

/// What the lab drives.
#[derive(Clone, Copy)]
enum Input {
    Line(Line),
    /// A pin of our chip.
    Pin(u32),
    /// An analog input of our chip.
    Analog(u32),
}

fn wiring() -> MutexGuard<'static, Wiring> {
    WIRING.lock().expect("a panic ends the process")
}

impl FarEnd {
    /// Whether the UART would take a byte now.
    pub(crate) fn has_room(self) -> bool {
        match self {
            FarEnd::Chardev(chardev) => chardev.has_room(),
            FarEnd::Uart(uart) => emulation::has_room(uart),
        }
    }

    /// Gives the UART a byte. It must have room.
    pub(crate) fn give(self, byte: u8) {
        match self {
            FarEnd::Chardev(chardev) => chardev.give(byte),
            FarEnd::Uart(uart) => emulation::receive(uart, byte),
        }
    }
}

/// Makes a port of the UART of our chip with the name `end`, or of the one behind the
/// chardev with that id; gives its number. Its timer calls `due` with that number.
pub(crate) fn port(end: &str, baud: u32, due: Callback) -> Result<usize, Refusal> {
    let far = match emulation::uart(end) {
        Some(uart) => FarEnd::Uart(uart),
        None => {
            let found =
                Chardev::find(end).ok_or_else(|| format!("no chardev `{end}` of the kind null"))?;
            qemu::take_bytes(byte_was_sent)
                .map_err(|why| format!("this QEMU is strange: {why}"))?;
            FarEnd::Chardev(found)
        }
    };
    let number = lab().add_port(baud);
    if let FarEnd::Uart(uart) = far {
        emulation::connect(uart, number);
    }
    wiring().ports.push((far, Timer::new(due, number)));
    Ok(number)
}

/// The far end and the timer of a port, which must be there.
pub(crate) fn of_port(port: usize) -> (FarEnd, Timer) {
    wiring().ports[port]
}

/// Nothing more is typed for now.
pub(crate) fn cancel_ports() {
    wiring().ports.iter().for_each(|(_, timer)| timer.cancel());
}

/// Whether `path` stands for the pins of our chip.
fn has_pins(chip: &Layout, path: &str) -> bool {
    path == CHIP || chip.pins_of == Some(path)
}

/// The device at `path`.
pub(crate) fn device(path: &str) -> Result<Device, Refusal> {
    Device::find(path).ok_or_else(|| format!("no device at `{path}`"))
}

/// Reports the outputs 0 to `lines` - 1 of what is at `path`; gives the watch's number.
pub(crate) fn watch(path: &str, lines: u32) -> Result<usize, Refusal> {
    let first = wiring().behind.len();
    if let Some(chip) = emulation::layout().filter(|chip| has_pins(chip, path)) {
        if lines > chip.pins {
            return Err(format!("`{path}` has no output {}", chip.pins));
        }
        if lines < chip.pins {
            return Err(format!("`{path}` has {} pins, to be watched all", chip.pins));
        }
        wiring().behind.extend((0..lines).map(|_| None));
        emulation::watch(first);
        return Ok(lab().add_watch(lines));
    }
    let device = device(path)?;
    if let Some(line) = (0..lines).find(|line| !device.has_output(*line)) {
        return Err(format!("`{path}` has no output {line}"));
    }
    let number = lab().add_watch(lines);
    for (line, index) in (0..lines).zip(first..) {
        let old = device.intercept(line, line_changed, index);
        wiring().behind.push(old);
    }
    Ok(number)
}

/// The number of a driven line, which can be given `level`; it gets one when it is
/// first named.
pub(crate) fn driven(path: &str, line: u32, level: i32) -> Result<usize, Refusal> {
    let is_analog = emulation::layout().is_some() && path == ANALOG;
    if !is_analog && !(-1..=1).contains(&level) {
        return Err(format!("{level} is not between -1 and 1"));
    }
    let mut wiring = wiring();
    let mut all = wiring.driven.iter();
    if let Some(known) = all.position(|(of, number, _)| of == path && *number == line) {
        return Ok(known);
    }
    let no_input = || format!("`{path}` has no input {line}");
    let input = match emulation::layout() {
        Some(chip) if has_pins(chip, path) && line < chip.pins => Input::Pin(line),
        Some(chip) if path == ANALOG && line < chip.analog => Input::Analog(line),
        Some(chip) if has_pins(chip, path) || path == ANALOG => return Err(no_input()),
        _ => Input::Line(device(path)?.input(line).ok_or_else(no_input)?),
    };
    wiring.driven.push((path.to_owned(), line, input));
    Ok(wiring.driven.len() - 1)
}

/// The number of a driven line that can pick up noise.
pub(crate) fn noisy(path: &str, line: u32) -> Result<usize, Refusal> {
    if !emulation::layout().is_some_and(|chip| has_pins(chip, path)) {
        return Err(format!("only the pins of a chip of the plugin's pick up noise, not `{path}`"));
    }
    driven(path, line, -1)
}

/// Gives a driven line a level.
pub(crate) fn set(driven: usize, level: i32) {
    let (_, _, input) = wiring().driven[driven].clone();
    match input {
        Input::Line(line) => line.set(level),
        Input::Pin(pin) => emulation::drive(pin, level),
        Input::Analog(input) => emulation::drive_analog(input, level),
    }
}

/// Lets a driven pin of our chip pick up noise.
pub(crate) fn noise(driven: usize, seed: u64) {
    let (_, _, input) = wiring().driven[driven].clone();
    if let Input::Pin(pin) = input {
        emulation::noise(pin, seed);
    }
}

/// The number of a driven pin of our chip.
pub(crate) fn line_of(pin: u32) -> Option<usize> {
    let is_it =
        |(_, _, input): &(String, u32, Input)| matches!(input, Input::Pin(one) if *one == pin);
    wiring().driven.iter().position(is_it)
}

/// From now on the wire to an input is like `wire`; gives the id of what comes of it.
pub(crate) fn wire(path: &str, line: u32, wire: Wire) -> Result<usize, Refusal> {
    if path == ANALOG {
        return Err("wires lead to pins only".to_owned());
    }
    let driven = driven(path, line, 0)?;
    let id = lab().wire(driven, wire)?;
    carry(qemu::now());
    Ok(id)
}

/// Puts on their lines what wires carry by themselves. The timer of our chip is to be
/// armed after that ([`emulation::take_moved`]).
pub(crate) fn carry(now: i64) {
    loop {
        let next = lab().carried(now);
        let Some(drive) = next else { break };
        set(drive.line, drive.level);
    }
}

/// A UART hands a byte over, in the middle of the store that sends it. Big lock held.
fn byte_was_sent(chardev: Chardev, byte: u8) {
    let port = wiring().ports.iter().position(|(one, _)| *one == FarEnd::Chardev(chardev));
    let Some(port) = port else { return };
    let now = qemu::now();
    let reason = lab().sent(port, byte, now);
    if let Some(reason) = reason {
        stop::request(reason);
    }
}

/// A watched output changes. Big lock held; either thread.
extern "C" fn line_changed(index: Opaque, _line: c_int, level: c_int) {
    let index = qemu::unpack(index);
    let behind = wiring().behind.get(index).copied().flatten();
    if let Some(behind) = behind {
        behind.set(level);
    }
    let now = qemu::now();
    let reason = lab().edge(index, level, now);
    carry(now);
    if let Some(reason) = reason {
        stop::request(reason);
    }
}
