//! `never`: from this step on, something must not be sent or touched. It takes no time, and is
//! watched like the `never:` of the whole scenario.

use replab_record::StepPlace;
use replab_scenario::Never;

use crate::session::Session;

pub(super) fn play<'a>(session: &mut Session<'a>, all: &'a [Never], place: &StepPlace) {
    session.forbid(all, place);
}
