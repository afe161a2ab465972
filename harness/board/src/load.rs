//! Reads board files.
//!
//! The file's shape ([`File`] and what it holds) is checked by serde; what the
//! parts must be to each other is checked in [`File::check`].

use std::collections::BTreeMap;

use replab_record::{Level, PinName, PortName};
use serde::Deserialize;

use crate::{
    AnalogInput, Backends, Board, Button, Chip, FileSystem, GpioController, MemoryKind, Port,
    QemuMachine, Quantity, Region, RenodeMachine, Span,
};

/// Why a board file is none.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// It is no YAML, or a key or a value in it has the wrong shape.
    #[error("board file {file} cannot be read")]
    Shape {
        /// The file.
        file: String,
        /// Line, column and what is allowed.
        source: Box<serde_saphyr::Error>,
    },
    /// Its name is not that of its file, so nobody would find it.
    #[error("board file {file} describes board `{name}` (a board's file carries its name)")]
    Name {
        /// The file.
        file: String,
        /// The board's name.
        name: String,
    },
    /// A role stands for a pin that the board does not have.
    #[error(
        "{file}: role `{role}` stands for `{pin}`, which the board does not have (its pins are {first} to {last})"
    )]
    UnknownPin {
        /// The file.
        file: String,
        /// The role.
        role: String,
        /// The pin that it names.
        pin: String,
        /// The first pin.
        first: String,
        /// The last pin.
        last: String,
    },
    /// A port is on a pin that the board does not have.
    #[error("{file}: port `{port}` is on `{pin}`, which the board does not have")]
    PortPin {
        /// The file.
        file: String,
        /// The port.
        port: String,
        /// The pin that it names.
        pin: String,
    },
    /// A button is on a pin that the board does not have, or its levels make no press.
    #[error(
        "{file}: button `{button}` (a button is on a role or a pin of the board; `pressed` is high or low, `released` the other one or floating)"
    )]
    Button {
        /// The file.
        file: String,
        /// The role or pin.
        button: String,
    },
    /// An analog input is called like a pin, so a scenario could not say which it means.
    #[error("{file}: analog input `{name}` has the name of a pin or a role (choose another one)")]
    Analog {
        /// The file.
        file: String,
        /// The input.
        name: String,
    },
    /// QEMU's own machines have one core here; a chip of the plugin's has two at most.
    #[error(
        "{file}: cores is {cores}, where QEMU can run {most} (`cores: 2` goes with `chip: rp2040`)"
    )]
    Cores {
        /// The file.
        file: String,
        /// How many it says.
        cores: u32,
        /// What is allowed, in words.
        most: &'static str,
    },
    /// QEMU's clock cannot run at this speed.
    #[error(
        "{file}: instruction-ns is {ns}, which is no power of two up to 1024 (8 ns is 125 MIPS)"
    )]
    Speed {
        /// The file.
        file: String,
        /// The number.
        ns: u32,
    },
    /// A `nonvolatile:` range is no part of the RAM.
    #[error("{file}: nonvolatile range `{name}` does not lie inside a region of kind `ram`")]
    Nonvolatile {
        /// The file.
        file: String,
        /// The range.
        name: String,
    },
    /// Renode's UARTs are not those of the board's ports.
    #[error(
        "{file}: backends.renode.ports must name one UART for each port of the board ({ports})"
    )]
    RenodePorts {
        /// The file.
        file: String,
        /// The board's ports.
        ports: String,
    },
    /// The file system lies outside the flash, or is no whole number of blocks.
    #[error("{file}: the file system does not fit whole blocks inside a flash region")]
    FileSystem {
        /// The file.
        file: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    board: String,
    title: String,
    #[serde(rename = "stands-for")]
    _stands_for: Option<String>,
    #[serde(rename = "core")]
    _core: String,
    instruction_ns: u32,
    memory: BTreeMap<String, FileRegion>,
    #[serde(default)]
    nonvolatile: BTreeMap<String, FileSpan>,
    file_system: Option<FileVolume>,
    ports: BTreeMap<String, FilePort>,
    pins: FilePins,
    #[serde(default)]
    analog: BTreeMap<String, FileAnalog>,
    firmware: String,
    backends: FileBackends,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAnalog {
    input: u32,
    measures: FileQuantity,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileQuantity {
    Voltage,
    Temperature,
}

impl From<FileAnalog> for AnalogInput {
    fn from(analog: FileAnalog) -> AnalogInput {
        let measures = match analog.measures {
            FileQuantity::Voltage => Quantity::Voltage,
            FileQuantity::Temperature => Quantity::Temperature,
        };
        AnalogInput { input: analog.input, measures }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRegion {
    at: u32,
    size: u32,
    kind: FileKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSpan {
    at: u32,
    size: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileKind {
    Flash,
    Ram,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileVolume {
    at: u32,
    size: u32,
    block_size: u32,
    program_size: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FilePort {
    baud: u32,
    #[serde(default)]
    repl: bool,
    #[serde(default)]
    pins: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePins {
    lines: u32,
    name: String,
    #[serde(default)]
    roles: BTreeMap<String, String>,
    #[serde(default)]
    buttons: BTreeMap<String, FileButton>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileButton {
    pressed: FileLevel,
    released: FileLevel,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileLevel {
    High,
    Low,
    Floating,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBackends {
    qemu: Option<FileQemu>,
    renode: Option<FileRenode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRenode {
    platform: String,
    cpu: String,
    ports: BTreeMap<String, String>,
    gpio: Vec<FileGpio>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileQemu {
    machine: String,
    chip: Option<FileChip>,
    #[serde(default = "one")]
    cores: u32,
    #[serde(default)]
    arguments: Vec<String>,
    gpio: Vec<FileGpio>,
    interrupt_controller: String,
}

fn one() -> u32 {
    1
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileChip {
    Rp2040,
    Nrf51Pins,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileGpio {
    path: String,
    lines: u32,
}

/// The board that `text`, the content of `file`, describes.
///
/// # Errors
///
/// [`BoardError::Shape`] with line and column for a wrong key or value; the
/// other variants for parts that do not fit each other.
pub fn load(file: &str, text: &str) -> Result<Board, BoardError> {
    let shape: File = serde_saphyr::from_str(text)
        .map_err(|error| BoardError::Shape { file: file.to_owned(), source: Box::new(error) })?;
    shape.check(file)
}

impl File {
    fn check(self, file: &str) -> Result<Board, BoardError> {
        let file = file.to_owned();
        let stem = file.rsplit('/').next().unwrap_or(&file).trim_end_matches(".yaml");
        if stem != self.board {
            return Err(BoardError::Name { name: self.board, file });
        }
        if !self.instruction_ns.is_power_of_two() || self.instruction_ns > 1024 {
            return Err(BoardError::Speed { file, ns: self.instruction_ns });
        }
        let pins: Vec<_> = (0..self.pins.lines)
            .map(|line| PinName::new(format!("{}{line}", self.pins.name)))
            .collect();
        let mut roles = BTreeMap::new();
        for (role, pin) in self.pins.roles {
            let pin = PinName::new(pin);
            if !pins.contains(&pin) {
                let end = |pin: Option<&PinName>| pin.map(PinName::to_string).unwrap_or_default();
                return Err(BoardError::UnknownPin {
                    first: end(pins.first()),
                    last: end(pins.last()),
                    pin: pin.to_string(),
                    role,
                    file,
                });
            }
            roles.insert(role, pin);
        }
        let mut buttons = BTreeMap::new();
        for (word, button) in self.pins.buttons {
            let pin = roles.get(&word).cloned().unwrap_or_else(|| PinName::new(word.as_str()));
            let button = Button::from(button);
            if !pins.contains(&pin) || !button.makes_sense() {
                return Err(BoardError::Button { file, button: word });
            }
            buttons.insert(pin, button);
        }
        for (port, of_port) in &self.ports {
            let missing = |pin: &&String| !pins.contains(&PinName::new(pin.as_str()));
            if let Some(pin) = of_port.pins.iter().find(missing).cloned() {
                return Err(BoardError::PortPin { file, port: port.clone(), pin });
            }
        }
        let is_pin = |name: &&String| {
            roles.contains_key(*name) || pins.iter().any(|pin| pin.as_str() == name.as_str())
        };
        if let Some(name) = self.analog.keys().find(is_pin).cloned() {
            return Err(BoardError::Analog { file, name });
        }
        let memory: BTreeMap<String, Region> =
            self.memory.into_iter().map(|(name, region)| (name, region.into())).collect();
        let nonvolatile: BTreeMap<String, Span> = self
            .nonvolatile
            .into_iter()
            .map(|(name, span)| (name, Span { at: span.at, size: span.size }))
            .collect();
        let in_ram = |span: Span| {
            let mut ram = memory.values().filter(|region| region.kind == MemoryKind::Ram);
            span.size > 0 && ram.any(|region| region.span().holds(span))
        };
        if let Some((name, _)) = nonvolatile.iter().find(|(_, span)| !in_ram(**span)) {
            return Err(BoardError::Nonvolatile { name: name.clone(), file });
        }
        let file_system = self.file_system.map(FileSystem::from);
        if file_system.is_some_and(|volume| !volume.fits(memory.values())) {
            return Err(BoardError::FileSystem { file });
        }
        if let Some(qemu) = &self.backends.qemu {
            let (most, words) = if qemu.chip.is_some() { (2, "1 or 2") } else { (1, "1") };
            if !(1..=most).contains(&qemu.cores) {
                return Err(BoardError::Cores { file, cores: qemu.cores, most: words });
            }
        }
        let renode = self.backends.renode;
        if renode.as_ref().is_some_and(|one| !one.ports.keys().eq(self.ports.keys())) {
            let ports = self.ports.into_keys().collect::<Vec<_>>().join(", ");
            return Err(BoardError::RenodePorts { file, ports });
        }
        Ok(Board {
            name: self.board,
            title: self.title,
            instruction_ns: self.instruction_ns,
            memory,
            nonvolatile,
            file_system,
            ports: self
                .ports
                .into_iter()
                .map(|(name, port)| (PortName::new(name), port.into()))
                .collect(),
            pins,
            roles,
            buttons,
            analog: self.analog.into_iter().map(|(name, one)| (name, one.into())).collect(),
            firmware: self.firmware,
            backends: Backends {
                qemu: self.backends.qemu.map(QemuMachine::from),
                renode: renode.map(RenodeMachine::from),
            },
        })
    }
}

impl FileSystem {
    fn fits<'a>(&self, mut regions: impl Iterator<Item = &'a Region>) -> bool {
        let (start, end) = (u64::from(self.at), u64::from(self.at) + u64::from(self.size));
        let whole = self.block_size > 0
            && self.program_size > 0
            && self.size.is_multiple_of(self.block_size);
        whole
            && regions.any(|region| {
                region.kind == MemoryKind::Flash
                    && u64::from(region.at) <= start
                    && end <= u64::from(region.at) + u64::from(region.size)
            })
    }
}

impl Button {
    fn makes_sense(self) -> bool {
        self.pressed != Level::Floating && self.released != self.pressed
    }
}

impl From<FileButton> for Button {
    fn from(file: FileButton) -> Button {
        Button { pressed: file.pressed.into(), released: file.released.into() }
    }
}

impl From<FileLevel> for Level {
    fn from(file: FileLevel) -> Level {
        match file {
            FileLevel::High => Level::High,
            FileLevel::Low => Level::Low,
            FileLevel::Floating => Level::Floating,
        }
    }
}

impl From<FileRegion> for Region {
    fn from(file: FileRegion) -> Region {
        let kind = match file.kind {
            FileKind::Flash => MemoryKind::Flash,
            FileKind::Ram => MemoryKind::Ram,
        };
        Region { at: file.at, size: file.size, kind }
    }
}

impl From<FileVolume> for FileSystem {
    fn from(file: FileVolume) -> FileSystem {
        FileSystem {
            at: file.at,
            size: file.size,
            block_size: file.block_size,
            program_size: file.program_size,
        }
    }
}

impl From<FilePort> for Port {
    fn from(file: FilePort) -> Port {
        let pins = file.pins.into_iter().map(PinName::new).collect();
        Port { baud: file.baud, repl: file.repl, pins }
    }
}

impl From<FileQemu> for QemuMachine {
    fn from(file: FileQemu) -> QemuMachine {
        QemuMachine {
            machine: file.machine,
            chip: file.chip.map(|chip| match chip {
                FileChip::Rp2040 => Chip::Rp2040,
                FileChip::Nrf51Pins => Chip::Nrf51Pins,
            }),
            cores: file.cores,
            arguments: file.arguments,
            gpio: file.gpio.into_iter().map(GpioController::from).collect(),
            interrupt_controller: file.interrupt_controller,
        }
    }
}

impl From<FileRenode> for RenodeMachine {
    fn from(file: FileRenode) -> RenodeMachine {
        let ports = file.ports.into_iter().map(|(name, path)| (PortName::new(name), path));
        RenodeMachine {
            platform: file.platform,
            cpu: file.cpu,
            ports: ports.collect(),
            gpio: file.gpio.into_iter().map(GpioController::from).collect(),
        }
    }
}

impl From<FileGpio> for GpioController {
    fn from(file: FileGpio) -> GpioController {
        GpioController { path: file.path, lines: file.lines }
    }
}

#[cfg(test)]
mod tests;
