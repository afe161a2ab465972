//! `expect`: waits for output, from the start of the step before on, after what
//! was read already. Only what it finds, and what is before that, counts as read.

use replab_record::MachineTime;
use replab_scenario::{Expect, TextPattern};

use crate::error::{Ended, Played, written};
use crate::hints;
use crate::output::text;
use crate::prompt;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, expect: &Expect) -> Played {
    let from = session.unread();
    let deadline = session.deadline();
    match expect {
        Expect::Prompt => match prompt::wait(session, from, deadline)? {
            Some(_) => Ok(()),
            None => Err(prompt::missing(session, from)),
        },
        Expect::Text(TextPattern::Text(wanted)) => find_text(session, wanted, from, deadline),
        Expect::Text(TextPattern::Regex(wanted)) => find_match(session, wanted, from, deadline),
        Expect::Lines(texts) => find_texts(session, texts, from, deadline),
    }
}

fn find_text(
    session: &mut Session<'_>,
    wanted: &str,
    from: usize,
    deadline: MachineTime,
) -> Played {
    match end_of(session, wanted, from, deadline)? {
        Some(end) => {
            session.read_to(end);
            Ok(())
        }
        None => Err(missing(session, &shown(wanted), from)),
    }
}

/// One after the other, with anything between them.
fn find_texts(
    session: &mut Session<'_>,
    texts: &[String],
    from: usize,
    deadline: MachineTime,
) -> Played {
    let mut from = from;
    for (index, wanted) in texts.iter().enumerate() {
        from = match (end_of(session, wanted, from, deadline)?, index.checked_sub(1)) {
            (Some(end), _) => end,
            (None, None) => return Err(missing(session, &shown(wanted), from)),
            (None, Some(before)) => {
                let what = format!("{} after {}", shown(wanted), shown(&texts[before]));
                return Err(missing(session, &what, from));
            }
        };
    }
    session.read_to(from);
    Ok(())
}

/// Where `wanted` ends, once it has come. A line end in it stands for whichever the firmware sends.
fn end_of(
    session: &mut Session<'_>,
    wanted: &str,
    from: usize,
    deadline: MachineTime,
) -> Played<Option<usize>> {
    let with_returns = wanted.replace("\r\n", "\n").replace('\n', "\r\n");
    let patterns = [wanted.as_bytes(), with_returns.as_bytes()];
    Ok(session.wait_for(&patterns, from, deadline)?.map(|(_, found)| found.end))
}

fn shown(wanted: &str) -> String {
    format!("{:?}", text(wanted.as_bytes()))
}

/// A line counts when it is complete, or when nothing follows it any more.
fn find_match(
    session: &mut Session<'_>,
    wanted: &regex::Regex,
    from: usize,
    deadline: MachineTime,
) -> Played {
    let mut line_from = from;
    loop {
        let slice = (session.now() + session.quiet()).min(deadline);
        let line = session.wait_for(&[b"\n"], line_from, slice)?.map(|(_, found)| found.end);
        let is_over = session.now() >= deadline;
        let end = line.unwrap_or(session.output.len());
        if (line.is_some() || is_over || session.is_quiet())
            && wanted.is_match(&session.output.text(from..end))
        {
            session.read_to(end);
            return Ok(());
        }
        match line {
            Some(end) => line_from = end,
            None if is_over => {
                return Err(missing(session, &format!("a match of /{}/", written(wanted)), from));
            }
            None => {}
        }
    }
}

fn missing(session: &Session<'_>, what: &str, from: usize) -> Ended {
    let mut failure = session.missing_output(what, from);
    failure.hint = hints::unfinished(session, from).to_string();
    Ended::Failed(Box::new(failure))
}
