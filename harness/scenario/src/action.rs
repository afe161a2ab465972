//! Reads the values of the actions, each of its own shape.

use std::time::Duration;

use replab_record::Level;

use crate::error::Problem;
use crate::file;
use crate::key::{KEYS, key_bytes};
use crate::lesson::Block;
use crate::pattern::Expected;
use crate::quantity::{QuantityError, Tolerance, parse_duration, parse_duty, parse_period};
use crate::reading::Reading;
use crate::scenario::{Action, Boot, Code, Expect, Reset, SnapshotPart, TextPattern, WaveClaim};
use crate::transcript::parse_transcript;
use crate::tree::{Node, Value};

/// Reads the value of the action `word`, one of [`crate::STEP_WORDS`].
pub(crate) fn read(reading: &mut Reading<'_>, word: &str, value: &Node) -> Option<Action> {
    Some(match word {
        "boot" => Action::Boot(boot(reading, value)?),
        "repl" => repl(reading, value)?,
        "exec" => Action::Exec(code(reading, value, "exec")?),
        "paste" => Action::Paste(code(reading, value, "paste")?),
        "send" => Action::Send(send(reading, value)?),
        "key" => Action::Key(key(reading, value)?),
        "expect" => Action::Expect(expect(reading, value)?),
        "wait" => Action::Wait(reading.quantity(value, "wait", parse_duration)?),
        "pin" => Action::Pin(pins(reading, value)?),
        "wave" => Action::Wave(wave(reading, value)?),
        "reset" => Action::Reset(reset(reading, value)?),
        "fs" => Action::Fs(file::fs(reading, value)?),
        "snapshot" => Action::Snapshot(snapshot(reading, value)?),
        _ => unreachable!("only words of STEP_WORDS come here"),
    })
}

fn boot(reading: &mut Reading<'_>, node: &Node) -> Option<Boot> {
    match reading.text(node, "boot")?.as_str() {
        "run" => Some(Boot::Run),
        "repl" => Some(Boot::Repl),
        word => reading.fail(node.place, Problem::unknown("way to boot", word, ["run", "repl"])),
    }
}

fn reset(reading: &mut Reading<'_>, node: &Node) -> Option<Reset> {
    match reading.text(node, "reset")?.as_str() {
        "soft" => Some(Reset::Soft),
        "hard" => Some(Reset::Hard),
        "power" => Some(Reset::Power),
        word => {
            reading.fail(node.place, Problem::unknown("reset", word, ["soft", "hard", "power"]))
        }
    }
}

/// A transcript's lines have places of their own: those of a `|` text begin below the `|`.
fn repl(reading: &mut Reading<'_>, node: &Node) -> Option<Action> {
    let Value::Text(text) = &node.value else {
        return reading.kind(
            node,
            "repl",
            "a transcript below `repl: |`, whose lines begin with `>>> `",
        );
    };
    match parse_transcript(text, |index| node.line_of(index)) {
        Ok(exchanges) => Some(Action::Repl(exchanges)),
        Err(error) => {
            let place = reading.line_place(node.line_of(error.index()), node.place);
            reading.fail(place, error)
        }
    }
}

fn code(reading: &mut Reading<'_>, node: &Node, word: &'static str) -> Option<Code> {
    if let Value::Text(text) = &node.value {
        let text = text.clone();
        return Some(Code { text, block: None, prints: None, claims: Vec::new(), raises: None });
    }
    let wanted = "source text, `{ code: TEXT }` or `{ block: \"HEADING#1\" }`";
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, word, wanted);
    }
    let fields = reading.fields(node, word, &["code", "block", "prints", "claims", "raises"])?;
    let (block, text) = match (fields.get("code"), fields.get("block")) {
        (Some(code), None) => (None, reading.text(code, "code")?),
        (None, Some(block)) => {
            reading.block(block).map(|block| (Some(block.clone()), block.text))?
        }
        _ => return reading.kind(node, word, wanted),
    };
    let prints = optional(fields.get("prints"), |node| reading.text(node, "prints"))?;
    let raises = optional(fields.get("raises"), |node| exception(reading, node))?;
    let claims = optional(fields.get("claims"), |node| claims(reading, node, block.as_ref()))?;
    Some(Code {
        text,
        block: block.map(|block| block.name),
        prints: prints.map(|text| Expected::parse(&text)),
        claims: claims.unwrap_or_default(),
        raises,
    })
}

/// What `read` makes of `node`, if there is one; `None` if that fails.
fn optional<T>(node: Option<&&Node>, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    match node {
        Some(node) => read(node).map(Some),
        None => Some(None),
    }
}

/// The name of an exception, also a dotted one.
fn exception(reading: &mut Reading<'_>, node: &Node) -> Option<String> {
    let name = reading.text(node, "raises")?;
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if name.split('.').all(is_name) {
        return Some(name);
    }
    reading.kind(node, "raises", "the name of an exception: `KeyError`")
}

/// Each claim must stand in a comment of the block, behind the one before it.
fn claims(reading: &mut Reading<'_>, node: &Node, block: Option<&Block>) -> Option<Vec<Expected>> {
    let Some(block) = block else { return reading.fail(node.place, Problem::ClaimsWithoutBlock) };
    let comments = block.comments();
    let mut rest = comments.iter();
    let mut claims = Vec::new();
    for item in reading.list(node, "claims")? {
        let claim = reading.text(item, "claims")?;
        if !rest.any(|(_, comment)| *comment == claim) {
            return no_claim(reading, item, block, claim);
        }
        claims.push(Expected::parse(&claim));
    }
    Some(claims)
}

fn no_claim<T>(reading: &mut Reading<'_>, node: &Node, block: &Block, claim: String) -> Option<T> {
    let problem = Problem::NoClaim {
        lesson: reading.lesson(node)?.path().to_owned(),
        line: block.line,
        block: block.name.clone(),
        claim,
        comments: block.comments().into_iter().map(|(_, text)| text.to_owned()).collect(),
    };
    reading.fail(node.place, problem)
}

fn send(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<u8>> {
    if matches!(node.value, Value::Map(_)) {
        return hex(reading, node);
    }
    let text = reading.text(node, "send")?;
    match unescape(&text) {
        Ok(bytes) if bytes.is_empty() => {
            reading.fail(node.place, Problem::Empty { key: "send".to_owned() })
        }
        Ok(bytes) => Some(bytes),
        Err(escape) => reading.fail(node.place, Problem::Escape { escape }),
    }
}

fn hex(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<u8>> {
    let fields = reading.fields(node, "send", &["hex"])?;
    let digits = reading.required(node, &fields, "hex", "write the bytes: `{ hex: \"03 04\" }`")?;
    let bytes = digits.scalar().unwrap_or_default().split_whitespace().map(hex_byte);
    match bytes.collect::<Option<Vec<u8>>>() {
        Some(bytes) if !bytes.is_empty() => Some(bytes),
        _ => reading.kind(digits, "hex", "two digits for each byte: `\"03 04\"`"),
    }
}

/// Two hexadecimal digits; `from_str_radix` alone would take a sign too.
fn hex_byte(digits: &str) -> Option<u8> {
    let is_byte = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_byte.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// `\r`, `\n`, `\t`, `\e`, `\\` and `\x03`; the escape itself where it is none.
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let (byte, length) = match after.as_bytes().first() {
            Some(b'r') => (b'\r', 1),
            Some(b'n') => (b'\n', 1),
            Some(b't') => (b'\t', 1),
            Some(b'e') => (0x1b, 1),
            Some(b'\\') => (b'\\', 1),
            Some(b'x') => match after.get(1..3).and_then(hex_byte) {
                Some(byte) => (byte, 3),
                None => return Err(format!("\\{}", after.chars().take(3).collect::<String>())),
            },
            _ => return Err(format!("\\{}", after.chars().take(1).collect::<String>())),
        };
        bytes.push(byte);
        rest = &after[length..];
    }
    bytes.extend(rest.bytes());
    Ok(bytes)
}

fn key(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<u8>> {
    let word = reading.text(node, "key")?;
    match key_bytes(&word) {
        Some(bytes) => Some(bytes.to_vec()),
        None => reading.fail(
            node.place,
            Problem::unknown("key to press", &word, KEYS.iter().map(|(name, _)| *name)),
        ),
    }
}

fn expect(reading: &mut Reading<'_>, node: &Node) -> Option<Expect> {
    if !matches!(node.value, Value::Map(_)) {
        return text_pattern(reading, node, "expect").map(Expect::Text);
    }
    let fields = reading.fields(node, "expect", &["regex", "lines", "prompt"])?;
    match (fields.get("regex"), fields.get("lines"), fields.get("prompt")) {
        (Some(_), None, None) => text_pattern(reading, node, "expect").map(Expect::Text),
        (None, Some(lines), None) => expected_lines(reading, lines).map(Expect::Lines),
        (None, None, Some(prompt)) if matches!(&prompt.value, Value::Truth(word) if word == "true") => {
            Some(Expect::Prompt)
        }
        _ => {
            let wanted = "text, or one of `{ regex: R }`, `{ lines: [A, B] }`, `{ prompt: true }`";
            reading.kind(node, "expect", wanted)
        }
    }
}

fn expected_lines(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<String>> {
    let items = reading.list(node, "lines")?;
    if items.is_empty() {
        return reading.fail(node.place, Problem::Empty { key: "lines".to_owned() });
    }
    items.iter().map(|item| some_text(reading, item, "lines")).collect()
}

/// Text, or `{ regex: R }`; neither may be found everywhere.
pub(crate) fn text_pattern(
    reading: &mut Reading<'_>,
    node: &Node,
    word: &'static str,
) -> Option<TextPattern> {
    if !matches!(node.value, Value::Map(_)) {
        return some_text(reading, node, word).map(TextPattern::Text);
    }
    let fields = reading.fields(node, word, &["regex"])?;
    match fields.get("regex") {
        Some(regex) => read_regex(reading, regex).map(TextPattern::Regex),
        None => reading.kind(node, word, "text, or `{ regex: R }`"),
    }
}

/// Text that is not empty.
fn some_text(reading: &mut Reading<'_>, node: &Node, word: &'static str) -> Option<String> {
    let text = reading.text(node, word)?;
    if text.is_empty() {
        return reading.fail(node.place, Problem::Empty { key: word.to_owned() });
    }
    Some(text)
}

fn read_regex(reading: &mut Reading<'_>, node: &Node) -> Option<regex::Regex> {
    let expression = reading.text(node, "regex")?;
    match regex::RegexBuilder::new(&expression).multi_line(true).build() {
        // `^$` finds an empty line, which is something to find.
        Ok(regex) if regex.is_match("") && regex.is_match("x") => {
            reading.fail(node.place, Problem::FindsNothing { expression })
        }
        Ok(regex) => Some(regex),
        Err(error) => {
            // The last line says why; those before it draw what the label shows.
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            reading.fail(node.place, Problem::Regex { expression, why: why.to_owned() })
        }
    }
}

fn pins(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<(String, Level)>> {
    let wanted = "pins and levels: `{ LED: high }`";
    let Value::Map(entries) = &node.value else { return reading.kind(node, "pin", wanted) };
    if entries.is_empty() {
        return reading.kind(node, "pin", wanted);
    }
    let pins: Vec<_> = entries
        .iter()
        .map(|(pin, level)| Some((pin_word(reading, pin)?, read_level(reading, level)?)))
        .collect();
    pins.into_iter().collect()
}

/// A role or a name that each of the scenario's boards has.
fn pin_word(reading: &mut Reading<'_>, node: &Node) -> Option<String> {
    let word = reading.text(node, "pin")?;
    match reading.boards.iter().find(|board| board.pin(&word).is_none()) {
        None => Some(word),
        Some(board) => {
            let problem = Problem::unknown("pin", &word, board.pin_words());
            reading.fail(node.place, problem)
        }
    }
}

fn read_level(reading: &mut Reading<'_>, node: &Node) -> Option<Level> {
    match reading.text(node, "pin")?.as_str() {
        "high" => Some(Level::High),
        "low" => Some(Level::Low),
        "floating" => Some(Level::Floating),
        word => {
            reading.fail(node.place, Problem::unknown("level", word, ["high", "low", "floating"]))
        }
    }
}

fn wave(reading: &mut Reading<'_>, node: &Node) -> Option<WaveClaim> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "wave", "`{ pin: LED, for: 5s, period: 1s ±1% }`");
    }
    let fields = reading.fields(node, "wave", &["pin", "for", "period", "duty", "count"])?;
    let pin = reading.required(node, &fields, "pin", "say which: `pin: LED`");
    let window = reading.required(node, &fields, "for", "say how long to look: `for: 5s`");
    let claim = WaveClaim {
        pin: pin_word(reading, pin?)?,
        window: reading.quantity(window?, "for", some_time)?,
        period: optional(fields.get("period"), |node| {
            reading.quantity(node, "period", parse_period)
        })?,
        duty: optional(fields.get("duty"), |node| reading.quantity(node, "duty", parse_duty))?,
        count: optional(fields.get("count"), |node| reading.number(node, "count"))?,
    };
    match impossible(&claim) {
        None => Some(claim),
        Some(problem) => reading.fail(node.place, problem),
    }
}

/// A duration in which something can happen.
fn some_time(text: &str) -> Result<Duration, QuantityError> {
    match parse_duration(text)? {
        Duration::ZERO => {
            Err(QuantityError::OutOfRange { text: text.to_owned(), range: "more than 0s" })
        }
        time => Ok(time),
    }
}

/// Why no wave can be as `claim` says.
fn impossible(claim: &WaveClaim) -> Option<Problem> {
    let needs_period = claim.period.is_some() || claim.duty.is_some();
    match claim.count {
        None if !needs_period => return Some(Problem::EmptyWave),
        Some(count @ 0..2) if needs_period => return Some(Problem::FewEdges { count }),
        _ => {}
    }
    let (period, tolerance) = claim.period.unwrap_or((Duration::ZERO, Tolerance::Relative(0.0)));
    let shortest = period.saturating_sub(tolerance.of(period));
    // Neighbouring edges are a period apart, and the window ends before its last nanosecond.
    let periods = u32::try_from(claim.count.unwrap_or(2).saturating_sub(1)).unwrap_or(u32::MAX);
    let window = claim.window;
    let is_short = shortest.checked_mul(periods).is_none_or(|needed| needed >= window);
    (window.is_zero() || is_short && claim.period.is_some()).then_some(Problem::ShortWindow {
        window,
        period,
        periods,
    })
}

fn snapshot(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<SnapshotPart>> {
    let items = reading.list(node, "snapshot")?;
    if items.is_empty() {
        return reading.kind(node, "snapshot", "a list with one part or more: `[transcript]`");
    }
    let parts: Vec<_> = items
        .iter()
        .map(|item| match reading.text(item, "snapshot")?.as_str() {
            "transcript" => Some(SnapshotPart::Transcript),
            "wave" => Some(SnapshotPart::Wave),
            "memory" => Some(SnapshotPart::Memory),
            word => {
                let known = ["transcript", "wave", "memory"];
                reading.fail(item.place, Problem::unknown("part of a record", word, known))
            }
        })
        .collect();
    parts.into_iter().collect()
}
