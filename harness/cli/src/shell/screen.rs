//! What a board sends, made fit for a terminal.
//!
//! Firmware is not trusted: a terminal that obeyed all that it sends would also
//! set its title, its clipboard, or type answers. So text and what moves the
//! cursor, erases and paints goes through, and the rest is shown as text. On a
//! terminal that knows no escape sequences, the two that MicroPython's line editor
//! uses (shared/readline/readline.c: `ESC [ K`, `ESC [ n D`) become spaces and
//! backspaces, and the others are left out.
//!
//! What was shown of the line in progress is kept, to show it again behind a
//! line of ours.

use replab_report::visible;

/// The longest line that is shown again, in bytes.
const LINE: usize = 1 << 12;

/// The longest sequence that is obeyed, in bytes between `ESC [` and its end.
const LONGEST: usize = 32;

/// The ends of sequences that are obeyed: they move the cursor (A to H, d), erase
/// (J, K, X), insert and delete (L, M, P, @) and paint (m) (ECMA-48, chapter 8.3).
/// None makes a terminal answer.
const OBEYED: &[u8] = b"ABCDEFGHdJKXLMP@m";

const ESC: u8 = 0x1b;
const BACKSPACE: u8 = 0x08;

/// The first byte of the C1 controls in UTF-8, which some terminals obey.
const C1: u8 = 0xc2;

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It knows escape sequences.
    Ansi,
    /// It knows none.
    Dumb,
}

/// See the head of this module.
pub(super) struct Screen {
    kind: Kind,
    state: State,
    /// What was shown of the line in progress.
    line: Vec<u8>,
    /// In characters: where the cursor is, and where the line ends. Only for a dumb terminal.
    column: usize,
    length: usize,
    is_painted: bool,
}

/// What the next byte is.
enum State {
    Text,
    /// The first byte of a C1 control, maybe.
    C1,
    Escape,
    /// Inside `ESC [`.
    Sequence(Vec<u8>),
}

impl Screen {
    /// An empty one.
    pub(super) fn new(kind: Kind) -> Screen {
        Screen {
            kind,
            state: State::Text,
            line: Vec::new(),
            column: 0,
            length: 0,
            is_painted: false,
        }
    }

    /// What the terminal gets for `bytes` of the board's.
    pub(super) fn show(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut shown = Vec::new();
        bytes.iter().for_each(|byte| self.step(*byte, &mut shown));
        shown
    }

    /// What the terminal gets for `lines` of ours, which stand for themselves; the
    /// board's line in progress is there again behind them.
    pub(super) fn aside(&self, lines: &[String]) -> Vec<u8> {
        let mut shown = self.fresh();
        for line in lines {
            shown.extend(visible(line).bytes());
            shown.extend(b"\r\n");
        }
        shown.extend(&self.line);
        shown
    }

    /// What the terminal gets at the end, so that what comes next begins a line.
    pub(super) fn leave(&self) -> Vec<u8> {
        let mut shown = self.fresh();
        if self.is_painted {
            shown.extend(b"\x1b[0m");
        }
        shown
    }

    fn fresh(&self) -> Vec<u8> {
        if self.line.is_empty() { Vec::new() } else { b"\r\n".to_vec() }
    }

    fn step(&mut self, byte: u8, shown: &mut Vec<u8>) {
        match (std::mem::replace(&mut self.state, State::Text), byte) {
            (State::Text, ESC) => self.state = State::Escape,
            (State::Text, C1) => self.state = State::C1,
            (State::Text, _) => self.text(byte, shown),
            (State::C1, 0x80..=0x9f) => self.escaped(&char::from(byte).to_string(), shown),
            (State::C1, _) => {
                self.put(C1, shown);
                self.step(byte, shown);
            }
            (State::Escape, b'[') => self.state = State::Sequence(Vec::new()),
            (State::Escape, _) => {
                self.foreign(&[], shown);
                self.step(byte, shown);
            }
            (State::Sequence(mut inside), 0x20..=0x3f) if inside.len() < LONGEST => {
                inside.push(byte);
                self.state = State::Sequence(inside);
            }
            (State::Sequence(inside), 0x40..=0x7e) if is_obeyed(&inside, byte) => {
                self.obey(&inside, byte, shown);
            }
            (State::Sequence(mut inside), 0x40..=0x7e) => {
                inside.insert(0, b'[');
                inside.push(byte);
                self.foreign(&inside, shown);
            }
            (State::Sequence(mut inside), _) => {
                inside.insert(0, b'[');
                self.foreign(&inside, shown);
                self.step(byte, shown);
            }
        }
    }

    fn text(&mut self, byte: u8, shown: &mut Vec<u8>) {
        match byte {
            b'\n' | b'\r' | b'\t' | BACKSPACE | 0x07 | 0x20..=0x7e | 0x80.. => {
                self.put(byte, shown);
            }
            0..=0x1f | 0x7f => self.escaped(&char::from(byte).to_string(), shown),
        }
    }

    /// A sequence that is not obeyed; `rest` comes behind its Esc.
    fn foreign(&mut self, rest: &[u8], shown: &mut Vec<u8>) {
        if self.kind == Kind::Ansi {
            self.escaped("\x1b", shown);
            rest.iter().for_each(|byte| self.put(*byte, shown));
        }
    }

    fn escaped(&mut self, control: &str, shown: &mut Vec<u8>) {
        visible(control).bytes().for_each(|byte| self.put(byte, shown));
    }

    fn obey(&mut self, inside: &[u8], end: u8, shown: &mut Vec<u8>) {
        if self.kind == Kind::Ansi {
            self.is_painted |= end == b'm';
            let sequence = [&[ESC, b'['], inside, &[end]].concat();
            sequence.into_iter().for_each(|byte| self.put(byte, shown));
            return;
        }
        match end {
            b'K' if matches!(inside, b"" | b"0") => {
                let rest = self.length.saturating_sub(self.column);
                (0..rest).for_each(|_| self.put(b' ', shown));
                (0..rest).for_each(|_| self.put(BACKSPACE, shown));
                self.length = self.column;
            }
            b'D' => {
                let count = std::str::from_utf8(inside).ok().and_then(|text| text.parse().ok());
                let count: usize = count.unwrap_or(1).clamp(1, self.column.max(1));
                (0..count).for_each(|_| self.put(BACKSPACE, shown));
            }
            _ => {}
        }
    }

    /// Shows one byte as it is.
    fn put(&mut self, byte: u8, shown: &mut Vec<u8>) {
        shown.push(byte);
        if byte == b'\n' {
            self.line.clear();
            (self.column, self.length) = (0, 0);
            return;
        }
        if self.line.len() == LINE {
            // What is so long is shown again from here on only.
            self.line.clear();
        }
        self.line.push(byte);
        match byte {
            b'\r' => self.column = 0,
            BACKSPACE => self.column = self.column.saturating_sub(1),
            // Not a byte of UTF-8 behind the first of its character.
            b' '..=0x7e | 0xc0.. => self.column += 1,
            _ => {}
        }
        self.length = self.length.max(self.column);
    }
}

/// Parameters are numbers; with anything else it is another sequence.
fn is_obeyed(inside: &[u8], end: u8) -> bool {
    OBEYED.contains(&end) && inside.iter().all(|byte| byte.is_ascii_digit() || *byte == b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows `bytes` at once and one by one.
    #[track_caller]
    fn check(kind: Kind, bytes: &[u8], expected: &[u8]) {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(shown(&Screen::new(kind).show(bytes)), shown(expected), "at once");
        let mut screen = Screen::new(kind);
        let parts: Vec<u8> = bytes.iter().flat_map(|byte| screen.show(&[*byte])).collect();
        assert_eq!(shown(&parts), shown(expected), "one by one");
    }

    #[test]
    fn text_colours_and_the_line_editor_go_through() {
        let text = "é€ ok\t\x07\x08\r\n".as_bytes();
        check(Kind::Ansi, text, text);
        check(Kind::Dumb, text, text);
        for right in ["\x1b[K", "\x1b[12D", "\x1b[1;31mred\x1b[0m", "\x1b[2J\x1b[1;1H"] {
            check(Kind::Ansi, right.as_bytes(), right.as_bytes());
        }
        check(Kind::Ansi, b"\xff\xc2", b"\xff");
        check(Kind::Ansi, "°".as_bytes(), "°".as_bytes());
    }

    #[test]
    fn what_does_more_than_paint_is_shown() {
        check(Kind::Ansi, b"\x1b]0;title\x07", b"\\x1b]0;title\x07");
        check(Kind::Ansi, b"\x1b[6n\x1b[c\x1b[?1049h", b"\\x1b[6n\\x1b[c\\x1b[?1049h");
        check(Kind::Ansi, b"\x05\x0e\x04\0\x7f", b"\\x05\\x0e\\x04\\x00\\x7f");
        check(Kind::Ansi, "\u{9b}6n".as_bytes(), b"\\u{9b}6n");
        check(Kind::Ansi, b"\x1b\x1b[K\x1b[1\rx", b"\\x1b\x1b[K\\x1b[1\rx");
        let long = [b"\x1b[".as_slice(), &[b'1'; 1000], b"m"].concat();
        let shown = Screen::new(Kind::Ansi).show(&long);
        assert!(shown.starts_with(b"\\x1b[111"), "{}", String::from_utf8_lossy(&shown));
    }

    #[test]
    fn a_dumb_terminal_gets_no_escape_sequences() {
        check(Kind::Dumb, b"ab\x08\x1b[Kc", b"ab\x08 \x08c");
        check(
            Kind::Dumb,
            b"abcdefg\x1b[6D\x1b[K!",
            b"abcdefg\x08\x08\x08\x08\x08\x08      \x08\x08\x08\x08\x08\x08!",
        );
        check(Kind::Dumb, b"a\x1b[999999999D\x1b[31mb\x1b[6n\x1bM", b"a\x08bM");
        check(Kind::Dumb, "é°\x08\x1b[K".as_bytes(), "é°\x08 \x08".as_bytes());
    }

    #[test]
    fn the_line_in_progress_is_shown_again() {
        let mut screen = Screen::new(Kind::Ansi);
        let ours = ["LED high".to_owned()];
        assert_eq!(screen.aside(&ours), b"LED high\r\n");
        screen.show(b"old\r\n>>> abd\x08\x1b[Kc");
        assert_eq!(screen.aside(&ours), b"\r\nLED high\r\n>>> abd\x08\x1b[Kc");
        assert_eq!(screen.leave(), b"\r\n");
        screen.show(b"\r\n\x1b[31m\r\n");
        assert_eq!(screen.leave(), b"\x1b[0m");
        screen.show(&[b'x'; 3 * LINE]);
        assert!(screen.aside(&ours).len() <= LINE + 20);
    }
}
