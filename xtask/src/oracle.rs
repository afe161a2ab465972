//! Fetches what the emulated Pico is compared with: rp2040js, by npm, where Node.js is.
//!
//! It is not part of what set-up brings: no scenario needs it, and without it only
//! `tests/oracle.rs` is skipped.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use replab_setup::Lock;

use crate::workspace;

/// What npm needs: the second has each package's version and checksum.
const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// Brings it into `target/tools/oracle`, unless it is there or cannot be.
pub(crate) fn bring() -> anyhow::Result<()> {
    let sources = workspace::root().join("tests/oracle");
    let folder = workspace::root().join("target/tools/oracle");
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not create {}", folder.display()))?;
    let waiting = || println!("oracle: somebody else fetches it; waiting until it is there");
    let _lock = Lock::take(&folder.join("lock"), waiting)?;
    if is_there(&sources, &folder) {
        return Ok(());
    }
    if !has("node") || !has("npm") {
        println!(
            "oracle: there is no Node.js with npm; the emulated Pico is not compared with rp2040js"
        );
        return Ok(());
    }
    println!("oracle: fetching rp2040js into {}", folder.display());
    for name in FILES {
        fs::copy(sources.join(name), folder.join(name))
            .with_context(|| format!("could not copy {name}"))?;
    }
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .context("could not run npm")?;
    if !output.status.success() {
        bail!(
            "npm could not fetch rp2040js:\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    fs::write(folder.join("done"), lock_file(&sources)?).context("could not write its stamp")
}

/// Whether what npm installed is what the lock file asks for.
fn is_there(sources: &Path, folder: &Path) -> bool {
    let wanted = lock_file(sources).ok();
    wanted.is_some() && fs::read(folder.join("done")).ok() == wanted
}

fn lock_file(sources: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(sources.join(FILES[1])).context("could not read its lock file")
}

fn has(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    asked.is_ok_and(|output| output.status.success())
}
