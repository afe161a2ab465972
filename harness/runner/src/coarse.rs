//! What a machine by the desk clock cannot tell, and steps that would ask for it.
//!
//! `docs/wall-clock.md` says why each is. What it can tell is played there.

use std::collections::BTreeSet;

use replab_board::Board;
use replab_machine::{Machine, Timing};
use replab_record::{Level, PinName, SkipReason};
use replab_scenario::{Action, At, Reset, Scenario, Step};

/// Why `scenario` is not played on `target`, which is `board` as `machine`, if
/// that is because the desk clock drives it.
pub(crate) fn skip_reason(
    scenario: &Scenario,
    board: &Board,
    target: &str,
    machine: &Machine,
) -> Option<SkipReason> {
    if machine.timing == Timing::Exact {
        return None;
    }
    let fine = too_fine(&scenario.steps, board, machine.pins.is_some())?;
    let why = format!("{target} goes by the desk clock, which cannot tell its `{fine}`");
    Some(SkipReason::NoExactTime { why })
}

/// What in `steps` is judged finer than such a machine can tell.
fn too_fine(steps: &[Step], board: &Board, has_pins: bool) -> Option<String> {
    let mut been_high = BTreeSet::new();
    steps.iter().find_map(|step| match (&step.action, step.at, step.hold) {
        (_, Some(At::Machine(_)), _) => Some("at: { machine: … }".to_string()),
        (_, _, Some(_)) => Some("hold".to_string()),
        (Action::Stimuli(_), ..) => Some("at: [ … ]".to_string()),
        (Action::Wave(_), ..) => Some("wave".to_string()),
        (Action::Contract(_), ..) => Some("contract".to_string()),
        // How long it lasts is what it is about, and so are the edges of a contact that bounces.
        (Action::Press(_), ..) => Some("press".to_string()),
        // What was sent before comes late.
        (Action::Quiet(_), ..) => Some("quiet".to_string()),
        // Levels are unknown after it.
        (Action::Reset(Reset::Hard | Reset::Power), ..) => {
            been_high.clear();
            None
        }
        (Action::Pin(_), ..) if !has_pins => Some("pin".to_string()),
        (Action::Pin(claims), ..) => untold_level(claims, board, &mut been_high),
        _ => None,
    })
}

/// A claimed level that such a machine does not tell apart from others: a
/// floating output looks high, and one that is low from the start is not seen.
fn untold_level(
    claims: &[(String, Level)],
    board: &Board,
    been_high: &mut BTreeSet<PinName>,
) -> Option<String> {
    claims.iter().find_map(|(word, level)| {
        let pin = board.pin(word)?;
        if *level == Level::High {
            been_high.insert(pin.clone());
        }
        let is_told = *level == Level::High || (*level == Level::Low && been_high.contains(pin));
        (!is_told).then(|| format!("pin: {{ {word}: {level} }}"))
    })
}
