//! What runs inside QEMU, as a TCG plugin: exact time, UART, pins, faults,
//! resets and memory, spoken to over one inherited socket (`PROTOCOL.md`).
//!
//! The one idea: a machine is stopped except during the command `go`. All that
//! may end it (a time, bytes, an edge, a fault, a reset) only *files* a stop;
//! one piece of work in the processor's thread carries it out, so that all
//! reasons stop alike and none lets the clock slip (`stop`).
//!
//! What is decided stands in modules that know no QEMU and are tested as
//! functions ([`commands`], [`lab`] and what it holds); [`qemu`] is the only one
//! that calls into QEMU. It finds every function by name when the plugin is
//! installed, so the crate links anywhere, and a QEMU that lacks one is refused
//! with a message that names it.

mod abort;
mod checkpoints;
mod chip;
mod commands;
mod conditions;
mod hex;
mod hooks;
mod inbox;
mod install;
mod lab;
mod output;
mod qemu;
mod session;
mod socket;
mod stimuli;
mod stop;
mod wires;
mod wiring;
