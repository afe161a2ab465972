//! Everything that leads to one QEMU, heard in one place.
//!
//! One thread does it all with `poll`, and none reads while the machine stands:
//! then nothing comes, and after a stop one look says for certain that all that
//! the machine did has been heard. Each thing carries the instant at which it was heard.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;

use super::lines::Lines;
use super::port::Port;
use super::said::{Said, Tested, parse, parse_tested, request};

/// The sockets and pipes of one QEMU.
pub(super) struct Wires {
    monitor: Lines,
    tester: Lines,
    /// Its UARTs, in the order of the board's ports.
    pub(super) ports: Vec<Port>,
    asked: u64,
    /// By the number of the request: the text, or the refusal.
    answers: BTreeMap<u64, Result<String, String>>,
    tested: Option<Result<(), String>>,
    heard: Vec<(Instant, Heard)>,
}

/// One thing that the machine did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The firmware sent these bytes on the port with this number.
    Sent { port: usize, bytes: Vec<u8> },
    /// These typed bytes reached the UART.
    Received { port: usize, bytes: Vec<u8> },
    /// An output changed.
    Output { line: u32, is_high: bool },
    /// The firmware asks for a reset.
    ResetAsked,
}

/// Nobody is at the other end any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended;

impl From<io::Error> for Ended {
    /// The emulator's status says more about it than the error.
    fn from(_: io::Error) -> Ended {
        Ended
    }
}

impl Wires {
    /// From our ends.
    pub(super) fn new(monitor: Lines, tester: Lines, ports: Vec<Port>) -> Wires {
        Wires {
            monitor,
            tester,
            ports,
            asked: 0,
            answers: BTreeMap::new(),
            tested: None,
            heard: Vec::new(),
        }
    }

    /// Sends a request of QMP; its number.
    pub(super) fn ask(&mut self, command: &str, arguments: Option<Value>) -> Result<u64, Ended> {
        self.asked += 1;
        self.monitor.say(&request(self.asked, command, arguments))?;
        Ok(self.asked)
    }

    /// The answer to the request with this number, if it has come.
    pub(super) fn answer(&mut self, id: u64) -> Option<Result<String, String>> {
        self.answers.remove(&id)
    }

    /// Sends a request of the test protocol; there is only one at a time.
    pub(super) fn test(&mut self, request: &str) -> Result<(), Ended> {
        self.tested = None;
        Ok(self.tester.say(request)?)
    }

    /// The answer to it, if it has come.
    pub(super) fn tested(&mut self) -> Option<Result<(), String>> {
        self.tested.take()
    }

    /// What the machine did since the last call.
    pub(super) fn take_heard(&mut self) -> Vec<(Instant, Heard)> {
        std::mem::take(&mut self.heard)
    }

    /// Waits until something comes, here or at one of `others`, but not beyond
    /// `deadline`, and hears what came here. Whether anything did.
    pub(super) fn hear(&mut self, deadline: Instant, others: &[PollFd<'_>]) -> Result<bool, Ended> {
        let ready = self.wait(deadline, others)?;
        let now = Instant::now();
        // An echo never comes before the byte that it echoes.
        for (port, one) in self.ports.iter_mut().enumerate() {
            let bytes = one.taken()?;
            if !bytes.is_empty() {
                self.heard.push((now, Heard::Received { port, bytes }));
            }
        }
        let is_ready = |index: usize| ready.get(index).copied().unwrap_or_default();
        if is_ready(1) {
            for line in self.tester.read().ok_or(Ended)? {
                self.take_tested(now, &line);
            }
        }
        for (port, one) in self.ports.iter_mut().enumerate().filter(|(port, _)| is_ready(2 + port))
        {
            let bytes = one.sent()?;
            self.heard.push((now, Heard::Sent { port, bytes }));
        }
        if is_ready(0) {
            for line in self.monitor.read().ok_or(Ended)? {
                self.take_said(now, &line);
            }
        }
        Ok(ready.contains(&true))
    }

    fn take_tested(&mut self, now: Instant, line: &str) {
        match parse_tested(line) {
            Tested::Done => self.tested = Some(Ok(())),
            Tested::Refused(why) => self.tested = Some(Err(why)),
            Tested::Output { line, is_high } => {
                self.heard.push((now, Heard::Output { line, is_high }));
            }
        }
    }

    fn take_said(&mut self, now: Instant, line: &str) {
        match parse(line) {
            Said::Done { id, answer } => {
                self.answers.insert(id, Ok(answer));
            }
            Said::Refused { id, why } => {
                self.answers.insert(id, Err(why));
            }
            Said::ResetAsked => self.heard.push((now, Heard::ResetAsked)),
            Said::Other => {}
        }
    }

    /// Which can be read: monitor, tester, ports.
    fn wait(&self, deadline: Instant, others: &[PollFd<'_>]) -> Result<Vec<bool>, Ended> {
        let lines = [self.monitor.as_fd(), self.tester.as_fd()];
        let lines = lines.map(|line| PollFd::from_borrowed_fd(line, PollFlags::IN));
        let ports = self.ports.iter().map(|port| {
            let wanted = if port.is_held { PollFlags::empty() } else { PollFlags::IN };
            PollFd::from_borrowed_fd(port.as_fd(), wanted)
        });
        let mut ends: Vec<_> = lines.into_iter().chain(ports).collect();
        let ours = ends.len();
        ends.extend(others.iter().cloned());
        match poll(&mut ends, Some(&time(deadline.saturating_duration_since(Instant::now())))) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        Ok(ends[..ours].iter().map(|end| !end.revents().is_empty()).collect())
    }
}

fn time(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
