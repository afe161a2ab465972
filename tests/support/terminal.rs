//! Programs in a terminal of their own, and somebody who sits there.

use std::fs::File;
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::processes::{child, pid};

/// More than anything takes, also on a busy computer, in milliseconds.
const PATIENCE: u64 = 60_000;

/// How many rows each terminal has.
pub(crate) const ROWS: u16 = 60;

/// Says its number and waits for a line; says how the terminal is, runs what is
/// behind it, and says how the terminal is then, and the exit code.
const SCRIPT: &str = r#"echo $$; read line; stty -g; "$@"; code=$?; stty -g; echo "code $code""#;

/// A program in a terminal.
pub(crate) struct Sitting {
    session: PtySession,
    /// The process number of the script.
    script: u32,
    /// What the terminal was like, as `stty -g` says it.
    before: String,
}

impl Sitting {
    /// Starts `program` with `arguments` in a terminal of the kind `term`, with so many columns.
    pub(crate) fn start(program: &str, arguments: &[&str], term: &str, columns: u16) -> Sitting {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh", program]).args(arguments);
        command.current_dir(super::root()).env("TERM", term).env("NO_COLOR", "1");
        command.env_remove("CI").env_remove("GITHUB_ACTIONS").env_remove("CARGO_MANIFEST_DIR");
        let session = spawn_command(command, Some(PATIENCE)).expect("every Linux has sh");
        let mut sitting = Sitting { session, script: 0, before: String::new() };
        sitting.script = sitting.line().parse().expect("a process has a number");
        // The terminal has its size before the program comes.
        sitting.resize(columns);
        sitting.types("\n");
        sitting.before = sitting.line();
        sitting
    }

    /// Types `text`.
    pub(crate) fn types(&mut self, text: &str) {
        self.session.send(text).expect("the terminal is there");
        self.session.flush().expect("the terminal is there");
    }

    /// Waits for `text`; what came before it.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> String {
        match self.session.exp_string(&read(text)) {
            Ok(before) => said_by(&before),
            Err(error) => panic!("no {text:?}: {error}"),
        }
    }

    /// Waits for what matches `pattern`, which it gives.
    #[track_caller]
    pub(crate) fn matches(&mut self, pattern: &str) -> String {
        match self.session.exp_regex(pattern) {
            Ok((_, found)) => said_by(&found),
            Err(error) => panic!("no {pattern:?}: {error}"),
        }
    }

    /// Waits for the end of the program, which leaves the terminal as it was; its
    /// exit code, and what came before.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (i32, String) {
        let rest = self.session.exp_eof().expect("it ends");
        let (said, code) = rest.rsplit_once("code ").expect("the script says it");
        let after = said.trim_end().rsplit('\n').next().unwrap_or_default();
        assert_eq!(after, self.before, "the terminal is not as it was: {rest:?}");
        let said = said.trim_end().strip_suffix(after).expect("it is its end");
        (code.trim().parse().expect("a code is a number"), said_by(said))
    }

    /// Gives the terminal so many columns.
    pub(crate) fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.terminal(), size).expect("it is a terminal");
    }

    /// Makes the terminal one where lines are edited, as shells do.
    pub(crate) fn cook(&self) {
        let mut how = tcgetattr(self.terminal()).expect("it is a terminal");
        how.local_modes |= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(self.terminal(), OptionalActions::Now, &how).expect("it is a terminal");
    }

    /// Whether lines are edited in the terminal.
    pub(crate) fn is_cooked(&self) -> bool {
        let how = tcgetattr(self.terminal()).expect("it is a terminal");
        how.local_modes.contains(LocalModes::ICANON)
    }

    /// The program.
    pub(crate) fn program(&self) -> Pid {
        pid(child(self.script).expect("it goes"))
    }

    /// The child of the program: an emulator.
    pub(crate) fn emulator(&self) -> Pid {
        let program = self.program().as_raw_pid().cast_unsigned();
        pid(child(program).expect("a board has its emulator"))
    }

    /// Sends the program `signal`.
    pub(crate) fn signals(&self, signal: Signal) {
        kill_process(self.program(), signal).expect("it goes");
    }

    fn line(&mut self) -> String {
        self.session.read_line().expect("the script says it").trim_end().to_owned()
    }

    /// The other side of the terminal, which tells and sets the same.
    fn terminal(&self) -> File {
        self.session.process().get_file_handle().expect("it is open")
    }
}

/// `text` as rexpect reads it: each byte as a character of its own.
fn read(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// What rexpect has read, as text.
fn said_by(read: &str) -> String {
    let bytes: Vec<u8> = read.chars().filter_map(|byte| u8::try_from(byte).ok()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
