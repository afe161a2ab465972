//! `never`: from this step on, something must not be sent. It takes no time, and is
//! watched like the `never:` of the whole scenario.

use replab_record::StepPlace;
use replab_scenario::TextPattern;

use crate::session::Session;

pub(super) fn play<'a>(session: &mut Session<'a>, patterns: &'a [TextPattern], place: &StepPlace) {
    session.forbid(patterns, place);
}
