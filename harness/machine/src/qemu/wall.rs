//! Machines that run in QEMU by the desk clock, without our plugin.
//!
//! For builds of QEMU that the plugin has not been proven with: from 7.2 on,
//! what is used here is QEMU's own. UARTs are pipes, pins go through its test
//! protocol, going and stopping through QMP, and memory is read where it lies in
//! its process. A byte's time is the one at which we heard it, so nothing finer
//! than the desk clock's noise can be judged. Outputs are known as far as QEMU
//! tells: a floating one counts as high, and one that has been low since
//! power-on as unknown.

mod arguments;
mod clock;
mod emulation;
mod lines;
mod live;
mod nudge;
mod pacing;
mod port;
mod reach;
mod said;
mod session;
mod tail;
mod wires;

use std::cell::RefCell;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use replab_board::{Board, QemuMachine, Span};

use crate::part::Part;
use crate::process::{Console, Emulator, Launch};
use crate::qemu::arguments::chardev;
use crate::qemu::{QemuTools, Start, firmware};
use crate::{Machine, MachineError, PAINT, Pins, Timing};

use arguments::Parts;
use emulation::Emulation;
use lines::Lines;
pub use live::Live;
use port::Port;
use reach::Reach;
use session::Session;
use wires::Wires;

/// Starts a machine, and says QEMU's process number. It stands at machine time
/// 0, before its first instruction.
///
/// # Errors
///
/// As [`crate::qemu::start`], without those of the plugin.
pub(super) fn start(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: Start,
) -> Result<(Machine, u32), MachineError> {
    let (session, has_pins) = session(tools, board, firmware, start)?;
    let pid = session.pid();
    Ok((assemble(&Rc::new(RefCell::new(session)), has_pins), pid))
}

/// The same machine, to be let go for good.
pub(super) fn start_live(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: Start,
) -> Result<Live, MachineError> {
    session(tools, board, firmware, start).map(|(session, has_pins)| Live::new(session, has_pins))
}

/// A machine, and whether it has pins.
fn session(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: Start,
) -> Result<(Session, bool), MachineError> {
    let machine = board
        .backends
        .qemu
        .as_ref()
        .ok_or_else(|| MachineError::NoSuchTarget { board: board.name.clone(), backend: "qemu" })?;
    if let Some(chip) = machine.whole_chip() {
        return Err(MachineError::ExactOnly { board: board.name.clone(), chip: chip.name() });
    }
    let image = firmware::check(firmware, board)?;
    let has_pins = machine.gpio.len() == 1;
    let maker = Maker {
        tools: tools.clone(),
        machine: machine.clone(),
        painted: image.painted(board),
        firmware: firmware.to_owned(),
        board: board.clone(),
        start,
    };
    let session = Session::new(board.clone(), Box::new(move || maker.make()))?;
    Ok((session, has_pins))
}

fn assemble(session: &Rc<RefCell<Session>>, has_pins: bool) -> Machine {
    Machine {
        run: Part::of(session),
        // QEMU's test protocol watches the outputs of one device.
        pins: has_pins.then(|| -> Box<dyn Pins> { Part::of(session) }),
        memory: Some(Part::of(session)),
        processor: None,
        power: Some(Part::of(session)),
        wires: None,
        analog: None,
        noise: None,
        findings: None,
        checkpoints: None,
        timing: Timing::Wall,
        cores: 1,
    }
}

/// Makes one process after the other for a machine.
struct Maker {
    tools: QemuTools,
    board: Board,
    machine: QemuMachine,
    firmware: PathBuf,
    painted: Vec<Span>,
    start: Start,
}

impl Maker {
    /// A process that stands before its first instruction, with RAM painted.
    fn make(&self) -> Result<(Emulation, Reach), MachineError> {
        let mut emulation = self.launch()?;
        let reach = Reach::find(&mut emulation, &self.board)?;
        if let [controller] = self.machine.gpio.as_slice() {
            emulation.test(&format!("irq_intercept_out {}", controller.path))?;
        }
        self.paint(&reach)?;
        Ok((emulation, reach))
    }

    fn launch(&self) -> Result<Emulation, MachineError> {
        let Start { seed, wall_cap, .. } = self.start;
        // It goes with the end of this function: both sides have opened what is in it by then.
        let pipes = tempfile::tempdir().map_err(no_pipes)?;
        let ports = self
            .board
            .ports
            .values()
            .enumerate()
            .map(|(number, port)| Port::make(&pipes.path().join(chardev(number)), port.baud));
        let ports = ports.collect::<Result<Vec<_>, _>>().map_err(no_pipes)?;
        let (monitor, their_monitor) = UnixStream::pair().map_err(no_socket)?;
        let (tester, their_tester) = UnixStream::pair().map_err(no_socket)?;
        let arguments = arguments::arguments(&Parts {
            board: &self.board,
            machine: &self.machine,
            firmware: &self.firmware,
            seed,
            data: self.tools.data.as_deref(),
            pipes: pipes.path(),
            monitor: their_monitor.as_raw_fd(),
            tester: their_tester.as_raw_fd(),
        });
        let libraries = self.tools.library_path.iter();
        let launch = Launch {
            program: self.tools.program.clone(),
            arguments,
            environment: libraries.map(|path| ("LD_LIBRARY_PATH".into(), path.into())).collect(),
            inherited: [their_monitor, their_tester].map(OwnedFd::from).into(),
            console: Console::Closed,
        };
        let emulator = Emulator::start(launch).map_err(|source| MachineError::NotStarted {
            program: self.tools.program.display().to_string(),
            board: self.board.name.clone(),
            source,
        })?;
        let lines = |socket| Lines::new(socket, wall_cap).map_err(no_socket);
        let wires = Wires::new(lines(monitor)?, lines(tester)?, ports);
        let program = &self.tools.program;
        let name = program.file_name().map_or("qemu".into(), |name| name.to_string_lossy());
        let mut emulation = Emulation::new(name.into_owned(), emulator, wires, wall_cap);
        emulation.greeted()?;
        Ok(emulation)
    }

    fn paint(&self, reach: &Reach) -> Result<(), MachineError> {
        for span in &self.painted {
            let size = usize::try_from(span.size).unwrap_or(usize::MAX);
            reach.write(span.at, &vec![PAINT; size])?;
        }
        Ok(())
    }
}

fn no_socket(source: std::io::Error) -> MachineError {
    MachineError::System { what: "make a socket for QEMU", source }
}

fn no_pipes(source: std::io::Error) -> MachineError {
    MachineError::System { what: "make pipes for QEMU", source }
}
