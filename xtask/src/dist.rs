//! `cargo xtask dist`: one folder that runs on another computer, and its archive.
//!
//! The folder has what `replab` looks for beside itself: the plugin, firmware, boards,
//! lessons, scenarios and the book; and the licences of all that is in it. QEMU is not
//! in it: `replab setup` fetches one. The archive is made of sorted names, one
//! time and no owner, so that equal folders give equal archives.

mod folder;
mod licences;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::ValueEnum as _;
use replab_setup::Tools;

use crate::exit::TaskError;
use crate::firmware::{self, App};
use crate::inputs::sha256_of;
use crate::{setup, workspace};
use folder::{Folder, bytes_below};

/// The time of all files in an archive: 2026-01-01, 0:00 UTC. tar doubts what is from 1970.
const TIME: &str = "@1767225600";

/// What to put into the folder, and where.
#[derive(clap::Args)]
pub(crate) struct DistArgs {
    /// Take programs that are built already from here, and make no archive
    #[arg(long, value_name = "DIR")]
    built: Option<PathBuf>,
    /// Where the folder goes; without it, target/dist
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Builds all, makes the folder and the archive.
pub(crate) fn run(args: DistArgs) -> anyhow::Result<()> {
    let tools = workspace::tools();
    setup::bring(&tools)?;
    for &app in App::value_variants() {
        firmware::build(&tools, app)?;
    }
    let built = match &args.built {
        Some(built) => built.clone(),
        None => build()?,
    };
    let output = args.output.unwrap_or_else(|| workspace::root().join("target/dist"));
    let name = format!("replab-{}-{}-linux", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let made = output.join(&name);
    fill(&tools, &built, &made)?;
    println!("dist: {} ({})", made.display(), mebibytes(bytes_below(&made)?));
    if args.built.is_none() {
        let archive = pack(&tools, &output, &name)?;
        let size = archive.metadata().context("the archive was just made")?.len();
        println!(
            "dist: {} ({}), SHA-256 {}",
            archive.display(),
            mebibytes(size),
            sha256_of(&archive)?
        );
    }
    Ok(())
}

/// The program and the plugin, optimised and without symbols; where they are.
fn build() -> anyhow::Result<PathBuf> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--package", "replab-cli", "--package", "replab-qemu-plugin"])
        // Not in the manifest: who builds with cargo wants his backtraces.
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        .current_dir(workspace::root())
        .status()
        .context("could not run cargo")?;
    if status.success() {
        return Ok(workspace::target().join("release"));
    }
    Err(TaskError::LabIncomplete { what: "the programs did not build".to_owned() }.into())
}

/// Makes the folder at `made` anew. It appears when it is whole.
fn fill(tools: &Tools, built: &Path, made: &Path) -> anyhow::Result<()> {
    let root = workspace::root();
    let folder = Folder::begin(made)?;
    folder.program(&built.join("replab"), "replab")?;
    folder.file(&built.join(replab_cli::PLUGIN), replab_cli::PLUGIN)?;
    for &app in App::value_variants() {
        for name in app.published() {
            let file = firmware::firmwares().join(app.name()).join(&name);
            folder.file(&file, &format!("firmware/{}/{name}", app.name()))?;
        }
    }
    for room in ["boards", "lessons", "scenarios", "docs"] {
        folder.tree(&root.join(room), room)?;
    }
    // Targets of Renode, where the project has some.
    if root.join("renode").is_dir() {
        folder.tree(&root.join("renode"), "renode")?;
    }
    folder.text("README.md", README)?;
    licences::add(&folder, tools)?;
    folder.finish()
}

fn pack(tools: &Tools, output: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let archive = output.join(format!("{name}.tar"));
    tool(
        Command::new("tar")
            .args(["--create", "--format=gnu", "--sort=name", "--numeric-owner"])
            .args(["--owner=0", "--group=0", &format!("--mtime={TIME}")])
            .arg("--file")
            .arg(&archive)
            .arg("--directory")
            .arg(output)
            .arg(name),
    )?;
    // More threads cut the text in other places.
    let xz = tools.program("xz")?;
    tool(Command::new(xz).args(["-9", "--threads=1", "--force"]).arg(&archive))?;
    Ok(output.join(format!("{name}.tar.xz")))
}

fn tool(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("could not run {name}"))?;
    if status.success() {
        return Ok(());
    }
    Err(TaskError::LabIncomplete { what: format!("`{name}` failed ({status})") }.into())
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// What the folder says of itself.
const README: &str = "\
# replab

An emulation test lab for microcontroller firmware. This folder is all of it, but for QEMU. Put it where you like; nothing in it is changed by use.

```console
$ ./replab doctor         # says what is there, and what is missing
$ ./replab setup          # fetches QEMU into ~/.local/share/replab (Debian 12 and 13)
$ ./replab run blink      # plays some of the example scenarios
```

For a word instead of a path: `ln -s \"$PWD/replab\" ~/.local/bin/replab`.

Then, in a folder of your own: `replab new LESSON.md`. See [docs/own-project.md](docs/own-project.md), and [docs/](docs/README.md) for all the rest.

Licences are in [LICENSES/](LICENSES/README.md).
";

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The archive of a folder with `names`, made in this order, each changed `age` seconds after 1970.
    fn archive(names: &[&str], age: u64) -> anyhow::Result<Vec<u8>> {
        let bench = tempfile::tempdir()?;
        let folder = Folder::begin(&bench.path().join("replab-1"))?;
        for name in names {
            folder.text(name, name)?;
        }
        folder.finish()?;
        for name in names {
            let file =
                fs::File::options().write(true).open(bench.path().join("replab-1").join(name))?;
            file.set_modified(UNIX_EPOCH + Duration::from_secs(age))?;
        }
        let archive = pack(&workspace::tools(), bench.path(), "replab-1")?;
        Ok(fs::read(archive)?)
    }

    #[test]
    fn equal_folders_give_equal_archives() {
        if workspace::tools().program("xz").is_err() {
            assert!(!workspace::is_ci(), "there is no xz, and in CI nothing may be missing");
            eprintln!("skipped: there is no xz");
            return;
        }
        let one = archive(&["a", "b/c", "d"], 1_000_000_000).unwrap();
        assert_eq!(archive(&["d", "b/c", "a"], 1_700_000_000).unwrap(), one);
        assert_ne!(archive(&["a", "b/c", "e"], 1_000_000_000).unwrap(), one);
    }
}
