//! What the bridge's answers mean (`renode/PROTOCOL.md`). Pure.

use replab_record::Registers;

/// The protocol that this side speaks.
pub(super) const PROTOCOL: &str = "replab-renode 1";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was done; the fields of the answer.
    Done(Vec<String>),
    /// It was not.
    Refused(Refusal),
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Who refuses: `renode`, `request`, `hook` or `bridge`.
    pub(super) kind: String,
    /// Why, for people.
    pub(super) text: String,
}

/// The answer in `text`; `None` if it is none.
pub(super) fn answer(text: &str) -> Option<Answer> {
    let mut fields = text.split('\n').map(unescaped);
    match fields.next()?.as_str() {
        "ok" => Some(Answer::Done(fields.collect())),
        "no" => Some(Answer::Refused(Refusal { kind: fields.next()?, text: fields.next()? })),
        _ => None,
    }
}

fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut rest = field.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => match rest.next() {
                Some('n') => text.push('\n'),
                other => text.extend(other),
            },
            other => text.push(other),
        }
    }
    text
}

/// One field of the answer to `go` or `reset`. Times are those of Renode's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The firmware sent a byte.
    Sent { at: u64, port: usize, byte: u8 },
    /// A byte of ours arrived.
    Received { at: u64, port: usize, byte: u8 },
    /// An output changed.
    Edge { at: u64, gpio: usize, line: usize, level: i32 },
    /// The lab drove an input.
    Driven { at: u64, gpio: usize, line: usize, level: i32 },
    /// A fault handler was entered; the frame on its stack, if it could be read, in base64.
    Fault { exception: u8, registers: Registers, frame: Option<String> },
    /// The firmware accessed what nothing answers.
    Found { at: u64, is_store: bool, address: u32, pc: u32 },
    /// The machine was reset.
    Reset { at: u64, by_firmware: bool },
    /// The machine stands.
    Stop { at: u64, reason: Reason },
}

/// Why a machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Time,
    Condition(usize),
    Fault,
    Reset,
    Full,
}

/// The meaning of `field`; `None` if it has none.
pub(super) fn line(field: &str) -> Option<Line> {
    let words: Vec<&str> = field.split(' ').collect();
    Some(match words.as_slice() {
        ["sent", at, port, byte] => {
            Line::Sent { at: at.parse().ok()?, port: port.parse().ok()?, byte: octet(byte)? }
        }
        ["received", at, port, byte] => {
            Line::Received { at: at.parse().ok()?, port: port.parse().ok()?, byte: octet(byte)? }
        }
        ["edge", at, gpio, line, level] => Line::Edge {
            at: at.parse().ok()?,
            gpio: gpio.parse().ok()?,
            line: line.parse().ok()?,
            level: level.parse().ok()?,
        },
        ["driven", at, gpio, line, level] => Line::Driven {
            at: at.parse().ok()?,
            gpio: gpio.parse().ok()?,
            line: line.parse().ok()?,
            level: level.parse().ok()?,
        },
        ["fault", _, exception, registers @ .., frame] => Line::Fault {
            exception: exception.parse().ok()?,
            registers: words_to_registers(registers)?,
            frame: (*frame != "-").then(|| (*frame).to_owned()),
        },
        ["found", at, access, address, pc] => Line::Found {
            at: at.parse().ok()?,
            is_store: match *access {
                "write" => true,
                "read" => false,
                _ => return None,
            },
            address: u32::from_str_radix(address, 16).ok()?,
            pc: u32::from_str_radix(pc, 16).ok()?,
        },
        ["reset", at, by] => {
            let by_firmware = match *by {
                "firmware" => true,
                "lab" => false,
                _ => return None,
            };
            Line::Reset { at: at.parse().ok()?, by_firmware }
        }
        ["stop", at, reason @ ..] => Line::Stop { at: at.parse().ok()?, reason: why(reason)? },
        _ => return None,
    })
}

/// The registers in the answer to `registers`.
pub(super) fn registers(field: &str) -> Option<Registers> {
    words_to_registers(&field.split(' ').collect::<Vec<_>>())
}

fn words_to_registers(words: &[&str]) -> Option<Registers> {
    let words: Result<Vec<u32>, _> =
        words.iter().map(|word| u32::from_str_radix(word, 16)).collect();
    match words.as_deref() {
        Ok([r @ .., xpsr, msp, psp]) => {
            Some(Registers { r: r.try_into().ok()?, xpsr: *xpsr, msp: *msp, psp: *psp })
        }
        _ => None,
    }
}

fn octet(digits: &str) -> Option<u8> {
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}

fn why(words: &[&str]) -> Option<Reason> {
    Some(match words {
        ["time"] => Reason::Time,
        ["condition", index] => Reason::Condition(index.parse().ok()?),
        ["fault"] => Reason::Fault,
        ["reset"] => Reason::Reset,
        ["full"] => Reason::Full,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: &str, expected: Option<&Line>) {
        assert_eq!(line(field).as_ref(), expected, "{field:?}");
    }

    #[test]
    fn an_answer_begins_with_its_kind() {
        let done = |fields: &[&str]| {
            Some(Answer::Done(fields.iter().map(|field| (*field).to_owned()).collect()))
        };
        assert_eq!(answer("ok"), done(&[]));
        assert_eq!(answer("ok\na\\nb\n\\\\c"), done(&["a\nb", "\\c"]));
        let refusal = Refusal { kind: "renode".to_owned(), text: "E04\nhere".to_owned() };
        assert_eq!(answer("no\nrenode\nE04\\nhere"), Some(Answer::Refused(refusal)));
        for strange in ["", "yes", "no", "no\nrenode", "(monitor) "] {
            assert_eq!(answer(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn events_and_stops_are_lines() {
        check("sent 17 0 3e", Some(&Line::Sent { at: 17, port: 0, byte: b'>' }));
        check("received 17 1 0d", Some(&Line::Received { at: 17, port: 1, byte: b'\r' }));
        check("edge 17 0 25 -1", Some(&Line::Edge { at: 17, gpio: 0, line: 25, level: -1 }));
        check("driven 17 0 14 0", Some(&Line::Driven { at: 17, gpio: 0, line: 14, level: 0 }));
        let (address, pc) = (0x6000_0000, 0x1234);
        let found = Line::Found { at: 17, is_store: false, address, pc };
        check("found 17 read 60000000 00001234", Some(&found));
        check("reset 17 firmware", Some(&Line::Reset { at: 17, by_firmware: true }));
        check("stop 17 time", Some(&Line::Stop { at: 17, reason: Reason::Time }));
        check("stop 17 condition 2", Some(&Line::Stop { at: 17, reason: Reason::Condition(2) }));
        check("stop 17 full", Some(&Line::Stop { at: 17, reason: Reason::Full }));
    }

    #[test]
    fn a_fault_carries_registers_and_frame() {
        let words = (0..19).map(|word| format!("{word:08x}")).collect::<Vec<_>>().join(" ");
        let registers = Registers {
            r: std::array::from_fn(|index| u32::try_from(index).unwrap()),
            xpsr: 16,
            msp: 17,
            psp: 18,
        };
        let frame = Some("AAA=".to_owned());
        check(
            &format!("fault 5 3 {words} AAA="),
            Some(&Line::Fault { exception: 3, registers, frame }),
        );
        check(
            &format!("fault 5 3 {words} -"),
            Some(&Line::Fault { exception: 3, registers, frame: None }),
        );
        assert_eq!(super::registers(&words), Some(registers));
        assert_eq!(super::registers("0 1"), None);
    }

    #[test]
    fn strange_lines_have_no_meaning() {
        for text in [
            "",
            "sent x 0 3e",
            "sent 1 0 3e 3f",
            "sent 1 0 003e",
            "stop 1",
            "stop 1 later",
            "reset 1 dog",
            "found 1 look 60000000 00001234",
            "found 1 read 160000000 00001234",
        ] {
            check(text, None);
        }
    }
}
