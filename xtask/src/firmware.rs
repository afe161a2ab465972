//! Builds firmware, and leaves it be when nothing has changed.
//!
//! A build is skipped if a hash of everything that goes into it (sources,
//! MicroPython, compiler, how make is called) equals the one that stands beside
//! its result. When only sources have changed, make continues in the old build
//! folder; when a rule or a tool has, it starts in an empty one, because make
//! does not know of such changes.

mod app;
mod expected;
mod images;
mod make;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum as _;
use replab_setup::{Lock, Tools};

use crate::exit::TaskError;
pub(crate) use crate::firmware::app::App;
use crate::firmware::expected::{Comparison, compare};
use crate::inputs::{Inputs, sha256_of};
use crate::{setup, workspace};

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
    /// The ELF file under `target/firmware/`; of several, the first.
    pub(crate) elf: PathBuf,
    /// Whether it was there already.
    pub(crate) cached: bool,
}

/// Builds `app` unless its inputs are those of the last build.
pub(crate) fn build(tools: &Tools, app: App) -> anyhow::Result<Built> {
    let place = Place::of(app);
    let inputs = inputs(tools, app)?;
    let current = || Built { elf: place.result.join(app.elf()), cached: true };
    // Whoever has nothing to build waits for nobody.
    if place.is_current(app, &inputs) {
        return Ok(current());
    }
    let _lock = place.lock(app)?;
    if place.is_current(app, &inputs) {
        return Ok(current());
    }
    if read(&place.rules) != Some(inputs.rules.clone()) {
        empty(&place.build)?;
    }
    fs::create_dir_all(&place.build)
        .with_context(|| format!("could not create {}", place.build.display()))?;
    write(&place.rules, &inputs.rules)?;
    make::firmware(tools, app, &place.build)?;
    place.publish(app, &inputs.all)?;
    Ok(Built { elf: place.result.join(app.elf()), cached: false })
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

/// Builds `app` from nothing in a folder called `name`; the hashes of its ELF files, in their order. For checking that builds are reproducible.
pub(crate) fn hash_of_fresh_build(tools: &Tools, app: App, name: &str) -> anyhow::Result<String> {
    let place = Place::of(app);
    let _lock = place.lock(app)?;
    let folder = builds().join(name).join(app.name());
    empty(&folder)?;
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not create {}", folder.display()))?;
    make::firmware(tools, app, &folder)?;
    let hashes = app.elves().iter().map(|elf| sha256_of(&folder.join(elf)));
    Ok(hashes.collect::<Result<Vec<_>, _>>()?.join(" "))
}

/// Prints where the firmware is and whether it is the expected one.
fn say(app: App, built: &Built, check_hash: bool, tools: &Tools) -> anyhow::Result<()> {
    let root = workspace::root();
    let how = if built.cached { "up to date" } else { "built" };
    let table =
        fs::read_to_string(root.join(app.sources()).join("expected-hashes")).unwrap_or_default();
    for name in app.elves() {
        let elf = built.elf.with_file_name(name);
        let shown = elf.strip_prefix(&root).unwrap_or(&elf).display();
        let found = sha256_of(&elf)?;
        let comparison = compare(&table, &app.expected_as(name), &tools.arm_gcc()?.version, &found);
        println!(
            "firmware: {} {how}: {shown}, SHA-256 {} ({comparison})",
            app.name(),
            &found[..16]
        );
        if let Comparison::Differs { expected } = comparison
            && check_hash
        {
            let by = "expected-hashes".into();
            return Err(TaskError::WrongFirmware { app: app.name(), found, expected, by }.into());
        }
    }
    Ok(())
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
    for folder in app.rule_folders() {
        for file in make::rule_files(&workspace::root().join(folder))? {
            rules.add_text(&file.display().to_string(), &sha256_of(&file)?);
        }
    }
    let rules = rules.finish();
    let mut all = Inputs::default();
    all.add_text("rules", &rules);
    all.add_folder(&sources)?;
    if app.needs_micropython() {
        let micropython = tools.micropython()?;
        match &micropython.sha256 {
            Some(sha256) => all.add_text("micropython", sha256),
            None => all.add_folder_by_times(&micropython.folder)?,
        }
    }
    if app.needs_pico_sdk() {
        all.add_text("cmake", &tools.cmake()?.version);
        let sdk = tools.pico_sdk()?;
        match &sdk.sha256 {
            Some(sha256) => all.add_text("pico-sdk", sha256),
            None => all.add_folder_by_times(&sdk.folder)?,
        }
    }
    Ok(Hashes { all: all.finish(), rules })
}

/// The folders and files of one app under `target/firmware/`.
struct Place {
    result: PathBuf,
    inputs: PathBuf,
    build: PathBuf,
    rules: PathBuf,
}

impl Place {
    fn of(app: App) -> Place {
        let result = firmwares().join(app.name());
        let build = builds().join(app.name());
        let rules = builds().join(format!("{}.rules", app.name()));
        Place { inputs: result.join("inputs"), result, build, rules }
    }

    /// Whether all that is published is there.
    fn is_whole(&self, app: App) -> bool {
        app.published().iter().all(|name| self.result.join(name).is_file())
    }

    /// Whether what is published was built of `inputs`.
    fn is_current(&self, app: App, inputs: &Hashes) -> bool {
        self.is_whole(app) && read(&self.inputs).as_deref() == Some(inputs.all.as_str())
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
        fs::create_dir_all(&self.result)
            .with_context(|| format!("could not create {}", self.result.display()))?;
        forget(&self.inputs)?;
        if app.has_flash_images() {
            for elf in app.elves() {
                images::write(&self.build.join(elf))?;
            }
        }
        for name in app.published() {
            let (from, to) = (self.build.join(&name), self.result.join(&name));
            let unfinished = to.with_extension("unfinished");
            fs::copy(&from, &unfinished)
                .with_context(|| format!("could not copy {}", from.display()))?;
            fs::rename(&unfinished, &to)
                .with_context(|| format!("could not write {}", to.display()))?;
        }
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
