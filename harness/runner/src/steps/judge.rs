//! Judges what code printed and how it ended: shared by `exec` and `paste`.

use std::collections::BTreeSet;

use replab_record::Claim;
use replab_scenario::{Code, Expected, show_duration};
use similar::TextDiff;

use crate::error::{Ended, Played, failed};
use crate::hints;
use crate::session::Session;

/// How code ended.
pub(super) struct Ran {
    /// What it printed.
    pub(super) printed: String,
    /// The traceback that ended it; empty without one.
    pub(super) traceback: String,
}

/// First the exception, which explains everything else; then `claims`, then `prints`.
pub(super) fn judge(session: &mut Session<'_>, code: &Code, ran: &Ran) -> Played {
    exception(session, code, ran)?;
    claims(session, code, &ran.printed)?;
    let Some(prints) = &code.prints else { return Ok(()) };
    let prints = prints.resolved(&session.captures);
    if !prints.matches(&ran.printed) {
        let expected = format!("{} to print {}", what(code), said(prints.source()));
        let mut details = difference(&prints, &ran.printed);
        details.extend(stands_for(session, &prints));
        return Err(wrong_output(session, expected, said(&ran.printed), details));
    }
    session.captures.extend(prints.captured(&ran.printed));
    Ok(())
}

/// What the references in `expected` stand for, a line for each.
pub(super) fn stands_for(session: &Session<'_>, expected: &Expected) -> Vec<String> {
    let names: BTreeSet<&str> = expected.references().map(|(_, name)| name).collect();
    let line =
        |name: &str| session.captures.get(name).map(|value| format!("<={name}> is {value:?}"));
    names.into_iter().filter_map(line).collect()
}

/// The code had not come to its end by the deadline; its output begins at `from`.
pub(super) fn still_running(session: &Session<'_>, code: &Code, from: usize) -> Ended {
    let within = session.deadline() - session.step_start();
    let expected = format!("{} to end within {}", what(code), show_duration(within));
    let got = format!("it still runs, and printed {}", session.got(from));
    let mut failure = failed(Claim::Code { expected, got }, session.now());
    failure.hint = hints::slow(&code.text).to_string();
    failure.details =
        session.output.text(from..session.output.len()).lines().map(str::to_string).collect();
    Ended::Failed(Box::new(failure))
}

/// The code of the step in words.
fn what(code: &Code) -> String {
    match &code.block {
        Some(block) => format!("block {block}"),
        None => "the code".to_string(),
    }
}

/// How `got` differs from `expected`: lines that begin with ` `, `-` (expected) or
/// `+` (came), from the first difference on where wildcards stand in the way.
pub(super) fn difference(expected: &Expected, got: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((line, wanted, came)) = expected.first_difference(got) {
        lines.push(format!("line {line} should be {wanted:?} and is {came:?}"));
    }
    let (wanted, came) = (with_line_end(expected.source()), with_line_end(got));
    let diff = TextDiff::from_lines(wanted.as_str(), came.as_str());
    lines.extend(diff.unified_diff().context_radius(2).to_string().lines().map(str::to_string));
    lines
}

fn with_line_end(text: &str) -> String {
    match text.trim_end_matches('\n') {
        "" => String::new(),
        text => format!("{text}\n"),
    }
}

fn exception(session: &Session<'_>, code: &Code, ran: &Ran) -> Played {
    let last = ran.traceback.trim_end().lines().last().unwrap_or("");
    let (is_right, expected) = match &code.raises {
        Some(name) => (is_named(last, name), format!("{} to raise {name}", what(code))),
        None => (last.is_empty(), format!("{} to run to its end", what(code))),
    };
    if is_right {
        return Ok(());
    }
    let got = if last.is_empty() { "no exception".to_string() } else { last.to_string() };
    let mut failure = failed(Claim::Code { expected, got }, session.now());
    failure.details =
        ran.printed.lines().chain(ran.traceback.lines()).map(str::to_string).collect();
    Err(Ended::Failed(Box::new(failure)))
}

/// Whether the last line of a traceback tells of an exception called `name`.
fn is_named(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// Each claim must be some whole lines of the output, after those of the claim before.
fn claims(session: &Session<'_>, code: &Code, printed: &str) -> Played {
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    let mut next = 0;
    for (index, claim) in code.claims.iter().enumerate() {
        let height = claim.source().trim().lines().count().max(1);
        let found = (next..lines.len().saturating_sub(height - 1))
            .find(|start| claim.matches(&lines[*start..start + height].join("\n")));
        match found {
            Some(start) => next = start + height,
            None => return Err(not_printed(session, code, index, &lines[next..])),
        }
    }
    Ok(())
}

fn not_printed(session: &Session<'_>, code: &Code, index: usize, rest: &[&str]) -> Ended {
    let claim = code.claims[index].source();
    let after = match index.checked_sub(1) {
        Some(before) => format!(" after {:?}", code.claims[before].source()),
        None => String::new(),
    };
    let expected = format!("{} to print {claim:?}{after}", what(code));
    let details = rest.iter().map(|line| line.to_string()).collect();
    wrong_output(session, expected, said(&rest.join("\n")), details)
}

fn wrong_output(
    session: &Session<'_>,
    expected: String,
    got: String,
    details: Vec<String>,
) -> Ended {
    let mut failure = failed(Claim::Output { expected, got }, session.now());
    failure.details = details;
    Ended::Failed(Box::new(failure))
}

fn said(printed: &str) -> String {
    match printed.trim_end() {
        "" => "nothing".to_string(),
        text => crate::output::quoted(text.as_bytes()),
    }
}
