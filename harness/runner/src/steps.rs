//! What each step does; one module for each action.
//!
//! A step lets the machine go only through the [`Session`], claims something of
//! what came, and gives back figures worth showing.

mod at;
mod boot;
mod contract;
mod drive;
mod exec;
mod expect;
mod fs;
mod judge;
mod key;
mod memory;
mod never;
mod paste;
mod pin;
mod press;
mod quiet;
mod repl;
mod reset;
mod send;
mod wait;
mod wave;
mod wire;

use replab_record::StepPlace;
use replab_scenario::{Action, Step};

use crate::error::Played;
use crate::play::Measured;
use crate::session::Session;

/// Plays one step that has begun, and that stands at `place`. A snapshot is taken by
/// who plays the scenario.
pub(crate) fn play<'a>(
    session: &mut Session<'a>,
    step: &'a Step,
    place: &StepPlace,
) -> Played<Option<Measured>> {
    match &step.action {
        Action::Boot(how) => boot::play(session, *how)?,
        Action::Repl(exchanges) => repl::play(session, exchanges)?,
        Action::Exec(code) => exec::play(session, code)?,
        Action::Paste(code) => paste::play(session, code)?,
        Action::Send(bytes) => send::play(session, bytes)?,
        Action::Key(bytes) => key::play(session, bytes)?,
        Action::Expect(expect) => expect::play(session, expect)?,
        Action::Quiet(time) => quiet::play(session, *time)?,
        Action::Wait(time) => wait::play(session, *time)?,
        Action::Drive(levels) => drive::play(session, levels)?,
        Action::Press(press) => press::play(session, press)?,
        Action::Stimuli(table) => at::play(session, table)?,
        Action::Wire(change) => wire::play(session, change)?,
        Action::Pin(levels) => pin::play(session, levels, step.hold)?,
        Action::Wave(claims) => {
            let figures = wave::play(session, claims, place)?;
            return Ok(Some(Measured::Wave(figures)));
        }
        Action::Contract(contract) => {
            let figures = contract::play(session, contract, place)?;
            return Ok(Some(Measured::Contract(figures)));
        }
        Action::Reset(how) => reset::play(session, *how)?,
        Action::Fs(what) => fs::play(session, what)?,
        Action::Memory(claims) => {
            return memory::play(session, claims).map(|sample| Some(Measured::Memory(sample)));
        }
        Action::Never(patterns) => never::play(session, patterns, place),
        Action::Snapshot(_) => {}
    }
    Ok(None)
}

/// The word of the step in a scenario's file.
pub(crate) fn word(action: &Action) -> &'static str {
    match action {
        Action::Boot(_) => "boot",
        Action::Repl(_) => "repl",
        Action::Exec(_) => "exec",
        Action::Paste(_) => "paste",
        Action::Send(_) => "send",
        Action::Key(_) => "key",
        Action::Expect(_) => "expect",
        Action::Quiet(_) => "quiet",
        Action::Wait(_) => "wait",
        Action::Drive(_) => "drive",
        Action::Press(_) => "press",
        Action::Stimuli(_) => "at",
        Action::Wire(_) => "wire",
        Action::Pin(_) => "pin",
        Action::Wave(_) => "wave",
        Action::Contract(_) => "contract",
        Action::Reset(_) => "reset",
        Action::Fs(_) => "fs",
        Action::Memory(_) => "memory",
        Action::Never(_) => "never",
        Action::Snapshot(_) => "snapshot",
    }
}
