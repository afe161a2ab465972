//! A bench with MicroPython at its prompt.

use replab_machine::qemu::Proof;
use replab_record::{Event, MachineTime};

use super::bench::{Bench, text};

pub(crate) const PROMPT: &str = "\r\n>>> ";

/// lab-m0 with MicroPython, at its first prompt.
pub(crate) fn at_prompt() -> Result<Bench, String> {
    with_files(&[])
}

/// The same, with files on it.
pub(crate) fn with_files(files: &[(&str, &str)]) -> Result<Bench, String> {
    let mut bench = Bench::start(&super::qemu_tools()?, &super::micropython()?, Proof::default());
    let files =
        files.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect();
    let place = super::lab_m0().file_system.expect("lab-m0 has files");
    let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
    for run in replab_runner::files::image(&place, &files).expect("the files fit") {
        memory.write(run.address, &run.bytes).expect("flash can be written");
    }
    bench.until(PROMPT);
    Ok(bench)
}

/// All of the flash that holds its files.
pub(crate) fn volume(bench: &mut Bench) -> Vec<u8> {
    let place = super::lab_m0().file_system.expect("lab-m0 has files");
    let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
    memory.read(place.at, place.size as usize).expect("flash can be read")
}

/// Types `line`, and gives what the board answers before its next prompt.
#[track_caller]
pub(crate) fn ask(bench: &mut Bench, line: &str) -> String {
    bench.type_line(line);
    let before = bench.events.len();
    bench.until(PROMPT);
    let said = text(&bench.events[before..]);
    let answer = said.strip_suffix(PROMPT).unwrap_or(&said);
    answer.split_once("\r\n").map_or(String::new(), |(_, answer)| answer.to_owned())
}

/// Pulls the reset line.
pub(crate) fn pull_reset_line(bench: &mut Bench) {
    let events = bench.machine.run.reset().expect("a stopped machine can be reset");
    bench.events.extend(events);
}

/// Cuts the power and gives it back.
pub(crate) fn cut_power(bench: &mut Bench) {
    let power = bench.machine.power.as_mut().expect("QEMU's power can be cut");
    bench.events.extend(power.cycle().expect("a stopped machine loses its power"));
}

/// When what was typed arrived.
pub(crate) fn arrivals(events: &[Event]) -> Vec<MachineTime> {
    let arrival = |event: &Event| match event {
        Event::Received { at, .. } => Some(*at),
        _ => None,
    };
    events.iter().filter_map(arrival).collect()
}
