//! Looks into the stopped machine: what the firmware is doing, and how full its memory is.

use std::rc::Rc;
use std::time::Duration;

use replab_board::Region;
use replab_machine::{StopCause, Timing};
use replab_memory::{Footprint, Image, Sample, Totals};
use replab_record::{Diagnosis, Event, Trouble};
use sha2::{Digest as _, Sha256};

use super::Session;
use crate::files;
use crate::hints::Stored;
use crate::inspector::Inspector;
use crate::play::Content;
use crate::prompt::PROMPT;
use crate::snapshots::Firmware;

/// How often a machine that does not do what is awaited is looked at.
const LOOKS: usize = 16;
/// How long it goes on between two looks: no multiple of what firmware likes.
const BETWEEN_LOOKS: Duration = Duration::from_micros(37);
/// So many restarts without a prompt explain why nothing came.
const SOME_RESTARTS: usize = 3;
/// So many events a machine that goes on after a failure may have before it is stopped.
const MOST_AHEAD: usize = 1 << 20;
/// How deep in folders the files of the board are looked for.
const DEEPEST: usize = 3;

impl Session<'_> {
    /// What the firmware is doing instead of what the step awaited: looks at it a
    /// few times while it goes on. `None` where a machine cannot be looked into, or
    /// where it waits for input at its prompt, which is no trouble.
    pub(crate) fn whereabouts(&mut self) -> Option<Diagnosis> {
        if self.output.bytes().ends_with(PROMPT) {
            return None;
        }
        let restarts = self.always.restart_count();
        let mut looks = Vec::new();
        for _ in 0..LOOKS {
            looks.extend(self.inspector().registers());
            let until = self.now() + BETWEEN_LOOKS;
            let Ok(stop) = self.machine.run.go(until, &[]) else { break };
            self.absorb(stop.events);
            if stop.cause != StopCause::Time {
                break;
            }
        }
        let span = BETWEEN_LOOKS * u32::try_from(looks.len()).unwrap_or(u32::MAX);
        let mut diagnosis = self.inspector().doing(&looks, span)?;
        if restarts >= SOME_RESTARTS {
            diagnosis.trouble = Trouble::RebootLoop;
            diagnosis.sentence = format!(
                "the firmware has started again {restarts} times without a prompt; {}",
                diagnosis.sentence
            );
        } else if self.output.len() == 0 && self.is_usb_only() {
            diagnosis.trouble = Trouble::UsbOnly;
            diagnosis.sentence = format!(
                "the firmware drives USB and never its UART, so nothing can come on {}; {}",
                self.port(),
                diagnosis.sentence
            );
        } else if self.output.len() == 0 {
            diagnosis.trouble = Trouble::Mute;
            diagnosis.sentence =
                format!("the firmware has sent nothing since power-on; {}", diagnosis.sentence);
        }
        Some(diagnosis)
    }

    /// Whether the firmware can be heard on USB alone, as far as the machine knows.
    fn is_usb_only(&mut self) -> bool {
        let findings = self.machine.findings.as_mut();
        findings.is_some_and(|findings| findings.is_usb_only().unwrap_or(false))
    }

    /// Whether equal runs are equal to the nanosecond.
    pub(crate) fn is_exact(&self) -> bool {
        self.machine.timing == Timing::Exact
    }

    /// What exact figures depend on, if the firmware's file is known.
    pub(crate) fn firmware_facts(&self) -> Option<Firmware> {
        let bytes = std::fs::read(self.firmware?).ok()?;
        let toolchain = Image::read(&bytes).ok().and_then(|image| image.toolchain());
        Some(Firmware {
            sha256: hex::encode(Sha256::digest(&bytes)),
            toolchain: toolchain.unwrap_or_else(|| "unknown".to_string()),
        })
    }

    /// Lets a machine whose run is decided go on for `time`: what happens then. It is
    /// no part of the record. `None` if it does not get that far by itself.
    pub(crate) fn look_ahead(&mut self, time: Duration) -> Option<Vec<Event>> {
        let end = self.now() + time;
        let mut events = Vec::new();
        loop {
            let stop = self.machine.run.go(end, &[]).ok()?;
            events.extend(stop.events);
            match stop.cause {
                StopCause::Time => return Some(events),
                StopCause::Full if events.len() < MOST_AHEAD => {}
                _ => return None,
            }
        }
    }

    /// The files in the board's flash, if they can be read.
    pub(crate) fn files_on_board(&mut self) -> Option<Vec<Stored>> {
        let place = self.file_system().ok()?;
        let volume = self.read_memory(place.at, place.size as usize).ok()?;
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in files::list(&place, &volume, &folder).ok()? {
                let path = match folder.as_str() {
                    "" => entry.name,
                    folder => format!("{folder}/{}", entry.name),
                };
                match entry.bytes {
                    Some(bytes) => found.push(Stored { path, bytes }),
                    // Firmware may have left folders without end.
                    None if path.matches('/').count() < DEEPEST => folders.push(path),
                    None => {}
                }
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Some(found)
    }

    /// How full stack and heap are.
    pub(crate) fn figures(&mut self) -> Option<Sample> {
        self.inspector().figures()
    }

    /// What the firmware's file takes of the board's memories, if it can be measured.
    pub(crate) fn firmware_totals(&self) -> Option<Totals> {
        let footprint = Footprint::read(&std::fs::read(self.firmware?).ok()?).ok()?;
        Some(Totals::of(&footprint.regions_of(self.board).ok()?))
    }

    pub(super) fn inspector(&mut self) -> Inspector<'_> {
        let firmware = self.firmware;
        let image = self.image.get_or_insert_with(|| {
            // Firmware that cannot be read as ELF still has addresses.
            firmware.and_then(|file| Image::read(&std::fs::read(file).ok()?).ok().map(Rc::new))
        });
        Inspector { machine: &mut self.machine, board: self.board, image: image.as_deref() }
    }

    /// What the board's memory regions hold, from low to high addresses, as far as they can be read.
    pub(crate) fn memory(&mut self) -> Vec<Content> {
        let Some(memory) = self.machine.memory.as_mut() else { return Vec::new() };
        let mut regions: Vec<_> = self.board.memory.values().collect();
        regions.sort_by_key(|region| region.at);
        let content = |region: &&Region| {
            let bytes = memory.read(region.at, region.size as usize).ok()?;
            Some(Content { at: region.at, bytes })
        };
        regions.iter().filter_map(content).collect()
    }
}
