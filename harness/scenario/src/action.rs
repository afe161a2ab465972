//! Reads the values of the actions, each of its own shape.

use replab_record::{Bound, Figure, FindingKind};

use crate::bytes::parse_bound;
use crate::contract;
use crate::error::Problem;
use crate::file;
use crate::key::{KEYS, key_bytes};
use crate::lesson::Block;
use crate::pattern::Expected;
use crate::pins;
use crate::quantity::{parse_duration, some_time};
use crate::reading::Reading;
use crate::scenario::{Action, Boot, Code, Expect, Never, Reset, SnapshotPart, TextPattern};
use crate::transcript::parse_transcript;
use crate::tree::{Node, Value};
use crate::wave;
use crate::wire;

/// The parts of a record that `snapshot` takes.
pub(crate) const SNAPSHOT_WORDS: [&str; 3] = ["transcript", "wave", "memory"];

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
        "quiet" => Action::Quiet(reading.quantity(value, "quiet", some_time)?),
        "wait" => Action::Wait(reading.quantity(value, "wait", parse_duration)?),
        "drive" => Action::Drive(pins::driven(reading, value)?),
        "press" => Action::Press(pins::press(reading, value)?),
        "wire" => Action::Wire(wire::read(reading, value)?),
        "pin" => Action::Pin(pins::levels(reading, value, "pin")?),
        "wave" => Action::Wave(wave::read(reading, value)?),
        "contract" => Action::Contract(contract::read(reading, value)?),
        "reset" => Action::Reset(reset(reading, value)?),
        "fs" => Action::Fs(file::fs(reading, value)?),
        "memory" => Action::Memory(memory(reading, value)?),
        "never" => Action::Never(never(reading, value)?),
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
        Ok(exchanges) => {
            for exchange in &exchanges {
                // The answer begins below what is typed.
                reading.names(&exchange.expected, node, exchange.line + exchange.typed.len());
            }
            Some(Action::Repl(exchanges))
        }
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
    let prints = prints.map(|text| Expected::parse(&text));
    if let (Some(prints), Some(node)) = (&prints, fields.get("prints")) {
        reading.names(prints, node, node.line_of(0));
    }
    Some(Code {
        text,
        block: block.map(|block| block.name),
        prints,
        claims: claims.unwrap_or_default(),
        raises,
    })
}

/// What `read` makes of `node`, if there is one; `None` if that fails.
pub(crate) fn optional<T>(
    node: Option<&&Node>,
    read: impl FnOnce(&Node) -> Option<T>,
) -> Option<Option<T>> {
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

pub(crate) fn send(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<u8>> {
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

pub(crate) fn key(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<u8>> {
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

/// What must not come: one pattern or finding, or a list.
pub(crate) fn never(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<Never>> {
    let Value::List(items) = &node.value else {
        return one_never(reading, node).map(|never| vec![never]);
    };
    if items.is_empty() {
        return reading.fail(node.place, Problem::Empty { key: "never".to_owned() });
    }
    let all: Vec<_> = items.iter().map(|item| one_never(reading, item)).collect();
    all.into_iter().collect()
}

fn one_never(reading: &mut Reading<'_>, node: &Node) -> Option<Never> {
    if !matches!(node.value, Value::Map(_)) {
        return text_pattern(reading, node, "never").map(Never::Sent);
    }
    let fields = reading.fields(node, "never", &["regex", "finding"])?;
    match (fields.get("regex"), fields.get("finding")) {
        (Some(regex), None) => read_regex(reading, regex).map(TextPattern::Regex).map(Never::Sent),
        (None, Some(finding)) => {
            let word = reading.text(finding, "finding")?;
            match FindingKind::of_word(&word) {
                Some(kind) => Some(Never::Found(kind)),
                None => {
                    let known = FindingKind::WORDS.map(|(_, word)| word);
                    reading.fail(finding.place, Problem::unknown("finding", &word, known))
                }
            }
        }
        _ => reading.kind(node, "never", "text, `{ regex: R }` or `{ finding: storage-only }`"),
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

/// `sample`, or figures and bounds on them.
fn memory(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<(Figure, Bound)>> {
    let wanted = "`sample`, or figures and bounds: `{ heap.free: \">= 64 KiB\" }`";
    let entries = match &node.value {
        Value::Text(word) if word == "sample" => return Some(Vec::new()),
        Value::Map(entries) if !entries.is_empty() => entries,
        _ => return reading.kind(node, "memory", wanted),
    };
    let claims: Vec<_> = entries
        .iter()
        .map(|(figure, bound)| {
            let (figure, bound) =
                (self::figure(reading, figure), reading.quantity(bound, "memory", parse_bound));
            Some((figure?, bound?))
        })
        .collect();
    claims.into_iter().collect()
}

fn figure(reading: &mut Reading<'_>, node: &Node) -> Option<Figure> {
    let word = reading.text(node, "memory")?;
    match Figure::of_word(&word) {
        Some(figure) => Some(figure),
        None => {
            let known = Figure::WORDS.map(|(_, word)| word);
            reading.fail(node.place, Problem::unknown("figure of memory", &word, known))
        }
    }
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
                reading.fail(item.place, Problem::unknown("part of a record", word, SNAPSHOT_WORDS))
            }
        })
        .collect();
    parts.into_iter().collect()
}
