//! Finds what tests of real machines need: QEMU, its plugin, firmware.
//!
//! What is missing skips a test, with the reason on standard error. In CI
//! (`CI` set, and not to `0` or `false`) it is a failure, because there set-up
//! installs everything.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod bench;
pub(crate) mod processes;
pub(crate) mod python;
pub(crate) mod renode;
pub(crate) mod sweep;
pub(crate) mod terminal;
pub(crate) mod tiny;
pub(crate) mod trouble;

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use replab_board::Board;
use replab_machine::qemu::{self, Inside, Proof, QemuTools};
use replab_machine::{Machine, Timing};
use replab_setup::{Named, Tools};

/// More than any test's machine should need, also on a busy computer.
pub(crate) const WALL: Duration = Duration::from_secs(120);

/// How all machines of the tests start.
pub(crate) const START: qemu::Start =
    qemu::Start { seed: 1, wall_cap: WALL, timing: Timing::Exact, cores: 1 };

/// Gives what `found` holds, or skips the calling test by returning from it.
#[macro_export]
macro_rules! or_skip {
    ($found:expr) => {
        match $found {
            Ok(it) => it,
            Err(reason) => return $crate::support::skip(&reason),
        }
    };
}

/// Says why a test is skipped.
///
/// # Panics
///
/// In CI.
pub(crate) fn skip(reason: &str) {
    let in_ci = env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    assert!(!in_ci, "{reason}, and in CI nothing may be missing");
    eprintln!("skipped: {reason}");
}

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of what is built, set up and measured.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// QEMU and the plugin.
///
/// QEMU is what set-up has fetched, or what `REPLAB_QEMU` names. The plugin lies
/// beside this test program: the root package names it as a dev-dependency, so
/// cargo has built it.
pub(crate) fn qemu_tools() -> Result<QemuTools, String> {
    let program = env::current_exe().expect("a test program knows where it is");
    let plugin = program.with_file_name("libreplab_qemu_plugin.so");
    if !plugin.exists() {
        return Err(format!(
            "no QEMU plugin at {} (cargo build -p replab-qemu-plugin)",
            plugin.display()
        ));
    }
    let qemu =
        Tools::find(root(), Named::from_env()).qemu().map_err(|missing| missing.to_string())?;
    Ok(QemuTools {
        program: qemu.program,
        library_path: qemu.library_path,
        data: qemu.data,
        plugin,
        boot_rom: target().join("firmware/pico-rom/rom.bin"),
    })
}

/// Our test firmware without an operating system (`firmware/bare-metal`).
pub(crate) fn bare_metal() -> Result<PathBuf, String> {
    firmware("firmware/bare-metal/bare-metal.elf")
}

/// The program beside it that stores and loads what it is told.
pub(crate) fn registers() -> Result<PathBuf, String> {
    firmware("firmware/bare-metal/registers.elf")
}

/// MicroPython for lab-m0 (`firmware/micropython`).
pub(crate) fn micropython() -> Result<PathBuf, String> {
    firmware("firmware/lab-m0/firmware.elf")
}

fn firmware(place: &str) -> Result<PathBuf, String> {
    let path = target().join(place);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("no firmware at {} (cargo xtask firmware)", path.display()))
    }
}

/// MicroPython's own port for the Pico.
pub(crate) fn rp2() -> Result<PathBuf, String> {
    firmware("firmware/pico-rom/rom.bin")?;
    firmware("firmware/pico/firmware.elf")
}

/// The board that real machines are tested with.
pub(crate) fn lab_m0() -> Board {
    board("lab-m0")
}

/// The board of this name.
pub(crate) fn board(name: &str) -> Board {
    let file = format!("boards/{name}.yaml");
    let text =
        std::fs::read_to_string(root().join(&file)).expect("the board file is part of the project");
    replab_board::load(&file, &text).expect("the board file is right")
}

/// A machine and what only tests see of it.
pub(crate) fn start(tools: &QemuTools, firmware: &Path, proof: Proof) -> (Machine, Inside) {
    start_on(tools, &lab_m0(), firmware, proof)
}

/// The same on another board.
pub(crate) fn start_on(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    proof: Proof,
) -> (Machine, Inside) {
    start_with(tools, board, firmware, START, proof)
}

/// The same with all that can be chosen.
pub(crate) fn start_with(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    start: qemu::Start,
    proof: Proof,
) -> (Machine, Inside) {
    qemu::start_for_proof(tools, board, firmware, start, proof).expect("the machine starts")
}

/// Whether a folder can be mounted anew, in a name space of one's own (unshare(1)).
pub(crate) fn can_mount() -> Result<(), String> {
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "mount", "--bind", "/tmp", "/tmp"]);
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "nothing can be mounted here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(format!("unshare cannot be run: {error}")),
    }
}
