//! One Renode process: started, called by our bridge, asked, and ended.
//!
//! It has a private folder (mode 0700) with the socket, its temporary files, its
//! configuration and its log, which goes when the process does. The bridge inside
//! ends Renode when the socket ends, also where the `renode` command is a script
//! whose child outlives it. Standard input stays open and is never written;
//! output is drained. No TCP port is opened.

use std::fs;
use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::MachineError;
use crate::process::{Console, Emulator, Launch, in_words};
use rustix::event::{PollFd, PollFlags};

use super::folder::Folder;
use super::frames::{Frames, Silence, poll_until};
use super::protocol::{self, Answer, PROTOCOL, Refusal};
use super::removal::Removal;
use super::{Exchange, RenodeTools};

/// The bridge that Renode includes.
const BRIDGE: &str = include_str!("../../../../renode/lab_bridge.py");

/// How long a process whose socket has ended may take to end itself: Renode took
/// 60 to 120 ms (1.16.1).
const END: Duration = Duration::from_secs(2);

/// How much of Renode's log is kept for messages.
const LOG_LINES: usize = 12;

/// How a recording writes the private folder.
const FOLDER: &str = "FOLDER";

/// A running Renode. Dropping it ends it, and then its folder goes.
pub(super) struct Program {
    pub(super) emulator: Emulator,
    frames: Frames,
    folder: Folder,
    /// What it calls itself; the command until it has said so.
    name: String,
    /// It has failed us once: nothing that it says counts any more.
    is_lost: bool,
    /// What was asked and answered, if somebody keeps it.
    recording: Option<Vec<Exchange>>,
    /// For the case that we cannot remove the folder; ended after that.
    _removal: Removal,
}

impl Program {
    /// Starts one, and waits until the bridge inside it has called; `wall` is how
    /// long that may take.
    pub(super) fn start(
        tools: &RenodeTools,
        wall: Duration,
        records: bool,
    ) -> Result<Program, MachineError> {
        let deadline = Instant::now() + wall;
        let folder = Folder::new().map_err(system("make a private folder for Renode"))?;
        let listener = prepare(folder.path()).map_err(system("prepare a folder for Renode"))?;
        let (gone, life) = io::pipe().map_err(system("make a pipe for Renode"))?;
        let removal = gone.try_clone().and_then(|gone| Removal::of(folder.path(), gone));
        let removal = removal.map_err(system("see to the end of Renode's folder"))?;
        let name = tools.program.display().to_string();
        let emulator =
            Emulator::start(launch(tools, folder.path(), life.into())).map_err(|source| {
                MachineError::NotStarted { program: name.clone(), board: "any".to_owned(), source }
            })?;
        let socket = match called(&listener, &gone, deadline) {
            Called::Yes(socket) => socket.map_err(system("hear from Renode"))?,
            Called::Ended => {
                let status = emulator.wait(END).or_else(|| emulator.end());
                return Err(MachineError::Died {
                    program: name,
                    request: "start".to_owned(),
                    status: status.map_or("its end did not come".to_owned(), in_words),
                    last_words: last_words(&emulator, folder.path()),
                });
            }
            Called::Late => {
                let last_words = last_words(&emulator, folder.path());
                return Err(MachineError::NoBridge { program: name, wall, last_words });
            }
        };
        let frames = Frames::new(socket, wall).map_err(system("speak to Renode"))?;
        let recording = records.then(Vec::new);
        let is_lost = false;
        let mut program =
            Program { emulator, frames, folder, name, is_lost, recording, _removal: removal };
        program.greet(deadline, wall)?;
        Ok(program)
    }

    fn greet(&mut self, deadline: Instant, wall: Duration) -> Result<(), MachineError> {
        let answer = self.ask(&["hello"], deadline, wall)?;
        if answer.first().map(String::as_str) != Some(PROTOCOL) {
            return Err(MachineError::WrongBridge { answer: answer.join(" "), wanted: PROTOCOL });
        }
        if let Some(version) = answer.get(1).filter(|version| !version.is_empty()) {
            self.name.clone_from(version);
        }
        let log = format!("logFile @{} true", self.folder.path().join("log").display());
        // Only messages read it: what cannot be logged can still be played.
        self.try_ask(&["command", &log], deadline, wall).map(drop)
    }

    /// Closes our end of the socket.
    pub(super) fn close(&mut self) {
        self.is_lost = true;
        self.frames.close();
    }

    /// What it says of itself: `Renode, version 1.16.1 (…)`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its private folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether it can be used for another machine.
    pub(super) fn is_sound(&self) -> bool {
        !self.is_lost
    }

    /// All that was asked and answered, if it is recorded.
    pub(super) fn recording(&self) -> &[Exchange] {
        self.recording.as_deref().unwrap_or_default()
    }

    /// Puts `content` into the folder.
    pub(super) fn put(&self, file: &str, content: &str) -> Result<PathBuf, MachineError> {
        let path = self.folder.path().join(file);
        fs::write(&path, content).map_err(system("write a file for Renode"))?;
        Ok(path)
    }

    /// Gives `file` of the folder for what lies at `path`: its own name may hold what
    /// Renode's monitor cannot read.
    pub(super) fn link(&self, file: &str, path: &Path) -> Result<PathBuf, MachineError> {
        let link = self.folder.path().join(file);
        match fs::remove_file(&link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(system("replace a file for Renode")(error));
            }
            _ => {}
        }
        let path = std::path::absolute(path).map_err(system("find the firmware"))?;
        symlink(path, &link).map_err(system("link the firmware for Renode"))?;
        Ok(link)
    }

    /// Carries out one request; the fields of its answer. `cap` is what the deadline
    /// was made of, for messages. After any error nothing else can be asked.
    pub(super) fn ask(
        &mut self,
        fields: &[&str],
        deadline: Instant,
        cap: Duration,
    ) -> Result<Vec<String>, MachineError> {
        self.try_ask(fields, deadline, cap)?.map_err(|refusal| {
            self.is_lost = true;
            let (program, request) = (self.name.clone(), cut(&fields.join(" ")));
            if refusal.kind == "hook" {
                MachineError::Hook { program, request, what: refusal.text }
            } else {
                MachineError::Answer { program, request, answer: refusal.text }
            }
        })
    }

    /// As [`Program::ask`], where a refusal is an answer like any other.
    pub(super) fn try_ask(
        &mut self,
        fields: &[&str],
        deadline: Instant,
        cap: Duration,
    ) -> Result<Result<Vec<String>, Refusal>, MachineError> {
        let request = fields.join("\n");
        let shown = cut(&fields.join(" "));
        if self.is_lost {
            let status = "it was given up after an earlier error".to_owned();
            let (program, last_words) = (self.name.clone(), Vec::new());
            return Err(MachineError::Died { program, request: shown, status, last_words });
        }
        let heard = self.frames.say(&request).and_then(|()| self.frames.hear(deadline));
        let text = heard.map_err(|silence| self.silent(silence, shown.clone(), cap))?;
        self.record(&request, &text);
        match protocol::answer(&text) {
            Some(Answer::Done(fields)) => Ok(Ok(fields)),
            Some(Answer::Refused(refusal)) => Ok(Err(refusal)),
            None => Err(self.strange(&shown, &text)),
        }
    }

    /// The error for an answer that nobody understands. The process is given up.
    pub(super) fn strange(&mut self, request: &str, answer: &str) -> MachineError {
        self.is_lost = true;
        self.emulator.kill();
        let answer = answer.chars().take(80).collect();
        MachineError::Answer { program: self.name.clone(), request: cut(request), answer }
    }

    fn silent(&mut self, silence: Silence, request: String, wall: Duration) -> MachineError {
        self.is_lost = true;
        let program = self.name.clone();
        match silence {
            Silence::Late => {
                self.emulator.kill();
                MachineError::Silent { program, request, wall, last_words: self.last_words() }
            }
            Silence::Garbage(text) => self.strange(&request, &text),
            Silence::Ended => match self.emulator.wait(END) {
                Some(status) => {
                    let status = in_words(status);
                    MachineError::Died { program, request, status, last_words: self.last_words() }
                }
                None => {
                    self.emulator.kill();
                    MachineError::Closed { program, request, last_words: self.last_words() }
                }
            },
            Silence::Cut { got, of } => {
                let ended = self.emulator.wait(END).or_else(|| self.emulator.end());
                let status = ended.map_or("its end did not come".to_owned(), in_words);
                let last_words = self.last_words();
                MachineError::Cut { program, request, got, of, status, last_words }
            }
        }
    }

    fn last_words(&self) -> Vec<String> {
        last_words(&self.emulator, self.folder.path())
    }

    fn record(&mut self, request: &str, answer: &str) {
        let Some(recording) = &mut self.recording else { return };
        let folder = self.folder.path().display().to_string();
        let fields = |text: &str| {
            text.split('\n').map(|field| field.replace(&folder, FOLDER)).collect::<Vec<_>>()
        };
        recording.push(Exchange { request: fields(request), answer: fields(answer) });
    }
}

/// As much of a request as a message needs.
fn cut(request: &str) -> String {
    if request.len() <= 80 {
        request.to_owned()
    } else {
        format!("{}…", request.chars().take(79).collect::<String>())
    }
}

/// The last lines of the console, and those of Renode's log.
fn last_words(emulator: &Emulator, folder: &Path) -> Vec<String> {
    let mut words = emulator.last_words();
    // Without a log there is nothing more to say.
    let log = fs::read(folder.join("log")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<_> = log.lines().filter(|line| !line.is_empty()).collect();
    words
        .extend(lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(|&line| line.to_owned()));
    words
}

/// Fills the folder; the socket in it, which listens.
fn prepare(folder: &Path) -> io::Result<UnixListener> {
    for name in ["tmp", "config"] {
        fs::create_dir(folder.join(name))?;
    }
    fs::write(folder.join("lab_bridge.py"), BRIDGE)?;
    UnixListener::bind(folder.join("socket"))
}

fn launch(tools: &RenodeTools, folder: &Path, life: OwnedFd) -> Launch {
    let include = format!("include @{}", folder.join("lab_bridge.py").display());
    let options = ["--plain", "--disable-gui", "--hide-log", "--console", "-e", &include];
    let mut environment = vec![
        ("REPLAB_RENODE_SOCKET".into(), folder.join("socket").into()),
        ("TMPDIR".into(), folder.join("tmp").into()),
        ("XDG_CONFIG_HOME".into(), folder.join("config").into()),
        ("RENODE_CI_MODE".into(), "YES".into()),
    ];
    if let Some(kept) = &tools.unpacked {
        environment.push(("DOTNET_BUNDLE_EXTRACT_BASE_DIR".into(), kept.into()));
    }
    Launch {
        program: tools.program.clone(),
        arguments: options.iter().map(Into::into).collect(),
        environment,
        inherited: vec![life],
        console: Console::Held,
    }
}

/// What came of the wait for the bridge.
enum Called {
    Yes(io::Result<UnixStream>),
    Ended,
    Late,
}

fn called(listener: &UnixListener, gone: &PipeReader, deadline: Instant) -> Called {
    // Each process that Renode is made of holds the other end of the pipe.
    let mut ready = [PollFd::new(listener, PollFlags::IN), PollFd::new(gone, PollFlags::IN)];
    if !poll_until(&mut ready, deadline) {
        return Called::Late;
    }
    if ready[0].revents().is_empty() {
        return Called::Ended;
    }
    Called::Yes(listener.accept().map(|(socket, _)| socket))
}

fn system(what: &'static str) -> impl Fn(io::Error) -> MachineError {
    move |source| MachineError::System { what, source }
}
