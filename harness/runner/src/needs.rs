//! Whether a target can do what a scenario needs: before anything is played.

use replab_board::Board;
use replab_machine::{Machine, Timing};
use replab_record::SkipReason;
use replab_scenario::{Need, Scenario};

/// Why `scenario` is not played on `target`, which is `board` as `machine`; `None` if it is.
pub fn skip_reason(
    scenario: &Scenario,
    board: &Board,
    target: &str,
    machine: &Machine,
) -> Option<SkipReason> {
    if !scenario.boards.contains(&board.name) {
        return Some(SkipReason::OtherBoard { board: board.name.clone() });
    }
    let missing = scenario.needs.iter().find(|need| !has(**need, board, machine))?;
    Some(SkipReason::Lacks { target: target.to_string(), capability: word(*missing).to_string() })
}

fn has(need: Need, board: &Board, machine: &Machine) -> bool {
    match need {
        Need::Gpio => machine.pins.is_some(),
        // An interrupt needs a pin that the lab drives; that the chip has them is the firmware's affair.
        Need::Irq => machine.pins.is_some(),
        Need::Files => board.file_system.is_some() && machine.memory.is_some(),
        Need::Memory => machine.memory.is_some(),
        Need::Exact => machine.timing == Timing::Exact,
        // No machine has these yet.
        Need::I2c | Need::Power => false,
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
    }
}
