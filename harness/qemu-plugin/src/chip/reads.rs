//! Loads of the pins' levels by the firmware: which were of a pin that nobody drives.
//!
//! Such a load is looked at only while there is a pin whose read would be news:
//! one number ([`suspects`]) says so, and else nothing is done.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::lab::lab;
use crate::qemu::{self, Opaque};

use super::undriven::looked_at;

/// The inputs that nobody drives and of whose reads nothing was told.
static SUSPECTS: AtomicU32 = AtomicU32::new(0);
/// The pins of whose reads was told.
static TOLD: AtomicU32 = AtomicU32::new(0);
/// What a hook has found and could not tell.
static FOUND: Mutex<Vec<Read>> = Mutex::new(Vec::new());

/// How many bytes behind a load are looked at in one; the rest is fetched.
const NEAR: usize = 32;

/// A pin that was read, the register's address, and that of the load.
#[derive(Clone, Copy)]
struct Read {
    pin: u32,
    address: u32,
    pc: u32,
}

/// These inputs nobody drives from now on.
pub(super) fn suspects(undriven: u32) {
    SUSPECTS.store(undriven & !TOLD.load(Ordering::Relaxed), Ordering::Relaxed);
}

/// The pins of whose reads was told, for a checkpoint.
pub(super) fn told() -> u32 {
    TOLD.load(Ordering::Relaxed)
}

/// Only of these was told, while these inputs nobody drives.
pub(super) fn tell_again(told: u32, undriven: u32) {
    TOLD.store(told, Ordering::Relaxed);
    suspects(undriven);
}

/// Looks at a load at `pc` of the pins' levels at `address`, and tells what it was a
/// read of. In the processor's thread, big lock held.
pub(super) fn look(pc: u32, address: u32) {
    of(pc, address).into_iter().for_each(tell);
}

/// The same without the big lock, in a hook where registers can be read. It is told
/// after the block, at whose end the clock can be read.
pub(crate) fn loaded(pc: u32, address: u32) {
    let reads = of(pc, address);
    if !reads.is_empty() {
        FOUND.lock().expect("a panic ends the process").extend(reads);
        qemu::run_on_cpu(tell_found);
    }
}

extern "C" fn tell_found(_cpu: Opaque, _data: u64) {
    let found = std::mem::take(&mut *FOUND.lock().expect("a panic ends the process"));
    found.into_iter().for_each(tell);
}

fn tell(Read { pin, address, pc }: Read) {
    let now = qemu::now();
    lab().read_undriven(pin, address, pc, now);
}

/// The reads that a load was and that are news.
fn of(pc: u32, address: u32) -> Vec<Read> {
    let suspects = SUSPECTS.load(Ordering::Relaxed);
    if suspects == 0 {
        return Vec::new();
    }
    let near = qemu::peek(u64::from(pc), NEAR).unwrap_or_default();
    let code = |at: u32| {
        let offset = at.wrapping_sub(pc) as usize;
        match near.get(offset..).and_then(|rest| rest.get(..2)) {
            Some(half) => Some(u16::from_le_bytes([half[0], half[1]])),
            None => qemu::peek(u64::from(at), 2).map(|half| u16::from_le_bytes([half[0], half[1]])),
        }
    };
    let registers = std::array::from_fn(|number| qemu::register(number as i32));
    let pins = looked_at(pc, address, registers, code) & suspects;
    TOLD.fetch_or(pins, Ordering::Relaxed);
    SUSPECTS.fetch_and(!pins, Ordering::Relaxed);
    let read = |pin| Read { pin, address, pc };
    (0..32).filter(|pin| pins >> pin & 1 != 0).map(read).collect()
}
