//! What holds through a whole run: no crash, no loop of restarts, nothing of `never:`.

use std::time::Duration;

use replab_record::{Claim, Failure, Found, MachineTime, StepPlace, Trouble};
use replab_scenario::{Never, TextPattern, show_duration};

use crate::error::{failed, written};
use crate::output::{Output, quoted};

/// More restarts of one kind than this within [`LOOP_WINDOW`], with no prompt
/// between them, are a loop.
const LOOP_RESTARTS: usize = 10;
/// See [`LOOP_RESTARTS`].
const LOOP_WINDOW: Duration = Duration::from_secs(1);

/// What our firmware prints when it cannot go on (firmware/micropython/fatal.c),
/// at the start of a line.
const FATAL: &[u8] = b"FATAL: ";
/// A line that starts with this was typed at a prompt.
const PROMPT: &[u8] = b">>> ";
/// What MicroPython prints when it starts Python again (main.c of its ports), a
/// line of its own.
pub(crate) const SOFT_REBOOT: &[u8] = b"MPY: soft reboot\r\n";

/// Watches output and resets.
#[derive(Clone)]
pub(crate) struct Always<'a> {
    never: Vec<Forbidden<'a>>,
    /// Output before here has been looked at, line by line.
    seen: usize,
    /// Within [`LOOP_WINDOW`] and since the last prompt.
    restarts: Vec<(Restart, MachineTime)>,
    /// Since the last prompt.
    count: usize,
}

/// What must not come.
#[derive(Clone)]
struct Forbidden<'a> {
    what: &'a Never,
    /// Output before here may hold it.
    from: usize,
    /// The step that forbids it; `None` for the whole run.
    step: Option<StepPlace>,
}

impl Forbidden<'_> {
    /// That `what` must never come, and from when on.
    fn claim(&self, what: &str) -> String {
        let since = if self.step.is_some() { " from this step on" } else { "" };
        format!("never {what}{since}")
    }
}

/// How firmware starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// All of it, by a reset.
    Reset,
    /// Its Python only.
    Python,
}

impl<'a> Always<'a> {
    /// Nothing has come yet, and `never` must not.
    pub(crate) fn new(never: &'a [Never]) -> Always<'a> {
        let never = never.iter().map(|what| Forbidden { what, from: 0, step: None });
        Always { never: never.collect(), seen: 0, restarts: Vec::new(), count: 0 }
    }

    /// From `from` in the output on, `all` must not come either, because `step` says so.
    pub(crate) fn forbid(&mut self, all: &'a [Never], from: usize, step: &StepPlace) {
        let never = all.iter().map(|what| Forbidden { what, from, step: Some(step.clone()) });
        self.never.extend(never);
    }

    /// Bytes at which a machine should stop, so that [`Always::look`] sees them at once.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &[u8]> {
        let texts = self.never.iter().filter_map(|never| match never.what {
            Never::Sent(TextPattern::Text(text)) => Some(text.as_bytes()),
            Never::Sent(TextPattern::Regex(_)) | Never::Found(_) => None,
        });
        [FATAL, SOFT_REBOOT].into_iter().chain(texts)
    }

    /// The firmware got as far as its prompt, so it is in no loop.
    pub(crate) fn prompt_seen(&mut self) {
        self.restarts.clear();
        self.count = 0;
    }

    /// How often the firmware has started again since the last prompt.
    pub(crate) fn restart_count(&self) -> usize {
        self.count
    }

    /// The firmware starts again, because the scenario asked it to.
    pub(crate) fn restart_was_asked_for(&mut self) {
        self.prompt_seen();
    }

    /// The firmware starts again at `at`.
    pub(crate) fn restarts(&mut self, how: Restart, at: MachineTime) -> Result<(), Sign> {
        self.count += 1;
        self.restarts.push((how, at));
        self.restarts.retain(|(_, restart)| at.since(*restart) < LOOP_WINDOW);
        let count = self.restarts.iter().filter(|(other, _)| *other == how).count();
        if count <= LOOP_RESTARTS {
            return Ok(());
        }
        let window = show_duration(LOOP_WINDOW);
        let (trouble, sentence) = match how {
            Restart::Reset => (
                Trouble::RebootLoop,
                format!("reboot loop: {count} resets within {window} without a prompt"),
            ),
            Restart::Python => (
                Trouble::ExitLoop,
                format!(
                    "exit loop: Python ended and was started again {count} times within {window} without a prompt"
                ),
            ),
        };
        Err(Sign::Loop { trouble, sentence, at })
    }

    /// Looks at what came since the last call: at complete lines, and for plain
    /// text of `never:` also at the line that is not complete yet.
    pub(crate) fn look(&mut self, output: &Output) -> Result<(), Sign> {
        let lines_end =
            output.bytes().iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        self.look_up_to(output, lines_end)
    }

    /// The machine starts anew: half a line that it has sent is a line, and no
    /// beginning of what comes now.
    pub(crate) fn look_at_cut_line(&mut self, output: &Output) -> Result<(), Sign> {
        self.look_up_to(output, output.len())
    }

    fn look_up_to(&mut self, output: &Output, lines_end: usize) -> Result<(), Sign> {
        self.look_for_crash(output)?;
        if let Some(failure) =
            self.never.iter().find_map(|never| self.broken(never, output, lines_end))
        {
            return Err(Sign::Never(Box::new(failure)));
        }
        self.seen = self.seen.max(lines_end);
        Ok(())
    }

    fn look_for_crash(&mut self, output: &Output) -> Result<(), Sign> {
        let mut start = self.seen;
        loop {
            let line = &output.bytes()[start..];
            if line.starts_with(FATAL) {
                return Err(Sign::Fatal { line: start });
            }
            let Some((_, end)) = output.find(&[b"\n"], start) else { return Ok(()) };
            if line.starts_with(PROMPT) {
                self.prompt_seen();
            }
            if line.starts_with(SOFT_REBOOT) {
                self.restarts(Restart::Python, output.at(end.start).unwrap_or_default())?;
            }
            start = end.end;
        }
    }

    /// The failure, if `never` is in what came since the last call.
    fn broken(&self, never: &Forbidden<'_>, output: &Output, lines_end: usize) -> Option<Failure> {
        let (what, last, got) = match never.what {
            Never::Found(_) => return None,
            Never::Sent(TextPattern::Text(text)) => {
                // A text of several lines may have begun before.
                let from = self.seen.saturating_sub(text.len().saturating_sub(1)).max(never.from);
                let (_, found) = output.find(&[text.as_bytes()], from)?;
                (
                    format!("{text:?}"),
                    found.end - 1,
                    quoted(&output.bytes()[output.line_start(found.start)..found.end]),
                )
            }
            Never::Sent(TextPattern::Regex(regex)) => {
                let from = self.seen.max(first_line(output, never.from));
                let lines = output.text(from..lines_end.max(from));
                let found = regex.find(&lines)?;
                (
                    format!("a match of /{}/", written(regex)),
                    lines_end.saturating_sub(1),
                    quoted(found.as_str().as_bytes()),
                )
            }
        };
        let claim = Claim::Output { expected: never.claim(&what), got };
        let at = output.at(last).unwrap_or_default();
        Some(Failure { step: never.step.clone(), ..failed(claim, at) })
    }

    /// Looks at what the firmware has just touched.
    pub(crate) fn look_at_found(&self, found: &Found) -> Result<(), Sign> {
        let is_forbidden = |never: &&Forbidden<'_>| matches!(never.what, Never::Found(kind) if *kind == found.kind);
        let Some(never) = self.never.iter().find(is_forbidden) else { return Ok(()) };
        let expected = never.claim(&format!("a finding `{}`", found.kind.word()));
        let claim = Claim::Finding { expected, got: found.to_string() };
        Err(Sign::Never(Box::new(Failure { step: never.step.clone(), ..failed(claim, found.at) })))
    }
}

/// Where the first line begins that begins at or after `from`: of a line that had
/// begun before, an expression would take the rest for a line.
fn first_line(output: &Output, from: usize) -> usize {
    if output.is_line_start(from) {
        return from;
    }
    output.find(&[b"\n"], from).map_or(output.len(), |(_, found)| found.end)
}

/// What ends a run.
pub(crate) enum Sign {
    /// The firmware says that it cannot go on.
    Fatal {
        /// Where the line begins that says so. It may not be complete.
        line: usize,
    },
    /// The firmware only starts again and again.
    Loop {
        /// Which kind of loop.
        trouble: Trouble,
        /// What happened, in a sentence.
        sentence: String,
        /// When it was known.
        at: MachineTime,
    },
    /// Something of `never:` came.
    Never(Box<Failure>),
}
