//! The one chip of this process, between QEMU and the lab.
//!
//! Whatever happens, an access, a deadline, a typed byte, a driven pin, goes the
//! same way ([`enter`]): the chip thinks under its lock; then, without the lock,
//! what leaves it is carried out, and its timer is armed last (see
//! [`qemu::Timer::at`]).

use std::collections::HashSet;
use std::ffi::c_uint;
use std::fs;
use std::sync::{Mutex, OnceLock};

use crate::hooks;
use crate::lab::{Reason, lab};
use crate::qemu::{self, Line, Opaque, Timer};
use crate::stop;

use super::layout::{Chip, Layout, Make, ResetBy, Spoken};
use super::peripheral::{Context, Effect, Finding, Support};
use super::rp2040;

/// The most findings that are told, so that code gone wild fills nothing.
const MOST_FINDINGS: usize = 1000;

static CHIP: Mutex<Option<Emulation>> = Mutex::new(None);
static WANTED: OnceLock<Wanted> = OnceLock::new();

/// The chips that there are.
const KNOWN: &[(&Layout, Make)] = &[(&rp2040::LAYOUT, rp2040::make)];

struct Wanted {
    layout: &'static Layout,
    make: Make,
    rom: Vec<u8>,
}

struct Emulation {
    chip: Box<dyn Chip>,
    layout: &'static Layout,
    context: Context,
    lines: Vec<Line>,
    /// The interrupts as QEMU knows them.
    interrupts: u32,
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
}

/// Puts the chip with this name into the machine that QEMU is about to build;
/// its processor begins in the file `rom`.
pub(crate) fn want(name: &str, rom: &str) -> Result<(), String> {
    let (layout, make) =
        *KNOWN.iter().find(|(layout, _)| layout.name == name).ok_or_else(|| {
            let known: Vec<_> = KNOWN.iter().map(|(layout, _)| layout.name).collect();
            format!("unknown chip `{name}` (there is {})", known.join(", "))
        })?;
    let bytes = fs::read(rom).map_err(|error| format!("boot ROM `{rom}`: {error}"))?;
    if bytes.len() < 8 || bytes.len() > layout.rom.1 as usize {
        return Err(format!(
            "boot ROM `{rom}` has {} bytes, where {} are the most and 8 the fewest",
            bytes.len(),
            layout.rom.1
        ));
    }
    WANTED.get_or_init(|| Wanted { layout, make, rom: bytes });
    Ok(())
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
    let map = qemu::Map::new(qemu::Accesses { load, store, nowhere });
    let rom = map.rom("chip.rom", layout.rom.0, layout.rom.1)?;
    for (word, bytes) in rom.iter().zip(wanted.rom.chunks(4)) {
        let mut four = [0; 4];
        four[..bytes.len()].copy_from_slice(bytes);
        word.store(u32::from_le_bytes(four), std::sync::atomic::Ordering::Relaxed);
    }
    for (name, at, size) in layout.ram {
        map.ram(name, *at, *size)?;
    }
    let flash = map.rom_device("chip.flash", layout.flash.at, layout.flash.size, FLASH)?;
    flash.iter().for_each(|word| word.store(u32::MAX, std::sync::atomic::Ordering::Relaxed));
    let mut mirrors = Vec::new();
    for (index, block) in layout.blocks.iter().enumerate() {
        if block.is_mirrored {
            mirrors.push(map.rom_device(block.name, &[block.at], block.size, index)?);
        } else {
            map.registers(block.name, block.at, block.size, index);
        }
    }
    map.cover(layout.core.memory)?;
    qemu::set_clock(layout.core.clock, layout.core.hertz)?;
    let emulation = Emulation {
        chip: (wanted.make)(&mirrors, qemu::random()),
        layout,
        context: Context::default(),
        lines: qemu::inputs(layout.core.interrupts, layout.core.lines)?,
        interrupts: 0,
        timer: Timer::new(is_due, 0),
        deadline: None,
        is_moved: false,
        ports: vec![None; layout.uarts.len()],
        watched: None,
        found: HashSet::new(),
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
    let interrupts = emulation.chip.interrupts();
    let changed = std::mem::replace(&mut emulation.interrupts, interrupts) ^ interrupts;
    let deadline = emulation.chip.next_deadline();
    emulation.is_moved |= std::mem::replace(&mut emulation.deadline, deadline) != deadline;
    if changed == 0 && emulation.context.effects.is_empty() {
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
    for (line, level) in lines {
        if level {
            hooks::set_event();
        }
        line.set(i32::from(level));
    }
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
    GaveUp { call: u32, arguments: [u32; 3] },
    Found(Finding),
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
            Effect::GaveUp { call, arguments } => Told::GaveUp { call, arguments },
            Effect::Found(finding) => {
                let is_new = self.found.len() < MOST_FINDINGS && self.found.insert(finding);
                return is_new.then_some(Told::Found(finding));
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
        Told::Program { at, from, length } => program(at, from, length),
        Told::GaveUp { call, arguments } => stop::request(Reason::Rom { call, arguments }),
        Told::Found(finding) => {
            let pc = hooks::program_counter();
            lab().found(&finding, pc, now);
        }
    }
}

/// A cleared bit of flash is set again only by an erase.
fn program(at: u32, from: u32, length: u32) {
    let peek = |address: u32| qemu::peek(u64::from(address), length as usize);
    let (Some(old), Some(mut bytes)) = (peek(at), peek(from)) else { return };
    for (byte, old) in bytes.iter_mut().zip(old) {
        *byte &= old;
    }
    qemu::poke(u64::from(at), &mut bytes);
}

fn load(block: usize, offset: u32, size: c_uint) -> u32 {
    if !qemu::is_processors_thread() {
        return look(block, offset); // The lab reads; nothing is to happen.
    }
    let value = enter(|chip, layout, context| {
        let Some(place) = layout.blocks.get(block) else { return 0 };
        let value = place.load(chip.peripheral(block), offset, size, context);
        chip.settle(block, context);
        value
    });
    value.unwrap_or(0)
}

fn look(block: usize, offset: u32) -> u32 {
    let now = u64::try_from(qemu::now()).unwrap_or(0);
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let emulation = guard.as_mut();
    emulation.map_or(0, |emulation| emulation.chip.peripheral(block).peek(offset & !3, now))
}

fn store(block: usize, offset: u32, value: u32, size: c_uint) {
    enter(|chip, layout, context| {
        let Some(place) = layout.blocks.get(block) else {
            let at = layout.flash.at[0] + (offset & !3);
            nothing(context, "flash memory", at, true);
            return;
        };
        place.store(chip.peripheral(block), offset, size, value, context);
        chip.settle(block, context);
    });
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
    enter(|chip, _, context| chip.advance(context));
}

/// The machine is reset.
pub(crate) fn reset(by: ResetBy) {
    enter(|chip, _, context| chip.reset(by, context));
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

/// A load whose effect the mirror of its block cannot have. Called without
/// QEMU's lock.
pub(crate) fn loaded(address: u32) {
    let mut guard = CHIP.lock().expect("a panic ends the process");
    let Some(emulation) = guard.as_mut() else { return };
    let mirrored = emulation
        .layout
        .blocks
        .iter()
        .enumerate()
        .find(|(_, block)| block.is_mirrored && address.wrapping_sub(block.at) < block.size);
    let is_changed =
        mirrored.is_some_and(|(index, block)| emulation.chip.loaded(index, address - block.at));
    drop(guard);
    if is_changed {
        qemu::run_on_cpu(settle);
    }
}

/// Brings to QEMU what a load without its lock has changed.
extern "C" fn settle(_cpu: Opaque, _data: u64) {
    enter(|_, _, _| ());
}
