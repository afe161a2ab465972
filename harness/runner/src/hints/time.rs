//! What comes late, or never.

use std::time::Duration;

use replab_record::{Claim, Event, Level, MachineTime, Trouble};
use replab_scenario::{Action, Boot, Expect, TextPattern, show_duration};

use super::Facts;
use super::facts::AHEAD;
use crate::prompt::PROMPT;

/// What a step waits for.
pub(super) enum Awaited<'a> {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A match.
    Match(&'a regex::Regex),
    /// A level of the pin that a scenario's word means.
    Level(&'a str, Level),
}

/// What `action` was waiting for in vain, as far as one thing can say it.
pub(super) fn awaited<'a>(action: &'a Action, claim: &Claim) -> Option<Awaited<'a>> {
    match (action, claim) {
        (Action::Expect(Expect::Text(TextPattern::Text(text))), _) => {
            Some(Awaited::Bytes(text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()))
        }
        (Action::Expect(Expect::Text(TextPattern::Regex(regex))), _) => Some(Awaited::Match(regex)),
        (Action::Boot(Boot::Repl) | Action::Expect(Expect::Prompt), _) => {
            Some(Awaited::Bytes(PROMPT.to_vec()))
        }
        (Action::Repl(_), Claim::Output { expected, .. })
            if expected.starts_with("prompt \">>>") =>
        {
            Some(Awaited::Bytes(PROMPT.to_vec()))
        }
        (Action::Paste(_), Claim::Code { .. }) => Some(Awaited::Bytes(PROMPT.to_vec())),
        // What ends the output of the raw REPL.
        (Action::Exec(_), Claim::Code { .. }) => Some(Awaited::Bytes(b"\x04".to_vec())),
        (Action::Pin(claims), Claim::Level { .. }) => match claims.as_slice() {
            [(word, level)] => Some(Awaited::Level(word, *level)),
            _ => None,
        },
        _ => None,
    }
}

/// What the step awaited came after its time.
pub(super) fn late(facts: &Facts<'_>) -> Option<String> {
    let at = when(facts)?;
    let needed = at - facts.start();
    let place = facts.failure.step.as_ref().map_or(0, |step| step.line);
    Some(format!(
        "it comes at {at:.3}, too late for line {place}: give the step `within: {}`",
        show_duration(rounded(needed))
    ))
}

/// When it came in the time that the machine went on.
fn when(facts: &Facts<'_>) -> Option<MachineTime> {
    let later = facts.later.as_ref()?;
    let (port, _) = facts.board.repl_port()?;
    match awaited(&facts.step().action, &facts.failure.claim)? {
        Awaited::Level(word, wanted) => {
            let pin = facts.board.pin(word)?;
            later.iter().find_map(|event| match event {
                Event::Edge { pin: on, level, at } if on == pin && *level == wanted => Some(*at),
                _ => None,
            })
        }
        awaited => {
            let sent = later.iter().filter_map(|event| match event {
                Event::Sent { port: on, byte, at } if on == port => Some((*byte, *at)),
                _ => None,
            });
            let before = &facts.output.bytes()[facts.output_from.min(facts.output.len())..];
            let mut bytes = before.to_vec();
            let mut times = Vec::new();
            for (byte, at) in sent {
                bytes.push(byte);
                times.push(at);
            }
            let end = match awaited {
                Awaited::Bytes(wanted) => {
                    let from = before.len().saturating_sub(wanted.len().saturating_sub(1));
                    let windows = bytes[from..].windows(wanted.len().max(1));
                    from + windows.into_iter().position(|window| window == wanted)? + wanted.len()
                }
                // Line ends as a scenario writes them would move the places: line by line.
                Awaited::Match(regex) => {
                    let fresh = &bytes[before.len()..];
                    let text = String::from_utf8_lossy(fresh).replace('\r', "");
                    let found = regex.find(&text)?;
                    let lines = text[..found.end()].matches('\n').count();
                    let mut ends = fresh.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
                    before.len() + ends.nth(lines).map_or(fresh.len(), |(at, _)| at + 1)
                }
                Awaited::Level(..) => return None,
            };
            times.get(end.checked_sub(before.len() + 1)?).copied()
        }
    }
}

/// A twentieth more than `time` at least, and a figure that people write.
fn rounded(time: Duration) -> Duration {
    let step_ms: u128 = if time < Duration::from_secs(1) { 100 } else { 500 };
    let wanted = (time + time / 20).as_millis() + 1;
    Duration::from_millis(u64::try_from(wanted.div_ceil(step_ms) * step_ms).unwrap_or(u64::MAX))
}

/// The board sleeps, and nothing wakes it.
pub(super) fn never(facts: &Facts<'_>) -> Option<String> {
    let later = facts.later.as_ref()?;
    let trouble = facts.failure.diagnosis.as_ref()?.trouble;
    let is_silent =
        !later.iter().any(|event| matches!(event, Event::Sent { .. } | Event::Edge { .. }));
    (trouble == Trouble::Asleep && is_silent).then(|| {
        format!(
            "nothing comes in the next {} either: what should wake the board, a byte, a level, a \
             press?",
            show_duration(AHEAD)
        )
    })
}
