//! `send: TEXT`: types bytes. The step is over when the last one has reached the
//! UART; what the firmware makes of them is for the next step.

use std::time::Duration;

use replab_record::Claim;

use crate::error::{Ended, Played, failed};
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, bytes: &[u8]) -> Played {
    deliver(session, bytes)
}

/// Types `bytes` and lets the machine run until they have arrived.
pub(super) fn deliver(session: &mut Session<'_>, bytes: &[u8]) -> Played {
    let due = session.type_bytes(bytes)?;
    // A byte that is due at the time of a stop arrives in the next `go`.
    session.run_to(due + Duration::from_nanos(1))?;
    while session.pending()? > 0 {
        if session.now() >= session.deadline().max(due + session.quiet()) {
            return Err(not_taken(session, bytes.len()));
        }
        session.run_to(session.now() + session.quiet())?;
    }
    Ok(())
}

/// The UART had no room, because the firmware does not read it.
fn not_taken(session: &mut Session<'_>, typed: usize) -> Ended {
    let pending = match session.pending() {
        Ok(pending) => pending,
        Err(ended) => return ended,
    };
    let claim = Claim::Output {
        expected: format!("all {typed} bytes taken by the firmware"),
        got: format!("{pending} of them wait before its UART"),
    };
    let mut failure = failed(claim, session.now());
    failure.hint =
        "the firmware does not read its port: is it busy with interrupts off, or has it halted?"
            .to_string();
    Ended::Failed(Box::new(failure))
}
