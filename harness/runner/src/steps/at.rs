//! `at: [ENTRY, …]`: a table of stimuli. It plans them, and waits for none.

use replab_record::MachineTime;
use replab_scenario::{Act, At, Stimulus};

use super::{drive, press};
use crate::error::{Played, RunError};
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, table: &[Stimulus]) -> Played {
    let (start, line) = (session.step_start(), session.line());
    for stimulus in table {
        session.at_line(stimulus.line);
        let at = match stimulus.time {
            At::Step(time) => start + time,
            At::Machine(time) => MachineTime::ZERO + time,
        };
        if at < start {
            return Err(RunError::Past { at, now: start }.into());
        }
        match &stimulus.act {
            Act::Drive(driven) => drive::plan(session, driven, at)?,
            Act::Press(how) => press::plan(session, how, at).map(drop)?,
            Act::Type { bytes, port } => session.type_at(port.as_deref(), bytes, at)?,
        }
    }
    session.at_line(line);
    Ok(())
}
