//! `cargo xtask emulate`: what `replab run` does, with everything that it needs
//! fetched and built first.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::ValueEnum as _;
use replab_cli::{Place, RunArgs};
use replab_setup::{Named, Tools, setup};

use crate::exit::TaskError;
use crate::firmware::{self, App};
use crate::workspace;

/// Where the package of the plugin is built to, below the target folder.
const PROFILE: &str = "debug";

/// What `replab run` takes, and what its firmware is built from.
#[derive(clap::Args)]
pub(crate) struct EmulateArgs {
    #[command(flatten)]
    run: RunArgs,

    /// A source tree of MicroPython to build the firmware from, instead of the one that set-up fetches.
    #[arg(long, value_name = "DIR")]
    micropython: Option<PathBuf>,
}

/// Prepares, and plays.
pub(crate) fn run(args: EmulateArgs) -> anyhow::Result<ExitCode> {
    let EmulateArgs { run: args, micropython } = args;
    let place = Place::in_workspace(&workspace::root(), &workspace::target().join(PROFILE));
    if !args.list && !args.check {
        prepare(&args, micropython)?;
    }
    Ok(replab_cli::run(args, place).into())
}

/// What is said here goes to standard error: standard output may be JSON.
fn prepare(args: &RunArgs, micropython: Option<PathBuf>) -> anyhow::Result<()> {
    let named = Named::from_env();
    let named = Named {
        qemu: args.qemu.clone().or(named.qemu),
        micropython: micropython.or(named.micropython),
        ..named
    };
    let tools = Tools::find(&workspace::root(), named);
    setup(&tools, &mut |line| eprintln!("setup: {line}"))?;
    build_plugin()?;
    if args.firmware.is_none() {
        for &app in App::value_variants() {
            firmware::build(&tools, app)?;
        }
    }
    Ok(())
}

/// The plugin is no dependency of xtask, which would link it; so cargo is asked for it by name.
pub(crate) fn build_plugin() -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--package", "replab-qemu-plugin"])
        .current_dir(workspace::root())
        .status()
        .context("could not run cargo")?;
    if status.success() {
        return Ok(());
    }
    Err(TaskError::LabIncomplete { what: "the QEMU plugin did not build (cargo says above why; it writes below target/, or CARGO_TARGET_DIR)".to_owned() }.into())
}
