//! How long the firmware took: for what it sent, and from edge to edge.
//!
//! Each is the time between two stamps of one run, with no act of the lab's between
//! them, so it depends on the firmware and its processor alone.

use std::time::Duration;

use replab_record::{Aspect, Difference, Event, MachineTime, Moment};
use replab_scenario::{Action, Code, Scenario, show_duration};

use super::Side;
use super::streams::{Kind, Stream};
use super::tolerances::Tolerances;

/// How much of a level's time two targets may differ by, in percent: what lasts long
/// is slept, and a sleep is the clock's affair.
pub const EDGES_PERCENT: u32 = 1;

/// How much of the time before a line they may differ by, in percent: it is computed,
/// and no two emulators count instructions quite alike.
pub const COMPUTING_PERCENT: u32 = 10;

/// A difference in time that is none: about a character at 115 200 baud, for which code
/// waits or not. A level that is shorter is computed too, and may differ as that.
pub const SHORT: Duration = Duration::from_micros(100);

/// What came of comparing times.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub(super) difference: Option<Difference>,
    /// What was not compared, and why.
    pub(super) not_compared: Vec<String>,
}

/// How long something took on each target, and when that ended, as `[first, other]`.
type Pair = [(MachineTime, MachineTime); 2];

/// The first time, on the clock of the first target, that is not the same on both.
pub(super) fn difference(
    scenario: &Scenario,
    sides: [Side<'_>; 2],
    streams: &[&Stream],
    tolerances: &mut Tolerances<'_>,
) -> Times {
    let path = |(path, _): &(&String, &Vec<u8>)| path.to_string();
    let collecting = |(_, text): &(&String, &Vec<u8>)| names_gc(&String::from_utf8_lossy(text));
    if let Some(path) = scenario.files.iter().find(collecting).map(|file| path(&file)) {
        let why = format!("times: {path} names `gc`, and no collection takes as long as another");
        return Times { difference: None, not_compared: vec![why] };
    }
    let mut not_compared = Vec::new();
    let steps: Vec<usize> = (1..)
        .zip(&scenario.steps)
        .filter(|(_, step)| collects(&step.action))
        .map(|(n, _)| n)
        .collect();
    match steps.as_slice() {
        [] => {}
        [one] => not_compared.push(format!("times of step {one}: its code names `gc`")),
        many => {
            let many = many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            not_compared.push(format!("times of steps {many}: their code names `gc`"));
        }
    }
    let collects = |pair: &Pair| {
        sides.iter().zip(pair).any(|(side, (start, end))| {
            let mut all =
                side.outcome.steps.iter().filter(|step| steps.contains(&step.place.number));
            all.any(|step| step.start <= *end && *start <= step.end)
        })
    };
    let mut differences: Vec<(MachineTime, Difference)> = Vec::new();
    for stream in streams.iter().filter(|stream| stream.is_equal()) {
        let found = pairs(stream, sides).into_iter().find(|(_, pair)| {
            let times = pair.map(|(start, end)| end - start);
            !collects(pair)
                && times[0].abs_diff(times[1]) > allowed(stream.kind, times)
                && !tolerances.allow_times(&stream.name, times)
        });
        if let Some((index, pair)) = found {
            differences.push((pair[0].1, unlike(stream, index, pair)));
        }
    }
    let first = differences.into_iter().min_by_key(|(at, _)| *at);
    Times { difference: first.map(|(_, difference)| difference), not_compared }
}

/// What of `stream` has a time on both sides, by the index of its moment.
fn pairs(stream: &Stream, sides: [Side<'_>; 2]) -> Vec<(usize, Pair)> {
    let [one, two] = [0, 1].map(|side: usize| {
        let (moments, events) = (&stream.moments[side], sides[side].outcome.record.events());
        match stream.kind {
            Kind::Port => pauses(moments, events),
            Kind::Pin => lasting(moments, events),
        }
    });
    let both = one.into_iter().zip(two).enumerate();
    both.filter_map(|(index, (one, two))| Some((index, [one?, two?]))).collect()
}

/// For each line, from the last byte, or act of the lab's, before it on to its first
/// byte; `None` if that was the start of the board, which takes its own time. Edges do
/// not count: a timer may come in between, here and there at another moment.
fn pauses(moments: &[Moment], events: &[Event]) -> Vec<Option<(MachineTime, MachineTime)>> {
    let is_edge = |event: &&Event| matches!(event, Event::Edge { .. });
    let pause = |moment: &Moment| {
        let before = events.partition_point(|event| event.at() < moment.at);
        match events[..before].iter().rev().find(|event| !is_edge(event))? {
            Event::Reset { .. } => None,
            event => Some((event.at(), moment.at)),
        }
    };
    moments.iter().map(pause).collect()
}

/// For each level, how long it lasts; `None` for the last, and where the lab did
/// something meanwhile, or the board started anew.
fn lasting(moments: &[Moment], events: &[Event]) -> Vec<Option<(MachineTime, MachineTime)>> {
    let is_firmware = |event: &Event| matches!(event, Event::Sent { .. } | Event::Edge { .. });
    let lasts = |pair: &[Moment]| {
        let (start, end) = (pair[0].at, pair[1].at);
        let from = events.partition_point(|event| event.at() < start);
        let to = events.partition_point(|event| event.at() <= end);
        events[from..to].iter().all(is_firmware).then_some((start, end))
    };
    moments.windows(2).map(lasts).collect()
}

/// How far two such times may be apart.
fn allowed(kind: Kind, times: [Duration; 2]) -> Duration {
    let longer = times[0].max(times[1]);
    let computing = longer * COMPUTING_PERCENT / 100;
    match kind {
        Kind::Port => computing.max(SHORT),
        Kind::Pin => (longer * EDGES_PERCENT / 100).max(SHORT.min(computing)),
    }
}

fn unlike(stream: &Stream, index: usize, pair: Pair) -> Difference {
    let row = [0, 1].map(|side: usize| {
        let ((start, end), moment) = (pair[side], &stream.moments[side][index]);
        let time = show_duration(end - start);
        Some(match stream.kind {
            Kind::Port => Moment { at: end, text: format!("after {time}: {}", moment.text) },
            Kind::Pin => Moment { at: start, text: format!("{} for {time}", moment.text) },
        })
    });
    let what = match stream.kind {
        Kind::Port => "before line",
        Kind::Pin => "level",
    };
    let allowed = show_duration(allowed(stream.kind, pair.map(|(start, end)| end - start)));
    let place = format!("{what} {} of {}, at most {allowed} apart", index + 1, stream.name);
    Difference { aspect: Aspect::Time, place, rows: vec![row] }
}

/// Whether the code of a step speaks of the garbage collector.
fn collects(action: &Action) -> bool {
    match action {
        Action::Repl(exchanges) => {
            exchanges.iter().flat_map(|exchange| &exchange.typed).any(|line| names_gc(line))
        }
        Action::Exec(Code { text, .. }) | Action::Paste(Code { text, .. }) => names_gc(text),
        Action::Send(bytes) => names_gc(&String::from_utf8_lossy(bytes)),
        _ => false,
    }
}

/// Whether `gc` stands in `text` as a word of its own.
fn names_gc(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.split(|c: char| !is_part(c)).any(|word| word == "gc")
}
