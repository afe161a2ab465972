//! What ends a run whatever its step is after: faults, loops, floods, what must never come.

use std::time::Duration;

use replab_machine::{Fault, RomEnd, StopCause};
use replab_record::{Claim, Failure, MachineTime, Registers, Trouble};

use super::Session;
use crate::always::Sign;
use crate::error::{Ended, Played, crash};

/// The most bytes of output that a run keeps. At 115200 baud they take a minute and a half.
const MOST_OUTPUT: usize = 1 << 20;
/// The most events that a run keeps: bytes both ways, edges, resets.
const MOST_RECORDED: usize = 1 << 20;

/// How long the machine may go on after a fault, so that the firmware's last
/// words are in the transcript.
const LAST_WORDS: Duration = Duration::from_millis(50);

impl Session<'_> {
    pub(super) fn check_always(&mut self) -> Played {
        let looked = self.always.look(&self.output);
        looked.map_err(|sign| self.ended_by(sign))
    }

    pub(super) fn ended_by(&mut self, sign: Sign) -> Ended {
        match sign {
            Sign::Fatal { line } => self.fatal(line),
            Sign::Loop { trouble, sentence, at } => {
                let mut failure = self.crashed(trouble, sentence, at);
                failure.hint = "look at what boot.py and main.py do first".to_string();
                Ended::Failed(Box::new(failure))
            }
            Sign::Never(failure) => Ended::Never(failure),
        }
    }

    /// More than a run keeps is no output of a lesson.
    pub(super) fn check_flood(&mut self) -> Played {
        let (bytes, events) = (self.output.len(), self.record.events().len());
        if bytes <= MOST_OUTPUT && events <= MOST_RECORDED {
            return Ok(());
        }
        let sentence = if bytes > MOST_OUTPUT {
            format!(
                "flood: {bytes} bytes on {} since power-on, more than the {MOST_OUTPUT} that a run keeps",
                self.port
            )
        } else {
            format!(
                "flood: {events} bytes and edges since power-on, more than the {MOST_RECORDED} that a run keeps"
            )
        };
        let failure = self.crashed(Trouble::Flood, sentence, self.now());
        Err(Ended::Failed(Box::new(failure)))
    }

    pub(super) fn faulted(&mut self, fault: &Fault, at: MachineTime) -> Ended {
        let mut diagnosis = self.inspector().fault(fault);
        let from = self.output.len();
        if self.hear_last_words() {
            diagnosis.sentence += "; its fault handler faulted too, and the processor locked up";
        }
        let mut failure = crash(diagnosis, at);
        let words = self.output.text(from..self.output.len());
        failure.details =
            words.lines().filter(|line| !line.is_empty()).map(str::to_string).collect();
        Ended::Failed(Box::new(failure))
    }

    pub(super) fn locked_up(&mut self, registers: &Registers, at: MachineTime) -> Ended {
        let diagnosis = self.inspector().lockup(registers);
        Ended::Failed(Box::new(crash(diagnosis, at)))
    }

    pub(super) fn ended_in_rom(&mut self, end: RomEnd, at: MachineTime) -> Ended {
        let (sentence, hint) = match end {
            RomEnd::UsbBoot => (
                "the firmware asks for its chip's boot loader, which waits on USB for another program",
                "leave out what asks for it: `machine.bootloader()` in Python, `reset_usb_boot()` in C",
            ),
            RomEnd::Blank => (
                "the flash is blank where the boot ROM looks for a program: its first word is 0xffffffff",
                "the firmware has erased the start of the flash, where it stands itself",
            ),
            RomEnd::Fault => ("a fault, before the firmware had a vector table of its own", ""),
        };
        let mut failure = self.crashed(Trouble::Rom, sentence.to_string(), at);
        failure.hint = hint.to_string();
        if let Some(diagnosis) = failure.diagnosis.as_mut().filter(|_| end == RomEnd::Blank) {
            diagnosis.chain.clear(); // Nobody has called what begins at a reset.
        }
        Ended::Failed(Box::new(failure))
    }

    /// The firmware says in the line that begins at `line` that it cannot go on.
    pub(super) fn fatal(&mut self, line: usize) -> Ended {
        let at = self.output.at(line).unwrap_or_default();
        let mut failure = self.crashed(Trouble::Fatal, String::new(), at);
        self.hear_last_words();
        let end =
            self.output.find(&[b"\n"], line).map_or(self.output.len(), |(_, found)| found.end);
        let words = self.output.text(line..end).trim_end().to_string();
        if let (Claim::Crash { got, .. }, Some(diagnosis)) =
            (&mut failure.claim, &mut failure.diagnosis)
        {
            diagnosis.sentence.clone_from(&words);
            *got = words;
        }
        Ended::Failed(Box::new(failure))
    }

    /// The failure of a run in which the firmware did `sentence`, with the place
    /// where it is now.
    pub(super) fn crashed(
        &mut self,
        trouble: Trouble,
        sentence: String,
        at: MachineTime,
    ) -> Failure {
        let diagnosis = self.inspector().now(trouble, sentence);
        crash(diagnosis, at)
    }

    /// Lets a machine whose run is decided go on for a moment, for the transcript.
    /// Whether its processor locks up then.
    pub(super) fn hear_last_words(&mut self) -> bool {
        // That a crashed machine may not go on changes nothing about the verdict.
        let until = self.now() + LAST_WORDS;
        let Ok(stop) = self.machine.run.go(until, &[]) else { return false };
        self.absorb(stop.events);
        matches!(stop.cause, StopCause::Lockup(_))
    }
}
