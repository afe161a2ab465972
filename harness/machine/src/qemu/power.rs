//! A power cut: another process, with what the board keeps.

use std::time::Instant;

use replab_board::Span;
use replab_record::{Event, ResetCause};

use crate::MachineError;

use super::memory::differences;
use super::names::number_of;
use super::session::{CHUNK, Session};

impl Session {
    /// See [`crate::Power::cycle`]. Each process has a seed of its own, so that
    /// random numbers of the firmware's do not come again.
    pub(super) fn cycle(&mut self) -> Result<Vec<Event>, MachineError> {
        let spans = self.recipe.board.kept();
        let mut kept = Vec::new();
        for span in &spans {
            kept.push(self.read(span.at, bytes_of(*span))?);
        }
        let held = std::mem::take(&mut self.held);
        self.process.emulator.kill();
        self.seed = self.seed.wrapping_add(1);
        let start = Instant::now();
        let begun = self.recipe.begin(self.seed, self.wall.cap());
        self.wall.spend(start.elapsed());
        self.move_to(begun?)?;
        for (span, kept) in spans.iter().zip(&kept) {
            self.restore(*span, kept)?;
        }
        for (pin, level) in &held {
            self.drive(pin, number_of(*level)?, self.now)?;
        }
        // Until they come as events, which a second cut would prevent.
        self.held = held;
        self.happened(Event::Reset { cause: ResetCause::Power, at: self.now });
        Ok(self.take_events())
    }

    fn restore(&mut self, span: Span, kept: &[u8]) -> Result<(), MachineError> {
        let new = self.read(span.at, bytes_of(span))?;
        for range in differences(kept, &new, CHUNK) {
            // It lies in the span, so it fits.
            self.write(span.at + range.start as u32, &kept[range])?;
        }
        Ok(())
    }
}

fn bytes_of(span: Span) -> usize {
    usize::try_from(span.size).expect("addresses of 32 bits fit")
}
