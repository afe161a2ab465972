//! What checks are made with: a process that is asked, and what it was told of a machine.

use std::time::{Duration, Instant};

use crate::MachineError;
use crate::renode::RenodeTools;
use crate::renode::program::Program;
use crate::renode::protocol::{self, Line, Reason, Refusal};
use crate::renode::recipe::Recipe;

use super::{Answer, Finding, Outcome};

/// The first assumption, without which there are no others.
pub(super) const STARTS: &str =
    "Renode includes our bridge, which calls over a private Unix socket";
/// The last one.
const ENDS: &str = "the end of the socket ends Renode within 2 s";

/// The prompt of MicroPython.
pub(super) const PROMPT: &str = "\r\n>>> ";

/// How long Renode may take to end after the socket has.
const END: Duration = Duration::from_secs(2);

/// One millisecond of machine time.
pub(super) const MS: u64 = 1_000_000;
/// Nanoseconds of one character at 115200 baud.
pub(super) const CHARACTER: u64 = 10_000_000_000 / 115_200;

/// See the head of this module.
pub(super) struct Bench {
    pub(super) program: Program,
    pub(super) recipe: Recipe,
    wall: Duration,
    started: Duration,
    /// Machine time now.
    pub(super) now: u64,
    /// The boot of the first machine, to compare the second one's with.
    pub(super) first_boot: Vec<Line>,
}

/// What a `go` came to.
pub(super) struct Gone {
    pub(super) lines: Vec<Line>,
    pub(super) reason: Option<Reason>,
    pub(super) took: Duration,
}

impl Bench {
    pub(super) fn start(
        tools: &RenodeTools,
        recipe: Recipe,
        wall: Duration,
    ) -> Result<Bench, MachineError> {
        let start = Instant::now();
        let program = Program::start(tools, wall, true)?;
        let started = start.elapsed();
        Ok(Bench { program, recipe, wall, started, now: 0, first_boot: Vec::new() })
    }

    /// How long the process took to its first answers.
    pub(super) fn started(&self) -> Duration {
        self.started
    }

    /// One question, whatever the answer.
    pub(super) fn try_ask(
        &mut self,
        fields: &[&str],
    ) -> Result<Result<Vec<String>, Refusal>, MachineError> {
        self.program.try_ask(fields, Instant::now() + self.wall, self.wall)
    }

    /// A command of the monitor; its text, or that of its error.
    pub(super) fn command(&mut self, text: &str) -> Result<Result<String, String>, MachineError> {
        let answer = self.try_ask(&["command", text])?;
        Ok(answer.map(|fields| fields.join("\n").trim().to_owned()).map_err(|refusal| refusal.text))
    }

    /// Questions that must all be answered with `ok`; the first that was not.
    pub(super) fn all(&mut self, requests: &[Vec<String>]) -> Result<Answer, MachineError> {
        for request in requests {
            let fields: Vec<&str> = request.iter().map(String::as_str).collect();
            if let Err(refusal) = self.try_ask(&fields)? {
                let raw = format!("{}: {}", request.join(" "), refusal.text);
                return Ok(Answer { held: false, raw });
            }
        }
        Ok(Answer { held: true, raw: format!("{} requests", requests.len()) })
    }

    /// Lets it go for `ns`, or until it has printed `text`.
    pub(super) fn go(&mut self, ns: u64, text: Option<&str>) -> Result<Gone, MachineError> {
        let until = (self.now + ns).to_string();
        let condition = text.map(|text| format!("bytes 0 {}", hex::encode(text)));
        let mut request = vec!["go", &until, "100000"];
        request.extend(condition.as_deref());
        let start = Instant::now();
        let answer = self.try_ask(&request)?;
        let took = start.elapsed();
        let mut gone = Gone { lines: Vec::new(), reason: None, took };
        for field in answer.unwrap_or_else(|refusal| vec![refusal.text]) {
            match protocol::line(&field) {
                Some(Line::Stop { at, reason }) => {
                    self.now = at;
                    gone.reason = Some(reason);
                }
                Some(line) => gone.lines.push(line),
                None => {}
            }
        }
        Ok(gone)
    }

    /// Types `keys` now, one character time apart.
    pub(super) fn type_keys(&mut self, keys: &str) -> Result<(), MachineError> {
        let (character, now) = (CHARACTER.to_string(), self.now.to_string());
        self.try_ask(&["send", "0", &character, &now, &hex::encode(keys)]).map(drop)
    }

    /// Types a line and waits for the next prompt, for up to 2 s of machine time.
    pub(super) fn line(&mut self, line: &str) -> Result<Gone, MachineError> {
        self.type_keys(&format!("{line}\r"))?;
        self.go(2_000 * MS, Some(PROMPT))
    }

    /// Whether the answer to `line` is `expected`.
    pub(super) fn says(&mut self, line: &str, expected: &str) -> Result<Answer, MachineError> {
        let gone = self.line(line)?;
        let said = gone.answer();
        Ok(Answer { held: said == expected, raw: format!("{line} -> {said:?}") })
    }

    /// Closes the socket, if the process still is; whether it ends then.
    pub(super) fn end(&mut self, is_lost: bool) -> Option<Finding> {
        let first = Finding {
            assumption: ENDS,
            outcome: Outcome::NotTried,
            raw: "it had ended before".to_owned(),
        };
        if is_lost {
            return Some(first);
        }
        let start = Instant::now();
        self.program.close();
        let (outcome, raw) = match self.program.emulator.wait(END) {
            Some(status) => {
                let status = crate::process::in_words(status);
                (Outcome::Held, format!("{status} after {} ms", start.elapsed().as_millis()))
            }
            None => (Outcome::DidNotHold, "it runs on".to_owned()),
        };
        Some(Finding { outcome, raw, ..first })
    }
}

impl Gone {
    /// All that was printed.
    pub(super) fn text(&self) -> String {
        let bytes = self.lines.iter().filter_map(|line| match line {
            Line::Sent { byte, .. } => Some(*byte),
            _ => None,
        });
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
    }

    /// What came between the typed line and the prompt.
    pub(super) fn answer(&self) -> String {
        let text = self.text();
        let body = text.strip_suffix(PROMPT).unwrap_or(&text);
        body.split_once("\r\n").map_or_else(String::new, |(_, answer)| answer.to_owned())
    }

    /// Whether it stands because the text came.
    pub(super) fn found(&self) -> bool {
        self.reason == Some(Reason::Condition(0))
    }
}
