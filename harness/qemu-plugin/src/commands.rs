//! The commands of the lab, read from lines. See `PROTOCOL.md`.

use crate::conditions::{Condition, LONGEST};
use crate::hex;
use crate::wires::Wire;

/// The most bytes that one `peek` or `send` moves.
pub(crate) const MOST: usize = 1 << 20;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Hello,
    Time,
    Port { chardev: String, baud: u32 },
    Watch { path: String, lines: u32 },
    Fault { handler: u64 },
    ResetLine { path: String },
    Send { port: usize, from: i64, bytes: Vec<u8> },
    Pending { port: usize },
    Drive { at: i64, path: String, line: u32, level: i32 },
    Noise { at: i64, path: String, line: u32, seed: u64 },
    Wire { path: String, line: u32, wire: Wire },
    Go { until: i64, most: usize, conditions: Vec<Condition> },
    Halt,
    Reset,
    Peek { address: u64, length: usize },
    Poke { address: u64, bytes: Vec<u8> },
    Fill { address: u64, length: u64, byte: u8 },
    Host { address: u64, length: u64 },
    Regs,
    Spoken,
    Keep,
    Restore { checkpoint: usize },
}

/// Why a line is no command: goes behind `ERR`.
pub(crate) type Refusal = String;

/// The words of a line, taken from the left.
struct Words<'a>(std::str::SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    fn word(&mut self, what: &str) -> Result<&'a str, Refusal> {
        self.0.next().ok_or_else(|| format!("{what} is missing"))
    }

    fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, Refusal> {
        let word = self.word(what)?;
        word.parse().map_err(|_| format!("`{}` is no {what}", cut(word)))
    }

    /// An address of the processor's 32 bits.
    fn address(&mut self, what: &str) -> Result<u64, Refusal> {
        let word = self.word(what)?;
        u32::from_str_radix(word, 16)
            .map(u64::from)
            .map_err(|_| format!("`{}` is no {what}", cut(word)))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Refusal> {
        let word = self.word("bytes in hex")?;
        let bytes =
            hex::decode(word).ok_or_else(|| format!("`{}` is no bytes in hex", cut(word)))?;
        within(bytes.len(), 1, MOST)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        match self.bytes()?.as_slice() {
            [byte] => Ok(*byte),
            bytes => Err(format!("{} bytes are not one", bytes.len())),
        }
    }

    /// How many events end a `go`: `most COUNT`, which stands first of all conditions.
    fn most(&mut self) -> Result<usize, Refusal> {
        match self.word("`most` and a number of events")? {
            "most" => within(self.number("number of events")?, 1, usize::MAX),
            other => Err(format!("`{}` stands where `most` belongs", cut(other))),
        }
    }

    fn conditions(&mut self) -> Result<Vec<Condition>, Refusal> {
        let mut conditions = Vec::new();
        while let Some(word) = self.0.next() {
            conditions.push(match word {
                "bytes" => self.pattern()?,
                "edge" => Condition::Edge {
                    device: self.number("watch")?,
                    line: self.number("line")?,
                    level: match self.word("level")? {
                        "any" => None,
                        level => Some(
                            level.parse().map_err(|_| format!("`{}` is no level", cut(level)))?,
                        ),
                    },
                },
                other => return Err(format!("`{}` is no condition", cut(other))),
            });
        }
        Ok(conditions)
    }

    fn wire(&mut self) -> Result<Wire, Refusal> {
        Ok(match self.word("`open`, `short`, `bridge` or `mend`")? {
            "open" => Wire::Open,
            "short" => Wire::Short(within(self.number("level")?, 0, 1)?),
            "bridge" => Wire::Bridge { device: self.number("watch")?, line: self.number("line")? },
            "mend" => Wire::Whole,
            other => return Err(format!("`{}` is no state of a wire", cut(other))),
        })
    }

    fn pattern(&mut self) -> Result<Condition, Refusal> {
        let (port, pattern) = (self.number("port")?, self.bytes()?);
        within(pattern.len(), 1, LONGEST)?;
        Ok(Condition::Bytes { port, pattern })
    }
}

/// Reads one line.
pub(crate) fn parse(line: &str) -> Result<Command, Refusal> {
    let mut words = Words(line.split_ascii_whitespace());
    let command = match words.word("a command")? {
        "hello" => Command::Hello,
        "time" => Command::Time,
        "port" => Command::Port {
            chardev: words.word("chardev")?.to_owned(),
            baud: within(words.number("baud rate")?, 1, 100_000_000)?,
        },
        "watch" => Command::Watch {
            path: words.word("path")?.to_owned(),
            lines: within(words.number("number of lines")?, 1, 1024)?,
        },
        "fault" => Command::Fault { handler: words.address("address")? & !1 },
        "resetline" => Command::ResetLine { path: words.word("path")?.to_owned() },
        "send" => Command::Send {
            port: words.number("port")?,
            from: words.number("time")?,
            bytes: words.bytes()?,
        },
        "pending" => Command::Pending { port: words.number("port")? },
        "drive" => Command::Drive {
            at: words.number("time")?,
            path: words.word("path")?.to_owned(),
            line: words.number("line")?,
            level: words.number("level")?,
        },
        "noise" => Command::Noise {
            at: words.number("time")?,
            path: words.word("path")?.to_owned(),
            line: words.number("line")?,
            seed: words.number("seed")?,
        },
        "wire" => Command::Wire {
            path: words.word("path")?.to_owned(),
            line: words.number("line")?,
            wire: words.wire()?,
        },
        "go" => Command::Go {
            until: words.number("time")?,
            most: words.most()?,
            conditions: words.conditions()?,
        },
        "halt" => Command::Halt,
        "reset" => Command::Reset,
        "peek" => Command::Peek {
            address: words.address("address")?,
            length: within(words.number("length")?, 1, MOST)?,
        },
        "poke" => Command::Poke { address: words.address("address")?, bytes: words.bytes()? },
        "fill" => Command::Fill {
            address: words.address("address")?,
            length: within(words.number("length")?, 1, 1 << 32)?,
            byte: words.byte()?,
        },
        "host" => Command::Host {
            address: words.address("address")?,
            length: within(words.number("length")?, 1, 1 << 32)?,
        },
        "regs" => Command::Regs,
        "spoken" => Command::Spoken,
        "keep" => Command::Keep,
        "restore" => Command::Restore { checkpoint: words.number("checkpoint")? },
        other => return Err(format!("unknown command `{}`", cut(other))),
    };
    match words.0.next() {
        Some(extra) => Err(format!("`{}` is one word too many", cut(extra))),
        None => Ok(command),
    }
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    value: T,
    least: T,
    most: T,
) -> Result<T, Refusal> {
    if value < least || value > most {
        return Err(format!("{value} is not between {least} and {most}"));
    }
    Ok(value)
}

/// The start of a word, so that no answer is as long as what caused it.
fn cut(word: &str) -> String {
    word.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(line: &str, expected: &Expect) {
        expected.assert_eq(&match parse(line) {
            Ok(command) => format!("{command:?}"),
            Err(refusal) => format!("ERR {refusal}"),
        });
    }

    #[test]
    fn commands_are_read() {
        check("hello", &expect!["Hello"]);
        check("port s0 115200", &expect![[r#"Port { chardev: "s0", baud: 115200 }"#]]);
        check(
            "fill 20000000 64 a5",
            &expect!["Fill { address: 536870912, length: 64, byte: 165 }"],
        );
        check("host 20000000 64", &expect!["Host { address: 536870912, length: 64 }"]);
        check("spoken", &expect!["Spoken"]);
        check("keep", &expect!["Keep"]);
        check("restore 2", &expect!["Restore { checkpoint: 2 }"]);
        check("fault 1c1", &expect!["Fault { handler: 448 }"]);
        check("send 0 5 0d0a", &expect!["Send { port: 0, from: 5, bytes: [13, 10] }"]);
        check(
            "drive 7 /machine/nrf51 5 -1",
            &expect![[r#"Drive { at: 7, path: "/machine/nrf51", line: 5, level: -1 }"#]],
        );
        check(
            "noise 7 chip 5 18446744073709551615",
            &expect![[r#"Noise { at: 7, path: "chip", line: 5, seed: 18446744073709551615 }"#]],
        );
        check(
            "go 1000 most 5 bytes 0 3e20 edge 0 25 any edge 1 2 0",
            &expect![
                "Go { until: 1000, most: 5, conditions: [Bytes { port: 0, pattern: [62, 32] }, Edge { device: 0, line: 25, level: None }, Edge { device: 1, line: 2, level: Some(0) }] }"
            ],
        );
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        check("", &expect!["ERR a command is missing"]);
        check("fly", &expect!["ERR unknown command `fly`"]);
        check("time 5", &expect!["ERR `5` is one word too many"]);
        check("peek 0", &expect!["ERR length is missing"]);
        check("peek 0 2000000", &expect!["ERR 2000000 is not between 1 and 1048576"]);
        check("peek xyz 1", &expect!["ERR `xyz` is no address"]);
        check("peek 100000000 1", &expect!["ERR `100000000` is no address"]);
        check("send 0 0 abc", &expect!["ERR `abc` is no bytes in hex"]);
        check("drive 0 /machine 1 x", &expect!["ERR `x` is no level"]);
        check("noise 0 chip 1 -1", &expect!["ERR `-1` is no seed"]);
        check("go 5", &expect!["ERR `most` and a number of events is missing"]);
        check("go 5 bytes 0 00", &expect!["ERR `bytes` stands where `most` belongs"]);
        check("go 5 most 0", &expect!["ERR 0 is not between 1 and 18446744073709551615"]);
        check("restore all", &expect!["ERR `all` is no checkpoint"]);
        check("fill 0 8 a5a5", &expect!["ERR 2 bytes are not one"]);
        check("go 5 most 1 bytes 0", &expect!["ERR bytes in hex is missing"]);
        check("go 5 most 1 soon", &expect!["ERR `soon` is no condition"]);
        check(
            &format!("go 5 most 1 bytes 0 {}", "00".repeat(257)),
            &expect!["ERR 257 is not between 1 and 256"],
        );
        check("port s0 0", &expect!["ERR 0 is not between 1 and 100000000"]);
    }
}
