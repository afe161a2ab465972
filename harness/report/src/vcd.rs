//! A run as a value change dump, for wave viewers: GTKWave, Surfer and others.
//!
//! Pins are wires: `x` while an output is unknown, `z` while nobody drives it. Each
//! port has two tracks of text, what the firmware `sent` and what the lab `typed`,
//! a byte each; that of the REPL has a wire more, which is high while the board waits
//! at its prompt. `step` has the step that is being played, `notes` what steps saw. The format is that of IEEE 1364-2005
//! §18, with variables of the type `string`, which GTKWave introduced and Surfer reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use replab_record::{Event, Level, Pad, PinName, PortName};
use vcd::{IdCode, TimescaleUnit, Value, VarType, Writer};

use crate::{Note, Run};

/// The prompt of Python's REPL.
const PROMPT: &[u8] = b">>> ";

/// Writes `run` to `file`: one line for a change, and one for each time at which
/// something changes. Holds nothing of it in memory but one level for each pin.
///
/// # Errors
///
/// Those of `file`.
pub fn vcd(run: &Run<'_>, file: &mut dyn Write) -> io::Result<()> {
    let mut file = Writer::new(file);
    file.comment(&format!("{} on {}", run.identity, run.target))?;
    file.timescale(1, TimescaleUnit::NS)?;
    let mut tracks = Tracks::declare(&mut file, run)?;
    file.enddefinitions()?;
    file.timestamp(0)?;
    for (track, pad) in tracks.pins.values() {
        file.change_scalar(*track, value(pad.level()))?;
    }
    if let Some(prompt) = &tracks.prompt {
        file.change_scalar(prompt.track, Value::V0)?;
    }
    let mut now = 0;
    let mut marks = marks(run, &tracks).into_iter().peekable();
    for event in run.record.events() {
        while let Some((note, track)) = marks.next_if(|(note, _)| note.at < event.at()) {
            at(&mut file, &mut now, note.at.as_nanos())?;
            file.change_string(track, &joined(&note.text))?;
        }
        at(&mut file, &mut now, event.at().as_nanos())?;
        tracks.change(&mut file, event)?;
    }
    for (note, track) in marks {
        at(&mut file, &mut now, note.at.as_nanos())?;
        file.change_string(track, &joined(&note.text))?;
    }
    let end = u64::try_from(run.machine.as_nanos()).unwrap_or(u64::MAX);
    at(&mut file, &mut now, end)
}

/// Steps and notes in order, each with its track.
fn marks<'a>(run: &Run<'a>, tracks: &Tracks) -> Vec<(&'a Note, IdCode)> {
    let steps = run.steps.iter().map(|step| (step, tracks.step));
    let mut marks: Vec<_> =
        steps.chain(run.notes.iter().map(|note| (note, tracks.notes))).collect();
    marks.sort_by_key(|(note, _)| note.at);
    marks
}

/// What follows happens at `time`, which is never before `now`.
fn at(file: &mut Writer<&mut dyn Write>, now: &mut u64, time: u64) -> io::Result<()> {
    if time > *now {
        *now = time;
        file.timestamp(time)?;
    }
    Ok(())
}

/// What can change.
struct Tracks {
    pins: BTreeMap<PinName, (IdCode, Pad)>,
    sent: BTreeMap<PortName, IdCode>,
    typed: BTreeMap<PortName, IdCode>,
    prompt: Option<Prompt>,
    reset: IdCode,
    step: IdCode,
    notes: IdCode,
}

impl Tracks {
    /// A track for each port of the board, and for each pin that has a role or moved.
    fn declare(file: &mut Writer<&mut dyn Write>, run: &Run<'_>) -> io::Result<Tracks> {
        let moved: BTreeSet<&PinName> = run.record.events().iter().filter_map(Event::pin).collect();
        let known: BTreeSet<&PinName> = run.board.roles.values().chain(moved).collect();
        file.add_module(&run.board.name)?;
        let mut pins = BTreeMap::new();
        for pin in run.board.pins.iter().filter(|pin| known.contains(pin)) {
            let track = file.add_wire(1, run.board.role(pin))?;
            pins.insert(pin.clone(), (track, Pad::default()));
        }
        let (mut sent, mut typed) = (BTreeMap::new(), BTreeMap::new());
        for port in run.board.ports.keys() {
            sent.insert(port.clone(), text(file, &format!("{port}_sent"))?);
            typed.insert(port.clone(), text(file, &format!("{port}_typed"))?);
        }
        let repl = run.board.repl_port().map(|(port, _)| Prompt::declare(file, port));
        let (reset, step) = (text(file, "reset")?, text(file, "step")?);
        let notes = text(file, "notes")?;
        file.upscope()?;
        Ok(Tracks { pins, sent, typed, prompt: repl.transpose()?, reset, step, notes })
    }

    fn change(&mut self, file: &mut Writer<&mut dyn Write>, event: &Event) -> io::Result<()> {
        if let Some(prompt) = &mut self.prompt {
            prompt.take(file, event)?;
        }
        match event {
            Event::Sent { port, byte, .. } => byte_on(file, self.sent.get(port), *byte),
            Event::Received { port, byte, .. } => byte_on(file, self.typed.get(port), *byte),
            Event::Edge { pin, .. } | Event::Driven { pin, .. } => {
                let Some((track, pad)) = self.pins.get_mut(pin) else { return Ok(()) };
                move_pin(file, *track, pad, event)
            }
            Event::Reset { cause, .. } => {
                file.change_string(self.reset, &joined(&cause.to_string()))?;
                self.pins
                    .values_mut()
                    .try_for_each(|(track, pad)| move_pin(file, *track, pad, event))
            }
        }
    }
}

/// Whether the board waits at the prompt of its REPL: nothing has come after one.
struct Prompt {
    port: PortName,
    track: IdCode,
    /// How much of [`PROMPT`] was sent last.
    matched: usize,
}

impl Prompt {
    fn declare(file: &mut Writer<&mut dyn Write>, port: &PortName) -> io::Result<Prompt> {
        let track = file.add_wire(1, &format!("{port}_at_prompt"))?;
        Ok(Prompt { port: port.clone(), track, matched: 0 })
    }

    fn take(&mut self, file: &mut Writer<&mut dyn Write>, event: &Event) -> io::Result<()> {
        let before = self.matched;
        self.matched = match event {
            Event::Sent { port, byte, .. } if *port == self.port => self.after(*byte),
            Event::Received { port, .. } if *port == self.port => 0,
            Event::Reset { .. } => 0,
            _ => before,
        };
        match (before == PROMPT.len(), self.matched == PROMPT.len()) {
            (false, true) => file.change_scalar(self.track, Value::V1),
            (true, false) => file.change_scalar(self.track, Value::V0),
            _ => Ok(()),
        }
    }

    /// How much of the prompt has come, now that `byte` has. Its `>` may follow a `>`.
    fn after(&self, byte: u8) -> usize {
        match PROMPT.get(self.matched) {
            Some(wanted) if *wanted == byte => self.matched + 1,
            _ if byte == b'>' && self.matched == 3 => 3,
            _ => usize::from(byte == b'>'),
        }
    }
}

/// What happened to a pin, if it made a difference.
fn move_pin(
    file: &mut Writer<&mut dyn Write>,
    track: IdCode,
    pad: &mut Pad,
    event: &Event,
) -> io::Result<()> {
    let before = pad.level();
    pad.take(event);
    if pad.level() == before { Ok(()) } else { file.change_scalar(track, value(pad.level())) }
}

fn text(file: &mut Writer<&mut dyn Write>, name: &str) -> io::Result<IdCode> {
    file.add_var(VarType::String, 1, name, None)
}

fn byte_on(file: &mut Writer<&mut dyn Write>, track: Option<&IdCode>, byte: u8) -> io::Result<()> {
    track.map_or(Ok(()), |track| file.change_string(*track, &name_of(byte)))
}

fn value(level: Level) -> Value {
    match level {
        Level::High => Value::V1,
        Level::Low => Value::V0,
        Level::Floating => Value::Z,
        Level::Unknown => Value::X,
    }
}

/// A byte as a short word, because a blank would end the value.
fn name_of(byte: u8) -> String {
    match byte {
        b' ' => "SP".to_owned(),
        b'\r' => "CR".to_owned(),
        b'\n' => "LF".to_owned(),
        0x21..=0x7e => char::from(byte).to_string(),
        other => format!("x{other:02x}"),
    }
}

/// Text as one word.
fn joined(text: &str) -> String {
    crate::visible(text).split_whitespace().collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use replab_record::{Level, MachineTime};
    use wellen::simple;

    use super::*;
    use crate::run::tests::{Told, blink};

    fn dump(told: &Told) -> Vec<u8> {
        let mut bytes = Vec::new();
        told.with(|run| vcd(run, &mut bytes)).expect("memory takes it");
        bytes
    }

    #[test]
    fn a_dump_has_pins_ports_and_notes() {
        let told = Told::default()
            .sent(1_000, ">>>> ")
            .step(1_000, "1 boot")
            .note(1_050, "printed: >")
            .received(4_000, "a\r")
            .edge(5_000, "P25", Level::High)
            .edge(5_000, "P3", Level::Floating)
            .reset(6_000);
        expect![[r#"
            $comment
                01-micropython-intro/blink on lab-m0@qemu
            $end
            $timescale 1 ns $end
            $scope module lab-m0 $end
            $var wire 1 ! P3 $end
            $var wire 1 " BUTTON $end
            $var wire 1 # LED $end
            $var string 1 $ uart0_sent $end
            $var string 1 % uart0_typed $end
            $var wire 1 & uart0_at_prompt $end
            $var string 1 ' reset $end
            $var string 1 ( step $end
            $var string 1 ) notes $end
            $upscope $end
            $enddefinitions $end
            #0
            x"
            x#
            x!
            0&
            #1000
            s> $
            s1_boot (
            #1050
            sprinted:_> )
            #1100
            s> $
            #1200
            s> $
            #1300
            s> $
            #1400
            1&
            sSP $
            #4000
            0&
            sa %
            #4100
            sCR %
            #5000
            1#
            z!
            #6000
            sthe_firmware '
            x#
            x!
            #5024000000
        "#]]
        .assert_eq(&String::from_utf8(dump(&told)).expect("it is text"));
    }

    /// Surfer's reader finds the wave that the record has.
    #[test]
    fn another_reader_sees_the_same_wave() {
        let told = blink();
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("blink.vcd");
        std::fs::write(&file, dump(&told)).expect("the folder is ours");
        let mut waves = simple::read(&file).expect("it is a value change dump");
        let hierarchy = waves.hierarchy();
        let led = hierarchy.lookup_var(&["lab-m0"], "LED").expect("there is such a track");
        let led = hierarchy[led].signal_ref();
        waves.load_signals(&[led]);
        let signal = waves.get_signal(led).expect("it was loaded");
        let changes: Vec<(u64, String)> = signal
            .iter_changes()
            .map(|(index, value)| (waves.time_table()[index as usize], value.to_string()))
            .collect();
        let changes: Vec<(u64, &str)> =
            changes.iter().map(|(at, value)| (*at, value.as_str())).collect();
        assert_eq!(changes, [(0, "x"), (5_000_000, "1"), (505_000_000, "0")]);
        let end = MachineTime::ZERO + told.machine;
        assert_eq!(waves.time_table().last(), Some(&end.as_nanos()));
    }
}
