//! `cargo xtask deny`: licences, bans and sources of all dependencies, by `deny.toml`.

use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::exit::TaskError;
use crate::workspace;

pub(crate) fn run() -> anyhow::Result<()> {
    let version = Command::new("cargo")
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !version.is_ok_and(|status| status.success()) {
        let what = "cargo-deny is not installed (cargo install --locked cargo-deny)".to_owned();
        return Err(TaskError::LabIncomplete { what }.into());
    }
    let status = Command::new("cargo")
        .args(["deny", "--offline", "check", "licenses", "bans", "sources"])
        .current_dir(workspace::root())
        .status()
        .context("could not run cargo deny")?;
    if status.success() {
        Ok(())
    } else {
        Err(TaskError::ChecksFailed { what: "cargo deny".into() }.into())
    }
}
