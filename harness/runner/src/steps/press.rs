//! `press: { button: PIN, for: TIME, bounce: TIME }`: presses a button, and lets go.
//!
//! A contact that bounces opens and closes a few times before it stays closed, and
//! the other way round. How often and when follows from the scenario's seed. Real
//! ones take 1 to 6 ms, worn ones more (J. Ganssle, "A guide to debouncing").

use std::time::Duration;

use replab_record::{Level, MachineTime};
use replab_scenario::Press;

use crate::error::Played;
use crate::random::Random;
use crate::session::Session;

/// How often a bouncing contact goes back: between these, both included.
const BOUNCES: (u64, u64) = (2, 5);

pub(super) fn play(session: &mut Session<'_>, press: &Press) -> Played {
    let end = plan(session, press, session.step_start())?;
    session.run_to(end)
}

/// Has the button pressed at `start`; when the last of it has happened.
pub(super) fn plan(
    session: &mut Session<'_>,
    press: &Press,
    start: MachineTime,
) -> Played<MachineTime> {
    let (pin, button) = session.button(&press.button)?;
    let release = start + press.time;
    let bounce = press.bounce.unwrap_or_default();
    let changes =
        [(start, button.pressed, button.released), (release, button.released, button.pressed)];
    for (at, level, other) in changes {
        for (after, level) in contact(&mut session.random, bounce, level, other) {
            session.drive(&pin, level, at + after)?;
        }
    }
    // What is due at the time of a stop happens in the next `go`.
    Ok(release + bounce.max(Duration::from_nanos(1)))
}

/// When a contact that goes to `level` is what, if it bounces back to `other` for `bounce`.
fn contact(
    random: &mut Random,
    bounce: Duration,
    level: Level,
    other: Level,
) -> Vec<(Duration, Level)> {
    let mut edges = vec![(Duration::ZERO, level)];
    if bounce.is_zero() {
        return edges;
    }
    let (least, most) = BOUNCES;
    let count = 2 * (least + random.below(most - least + 1)) as u32;
    // Each edge has a part of the time for itself, so none overtakes another.
    let part = bounce / (count + 1);
    for edge in 1..=count {
        let level = if edge % 2 == 1 { other } else { level };
        edges.push((part * edge + random.before(part), level));
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_contact_bounces_in_its_time_and_ends_where_it_should(seed: u64, bounce_us in 1_u64..9999) {
            let bounce = Duration::from_micros(bounce_us);
            let edges = contact(&mut Random::new(seed), bounce, Level::Low, Level::Floating);
            prop_assert!((5..=11).contains(&edges.len()));
            prop_assert!(edges.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
            prop_assert!(edges.iter().all(|(after, _)| *after < bounce));
            prop_assert_eq!((edges[0].1, edges[edges.len() - 1].1), (Level::Low, Level::Low));
        }
    }
}
