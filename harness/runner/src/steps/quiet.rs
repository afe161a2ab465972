//! `quiet: DURATION`: claims that nothing is sent for so long, from the start of the
//! step on.

use std::time::Duration;

use replab_record::Claim;
use replab_scenario::show_duration;

use crate::error::{Ended, Played, failed};
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, time: Duration) -> Played {
    let from = session.output.len();
    session.run_to(session.step_start() + time)?;
    let Some(at) = session.output.at(from) else { return Ok(()) };
    let expected = format!("nothing on {} for {}", session.port(), show_duration(time));
    let got = format!("{} after {}", session.got(from), show_duration(at - session.step_start()));
    Err(Ended::Failed(Box::new(failed(Claim::Output { expected, got }, at))))
}
