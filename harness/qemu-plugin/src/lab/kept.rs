//! What the lab knows, for checkpoints: all but the socket.

use super::Lab;
use crate::output::Output;

/// What a lab knew.
pub(crate) struct Kept(Lab);

impl Lab {
    /// What it knows now. The machine stands.
    pub(crate) fn keep(&self) -> Kept {
        Kept(self.copy())
    }

    /// It knows what it did then.
    pub(crate) fn give_back(&mut self, kept: &Kept) {
        let out = std::mem::take(&mut self.out);
        *self = Lab { out, ..kept.0.copy() };
    }

    fn copy(&self) -> Lab {
        Lab {
            out: Output::default(),
            ports: self.ports.clone(),
            watched: self.watched.clone(),
            devices: self.devices.clone(),
            conditions: self.conditions.clone(),
            stimuli: self.stimuli.clone(),
            drives: self.drives,
            held: self.held.clone(),
            wires: self.wires.clone(),
            lost: self.lost,
            going: self.going,
            filed: self.filed,
            room: self.room,
            firmware_asked: self.firmware_asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::conditions::Condition;
    use crate::lab::{Drive, Lab, Reason};

    /// A lab in the middle of things: a reset is asked for, something is held, typed
    /// and scheduled.
    fn lab() -> Lab {
        let mut lab = Lab::default();
        lab.add_port(1_000_000);
        lab.add_watch(2);
        lab.begin(99, vec![]).unwrap();
        lab.schedule(5, 0, 1);
        lab.schedule(50, 1, 1);
        lab.drive_due(5);
        lab.inbox(0).unwrap().push(5, 0, b"xy");
        lab.sent(0, b'>', 6);
        lab.edge(0, 1, 7);
        lab.file(Reason::Reset);
        lab.stopped(8, "other");
        lab.out.taken();
        lab
    }

    /// What it says about what comes then.
    fn rest(lab: &mut Lab) -> String {
        lab.was_reset(9, true);
        assert_eq!(lab.drive_again(9).len(), 1);
        assert_eq!(lab.inbox(0).unwrap().next_at(), Some(10_005));
        lab.received(0, 10_005);
        assert_eq!(lab.drive_due(60), Some(Drive { id: 1, line: 1, level: 1, noise: None }));
        assert_eq!(lab.schedule(70, 0, 0), 2);
        lab.out.taken()
    }

    #[test]
    fn what_follows_comes_again() {
        let mut lab = lab();
        let kept = lab.keep();
        let first = rest(&mut lab);
        lab.drop_pending();
        for _ in 0..2 {
            lab.give_back(&kept);
            assert_eq!(rest(&mut lab), first);
        }
    }

    #[test]
    fn what_was_sent_and_seen_before_still_counts() {
        let mut lab = lab();
        let kept = lab.keep();
        lab.sent(0, b'!', 9);
        lab.edge(0, 0, 9);
        lab.give_back(&kept);
        let bytes = Condition::Bytes { port: 0, pattern: b"> ".to_vec() };
        lab.begin(99, vec![bytes]).unwrap();
        assert_eq!(lab.sent(0, b' ', 10), Some(Reason::Condition(0)));
        lab.out.taken();
        lab.edge(0, 1, 11);
        assert_eq!(lab.out.taken(), "", "the line was high");
    }
}
