//! Finds tools: what the user names, what set-up fetched, what the system has.
//!
//! The first of these three wins. What was fetched comes before the system's
//! because it is the pinned one: a transcript must not change because somebody
//! installed another QEMU. Finding a fetched tool reads a stamp and runs nothing,
//! so it costs microseconds; a named or installed one is asked for its version.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt::SystemApt;
use crate::debian::{Release, System};
use crate::named::absolute;
use crate::pins;
use crate::place::Arch;
use crate::run::{is_program, which};
use crate::unpack::{Stamp, version_of};
use crate::{ArmGcc, Item, Micropython, Missing, Named, Place, Python, Qemu, Scope};

/// Finds tools for one checkout or installed program.
#[derive(Clone, Debug)]
pub struct Tools {
    place: Place,
    scope: Scope,
    named: Named,
    path: Option<OsString>,
    system: System,
    arch: Option<Arch>,
    etc_apt: PathBuf,
}

impl Tools {
    /// Tools for the checkout at `root`, on this system and its `$PATH`.
    #[must_use]
    pub fn find(root: &Path, named: Named) -> Tools {
        Tools::at(Place::in_workspace(root).tools(), Scope::Checkout, named)
    }

    /// Tools for `scope`, of which those that set-up fetches lie in `folder`.
    #[must_use]
    pub fn at(folder: &Path, scope: Scope, named: Named) -> Tools {
        Tools {
            place: Place::at(&absolute(folder.to_owned())),
            scope,
            named: named.absolute(),
            path: env::var_os("PATH"),
            system: System::here(),
            arch: Arch::here(),
            etc_apt: PathBuf::from("/etc/apt"),
        }
    }

    /// Where fetched tools lie.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The emulator.
    ///
    /// # Errors
    ///
    /// [`Missing`] if there is none, or if the named one does not run.
    pub fn qemu(&self) -> Result<Qemu, Missing> {
        if let Some(program) = &self.named.qemu {
            return self.bare_qemu(program).map_err(|why| not_that(Item::Qemu, program, why));
        }
        self.fetched_qemu()
            .or_else(|| self.installed_qemu())
            .ok_or_else(|| self.not_found(Item::Qemu))
    }

    fn bare_qemu(&self, program: &Path) -> Result<Qemu, String> {
        let version = says_version(program)?;
        Ok(Qemu { program: program.to_owned(), library_path: None, data: None, version })
    }

    fn fetched_qemu(&self) -> Option<Qemu> {
        let root = self.place.of(Item::Qemu);
        let stamp = self.current(Item::Qemu)?;
        Some(Qemu {
            program: root.join("usr/bin/qemu-system-arm"),
            library_path: self.libraries(&root),
            data: Some(root.join("usr/share/qemu")),
            version: stamp.version,
        })
    }

    fn installed_qemu(&self) -> Option<Qemu> {
        self.bare_qemu(&which("qemu-system-arm", self.path.as_deref())?).ok()
    }

    /// The Arm compiler.
    ///
    /// # Errors
    ///
    /// [`Missing`] if there is none, or if the named one does not run.
    pub fn arm_gcc(&self) -> Result<ArmGcc, Missing> {
        if let Some(prefix) = &self.named.arm_gcc {
            return bare_gcc(prefix).map_err(|why| not_that(Item::ArmGcc, prefix, why));
        }
        self.fetched_gcc()
            .or_else(|| self.installed_gcc())
            .ok_or_else(|| self.not_found(Item::ArmGcc))
    }

    fn fetched_gcc(&self) -> Option<ArmGcc> {
        let root = self.place.of(Item::ArmGcc);
        let stamp = self.current(Item::ArmGcc)?;
        Some(ArmGcc {
            prefix: root.join("usr/bin/arm-none-eabi-"),
            library_path: self.libraries(&root),
            version: stamp.version,
            root: Some(root),
        })
    }

    fn installed_gcc(&self) -> Option<ArmGcc> {
        let program = which("arm-none-eabi-gcc", self.path.as_deref())?;
        bare_gcc(&program.with_file_name("arm-none-eabi-")).ok()
    }

    /// MicroPython's sources.
    ///
    /// # Errors
    ///
    /// [`Missing`] if there are none, or if the named folder does not hold them.
    pub fn micropython(&self) -> Result<Micropython, Missing> {
        if let Some(folder) = &self.named.micropython {
            if folder.join(MICROPYTHON_MARK).is_file() {
                return Ok(Micropython { folder: folder.clone(), sha256: None });
            }
            return Err(not_that(
                Item::Micropython,
                folder,
                format!("it has no {MICROPYTHON_MARK}"),
            ));
        }
        self.current(Item::Micropython).ok_or_else(|| self.not_found(Item::Micropython))?;
        let folder = self.place.of(Item::Micropython);
        Ok(Micropython { folder, sha256: Some(pins::MICROPYTHON.sha256.to_owned()) })
    }

    /// A Python with the modules that MicroPython's tests need.
    ///
    /// # Errors
    ///
    /// [`Missing`] if the program or the modules are not there.
    pub fn python(&self) -> Result<Python, Missing> {
        if let Some(program) = &self.named.python {
            return can_import(program)
                .map(|()| Python { program: program.clone(), modules: None })
                .map_err(|why| not_that(Item::PythonModules, program, why));
        }
        let program = self.program("python3")?;
        self.current(Item::PythonModules).ok_or_else(|| self.not_found(Item::PythonModules))?;
        let modules = self.place.of(Item::PythonModules).join("usr/lib/python3/dist-packages");
        Ok(Python { program, modules: Some(modules) })
    }

    /// A program of the host: `make`, `python3` or `xz`.
    ///
    /// The system's own folder comes before `$PATH`, because the `python3` of a
    /// version manager is often a script that costs 50 ms a call, or answers that no version is chosen.
    ///
    /// # Errors
    ///
    /// [`Missing`] if neither the system nor set-up has it.
    pub fn program(&self, name: &'static str) -> Result<PathBuf, Missing> {
        let fetched = self.place.host_programs().join(name);
        self.installed(name)
            .or_else(|| is_program(&fetched).then_some(fetched))
            .ok_or(self.missing(name, Item::HostPrograms))
    }

    /// The programs of the host that are needed here: xz only unpacks MicroPython.
    pub(crate) fn needed_programs(&self) -> impl Iterator<Item = &'static str> {
        let unpacked = self.micropython().is_ok();
        pins::HOST_PROGRAMS
            .iter()
            .map(|(name, _)| *name)
            .filter(move |name| *name != "xz" || !unpacked)
    }

    pub(crate) fn installed(&self, name: &str) -> Option<PathBuf> {
        let usual = Path::new("/usr/bin").join(name);
        if is_program(&usual) { Some(usual) } else { which(name, self.path.as_deref()) }
    }

    /// `$PATH` with the fetched programs of the host at its end, for builds.
    #[must_use]
    pub fn search_path(&self) -> OsString {
        let own = self.path.as_deref().unwrap_or_default();
        let folders = env::split_paths(own).chain([self.place.host_programs()]);
        // A folder whose name holds a colon cannot be in a search path at all.
        env::join_paths(folders).unwrap_or_else(|_| own.to_owned())
    }

    /// Whether an item need not be fetched.
    ///
    /// # Errors
    ///
    /// [`Missing::NotThat`] if the user names one that is not what it should be.
    pub(crate) fn has(&self, item: Item) -> Result<bool, Missing> {
        let found = match item {
            Item::HostPrograms => {
                pins::HOST_PROGRAMS.iter().try_for_each(|(name, _)| self.program(name).map(drop))
            }
            Item::Qemu => self.qemu().and_then(|qemu| self.suits(item, &qemu.version)),
            Item::ArmGcc => self.arm_gcc().and_then(|gcc| self.suits(item, &gcc.version)),
            Item::Micropython => self.micropython().map(drop),
            Item::PicoSdk => self.pico_sdk().map(drop),
            Item::Cmake => self.cmake().and_then(|cmake| self.suits(item, &cmake.version)),
            Item::PythonModules => self.python().map(drop),
        };
        match found {
            Ok(()) => Ok(true),
            Err(Missing::NotFound { .. }) => Ok(false),
            Err(named) => Err(named),
        }
    }

    /// Whether what was found is the pinned version; one that the user names always is what he wants.
    fn suits(&self, item: Item, version: &str) -> Result<(), Missing> {
        let named = match item {
            Item::Qemu => self.named.qemu.is_some(),
            Item::Cmake => self.named.cmake.is_some(),
            _ => self.named.arm_gcc.is_some(),
        };
        let pinned = self.release().and_then(|release| item.pins(release).first()?.version);
        if named
            || pinned.is_none_or(|pinned| version.contains(pinned))
            || self.current(item).is_some()
        {
            return Ok(());
        }
        Err(self.not_found(item))
    }

    pub(crate) fn not_found(&self, item: Item) -> Missing {
        self.missing(item.name(), item)
    }

    fn missing(&self, tool: &'static str, item: Item) -> Missing {
        let setup = self.scope.command();
        Missing::NotFound { tool, setup, way_out: item.way_out() }
    }

    /// The stamp of a fetched item, if it was made from today's pins.
    pub(crate) fn current(&self, item: Item) -> Option<Stamp> {
        let recipe = item.recipe(self.release()?, self.arch?.debian);
        Stamp::read(&self.place.of(item)).filter(|stamp| stamp.recipe == recipe)
    }

    pub(crate) fn named_renode(&self) -> Option<&Path> {
        self.named.renode.as_deref()
    }

    /// `$PATH`.
    pub(crate) fn search_path_of_system(&self) -> Option<&OsStr> {
        self.path.as_deref()
    }

    pub(crate) fn apt(&self) -> SystemApt {
        SystemApt { path: self.path.clone(), etc: self.etc_apt.clone() }
    }

    /// Tools of a workspace in a world of a test's own: programs in `root/bin`,
    /// apt's sources in `root/apt`, Debian on amd64.
    #[cfg(test)]
    pub(crate) fn in_test(root: &Path, release: Release, named: Named) -> Tools {
        Tools {
            place: Place::in_workspace(root),
            scope: Scope::Checkout,
            named,
            path: Some(root.join("bin").into()),
            system: System { name: "Debian".into(), release: Some(release) },
            arch: Some(Arch { debian: "amd64", triplet: "x86_64-linux-gnu" }),
            etc_apt: root.join("apt"),
        }
    }

    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    /// The same tools for another scope.
    #[cfg(test)]
    pub(crate) fn with_scope(self, scope: Scope) -> Tools {
        Tools { scope, ..self }
    }

    pub(crate) fn system(&self) -> &System {
        &self.system
    }

    pub(crate) fn release(&self) -> Option<Release> {
        self.system.release
    }

    pub(crate) fn arch(&self) -> Option<Arch> {
        self.arch
    }

    pub(crate) fn named(&self) -> &Named {
        &self.named
    }

    pub(crate) fn libraries(&self, root: &Path) -> Option<PathBuf> {
        Some(self.arch?.libraries(root)).filter(|folder| folder.is_dir())
    }
}

/// The file by which a source tree of MicroPython is known.
pub(crate) const MICROPYTHON_MARK: &str = "py/mpconfig.h";

fn bare_gcc(prefix: &Path) -> Result<ArmGcc, String> {
    let mut program = prefix.as_os_str().to_owned();
    program.push("gcc");
    let version = says_version(Path::new(&program))?;
    Ok(ArmGcc { prefix: prefix.to_owned(), root: None, library_path: None, version })
}

pub(crate) fn says_version(program: &Path) -> Result<String, String> {
    version_of("it", &mut Command::new(program)).map_err(|error| reason(&error))
}

fn can_import(program: &Path) -> Result<(), String> {
    crate::run::stdout_of(Command::new(program).args(["-c", "import serial, mpremote"]))
        .map(drop)
        .map_err(|error| reason(&error))
}

/// An error with its cause, for a message that cannot carry a source.
fn reason(error: &crate::SetupError) -> String {
    match error {
        crate::SetupError::NotStarted { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

pub(crate) fn not_that(item: Item, path: &Path, why: String) -> Missing {
    Missing::NotThat { tool: item.name(), named_by: item.named_by(), path: path.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::write_program;
    use crate::unpack::Making;

    fn tools(root: &Path, named: Named) -> Tools {
        Tools::in_test(root, Release::Bookworm, named)
    }

    /// A program that prints `version`.
    fn program(path: &Path, version: &str) {
        write_program(path, &format!("#!/bin/sh\necho '{version}'\n"));
    }

    fn fetched(tools: &Tools, item: Item, recipe: &str) {
        let making = Making::start(&tools.place.of(item)).unwrap();
        making.finish(&Stamp { recipe: recipe.into(), version: "fetched".into() }).unwrap();
    }

    const PINNED: &str = "QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)";

    #[test]
    fn nothing_there_says_how_to_get_it() {
        let root = tempfile::tempdir().unwrap();
        let error = tools(root.path(), Named::default()).qemu().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no QEMU found (run `cargo xtask setup`, or name one with --qemu PROGRAM or REPLAB_QEMU)"
        );
    }

    #[test]
    fn the_pinned_version_in_the_system_need_not_be_fetched() {
        let root = tempfile::tempdir().unwrap();
        program(&root.path().join("bin/qemu-system-arm"), PINNED);
        let tools = tools(root.path(), Named::default());
        assert_eq!(tools.qemu().unwrap().version, PINNED);
        assert_eq!(tools.has(Item::Qemu), Ok(true));
    }

    #[test]
    fn another_version_in_the_system_is_found_but_does_not_do() {
        let root = tempfile::tempdir().unwrap();
        program(&root.path().join("bin/qemu-system-arm"), "QEMU emulator version 7.2.0");
        let tools = tools(root.path(), Named::default());
        assert_eq!(tools.qemu().unwrap().version, "QEMU emulator version 7.2.0");
        assert_eq!(tools.has(Item::Qemu), Ok(false));
    }

    #[test]
    fn what_was_fetched_wins_over_the_system_and_what_is_named_over_both() {
        let root = tempfile::tempdir().unwrap();
        program(&root.path().join("bin/qemu-system-arm"), PINNED);
        let own = root.path().join("own-qemu");
        program(&own, "QEMU emulator version 11.0.0");
        let plain = tools(root.path(), Named::default());
        fetched(&plain, Item::Qemu, &Item::Qemu.recipe(Release::Bookworm, "amd64"));
        assert_eq!(plain.qemu().unwrap().version, "fetched");
        let named = tools(root.path(), Named { qemu: Some(own), ..Named::default() });
        assert_eq!(named.qemu().unwrap().version, "QEMU emulator version 11.0.0");
        assert_eq!(named.has(Item::Qemu), Ok(true));
    }

    #[test]
    fn what_was_fetched_from_other_pins_does_not_count() {
        let root = tempfile::tempdir().unwrap();
        let tools = tools(root.path(), Named::default());
        fetched(&tools, Item::Qemu, "the hash of yesterday's pins");
        assert_eq!(tools.has(Item::Qemu), Ok(false));
    }

    #[test]
    fn a_named_tool_that_is_none_is_an_error_and_nothing_is_fetched_instead() {
        let root = tempfile::tempdir().unwrap();
        let named = Named {
            qemu: Some("/no/such/qemu".into()),
            micropython: Some(root.path().to_owned()),
            ..Named::default()
        };
        let tools = tools(root.path(), named);
        assert!(matches!(tools.has(Item::Qemu), Err(Missing::NotThat { .. })));
        let error = tools.micropython().unwrap_err().to_string();
        assert!(error.ends_with("which --micropython or REPLAB_MICROPYTHON names, is no MicroPython: it has no py/mpconfig.h"), "{error}");
    }

    #[test]
    fn xz_is_needed_only_until_micropython_is_unpacked() {
        let root = tempfile::tempdir().unwrap();
        let without = tools(root.path(), Named::default());
        assert!(without.needed_programs().any(|name| name == "xz"));
        fetched(&without, Item::Micropython, &Item::Micropython.recipe(Release::Bookworm, "amd64"));
        assert!(without.needed_programs().all(|name| name != "xz"));
    }

    #[test]
    fn the_prefix_of_an_installed_compiler_is_its_name_without_gcc() {
        let root = tempfile::tempdir().unwrap();
        program(
            &root.path().join("bin/arm-none-eabi-gcc"),
            "arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205",
        );
        let tools = tools(root.path(), Named::default());
        assert_eq!(tools.arm_gcc().unwrap().prefix, root.path().join("bin/arm-none-eabi-"));
        assert_eq!(tools.has(Item::ArmGcc), Ok(true));
    }
}
