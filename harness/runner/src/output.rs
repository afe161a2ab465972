//! What the firmware has sent on the port of the REPL, and how it reads.
//!
//! Bytes that belong to a protocol between lab and board (the frames of raw
//! mode, an auto-indent that was taken back) are marked as *hidden*: they were
//! sent, and searches see them, but the transcript is for people and leaves them
//! out. It holds no times.

use std::ops::Range;

use replab_record::MachineTime;

/// A line of the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentLine {
    /// When its first byte was sent.
    pub at: MachineTime,
    /// When its last byte was sent.
    pub until: MachineTime,
    /// Its text, control bytes as `\x08`, without the end of the line.
    pub text: String,
}

/// Bytes in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    times: Vec<MachineTime>,
    hidden: Vec<Range<usize>>,
    start: usize,
}

impl Output {
    /// Appends what was sent next.
    pub(crate) fn push(&mut self, byte: u8, at: MachineTime) {
        self.bytes.push(byte);
        self.times.push(at);
    }

    /// The firmware starts anew: what comes now continues nothing.
    pub(crate) fn start_anew(&mut self) {
        self.start = self.bytes.len();
    }

    /// How many bytes were sent.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Everything that was sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// When the last byte was sent.
    pub(crate) fn last_at(&self) -> Option<MachineTime> {
        self.times.last().copied()
    }

    /// When the byte at `position` was sent.
    pub(crate) fn at(&self, position: usize) -> Option<MachineTime> {
        self.times.get(position).copied()
    }

    /// Whether a line begins at `position`.
    pub(crate) fn is_line_start(&self, position: usize) -> bool {
        position == self.start || position == 0 || self.bytes[position - 1] == b'\n'
    }

    /// Where the line that holds `position` begins.
    pub(crate) fn line_start(&self, position: usize) -> usize {
        (0..=position).rev().find(|at| self.is_line_start(*at)).unwrap_or(0)
    }

    /// The first of `patterns` to be complete at or after `from`: its index and
    /// the range of the match. Where two end together, the longer counts.
    pub(crate) fn find(&self, patterns: &[&[u8]], from: usize) -> Option<(usize, Range<usize>)> {
        let from = from.min(self.bytes.len());
        patterns
            .iter()
            .enumerate()
            .filter_map(|(index, pattern)| {
                let start = from + position(&self.bytes[from..], pattern)?;
                Some((index, start..start + pattern.len()))
            })
            .min_by_key(|(_, found)| (found.end, found.start))
    }

    /// Leaves `range` out of the transcript.
    pub(crate) fn hide(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.hidden.push(range);
        }
    }

    /// The bytes of `range` as text: see [`text`].
    pub(crate) fn text(&self, range: Range<usize>) -> String {
        text(&self.bytes[range])
    }

    /// All that was sent, as text, without what is hidden.
    pub(crate) fn transcript(&self) -> String {
        text(&self.shown().map(|(_, byte)| byte).collect::<Vec<_>>())
    }

    /// The lines of the transcript. The last may have no end yet.
    pub(crate) fn lines(&self) -> Vec<SentLine> {
        let shown: Vec<(MachineTime, u8)> = self.shown().collect();
        let lines = shown.split_inclusive(|(_, byte)| *byte == b'\n');
        let line = |bytes: &[(MachineTime, u8)]| {
            let (at, until) = (bytes.first()?.0, bytes.last()?.0);
            let text = text(&bytes.iter().map(|(_, byte)| *byte).collect::<Vec<_>>());
            Some(SentLine { at, until, text: text.trim_end_matches('\n').to_string() })
        };
        lines.filter_map(line).collect()
    }

    /// What is not hidden, with its times.
    fn shown(&self) -> impl Iterator<Item = (MachineTime, u8)> + '_ {
        let is_hidden = |position: &usize| self.hidden.iter().any(|range| range.contains(position));
        (0..self.bytes.len())
            .filter(move |at| !is_hidden(at))
            .map(|at| (self.times[at], self.bytes[at]))
    }
}

fn position(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len().max(1)).position(|window| window == pattern)
}

/// `bytes` as text: `\n` for `\r\n`; other control bytes and what is no UTF-8 as
/// `\x08`, so that a terminal shows them and obeys none. Tabs stay.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        let mut characters = chunk.valid().chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\r' if characters.peek() == Some(&'\n') => {}
                '\n' | '\t' => text.push(character),
                _ if character.is_control() && character.is_ascii() => {
                    text.push_str(&escaped(character as u8))
                }
                _ if character.is_control() => text.extend(character.escape_unicode()),
                _ => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&escaped(*byte)));
    }
    text
}

fn escaped(byte: u8) -> String {
    format!("\\x{byte:02x}")
}

/// The end of `bytes` in quotes, short enough for a line of an error: at most
/// the last [`QUOTED`] characters, line ends as `\n`.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let text = text(bytes);
    let skipped = text.chars().count().saturating_sub(QUOTED);
    let end: String = text.chars().skip(skipped).collect();
    let dots = if skipped > 0 { "…" } else { "" };
    format!("\"{dots}{}\"", end.replace('"', "\\\"").replace('\n', "\\n"))
}

/// How much of some output an error quotes.
const QUOTED: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(text(bytes), expected);
    }

    fn output(bytes: &[u8]) -> Output {
        let mut output = Output::default();
        bytes
            .iter()
            .zip(0..)
            .for_each(|(byte, at)| output.push(*byte, MachineTime::from_nanos(at)));
        output
    }

    #[test]
    fn line_ends_become_one_and_a_lone_carriage_return_is_shown() {
        check(b"a\r\nb\nc\rd", "a\nb\nc\\x0dd");
    }

    #[test]
    fn control_bytes_are_shown_and_not_obeyed() {
        check(b"\x1b[31mred\x08\x00\t|", "\\x1b[31mred\\x08\\x00\t|");
        check("\u{9b}31m".as_bytes(), "\\u{9b}31m");
    }

    #[test]
    fn text_is_utf8_and_the_rest_is_escaped() {
        check("12 °C\r\n".as_bytes(), "12 °C\n");
        check(b"a\xffb\xc3", "a\\xffb\\xc3");
    }

    #[test]
    fn hidden_bytes_are_found_but_not_in_the_transcript() {
        let mut output = output(b">>> \r\nraw REPL\r\n>OK6\r\n");
        output.hide(6..18);
        assert_eq!(output.transcript(), ">>> \nK6\n");
        assert_eq!(output.find(&[b"raw"], 0), Some((0, 6..9)));
    }

    #[test]
    fn lines_are_those_of_the_transcript_with_their_times() {
        let mut output = output(b"a\r\nraw>\r\n\r\nbc");
        output.hide(3..9);
        let lines: Vec<_> = output
            .lines()
            .into_iter()
            .map(|line| (line.at.as_nanos(), line.until.as_nanos(), line.text))
            .collect();
        let text = |text: &str| text.to_string();
        assert_eq!(lines, [(0, 2, text("a")), (9, 10, text("")), (11, 12, text("bc"))]);
        assert_eq!(output.transcript(), "a\n\nbc");
    }

    #[test]
    fn the_first_to_be_complete_is_found() {
        let output = output(b"one ... two >>> ");
        assert_eq!(output.find(&[b">>> ", b"... "], 0), Some((1, 4..8)));
        assert_eq!(output.find(&[b">>> ", b"... "], 5), Some((0, 12..16)));
        assert_eq!(output.find(&[b"three"], 0), None);
        assert_eq!(output.find(&[b"one"], 99), None);
    }

    #[test]
    fn long_output_is_quoted_from_its_end() {
        let long = "x".repeat(200) + "\r\nend\"";
        let quoted = quoted(long.as_bytes());
        assert!(quoted.starts_with("\"…xxx") && quoted.ends_with("x\\nend\\\"\""), "{quoted}");
    }
}
