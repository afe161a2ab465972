//! QEMU's command line.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::Path;

use replab_board::{Board, QemuMachine};

/// The date that firmware with a clock reads at power-on.
pub(super) const DATE: &str = "base=2026-01-01T00:00:00,clock=vm";

/// What else the process may do: nothing. The plugin works with it.
pub(super) const SANDBOX: &str =
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/// What the command line is made of.
pub(super) struct Parts<'a> {
    /// The board.
    pub(super) board: &'a Board,
    /// How QEMU runs it.
    pub(super) machine: &'a QemuMachine,
    /// The firmware.
    pub(super) firmware: &'a Path,
    /// Where the processor of a chip of the plugin's begins.
    pub(super) boot_rom: &'a Path,
    /// Of QEMU's random numbers.
    pub(super) seed: u32,
    /// QEMU's folder of data, where it is not the one that it was built for.
    pub(super) data: Option<&'a Path>,
    /// How many cores a chip of the plugin's has.
    pub(super) cores: u32,
    /// The plugin's file.
    pub(super) plugin: &'a Path,
    /// The plugin's end of our socket.
    pub(super) socket: RawFd,
    /// Leaves the cure of QEMU's race at WFI out.
    pub(super) naive_wfi: bool,
    /// A socket for QMP.
    pub(super) qmp: Option<RawFd>,
}

/// All arguments.
///
/// The clock counts instructions (`-icount`), and a sleeping processor skips to
/// the next timer (`sleep=off`). UARTs lead to `null`: their bytes go both ways
/// through the plugin. No network, no display, no semihosting, and stopped (`-S`).
pub(super) fn arguments(parts: &Parts<'_>) -> Vec<OsString> {
    let mut all = Arguments(Vec::new());
    if let Some(data) = parts.data {
        all.add("-L", data);
    }
    all.add("-machine", &parts.machine.machine);
    all.0.extend(parts.machine.arguments.iter().map(OsString::from));
    all.add("-display", "none");
    all.0.extend(["-nodefaults", "-no-user-config", "-S"].map(OsString::from));
    all.add("-icount", format!("shift={},sleep=off", parts.board.instruction_ns.trailing_zeros()));
    all.add("-seed", parts.seed.to_string());
    all.add("-rtc", DATE);
    let ports = if parts.machine.whole_chip().is_none() { parts.board.ports.len() } else { 0 };
    for port in 0..ports {
        all.add("-chardev", format!("null,id={}", chardev(port)));
        all.add("-serial", format!("chardev:{}", chardev(port)));
    }
    if let Some(qmp) = parts.qmp {
        all.add("-chardev", format!("socket,id=qmp,fd={qmp}"));
        all.add("-mon", "chardev=qmp,mode=control");
    }
    all.add("-sandbox", SANDBOX);
    all.add("-plugin", plugin(parts));
    if parts.machine.whole_chip().is_none() {
        all.add("-kernel", parts.firmware);
    }
    all.0
}

/// The id of the chardev behind the port with this number.
pub(super) fn chardev(port: usize) -> String {
    format!("port{port}")
}

/// Options and their values, as they are gathered.
pub(super) struct Arguments(pub(super) Vec<OsString>);

impl Arguments {
    /// Adds one option with its value.
    pub(super) fn add(&mut self, option: &str, value: impl Into<OsString>) {
        self.0.push(option.into());
        self.0.push(value.into());
    }
}

fn plugin(parts: &Parts<'_>) -> OsString {
    let mut value = doubled(parts.plugin);
    value.push(format!(",ctl={}", parts.socket));
    if parts.naive_wfi {
        value.push(",wfi=naive");
    }
    if let Some(chip) = parts.machine.chip {
        value.push(format!(",chip={}", chip.name()));
    }
    if parts.machine.whole_chip().is_some() {
        value.push(",rom=");
        value.push(doubled(parts.boot_rom));
        if parts.cores > 1 {
            value.push(format!(",cores={}", parts.cores));
        }
    }
    value
}

/// A path in an option: QEMU reads a doubled comma as one that belongs to the value.
fn doubled(path: &Path) -> OsString {
    let mut value = OsString::new();
    for (index, piece) in
        path.as_os_str().as_encoded_bytes().split(|byte| *byte == b',').enumerate()
    {
        if index > 0 {
            value.push(",,");
        }
        value.push(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(piece));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB_M0: &str = include_str!("../../../../boards/lab-m0.yaml");

    const PICO: &str = include_str!("../../../../boards/pico.yaml");

    fn line(naive_wfi: bool, qmp: Option<RawFd>) -> String {
        of("lab-m0.yaml", LAB_M0, naive_wfi, qmp)
    }

    /// With a monitor there are two cores too.
    fn of(file: &str, text: &str, naive_wfi: bool, qmp: Option<RawFd>) -> String {
        let board = replab_board::load(file, text).unwrap();
        let machine = board.backends.qemu.clone().unwrap();
        let parts = Parts {
            board: &board,
            machine: &machine,
            firmware: Path::new("firmware, with comma.elf"),
            boot_rom: Path::new("rom,1.bin"),
            seed: 7,
            data: Some(Path::new("data")),
            cores: if qmp.is_some() { 2 } else { 1 },
            plugin: Path::new("a,b.so"),
            socket: 5,
            naive_wfi,
            qmp,
        };
        let words: Vec<_> =
            arguments(&parts).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn the_board_decides_the_command_line() {
        assert_eq!(
            line(false, None),
            "-L data -machine microbit -global nrf51-soc.flash-size=2097152 -global nrf51-soc.sram-size=270336 \
             -display none -nodefaults -no-user-config -S -icount shift=3,sleep=off -seed 7 \
             -rtc base=2026-01-01T00:00:00,clock=vm -chardev null,id=port0 -serial chardev:port0 \
             -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \
             -plugin a,,b.so,ctl=5,chip=nrf51-pins -kernel firmware, with comma.elf"
        );
    }

    #[test]
    fn a_chip_of_the_plugins_begins_in_its_rom_and_not_in_the_firmware() {
        let line = of("pico.yaml", PICO, false, None);
        assert!(line.ends_with("-plugin a,,b.so,ctl=5,chip=rp2040,rom=rom,,1.bin"), "{line}");
        let two = of("pico.yaml", PICO, false, Some(6));
        assert!(two.ends_with("chip=rp2040,rom=rom,,1.bin,cores=2"), "{two}");
    }

    #[test]
    fn proofs_can_have_a_monitor_and_the_race() {
        let line = line(true, Some(6));
        assert!(
            line.contains("-chardev socket,id=qmp,fd=6 -mon chardev=qmp,mode=control"),
            "{line}"
        );
        assert!(line.contains("ctl=5,wfi=naive"), "{line}");
    }
}
