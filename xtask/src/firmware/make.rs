//! How make is called for firmware, and for the one host program that MicroPython's build needs.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::Context as _;
use replab_setup::Tools;

use crate::exit::TaskError;
use crate::firmware::{App, builds};
use crate::workspace;

/// How many lines of a failed build are shown.
const LAST_WORDS: usize = 25;

/// Variables of the caller's shell that would change what make does.
const NOT_OURS: &[&str] = &[
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "CFLAGS",
    "CFLAGS_EXTRA",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "CROSS_COMPILE",
    "BOARD",
    "BUILD",
    "V",
    "PICO_SDK_PATH",
    "PICO_BOARD",
    "PICO_PLATFORM",
    "PICO_TOOLCHAIN_PATH",
    "CMAKE_GENERATOR",
    "C_INCLUDE_PATH",
    "CPATH",
    "LIBRARY_PATH",
    "GCC_EXEC_PREFIX",
    "COMPILER_PATH",
];

/// Builds `app` in `build`.
pub(super) fn firmware(tools: &Tools, app: App, build: &Path) -> anyhow::Result<()> {
    if app.needs_micropython() {
        refuse_blanks(build)?;
        refuse_blanks(&tools.micropython()?.folder)?;
        mpy_cross(tools)?;
    }
    if app.needs_pico_sdk() {
        refuse_blanks(build)?;
        refuse_blanks(&tools.pico_sdk()?.folder)?;
    }
    let mut make = make(tools)?;
    make.arg("-C").arg(workspace::root().join(app.sources())).args(arguments(tools, app, build)?);
    let mut libraries = vec![tools.arm_gcc()?.library_path];
    if app.needs_pico_sdk() {
        libraries.push(tools.cmake()?.library_path);
    }
    let libraries: Vec<_> = libraries.into_iter().flatten().collect();
    if !libraries.is_empty() {
        let joined = std::env::join_paths(libraries).context("a folder of tools has a colon")?;
        make.env("LD_LIBRARY_PATH", joined);
    }
    run(&mut make, app.name(), &build.join("make.log"))
}

fn refuse_blanks(path: &Path) -> Result<(), TaskError> {
    if path.to_string_lossy().contains(char::is_whitespace) {
        return Err(TaskError::BlankInPath { path: path.to_owned() });
    }
    Ok(())
}

/// The variables on make's command line.
pub(super) fn arguments(tools: &Tools, app: App, build: &Path) -> anyhow::Result<Vec<OsString>> {
    let gcc = tools.arm_gcc()?;
    let mut arguments = vec![assign("BUILD", build), assign("CROSS_COMPILE", &gcc.prefix)];
    if app == App::LabM0 {
        arguments.push(assign("BOARD", app.name()));
    }
    if app.needs_micropython() {
        arguments.push(assign("MPTOP", &tools.micropython()?.folder));
        arguments.push(assign("MICROPY_MPYCROSS", mpy_cross_folder(tools)?.join("mpy-cross")));
    }
    if app.needs_pico_sdk() {
        let sdk = tools.pico_sdk()?;
        arguments.push(assign("PICO_SDK", &sdk.folder));
        arguments.push(assign("TINYUSB", &sdk.tinyusb));
        arguments.push(assign("CMAKE", &tools.cmake()?.program));
    }
    if app.needs_micropython() || app.needs_pico_sdk() {
        arguments.push(assign("PYTHON", &tools.program("python3")?));
        if let Some(root) = &gcc.root {
            arguments.push(assign("TOOLCHAIN_ROOT", root));
        }
    }
    Ok(arguments)
}

/// Makefiles and linker scripts: what make does not compare with its results by itself.
pub(super) fn rule_files(sources: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![sources.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("could not read {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("Makefile")
                || path.ends_with("CMakeLists.txt")
                || path.extension().is_some_and(|end| end == "mk" || end == "ld" || end == "cmake")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Builds the compiler of frozen modules, a program of the host. It depends on
/// MicroPython's sources only, so it is kept when firmware is built from scratch.
fn mpy_cross(tools: &Tools) -> anyhow::Result<()> {
    let folder = mpy_cross_folder(tools)?;
    let pinned = tools.micropython()?.sha256.is_some();
    let done = folder.join("done");
    if pinned && done.is_file() {
        return Ok(());
    }
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not create {}", folder.display()))?;
    let mut make = make(tools)?;
    make.arg("-C").arg(tools.micropython()?.folder.join("mpy-cross"));
    make.arg(assign("BUILD", &folder)).arg(assign("PYTHON", &tools.program("python3")?));
    run(&mut make, "mpy-cross", &folder.join("make.log"))?;
    fs::write(&done, "").with_context(|| format!("could not write {}", done.display()))
}

/// One folder for each source tree.
fn mpy_cross_folder(tools: &Tools) -> anyhow::Result<PathBuf> {
    let micropython = tools.micropython()?;
    let name = match &micropython.sha256 {
        Some(sha256) => format!("mpy-cross-{}", &sha256[..12]),
        None => format!("mpy-cross-{}", micropython.folder.display().to_string().replace('/', "-")),
    };
    Ok(builds().join(name))
}

fn make(tools: &Tools) -> anyhow::Result<Command> {
    let mut make = Command::new(tools.program("make")?);
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    make.arg(format!("--jobs={jobs}")).arg("--output-sync=target").env("PATH", tools.search_path());
    make.env("LC_ALL", "C.UTF-8").env("PYTHONDONTWRITEBYTECODE", "1");
    for name in NOT_OURS {
        make.env_remove(name);
    }
    Ok(make)
}

/// Runs make with its output in `log`.
fn run(make: &mut Command, app: &'static str, log: &Path) -> anyhow::Result<()> {
    let file =
        fs::File::create(log).with_context(|| format!("could not write {}", log.display()))?;
    let errors = file.try_clone().context("could not share the log")?;
    let status = make
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(errors)
        .status()
        .context("could not run make")?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read(log).with_context(|| format!("could not read {}", log.display()))?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    let last_words = lines[lines.len().saturating_sub(LAST_WORDS)..]
        .iter()
        .map(|&line| line.to_owned())
        .collect();
    Err(TaskError::NotBuilt { app, status: status.to_string(), last_words }.into())
}

fn assign(name: &str, value: impl AsRef<std::ffi::OsStr>) -> OsString {
    let mut text = OsString::from(name);
    text.push("=");
    text.push(value);
    text
}
