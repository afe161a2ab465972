//! What the plugin says, line by line (`harness/qemu-plugin/PROTOCOL.md`).

use replab_record::MachineTime;

use crate::{Finding, FindingKind};

/// One line. Times are in nanoseconds of machine time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The firmware sent a byte.
    Sent { at: u64, port: usize, byte: u8 },
    /// A byte of ours arrived.
    Received { at: u64, port: usize, byte: u8 },
    /// A watched line changed.
    Edge { at: u64, device: usize, line: usize, level: i32 },
    /// A level of ours is there from now on.
    Driven { at: u64, id: usize, level: i32 },
    /// A level of ours came to a wire that does not carry it.
    Lost { at: u64, id: usize, level: i32 },
    /// The machine was reset.
    Reset { at: u64, by_firmware: bool },
    /// The firmware touched something that is not emulated. The time is the process's.
    Found(Finding),
    /// The machine stands.
    Stop { at: u64, reason: Reason },
    /// A command was carried out.
    Done(String),
    /// A command was refused.
    Refused(String),
    /// Nothing that we know.
    Strange(String),
}

/// Why it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The time has come.
    Time,
    /// One of the conditions is met.
    Condition(usize),
    /// A fault exception with this number.
    Fault(u8),
    /// The firmware wants a reset.
    Reset,
    /// The boot ROM of the plugin's chip cannot go on.
    Rom { call: u32, arguments: [u32; 3] },
    /// As many events as the `go` takes.
    Full,
    /// QEMU ends, and can still be read.
    Abort,
    /// We asked for it with `halt`.
    Halt,
    /// Somebody else did.
    Other,
}

/// Reads one line, without its end.
pub(super) fn parse(line: &[u8]) -> Line {
    let text = std::str::from_utf8(line).unwrap_or("\u{fffd}");
    if text == "OK" {
        return Line::Done(String::new());
    }
    if let Some(answer) = text.strip_prefix("OK ") {
        return Line::Done(answer.to_owned());
    }
    if let Some(refusal) = text.strip_prefix("ERR ") {
        return Line::Refused(refusal.to_owned());
    }
    event(text).unwrap_or_else(|| Line::Strange(text.chars().take(80).collect()))
}

fn finding(text: &str) -> Option<Finding> {
    let mut words = text.splitn(6, ' ');
    let mut word = || words.next();
    Some(Finding {
        at: MachineTime::from_nanos(word()?.parse().ok()?),
        kind: match word()? {
            "storage" => FindingKind::Storage,
            "undriven" => FindingKind::Undriven,
            "short" => FindingKind::Short,
            _ => FindingKind::Nothing,
        },
        is_store: word()? == "store",
        address: u32::from_str_radix(word()?, 16).ok()?,
        pc: match word()? {
            "-" => None,
            pc => Some(u32::from_str_radix(pc, 16).ok()?),
        },
        block: word()?.to_owned(),
    })
}

fn event(text: &str) -> Option<Line> {
    if let Some(rest) = text.strip_prefix("F ") {
        return finding(rest).map(Line::Found);
    }
    let mut words = text.split(' ');
    let kind = words.next()?;
    let at = words.next()?.parse().ok()?;
    let line = match kind {
        "U" => {
            Line::Sent { at, port: words.next()?.parse().ok()?, byte: hexadecimal(words.next()?)? }
        }
        "I" => Line::Received {
            at,
            port: words.next()?.parse().ok()?,
            byte: hexadecimal(words.next()?)?,
        },
        "G" => Line::Edge {
            at,
            device: words.next()?.parse().ok()?,
            line: words.next()?.parse().ok()?,
            level: words.next()?.parse().ok()?,
        },
        "D" => {
            Line::Driven { at, id: words.next()?.parse().ok()?, level: words.next()?.parse().ok()? }
        }
        "L" => {
            Line::Lost { at, id: words.next()?.parse().ok()?, level: words.next()?.parse().ok()? }
        }
        "R" => Line::Reset { at, by_firmware: words.next()? == "firmware" },
        "STOP" => Line::Stop {
            at,
            reason: match words.next()? {
                "time" => Reason::Time,
                "condition" => Reason::Condition(words.next()?.parse().ok()?),
                "fault" => Reason::Fault(words.next()?.parse().ok()?),
                "reset" => Reason::Reset,
                "rom" => Reason::Rom {
                    call: words.next()?.parse().ok()?,
                    arguments: [
                        address(words.next()?)?,
                        address(words.next()?)?,
                        address(words.next()?)?,
                    ],
                },
                "full" => Reason::Full,
                "abort" => Reason::Abort,
                "halt" => Reason::Halt,
                _ => Reason::Other,
            },
        },
        _ => return None,
    };
    words.next().is_none().then_some(line)
}

fn address(word: &str) -> Option<u32> {
    u32::from_str_radix(word, 16).ok()
}

fn hexadecimal(word: &str) -> Option<u8> {
    u8::from_str_radix(word, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Line) {
        assert_eq!(&parse(text.as_bytes()), expected);
    }

    #[test]
    fn every_kind_of_line_is_known() {
        check("U 17 0 3e", &Line::Sent { at: 17, port: 0, byte: b'>' });
        check("I 17 1 0d", &Line::Received { at: 17, port: 1, byte: b'\r' });
        check("G 17 0 25 -1", &Line::Edge { at: 17, device: 0, line: 25, level: -1 });
        check("D 17 3 1", &Line::Driven { at: 17, id: 3, level: 1 });
        check("L 17 3 0", &Line::Lost { at: 17, id: 3, level: 0 });
        check("R 17 firmware", &Line::Reset { at: 17, by_firmware: true });
        check("STOP 17 condition 2", &Line::Stop { at: 17, reason: Reason::Condition(2) });
        check("STOP 17 fault 3", &Line::Stop { at: 17, reason: Reason::Fault(3) });
        let reason = Reason::Rom { call: 5, arguments: [0x1000_0123, 1, 16] };
        check("STOP 17 rom 5 10000123 1 10", &Line::Stop { at: 17, reason });
        check("STOP 17 rom 5 1", &Line::Strange("STOP 17 rom 5 1".to_owned()));
        check("STOP 17 full", &Line::Stop { at: 17, reason: Reason::Full });
        check("STOP 17 abort", &Line::Stop { at: 17, reason: Reason::Abort });
        check("STOP 17 end", &Line::Stop { at: 17, reason: Reason::Other });
        check("OK", &Line::Done(String::new()));
        check("OK 5 0", &Line::Done("5 0".to_owned()));
        check("ERR no port 3", &Line::Refused("no port 3".to_owned()));
    }

    #[test]
    fn a_finding_says_what_was_touched_and_from_where() {
        check(
            "F 17 storage store 50200000 10001234 PIO0",
            &Line::Found(Finding {
                at: MachineTime::from_nanos(17),
                kind: FindingKind::Storage,
                is_store: true,
                address: 0x5020_0000,
                pc: Some(0x1000_1234),
                block: "PIO0".to_owned(),
            }),
        );
        let at_pin = |kind, is_store, pc| {
            let (at, block) = (MachineTime::from_nanos(17), "3".to_owned());
            Line::Found(Finding { at, kind, block, address: 0, is_store, pc })
        };
        let read = at_pin(FindingKind::Undriven, false, Some(0x1002_d60a));
        check("F 17 undriven load 00000000 1002d60a 3", &read);
        check("F 17 short store 00000000 - 3", &at_pin(FindingKind::Short, true, None));
        check("F 17 storage", &Line::Strange("F 17 storage".to_owned()));
    }

    #[test]
    fn half_and_unknown_lines_are_shown_as_they_are() {
        for text in ["", "U", "U x 0 3e", "U 17 0 3e 3f", "X 17 0", "U 17 0 zz", "OKAY"] {
            check(text, &Line::Strange(text.to_owned()));
        }
        check(&"é".repeat(200), &Line::Strange("é".repeat(80)));
    }
}
