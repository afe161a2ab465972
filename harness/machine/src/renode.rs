//! Machines that run in Renode.
//!
//! Everything goes through one file of ours that Renode includes
//! (`renode/lab_bridge.py`), over a private Unix socket; what is spoken there stands
//! in `renode/PROTOCOL.md`. The bridge runs the machine in slices, types and drives
//! at exact times, and stamps bytes and edges in hooks. So a stop is late, by a slice
//! at most and by the same on every computer, and what is judged is the events' own
//! times. docs/renode.md says what has been seen on a real Renode.

mod folder;
mod frames;
mod idle;
mod kit;
mod names;
mod platform;
mod ports;
mod program;
mod protocol;
mod recipe;
mod removal;
mod session;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use replab_board::Board;

use crate::part::Part;
use crate::qemu::firmware;
use crate::{Findings, Machine, MachineError, Timing};

use idle::Idle;
use program::Program;
use recipe::Recipe;
use session::Session;

pub use kit::{Examination, Finding, Outcome, examine};
pub use platform::fill;

/// Where Renode and its platform descriptions are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenodeTools {
    /// The command `renode`: a path, or a name to look for on `PATH`.
    pub program: PathBuf,
    /// The folder of the platform descriptions that board files name.
    pub platforms: PathBuf,
    /// Where a Renode that is one self-contained file may unpack itself, once;
    /// without it, below the home folder.
    pub unpacked: Option<PathBuf>,
}

/// Starts machines, and keeps processes for the next ones. Dropping it ends those
/// that have no machine.
pub struct Renode {
    tools: RenodeTools,
    idle: Arc<Idle>,
}

/// How to start a machine.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Of Renode's random numbers, and so a part of what the firmware sees.
    pub seed: u32,
    /// How much of the desk clock the start of a process may take, and again all
    /// that the machine is asked for, power cuts included. A `go` that takes longer
    /// ends the process: [`MachineError::Silent`].
    pub wall_cap: Duration,
}

/// One question to the bridge and its answer, as fields. The private folder of the
/// process is written `FOLDER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The operation and its fields.
    pub request: Vec<String>,
    /// `ok` or `no`, and the answer's fields, a line feed in them written `\n`.
    pub answer: Vec<String>,
}

impl Renode {
    /// Nothing is started yet.
    pub fn new(tools: RenodeTools) -> Renode {
        Renode { tools, idle: Arc::default() }
    }

    /// The private folder of each process that waits.
    #[doc(hidden)]
    pub fn waiting(&self) -> Vec<PathBuf> {
        self.idle.folders()
    }

    /// Makes a machine, in a process that waits or in a new one. It stands at machine
    /// time 0, before its first instruction.
    ///
    /// # Errors
    ///
    /// [`MachineError::NoSuchTarget`] if the board has no definition for Renode,
    /// [`MachineError::WrongFirmware`] if the file is none for this board,
    /// [`MachineError::Platform`] if the platform description is none,
    /// [`MachineError::NotStarted`], [`MachineError::NoBridge`] and
    /// [`MachineError::WrongBridge`] for Renode itself, [`MachineError::Answer`] for
    /// what it does not take.
    pub fn start(
        &self,
        board: &Board,
        firmware: &Path,
        start: Start,
    ) -> Result<Machine, MachineError> {
        let recipe = recipe(&self.tools, board, firmware)?;
        let program = match self.idle.take() {
            Some(program) => program,
            None => Program::start(&self.tools, start.wall_cap, false)?,
        };
        let session = Session::new(recipe, program, Arc::clone(&self.idle), start)?;
        Ok(assemble(&Rc::new(RefCell::new(session))))
    }
}

fn recipe(tools: &RenodeTools, board: &Board, firmware: &Path) -> Result<Recipe, MachineError> {
    let nowhere = || MachineError::NoSuchTarget { board: board.name.clone(), backend: "renode" };
    let machine = board.backends.renode.clone().ok_or_else(nowhere)?;
    let file = tools.platforms.join(&machine.platform);
    let wrong = |why| MachineError::Platform {
        file: file.display().to_string(),
        board: board.name.clone(),
        why,
    };
    let template = fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
    let platform = platform::without_comments(&platform::fill(&template, board).map_err(wrong)?);
    let image = firmware::check(firmware, board)?;
    Ok(Recipe { board: board.clone(), machine, platform, firmware: firmware.to_owned(), image })
}

fn assemble(session: &Rc<RefCell<Session>>) -> Machine {
    let notices = session.borrow().findings.is_some();
    Machine {
        run: Part::of(session),
        pins: Some(Part::of(session)),
        wires: None,
        analog: None,
        noise: None,
        memory: Some(Part::of(session)),
        processor: Some(Part::of(session)),
        power: Some(Part::of(session)),
        findings: notices.then(|| -> Box<dyn Findings> { Part::of(session) }),
        checkpoints: None,
        timing: Timing::Exact,
        cores: 1,
    }
}
