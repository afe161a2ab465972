//! Wakes QEMU's main loop, so that it takes what was typed.
//!
//! QEMU asks a UART whether it can receive only when its main loop comes round,
//! and several models never say that they have become ready. Any request of QMP
//! makes it come round. While typed bytes wait, one is sent now and then: often
//! while they are taken, ever more seldom while they are not.

use std::time::{Duration, Instant};

use super::wires::{Ended, Wires};

/// The first pause between two nudges: about a character time at 115200 bits per second.
const SHORTEST: Duration = Duration::from_micros(100);

/// The longest.
const LONGEST: Duration = Duration::from_millis(10);

/// See the head of this module.
pub(super) struct Nudge {
    /// The request that QEMU has not answered.
    asked: Option<u64>,
    /// When the next one may be sent; `None` for at once.
    next: Option<Instant>,
    pause: Duration,
}

impl Default for Nudge {
    fn default() -> Nudge {
        Nudge { asked: None, next: None, pause: SHORTEST }
    }
}

impl Nudge {
    /// Bytes move: the next nudge is due at once.
    pub(super) fn hurry(&mut self) {
        self.next = None;
        self.pause = SHORTEST;
    }

    /// Nudges, if bytes wait and it is time. When to come again; `None` if
    /// there is no need, or if the answer will tell.
    pub(super) fn give(&mut self, wires: &mut Wires) -> Result<Option<Instant>, Ended> {
        // What it answers does not matter.
        self.asked = self.asked.filter(|id| wires.answer(*id).is_none());
        if self.asked.is_some() || !wires.ports.iter().any(|port| port.has_untaken()) {
            return Ok(None);
        }
        let now = Instant::now();
        if let Some(next) = self.next.filter(|next| *next > now) {
            return Ok(Some(next));
        }
        self.asked = Some(wires.ask("query-status", None)?);
        self.next = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST);
        Ok(None)
    }
}
