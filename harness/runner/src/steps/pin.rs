//! `pin: { PIN: LEVEL, … }`: claims levels, which may come true within the step's
//! time; with `hold`, that they stay so from then on.

use std::time::Duration;

use replab_record::{Claim, Level, PinName};
use replab_scenario::show_duration;

use crate::error::{Ended, Played, failed};
use crate::session::Session;

pub(super) fn play(
    session: &mut Session<'_>,
    claims: &[(String, Level)],
    hold: Option<Duration>,
) -> Played {
    let pins = claims
        .iter()
        .map(|(word, level)| Ok((session.pin(word)?, *level)))
        .collect::<Played<Vec<_>>>()?;
    let names: Vec<PinName> = pins.iter().map(|(pin, _)| pin.clone()).collect();
    while let Some(wrong) = first_wrong(session, &pins) {
        if !session.wait_for_edge(&names, session.deadline())? {
            return Err(not_so(session, &claims[wrong], &names[wrong]));
        }
    }
    match hold {
        Some(hold) => hold_levels(session, claims, &pins, hold),
        None => Ok(()),
    }
}

fn first_wrong(session: &Session<'_>, pins: &[(PinName, Level)]) -> Option<usize> {
    pins.iter().position(|(pin, level)| session.level(pin).0 != *level)
}

fn hold_levels(
    session: &mut Session<'_>,
    claims: &[(String, Level)],
    pins: &[(PinName, Level)],
    hold: Duration,
) -> Played {
    let start = session.now();
    let end = start + hold;
    session.run_to(end)?;
    for ((word, level), (pin, _)) in claims.iter().zip(pins) {
        // The edge that made the claim true may stand at `start` itself.
        let wave = session.record.wave(pin, start, end);
        if let Some(edge) = wave.edges.iter().find(|edge| edge.level != *level) {
            let expected = format!("{word} {level} for {}", show_duration(hold));
            let got = format!("{} after {}", edge.level, show_duration(edge.at - start));
            return Err(Ended::Failed(Box::new(failed(Claim::Level { expected, got }, edge.at))));
        }
    }
    Ok(())
}

fn not_so(session: &Session<'_>, (word, level): &(String, Level), pin: &PinName) -> Ended {
    let (now, since) = session.level(pin);
    let got = match since {
        Some(since) => format!("{now} since {since:.6}"),
        None => format!("{now}: it was never driven"),
    };
    let expected = format!(
        "{word} {level} within {}",
        show_duration(session.deadline() - session.step_start())
    );
    Ended::Failed(Box::new(failed(Claim::Level { expected, got }, session.now())))
}
