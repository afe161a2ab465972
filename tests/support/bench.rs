//! A machine on a bench: its parts, and all that it did so far.

use std::path::Path;
use std::time::Duration;

use replab_board::Board;
use replab_machine::qemu::{Inside, Proof, QemuTools};
use replab_machine::{Condition, Machine, Stop, StopCause};
use replab_record::{Event, Level, MachineTime, PinName, PortName};

use super::trouble::{Busy, chat, hold_up};

/// All that a run did.
pub(crate) type Run = (Vec<Event>, Vec<(MachineTime, StopCause)>);

/// Where two runs differ first; `None` if they do not.
pub(crate) fn difference(one: &Run, other: &Run) -> Option<String> {
    if one == other {
        return None;
    }
    let index = one.0.iter().zip(&other.0).position(|(a, b)| a != b);
    let index = index.unwrap_or(one.0.len().min(other.0.len()));
    let show =
        |run: &Run| format!("{:?} of {}, {} stops", run.0.get(index), run.0.len(), run.1.len());
    Some(format!("event {index}: {} and {}", show(one), show(other)))
}

/// A machine, and all that it did so far.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) inside: Inside,
    pub(crate) port: PortName,
    pub(crate) events: Vec<Event>,
    pub(crate) stops: Vec<(MachineTime, StopCause)>,
    trouble: Vec<Busy>,
    /// What its firmware prints when it is ready for a line.
    prompt: &'static str,
}

impl Bench {
    /// Starts `firmware`, which is our bare-metal one, on lab-m0; with `proof.qmp`
    /// somebody chats with QEMU meanwhile.
    pub(crate) fn start(tools: &QemuTools, firmware: &Path, proof: Proof) -> Bench {
        Bench::start_on(tools, &super::lab_m0(), firmware, "> ", proof)
    }

    /// The same with any board and firmware; `prompt` is what that prints when it is
    /// ready for a line.
    pub(crate) fn start_on(
        tools: &QemuTools,
        board: &Board,
        firmware: &Path,
        prompt: &'static str,
        proof: Proof,
    ) -> Bench {
        Bench::on(super::start_on(tools, board, firmware, proof), prompt)
    }

    /// On a machine that has been started.
    pub(crate) fn on((machine, mut inside): (Machine, Inside), prompt: &'static str) -> Bench {
        let trouble = inside.qmp.take().map(chat).into_iter().collect();
        let port = PortName::new("uart0");
        Bench { machine, inside, port, events: Vec::new(), stops: Vec::new(), trouble, prompt }
    }

    /// From now on somebody stops its process all the time, wherever its threads are.
    pub(crate) fn hold_up(&mut self) {
        self.trouble.push(hold_up(self.inside.pid()));
    }

    /// All that it did, when it has done it.
    pub(crate) fn finish(mut self) -> Run {
        (std::mem::take(&mut self.events), std::mem::take(&mut self.stops))
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
        let mut stop = self.go(Duration::from_secs(60), &condition);
        while stop.cause == StopCause::Full {
            stop = self.go(Duration::from_secs(60), &condition);
        }
        if stop.cause != (StopCause::Condition { index: 0 }) {
            let said = self.text();
            let end = &said[said.len().saturating_sub(200)..];
            panic!("{:?} while waiting for {text:?} after {end:?}", stop.cause);
        }
        stop
    }

    /// Types a line and waits for the next prompt. Gives what was printed between them.
    #[track_caller]
    pub(crate) fn line(&mut self, line: &str) -> String {
        self.type_line(line);
        let before = self.events.len();
        let end = format!("\r\n{}", self.prompt);
        self.until(&end);
        text(&self.events[before..]).trim_end_matches(&end).to_owned()
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) -> MachineTime {
        let bytes = format!("{line}\r");
        self.machine
            .run
            .send(&self.port, bytes.as_bytes(), MachineTime::ZERO)
            .expect("the port is there")
    }

    /// Cuts its power and gives it back. Whoever held up its process does no more.
    pub(crate) fn cut_power(&mut self) {
        self.trouble.clear();
        let power = self.machine.power.as_mut().expect("QEMU can be ended");
        self.events.extend(power.cycle().expect("another process starts"));
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
        // Before the machine goes, whose process number they use.
        self.trouble.clear();
    }
}

/// What the firmware printed in these events.
pub(crate) fn text(events: &[Event]) -> String {
    let sent =
        |event: &Event| if let Event::Sent { byte, .. } = event { Some(*byte) } else { None };
    String::from_utf8_lossy(&events.iter().filter_map(sent).collect::<Vec<_>>()).into_owned()
}
