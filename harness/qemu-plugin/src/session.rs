//! Carries out the lab's commands.
//!
//! Commands come in QEMU's main loop with the big lock held, while the machine
//! is stopped; only `halt` comes while it runs. Each is answered by one line,
//! `OK …` or `ERR …`; `go` by `STOP …` when the machine stands again.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use crate::commands::{Command, Refusal};
use crate::conditions::Condition;
use crate::hooks;
use crate::lab::{Reason, lab};
use crate::qemu::{self, Chardev, Device, Line, Opaque, Timer};
use crate::stop;

/// Of this protocol (`PROTOCOL.md`). Raised with every change that an older lab would misunderstand.
const PROTOCOL: u32 = 2;

static WIRING: Mutex<Wiring> =
    Mutex::new(Wiring { ports: Vec::new(), driven: Vec::new(), behind: Vec::new() });
static UNTIL: OnceLock<Mutex<Timer>> = OnceLock::new();
static DRIVES: OnceLock<Mutex<Timer>> = OnceLock::new();
/// Resets count from the first `hello` on: QEMU resets the machine once while it builds it.
static GREETED: AtomicBool = AtomicBool::new(false);
static RESET_ASKED: AtomicBool = AtomicBool::new(false);
static WENT: AtomicBool = AtomicBool::new(false);

/// QEMU's ends of what [`crate::lab`] knows by number.
struct Wiring {
    ports: Vec<(Chardev, Timer)>,
    driven: Vec<(String, u32, Line)>,
    /// The old end of each watched line.
    behind: Vec<Option<Line>>,
}

fn wiring() -> MutexGuard<'static, Wiring> {
    WIRING.lock().expect("a panic ends the process")
}

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
        Command::Port { chardev, baud } => port(&chardev, baud),
        Command::Watch { path, lines } => watch(&path, lines),
        Command::Fault { handler } => fault(handler),
        Command::ResetLine { path } => reset_line(&path),
        Command::Send { port, from, bytes } => send(port, from, &bytes),
        Command::Pending { port } => {
            let (bytes, deferred) = lab().inbox(port).ok_or_else(|| no_port(port))?.waiting();
            Ok(format!("{bytes} {deferred}"))
        }
        Command::Drive { at, path, line, level } => drive(at, &path, line, level),
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

fn port(chardev: &str, baud: u32) -> Result<String, Refusal> {
    let found =
        Chardev::find(chardev).ok_or_else(|| format!("no chardev `{chardev}` of the kind null"))?;
    qemu::take_bytes(byte_was_sent).map_err(|why| format!("this QEMU is strange: {why}"))?;
    let mut wiring = wiring();
    let number = lab().add_port(baud);
    wiring.ports.push((found, Timer::new(byte_is_due, number)));
    Ok(number.to_string())
}

fn device(path: &str) -> Result<Device, Refusal> {
    Device::find(path).ok_or_else(|| format!("no device at `{path}`"))
}

fn watch(path: &str, lines: u32) -> Result<String, Refusal> {
    let device = device(path)?;
    if let Some(line) = (0..lines).find(|line| !device.has_output(*line)) {
        return Err(format!("`{path}` has no output {line}"));
    }
    let first = wiring().behind.len();
    let number = lab().add_watch(lines);
    for (line, index) in (0..lines).zip(first..) {
        let old = device.intercept(line, line_changed, index);
        wiring().behind.push(old);
    }
    Ok(number.to_string())
}

fn fault(handler: u64) -> Result<String, Refusal> {
    if WENT.load(Ordering::Acquire) {
        return Err("fault handlers must be named before the first go".to_owned());
    }
    hooks::stop_at(handler).map(|()| String::new())
}

fn reset_line(path: &str) -> Result<String, Refusal> {
    let found = device(path)?.intercept_reset(reset_wanted);
    found.map(|()| String::new()).ok_or_else(|| format!("`{path}` has no output SYSRESETREQ"))
}

fn send(port: usize, from: i64, bytes: &[u8]) -> Result<String, Refusal> {
    let now = qemu::now();
    let (last, next) = {
        let mut lab = lab();
        let inbox = lab.inbox(port).ok_or_else(|| no_port(port))?;
        (inbox.push(now, from, bytes), inbox.next_at())
    };
    let (_, timer) = wiring().ports[port];
    if let Some(next) = next {
        timer.at(next);
    }
    Ok(last.to_string())
}

fn drive(at: i64, path: &str, line: u32, level: i32) -> Result<String, Refusal> {
    let driven = driven(path, line)?;
    let (id, next) = {
        let mut lab = lab();
        (lab.schedule(at.max(qemu::now()), driven, level), lab.next_drive_at())
    };
    if let Some(next) = next {
        timer(&DRIVES, levels_are_due).at(next);
    }
    Ok(id.to_string())
}

/// The number of a driven line; it gets one when it is first named.
fn driven(path: &str, line: u32) -> Result<usize, Refusal> {
    let mut wiring = wiring();
    if let Some(known) =
        wiring.driven.iter().position(|(of, number, _)| of == path && *number == line)
    {
        return Ok(known);
    }
    let input = device(path)?.input(line).ok_or_else(|| format!("`{path}` has no input {line}"))?;
    wiring.driven.push((path.to_owned(), line, input));
    Ok(wiring.driven.len() - 1)
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
        set(drive.line, drive.level);
    }
    timer(&UNTIL, stop::time_has_come).at(until);
    qemu::start();
    Ok(())
}

fn reset() {
    lab().drop_pending();
    wiring().ports.iter().for_each(|(_, timer)| timer.cancel());
    timer(&DRIVES, levels_are_due).cancel();
    hooks::forget_pass();
    RESET_ASKED.store(true, Ordering::Release);
    qemu::request_reset();
}

/// Called in the main loop when the machine is reset, by whomever.
extern "C" fn was_reset(_opaque: Opaque) {
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
extern "C" fn reset_wanted(_opaque: Opaque, _line: c_int, level: c_int) {
    if level != 0 {
        stop::request(Reason::Reset);
    }
}

/// A UART hands a byte over, in the middle of the store that sends it. Big lock held.
fn byte_was_sent(chardev: Chardev, byte: u8) {
    let port = wiring().ports.iter().position(|(one, _)| *one == chardev);
    let Some(port) = port else { return };
    let now = qemu::now();
    let reason = lab().sent(port, byte, now);
    if let Some(reason) = reason {
        stop::request(reason);
    }
}

/// A watched output changes. Big lock held; either thread.
extern "C" fn line_changed(index: Opaque, _line: c_int, level: c_int) {
    let index = qemu::unpack(index);
    let behind = wiring().behind.get(index).copied().flatten();
    if let Some(behind) = behind {
        behind.set(level);
    }
    let now = qemu::now();
    let reason = lab().edge(index, level, now);
    if let Some(reason) = reason {
        stop::request(reason);
    }
}

/// The timer of a port: gives the UART a byte, or tries again one character later.
extern "C" fn byte_is_due(port: Opaque) {
    let port = qemu::unpack(port);
    let (chardev, timer) = wiring().ports[port];
    let Some(byte) = lab().inbox(port).and_then(|inbox| inbox.front()) else { return };
    if chardev.has_room() {
        lab().received(port, qemu::now());
        chardev.give(byte);
    } else if let Some(inbox) = lab().inbox(port) {
        inbox.no_room();
    }
    stop_if_full();
    let next = lab().inbox(port).and_then(|inbox| inbox.next_at());
    if let Some(next) = next {
        timer.at(next); // Last: see `Timer::at`.
    }
}

/// The timer of driven lines.
extern "C" fn levels_are_due(_opaque: Opaque) {
    let now = qemu::now();
    loop {
        let due = lab().drive_due(now);
        let Some(drive) = due else { break };
        set(drive.line, drive.level);
    }
    stop_if_full();
    let next = lab().next_drive_at();
    if let Some(next) = next {
        timer(&DRIVES, levels_are_due).at(next); // Last: see `Timer::at`.
    }
}

fn stop_if_full() {
    let full = lab().full();
    if let Some(reason) = full {
        stop::request(reason);
    }
}

fn set(driven: usize, level: i32) {
    let (_, _, line) = wiring().driven[driven].clone();
    line.set(level);
}
