//! Reads board files.
//!
//! The file's shape ([`File`] and what it holds) is checked by serde; what the
//! parts must be to each other is checked in [`File::check`].

use std::collections::BTreeMap;

use replab_record::{Level, PinName, PortName};
use serde::Deserialize;

use crate::{
    Backends, Board, Button, FileSystem, GpioController, MemoryKind, Port, QemuMachine, Region,
    Span,
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
    firmware: String,
    backends: FileBackends,
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FileQemu {
    machine: String,
    #[serde(default)]
    arguments: Vec<String>,
    gpio: Vec<FileGpio>,
    interrupt_controller: String,
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
            firmware: self.firmware,
            backends: Backends { qemu: self.backends.qemu.map(QemuMachine::from) },
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
        Port { baud: file.baud, repl: file.repl }
    }
}

impl From<FileQemu> for QemuMachine {
    fn from(file: FileQemu) -> QemuMachine {
        let gpio =
            file.gpio.into_iter().map(|one| GpioController { path: one.path, lines: one.lines });
        QemuMachine {
            machine: file.machine,
            arguments: file.arguments,
            gpio: gpio.collect(),
            interrupt_controller: file.interrupt_controller,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB_M0: &str = include_str!("../../../boards/lab-m0.yaml");

    /// Loads lab-m0 with `from` replaced by `to`; the error's whole chain must hold `expected`.
    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        assert!(LAB_M0.contains(from), "{from:?} is not in the board file");
        let error =
            load("boards/lab-m0.yaml", &LAB_M0.replace(from, to)).expect_err("the file is wrong");
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        let text = format!("{error}: {source}");
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn lab_m0_is_read() {
        let board = load("boards/lab-m0.yaml", LAB_M0).expect("the file is right");
        assert_eq!(board.pin("LED"), Some(&PinName::new("P25")));
        assert_eq!(board.pin("P3").and_then(|pin| board.line(pin)), Some(3));
        assert_eq!(board.pin("P32"), None);
        assert_eq!(board.role(&PinName::new("P14")), "BUTTON");
        let button = Button { pressed: Level::Low, released: Level::Floating };
        assert_eq!(board.buttons.get(&PinName::new("P14")), Some(&button));
        assert_eq!(board.button_words().collect::<Vec<_>>(), ["BUTTON", "P14"]);
        assert_eq!(board.repl_port().map(|(name, _)| name.as_str()), Some("uart0"));
        assert_eq!(
            board.memory["ram"],
            Region { at: 0x2000_0000, size: 264 * 1024, kind: MemoryKind::Ram }
        );
    }

    /// The page's example has every key, as the reader takes them.
    #[test]
    fn the_page_of_boards_shows_a_board() {
        let page = include_str!("../../../docs/boards.md");
        let (_, rest) = page.split_once("```yaml\n").expect("there is an example");
        let (example, _) = rest.split_once("```").expect("a fence ends");
        let board = load("my-board.yaml", example).expect("the example is right");
        assert_eq!(board.kept().len(), 2, "flash and what is nonvolatile");
    }

    #[test]
    fn wrong_files_say_what_is_wrong() {
        check("LED: P25", "LED: P32", "role `LED` stands for `P32`");
        check("BUTTON: { p", "SWITCH: { p", "button `SWITCH`");
        check("pressed: low", "pressed: floating", "button `BUTTON`");
        check("released: floating", "released: low", "button `BUTTON`");
        check("instruction-ns: 8", "instruction-ns: 10", "no power of two");
        check("size: 0x160000", "size: 0x160001", "whole blocks");
        check("board: lab-m0", "board: lab-m1", "carries its name");
        check("lines: 32\n", "lins: 32\n", "lins");
        check("kind: ram", "kind: rom", "rom");
    }
}
