//! QEMU's command line for a machine by the desk clock.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::Path;

use replab_board::{Board, QemuMachine};

use crate::qemu::arguments::{Arguments, DATE, SANDBOX, chardev};

/// What the command line is made of.
pub(super) struct Parts<'a> {
    pub(super) board: &'a Board,
    pub(super) machine: &'a QemuMachine,
    pub(super) firmware: &'a Path,
    pub(super) seed: u32,
    /// QEMU's folder of data, where it is not the one that it was built for.
    pub(super) data: Option<&'a Path>,
    /// The folder of the UARTs' pipes.
    pub(super) pipes: &'a Path,
    /// QEMU's ends of our sockets.
    pub(super) monitor: RawFd,
    pub(super) tester: RawFd,
}

/// All arguments.
///
/// A reset that the firmware asks for stops the machine before it happens
/// (`-action reboot=shutdown,shutdown=pause`). The chardev of the test protocol
/// must be called `qtest`: QEMU 7.2 looks for it under that name whatever
/// `-qtest` says (softmmu/qtest.c).
pub(super) fn arguments(parts: &Parts<'_>) -> Vec<OsString> {
    let mut all = Arguments(Vec::new());
    if let Some(data) = parts.data {
        all.add("-L", data);
    }
    all.add("-machine", &parts.machine.machine);
    all.0.extend(parts.machine.arguments.iter().map(OsString::from));
    all.add("-display", "none");
    all.0.extend(["-nodefaults", "-no-user-config", "-S"].map(OsString::from));
    all.add("-seed", parts.seed.to_string());
    all.add("-rtc", DATE);
    all.add("-action", "reboot=shutdown,shutdown=pause");
    for port in 0..parts.board.ports.len() {
        let id = chardev(port);
        let mut pipe = OsString::from(format!("pipe,id={id},path="));
        pipe.push(parts.pipes.join(&id));
        all.add("-chardev", pipe);
        all.add("-serial", format!("chardev:{id}"));
    }
    all.add("-chardev", format!("socket,id=monitor,fd={}", parts.monitor));
    all.add("-mon", "chardev=monitor,mode=control");
    all.add("-chardev", format!("socket,id=qtest,fd={}", parts.tester));
    all.add("-qtest", "chardev:qtest");
    all.add("-qtest-log", "none");
    all.add("-sandbox", SANDBOX);
    all.add("-kernel", parts.firmware);
    all.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_plugin_nor_instruction_count() {
        let text = include_str!("../../../../../boards/lab-m0.yaml");
        let board = replab_board::load("lab-m0.yaml", text).unwrap();
        let parts = Parts {
            board: &board,
            machine: board.backends.qemu.as_ref().unwrap(),
            firmware: Path::new("firmware.elf"),
            seed: 7,
            data: None,
            pipes: Path::new("/pipes"),
            monitor: 5,
            tester: 6,
        };
        let words: Vec<_> =
            arguments(&parts).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(
            words.join(" "),
            "-machine microbit -global nrf51-soc.flash-size=2097152 -global nrf51-soc.sram-size=270336 \
             -display none -nodefaults -no-user-config -S -seed 7 -rtc base=2026-01-01T00:00:00,clock=vm \
             -action reboot=shutdown,shutdown=pause -chardev pipe,id=port0,path=/pipes/port0 -serial chardev:port0 \
             -chardev socket,id=monitor,fd=5 -mon chardev=monitor,mode=control \
             -chardev socket,id=qtest,fd=6 -qtest chardev:qtest -qtest-log none \
             -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny -kernel firmware.elf"
        );
    }
}
