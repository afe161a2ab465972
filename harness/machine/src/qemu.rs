//! Machines that run in QEMU.
//!
//! Everything but reading memory goes through a plugin of ours inside QEMU, over
//! an inherited socket: going and stopping, bytes both ways, pins. What it can do
//! and why stands in `harness/qemu-plugin`; this side shares no code with it,
//! only the protocol (`PROTOCOL.md` there).
//!
//! One thread uses a [`Session`], and the machine does not move while it thinks.

mod arguments;
mod builds;
mod checkpoints;
mod chip;
pub(crate) mod clock;
pub(crate) mod firmware;
mod gate;
mod go;
mod lines;
mod link;
mod memory;
mod names;
mod power;
mod recipe;
mod session;
mod wall;
pub(crate) mod wall_cap;
mod wires;

use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use replab_board::{Board, QemuMachine};
use replab_image::FlashImage;

use crate::part::Part;
use crate::{Analog, Machine, MachineError, Noise, Timing};

use recipe::Recipe;
use session::Session;

#[doc(hidden)]
pub use builds::keeps_exact_time;
pub use gate::Gate;
pub use wall::Live;

/// Where QEMU and the plugin are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QemuTools {
    /// `qemu-system-arm`: a path, or a name to look for on `PATH`.
    pub program: PathBuf,
    /// The folders of its shared libraries, if they are not where the system
    /// looks: separated by colons, the value of `LD_LIBRARY_PATH`.
    pub library_path: Option<PathBuf>,
    /// The folder of its data (`-L`), if it is not the one that it was built for.
    pub data: Option<PathBuf>,
    /// The plugin, `libreplab_qemu_plugin.so`.
    pub plugin: PathBuf,
    /// The boot ROM of chips that the plugin adds, 16 KiB for an RP2040. Only
    /// boards with such a chip need it.
    pub boot_rom: PathBuf,
}

/// Starts a machine. It stands at machine time 0, before its first instruction.
///
/// # Errors
///
/// [`MachineError::NoSuchTarget`] if the board has no definition for QEMU,
/// [`MachineError::WrongFirmware`] if the file is none for this board,
/// [`MachineError::NotStarted`], [`MachineError::Died`],
/// [`MachineError::WrongPlugin`] and [`MachineError::UntestedBuild`] for QEMU itself.
pub fn start(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: Start,
) -> Result<Machine, MachineError> {
    match start.timing {
        Timing::Exact => start_for_proof(tools, board, firmware, start, Proof::default())
            .map(|(machine, _)| machine),
        Timing::Wall => wall::start(tools, board, firmware, start).map(|(machine, _)| machine),
    }
}

/// Starts a machine that goes by itself from [`Live::wait`] on, by the desk clock,
/// whatever `start.timing` says. `start.wall_cap` is for each request to QEMU; how
/// long the machine goes has no cap.
///
/// # Errors
///
/// As [`start`], without those of the plugin.
pub fn start_live(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: Start,
) -> Result<Live, MachineError> {
    wall::start_live(tools, board, firmware, start)
}

/// Whether the file at `firmware` is one that `board` could run, before anything is started.
///
/// # Errors
///
/// [`MachineError::WrongFirmware`] says what is wrong with it.
pub fn check_firmware(board: &Board, firmware: &Path) -> Result<(), MachineError> {
    firmware::check(firmware, board).map(|_| ())
}

/// Whether the file at `rom` could be the boot ROM of `board`'s chip, before anything is
/// started; `false` if QEMU has the board's chip, which then needs none.
///
/// # Errors
///
/// [`MachineError::WrongBootRom`] says what is wrong with it.
pub fn check_boot_rom(board: &Board, rom: &Path) -> Result<bool, MachineError> {
    let machine = board.backends.qemu.as_ref();
    match machine.and_then(QemuMachine::whole_chip) {
        Some(_) => chip::check_rom(rom, board).map(|_| true),
        None => Ok(false),
    }
}

/// What the file at `firmware` (ELF, UF2 or a raw image) puts into the flash of `board`.
///
/// # Errors
///
/// As [`check_firmware`].
pub fn flash_image(board: &Board, firmware: &Path) -> Result<FlashImage, MachineError> {
    firmware::flash_image(firmware, board)
}

/// How to start a machine.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Of QEMU's random numbers, and so a part of what the firmware sees.
    pub seed: u32,
    /// How much of the desk clock all that the machine is asked for may take,
    /// from its start on, power cuts included; what the lab does meanwhile does
    /// not count. A `go` that takes longer, and each `go` after it, gives
    /// [`MachineError::Silent`]. So no run is without end. The machine stands
    /// then, and can be read.
    pub wall_cap: Duration,
    /// What drives its clock. By the desk clock any build of QEMU from 7.2 on
    /// will do, and the plugin is not loaded.
    pub timing: Timing,
    /// How many cores it is to have; it gets no more than the board's file says
    /// (see [`Machine::cores`]), and one by the desk clock.
    pub cores: u32,
}

/// [`start`] by the desk clock, and QEMU's process number.
#[doc(hidden)]
pub fn start_wall_for_proof(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: Start,
) -> Result<(Machine, u32), MachineError> {
    wall::start(tools, board, firmware, start)
}

/// What only the tests ask for.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Proof {
    /// Leaves the cure of QEMU's race at WFI out.
    pub naive_wfi: bool,
    /// Opens a socket for QMP.
    pub qmp: bool,
    /// Holds up who reads what the plugin says, with a small socket buffer before it.
    pub gate: Option<Gate>,
}

/// What only the tests see.
#[doc(hidden)]
pub struct Inside {
    session: Rc<RefCell<Session>>,
    /// QEMU's own monitor, up to the first power cut.
    pub qmp: Option<UnixStream>,
}

impl Inside {
    /// The number of the emulator's process: another one after a power cut.
    pub fn pid(&self) -> u32 {
        self.session.borrow().process.emulator.pid()
    }

    /// One request of the protocol, as it is.
    pub fn request(&self, request: &str) -> Result<String, MachineError> {
        self.session.borrow_mut().request(request)
    }
}

/// [`start`], with what only the tests ask for.
#[doc(hidden)]
pub fn start_for_proof(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: Start,
    proof: Proof,
) -> Result<(Machine, Inside), MachineError> {
    let recipe = Recipe::new(tools, board, firmware.to_owned(), start.cores, proof)?;
    let (session, qmp) = Session::start(recipe, start)?;
    let session = Rc::new(RefCell::new(session));
    Ok((assemble(&session), Inside { session, qmp }))
}

fn assemble(session: &Rc<RefCell<Session>>) -> Machine {
    let has_analog = session.borrow().recipe.has_chip();
    let has_noise = session.borrow().recipe.has_own_pins();
    let cores = session.borrow().recipe.cores;
    Machine {
        run: Part::of(session),
        pins: Some(Part::of(session)),
        wires: Some(Part::of(session)),
        analog: has_analog.then(|| -> Box<dyn Analog> { Part::of(session) }),
        noise: has_noise.then(|| -> Box<dyn Noise> { Part::of(session) }),
        memory: Some(Part::of(session)),
        processor: Some(Part::of(session)),
        power: Some(Part::of(session)),
        findings: Some(Part::of(session)),
        checkpoints: Some(Part::of(session)),
        timing: Timing::Exact,
        cores,
    }
}
