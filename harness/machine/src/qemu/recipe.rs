//! What a machine's process is made of, so that a power cut can make another one.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use replab_board::{Board, QemuMachine};
use replab_image::{FlashImage, Piece};

use crate::process::{Console, Emulator, Launch};
use crate::{MachineError, PAINT};

use super::arguments::{self, Parts};
use super::builds;
use super::chip;
use super::firmware::{self, Image};
use super::link::Link;
use super::{Proof, QemuTools};

/// All that a process is made of but its seed.
pub(super) struct Recipe {
    pub(super) tools: QemuTools,
    pub(super) board: Board,
    machine: QemuMachine,
    firmware: PathBuf,
    image: Image,
    flash: FlashImage,
    /// The handler of faults of the chip's boot ROM.
    rom_handler: Option<u32>,
    /// How many cores there are.
    pub(super) cores: u32,
    proof: Proof,
}

/// A process that was not spoken to yet.
pub(super) struct Begun {
    pub(super) emulator: Emulator,
    pub(super) link: Link,
    pub(super) qmp: Option<UnixStream>,
}

impl Recipe {
    /// Checks that there can be such a machine.
    pub(super) fn new(
        tools: &QemuTools,
        board: &Board,
        firmware: PathBuf,
        cores: u32,
        proof: Proof,
    ) -> Result<Recipe, MachineError> {
        let nowhere = || MachineError::NoSuchTarget { board: board.name.clone(), backend: "qemu" };
        let machine = board.backends.qemu.clone().ok_or_else(nowhere)?;
        // QEMU's `-kernel` knows no memory of a chip of the plugin's.
        let (flash, rom_handler) = match machine.whole_chip() {
            Some(_) => {
                let handler = chip::check_rom(&tools.boot_rom, board)?;
                (firmware::flash_image(&firmware, board)?, Some(handler))
            }
            None => (FlashImage::default(), None),
        };
        Ok(Recipe {
            image: firmware::check(&firmware, board)?,
            flash,
            rom_handler,
            cores: cores.clamp(1, machine.cores),
            machine,
            tools: tools.clone(),
            board: board.clone(),
            firmware,
            proof,
        })
    }

    /// Whether its chip is as a whole one of the plugin's.
    pub(super) fn has_chip(&self) -> bool {
        self.machine.whole_chip().is_some()
    }

    /// Whether its pins are modelled by the plugin.
    pub(super) fn has_own_pins(&self) -> bool {
        self.machine.chip.is_some()
    }

    /// What is written into a new process's flash.
    pub(super) fn flash(&self) -> &[Piece] {
        self.flash.pieces()
    }

    /// The program's name.
    pub(super) fn program(&self) -> String {
        let name = self.tools.program.file_name();
        name.map_or("qemu".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// Starts a process; `wall` is how long it may take to take a request.
    pub(super) fn begin(&self, seed: u32, wall: Duration) -> Result<Begun, MachineError> {
        let (ours, theirs) = UnixStream::pair().map_err(no_socket)?;
        let (qmp, their_qmp) = if self.proof.qmp {
            UnixStream::pair().map(|(a, b)| (Some(a), Some(b))).map_err(no_socket)?
        } else {
            (None, None)
        };
        if self.proof.gate.is_some() {
            rustix::net::sockopt::set_socket_send_buffer_size(&theirs, 1)
                .map_err(|error| no_socket(error.into()))?;
        }
        let parts = Parts {
            board: &self.board,
            machine: &self.machine,
            firmware: &self.firmware,
            boot_rom: &self.tools.boot_rom,
            seed,
            data: self.tools.data.as_deref(),
            cores: self.cores,
            plugin: &self.tools.plugin,
            socket: theirs.as_raw_fd(),
            naive_wfi: self.proof.naive_wfi,
            qmp: their_qmp.as_ref().map(AsRawFd::as_raw_fd),
        };
        let arguments = arguments::arguments(&parts);
        let inherited =
            [Some(theirs), their_qmp].into_iter().flatten().map(OwnedFd::from).collect();
        let emulator =
            self.launch(arguments, inherited).map_err(|source| MachineError::NotStarted {
                program: self.tools.program.display().to_string(),
                board: self.board.name.clone(),
                source,
            })?;
        let link = Link::new(ours, wall, self.proof.gate.clone()).map_err(no_socket)?;
        Ok(Begun { emulator, link, qmp })
    }

    fn launch(&self, arguments: Vec<OsString>, inherited: Vec<OwnedFd>) -> io::Result<Emulator> {
        let libraries = self.tools.library_path.iter();
        let environment = libraries.map(|path| ("LD_LIBRARY_PATH".into(), path.into())).collect();
        let program = self.tools.program.clone();
        Emulator::start(Launch {
            program,
            arguments,
            environment,
            inherited,
            console: Console::Closed,
        })
    }

    /// Whether the rest of this backend can rely on who answered `hello` like this.
    pub(super) fn check(&self, answer: Result<String, MachineError>) -> Result<(), MachineError> {
        match answer {
            Ok(answer) => builds::check(&answer),
            Err(MachineError::Died { last_words, .. }) if refusal(&last_words).is_some() => {
                let why = refusal(&last_words).unwrap_or_default();
                let program = self.tools.program.display();
                Err(builds::untested(format!("the QEMU at `{program}`"), why))
            }
            Err(error) => Err(error),
        }
    }

    /// What a new process must be told, one request each.
    pub(super) fn requests(&self) -> Vec<String> {
        let ports = self.board.ports.iter().enumerate().map(|(number, (name, port))| {
            // A chip of the plugin's has its UARTs itself, named as on the board.
            let end = match self.machine.whole_chip() {
                Some(_) => name.to_string(),
                None => arguments::chardev(number),
            };
            format!("port {end} {}", port.baud)
        });
        let watches =
            self.machine.gpio.iter().map(|gpio| format!("watch {} {}", gpio.path, gpio.lines));
        let reset = format!("resetline {}", self.machine.interrupt_controller);
        // Before the firmware has a vector table of its own, the ROM's counts.
        let handlers = self.image.fault_handlers.iter().chain(&self.rom_handler);
        let faults = handlers.map(|handler| format!("fault {handler:x}"));
        let paint = self.image.painted(&self.board);
        let paint =
            paint.iter().map(|span| format!("fill {:x} {} {PAINT:02x}", span.at, span.size));
        ports.chain(watches).chain([reset]).chain(faults).chain(paint).collect()
    }
}

fn no_socket(source: io::Error) -> MachineError {
    MachineError::System { what: "make a socket for QEMU", source }
}

/// What the plugin said when it refused to be loaded, or QEMU when it did not
/// take the plugin (`plugins/loader.c`: another version of its interface).
fn refusal(last_words: &[String]) -> Option<&str> {
    last_words.iter().find_map(|line| {
        let ours = line.split_once("replab-qemu-plugin refuses: ").map(|(_, why)| why);
        ours.or_else(|| line.split_once("Could not load plugin ").map(|(_, why)| why))
    })
}
