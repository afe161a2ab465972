//! `cargo xtask book`: the pages under `docs/` as a book.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::Context as _;
use replab_setup::Lock;

use crate::exit::TaskError;
use crate::workspace;

/// The version of mdbook that the book is made with. Cargo checks what it fetches
/// against the checksums of the registry's index and of mdbook's own lock file.
const VERSION: &str = "0.5.4";

/// Makes the book in `target/book`, with the mdbook that `REPLAB_MDBOOK` names, or
/// one of its own: that takes a few minutes once, and a network.
pub(crate) fn run() -> anyhow::Result<()> {
    let mdbook = match env::var_os("REPLAB_MDBOOK") {
        Some(program) => PathBuf::from(program),
        None => installed()?,
    };
    let book = workspace::target().join("book");
    let status = Command::new(&mdbook)
        .arg("build")
        .arg(workspace::root().join("docs"))
        .arg("--dest-dir")
        .arg(&book)
        .status()
        .with_context(|| format!("could not run mdbook at `{}`", mdbook.display()))?;
    if !status.success() {
        return Err(TaskError::ChecksFailed { what: "mdbook".into() }.into());
    }
    println!("book: {}", book.join("index.html").display());
    Ok(())
}

/// The program below `target/tools`; brings it if it is not there.
fn installed() -> anyhow::Result<PathBuf> {
    let tools = workspace::root().join("target/tools");
    fs::create_dir_all(&tools).with_context(|| format!("could not create {}", tools.display()))?;
    let waiting = || println!("book: somebody else installs mdbook; waiting until it is there");
    let _lock = Lock::take(&tools.join("mdbook.lock"), waiting)?;
    let root = tools.join(format!("mdbook-{VERSION}"));
    let program = root.join("bin/mdbook");
    if !program.is_file() {
        println!("book: building mdbook {VERSION} into {}", root.display());
        install(&root)?;
    }
    Ok(program)
}

/// What it is built in is of no use later.
fn install(root: &Path) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["install", "--quiet", "--locked", "--version", VERSION])
        .args(["--no-default-features", "--features", "search", "--root"])
        .arg(root)
        .arg("mdbook")
        .env("CARGO_TARGET_DIR", root.join("build"))
        .status()
        .context("could not run cargo install")?;
    let built = root.join("build");
    if built.exists() {
        fs::remove_dir_all(&built)
            .with_context(|| format!("could not remove {}", built.display()))?;
    }
    if !status.success() {
        let what = format!(
            "mdbook {VERSION} could not be installed; REPLAB_MDBOOK=PROGRAM names one that is there"
        );
        return Err(TaskError::LabIncomplete { what }.into());
    }
    Ok(())
}
