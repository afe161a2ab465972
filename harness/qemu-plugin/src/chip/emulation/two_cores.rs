//! A chip with two cores: their interrupts, their sleep, and whose turn it is.
//!
//! Whatever may change who runs is noted by the chip, or by a hook, at once, and
//! brought to QEMU by one piece of work ([`settle`]): there no core is running,
//! nothing but this thread moves the clock, and no core runs on before it is done.
//! So no core ever runs a single instruction out of turn, whichever thread of
//! QEMU's was faster.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::hooks;
use crate::qemu::{self, Line, Map, Memory, Opaque};
use crate::session;

use super::{CHIP, Emulation, Wanted, enter};

/// What QEMU knows of the second core.
pub(super) struct Second {
    pub(super) lines: Vec<Line>,
    /// Its interrupts.
    pub(super) interrupts: u32,
    /// Whether the chip keeps it from running.
    pub(super) is_held: bool,
}

/// The second core, if one is wanted: made, with its own page of each mirrored block
/// above the memory that both see.
pub(super) fn make(
    wanted: &Wanted,
    map: &Map,
    mirrors: &mut Vec<Memory>,
) -> Result<Option<Second>, String> {
    let Some(core) = wanted.layout.second.as_ref().filter(|_| wanted.cores == 2) else {
        return Ok(None);
    };
    let view = qemu::map_at_once(|| {
        let view = map.view();
        for index in &wanted.mirrored {
            let block = &wanted.layout.blocks[*index];
            let title = format!("{}.1", block.name);
            mirrors.push(view.rom_device(&title, &[block.at], block.size, *index)?);
        }
        Ok::<_, String>(view)
    })?;
    let lines = qemu::add_core(core, &view)?;
    let made = qemu::Device::find(qemu::SECOND_PATH);
    made.and_then(|made| made.intercept_reset(session::reset_wanted))
        .ok_or("the second core has no output SYSRESETREQ")?;
    Ok(Some(Second { lines, interrupts: 0, is_held: false }))
}

impl Emulation {
    /// Whether a chip with two cores has something for them that QEMU does not know.
    pub(super) fn is_new_for_cores(&self) -> bool {
        self.second.as_ref().is_some_and(|second| {
            self.chip.interrupts(0) != self.interrupts
                || self.chip.interrupts(1) != second.interrupts
                || self.chip.is_second_held() != second.is_held
        })
    }
}

/// Whether [`settle`] is still to come.
static IS_QUEUED: AtomicBool = AtomicBool::new(false);

/// Has all that is new brought to the cores, before any of them runs on. Safe in
/// every hook and callback; nothing if there is one core.
pub(crate) fn settle_soon() {
    if qemu::are_two() && !IS_QUEUED.swap(true, Ordering::AcqRel) {
        qemu::hold(0);
        qemu::run_on(1, settle, 0);
    }
}

extern "C" fn settle(_cpu: Opaque, _data: u64) {
    if qemu::has_work(0) {
        qemu::run_on(0, again, 0); // Of both cores' work this is to be the last.
    } else if qemu::has_work(1) {
        qemu::run_on(1, settle, 0);
    } else {
        IS_QUEUED.store(false, Ordering::Release);
        set_lines();
        if set_power() {
            settle_soon();
        } else if qemu::is_running() {
            take_turns();
        }
    }
}

/// The first core's work is done before the second's.
extern "C" fn again(_cpu: Opaque, _data: u64) {
    qemu::run_on(1, settle, 0);
}

/// Brings the chip's interrupts to both cores. Whose line rises has an event.
fn set_lines() {
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let Some(emulation) = guard.as_mut() else { return };
    let Some(second) = &mut emulation.second else { return };
    let mut changes = Vec::new();
    let known =
        [(&emulation.lines, &mut emulation.interrupts), (&second.lines, &mut second.interrupts)];
    for (core, (lines, told)) in known.into_iter().enumerate() {
        let levels = emulation.chip.interrupts(core);
        let changed = std::mem::replace(told, levels) ^ levels;
        let lines = lines.iter().enumerate().filter(|(number, _)| changed >> number & 1 != 0);
        changes.extend(lines.map(|(number, line)| (core, *line, levels >> number & 1 != 0)));
    }
    drop(guard);
    for (core, line, level) in changes {
        if level {
            hooks::set_event(core);
        }
        line.set(i32::from(level));
    }
}

/// Gives the second core power or takes it; whether work was queued for that.
fn set_power() -> bool {
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let Some(emulation) = guard.as_mut() else { return false };
    let Some(second) = &mut emulation.second else { return false };
    let is_held = emulation.chip.is_second_held();
    if std::mem::replace(&mut second.is_held, is_held) == is_held {
        return false;
    }
    drop(guard);
    hooks::clear_event(1);
    qemu::power_second(!is_held);
    if !is_held {
        qemu::run_on(1, controller_is_new, 0);
    }
    true
}

/// Behind the processor's own reset: the rest of it.
extern "C" fn controller_is_new(_cpu: Opaque, _data: u64) {
    qemu::reset_controller_of_second();
    if let Some(emulation) = CHIP.lock().expect("a panic ends the process").as_mut()
        && let Some(second) = &mut emulation.second
    {
        second.interrupts = 0;
    }
}

/// Lets run whose turn it is.
fn take_turns() {
    let cores = [0, 1];
    cores.into_iter().for_each(qemu::let_run);
    let awake = cores.map(|core| !qemu::is_idle(core));
    cores.into_iter().filter(|core| awake[*core]).for_each(hooks::is_awake);
    let may_run = enter(|chip, _, context| Some(chip.turns()?.may_run(awake, context.now)));
    let may_run = may_run.flatten();
    let may_run = may_run.unwrap_or([true, true]);
    cores.into_iter().filter(|core| !may_run[*core]).for_each(qemu::keep_from_running);
}

/// A load has changed interrupts. Lines fall at once, before the next instruction;
/// raised they are a little later, as nobody may be interrupted within a block.
pub(super) fn lower_lines() {
    qemu::with_big_lock(|| {
        let mut guard = CHIP.lock().expect("a panic ends the process");
        let Some(emulation) = guard.as_mut() else { return };
        let Some(second) = &mut emulation.second else { return };
        let mut falling = Vec::new();
        let known = [
            (&emulation.lines, &mut emulation.interrupts),
            (&second.lines, &mut second.interrupts),
        ];
        for (core, (lines, told)) in known.into_iter().enumerate() {
            let fallen = *told & !emulation.chip.interrupts(core);
            *told &= !fallen;
            let lines = lines.iter().enumerate();
            falling.extend(
                lines.filter(|(number, _)| fallen >> number & 1 != 0).map(|(_, line)| *line),
            );
        }
        drop(guard);
        falling.into_iter().for_each(|line| line.set(0));
    });
    settle_soon();
}

/// The machine is reset, and the second core with it.
pub(super) fn reset() {
    if !qemu::are_two() {
        return;
    }
    qemu::reset_second();
    if let Some(emulation) = CHIP.lock().expect("a panic ends the process").as_mut()
        && let Some(second) = &mut emulation.second
    {
        // It begins anew; if it is held all the same, that is brought to it, and so are interrupts.
        second.is_held = false;
        (emulation.interrupts, second.interrupts) = (0, 0);
    }
    settle_soon();
}
