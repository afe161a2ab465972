//! What typed bytes mean: almost all of them are for the board.
//!
//! Kept from the board are Ctrl-], the function keys F1 to F8 and F12, and
//! Ctrl-T, which begins a command (as in pyserial's miniterm, where Ctrl-] leaves
//! too). MicroPython's REPL uses none of them, and `Ctrl-T Ctrl-T` and
//! `Ctrl-T Ctrl-]` send the two control characters all the same.
//!
//! A function key is several bytes, which may come in several reads, and begins
//! like a lone Esc or an arrow. So its beginning is held back; whoever types waits
//! for a moment and then [gives up](Keys::give_up).

/// Leaves.
const CTRL_RIGHT_BRACKET: u8 = 0x1d;
/// Begins a command.
const CTRL_T: u8 = 0x14;
const ESC: u8 = 0x1b;

/// What a function key sends, in the order xterm, VT220 (rxvt, PuTTY), Linux
/// console (xterm's `ctlseqs`, "PC-Style Function Keys"; console_codes(4)).
const FUNCTION_KEYS: &[(&[u8], Action)] = &[
    (b"\x1bOP", Action::Press(0)),
    (b"\x1b[11~", Action::Press(0)),
    (b"\x1b[[A", Action::Press(0)),
    (b"\x1bOQ", Action::Press(1)),
    (b"\x1b[12~", Action::Press(1)),
    (b"\x1b[[B", Action::Press(1)),
    (b"\x1bOR", Action::Press(2)),
    (b"\x1b[13~", Action::Press(2)),
    (b"\x1b[[C", Action::Press(2)),
    (b"\x1bOS", Action::Press(3)),
    (b"\x1b[14~", Action::Press(3)),
    (b"\x1b[[D", Action::Press(3)),
    (b"\x1b[15~", Action::Press(4)),
    (b"\x1b[[E", Action::Press(4)),
    (b"\x1b[17~", Action::Press(5)),
    (b"\x1b[18~", Action::Press(6)),
    (b"\x1b[19~", Action::Press(7)),
    (b"\x1b[24~", Action::Status),
];

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// These bytes are for the board.
    Typed(Vec<u8>),
    /// The button with this number, from 0 on, is pressed.
    Press(usize),
    /// Levels and times are asked for.
    Status,
    /// What the keys do is asked for.
    Help,
    /// It is over.
    Leave,
}

/// What a sequence of bytes does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Type(u8),
    Press(usize),
    Status,
    Help,
    Leave,
}

/// What the bytes so far are.
enum Reading {
    Whole(Action),
    /// The beginning of more than one thing.
    Beginning,
    /// Nothing of ours.
    Foreign,
}

/// Takes typed bytes apart.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The beginning of a key or command.
    held: Vec<u8>,
}

impl Keys {
    /// What `bytes` mean, in their order; nothing comes after [`Key::Leave`].
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Key> {
        let mut keys = Vec::new();
        for byte in bytes {
            self.step(*byte, &mut keys);
            if keys.last() == Some(&Key::Leave) {
                break;
            }
        }
        keys
    }

    /// Whether what has come may be a whole key, or only the beginning of one.
    pub(super) fn is_waiting(&self) -> bool {
        self.held.first() == Some(&ESC)
    }

    /// Nothing more has come: then that was all.
    pub(super) fn give_up(&mut self) -> Vec<Key> {
        let mut keys = Vec::new();
        if self.is_waiting() {
            push(&mut keys, &std::mem::take(&mut self.held));
        }
        keys
    }

    fn step(&mut self, byte: u8, keys: &mut Vec<Key>) {
        self.held.push(byte);
        match reading(&self.held) {
            Reading::Beginning => return,
            Reading::Whole(Action::Type(byte)) => push(keys, &[byte]),
            Reading::Whole(Action::Press(button)) => keys.push(Key::Press(button)),
            Reading::Whole(Action::Status) => keys.push(Key::Status),
            Reading::Whole(Action::Help) => keys.push(Key::Help),
            Reading::Whole(Action::Leave) => {
                push(keys, &self.held[..self.held.len() - 1]);
                keys.push(Key::Leave);
            }
            Reading::Foreign if self.held.len() > 1 => {
                // The last byte may be the beginning of something.
                self.held.pop();
                push(keys, &std::mem::take(&mut self.held));
                return self.step(byte, keys);
            }
            Reading::Foreign => push(keys, &[byte]),
        }
        self.held.clear();
    }
}

fn reading(held: &[u8]) -> Reading {
    match held {
        [CTRL_T] => return Reading::Beginning,
        [CTRL_T, command] => return Reading::Whole(of_command(*command)),
        // Also in the middle of a key: somebody may always leave.
        [.., CTRL_RIGHT_BRACKET] => return Reading::Whole(Action::Leave),
        _ => {}
    }
    match FUNCTION_KEYS.iter().find(|(bytes, _)| bytes.starts_with(held)) {
        Some((bytes, action)) if bytes.len() == held.len() => Reading::Whole(*action),
        Some(_) => Reading::Beginning,
        None => Reading::Foreign,
    }
}

/// What comes behind Ctrl-T.
fn of_command(byte: u8) -> Action {
    match byte {
        b'1'..=b'8' => Action::Press(usize::from(byte - b'1')),
        b's' | b'S' => Action::Status,
        CTRL_T | CTRL_RIGHT_BRACKET => Action::Type(byte),
        _ => Action::Help,
    }
}

fn push(keys: &mut Vec<Key>, bytes: &[u8]) {
    match keys.last_mut() {
        _ if bytes.is_empty() => {}
        Some(Key::Typed(typed)) => typed.extend_from_slice(bytes),
        _ => keys.push(Key::Typed(bytes.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `bytes` at once and one by one, and gives up then.
    #[track_caller]
    fn check(bytes: &[u8], expected: &[Key]) {
        let mut keys = Keys::default();
        let mut all = keys.take(bytes);
        all.extend(keys.give_up());
        assert_eq!(joined(all), expected, "at once");
        let mut keys = Keys::default();
        let mut all: Vec<Key> = bytes.iter().flat_map(|byte| keys.take(&[*byte])).collect();
        all.extend(keys.give_up());
        assert_eq!(joined(all), expected, "one by one");
    }

    /// `keys`, where it does not matter in how many pieces something was typed.
    fn joined(keys: Vec<Key>) -> Vec<Key> {
        let mut all = Vec::new();
        for key in keys {
            match key {
                Key::Typed(bytes) => push(&mut all, &bytes),
                other => all.push(other),
            }
        }
        all
    }

    fn typed(text: &[u8]) -> Key {
        Key::Typed(text.to_vec())
    }

    #[test]
    fn what_micropython_takes_is_not_touched() {
        let controls = b"\x01\x02\x03\x04\x05\t\r\x7f\x08\x0e\x10\x15\x17\x1a\x1c";
        check(controls, &[typed(controls)]);
        let arrows = b"\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA\x1b[H\x1b[F\x1b[3~\x1b[1;5C";
        check(arrows, &[typed(arrows)]);
        check("é€\u{1f600}".as_bytes(), &[typed("é€\u{1f600}".as_bytes())]);
        let all: Vec<u8> =
            (0..=255).filter(|byte| ![CTRL_T, CTRL_RIGHT_BRACKET].contains(byte)).collect();
        check(&all, &[typed(&all)]);
    }

    #[test]
    fn function_keys_press_buttons_in_each_encoding() {
        for (bytes, action) in FUNCTION_KEYS {
            let expected = match action {
                Action::Press(button) => Key::Press(*button),
                _ => Key::Status,
            };
            check(bytes, std::slice::from_ref(&expected));
            let between = [b"a".as_slice(), bytes, b"b"].concat();
            check(&between, &[typed(b"a"), expected, typed(b"b")]);
        }
    }

    #[test]
    fn other_function_keys_are_for_the_board() {
        check(b"\x1b[20~\x1b[21~\x1b[1;2P", &[typed(b"\x1b[20~\x1b[21~\x1b[1;2P")]);
    }

    #[test]
    fn a_lone_escape_and_beginnings_come_when_nothing_follows() {
        for bytes in [b"\x1b".as_slice(), b"\x1bO", b"\x1b[", b"\x1b[1", b"\x1b[["] {
            let mut keys = Keys::default();
            assert_eq!(keys.take(bytes), []);
            assert!(keys.is_waiting());
            assert_eq!(keys.give_up(), [typed(bytes)]);
            assert!(!keys.is_waiting());
        }
        check(b"\x1b\x1bOP", &[typed(b"\x1b"), Key::Press(0)]);
        check(b"\x1b[1\x1b[12~", &[typed(b"\x1b[1"), Key::Press(1)]);
    }

    #[test]
    fn control_t_begins_a_command_and_waits_for_it() {
        check(b"\x141\x148\x14s", &[Key::Press(0), Key::Press(7), Key::Status]);
        check(b"\x14?a\x149", &[Key::Help, typed(b"a"), Key::Help]);
        check(b"\x14\x14\x14\x1d", &[typed(b"\x14\x1d")]);
        let mut keys = Keys::default();
        assert_eq!(keys.take(b"\x14"), []);
        assert!(!keys.is_waiting() && keys.give_up().is_empty());
        assert_eq!(keys.take(b"1"), [Key::Press(0)]);
    }

    #[test]
    fn control_right_bracket_leaves_from_everywhere() {
        check(b"\x1d", &[Key::Leave]);
        check(b"\x1b[1\x1d", &[typed(b"\x1b[1"), Key::Leave]);
        assert_eq!(Keys::default().take(b"a\x1drm"), [typed(b"a"), Key::Leave]);
    }
}
