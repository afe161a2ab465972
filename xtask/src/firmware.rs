//! Builds firmware, and leaves it be when nothing has changed.
//!
//! A build is skipped if a hash of everything that goes into it (sources,
//! MicroPython, compiler, how make is called) equals the one that stands beside
//! its result. When only sources have changed, make continues in the old build
//! folder; when a rule or a tool has, it starts in an empty one, because make
//! does not know of such changes.

mod expected;
mod make;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum as _;
use replab_setup::{Lock, Tools};

use crate::exit::TaskError;
use crate::firmware::expected::{Comparison, compare};
use crate::inputs::{Inputs, sha256_of};
use crate::{setup, workspace};

/// A firmware that this repository has the sources of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum App {
    /// Our MicroPython port for the board lab-m0
    LabM0,
    /// A small C program that does what tests need
    BareMetal,
}

impl App {
    /// Its name, and that of its folder under `target/firmware/`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            App::LabM0 => "lab-m0",
            App::BareMetal => "bare-metal",
        }
    }

    /// Its sources, below the root.
    fn sources(self) -> &'static str {
        match self {
            App::LabM0 => "firmware/micropython",
            App::BareMetal => "firmware/bare-metal",
        }
    }

    /// What its make writes into the build folder.
    pub(crate) fn elf(self) -> &'static str {
        match self {
            App::LabM0 => "firmware.elf",
            App::BareMetal => "bare-metal.elf",
        }
    }
}

/// How `cargo xtask firmware` was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// Fail where a hash differs from the expected one.
    pub(crate) check_hash: bool,
    /// Do not trust what was built before.
    pub(crate) from_scratch: bool,
}

/// `cargo xtask firmware`.
pub(crate) fn run(apps: &[App], wish: Wish) -> anyhow::Result<()> {
    let tools = workspace::tools();
    setup::bring(&tools)?;
    let apps = if apps.is_empty() { App::value_variants() } else { apps };
    for &app in apps {
        let built = if wish.from_scratch { build_anew(&tools, app)? } else { build(&tools, app)? };
        say(app, &built, wish.check_hash, &tools)?;
    }
    Ok(())
}

/// A built firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// The ELF file under `target/firmware/`.
    pub(crate) elf: PathBuf,
    /// Whether it was there already.
    pub(crate) cached: bool,
}

/// Builds `app` unless its inputs are those of the last build.
pub(crate) fn build(tools: &Tools, app: App) -> anyhow::Result<Built> {
    let place = Place::of(app);
    let _lock = place.lock(app)?;
    let inputs = inputs(tools, app)?;
    if place.elf.is_file() && read(&place.inputs) == Some(inputs.all.clone()) {
        return Ok(Built { elf: place.elf, cached: true });
    }
    if read(&place.rules) != Some(inputs.rules.clone()) {
        empty(&place.build)?;
    }
    fs::create_dir_all(&place.build)
        .with_context(|| format!("could not create {}", place.build.display()))?;
    write(&place.rules, &inputs.rules)?;
    make::firmware(tools, app, &place.build)?;
    place.publish(app, &inputs.all)?;
    Ok(Built { elf: place.elf, cached: false })
}

/// Builds `app` in an empty folder, whatever was built before.
pub(crate) fn build_anew(tools: &Tools, app: App) -> anyhow::Result<Built> {
    let place = Place::of(app);
    {
        let _lock = place.lock(app)?;
        empty(&place.build)?;
        forget(&place.inputs)?;
    }
    build(tools, app)
}

/// Builds `app` from nothing in a folder called `name`; the hash of the result. For checking that builds are reproducible.
pub(crate) fn hash_of_fresh_build(tools: &Tools, app: App, name: &str) -> anyhow::Result<String> {
    let place = Place::of(app);
    let _lock = place.lock(app)?;
    let folder = builds().join(name).join(app.name());
    empty(&folder)?;
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not create {}", folder.display()))?;
    make::firmware(tools, app, &folder)?;
    sha256_of(&folder.join(app.elf()))
}

/// Prints where the firmware is and whether it is the expected one.
fn say(app: App, built: &Built, check_hash: bool, tools: &Tools) -> anyhow::Result<()> {
    let root = workspace::root();
    let shown = built.elf.strip_prefix(&root).unwrap_or(&built.elf).display();
    let how = if built.cached { "up to date" } else { "built" };
    let found = sha256_of(&built.elf)?;
    let table =
        fs::read_to_string(root.join(app.sources()).join("expected-hashes")).unwrap_or_default();
    let comparison = compare(&table, app.name(), &tools.arm_gcc()?.version, &found);
    println!("firmware: {} {how}: {shown}, SHA-256 {} ({comparison})", app.name(), &found[..16]);
    match comparison {
        Comparison::Differs { expected } if check_hash => Err(TaskError::WrongFirmware {
            app: app.name(),
            found,
            expected,
            by: "expected-hashes".into(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// What decides a build.
struct Hashes {
    /// Everything.
    all: String,
    /// Only what make does not notice by itself.
    rules: String,
}

fn inputs(tools: &Tools, app: App) -> anyhow::Result<Hashes> {
    let sources = workspace::root().join(app.sources());
    let mut rules = Inputs::default();
    rules.add_text("compiler", &tools.arm_gcc()?.version);
    rules.add_text("arguments", &format!("{:?}", make::arguments(tools, app, Path::new("BUILD"))?));
    for file in make::rule_files(&sources)? {
        rules.add_text(&file.display().to_string(), &sha256_of(&file)?);
    }
    let rules = rules.finish();
    let mut all = Inputs::default();
    all.add_text("rules", &rules);
    all.add_folder(&sources)?;
    if app == App::LabM0 {
        let micropython = tools.micropython()?;
        match &micropython.sha256 {
            Some(sha256) => all.add_text("micropython", sha256),
            None => all.add_folder_by_times(&micropython.folder)?,
        }
    }
    Ok(Hashes { all: all.finish(), rules })
}

/// The folders and files of one app under `target/firmware/`.
struct Place {
    elf: PathBuf,
    inputs: PathBuf,
    build: PathBuf,
    rules: PathBuf,
}

impl Place {
    fn of(app: App) -> Place {
        let result = firmwares().join(app.name());
        let build = builds().join(app.name());
        let rules = builds().join(format!("{}.rules", app.name()));
        Place { elf: result.join(app.elf()), inputs: result.join("inputs"), build, rules }
    }

    /// Two builds at once in one folder would write over each other.
    fn lock(&self, app: App) -> anyhow::Result<Lock> {
        fs::create_dir_all(builds())
            .with_context(|| format!("could not create {}", builds().display()))?;
        let waiting = || {
            // Standard output may be JSON.
            eprintln!(
                "firmware: another build of {} is at work; waiting until it is done",
                app.name()
            )
        };
        Ok(Lock::take(&builds().join(format!("{}.lock", app.name())), waiting)?)
    }

    /// Puts a result in its place: whole, and with the hash of its inputs only after it.
    fn publish(&self, app: App, inputs: &str) -> anyhow::Result<()> {
        let folder = self.elf.parent().expect("the ELF file is in a folder");
        fs::create_dir_all(folder)
            .with_context(|| format!("could not create {}", folder.display()))?;
        forget(&self.inputs)?;
        let unfinished = self.elf.with_extension("unfinished");
        fs::copy(self.build.join(app.elf()), &unfinished).with_context(|| {
            format!("could not copy {} from {}", app.elf(), self.build.display())
        })?;
        fs::rename(&unfinished, &self.elf)
            .with_context(|| format!("could not write {}", self.elf.display()))?;
        write(&self.inputs, inputs)
    }
}

pub(crate) fn firmwares() -> PathBuf {
    workspace::root().join("target/firmware")
}

fn builds() -> PathBuf {
    firmwares().join("build")
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("could not remove {}", folder.display()))?;
    }
    Ok(())
}

fn forget(file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        fs::remove_file(file).with_context(|| format!("could not remove {}", file.display()))?;
    }
    Ok(())
}
