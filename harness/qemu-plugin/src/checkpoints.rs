//! States of the whole machine, kept in this process and given back.
//!
//! A checkpoint has five parts: what QEMU knows of its processor, clock and devices
//! ([`Snapshot`]), its random numbers, all memory, our chip, and what the plugin has
//! on its way to the machine (bytes, levels, timers). All of it is taken and given
//! back while the machine stands, so nothing is due meanwhile and no clock moves.

use std::sync::{Mutex, MutexGuard};

use crate::chip::emulation;
use crate::commands::Refusal;
use crate::hooks;
use crate::lab::{self, lab};
use crate::qemu::{self, Armed, Block, Generators, Page, Snapshot, Timer};
use crate::session;

static KEPT: Mutex<Vec<Checkpoint>> = Mutex::new(Vec::new());

/// One state.
struct Checkpoint {
    devices: Snapshot,
    random: Generators,
    memory: Vec<(Block, Vec<Page>)>,
    chip: Option<emulation::Kept>,
    lab: lab::Kept,
    hooks: hooks::Memory,
    has_core_asked: bool,
    shown_core: usize,
    timers: Vec<Armed>,
}

fn kept() -> MutexGuard<'static, Vec<Checkpoint>> {
    KEPT.lock().expect("a panic ends the process")
}

/// Keeps the machine's state; gives its number.
pub(crate) fn keep() -> Result<usize, Refusal> {
    let mut kept = kept();
    // Most pages of a checkpoint are those of the one before.
    let last: &[_] = kept.last().map_or(&[], |last| &last.memory);
    let before = |index: usize| last.get(index).map(|(_, pages)| pages.as_slice());
    let blocks = Block::all().into_iter().enumerate();
    let memory = blocks.map(|(index, block)| (block, block.keep(before(index)))).collect();
    let checkpoint = Checkpoint {
        devices: devices().map_err(no_snapshot)?,
        random: Generators::keep().map_err(no_snapshot)?,
        memory,
        chip: emulation::keep(),
        lab: lab().keep(),
        hooks: hooks::memory(),
        has_core_asked: session::has_core_asked(),
        shown_core: qemu::shown(),
        timers: Timer::armed(),
    };
    kept.push(checkpoint);
    Ok(kept.len() - 1)
}

/// The state of QEMU's devices, if they come back to it: one that works something out
/// anew when it is loaded would make another future.
fn devices() -> Result<Snapshot, &'static str> {
    let devices = Snapshot::take()?;
    devices.load()?;
    if Snapshot::take()? == devices { Ok(devices) } else { Err("a device does not come back") }
}

fn no_snapshot(why: &str) -> Refusal {
    format!("this QEMU cannot be kept: {why}")
}

/// The machine is as it was at `number`.
pub(crate) fn restore(number: usize) -> Result<(), Refusal> {
    let kept = kept();
    let checkpoint = kept.get(number).ok_or_else(|| format!("no checkpoint {number}"))?;
    for (block, pages) in &checkpoint.memory {
        block.give_back(pages);
    }
    checkpoint.devices.load().map_err(no_snapshot)?;
    checkpoint.random.give_back();
    if let Some(chip) = &checkpoint.chip {
        emulation::give_back(chip);
    }
    lab().give_back(&checkpoint.lab);
    hooks::remember(checkpoint.hooks);
    session::core_asked(checkpoint.has_core_asked);
    qemu::show(checkpoint.shown_core);
    Timer::arm_as(&checkpoint.timers);
    Ok(())
}
