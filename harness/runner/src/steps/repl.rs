//! `repl`: types the lines of a transcript and compares what the board answers.

use replab_record::Claim;
use replab_scenario::{Exchange, Expected, NewAnswer};

use super::judge::{difference, stands_for};
use crate::error::{Ended, Played, failed};
use crate::hints;
use crate::prompt;
use crate::session::Session;
use crate::typing::{Reply, type_line};

pub(super) fn play(session: &mut Session<'_>, exchanges: &[Exchange]) -> Played {
    for exchange in exchanges {
        session.at_line(exchange.line);
        prompt::reach(session)?;
        let answer = ask(session, exchange)?;
        let expected = exchange.expected.resolved(&session.captures);
        if !expected.matches(&answer) {
            if let Some(answers) = &mut session.new_answers {
                answers.push(new_answer(exchange, answer));
                continue;
            }
            return Err(wrong_answer(session, exchange, &expected, &answer));
        }
        session.captures.extend(expected.captured(&answer));
    }
    Ok(())
}

/// Types the lines of `exchange`; what came between the echo of the last one and the prompt.
fn ask(session: &mut Session<'_>, exchange: &Exchange) -> Played<String> {
    let mut indent = 0;
    let (last, earlier) =
        exchange.typed.split_last().map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
    for line in earlier {
        match type_line(session, line, indent)? {
            Reply::Continues { indent: next } => indent = next,
            Reply::Answered(answer) => {
                let answer = session.output.text(answer);
                return Err(ended_early(session, line, &answer));
            }
        }
    }
    let mut reply = type_line(session, last, indent)?;
    // An empty line ends a block; transcripts need not show it.
    if let Reply::Continues { indent } = reply
        && !last.trim().is_empty()
    {
        reply = type_line(session, "", indent)?;
    }
    match reply {
        Reply::Answered(answer) => Ok(session.output.text(answer)),
        Reply::Continues { .. } => Err(never_ended(session, exchange)),
    }
}

fn new_answer(exchange: &Exchange, answer: String) -> NewAnswer {
    let old = exchange.expected.source().to_string();
    NewAnswer { line: exchange.line, typed: exchange.typed.clone(), old, new: answer }
}

fn wrong_answer(
    session: &Session<'_>,
    exchange: &Exchange,
    expected: &Expected,
    answer: &str,
) -> Ended {
    let claim = Claim::Answer {
        typed: exchange.typed.join("\n"),
        expected: expected.source().to_string(),
        got: answer.trim_end_matches('\n').to_string(),
    };
    let mut failure = failed(claim, session.now());
    failure.details = difference(expected, answer);
    failure.details.extend(stands_for(session, expected));
    failure.hint = hints::unread(answer).to_string();
    Ended::Failed(Box::new(failure))
}

/// The REPL ran what was typed although more lines were to come.
fn ended_early(session: &Session<'_>, line: &str, answer: &str) -> Ended {
    let got = match answer.trim_end() {
        "" => "prompt \">>> \"".to_string(),
        answer => format!("{answer:?} and prompt \">>> \""),
    };
    let claim = Claim::Output { expected: format!("prompt \"... \" after {line:?}"), got };
    let mut failure = failed(claim, session.now());
    failure.hint = match hints::unread(answer) {
        "" => "the statement was complete: give the next one its own `>>> `",
        hint => hint,
    }
    .to_string();
    Ended::Failed(Box::new(failure))
}

/// The REPL asks for more although all lines were typed, and an empty one.
fn never_ended(session: &Session<'_>, exchange: &Exchange) -> Ended {
    let claim = Claim::Output {
        expected: format!("prompt \">>> \" after {:?}", exchange.typed.join("\n")),
        got: "prompt \"... \"".to_string(),
    };
    let mut failure = failed(claim, session.now());
    failure.hint = "the statement is not complete: a bracket or a string is still open".to_string();
    Ended::Failed(Box::new(failure))
}
