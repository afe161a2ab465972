//! `cargo xtask bench`: what the lab costs, beside what it is compared with.

use std::process::Command;

use anyhow::Context as _;
use clap::ValueEnum as _;

use crate::exit::TaskError;
use crate::firmware::{self, App};
use crate::{oracle, setup, workspace};

/// Which rows are asked for.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// The rows of these boards; all if none is named
    #[arg(value_parser = ["lab-m0", "pico"])]
    boards: Vec<String>,
}

/// Brings what is needed, builds with optimisation, and prints the table.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let tools = workspace::tools();
    setup::bring(&tools)?;
    oracle::bring()?;
    for &app in App::value_variants() {
        firmware::build(&tools, app)?;
    }
    let status = Command::new("cargo")
        .args(["bench", "--quiet", "--locked", "--package", "replab-lab", "--bench", "lab", "--"])
        .args(&args.boards)
        .current_dir(workspace::root())
        .status()
        .context("could not run cargo")?;
    if status.success() {
        return Ok(());
    }
    Err(TaskError::ChecksFailed { what: "the benchmarks".to_owned() }.into())
}
