//! What the plugin knows of the run: ports, watched lines, what is scheduled,
//! what ends the current `go`, and what was said.
//!
//! It is written by the processor's thread and by QEMU's main loop, so it lives
//! behind one lock. Nothing here calls QEMU, because QEMU may call back into the
//! plugin: who needs both takes what it needs, lets go of the lock, and calls.

mod kept;

use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard};

use crate::chip::peripheral::{Finding, Support};
use crate::conditions::{Condition, Tail};
use crate::inbox::Inbox;
use crate::output::Output;
use crate::stimuli::Stimuli;
use crate::wires::{Wire, Wires};

pub(crate) use kept::Kept;

static LAB: LazyLock<Mutex<Lab>> = LazyLock::new(Mutex::default);

/// The one lab. Never hold it across a call into QEMU.
pub(crate) fn lab() -> MutexGuard<'static, Lab> {
    LAB.lock().expect("a panic ends the process")
}

/// The same where it cannot be waited for; `None` if somebody has it, or panicked with it.
pub(crate) fn try_lab() -> Option<MutexGuard<'static, Lab>> {
    LAB.try_lock().ok()
}

/// A level that no line has: before the first edge and after a reset.
const UNKNOWN: i32 = i32::MIN;

/// Why a machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Time,
    Condition(usize),
    Fault(u32),
    Reset,
    Full,
    Halt,
    /// The boot ROM of our chip cannot go on: its call, and the call's arguments.
    Rom {
        call: u32,
        arguments: [u32; 3],
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Time => f.write_str("time"),
            Reason::Condition(index) => write!(f, "condition {index}"),
            Reason::Fault(exception) => write!(f, "fault {exception}"),
            Reason::Reset => f.write_str("reset"),
            Reason::Full => f.write_str("full"),
            Reason::Halt => f.write_str("halt"),
            Reason::Rom { call, arguments: [one, two, three] } => {
                write!(f, "rom {call} {one:x} {two:x} {three:x}")
            }
        }
    }
}

/// One level that the lab drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drive {
    /// What the answer to the command called it.
    pub(crate) id: usize,
    /// Which of the driven lines.
    pub(crate) line: usize,
    pub(crate) level: i32,
    /// The seed of noise: nobody drives it then.
    pub(crate) noise: Option<u64>,
}

#[derive(Clone, Debug)]
struct Port {
    inbox: Inbox,
    tail: Tail,
}

#[derive(Clone, Debug)]
struct Watched {
    device: usize,
    line: u32,
    level: i32,
}

/// See the head of this module.
#[derive(Default)]
pub(crate) struct Lab {
    pub(crate) out: Output,
    ports: Vec<Port>,
    watched: Vec<Watched>,
    devices: Vec<u32>,
    conditions: Vec<Condition>,
    stimuli: Stimuli<Drive>,
    drives: usize,
    held: Vec<Drive>,
    wires: Wires,
    lost: bool,
    /// From `go` to its answer.
    going: bool,
    filed: Option<Reason>,
    /// How many more events the current `go` takes.
    room: usize,
    firmware_asked: bool,
}

impl Lab {
    /// A new port; its number.
    pub(crate) fn add_port(&mut self, baud: u32) -> usize {
        self.ports.push(Port { inbox: Inbox::new(baud), tail: Tail::default() });
        self.ports.len() - 1
    }

    /// The bytes on their way to `port`, if there is one.
    pub(crate) fn inbox(&mut self, port: usize) -> Option<&mut Inbox> {
        self.ports.get_mut(port).map(|port| &mut port.inbox)
    }

    /// A new watch of `lines` lines; its number. The indices for [`Lab::edge`] follow each other.
    pub(crate) fn add_watch(&mut self, lines: u32) -> usize {
        let device = self.devices.len();
        self.devices.push(lines);
        self.watched.extend((0..lines).map(|line| Watched { device, line, level: UNKNOWN }));
        device
    }

    /// The firmware sent `byte`; gives the reason to stop that this is.
    pub(crate) fn sent(&mut self, port: usize, byte: u8, now: i64) -> Option<Reason> {
        self.event(format_args!("U {now} {port} {byte:02x}"));
        let tail = &mut self.ports.get_mut(port)?.tail;
        tail.push(byte);
        let met = self.conditions.iter().position(
            |one| matches!(one, Condition::Bytes { port: on, pattern } if *on == port && tail.ends_with(pattern)),
        );
        self.reason(met)
    }

    /// Says an event, and counts it.
    fn event(&mut self, line: fmt::Arguments<'_>) {
        self.out.line(line);
        self.room = self.room.saturating_sub(1);
    }

    fn reason(&self, met: Option<usize>) -> Option<Reason> {
        met.map(Reason::Condition).or_else(|| self.full())
    }

    /// The reason to stop that there were as many events as the `go` takes.
    pub(crate) fn full(&self) -> Option<Reason> {
        (self.room == 0).then_some(Reason::Full)
    }

    /// The front byte of `port`'s inbox arrives now.
    pub(crate) fn received(&mut self, port: usize, now: i64) {
        let Some(inbox) = self.ports.get_mut(port).map(|port| &mut port.inbox) else { return };
        if let Some(byte) = inbox.front() {
            inbox.delivered();
            self.event(format_args!("I {now} {port} {byte:02x}"));
        }
    }

    /// The watched line with this index has `level`; gives the reason to stop that this is.
    pub(crate) fn edge(&mut self, index: usize, level: i32, now: i64) -> Option<Reason> {
        let watched = self.watched.get_mut(index)?;
        if watched.level == level {
            return None;
        }
        watched.level = level;
        let (device, line) = (watched.device, watched.line);
        self.wires.carry(device, line, level);
        self.event(format_args!("G {now} {device} {line} {level}"));
        let met = self.conditions.iter().position(|one| {
            matches!(one, Condition::Edge { device: on, line: of, level: to }
                if (*on, *of) == (device, line) && to.is_none_or(|to| to == level))
        });
        self.reason(met)
    }

    /// The firmware touched something that is not emulated.
    pub(crate) fn found(&mut self, finding: &Finding, pc: u32, now: i64) {
        let Finding { support, block, address, is_store } = finding;
        let kind = if *support == Support::Storage { "storage" } else { "nothing" };
        let access = if *is_store { "store" } else { "load" };
        self.out.line(format_args!("F {now} {kind} {access} {address:08x} {pc:08x} {block}"));
    }

    /// A pin of our chip is driven to different levels by it and by the lab; at `pc`, if
    /// the firmware did it.
    pub(crate) fn shorted(&mut self, pin: u32, pc: Option<u32>, now: i64) {
        let pc = pc.map_or("-".to_owned(), |pc| format!("{pc:08x}"));
        self.out.line(format_args!("F {now} short store 00000000 {pc} {pin}"));
    }

    /// The firmware read a pin of our chip, which nobody drives, from the register at
    /// `address`.
    pub(crate) fn read_undriven(&mut self, pin: u32, address: u32, pc: u32, now: i64) {
        self.out.line(format_args!("F {now} undriven load {address:08x} {pc:08x} {pin}"));
    }

    /// Schedules a level for driven line `line`; gives the drive's id.
    pub(crate) fn schedule(&mut self, at: i64, line: usize, level: i32) -> usize {
        self.insert(at, line, level, None)
    }

    /// The same for noise: nobody drives the line then.
    pub(crate) fn schedule_noise(&mut self, at: i64, line: usize, seed: u64) -> usize {
        self.insert(at, line, -1, Some(seed))
    }

    fn insert(&mut self, at: i64, line: usize, level: i32, noise: Option<u64>) -> usize {
        let id = self.new_id();
        self.stimuli.insert(at, Drive { id, line, level, noise });
        id
    }

    /// Noise gives a driven line another level; gives the reason to stop that this is.
    pub(crate) fn noise(&mut self, line: usize, level: i32, now: i64) -> Option<Reason> {
        let id = self.held.iter().find(|held| held.line == line)?.id;
        self.event(format_args!("D {now} {id} {level}"));
        self.full()
    }

    fn new_id(&mut self) -> usize {
        self.drives += 1;
        self.drives - 1
    }

    /// From now on the wire to driven line `line` is like `wire`; gives the id of what
    /// comes of it. The first of that is there to be taken ([`Lab::carried`]).
    pub(crate) fn wire(&mut self, line: usize, wire: Wire) -> Result<usize, String> {
        let source = match wire {
            Wire::Bridge { device, line } => {
                let all = &self.watched;
                let source = all.iter().find(|one| (one.device, one.line) == (device, line));
                let level = source.ok_or_else(|| no_line(device, line))?.level;
                Some(level).filter(|level| *level != UNKNOWN)
            }
            _ => None,
        };
        let id = self.new_id();
        let held = self.held.iter().find(|held| held.line == line).copied();
        self.wires.set(Drive { id, line, level: source.unwrap_or(-1), noise: None }, wire, held);
        Ok(id)
    }

    /// The next level that a wire puts on a line without a drive: it is held from now on.
    pub(crate) fn carried(&mut self, now: i64) -> Option<Drive> {
        let drive = self.wires.carried()?;
        self.hold(drive, now);
        Some(drive)
    }

    fn hold(&mut self, drive: Drive, now: i64) {
        self.held.retain(|held| held.line != drive.line);
        self.held.push(drive);
        self.event(format_args!("D {now} {} {}", drive.id, drive.level));
    }

    /// When the next scheduled level is due.
    pub(crate) fn next_drive_at(&self) -> Option<i64> {
        self.stimuli.next_at()
    }

    /// The next level whose time has come, and whose wire carries it: it is held from now on.
    pub(crate) fn drive_due(&mut self, now: i64) -> Option<Drive> {
        while let Some(drive) = self.stimuli.take_due(now) {
            if !self.wires.stop(drive) {
                self.hold(drive, now);
                return Some(drive);
            }
            self.event(format_args!("L {now} {} {}", drive.id, drive.level));
        }
        None
    }

    /// The lines that a reset let go and that the lab still holds: to be driven again.
    pub(crate) fn drive_again(&mut self, now: i64) -> Vec<Drive> {
        if !std::mem::take(&mut self.lost) {
            return Vec::new();
        }
        let held: Vec<Drive> = self.held.iter().filter(|held| held.level != -1).copied().collect();
        for drive in &held {
            self.event(format_args!("D {now} {} {}", drive.id, drive.level));
        }
        held
    }

    /// Takes the conditions of a `go`, if their ports and lines exist, and how
    /// many events end it.
    pub(crate) fn begin(&mut self, most: usize, conditions: Vec<Condition>) -> Result<(), String> {
        for condition in &conditions {
            match condition {
                Condition::Bytes { port, .. } if *port >= self.ports.len() => {
                    return Err(format!("no port {port}"));
                }
                Condition::Edge { device, line, .. }
                    if self.devices.get(*device).is_none_or(|lines| line >= lines) =>
                {
                    return Err(no_line(*device, *line));
                }
                _ => {}
            }
        }
        self.conditions = conditions;
        self.room = most;
        self.going = true;
        self.firmware_asked = false;
        Ok(())
    }

    /// Files a stop; `false` if one is on its way already, for the first reason
    /// counts, or if no `go` is to be ended: a line may change while the machine stands.
    pub(crate) fn file(&mut self, reason: Reason) -> bool {
        if !self.going || self.filed.is_some() {
            return false;
        }
        self.filed = Some(reason);
        self.firmware_asked = reason == Reason::Reset;
        true
    }

    /// Whether a stop is on its way.
    pub(crate) fn is_filed(&self) -> bool {
        self.filed.is_some()
    }

    /// The machine stands: says why, or `otherwise` if nobody here asked for it.
    pub(crate) fn stopped(&mut self, now: i64, otherwise: &str) {
        self.going = false;
        match self.filed.take() {
            Some(reason) => self.out.line(format_args!("STOP {now} {reason}")),
            None => self.out.line(format_args!("STOP {now} {otherwise}")),
        }
        self.out.flush();
    }

    /// QEMU is about to end: whatever was to be the reason of the stop, this is it.
    pub(crate) fn aborted(&mut self, now: i64) {
        self.filed = None;
        self.stopped(now, "abort");
    }

    /// Drops all that is on its way to the machine, before a reset.
    pub(crate) fn drop_pending(&mut self) {
        self.ports.iter_mut().for_each(|port| port.inbox.clear());
        self.stimuli.clear();
    }

    /// The machine was reset. Models let go of their lines without telling, so
    /// the next level of each counts as an edge, and held lines are driven again.
    pub(crate) fn was_reset(&mut self, now: i64, by_lab: bool) {
        let cause = match (by_lab, std::mem::take(&mut self.firmware_asked)) {
            (true, false) => "lab",
            (true, true) => "firmware",
            (false, _) => "other",
        };
        self.out.line(format_args!("R {now} {cause}"));
        self.watched.iter_mut().for_each(|watched| watched.level = UNKNOWN);
        self.ports.iter_mut().for_each(|port| port.tail.clear());
        let wires = &mut self.wires;
        self.held.retain(|held| !wires.is_bridged(held.line));
        self.lost = true;
    }
}

fn no_line(device: usize, line: u32) -> String {
    format!("no line {line} of watch {device}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn two_lines_and_a_port() -> Lab {
        let mut lab = Lab::default();
        lab.add_port(115_200);
        lab.add_watch(2);
        lab.begin(99, vec![]).unwrap();
        lab
    }

    #[track_caller]
    fn check(lab: &mut Lab, expected: &Expect) {
        expected.assert_eq(&lab.out.taken());
    }

    #[test]
    fn conditions_are_met_by_the_byte_or_the_edge_that_completes_them() {
        let mut lab = two_lines_and_a_port();
        let bytes = Condition::Bytes { port: 0, pattern: b"> ".to_vec() };
        lab.begin(99, vec![bytes, Condition::Edge { device: 0, line: 1, level: Some(1) }]).unwrap();
        assert_eq!(lab.sent(0, b'>', 10), None);
        assert_eq!(lab.edge(0, 1, 11), None, "another line");
        assert_eq!(lab.edge(1, 0, 12), None, "the other level");
        assert_eq!(lab.sent(0, b' ', 13), Some(Reason::Condition(0)));
        assert_eq!(lab.edge(1, 1, 14), Some(Reason::Condition(1)));
        assert_eq!(lab.edge(1, 1, 15), None, "no change");
        check(&mut lab, &expect!["U 10 0 3e\nG 11 0 0 1\nG 12 0 1 0\nU 13 0 20\nG 14 0 1 1\n"]);
    }

    #[test]
    fn conditions_on_what_is_not_there_are_refused() {
        let mut lab = two_lines_and_a_port();
        let edge = |device, line| vec![Condition::Edge { device, line, level: None }];
        assert_eq!(lab.begin(99, edge(0, 2)), Err("no line 2 of watch 0".to_owned()));
        assert_eq!(lab.begin(99, edge(1, 0)), Err("no line 0 of watch 1".to_owned()));
        let bytes = vec![Condition::Bytes { port: 1, pattern: vec![0] }];
        assert_eq!(lab.begin(99, bytes), Err("no port 1".to_owned()));
    }

    #[test]
    fn a_go_is_full_after_so_many_events_of_any_kind() {
        let mut lab = two_lines_and_a_port();
        lab.begin(4, vec![Condition::Bytes { port: 0, pattern: b"b".to_vec() }]).unwrap();
        lab.schedule(1, 0, 1);
        lab.inbox(0).unwrap().push(0, 0, b"x");
        assert!(lab.drive_due(1).is_some());
        lab.received(0, 2);
        assert_eq!(lab.edge(0, 1, 3), None);
        assert_eq!(lab.full(), None);
        assert_eq!(lab.edge(0, 0, 4), Some(Reason::Full));
        assert_eq!(lab.sent(0, b'b', 5), Some(Reason::Condition(0)), "it says more");
        lab.begin(1, vec![]).unwrap();
        assert_eq!(lab.sent(0, b'b', 6), Some(Reason::Full));
    }

    #[test]
    fn the_first_reason_counts() {
        let mut lab = two_lines_and_a_port();
        assert!(lab.file(Reason::Condition(3)));
        assert!(!lab.file(Reason::Time));
        lab.stopped(7, "other");
        assert!(!lab.file(Reason::Full), "the machine stands");
        lab.stopped(8, "other");
        check(&mut lab, &expect!["STOP 7 condition 3\nSTOP 8 other\n"]);
    }

    #[test]
    fn a_reset_knows_who_asked_for_it() {
        let mut lab = two_lines_and_a_port();
        lab.file(Reason::Reset);
        lab.stopped(1, "other");
        lab.was_reset(1, true);
        lab.was_reset(2, true);
        lab.was_reset(3, false);
        check(&mut lab, &expect!["STOP 1 reset\nR 1 firmware\nR 2 lab\nR 3 other\n"]);
    }

    #[test]
    fn held_lines_are_driven_again_after_a_reset_and_outputs_are_unknown() {
        let mut lab = two_lines_and_a_port();
        lab.schedule(5, 0, 1);
        lab.schedule(5, 1, 1);
        lab.schedule(6, 1, -1);
        while lab.drive_due(6).is_some() {}
        lab.edge(0, 1, 6);
        assert_eq!(lab.drive_again(7), []);
        lab.was_reset(8, true);
        assert_eq!(lab.drive_again(9), [Drive { id: 0, line: 0, level: 1, noise: None }]);
        assert_eq!(lab.drive_again(9), []);
        lab.edge(0, 1, 10);
        check(
            &mut lab,
            &expect!["D 6 0 1\nD 6 1 1\nD 6 2 -1\nG 6 0 0 1\nR 8 lab\nD 9 0 1\nG 10 0 0 1\n"],
        );
    }

    /// Takes all that is due at `now`.
    fn take_due(lab: &mut Lab, now: i64) {
        while lab.drive_due(now).or_else(|| lab.carried(now)).is_some() {}
    }

    #[test]
    fn a_broken_wire_carries_no_drive_and_a_mended_one_the_last() {
        let mut lab = two_lines_and_a_port();
        lab.schedule(5, 7, 1);
        take_due(&mut lab, 5);
        assert_eq!(lab.wire(7, Wire::Open), Ok(1));
        take_due(&mut lab, 6);
        lab.schedule(7, 7, 0);
        take_due(&mut lab, 7);
        assert_eq!(lab.wire(7, Wire::Short(1)), Ok(3));
        take_due(&mut lab, 8);
        assert_eq!(lab.wire(7, Wire::Whole), Ok(4));
        take_due(&mut lab, 9);
        lab.schedule(10, 7, -1);
        take_due(&mut lab, 10);
        check(&mut lab, &expect!["D 5 0 1\nD 6 1 -1\nL 7 2 0\nD 8 3 1\nD 9 4 0\nD 10 5 -1\n"]);
    }

    #[test]
    fn a_bridge_puts_each_edge_of_its_source_on_the_line_and_lets_go_at_a_reset() {
        let mut lab = two_lines_and_a_port();
        let bridge = Wire::Bridge { device: 0, line: 1 };
        assert_eq!(lab.wire(7, bridge), Ok(0));
        take_due(&mut lab, 5);
        lab.edge(0, 1, 6);
        assert_eq!(lab.carried(6), None, "another line");
        lab.edge(1, 1, 7);
        take_due(&mut lab, 7);
        lab.was_reset(8, true);
        assert_eq!(lab.drive_again(8), []);
        lab.edge(1, 0, 9);
        take_due(&mut lab, 9);
        let events = "D 5 0 -1\nG 6 0 0 1\nG 7 0 1 1\nD 7 0 1\nR 8 lab\nG 9 0 1 0\nD 9 0 0\n";
        assert_eq!(lab.out.taken(), events);
        let nowhere = Wire::Bridge { device: 0, line: 2 };
        assert_eq!(lab.wire(7, nowhere), Err("no line 2 of watch 0".to_owned()));
    }

    #[test]
    fn a_short_is_driven_again_after_a_reset() {
        let mut lab = two_lines_and_a_port();
        lab.wire(7, Wire::Short(0)).unwrap();
        take_due(&mut lab, 5);
        lab.was_reset(6, true);
        assert_eq!(lab.drive_again(7), [Drive { id: 0, line: 7, level: 0, noise: None }]);
    }

    #[test]
    fn noise_is_told_as_levels_of_its_drive() {
        let mut lab = two_lines_and_a_port();
        lab.begin(3, vec![]).unwrap();
        assert_eq!(lab.noise(1, 1, 1), None, "nobody named it");
        lab.schedule_noise(2, 1, 7);
        assert_eq!(lab.drive_due(2), Some(Drive { id: 0, line: 1, level: -1, noise: Some(7) }));
        assert_eq!((lab.noise(1, 1, 3), lab.noise(1, 0, 4)), (None, Some(Reason::Full)));
        lab.was_reset(5, true);
        assert_eq!(lab.drive_again(6), [], "it goes on by itself");
        lab.read_undriven(3, 0xd000_0004, 0x1000_0010, 7);
        lab.shorted(3, None, 8);
        check(
            &mut lab,
            &expect![
                "D 2 0 -1\nD 3 0 1\nD 4 0 0\nR 5 lab\nF 7 undriven load d0000004 10000010 3\nF 8 short store 00000000 - 3\n"
            ],
        );
    }

    #[test]
    fn nothing_scheduled_survives_a_reset() {
        let mut lab = two_lines_and_a_port();
        lab.schedule(5, 0, 1);
        lab.inbox(0).unwrap().push(0, 0, b"x");
        lab.drop_pending();
        assert_eq!(lab.drive_due(9), None);
        lab.received(0, 9);
        check(&mut lab, &expect![""]);
    }
}
