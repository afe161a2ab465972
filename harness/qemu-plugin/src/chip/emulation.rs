//! The one chip of this process, between QEMU and the lab.
//!
//! Whatever happens, an access, a deadline, a typed byte, a driven pin, goes the
//! same way ([`enter`]): the chip thinks under its lock; then, without the lock,
//! what leaves it is carried out, and its timer is armed last (see
//! [`qemu::Timer::at`]). What is new for two cores goes by [`two_cores`].

mod kept;
mod loads;
mod memories;
mod two_cores;

use std::collections::HashSet;
use std::ffi::c_uint;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::hooks;
use crate::lab::{Reason, lab};
use crate::qemu::{self, Line, Opaque, Timer};
use crate::stop;
use crate::wiring;

pub(crate) use kept::{Kept, give_back, keep};

use super::layout::{Chip, Layout, Make, ResetBy, Spoken};
use super::peripheral::{Context, Effect, Finding, Support};
use super::reads;
use super::{nrf51, rp2040};

pub(crate) use loads::loaded;
pub(crate) use two_cores::settle_soon;

use memories::{program, put_map_in};
use two_cores::Second;

/// The most findings that are told, so that code gone wild fills nothing.
const MOST_FINDINGS: usize = 1000;

static CHIP: Mutex<Option<Emulation>> = Mutex::new(None);
static WANTED: OnceLock<Wanted> = OnceLock::new();
/// Whether the firmware is just storing to a register. Big lock held.
static IS_STORE: AtomicBool = AtomicBool::new(false);

/// The chips that there are.
const KNOWN: &[(&Layout, Make)] = &[(&rp2040::LAYOUT, rp2040::make), (&nrf51::LAYOUT, nrf51::make)];

struct Wanted {
    layout: &'static Layout,
    make: Make,
    /// What a whole chip's processor begins in.
    rom: Vec<u8>,
    /// 1 or 2.
    cores: usize,
    /// The numbers of its mirrored blocks.
    mirrored: Vec<usize>,
}

struct Emulation {
    chip: Box<dyn Chip>,
    layout: &'static Layout,
    context: Context,
    lines: Vec<Line>,
    /// The interrupts as QEMU knows them.
    interrupts: u32,
    second: Option<Second>,
    timer: Timer,
    /// For when it is armed.
    deadline: Option<u64>,
    /// Whether it must be armed anew.
    is_moved: bool,
    /// The UARTs with a port of the lab's: its number.
    ports: Vec<Option<usize>>,
    /// The lab's index of pin 0, if it watches the pins.
    watched: Option<usize>,
    found: HashSet<Finding>,
    /// The pins whose short circuit was told.
    shorted: u32,
}

/// Puts the chip with this name into the machine that QEMU is about to build; the
/// processor of a whole one begins in the file `rom` and has so many cores.
pub(crate) fn want(name: &str, rom: Option<&str>, cores: usize) -> Result<(), String> {
    let (layout, make) =
        *KNOWN.iter().find(|(layout, _)| layout.name == name).ok_or_else(|| {
            let known: Vec<_> = KNOWN.iter().map(|(layout, _)| layout.name).collect();
            format!("unknown chip `{name}` (there is {})", known.join(", "))
        })?;
    let rom = match (&layout.own, rom) {
        (Some(own), Some(rom)) => boot_rom(rom, own.rom.1)?,
        (None, None) => Vec::new(),
        (Some(_), None) => return Err(format!("chip={name} begins in a boot ROM: rom=FILE")),
        (None, Some(_)) => return Err(format!("chip={name} has no boot ROM: no rom=FILE")),
    };
    let most = if layout.second.is_some() { 2 } else { 1 };
    if !(1..=most).contains(&cores) {
        return Err(format!("the chip `{name}` has 1 to {most} cores, not {cores}"));
    }
    let blocks = layout.blocks.iter().enumerate();
    let mirrored = blocks.filter(|(_, block)| block.is_mirrored).map(|(index, _)| index).collect();
    WANTED.get_or_init(|| Wanted { layout, make, rom, cores, mirrored });
    Ok(())
}

fn boot_rom(file: &str, size: u32) -> Result<Vec<u8>, String> {
    let bytes = fs::read(file).map_err(|error| format!("boot ROM `{file}`: {error}"))?;
    if bytes.len() < 8 || bytes.len() > size as usize {
        return Err(format!(
            "boot ROM `{file}` has {} bytes, where {size} are the most and 8 the fewest",
            bytes.len()
        ));
    }
    Ok(bytes)
}

/// The layout of the chip that is put into the machine, if one is.
pub(crate) fn layout() -> Option<&'static Layout> {
    WANTED.get().map(|wanted| wanted.layout)
}

/// Called when the machine is built.
pub(crate) fn build() {
    if let Err(why) = WANTED.get().map_or(Ok(()), put_in) {
        eprintln!("replab-qemu-plugin refuses: {why}");
        qemu::leave();
    }
}

fn put_in(wanted: &Wanted) -> Result<(), String> {
    let layout = wanted.layout;
    let (map, mut mirrors, flash) = qemu::map_at_once(|| put_map_in(wanted))?;
    // What is drawn here is missing in what the machine's own devices draw.
    let seed = if layout.own.is_some() { qemu::random() } else { 0 };
    qemu::set_clock(layout.core.clock, layout.core.hertz)?;
    let second = two_cores::make(wanted, &map, &mut mirrors)?;
    let emulation = Emulation {
        chip: (wanted.make)(&mirrors, flash, seed),
        layout,
        context: Context::default(),
        lines: qemu::inputs(layout.core.interrupts, layout.core.lines)?,
        interrupts: 0,
        second,
        timer: Timer::new(is_due, 0),
        deadline: None,
        is_moved: false,
        ports: vec![None; layout.uarts.len()],
        watched: None,
        found: HashSet::new(),
        shorted: 0,
    };
    *CHIP.lock().expect("a panic ends the process") = Some(emulation);
    // QEMU's own first reset may come before the plugin is told of resets.
    reset(ResetBy::Power);
    Ok(())
}

/// The number that stores to the flash come with.
const FLASH: usize = usize::MAX;

/// Lets the chip think, carries out what leaves it, and arms its timer.
fn enter<T>(think: impl FnOnce(&mut dyn Chip, &Layout, &mut Context) -> T) -> Option<T> {
    let result = think_first(think);
    arm(take_moved());
    result
}

/// The same without the timer, for callbacks that have another one to arm:
/// whichever is due first must be armed first (see [`qemu::Timer::at`]).
fn think_first<T>(think: impl FnOnce(&mut dyn Chip, &Layout, &mut Context) -> T) -> Option<T> {
    let now = qemu::now();
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let emulation = guard.as_mut()?;
    emulation.context.now = u64::try_from(now).unwrap_or(0);
    let result = think(&mut *emulation.chip, emulation.layout, &mut emulation.context);
    reads::suspects(emulation.chip.undriven());
    let interrupts = emulation.chip.interrupts(0);
    let is_new = emulation.is_new_for_cores();
    let changed = if emulation.second.is_some() {
        0
    } else {
        std::mem::replace(&mut emulation.interrupts, interrupts) ^ interrupts
    };
    let deadline = emulation.chip.next_deadline();
    emulation.is_moved |= std::mem::replace(&mut emulation.deadline, deadline) != deadline;
    if changed == 0 && !is_new && emulation.context.effects.is_empty() {
        return Some(result);
    }
    let effects = std::mem::take(&mut emulation.context.effects);
    let told: Vec<Told> = effects.iter().filter_map(|effect| emulation.told(effect)).collect();
    let lines: Vec<(Line, bool)> = emulation
        .lines
        .iter()
        .enumerate()
        .filter(|(number, _)| changed >> number & 1 != 0)
        .map(|(number, line)| (*line, interrupts >> number & 1 != 0))
        .collect();
    drop(guard);
    told.iter().for_each(|told| carry_out(told, now));
    if is_new {
        settle_soon();
    }
    for (line, level) in lines {
        if level {
            hooks::set_event(0);
        }
        line.set(i32::from(level));
    }
    wiring::carry(now);
    Some(result)
}

/// The chip's timer and when it is to fire, if that is another time than it knows.
pub(crate) fn take_moved() -> Option<(i64, Timer)> {
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let emulation = guard.as_mut().filter(|emulation| emulation.is_moved)?;
    emulation.is_moved = false;
    match emulation.deadline.and_then(|at| i64::try_from(at).ok()) {
        Some(at) => Some((at, emulation.timer)),
        None => {
            emulation.timer.cancel();
            None
        }
    }
}

fn arm(moved: Option<(i64, Timer)>) {
    if let Some((at, timer)) = moved {
        timer.at(at);
    }
}

/// What leaves the chip, in the numbers of the lab and of QEMU.
enum Told {
    Sent { port: usize, byte: u8 },
    Edge { index: usize, level: i32 },
    Reset,
    Erase { at: u32, length: u32 },
    Program { at: u32, from: u32, length: u32 },
    ProgramBytes { at: u32, bytes: Vec<u8> },
    GaveUp { call: u32, arguments: [u32; 3] },
    GaveUpInRom { call: u32, arguments: [u32; 3] },
    Found(Finding),
    Noise { pin: u32, level: i32 },
    Short { pin: u32 },
}

impl Emulation {
    fn told(&mut self, effect: &Effect) -> Option<Told> {
        Some(match *effect {
            Effect::Sent { uart, byte } => {
                Told::Sent { port: self.ports.get(uart).copied().flatten()?, byte }
            }
            Effect::Pin { pin, level } => Told::Edge { index: self.watched? + pin as usize, level },
            Effect::Reset => Told::Reset,
            Effect::Erase { at, length } => Told::Erase { at, length },
            Effect::Program { at, from, length } => Told::Program { at, from, length },
            Effect::ProgramBytes { at, ref bytes } => {
                Told::ProgramBytes { at, bytes: bytes.clone() }
            }
            Effect::GaveUp { call, arguments } => Told::GaveUp { call, arguments },
            Effect::GaveUpInRom { call, arguments } => Told::GaveUpInRom { call, arguments },
            Effect::Found(finding) => {
                let is_new = self.found.len() < MOST_FINDINGS && self.found.insert(finding);
                return is_new.then_some(Told::Found(finding));
            }
            Effect::Noise { pin, level } => Told::Noise { pin, level },
            Effect::Short { pin } => {
                let is_new = self.shorted >> pin & 1 == 0;
                self.shorted |= 1 << pin;
                return is_new.then_some(Told::Short { pin });
            }
        })
    }
}

fn carry_out(told: &Told, now: i64) {
    match *told {
        Told::Sent { port, byte } => {
            let reason = lab().sent(port, byte, now);
            reason.into_iter().for_each(stop::request);
        }
        Told::Edge { index, level } => {
            let reason = lab().edge(index, level, now);
            reason.into_iter().for_each(stop::request);
        }
        Told::Reset => stop::request(Reason::Reset),
        Told::Erase { at, length } => {
            qemu::fill(u64::from(at), u64::from(length), 0xff);
        }
        Told::Program { at, from, length } => {
            if let Some(bytes) = qemu::peek(u64::from(from), length as usize) {
                program(at, bytes);
            }
        }
        Told::ProgramBytes { at, ref bytes } => program(at, bytes.clone()),
        Told::GaveUp { call, arguments } => stop::request(Reason::Rom { call, arguments }),
        Told::GaveUpInRom { call, arguments } => {
            let pc = hooks::program_counter();
            let rom = layout().and_then(|layout| layout.own.as_ref()).map(|own| own.rom);
            if rom.is_some_and(|(at, size)| pc.wrapping_sub(at) < size) {
                stop::request(Reason::Rom { call, arguments });
            }
        }
        Told::Found(finding) => {
            let pc = hooks::program_counter();
            lab().found(&finding, pc, now);
        }
        Told::Noise { pin, level } => {
            let reason = wiring::line_of(pin).and_then(|line| lab().noise(line, level, now));
            reason.into_iter().for_each(stop::request);
        }
        Told::Short { pin } => {
            let pc = IS_STORE.load(Ordering::Relaxed).then(hooks::program_counter);
            lab().shorted(pin, pc, now);
        }
    }
}

fn load(block: usize, offset: u32, size: c_uint) -> u32 {
    if !qemu::is_processors_thread() {
        return look(block, offset); // The lab reads; nothing is to happen.
    }
    let value = enter(|chip, layout, context| {
        context.core = qemu::core();
        let Some(place) = layout.blocks.get(block) else { return 0 };
        let value = place.load(chip.peripheral(block), offset, size, context);
        chip.settle(block, context);
        value
    });
    let is_there = |layout: &&Layout| {
        layout.blocks.get(block).is_some_and(|block| block.at + (offset & !3) == layout.levels)
    };
    if let Some(layout) = layout().filter(is_there) {
        reads::look(hooks::program_counter(), layout.levels);
    }
    value.unwrap_or(0)
}

fn look(block: usize, offset: u32) -> u32 {
    let now = u64::try_from(qemu::now()).unwrap_or(0);
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let emulation = guard.as_mut();
    emulation.map_or(0, |emulation| emulation.chip.peripheral(block).peek(offset & !3, now))
}

fn store(block: usize, offset: u32, value: u32, size: c_uint) {
    IS_STORE.store(true, Ordering::Relaxed);
    enter(|chip, layout, context| {
        context.core = qemu::core();
        let Some(place) = layout.blocks.get(block) else {
            if let Some(own) = &layout.own {
                nothing(context, "flash memory", own.flash.at[0] + (offset & !3), true);
            }
            return;
        };
        place.store(chip.peripheral(block), offset, size, value, context);
        chip.settle(block, context);
    });
    IS_STORE.store(false, Ordering::Relaxed);
}

fn nowhere(address: u32, is_store: bool) {
    if qemu::is_processors_thread() {
        enter(|_, _, context| nothing(context, "nothing", address, is_store));
    }
}

fn nothing(context: &mut Context, block: &'static str, address: u32, is_store: bool) {
    let finding = Finding { support: Support::Nothing, block, address, is_store };
    context.effects.push(Effect::Found(finding));
}

/// The chip's timer.
extern "C" fn is_due(_: Opaque) {
    if let Some(emulation) = CHIP.lock().expect("a panic ends the process").as_mut() {
        (emulation.deadline, emulation.is_moved) = (None, false); // It is armed no more.
    }
    let is_over = enter(|chip, _, context| {
        let was_on = chip.turns().and_then(|turns| turns.next_deadline());
        chip.advance(context);
        was_on != chip.turns().and_then(|turns| turns.next_deadline())
    });
    if is_over == Some(true) {
        settle_soon();
    }
}

/// The machine is reset.
pub(crate) fn reset(by: ResetBy) {
    enter(|chip, _, context| chip.reset(by, context));
    two_cores::reset();
}

/// What the firmware has enabled since power-on to speak by, if there is a chip.
pub(crate) fn spoken() -> Option<Spoken> {
    let guard = CHIP.lock().expect("a panic ends the process");
    guard.as_ref().map(|emulation| emulation.chip.spoken())
}

/// The number of the UART with this name, if the chip has one.
pub(crate) fn uart(name: &str) -> Option<usize> {
    layout()?.uarts.iter().position(|one| *one == name)
}

/// A UART sends to the lab's port `port` from now on.
pub(crate) fn connect(uart: usize, port: usize) {
    if let Some(emulation) = CHIP.lock().expect("a panic ends the process").as_mut() {
        emulation.ports[uart] = Some(port);
    }
}

/// Tells the lab's watch whose first line has the index `first` of all edges.
pub(crate) fn watch(first: usize) {
    if let Some(emulation) = CHIP.lock().expect("a panic ends the process").as_mut() {
        emulation.watched = Some(first);
    }
}

/// Whether a UART can take a byte now.
pub(crate) fn has_room(uart: usize) -> bool {
    let guard = CHIP.lock().expect("a panic ends the process");
    guard.as_ref().is_some_and(|emulation| emulation.chip.has_room(uart))
}

/// Gives a UART a byte. Its timer is to be armed after that ([`take_moved`]).
pub(crate) fn receive(uart: usize, byte: u8) {
    think_first(|chip, _, context| chip.receive(uart, byte, context));
}

/// Gives an analog input a value. The chip's timer is to be armed after that
/// ([`take_moved`]).
pub(crate) fn drive_analog(input: u32, value: i32) {
    think_first(|chip, _, context| chip.drive_analog(input, value, context));
}

/// Puts a level on a pin; -1 lets it go. Its timer is to be armed after that
/// ([`take_moved`]).
pub(crate) fn drive(pin: u32, level: i32) {
    let level = (level >= 0).then_some(level > 0);
    think_first(|chip, _, context| chip.drive(pin, level, context));
}

/// Nobody drives a pin, and it picks up noise. The chip's timer is to be armed after
/// that ([`take_moved`]).
pub(crate) fn noise(pin: u32, seed: u64) {
    think_first(|chip, _, context| chip.noise(pin, seed, context));
}
