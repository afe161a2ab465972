//! What to look at next, for the failures that happen most.
//!
//! A hint is drawn from [`Facts`] of the run and never guessed: where a fact is
//! missing, there is none. One module for each family of facts; each function gives
//! `None` where it has nothing to say. The first that speaks is shown: what is sure
//! of the cause comes before what only tells more of the symptom. A step may have
//! had something to say of its own, for which only it had the facts; that comes
//! before the latter.

mod exceptions;
mod facts;
mod files;
mod indentation;
mod pins;
mod prompt;
mod time;
mod typing;

use replab_record::Failure;
use replab_scenario::Scenario;

pub(crate) use facts::{Facts, Stored};
pub(crate) use indentation::unread;
pub(crate) use prompt::unfinished;

use crate::play::StepSummary;
use crate::session::Session;

/// What to look at, in a sentence, after `failure` has ended a run whose steps were
/// `steps`; empty if there is nothing to say. The machine goes on for it, and no
/// record is kept of that.
pub(crate) fn hint(
    failure: &Failure,
    scenario: &Scenario,
    session: &mut Session<'_>,
    steps: &[StepSummary],
) -> String {
    let Some(facts) = Facts::gather(failure, scenario, session, steps) else {
        return failure.hint.clone();
    };
    let own = (!failure.hint.is_empty()).then(|| failure.hint.clone());
    of_causes(&facts).or(own).or_else(|| of_symptoms(&facts)).unwrap_or_default()
}

/// What is sure of the cause.
fn of_causes(facts: &Facts<'_>) -> Option<String> {
    prompt::usb_only(facts)
        .or_else(|| exceptions::memory(facts))
        .or_else(|| files::missing(facts))
        .or_else(|| files::not_saved(facts))
        .or_else(|| indentation::in_block(facts))
        .or_else(|| typing::too_early(facts))
        .or_else(|| time::late(facts))
        .or_else(|| prompt::running(facts))
        .or_else(|| pins::other(facts))
        .or_else(|| pins::short_press(facts))
}

/// What only tells more of the symptom.
fn of_symptoms(facts: &Facts<'_>) -> Option<String> {
    prompt::none(facts).or_else(|| time::never(facts))
}

/// Why `code` may not have come to its end.
pub(crate) fn slow(code: &str) -> &'static str {
    if code.contains("while True") || code.contains("while 1") {
        "the code loops for ever: start it with `send:`, and stop it with `key: ctrl-c`"
    } else if code.contains("sleep") {
        "the code sleeps: give the step more machine time with `within:`"
    } else if code.contains("input(") {
        "the code waits for input: start it with `send:`"
    } else {
        ""
    }
}
