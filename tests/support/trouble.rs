//! What a computer can do to an emulator: be busy, chat, and hold it up.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long an emulator is held up, and how long it is then let alone: about as
/// long as it takes to go to sleep and to be woken up.
const HELD: Duration = Duration::from_micros(10);
const LET_GO: Duration = Duration::from_micros(20);

static ANSWERS: AtomicUsize = AtomicUsize::new(0);
static HOLDS: AtomicUsize = AtomicUsize::new(0);

/// How often some monitor has answered, and some emulator was held up.
pub(crate) fn counts() -> (usize, usize) {
    (ANSWERS.load(Ordering::Relaxed), HOLDS.load(Ordering::Relaxed))
}

/// Asks an emulator's monitor something all the time, so that its main loop is
/// awake at every moment.
pub(crate) fn chat(mut monitor: UnixStream) -> Busy {
    Busy::begin(move |on| {
        let copy = monitor.try_clone().expect("a socket can be copied");
        let mut lines = BufReader::new(copy).lines();
        let mut ask = |question: &str| {
            writeln!(monitor, "{{\"execute\":\"{question}\"}}").is_ok()
                && lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"return\""))
        };
        let mut answered = ask("qmp_capabilities");
        while answered && on.load(Ordering::Relaxed) {
            answered = ask("query-status");
            ANSWERS.fetch_add(1, Ordering::Relaxed);
        }
    })
}

/// Stops the process `pid`, which must outlive this, again and again.
pub(crate) fn hold_up(pid: u32) -> Busy {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a process has a number");
    let signal = move |signal| kill_process(pid, signal).is_ok();
    Busy::begin(move |on| {
        while on.load(Ordering::Relaxed) && signal(Signal::STOP) {
            pass(HELD);
            if !signal(Signal::CONT) {
                break;
            }
            pass(LET_GO);
            HOLDS.fetch_add(1, Ordering::Relaxed);
        }
    })
}

/// Lets time pass that is too short for a sleep.
fn pass(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        thread::yield_now();
    }
}

/// A thread that does something until it is dropped.
pub(crate) struct Busy {
    on: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Busy {
    fn begin(work: impl FnOnce(&AtomicBool) + Send + 'static) -> Busy {
        let on = Arc::new(AtomicBool::new(true));
        let shared = Arc::clone(&on);
        Busy { on, thread: Some(thread::spawn(move || work(&shared))) }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.on.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it does nothing that could fail");
        }
    }
}

/// How long a processor is kept busy, and then left to others.
const BUSY: Duration = Duration::from_millis(1);
const LEFT: Duration = Duration::from_millis(2);

/// Keeps two processors busy a third of the time while there is one; all of a program
/// share it. Without the pauses an emulator's threads would never run side by side,
/// which is where races are.
pub(crate) struct Load {
    _shared: Arc<[Busy; 2]>,
}

static LOAD: Mutex<Weak<[Busy; 2]>> = Mutex::new(Weak::new());

impl Load {
    pub(crate) fn begin() -> Load {
        let mut last = LOAD.lock().expect("nobody panics with this lock");
        let shared =
            last.upgrade().unwrap_or_else(|| Arc::new([(); 2].map(|()| Busy::begin(spin))));
        *last = Arc::downgrade(&shared);
        Load { _shared: shared }
    }
}

fn spin(on: &AtomicBool) {
    while on.load(Ordering::Relaxed) {
        let start = Instant::now();
        while start.elapsed() < BUSY {
            std::hint::spin_loop();
        }
        thread::sleep(LEFT);
    }
}
