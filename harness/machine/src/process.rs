//! Starts emulators and makes sure that none outlives its run.
//!
//! Each emulator gets a process group, no core dumps, and the parent-death
//! signal SIGKILL. That signal fires when the *thread* that started the process
//! ends, not the whole parent, so each emulator has a thread of its own: it
//! starts the process, waits for its end, and reaps it. Only while it has not
//! been reaped may its number be used for a signal; the lock in [`Life`] says so.
//!
//! Its standard error is always drained; the last lines are kept for messages.
//! What an emulator says over its socket is for its backend to read.

mod last_words;

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getpid, getppid, kill_process_group,
    set_parent_process_death_signal, setrlimit, waitid,
};

use last_words::LastWords;

/// How long an emulator may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);

/// How long to wait for the rest of what an ended emulator wrote.
const REST: Duration = Duration::from_secs(1);

/// What to start.
pub(crate) struct Launch {
    /// The program: a path, or a name to look for on `PATH`.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Variables to set beside those of ours.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Descriptors that it inherits under the same numbers.
    pub(crate) inherited: Vec<OwnedFd>,
    /// What its standard input and output are.
    pub(crate) console: Console,
}

/// What standard input and output of an emulator are. Standard error is always drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Console {
    /// It has none.
    Closed,
    /// Input stays open and nothing comes; output is drained together with the errors.
    /// Renode ends when its input ends.
    Held,
}

/// A running emulator. Dropping it ends it.
pub(crate) struct Emulator {
    pid: Pid,
    life: Arc<Life>,
    keeper: Option<JoinHandle<()>>,
    words: LastWords,
}

/// Whether a process still is.
#[derive(Default)]
struct Life {
    status: Mutex<Option<ExitStatus>>,
    ended: Condvar,
}

impl Life {
    fn lock(&self) -> MutexGuard<'_, Option<ExitStatus>> {
        self.status.lock().expect("nobody panics with this lock")
    }
}

impl Emulator {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says if the program cannot be run.
    pub(crate) fn start(launch: Launch) -> io::Result<Emulator> {
        let life = Arc::new(Life::default());
        let (started, starts) = mpsc::channel();
        let keeper = {
            let life = Arc::clone(&life);
            thread::Builder::new().name("emulator".to_owned()).spawn(move || {
                match spawn(launch) {
                    Ok((child, errors)) => {
                        // The receiver waits below; a lost answer cannot be.
                        let _ = started.send(Ok((pid_of(&child), errors)));
                        keep(child, &life);
                    }
                    Err(error) => {
                        let _ = started.send(Err(error)); // As above.
                    }
                }
            })?
        };
        let (pid, errors) = starts.recv().expect("the thread answers before it ends")?;
        Ok(Emulator { pid, life, keeper: Some(keeper), words: LastWords::gather(errors) })
    }

    /// Its process number.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for its end; `None` if it is still there after `wall`.
    pub(crate) fn wait(&self, wall: Duration) -> Option<ExitStatus> {
        let alive = self.life.lock();
        let (status, _) = self
            .life
            .ended
            .wait_timeout_while(alive, wall, |status| status.is_none())
            .expect("nobody panics with this lock");
        *status
    }

    /// Ends it: by SIGTERM, and after [`GRACE`] by SIGKILL.
    pub(crate) fn end(&self) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        if let Some(status) = self.wait(GRACE) {
            return Some(status);
        }
        self.kill();
        self.wait(GRACE)
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// The last lines that it wrote to its standard error.
    pub(crate) fn last_words(&self) -> Vec<String> {
        let patience = if self.wait(Duration::ZERO).is_some() { REST } else { Duration::ZERO };
        self.words.lines(patience)
    }

    /// The last lines up to one that holds `mark`, or all that came within `wall`.
    pub(crate) fn words_until(&self, mark: &str, wall: Duration) -> Vec<String> {
        self.words.until(mark, wall)
    }

    fn signal(&self, signal: Signal) {
        let status = self.life.lock();
        if status.is_none() {
            // The only failure is that the group has ended just now.
            let _ = kill_process_group(self.pid, signal);
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.kill();
        if let Some(keeper) = self.keeper.take() {
            // It reaps the process that was just killed; a panic of its own was shown already.
            let _ = keeper.join();
        }
    }
}

/// How a process ended, in words.
pub(crate) fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => {
            let name = match signal {
                4 => "SIGILL",
                6 => "SIGABRT",
                7 => "SIGBUS",
                9 => "SIGKILL",
                11 => "SIGSEGV",
                15 => "SIGTERM",
                31 => "SIGSYS: the sandbox forbids what it tried",
                _ => return format!("ended by signal {signal}"),
            };
            format!("ended by {name}")
        }
        (None, None) => status.to_string(),
    }
}

/// Runs in the emulator's own thread.
fn spawn(launch: Launch) -> io::Result<(Child, PipeReader)> {
    let Launch { program, arguments, environment, inherited, console } = launch;
    let (words, writer) = io::pipe()?;
    let parent = getpid();
    let mut command = Command::new(program);
    command.args(arguments).envs(environment);
    match console {
        Console::Closed => command.stdin(Stdio::null()).stdout(Stdio::null()),
        Console::Held => command.stdin(Stdio::piped()).stdout(writer.try_clone()?),
    };
    command.stderr(writer);
    command.process_group(0);
    let numbers: Vec<_> = inherited.iter().map(AsRawFd::as_raw_fd).collect();
    // SAFETY: between fork and exec only system calls are made; nothing is allocated or locked.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            if getppid() != Some(parent) {
                return Err(io::ErrorKind::BrokenPipe.into()); // The lab ended before the line above.
            }
            setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
            for number in &numbers {
                // Only here, in the child: processes that other threads start inherit none of them.
                fcntl_setfd(BorrowedFd::borrow_raw(*number), FdFlags::empty())?;
            }
            Ok(())
        });
    }
    // The command goes with this function, and with it our own end of the pipe.
    Ok((command.spawn()?, words))
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed()).expect("a child has a number")
}

/// Waits for the end of `child`, ends what is left of its group, and reaps it.
fn keep(mut child: Child, life: &Life) {
    let pid = pid_of(&child);
    while let Err(rustix::io::Errno::INTR) =
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
    {}
    let mut status = life.lock();
    // Its number is still taken, so the group is still its own.
    let _ = kill_process_group(pid, Signal::KILL);
    *status = Some(child.wait().expect("it is our child, and has ended"));
    life.ended.notify_all();
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Emulator {
        Emulator::start(Launch {
            program: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("SAID".into(), "hello".into())],
            inherited: vec![],
            console: Console::Closed,
        })
        .expect("every system has sh")
    }

    #[track_caller]
    fn check(script: &str, status: &str, words: &[&str]) {
        let emulator = shell(script);
        assert_eq!(in_words(emulator.wait(LONG).expect("the script ends")), status);
        assert_eq!(emulator.last_words(), words);
    }

    #[test]
    fn the_end_is_told_in_words_with_the_last_of_them() {
        check("echo $SAID >&2; exit 7", "exit status 7", &["hello"]);
        check("kill -ABRT $$", "ended by SIGABRT", &[]);
        check("ulimit -c >&2", "exit status 0", &["0"]);
        check("printf half >&2", "exit status 0", &["half"]);
        check(
            "echo 'qemu-system-arm: warning: icount sleep disabled and no active timers' >&2",
            "exit status 0",
            &[],
        );
    }

    #[test]
    fn a_held_console_stays_open_and_its_output_is_kept() {
        let emulator = Emulator::start(Launch {
            program: "sh".into(),
            arguments: vec!["-c".into(), "echo said; echo wrong >&2; read never; exit 7".into()],
            environment: vec![],
            inherited: vec![],
            console: Console::Held,
        })
        .unwrap();
        assert_eq!(emulator.words_until("wrong", LONG), ["said", "wrong"]);
        // With an input that has ended it would be gone by now.
        assert_eq!(emulator.end().map(in_words).as_deref(), Some("ended by SIGTERM"));
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let launch = Launch {
            program: "/nowhere/qemu".into(),
            arguments: vec![],
            environment: vec![],
            inherited: vec![],
            console: Console::Closed,
        };
        assert_eq!(
            Emulator::start(launch).err().map(|error| error.kind()),
            Some(io::ErrorKind::NotFound)
        );
    }

    #[test]
    fn who_does_not_hear_sigterm_is_killed() {
        // The pipe that the script inherits ends when it has set its trap.
        let (reader, writer) = io::pipe().unwrap();
        let number = writer.as_raw_fd();
        let script = format!("trap '' TERM; exec {number}>&-; while :; do sleep 1; done");
        let emulator = Emulator::start(Launch {
            program: "bash".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![],
            inherited: vec![writer.into()],
            console: Console::Closed,
        })
        .unwrap();
        io::Read::read_to_end(&mut { reader }, &mut Vec::new()).unwrap();
        assert_eq!(emulator.end().map(in_words).as_deref(), Some("ended by SIGKILL"));
    }

    #[test]
    fn it_lives_on_when_the_thread_that_asked_for_it_ends() {
        let emulator = thread::spawn(|| shell("read forever; exit 3")).join().unwrap();
        // `read` sees the end of /dev/null at once: only a death signal would give another status.
        assert_eq!(emulator.wait(LONG).map(in_words).as_deref(), Some("exit status 3"));
    }

    #[test]
    fn its_whole_group_ends_with_it() {
        let (reader, writer) = io::pipe().unwrap();
        let emulator = Emulator::start(Launch {
            program: "sh".into(),
            arguments: vec!["-c".into(), "sleep 1000 & sleep 1000".into()],
            environment: vec![],
            inherited: vec![writer.into()],
            console: Console::Closed,
        })
        .unwrap();
        drop(emulator);
        // The pipe ends only when nobody holds its other end.
        io::Read::read_to_end(&mut { reader }, &mut Vec::new()).unwrap();
    }
}
