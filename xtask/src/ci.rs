//! `cargo xtask ci`: all checks, each with its wall time, and one closing line.
//!
//! A step that fails does not stop those after it, except set-up, without which
//! the others make no sense.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;
use replab_setup::Tools;

use crate::exit::TaskError;
use crate::firmware::{self, App, build, hash_of_fresh_build};
use crate::{micropython_tests, oracle, setup, workspace};

/// One check.
struct Step {
    name: &'static str,
    /// Whether `--quick` has it too.
    quick: bool,
    run: fn(&Tools) -> anyhow::Result<Outcome>,
}

/// What became of a check that could be run or left out.
enum Outcome {
    Passed,
    Skipped(&'static str),
}

/// All checks, in their order: what fails fast comes first.
const STEPS: &[Step] = &[
    Step { name: "formatting", quick: true, run: formatting },
    Step { name: "clippy", quick: true, run: clippy },
    Step { name: "firmware", quick: true, run: build_firmware },
    Step { name: "tests", quick: true, run: unit_and_outside_tests },
    Step { name: "coverage of the lessons", quick: true, run: coverage },
    Step { name: "the lessons' scenarios", quick: true, run: scenarios },
    Step { name: "equal runs are equal", quick: true, run: proof },
    Step { name: "firmware builds are reproducible", quick: false, run: reproducible },
    Step { name: "MicroPython's own tests", quick: false, run: micropython },
];

/// Runs the checks.
pub(crate) fn run(quick: bool) -> anyhow::Result<()> {
    let started = Instant::now();
    let tools = workspace::tools();
    setup::bring(&tools)?;
    oracle::bring()?;
    let mut tally = Tally::default();
    for step in STEPS {
        if quick && !step.quick {
            tally.skip(step.name, "--quick leaves it out");
        } else {
            tally.play(step, &tools);
        }
    }
    let (passed, failed, skipped) = (tally.passed, tally.failed.len(), tally.skipped);
    println!(
        "ci: {passed} passed, {failed} failed, {skipped} skipped in {}",
        seconds(started.elapsed())
    );
    tally.judge()
}

/// Counts of checks, and why some failed.
#[derive(Default)]
struct Tally {
    passed: u32,
    skipped: u32,
    failed: Vec<(&'static str, anyhow::Error)>,
}

impl Tally {
    fn play(&mut self, step: &Step, tools: &Tools) {
        println!("ci: {} …", step.name);
        let started = Instant::now();
        let done = (step.run)(tools);
        let time = seconds(started.elapsed());
        match done {
            Ok(Outcome::Passed) => {
                println!("ci: {}: passed in {time}", step.name);
                self.passed += 1;
            }
            Ok(Outcome::Skipped(reason)) => self.skip(step.name, reason),
            Err(error) => {
                println!("ci: {}: FAILED in {time}: {error:#}", step.name);
                self.failed.push((step.name, error));
            }
        }
    }

    fn skip(&mut self, name: &str, reason: &str) {
        println!("ci: {name}: skipped ({reason})");
        self.skipped += 1;
    }

    /// A firmware that did not build has an exit code of its own, also here.
    fn judge(mut self) -> anyhow::Result<()> {
        let not_built = |(_, error): &(_, anyhow::Error)| {
            matches!(error.downcast_ref::<TaskError>(), Some(TaskError::NotBuilt { .. }))
        };
        if let Some(at) = self.failed.iter().position(not_built) {
            return Err(self.failed.swap_remove(at).1);
        }
        if self.failed.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = self.failed.iter().map(|(name, _)| *name).collect();
        Err(TaskError::ChecksFailed { what: names.join(", ") }.into())
    }
}

fn formatting(_: &Tools) -> anyhow::Result<Outcome> {
    if !has_component("fmt")? {
        return Ok(Outcome::Skipped(
            "there is no rustfmt; `rustup component add rustfmt` brings it",
        ));
    }
    cargo(&["fmt", "--all", "--check"])
}

fn clippy(_: &Tools) -> anyhow::Result<Outcome> {
    if !has_component("clippy")? {
        return Ok(Outcome::Skipped("there is no clippy; `rustup component add clippy` brings it"));
    }
    cargo(&[
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
}

fn unit_and_outside_tests(_: &Tools) -> anyhow::Result<Outcome> {
    cargo(&["test", "--quiet", "--locked", "--workspace"])
}

fn build_firmware(tools: &Tools) -> anyhow::Result<Outcome> {
    for &app in App::value_variants() {
        build(tools, app)?;
    }
    Ok(Outcome::Passed)
}

/// Builds each firmware twice, in folders whose names differ in length, and compares the bytes.
fn reproducible(tools: &Tools) -> anyhow::Result<Outcome> {
    for &app in App::value_variants() {
        let expected = hash_of_fresh_build(tools, app, "first")?;
        let found = hash_of_fresh_build(tools, app, "second-time")?;
        if found != expected {
            let by = "by a build of the same sources in another folder".to_owned();
            return Err(TaskError::WrongFirmware { app: app.name(), found, expected, by }.into());
        }
    }
    firmware::run(&[], firmware::Wish { check_hash: true, from_scratch: false })?;
    Ok(Outcome::Passed)
}

/// Something of a lesson that no scenario tries, without an excuse, is an error.
fn coverage(_: &Tools) -> anyhow::Result<Outcome> {
    cargo(&["xtask", "coverage"])
}

/// As a person types it. The tests play them too, but show less.
fn scenarios(_: &Tools) -> anyhow::Result<Outcome> {
    cargo(&["xtask", "emulate"])
}

/// A few scenarios that between them sleep, type, move pins, and start again.
fn proof(_: &Tools) -> anyhow::Result<Outcome> {
    cargo(&["xtask", "emulate", "--prove", "5", "blink", "real-pin", "boot-and-main", "exec"])
}

fn micropython(tools: &Tools) -> anyhow::Result<Outcome> {
    micropython_tests::run_choice(tools).map(|()| Outcome::Passed)
}

/// Whether a component of the Rust toolchain is there. In CI, where nothing may be left out, a missing one is an error.
fn has_component(name: &str) -> anyhow::Result<bool> {
    let asked = Command::new("cargo").args([name, "--version"]).output();
    let there = asked.is_ok_and(|output| output.status.success());
    if !there && workspace::is_ci() {
        bail!("cargo {name} is not installed, and CI leaves nothing out");
    }
    Ok(there)
}

fn cargo(arguments: &[&str]) -> anyhow::Result<Outcome> {
    let status = Command::new("cargo")
        .args(arguments)
        .current_dir(workspace::root())
        .status()
        .context("could not run cargo")?;
    if status.success() {
        return Ok(Outcome::Passed);
    }
    Err(TaskError::ChecksFailed { what: format!("cargo {}", arguments[0]) }.into())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(errors: Vec<anyhow::Error>) -> Tally {
        Tally {
            failed: errors.into_iter().map(|error| ("step", error)).collect(),
            ..Tally::default()
        }
    }

    fn not_built() -> anyhow::Error {
        TaskError::NotBuilt { app: "lab-m0", status: String::new(), last_words: vec![] }.into()
    }

    #[test]
    fn a_firmware_that_did_not_build_decides_the_error() {
        let error = tally(vec![anyhow::anyhow!("other"), not_built()]).judge().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(TaskError::NotBuilt { .. })), "{error}");
    }

    #[test]
    fn otherwise_all_failed_steps_are_named() {
        let error =
            tally(vec![anyhow::anyhow!("one"), anyhow::anyhow!("two")]).judge().unwrap_err();
        assert_eq!(error.to_string(), "step, step failed");
        assert!(tally(vec![]).judge().is_ok());
    }

    #[test]
    fn what_quick_leaves_out_is_counted_as_skipped_and_what_failed_as_failed() {
        let mut tally = Tally::default();
        let tools = workspace::tools();
        tally.skip("a", "why");
        tally.play(&Step { name: "b", quick: true, run: |_| bail!("no") }, &tools);
        tally.play(&Step { name: "c", quick: true, run: |_| Ok(Outcome::Passed) }, &tools);
        tally.play(&Step { name: "d", quick: true, run: |_| Ok(Outcome::Skipped("why")) }, &tools);
        assert_eq!((tally.passed, tally.failed.len(), tally.skipped), (1, 1, 2));
    }
}
