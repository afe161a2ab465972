//! `wait: DURATION`: lets the machine run for exactly so long.

use std::time::Duration;

use crate::error::Played;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, time: Duration) -> Played {
    session.run_to(session.step_start() + time)
}
