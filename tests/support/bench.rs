//! A machine on a bench: its parts, and all that it did so far.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use replab_machine::qemu::{Inside, Proof, QemuTools};
use replab_machine::{Condition, Machine, Stop, StopCause};
use replab_record::{Event, Level, MachineTime, PinName, PortName};

/// A machine with our bare-metal firmware, and all that it did so far.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) inside: Inside,
    pub(crate) port: PortName,
    pub(crate) events: Vec<Event>,
    pub(crate) stops: Vec<(MachineTime, StopCause)>,
    chatter: Option<Chatter>,
}

impl Bench {
    /// Starts `firmware`; with `proof.qmp` somebody chats with QEMU meanwhile.
    pub(crate) fn start(tools: &QemuTools, firmware: &Path, proof: Proof) -> Bench {
        let (machine, mut inside) = super::start(tools, firmware, proof);
        let chatter = inside.qmp.take().map(Chatter::begin);
        Bench {
            machine,
            inside,
            port: PortName::new("uart0"),
            events: Vec::new(),
            stops: Vec::new(),
            chatter,
        }
    }

    /// Machine time now.
    pub(crate) fn now(&self) -> MachineTime {
        self.machine.run.now()
    }

    /// Lets it go for `time` at most.
    pub(crate) fn go(&mut self, time: Duration, conditions: &[Condition]) -> Stop {
        let stop =
            self.machine.run.go(self.now() + time, conditions).expect("the machine goes and stops");
        self.events.extend(stop.events.iter().cloned());
        self.stops.push((stop.at, stop.cause.clone()));
        stop
    }

    /// Lets it go until it has printed `text`.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) -> Stop {
        let condition = [self.bytes(text)];
        let stop = self.go(Duration::from_secs(60), &condition);
        assert_eq!(
            stop.cause,
            StopCause::Condition { index: 0 },
            "waited for {text:?} after {:?}",
            self.text()
        );
        stop
    }

    /// Types a line and waits for the next prompt. Gives what was printed between them.
    #[track_caller]
    pub(crate) fn line(&mut self, line: &str) -> String {
        self.type_line(line);
        let before = self.events.len();
        self.until("\r\n> ");
        text(&self.events[before..]).trim_end_matches("\r\n> ").to_owned()
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) -> MachineTime {
        let bytes = format!("{line}\r");
        self.machine
            .run
            .send(&self.port, bytes.as_bytes(), MachineTime::ZERO)
            .expect("the port is there")
    }

    /// Drives `pin` after `time` from now.
    pub(crate) fn drive(&mut self, pin: &str, level: Level, time: Duration) -> MachineTime {
        let at = self.now() + time;
        let pins = self.machine.pins.as_mut().expect("QEMU drives pins");
        pins.drive(&PinName::new(pin), level, at).expect("the pin is there");
        at
    }

    /// The condition that it prints `text`.
    pub(crate) fn bytes(&self, text: &str) -> Condition {
        Condition::Bytes { port: self.port.clone(), pattern: text.as_bytes().to_vec() }
    }

    /// All that it printed.
    pub(crate) fn text(&self) -> String {
        text(&self.events)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(chatter) = self.chatter.take() {
            chatter.end();
        }
    }
}

/// What the firmware printed in these events.
pub(crate) fn text(events: &[Event]) -> String {
    let sent =
        |event: &Event| if let Event::Sent { byte, .. } = event { Some(*byte) } else { None };
    String::from_utf8_lossy(&events.iter().filter_map(sent).collect::<Vec<_>>()).into_owned()
}

/// Somebody who asks QEMU's monitor something all the time, so that its main
/// loop is awake when the processor goes to sleep.
struct Chatter {
    on: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Chatter {
    fn begin(monitor: UnixStream) -> Chatter {
        let on = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&on);
        Chatter { on, thread: thread::spawn(move || chat(monitor, &asked)) }
    }

    fn end(self) {
        self.on.store(false, Ordering::Relaxed);
        let answers = self.thread.join().expect("it only talks");
        assert!(answers > 0, "nobody answered the chatter");
    }
}

/// Gives how many answers came.
///
/// Before each question it sends many spaces. QEMU reads its monitor one byte at
/// a time (`monitor_can_read`, `monitor/monitor.c`) and has nothing to answer, so
/// its main loop turns as fast as it can, while we sleep.
fn chat(mut monitor: UnixStream, on: &AtomicBool) -> usize {
    const SPACES: usize = 1000;
    let mut lines = BufReader::new(monitor.try_clone().expect("a socket can be copied")).lines();
    let mut ask = |name: &str| {
        let question = format!("{:SPACES$}{{\"execute\":\"{name}\"}}\n", "");
        let spoken = monitor.write_all(question.as_bytes()).is_ok();
        spoken && lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"return\""))
    };
    let mut answers = 0;
    let mut alive = ask("qmp_capabilities");
    while alive && on.load(Ordering::Relaxed) {
        alive = ask("query-status");
        answers += 1;
    }
    answers
}

/// Keeps two processors busy while there is one; all of a program share the same threads.
pub(crate) struct Load(#[expect(dead_code, reason = "only its life matters")] Arc<Spinners>);

static LOAD: Mutex<Weak<Spinners>> = Mutex::new(Weak::new());

impl Load {
    pub(crate) fn begin() -> Load {
        let mut shared = LOAD.lock().expect("nobody panics with this lock");
        let spinners = shared.upgrade().unwrap_or_else(|| Arc::new(Spinners::begin(2)));
        *shared = Arc::downgrade(&spinners);
        Load(spinners)
    }
}

struct Spinners {
    on: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Spinners {
    fn begin(count: usize) -> Spinners {
        let on = Arc::new(AtomicBool::new(true));
        let spin = |on: Arc<AtomicBool>| {
            thread::spawn(move || {
                while on.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        let threads = (0..count).map(|_| spin(Arc::clone(&on))).collect();
        Spinners { on, threads }
    }
}

impl Drop for Spinners {
    fn drop(&mut self) {
        self.on.store(false, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("it only spins");
        }
    }
}
