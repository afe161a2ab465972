//! Carries out the lab's commands.
//!
//! Commands come in QEMU's main loop with the big lock held, while the machine
//! is stopped; only `halt` comes while it runs. Each is answered by one line,
//! `OK …` or `ERR …`; `go` by `STOP …` when the machine stands again.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::checkpoints;
use crate::chip::emulation;
use crate::chip::layout::{ResetBy, Spoken};
use crate::commands::{Command, Refusal};
use crate::conditions::Condition;
use crate::hooks;
use crate::lab::{Reason, lab};
use crate::qemu::{self, Opaque, Timer};
use crate::stop;
use crate::wiring;

/// Of this protocol (`PROTOCOL.md`). Raised with every change that an older lab would misunderstand.
const PROTOCOL: u32 = 4;

static UNTIL: OnceLock<Mutex<Timer>> = OnceLock::new();
static DRIVES: OnceLock<Mutex<Timer>> = OnceLock::new();
/// Resets count from the first `hello` on: QEMU resets the machine once while it builds it.
static GREETED: AtomicBool = AtomicBool::new(false);
static RESET_ASKED: AtomicBool = AtomicBool::new(false);
/// The processor has asked for a reset (SYSRESETREQ).
static CORE_ASKED: AtomicBool = AtomicBool::new(false);
static WENT: AtomicBool = AtomicBool::new(false);

fn timer(place: &OnceLock<Mutex<Timer>>, callback: qemu::Callback) -> Timer {
    *place
        .get_or_init(|| Mutex::new(Timer::new(callback, 0)))
        .lock()
        .expect("a panic ends the process")
}

/// Has QEMU call us from now on.
pub(crate) fn listen(descriptor: c_int, readable: qemu::Callback) {
    qemu::listen(stop::changed, was_reset, descriptor, readable);
}

/// The deadline of `go` is over.
pub(crate) fn disarm() {
    timer(&UNTIL, stop::time_has_come).cancel();
}

/// Answers that it was not done.
pub(crate) fn refuse(refusal: &str) {
    let mut lab = lab();
    lab.out.line(format_args!("ERR {refusal}"));
    lab.out.flush();
}

/// Carries one out.
pub(crate) fn execute(command: Command) {
    let answer = match command {
        Command::Halt => {
            if qemu::is_running() {
                stop::request(Reason::Halt);
            }
            return;
        }
        _ if qemu::is_running() => Err("the machine runs".to_owned()),
        Command::Go { until, most, conditions } => match go(until, most, conditions) {
            Ok(()) => return,
            refused => refused.map(|()| String::new()),
        },
        Command::Reset => return reset(),
        Command::Peek { address, length } => return peek(address, length),
        other => at_rest(other),
    };
    say(answer);
}

/// The commands that are carried out for a QEMU that is about to end.
pub(crate) fn execute_the_rest(command: Command) {
    match command {
        Command::Halt => {}
        Command::Peek { address, length } => peek(address, length),
        Command::Regs | Command::Host { .. } => say(at_rest(command)),
        _ => refuse("the machine has ended: it can only be read"),
    }
}

fn peek(address: u64, length: usize) {
    match qemu::peek(address, length) {
        Some(bytes) => {
            let mut lab = lab();
            lab.out.bytes(&bytes);
            lab.out.flush();
        }
        None => refuse(&format!("no memory at {address:x}, {length} bytes")),
    }
}

fn say(answer: Result<String, Refusal>) {
    match answer {
        Ok(text) => {
            let mut lab = lab();
            lab.out.line(format_args!("OK {text}"));
            lab.out.flush();
        }
        Err(refusal) => refuse(&refusal),
    }
}

/// The commands that are done when they are answered.
fn at_rest(command: Command) -> Result<String, Refusal> {
    match command {
        Command::Hello => Ok(hello()),
        Command::Time => Ok(qemu::now().to_string()),
        Command::Port { chardev, baud } => {
            wiring::port(&chardev, baud, byte_is_due).map(|number| number.to_string())
        }
        Command::Watch { path, lines } => {
            wiring::watch(&path, lines).map(|number| number.to_string())
        }
        Command::Fault { handler } => fault(handler),
        Command::ResetLine { path } => reset_line(&path),
        Command::Send { port, from, bytes } => send(port, from, &bytes),
        Command::Pending { port } => {
            let (bytes, deferred) = lab().inbox(port).ok_or_else(|| no_port(port))?.waiting();
            Ok(format!("{bytes} {deferred}"))
        }
        Command::Drive { at, path, line, level } => drive(at, &path, line, level),
        Command::Noise { at, path, line, seed } => noise(at, &path, line, seed),
        Command::Wire { path, line, wire } => {
            let id = wiring::wire(&path, line, wire)?;
            Ok(id.to_string())
        }
        Command::Poke { address, mut bytes } => {
            let there = qemu::poke(address, &mut bytes);
            there
                .then(String::new)
                .ok_or_else(|| format!("no memory at {address:x}, {} bytes", bytes.len()))
        }
        Command::Fill { address, length, byte } => qemu::fill(address, length, byte)
            .then(String::new)
            .ok_or_else(|| format!("no memory at {address:x}, {length} bytes")),
        Command::Host { address, length } => qemu::host_address(address, length)
            .map(|(host, length)| format!("{host:x} {length}"))
            .ok_or_else(|| format!("no memory at {address:x}")),
        Command::Regs => regs(),
        Command::Spoken => Ok(spoken()),
        Command::Keep => checkpoints::keep().map(|checkpoint| checkpoint.to_string()),
        Command::Restore { checkpoint } => checkpoints::restore(checkpoint).map(|()| String::new()),
        Command::Go { .. } | Command::Halt | Command::Reset | Command::Peek { .. } => {
            unreachable!("answered by `execute`")
        }
    }
}

fn hello() -> String {
    GREETED.store(true, Ordering::Release);
    let (version, package) = qemu::version();
    format!("replab {PROTOCOL} qemu {version} {package}").trim_end().to_owned()
}

fn no_port(port: usize) -> Refusal {
    format!("no port {port}")
}

fn fault(handler: u64) -> Result<String, Refusal> {
    if WENT.load(Ordering::Acquire) {
        return Err("fault handlers must be named before the first go".to_owned());
    }
    hooks::stop_at(handler).map(|()| String::new())
}

fn reset_line(path: &str) -> Result<String, Refusal> {
    let found = wiring::device(path)?.intercept_reset(reset_wanted);
    found.map(|()| String::new()).ok_or_else(|| format!("`{path}` has no output SYSRESETREQ"))
}

fn send(port: usize, from: i64, bytes: &[u8]) -> Result<String, Refusal> {
    let now = qemu::now();
    let (last, next) = {
        let mut lab = lab();
        let inbox = lab.inbox(port).ok_or_else(|| no_port(port))?;
        (inbox.push(now, from, bytes), inbox.next_at())
    };
    let (_, timer) = wiring::of_port(port);
    if let Some(next) = next {
        timer.at(next);
    }
    Ok(last.to_string())
}

fn drive(at: i64, path: &str, line: u32, level: i32) -> Result<String, Refusal> {
    let driven = wiring::driven(path, line, level)?;
    let id = lab().schedule(at.max(qemu::now()), driven, level);
    Ok(scheduled(id))
}

fn noise(at: i64, path: &str, line: u32, seed: u64) -> Result<String, Refusal> {
    let driven = wiring::noisy(path, line)?;
    let id = lab().schedule_noise(at.max(qemu::now()), driven, seed);
    Ok(scheduled(id))
}

fn scheduled(id: usize) -> String {
    let next = lab().next_drive_at();
    if let Some(next) = next {
        timer(&DRIVES, levels_are_due).at(next);
    }
    id.to_string()
}

/// What the firmware has enabled to speak by.
fn spoken() -> String {
    let Spoken { uart, usb } = emulation::spoken().unwrap_or_default();
    let words = [(uart, "uart"), (usb, "usb")];
    let words: Vec<_> = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    words.join(" ")
}

/// r0 to r15, xPSR, MSP, PSP.
fn regs() -> Result<String, Refusal> {
    let numbers = hooks::registers().ok_or("there is no processor yet")?;
    let all: Vec<String> = (0..16)
        .chain([numbers.xpsr, numbers.msp, numbers.psp])
        .map(|number| format!("{:08x}", qemu::register(number)))
        .collect();
    Ok(all.join(" "))
}

fn go(until: i64, most: usize, conditions: Vec<Condition>) -> Result<(), Refusal> {
    lab().begin(most, conditions)?;
    WENT.store(true, Ordering::Release);
    let again = lab().drive_again(qemu::now());
    for drive in again {
        wiring::set(drive.line, drive.level);
    }
    arm_last(timer(&UNTIL, stop::time_has_come), Some(until));
    qemu::show(0);
    emulation::settle_soon(); // All cores are let go, also the one whose turn it is not.
    qemu::start();
    Ok(())
}

/// Whether the processor has asked for the reset that is to come, for checkpoints.
pub(crate) fn has_core_asked() -> bool {
    CORE_ASKED.load(Ordering::Acquire)
}

/// It has asked for it, or has not.
pub(crate) fn core_asked(has: bool) {
    CORE_ASKED.store(has, Ordering::Release);
}

fn reset() {
    lab().drop_pending();
    wiring::cancel_ports();
    timer(&DRIVES, levels_are_due).cancel();
    hooks::forget_pass();
    RESET_ASKED.store(true, Ordering::Release);
    qemu::request_reset();
}

/// Called in the main loop when the machine is reset, by whomever.
extern "C" fn was_reset(_opaque: Opaque) {
    (0..2).for_each(hooks::clear_event);
    emulation::reset(if !GREETED.load(Ordering::Acquire) {
        ResetBy::Power
    } else if CORE_ASKED.swap(false, Ordering::AcqRel) {
        ResetBy::Core
    } else {
        ResetBy::Line
    });
    if !GREETED.load(Ordering::Acquire) {
        return;
    }
    let asked = RESET_ASKED.swap(false, Ordering::AcqRel);
    let mut lab = lab();
    lab.was_reset(qemu::now(), asked);
    if asked {
        lab.out.line(format_args!("OK"));
        lab.out.flush();
    }
    drop(lab);
    if qemu::is_running() {
        stop::request(Reason::Reset); // Queued work comes before the first instruction.
    }
}

/// NVIC's SYSRESETREQ. Once it leads here, QEMU does nothing of its own at it (`hw/intc/armv7m_nvic.c`).
pub(crate) extern "C" fn reset_wanted(_opaque: Opaque, _line: c_int, level: c_int) {
    if level != 0 {
        CORE_ASKED.store(true, Ordering::Release);
        stop::request(Reason::Reset);
    }
}

/// The timer of a port: gives the UART a byte, or tries again one character later.
extern "C" fn byte_is_due(port: Opaque) {
    let port = qemu::unpack(port);
    let (end, timer) = wiring::of_port(port);
    let Some(byte) = lab().inbox(port).and_then(|inbox| inbox.front()) else { return };
    if end.has_room() {
        lab().received(port, qemu::now());
        end.give(byte);
    } else if let Some(inbox) = lab().inbox(port) {
        inbox.no_room();
    }
    stop_if_full();
    let next = lab().inbox(port).and_then(|inbox| inbox.next_at());
    arm_last(timer, next);
}

/// Arms the timer of a callback, and that of our chip where the callback moved its
/// deadline: last of all and the earliest first, for arming may move the clock to
/// what is armed (see `Timer::at`).
fn arm_last(timer: Timer, next: Option<i64>) {
    let own = next.map(|at| (at, timer));
    let mut all: Vec<_> = own.into_iter().chain(emulation::take_moved()).collect();
    all.sort_by_key(|(at, _)| *at);
    for (at, timer) in all {
        timer.at(at);
    }
}

/// The timer of driven lines.
extern "C" fn levels_are_due(_opaque: Opaque) {
    let now = qemu::now();
    loop {
        let due = lab().drive_due(now);
        let Some(drive) = due else { break };
        match drive.noise {
            Some(seed) => wiring::noise(drive.line, seed),
            None => wiring::set(drive.line, drive.level),
        }
    }
    stop_if_full();
    let next = lab().next_drive_at();
    arm_last(timer(&DRIVES, levels_are_due), next);
}

fn stop_if_full() {
    let full = lab().full();
    if let Some(reason) = full {
        stop::request(reason);
    }
}
