//! What happened on one port or pin, on both targets: lines, or levels.

use std::collections::BTreeSet;

use replab_board::Board;
use replab_record::{Aspect, Difference, Level, MachineTime, Moment, PortName, Record};

use super::tolerances::Tolerances;
use super::{BEFORE, Side};
use crate::output::{Output, SentLine};

/// What happened on one port or pin, on each of both targets, oldest first.
#[derive(Debug)]
pub(super) struct Stream {
    /// What the first target calls it: `uart0`, `LED`.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// On the first target and on the other.
    pub(super) moments: [Vec<Moment>; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Port,
    Pin,
}

impl Stream {
    /// Whether the same happened on both.
    pub(super) fn is_equal(&self) -> bool {
        self.unlike().is_none()
    }

    /// The first moment that is not the same on both.
    pub(super) fn difference(&self, aspect: Aspect) -> Option<Difference> {
        let index = self.unlike()?;
        let what = match self.kind {
            Kind::Port => "line",
            Kind::Pin => "level",
        };
        let row = |index: usize| [0, 1].map(|side: usize| self.moments[side].get(index).cloned());
        Some(Difference {
            aspect,
            place: format!("{what} {} of {}", index + 1, self.name),
            rows: (index.saturating_sub(BEFORE)..=index).map(row).collect(),
        })
    }

    fn unlike(&self) -> Option<usize> {
        let [one, two] = &self.moments;
        let text = |moments: &[Moment], index: usize| {
            moments.get(index).map(|moment| moment.text.trim_end().to_string())
        };
        (0..one.len().max(two.len())).find(|index| text(one, *index) != text(two, *index))
    }
}

/// The ports of both boards: those of the REPL together, others by their names.
pub(super) fn ports(
    sides: [Side<'_>; 2],
    tolerances: &mut Tolerances<'_>,
    not_compared: &mut Vec<String>,
) -> Vec<Stream> {
    let repl = sides.map(|side| side.board.repl_port().map(|(name, _)| name));
    let mut pairs: Vec<[&PortName; 2]> = Vec::new();
    if let [Some(one), Some(two)] = repl {
        pairs.push([one, two]);
    }
    let is_other =
        |name: &PortName| sides[1].board.ports.contains_key(name) && !repl.contains(&Some(name));
    pairs.extend(sides[0].board.ports.keys().filter(|name| is_other(name)).map(|name| [name; 2]));
    for (index, [side, other]) in [sides, [sides[1], sides[0]]].into_iter().enumerate() {
        let is_alone = |name: &&PortName| pairs.iter().all(|pair| pair[index] != *name);
        let has_sent = |name: &&PortName| side.outcome.record.sent(name).next().is_some();
        let alone = side.board.ports.keys().filter(is_alone).filter(has_sent);
        not_compared.extend(alone.map(|name| without("port", name.as_str(), other.board)));
    }
    let mut stream = |names: [&PortName; 2]| {
        let mut lines = [0, 1].map(|side: usize| {
            let mut lines = lines(sides[side], names[side]);
            lines.retain(|line| !tolerances.leave_out(&line.text));
            lines
        });
        level_ends(&mut lines, sides);
        Stream {
            name: names[0].to_string(),
            kind: Kind::Port,
            moments: lines.map(|lines| {
                lines.into_iter().map(|line| Moment { at: line.at, text: line.text }).collect()
            }),
        }
    };
    pairs.into_iter().map(&mut stream).collect()
}

fn lines(side: Side<'_>, port: &PortName) -> Vec<SentLine> {
    if side.board.repl_port().is_some_and(|(repl, _)| repl == port) {
        return side.outcome.lines.clone();
    }
    let mut output = Output::default();
    side.outcome.record.sent(port).for_each(|(at, byte)| output.push(byte, at));
    output.lines()
}

/// Takes away what one run alone still sent after its last step: the other had ended
/// before it could come.
fn level_ends(lines: &mut [Vec<SentLine>; 2], sides: [Side<'_>; 2]) {
    let common = lines[0].len().min(lines[1].len());
    for side in [0, 1] {
        let settles_from = sides[side].settles_from();
        if lines[side].get(common).is_some_and(|line| line.at >= settles_from) {
            lines[side].truncate(common);
        }
        let Some(last) = common.checked_sub(1) else { continue };
        let cut = lines[1 - side][last].text.clone();
        let line = &mut lines[side][last];
        if line.until >= settles_from && line.text.starts_with(&cut) {
            line.text = cut;
        }
    }
}

/// The pins that moved on either target, by role, or by name where both boards have it.
pub(super) fn pins(
    sides: [Side<'_>; 2],
    tolerances: &mut Tolerances<'_>,
    not_compared: &mut Vec<String>,
) -> Vec<Stream> {
    let moved: BTreeSet<&str> = sides.iter().flat_map(|side| moved(*side)).collect();
    let mut streams = Vec::new();
    for word in moved {
        if let Some(other) = sides.iter().find(|side| side.board.pin(word).is_none()) {
            not_compared.push(without("pin", word, other.board));
        } else {
            streams.extend(pin(sides, word, tolerances));
        }
    }
    streams
}

fn without(what: &str, name: &str, board: &Board) -> String {
    format!("{what} {name}: {} has none of that name", board.name)
}

/// The words for pins that had a level.
fn moved(side: Side<'_>) -> impl Iterator<Item = &str> {
    let Side { board, outcome, .. } = side;
    let pins = outcome.record.events().iter().filter_map(|event| event.pin());
    pins.map(|pin| board.role(pin))
}

/// The levels of the pin that `word` means; `None` if none of them is to be compared.
fn pin(sides: [Side<'_>; 2], word: &str, tolerances: &mut Tolerances<'_>) -> Option<Stream> {
    let mut moments = sides.map(|side| levels(&side.outcome.record, side.board, word));
    let common = moments[0].len().min(moments[1].len());
    for (side, moments) in sides.iter().zip(&mut moments) {
        if moments.get(common).is_some_and(|moment| moment.at >= side.settles_from()) {
            moments.truncate(common);
        }
    }
    let stream = Stream { name: word.to_string(), kind: Kind::Pin, moments };
    (!tolerances.leave_pin_out(&stream)).then_some(stream)
}

/// What a pin was, from the first time on that somebody drove it. What it is after a
/// reset until then is nobody's doing.
fn levels(record: &Record, board: &Board, word: &str) -> Vec<Moment> {
    let Some(pin) = board.pin(word) else { return Vec::new() };
    let wave = record.wave(pin, MachineTime::ZERO, MachineTime::from_nanos(u64::MAX));
    let mut levels: Vec<Moment> = wave
        .edges
        .iter()
        .filter(|edge| edge.level != Level::Unknown)
        .map(|edge| Moment { at: edge.at, text: format!("{word} {}", edge.level) })
        .collect();
    levels.dedup_by(|later, earlier| later.text == earlier.text);
    levels
}
