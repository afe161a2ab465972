//! `drive: { PIN: LEVEL, OTHER: noise, INPUT: 1.2 V, … }`: drives pins and analog inputs from outside,
//! from the start of the step on and until another step drives them. It is over when
//! the levels are there.

use std::time::Duration;

use replab_record::MachineTime;
use replab_scenario::Driven;

use crate::error::Played;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, driven: &[(String, Driven)]) -> Played {
    let start = session.step_start();
    plan(session, driven, start)?;
    // What is due at the time of a stop happens in the next `go`.
    session.run_to(start + Duration::from_nanos(1))
}

/// Has all of `driven` driven from `at` on.
pub(super) fn plan(
    session: &mut Session<'_>,
    driven: &[(String, Driven)],
    at: MachineTime,
) -> Played {
    for (word, to) in driven {
        match to {
            Driven::Level(level) => {
                let pin = session.pin(word)?;
                session.drive(&pin, *level, at)?;
            }
            Driven::Noise => {
                let pin = session.pin(word)?;
                session.pick_up_noise(&pin, at)?;
            }
            Driven::Analog(value) => session.drive_analog(word, *value, at)?,
        }
    }
    Ok(())
}
