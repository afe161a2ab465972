//! A stand-in for Renode, and machines in it. It is never counted as Renode.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use replab_machine::renode::{Renode, RenodeTools, Start};
use replab_machine::{Condition, Machine, MachineError, Stop};
use replab_record::{Event, MachineTime, PortName};
use replab_setup::{Named, Tools};
use tempfile::{NamedTempFile, TempDir};

use super::tiny;

/// `B .`: the code of firmware that is never run.
const CODE: [u16; 1] = [0xe7fe];
/// The fault handler that the stand-in's firmware enters, as a vector.
const HANDLER: u32 = 0x43;

/// The command and a firmware for it, in a folder of their own.
pub(crate) struct StandIn {
    folder: TempDir,
    pub(crate) program: PathBuf,
    /// What it plays, if that is no file of the repository's.
    recording: Option<NamedTempFile>,
}

impl StandIn {
    /// One that is called with `arguments` before those of Renode.
    pub(crate) fn new(arguments: &[&str]) -> Result<StandIn, String> {
        let tools = Tools::find(super::root(), Named::from_env());
        let python = tools.program("python3").map_err(|missing| missing.to_string())?;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let program = folder.path().join("renode");
        let script = super::root().join("tests/support/stand_in_renode.py");
        let words = [python.display().to_string(), "-B".to_owned(), script.display().to_string()];
        let line: String = words
            .iter()
            .map(String::as_str)
            .chain(arguments.iter().copied())
            .map(|word| format!("'{word}' "))
            .collect();
        let pids = folder.path().join("pids");
        let note = format!("echo $$ >> '{}'", pids.display());
        write_program(&program, &format!("#!/bin/sh\n{note}\nexec {line}\"$@\"\n"));
        Ok(StandIn { folder, program, recording: None })
    }

    /// One that runs the bridge on fakes.
    pub(crate) fn on_fakes() -> Result<StandIn, String> {
        StandIn::new(&["--fakes"])
    }

    /// One that plays a recording of tests/renode_bridge, and fails as `how` says.
    pub(crate) fn playing(recording: &str, how: Option<&str>) -> Result<StandIn, String> {
        let path = super::root().join("tests/renode_bridge").join(recording);
        let mut arguments = vec!["--recording".to_owned(), path.display().to_string()];
        arguments.extend(how.into_iter().flat_map(|how| ["--fail".to_owned(), how.to_owned()]));
        StandIn::new(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// One that plays a recording with this content.
    pub(crate) fn playing_lines(content: &str) -> Result<StandIn, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file can be made");
        file.write_all(content.as_bytes()).expect("the file is ours");
        let path = file.path().display().to_string();
        let mut stand_in = StandIn::new(&["--recording", &path])?;
        stand_in.recording = Some(file);
        Ok(stand_in)
    }

    /// The numbers of the processes that it was, of which none is left.
    #[track_caller]
    pub(crate) fn has_ended(&self) {
        let pids = std::fs::read_to_string(self.folder.path().join("pids")).unwrap_or_default();
        assert!(!pids.is_empty(), "it was started");
        for pid in pids.lines() {
            let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
            let pid = pid.expect("the shell writes a number");
            assert!(rustix::process::test_kill_process(pid).is_err(), "{pid:?} is left");
        }
    }

    /// Where the backend finds it.
    pub(crate) fn tools(&self) -> RenodeTools {
        RenodeTools {
            program: self.program.clone(),
            platforms: super::root().join("renode"),
            unpacked: None,
        }
    }

    /// A firmware file that the board takes. Nobody runs it.
    pub(crate) fn firmware(&self) -> PathBuf {
        tiny::firmware(self.folder.path(), &CODE, HANDLER)
    }

    /// A machine with this cap.
    pub(crate) fn start(&self, renode: &Renode, cap: Duration) -> Result<Machine, MachineError> {
        let start = Start { seed: 1, wall_cap: cap };
        renode.start(&super::lab_m0(), &self.firmware(), start)
    }
}

/// Another process writes it: if this one had it open while a parallel test forks,
/// the kernel would refuse to run it ("text file busy") until that child is gone.
fn write_program(path: &Path, text: &str) {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text).expect("the folder is ours");
    let status = Command::new("install").args(["-m", "755"]).args([&draft, path]).status();
    assert!(status.expect("every system has install").success());
}

/// The only port.
pub(crate) fn port() -> PortName {
    PortName::new("uart0")
}

/// Lets `machine` go until it has printed `text`, for at most `time`.
#[track_caller]
pub(crate) fn until(machine: &mut Machine, text: &str, time: Duration) -> Stop {
    let condition = Condition::Bytes { port: port(), pattern: text.as_bytes().to_vec() };
    machine.run.go(machine.run.now() + time, &[condition]).expect("it goes and stops")
}

/// Types `line`.
#[track_caller]
pub(crate) fn type_line(machine: &mut Machine, line: &str) -> MachineTime {
    let line = format!("{line}\r");
    machine.run.send(&port(), line.as_bytes(), MachineTime::ZERO).expect("there is a port")
}

/// What was printed in `events`.
pub(crate) fn text(events: &[Event]) -> String {
    super::bench::text(events)
}
