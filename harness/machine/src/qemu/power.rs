//! A power cut: another process, with what the board keeps.

use std::time::Instant;

use replab_board::Span;
use replab_record::{Event, ResetCause};

use crate::{MachineError, Memory, Noise, Pins, Power};

use super::memory::differences;
use super::session::{CHUNK, Held, Session};

/// Each process has a seed of its own, so that random numbers of the firmware's do not
/// come again.
impl Power for Session {
    fn cycle(&mut self) -> Result<Vec<Event>, MachineError> {
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
            self.put_back(*span, kept)?;
        }
        for (pin, held) in &held {
            match held {
                Held::Level(level) => Pins::drive(self, pin, *level, self.now)?,
                Held::Noise(seed) => Noise::pick_up(self, pin, *seed, self.now)?,
            }
        }
        // Until they come as events, which a second cut would prevent.
        self.held = held;
        self.happened(Event::Reset { cause: ResetCause::Power, at: self.now });
        let events = self.take_events();
        // What comes of these is after the reset.
        self.break_wires_again()?;
        Ok(events)
    }
}

impl Session {
    fn put_back(&mut self, span: Span, kept: &[u8]) -> Result<(), MachineError> {
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
