//! `wire: { open: PIN }`, `{ short: PIN, to: LEVEL }`, `{ bridge: [PIN, PIN] }`,
//! `{ mend: PIN }`: breaks or mends the wire to a pin. With `when` it does so at an edge
//! that is to come, and does not wait for it; without, it is over when the pin has felt it.

use std::time::Duration;

use replab_scenario::WireChange;

use crate::error::Played;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, change: &WireChange) -> Played {
    session.change_wire(&change.pin, &change.to, change.when.as_ref())?;
    if change.when.is_some() {
        return Ok(());
    }
    // What is due at the time of a stop happens in the next `go`.
    session.run_to(session.step_start() + Duration::from_nanos(1))
}
