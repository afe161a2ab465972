//! Machines that run in QEMU.
//!
//! Everything goes through a plugin of ours inside QEMU, over an inherited
//! socket: going and stopping, bytes both ways, pins, memory. What it can do and
//! why stands in `harness/qemu-plugin`; this side shares no code with it, only
//! the protocol (`PROTOCOL.md` there).
//!
//! The parts of a [`Machine`] share one [`Session`]: it is used by one thread,
//! and the machine does not move while that thread thinks.

mod arguments;
mod builds;
mod firmware;
mod gate;
mod lines;
mod link;
mod session;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use replab_board::{Board, QemuMachine};
use replab_record::{Event, Level, MachineTime, PinName, PortName};

use crate::process::{Emulator, Launch};
use crate::{Condition, Machine, MachineError, Memory, Pins, Stop, StopGo, Timing};

use arguments::Parts;
use firmware::Image;
use link::Link;
use session::{CHUNK, Session, nanos, number_of};

#[doc(hidden)]
pub use gate::Gate;

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
}

/// Starts a machine. It stands at machine time 0, before its first instruction.
///
/// `seed` is that of QEMU's random numbers, and so a part of what the firmware
/// sees. A request that takes longer than `wall_cap` on the desk clock, also a
/// `go`, gives [`MachineError::Silent`].
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
    seed: u32,
    wall_cap: Duration,
) -> Result<Machine, MachineError> {
    let (machine, _) = start_for_proof(tools, board, firmware, seed, wall_cap, Proof::default())?;
    Ok(machine)
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
    /// QEMU's own monitor.
    pub qmp: Option<UnixStream>,
}

impl Inside {
    /// The emulator's process number.
    pub fn pid(&self) -> u32 {
        self.session.borrow().pid()
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
    seed: u32,
    wall_cap: Duration,
    proof: Proof,
) -> Result<(Machine, Inside), MachineError> {
    let machine = board
        .backends
        .qemu
        .as_ref()
        .ok_or_else(|| MachineError::NoSuchTarget { board: board.name.clone(), backend: "qemu" })?;
    let image = firmware::check(firmware, board)?;
    let (ours, theirs) = UnixStream::pair().map_err(no_socket)?;
    let (qmp, their_qmp) = if proof.qmp {
        UnixStream::pair().map(|(a, b)| (Some(a), Some(b))).map_err(no_socket)?
    } else {
        (None, None)
    };
    if proof.gate.is_some() {
        rustix::net::sockopt::set_socket_send_buffer_size(&theirs, 1)
            .map_err(|error| no_socket(error.into()))?;
    }
    let parts = Parts {
        board,
        machine,
        firmware,
        seed,
        data: tools.data.as_deref(),
        plugin: &tools.plugin,
        socket: theirs.as_raw_fd(),
        naive_wfi: proof.naive_wfi,
        qmp: their_qmp.as_ref().map(AsRawFd::as_raw_fd),
    };
    let arguments = arguments::arguments(&parts);
    let inherited = [Some(theirs), their_qmp].into_iter().flatten().map(OwnedFd::from).collect();
    let emulator =
        launch(tools, arguments, inherited).map_err(|source| MachineError::NotStarted {
            program: tools.program.display().to_string(),
            board: board.name.clone(),
            source,
        })?;
    let link = Link::new(ours, wall_cap, proof.gate.unwrap_or_default()).map_err(no_socket)?;
    let name = tools.program.file_name().map_or("qemu".into(), |name| name.to_string_lossy());
    let mut session = Session::new(name.into_owned(), link, emulator, board, wall_cap);
    greet(&mut session, tools)?;
    set_up(&mut session, board, machine, &image)?;
    let session = Rc::new(RefCell::new(session));
    Ok((assemble(&session), Inside { session, qmp }))
}

fn no_socket(source: io::Error) -> MachineError {
    MachineError::System { what: "make a socket for QEMU", source }
}

fn launch(
    tools: &QemuTools,
    arguments: Vec<OsString>,
    inherited: Vec<OwnedFd>,
) -> io::Result<Emulator> {
    let environment =
        tools.library_path.iter().map(|path| ("LD_LIBRARY_PATH".into(), path.into())).collect();
    Emulator::start(Launch { program: tools.program.clone(), arguments, environment, inherited })
}

/// Asks the plugin for its protocol and QEMU for its version.
fn greet(session: &mut Session, tools: &QemuTools) -> Result<(), MachineError> {
    match session.request("hello") {
        Ok(answer) => builds::check(&answer),
        Err(MachineError::Died { last_words, .. }) if refusal(&last_words).is_some() => {
            let why = refusal(&last_words).unwrap_or_default();
            Err(builds::untested(format!("the QEMU at `{}`", tools.program.display()), why))
        }
        Err(error) => Err(error),
    }
}

/// What the plugin said when it refused to be loaded, or QEMU when it did not
/// take the plugin (`plugins/loader.c`: another version of its interface).
fn refusal(last_words: &[String]) -> Option<&str> {
    last_words.iter().find_map(|line| {
        let ours = line.split_once("replab-qemu-plugin refuses: ").map(|(_, why)| why);
        ours.or_else(|| line.split_once("Could not load plugin ").map(|(_, why)| why))
    })
}

fn set_up(
    session: &mut Session,
    board: &Board,
    machine: &QemuMachine,
    image: &Image,
) -> Result<(), MachineError> {
    for (number, port) in board.ports.values().enumerate() {
        session.request(&format!(
            "port {} {:x} {}",
            arguments::chardev(number),
            port.transmit_register,
            port.baud
        ))?;
    }
    for controller in &machine.gpio {
        session.request(&format!("watch {} {}", controller.path, controller.lines))?;
    }
    session.request(&format!("resetline {}", machine.interrupt_controller))?;
    for handler in &image.fault_handlers {
        session.request(&format!("fault {handler:x}"))?;
    }
    Ok(())
}

fn assemble(session: &Rc<RefCell<Session>>) -> Machine {
    Machine {
        run: Box::new(Part(Rc::clone(session))),
        pins: Some(Box::new(Part(Rc::clone(session)))),
        memory: Some(Box::new(Part(Rc::clone(session)))),
        timing: Timing::Exact,
    }
}

/// One part of a machine in QEMU.
struct Part(Rc<RefCell<Session>>);

impl StopGo for Part {
    fn now(&self) -> MachineTime {
        self.0.borrow().now()
    }

    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError> {
        self.0.borrow_mut().go(until, conditions)
    }

    fn send(
        &mut self,
        port: &PortName,
        bytes: &[u8],
        from: MachineTime,
    ) -> Result<MachineTime, MachineError> {
        let mut session = self.0.borrow_mut();
        let port = session.port(port)?;
        let mut last = from.max(session.now());
        for chunk in bytes.chunks(CHUNK) {
            last = MachineTime::from_nanos(session.number(&format!(
                "send {port} {} {}",
                nanos(from),
                hex::encode(chunk)
            ))?);
        }
        Ok(last)
    }

    fn pending(&mut self, port: &PortName) -> Result<usize, MachineError> {
        let mut session = self.0.borrow_mut();
        let port = session.port(port)?;
        let count = session.number(&format!("pending {port}"))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        self.0.borrow_mut().reset()
    }
}

impl Pins for Part {
    fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Result<(), MachineError> {
        let mut session = self.0.borrow_mut();
        let level = number_of(level)?;
        let (_, controller, line) = session.line(pin)?;
        let request = format!("drive {} {} {line} {level}", nanos(at), controller.path);
        session.request(&request)?;
        session.drives(pin);
        Ok(())
    }
}

impl Memory for Part {
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
        let mut session = self.0.borrow_mut();
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let count = CHUNK.min(length - bytes.len());
            bytes.extend(
                session.bytes(&format!(
                    "peek {:x} {count}",
                    u64::from(address) + bytes.len() as u64
                ))?,
            );
        }
        Ok(bytes)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError> {
        let mut session = self.0.borrow_mut();
        for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
            session.request(&format!(
                "poke {:x} {}",
                u64::from(address) + (index * CHUNK) as u64,
                hex::encode(chunk)
            ))?;
        }
        Ok(())
    }
}
