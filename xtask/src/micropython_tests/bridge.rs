//! A board in exact time behind a pseudo-terminal: what `run-tests.py` talks to.
//!
//! `replab serve` goes by the desk clock, which a chip of the plugin does not do. Here
//! the machine stops and goes as in a scenario, a slice at a time, and what the client
//! has typed meanwhile goes in between two slices. While the board waits for the
//! client, so does the machine, and its time stands.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use replab_board::Board;
use replab_cli::Place;
use replab_machine::qemu::{self, QemuTools};
use replab_machine::{Condition, Machine, StopCause, Timing};
use replab_record::{Event, MachineTime, PortName};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::firmware::App;
use crate::workspace;

/// How long the machine goes, in its own time, before somebody looks at what the
/// client has typed.
const SLICE: Duration = Duration::from_millis(10);

/// How long a board that seems to wait for the client is left standing. A test may
/// print what looks like a prompt, and go on.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// The same where the board has something to do.
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// All that upstream's tests may take together on a slow computer.
const WALL_CAP: Duration = Duration::from_secs(2 * 3600);

/// What the board says last before it waits for the client: the prompts of the raw
/// REPL and of the plain one (MicroPython 1.25.0, shared/runtime/pyexec.c).
const PROMPTS: [&[u8]; 3] = [b"\x04>", b"\n>", b">>> "];

/// "More, please" while a script is pasted, as above: the client should have it at once.
const MORE: &[u8] = b"\x01";

/// A board that runs upstream's tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestBoard {
    /// Our MicroPython port
    LabM0,
    /// MicroPython's own port for the RP2040
    Pico,
    /// The same with both cores
    PicoCores,
}

impl TestBoard {
    /// The board's name, as in its file.
    pub(crate) fn name(self) -> &'static str {
        self.app().name()
    }

    /// What it is called on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            TestBoard::LabM0 => "lab-m0",
            TestBoard::Pico => "pico",
            TestBoard::PicoCores => "pico-cores",
        }
    }

    /// How many cores it has.
    pub(crate) fn cores(self) -> u32 {
        if self == TestBoard::PicoCores { 2 } else { 1 }
    }

    /// What runs on it.
    pub(crate) fn app(self) -> App {
        match self {
            TestBoard::LabM0 => App::LabM0,
            TestBoard::Pico | TestBoard::PicoCores => App::Pico,
        }
    }
}

/// `cargo xtask board-under-test`: prints the path of the terminal, and goes until who started it ends it, or ends.
pub(crate) fn run(board: TestBoard) -> anyhow::Result<()> {
    let (master, path, _slave) = terminal().context("could not make a pseudo-terminal")?;
    let (mut machine, port) = start(board)?;
    println!("{path}");
    pass(&mut machine, &port, File::from(master))
}

/// A raw terminal: its master, the path of its slave, and the slave, which keeps it open between clients.
fn terminal() -> anyhow::Result<(OwnedFd, String, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let path = ptsname(&master, Vec::new())?.into_string()?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = open(path.as_str(), flags, Mode::empty())?;
    let mut how = tcgetattr(&slave)?;
    how.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &how)?;
    Ok((master, path, slave))
}

/// The board in QEMU, and its port with the REPL.
fn start(board: TestBoard) -> anyhow::Result<(Machine, PortName)> {
    let place = Place::in_workspace(&workspace::root(), &workspace::target().join("debug"));
    let file = place.boards.join(format!("{}.yaml", board.name()));
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("could not read {}", file.display()))?;
    let definition: Board = replab_board::load(&file.display().to_string(), &text)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let Some((port, _)) = definition.repl_port() else {
        bail!("board {} has no port with a REPL", board.name());
    };
    let found = workspace::tools().qemu()?;
    let tools = QemuTools {
        program: found.program,
        library_path: found.library_path,
        data: found.data,
        boot_rom: place.boot_rom(),
        plugin: place.plugin.clone(),
    };
    let start =
        qemu::Start { seed: 1, wall_cap: WALL_CAP, timing: Timing::Exact, cores: board.cores() };
    let firmware = place.firmware_of(board.name());
    Ok((qemu::start(&tools, &definition, &firmware, start)?, port.clone()))
}

/// Passes bytes both ways. Ends with an error if the firmware can go on no more.
fn pass(machine: &mut Machine, port: &PortName, mut terminal: File) -> anyhow::Result<()> {
    let says = |pattern: &[u8]| Condition::Bytes { port: port.clone(), pattern: pattern.to_vec() };
    let conditions: Vec<_> = PROMPTS.into_iter().chain([MORE]).map(says).collect();
    let mut waiting = Waiting::default();
    loop {
        let heard = hear(&terminal, io::stdin(), waiting.patience())?;
        if heard == Heard::TheEnd {
            return Ok(());
        }
        if heard == Heard::Typing {
            let mut typed = [0; 4096];
            let count = terminal.read(&mut typed).context("the terminal is gone")?;
            machine.run.send(port, &typed[..count], MachineTime::ZERO)?;
        }
        let stop = machine.run.go(machine.run.now() + SLICE, &conditions)?;
        let sent: Vec<u8> = stop.events.iter().filter_map(sent).collect();
        terminal.write_all(&sent).context("the terminal is gone")?;
        waiting.note(&sent, machine.run.pending(port)?);
        match stop.cause {
            StopCause::Time | StopCause::Full | StopCause::Condition { .. } => {}
            StopCause::Reset => drop(machine.run.reset()?),
            StopCause::Fault(fault) => bail!("the firmware has faulted: {fault:?}"),
            StopCause::Rom(end) => bail!("the firmware has ended in its boot ROM: {end:?}"),
            StopCause::Lockup(registers) => bail!("the processor is locked up: {registers:?}"),
        }
    }
}

/// Whether the board waits for the client, as far as can be told from outside.
#[derive(Debug, Default)]
struct Waiting {
    /// The last bytes that it has sent.
    tail: Vec<u8>,
    is_idle: bool,
}

impl Waiting {
    /// In the last slice it has sent this, and so many typed bytes are still on their way to it.
    fn note(&mut self, sent: &[u8], pending: usize) {
        self.tail.extend_from_slice(sent);
        self.tail.drain(..self.tail.len().saturating_sub(4));
        let has_prompt = PROMPTS.iter().any(|prompt| self.tail.ends_with(prompt));
        self.is_idle = sent.is_empty() && pending == 0 && has_prompt;
    }

    /// How long the client may have the floor.
    fn patience(&self) -> &'static Timespec {
        if self.is_idle { &PATIENCE } else { &AT_ONCE }
    }
}

fn sent(event: &Event) -> Option<u8> {
    if let Event::Sent { byte, .. } = event { Some(*byte) } else { None }
}

/// What comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    /// The client has typed something.
    Typing,
    /// Whoever started us is gone.
    TheEnd,
}

/// Waits for the client to type, or until `patience` is over. `starter` is a pipe whose
/// other end goes with who started us: a terminal of a session of its own does not tell.
fn hear(terminal: impl AsFd, starter: impl AsFd, patience: &Timespec) -> anyhow::Result<Heard> {
    // That a pipe has hung up is told without being asked for.
    let mut ends =
        [PollFd::new(&terminal, PollFlags::IN), PollFd::new(&starter, PollFlags::empty())];
    poll(&mut ends, Some(patience)).context("could not wait for the terminal")?;
    let [typing, starter] = ends.map(|end| end.revents());
    Ok(match (starter.contains(PollFlags::HUP), typing.is_empty()) {
        (true, _) => Heard::TheEnd,
        (false, true) => Heard::Nothing,
        (false, false) => Heard::Typing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };

    /// Whether it waits after these slices: what was sent, and what is still to come in.
    #[track_caller]
    fn check(slices: &[(&str, usize)], expected: bool) {
        let mut waiting = Waiting::default();
        slices.iter().for_each(|(sent, pending)| waiting.note(sent.as_bytes(), *pending));
        assert_eq!(waiting.is_idle, expected, "{slices:?}");
    }

    #[test]
    fn a_board_waits_when_nothing_comes_after_its_prompt() {
        check(&[("OK1\r\n\x04\x04", 0), (">", 0), ("", 0)], true);
        check(&[("raw REPL; CTRL-B to exit\r\n>", 0), ("", 0)], true);
        check(&[(">>", 0), ("> ", 0), ("", 0), ("", 0)], true);
    }

    #[test]
    fn a_board_that_has_something_to_do_does_not_wait() {
        check(&[(">>> ", 0)], false);
        check(&[(">>> ", 0), ("", 1)], false);
        check(&[(">>> ", 0), ("", 0), ("p", 0)], false);
        check(&[("OK", 0), ("", 0)], false);
        check(&[("R\x01\u{80}\0\x01", 0), ("", 0)], false);
    }

    #[test]
    fn the_command_line_has_each_board_by_its_word() {
        for board in TestBoard::value_variants() {
            assert_eq!(TestBoard::from_str(board.word(), false), Ok(*board));
        }
    }

    #[test]
    fn what_a_client_types_comes_out_as_it_is() {
        let (master, path, _slave) = terminal().unwrap();
        let mut client = File::options().read(true).write(true).open(path).unwrap();
        let mut master = File::from(master);
        let (starter, other_end) = io::pipe().unwrap();
        assert_eq!(hear(&master, &starter, &AT_ONCE).unwrap(), Heard::Nothing);
        client.write_all(b"\x03\x04\r\n").unwrap();
        assert_eq!(hear(&master, &starter, &LONG).unwrap(), Heard::Typing);
        let mut heard = [0; 4];
        master.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"\x03\x04\r\n");
        let after = hear(&master, &starter, &AT_ONCE).unwrap();
        assert_eq!(after, Heard::Nothing, "nothing is echoed");
        drop(other_end);
        assert_eq!(hear(&master, &starter, &LONG).unwrap(), Heard::TheEnd);
    }
}
