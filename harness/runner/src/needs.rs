//! Whether a target, or a board at all, can do what a scenario needs: before anything is played.

use replab_board::Board;
use replab_machine::{Machine, Timing};
use replab_record::SkipReason;
use replab_scenario::{Act, Action, Driven, Need, Never, Reset, Scenario, Stimulus};

use crate::coarse;

/// Why `scenario` is not played on `target`, which is `board` as `machine`; `None` if it is.
pub fn skip_reason(
    scenario: &Scenario,
    board: &Board,
    target: &str,
    machine: &Machine,
) -> Option<SkipReason> {
    if let Some(reason) = coarse::skip_reason(scenario, board, target, machine) {
        return Some(reason);
    }
    if !scenario.boards.contains(&board.name) {
        return Some(SkipReason::OtherBoard { board: board.name.clone() });
    }
    if scenario.cores > machine.cores {
        return Some(lacks_cores(scenario, target));
    }
    let missing = all(scenario).find(|need| !has(*need, board, machine))?;
    Some(SkipReason::Lacks { target: target.to_string(), capability: word(missing).to_string() })
}

/// Fewer cores than it is written for.
fn lacks_cores(scenario: &Scenario, target: &str) -> SkipReason {
    let capability = format!("cores: {}", scenario.cores);
    SkipReason::Lacks { target: target.to_string(), capability }
}

/// What `scenario` needs and no machine that runs `board` has, by its word in
/// `needs:`; `None` if there may be one. What a machine has is known for certain
/// only when it has been started.
pub fn lacking(scenario: &Scenario, board: &Board) -> Option<&'static str> {
    let most = board.backends.qemu.as_ref().map_or(1, |qemu| qemu.cores);
    if scenario.cores > most {
        return Some("cores");
    }
    all(scenario).find(|need| !board_has(*need, board)).map(word)
}

/// What `needs:` says, and what its steps need.
fn all(scenario: &Scenario) -> impl Iterator<Item = Need> {
    let of_steps = scenario.steps.iter().filter_map(|step| need_of(&step.action));
    let of_never = scenario.never.iter().any(is_finding).then_some(Need::Findings);
    scenario.needs.iter().copied().chain(of_steps).chain(of_never)
}

/// What a step cannot be played without, also if `needs:` does not say so.
fn need_of(action: &Action) -> Option<Need> {
    match action {
        Action::Reset(Reset::Power) => Some(Need::Power),
        Action::Fs(_) => Some(Need::Files),
        Action::Memory(_) => Some(Need::Memory),
        Action::Drive(driven) => Some(need_of_drive(driven)),
        Action::Stimuli(table) => need_of_table(table),
        Action::Wire(_) => Some(Need::Wires),
        Action::Press(_) => Some(Need::Gpio),
        Action::Never(all) => all.iter().any(is_finding).then_some(Need::Findings),
        _ => None,
    }
}

/// What a table of stimuli cannot be played without: its analog inputs, or its pins.
fn need_of_table(table: &[Stimulus]) -> Option<Need> {
    let needs = table.iter().filter_map(|stimulus| match &stimulus.act {
        Act::Drive(driven) => Some(need_of_drive(driven)),
        Act::Press(_) => Some(Need::Gpio),
        Act::Type { .. } => None,
    });
    // Whoever has analog inputs or noise has pins.
    needs.max()
}

fn need_of_drive(driven: &[(String, Driven)]) -> Need {
    let has = |is_it: fn(&Driven) -> bool| driven.iter().any(|(_, to)| is_it(to));
    if has(|to| matches!(to, Driven::Analog(_))) {
        Need::Analog
    } else if has(|to| matches!(to, Driven::Noise)) {
        Need::Noise
    } else {
        Need::Gpio
    }
}

/// Where nobody notices, nothing would ever be found.
fn is_finding(never: &Never) -> bool {
    matches!(never, Never::Found(_))
}

fn has(need: Need, board: &Board, machine: &Machine) -> bool {
    board_has(need, board)
        && match need {
            Need::Gpio => machine.pins.is_some(),
            Need::Irq => machine.pins.as_ref().is_some_and(|pins| pins.interrupt()),
            Need::Files | Need::Memory => machine.memory.is_some(),
            Need::Exact => machine.timing == Timing::Exact,
            Need::Power => machine.power.is_some(),
            Need::Analog => machine.analog.is_some(),
            Need::Findings => machine.findings.is_some(),
            Need::Noise => machine.noise.is_some(),
            Need::Wires => machine.wires.is_some(),
            Need::I2c => true,
        }
}

fn board_has(need: Need, board: &Board) -> bool {
    match need {
        Need::Gpio | Need::Irq | Need::Noise | Need::Wires => !board.pins.is_empty(),
        Need::Analog => !board.analog.is_empty(),
        Need::Files => board.file_system.is_some(),
        Need::Memory | Need::Exact | Need::Power | Need::Findings => true,
        // No machine has this yet.
        Need::I2c => false,
    }
}

/// The word in a scenario's `needs:`.
fn word(need: Need) -> &'static str {
    match need {
        Need::Gpio => "gpio",
        Need::Irq => "irq",
        Need::I2c => "i2c",
        Need::Files => "files",
        Need::Memory => "memory",
        Need::Exact => "exact",
        Need::Power => "power",
        Need::Analog => "analog",
        Need::Findings => "findings",
        Need::Noise => "noise",
        Need::Wires => "wires",
    }
}
