//! `cargo xtask test-micropython`: MicroPython's own tests, on our port in QEMU.
//!
//! Upstream's `run-tests.py` talks to the board through a pseudo-terminal and
//! compares with CPython. What is left out stands with its reason in the port's
//! `tests/exclusions.txt`; everything else must pass.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use replab_setup::{Qemu, Tools};

use crate::exit::TaskError;
use crate::firmware::{App, build, firmwares};
use crate::{setup, workspace};

/// Which of upstream's folders are run.
const FOLDERS: [&str; 2] = ["basics", "extmod"];

/// Machine time as in a scenario, but idle time is skipped, and a quarter of the
/// speed: upstream's tests wait 10 s of the desk clock at most, and some compute
/// in machine time.
const TIMING: &str = "shift=5,sleep=off";

/// The name under which `run-tests.py` starts the board. It splits its command at
/// blanks, so a path could not be given to it.
const BOARD_PROGRAM: &str = "replab-board-under-test";

/// `cargo xtask test-micropython`.
pub(crate) fn run() -> anyhow::Result<()> {
    let tools = workspace::tools();
    setup::bring(&tools)?;
    let started = Instant::now();
    let counts = test(&tools)?;
    println!("micropython tests: {counts} ({:.0} s)", started.elapsed().as_secs_f64());
    counts.judge()
}

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Counts {
    /// Fails if one failed, and if none passed.
    pub(crate) fn judge(self) -> anyhow::Result<()> {
        if self.failed == 0 && self.passed > 0 {
            return Ok(());
        }
        Err(TaskError::ChecksFailed { what: format!("MicroPython's own tests ({self})") }.into())
    }
}

/// Builds the firmware if need be and runs the tests on it.
pub(crate) fn test(tools: &Tools) -> anyhow::Result<Counts> {
    let firmware = build(tools, App::LabM0)?;
    let folder = firmwares().join("micropython-tests");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("could not empty {}", folder.display()))?;
    }
    let results = folder.join("results");
    fs::create_dir_all(&results)
        .with_context(|| format!("could not create {}", results.display()))?;
    write_board_program(&folder.join(BOARD_PROGRAM), &tools.qemu()?, &firmware.elf)?;
    let text = run_tests(tools, &folder, &results)?;
    fs::write(folder.join("log"), &text)
        .with_context(|| format!("could not write to {}", folder.display()))?;
    let Some(counts) = counts_in(&text) else {
        let tail: Vec<_> = text.lines().rev().take(15).collect();
        bail!(
            "run-tests.py gave no summary; its last lines, the last one first:\n{}",
            tail.join("\n")
        );
    };
    if counts.failed > 0 {
        text.lines()
            .filter(|line| line.contains("tests failed:"))
            .for_each(|line| println!("{line}"));
        println!("expected and actual outputs: {}", results.display());
    }
    Ok(counts)
}

fn run_tests(tools: &Tools, folder: &Path, results: &Path) -> anyhow::Result<String> {
    let python = tools.python()?;
    let tests = tools.micropython()?.folder.join("tests");
    let path = std::env::join_paths(
        [folder.to_owned()].into_iter().chain(std::env::split_paths(&tools.search_path())),
    )
    .context("the folder of the checkout cannot be in a search path")?;
    let mut command = Command::new(&python.program);
    command.arg("run-tests.py").current_dir(tests).stdin(Stdio::null());
    command.args(["-t", &format!("execpty:{BOARD_PROGRAM}"), "--result-dir"]).arg(results);
    for regex in exclusions(&workspace::root().join("firmware/micropython/tests/exclusions.txt"))? {
        command.args(["-e", &regex]);
    }
    command.arg("-d").args(FOLDERS);
    // The expected outputs come from CPython; nothing is written into MicroPython's tree.
    command
        .env("PATH", path)
        .env("MICROPY_CPYTHON3", &python.program)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("LC_ALL", "C.UTF-8");
    if let Some(modules) = &python.modules {
        command.env("PYTHONPATH", modules);
    }
    let output = command.output().context("could not run run-tests.py")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok(text)
}

/// The regular expressions of `exclusions.txt`: one a line, white space, and the reason, which must be there.
fn exclusions(file: &Path) -> anyhow::Result<Vec<String>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| match line.trim().split_once(char::is_whitespace) {
            Some((regex, _)) => Ok(regex.to_owned()),
            None => bail!(
                "{}:{}: `{}` is excluded without a reason",
                file.display(),
                index + 1,
                line.trim()
            ),
        })
        .collect()
}

/// A script that starts the board in QEMU with its UART on a pseudo-terminal.
fn write_board_program(path: &PathBuf, qemu: &Qemu, elf: &Path) -> anyhow::Result<()> {
    let file = workspace::root().join("boards/lab-m0.yaml");
    let text =
        fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
    let board = replab_board::load("boards/lab-m0.yaml", &text)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let Some(machine) = board.backends.qemu else { bail!("board lab-m0 has no QEMU machine") };
    let mut words = vec![
        quoted(&qemu.program.display().to_string()),
        "-machine".into(),
        quoted(&machine.machine),
    ];
    words.extend(machine.arguments.iter().map(|word| quoted(word)));
    if let Some(data) = &qemu.data {
        words.extend(["-L".into(), quoted(&data.display().to_string())]);
    }
    let rest = [
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-serial",
        "pty",
        "-icount",
        TIMING,
        "-kernel",
    ];
    words.extend(rest.map(str::to_owned));
    words.push(quoted(&elf.display().to_string()));
    let libraries = qemu.library_path.as_ref().map_or_else(String::new, |folder| {
        format!(
            "LD_LIBRARY_PATH={}\nexport LD_LIBRARY_PATH\n",
            quoted(&folder.display().to_string())
        )
    });
    fs::write(path, format!("#!/bin/sh\n{libraries}exec {}\n", words.join(" ")))
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("could not write {}", path.display()))
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The summary of `run-tests.py`: `640 tests passed`, and if there are any `84 tests skipped: …`, `1 tests failed: …`.
fn counts_in(text: &str) -> Option<Counts> {
    let count = |what: &str| {
        text.lines().find_map(|line| {
            let (number, rest) = line.split_once(' ')?;
            rest.starts_with(what).then(|| number.parse().ok())?
        })
    };
    Some(Counts {
        passed: count("tests passed")?,
        failed: count("tests failed:").unwrap_or(0),
        skipped: count("tests skipped:").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_read() {
        let text = "pass  basics/0prelim.py\n640 tests performed (17000 individual testcases)\n638 tests passed\n84 tests skipped: a b\n2 tests failed: c d\n";
        let counts = counts_in(text).unwrap();
        assert_eq!(counts.to_string(), "638 passed, 2 failed, 84 skipped");
        assert!(counts.judge().is_err());
        assert_eq!(counts_in("Traceback (most recent call last):"), None);
    }

    #[test]
    fn nothing_run_is_no_success() {
        assert!(counts_in("0 tests passed\n").unwrap().judge().is_err());
        assert!(counts_in("1 tests passed\n").unwrap().judge().is_ok());
    }

    #[test]
    fn an_exclusion_without_a_reason_is_an_error_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("exclusions.txt");
        fs::write(&file, "# comment\n\nextmod/a\\.py$   because\n").unwrap();
        assert_eq!(exclusions(&file).unwrap(), ["extmod/a\\.py$"]);
        fs::write(&file, "# comment\nextmod/a\\.py$\n").unwrap();
        let error = exclusions(&file).unwrap_err().to_string();
        assert!(
            error.ends_with("exclusions.txt:2: `extmod/a\\.py$` is excluded without a reason"),
            "{error}"
        );
    }

    #[test]
    fn words_with_quotes_survive_the_shell() {
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("printf %s {}", quoted("it's a 'b' $c")))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "it's a 'b' $c");
    }
}
