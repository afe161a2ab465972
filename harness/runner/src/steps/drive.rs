//! `drive: { PIN: LEVEL, … }`: drives pins from outside, from the start of the step
//! on and until another step drives them. It is over when the levels are there.

use std::time::Duration;

use replab_record::Level;

use crate::error::Played;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, levels: &[(String, Level)]) -> Played {
    let start = session.step_start();
    for (word, level) in levels {
        let pin = session.pin(word)?;
        session.drive(&pin, *level, start)?;
    }
    // What is due at the time of a stop happens in the next `go`.
    session.run_to(start + Duration::from_nanos(1))
}
