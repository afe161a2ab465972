//! Fetches one item and puts it in its place.
//!
//! Every item goes the same way: is the pin still offered; fetch; verify; unpack
//! beside the place; see that it runs; rename. What can be done again is left
//! behind on failure (fetched files), what is half done is not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt::{Apt, Package};
use crate::debian::Release;
use crate::pico::FETCHED_MARKS;
use crate::pins::{HOST_PROGRAMS, MICROPYTHON, NEVER_UNPACKED, Pin, SOURCE_SUITE};
use crate::place::Arch;
use crate::run::stdout_of;
use crate::tools::MICROPYTHON_MARK;
use crate::unpack::{Making, Stamp, sha256_of, unpack_deb, unpack_tar_xz, version_of};
use crate::{Item, SetupError, Tools};

/// Fetches items with one private apt whose lists are fresh.
pub(crate) struct Fetcher<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) apt: Apt,
    pub(crate) release: Release,
    pub(crate) arch: Arch,
}

impl Fetcher<'_> {
    /// Where `item` comes from, and which version: Debian's suite and the main package.
    pub(crate) fn source(&self, item: Item) -> String {
        match item.pins(self.release).first() {
            Some(pin) => format!(
                "Debian {}, {} {}",
                pin.suite_name(self.release),
                pin.package,
                pin.version.unwrap_or("stock")
            ),
            None if item == Item::Micropython => {
                format!(
                    "Debian {SOURCE_SUITE}, source package {} {}",
                    MICROPYTHON.package, MICROPYTHON.version
                )
            }
            None => format!("Debian {}", self.release),
        }
    }

    /// Brings `item`; the line to say about it.
    pub(crate) fn fetch(&self, item: Item) -> Result<String, SetupError> {
        match item {
            Item::HostPrograms => self.fetch_host_programs(),
            Item::Qemu | Item::ArmGcc | Item::PicoSdk | Item::Cmake | Item::PythonModules => {
                self.fetch_pinned(item)
            }
            Item::Micropython => self.fetch_micropython(),
        }
    }

    fn fetch_pinned(&self, item: Item) -> Result<String, SetupError> {
        let pins = item.pins(self.release);
        let mut packages =
            pins.iter().map(|pin| self.offered(pin, item)).collect::<Result<Vec<_>, _>>()?;
        // The modules need nothing but each other and a python3, which is an item of its own;
        // what Debian's packages of sources depend on, firmware is not built with.
        if !matches!(item, Item::PythonModules | Item::PicoSdk) {
            self.add_dependencies(&mut packages)?;
        }
        let files = self.download(&packages)?;
        for pin in pins {
            self.verify(pin, &packages, &files)?;
        }
        let making = self.unpack(item, &files)?;
        let version = self.check(item, making.folder())?;
        making.finish(&self.stamp(item, &version))?;
        self.told(item, &version, &self.source(item), &files)
    }

    fn fetch_host_programs(&self) -> Result<String, SetupError> {
        let absent: Vec<_> =
            HOST_PROGRAMS.iter().filter(|(name, _)| self.tools.installed(name).is_none()).collect();
        let mut packages = Vec::new();
        for (_, package) in &absent {
            packages.push(self.newest(package)?);
        }
        self.add_dependencies(&mut packages)?;
        let files = self.download(&packages)?;
        let making = self.unpack(Item::HostPrograms, &files)?;
        for (name, _) in &absent {
            write_script(making.folder(), name, self.arch)?;
            version_of(name, &mut Command::new(making.folder().join("programs").join(name)))?;
        }
        making.finish(&self.stamp(Item::HostPrograms, ""))?;
        let names: Vec<_> = absent.iter().map(|(name, _)| *name).collect();
        self.told(Item::HostPrograms, &names.join(", "), &self.source(Item::HostPrograms), &files)
    }

    fn fetch_micropython(&self) -> Result<String, SetupError> {
        let item = Item::Micropython;
        let pin = &MICROPYTHON;
        let offered = self.apt.offered(pin.package)?;
        if !offered.iter().any(|version| version == pin.version) {
            return Err(SetupError::PinGone {
                package: pin.package,
                version: pin.version,
                suite: format!("{SOURCE_SUITE} (sources)"),
                offered,
                way_out: item.way_out(),
            });
        }
        self.apt.download_source(pin.package, pin.version)?;
        let archive = self.source_archive()?;
        let making = Making::start(&self.tools.place().of(item))?;
        unpack_tar_xz(&archive, making.folder(), &self.tools.search_path())?;
        if !making.folder().join(MICROPYTHON_MARK).is_file() {
            return Err(SetupError::Incomplete {
                tool: item.name(),
                file: MICROPYTHON_MARK.to_owned(),
            });
        }
        making.finish(&self.stamp(item, pin.upstream))?;
        self.told(item, pin.upstream, &self.source(item), &[archive])
    }

    /// The `orig` archive, held against the pin and against what the signed `.dsc` says.
    fn source_archive(&self) -> Result<PathBuf, SetupError> {
        let pin = &MICROPYTHON;
        let base = pin.version.rsplit_once('-').map_or(pin.version, |(base, _)| base);
        let name = format!("{}_{base}.orig.tar.xz", pin.package);
        let folder = self.apt.files();
        let dsc = folder.join(format!("{}_{}.dsc", pin.package, pin.version));
        let text = fs::read_to_string(&dsc).map_err(SetupError::io("read", &dsc))?;
        let said = dsc_sha256(&text, &name).unwrap_or("nothing");
        let archive = folder.join(&name);
        expect_hash(&archive, pin.sha256, "the pin")?;
        expect_hash(&archive, said, "the .dsc")?;
        Ok(archive)
    }

    /// A pinned package, if its version is still there.
    fn offered(&self, pin: &Pin, item: Item) -> Result<Package, SetupError> {
        let Some(version) = pin.version else { return self.newest(pin.package) };
        let offered = self.apt.offered(pin.package)?;
        if offered.iter().any(|one| one == version) {
            return Ok(Package { name: pin.package.to_owned(), version: version.to_owned() });
        }
        let suite = pin.suite_name(self.release);
        Err(SetupError::PinGone {
            package: pin.package,
            version,
            suite,
            offered,
            way_out: item.way_out(),
        })
    }

    /// A package in the newest version that the sources offer; apt lists it first.
    fn newest(&self, package: &str) -> Result<Package, SetupError> {
        let version = self.apt.offered_by_release(package)?.into_iter().next();
        let missing =
            || SetupError::NotFetched { package: package.to_owned(), folder: self.apt.files() };
        Ok(Package { name: package.to_owned(), version: version.ok_or_else(missing)? })
    }

    /// Adds what `packages` need and the system does not have.
    fn add_dependencies(&self, packages: &mut Vec<Package>) -> Result<(), SetupError> {
        let exact: Vec<_> =
            packages.iter().map(|one| format!("{}={}", one.name, one.version)).collect();
        for found in self.apt.closure(&exact)? {
            let known = packages.iter().any(|one| one.name == found.name);
            if !known && !NEVER_UNPACKED.contains(&found.name.as_str()) {
                packages.push(found);
            }
        }
        Ok(())
    }

    fn download(&self, packages: &[Package]) -> Result<Vec<PathBuf>, SetupError> {
        self.apt.download(packages)?;
        packages.iter().map(|package| self.apt.file_of(package)).collect()
    }

    fn verify(&self, pin: &Pin, packages: &[Package], files: &[PathBuf]) -> Result<(), SetupError> {
        let Some(expected) = pin.sha256_on(self.arch.debian) else { return Ok(()) };
        let at = packages
            .iter()
            .position(|one| one.name == pin.package)
            .expect("each pin became a package");
        expect_hash(&files[at], expected, "the pin")
    }

    fn unpack(&self, item: Item, files: &[PathBuf]) -> Result<Making, SetupError> {
        let making = Making::start(&self.tools.place().of(item))?;
        for file in files {
            unpack_deb(file, making.folder(), item.excluded())?;
        }
        Ok(making)
    }

    /// Sees that what was unpacked runs; the version that it says.
    fn check(&self, item: Item, root: &Path) -> Result<String, SetupError> {
        let command = |program: &str| {
            let mut command = Command::new(root.join(program));
            command.env("LD_LIBRARY_PATH", self.arch.libraries(root));
            command
        };
        match item {
            Item::Qemu => version_of(item.name(), &mut command("usr/bin/qemu-system-arm")),
            Item::Cmake => version_of(item.name(), &mut command("usr/bin/cmake")),
            Item::PicoSdk => {
                let absent = FETCHED_MARKS.iter().find(|mark| !root.join(mark).is_file());
                match absent {
                    Some(&mark) => {
                        Err(SetupError::Incomplete { tool: item.name(), file: mark.to_owned() })
                    }
                    None => Ok(versions(item.pins(self.release))),
                }
            }
            Item::ArmGcc => {
                // `--version` does not start the compiler proper, which needs more libraries.
                let arguments =
                    ["-mthumb", "-mcpu=cortex-m0", "-c", "-x", "c", "/dev/null", "-o", "/dev/null"];
                stdout_of(command("usr/bin/arm-none-eabi-gcc").args(arguments))?;
                version_of(item.name(), &mut command("usr/bin/arm-none-eabi-gcc"))
            }
            _ => {
                let python = self.tools.program("python3")?;
                let modules = root.join("usr/lib/python3/dist-packages");
                let script = "import serial, mpremote; print('pyserial', serial.__version__, 'and mpremote', mpremote.__version__)";
                let mut command = Command::new(python);
                stdout_of(
                    command
                        .env("PYTHONPATH", modules)
                        .env("PYTHONDONTWRITEBYTECODE", "1")
                        .args(["-c", script]),
                )
                .map(|text| text.trim().to_owned())
            }
        }
    }

    fn stamp(&self, item: Item, version: &str) -> Stamp {
        Stamp { recipe: item.recipe(self.release, self.arch.debian), version: version.to_owned() }
    }

    /// The line about a fetched item. Its files are not needed any more.
    fn told(
        &self,
        item: Item,
        version: &str,
        source: &str,
        files: &[PathBuf],
    ) -> Result<String, SetupError> {
        let mut bytes = 0;
        for file in files {
            bytes += fs::metadata(file).map_err(SetupError::io("read", file))?.len();
            fs::remove_file(file).map_err(SetupError::io("remove", file))?;
        }
        let megabytes = bytes as f64 / 1e6;
        Ok(format!(
            "{}: {version} ({source}), {megabytes:.1} MB fetched, in {}",
            item.name(),
            self.tools.place().of(item).display()
        ))
    }
}

/// The names and versions of packages that say none of themselves.
fn versions(pins: &[Pin]) -> String {
    let texts =
        pins.iter().map(|pin| format!("{} {}", pin.package, pin.version.unwrap_or("stock")));
    texts.collect::<Vec<_>>().join(", ")
}

/// Demands a hash of a file, and removes a file that has another.
fn expect_hash(file: &Path, expected: &str, by: &'static str) -> Result<(), SetupError> {
    let found = sha256_of(file)?;
    if found == expected {
        return Ok(());
    }
    fs::remove_file(file).map_err(SetupError::io("remove", file))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Err(SetupError::WrongHash { file: name, by, expected: expected.to_owned(), found })
}

/// The hash of `file` under `Checksums-Sha256:` in a `.dsc` (deb-src-control(5)).
fn dsc_sha256<'a>(text: &'a str, file: &str) -> Option<&'a str> {
    let entries = text.lines().skip_while(|line| !line.starts_with("Checksums-Sha256:")).skip(1);
    entries.take_while(|line| line.starts_with(' ')).find_map(|line| {
        let mut words = line.split_whitespace();
        let hash = words.next()?;
        (words.nth(1)? == file).then_some(hash)
    })
}

/// A script `programs/NAME` that starts a fetched program with its fetched libraries.
fn write_script(root: &Path, name: &str, arch: Arch) -> Result<(), SetupError> {
    let folder = root.join("programs");
    fs::create_dir_all(&folder).map_err(SetupError::io("create", &folder))?;
    let path = folder.join(name);
    let text = format!(
        "#!/bin/sh\n\
         # Written by set-up: starts {name} with the libraries that were unpacked with it.\n\
         root=$(dirname -- \"$(dirname -- \"$(readlink -f -- \"$0\")\")\")\n\
         LD_LIBRARY_PATH=\"$root/usr/lib/{}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n\
         export LD_LIBRARY_PATH\n\
         exec \"$root/usr/bin/{name}\" \"$@\"\n",
        arch.triplet
    );
    fs::write(&path, text).map_err(SetupError::io("write", &path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
        .map_err(SetupError::io("make executable", &path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::write_program;

    #[test]
    fn the_hash_of_a_file_is_taken_from_the_right_list_of_the_dsc() {
        let text = "Checksums-Sha1:\n aaaa 1 x.orig.tar.xz\nChecksums-Sha256:\n bbbb 2 x.debian.tar.xz\n cccc 1 x.orig.tar.xz\nFiles:\n dddd 1 x.orig.tar.xz\n";
        assert_eq!(dsc_sha256(text, "x.orig.tar.xz"), Some("cccc"));
        assert_eq!(dsc_sha256(text, "y.orig.tar.xz"), None);
    }

    #[test]
    fn a_file_with_a_wrong_hash_is_removed_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.deb");
        fs::write(&file, "abc").unwrap();
        let error = expect_hash(&file, "00", "the pin").unwrap_err();
        assert!(error.to_string().starts_with("x.deb has SHA-256 ba7816bf"), "{error}");
        assert!(!file.exists());
    }

    #[test]
    fn a_script_starts_its_program_with_its_arguments_and_libraries() {
        let root = tempfile::tempdir().unwrap();
        let arch = Arch { debian: "amd64", triplet: "x86_64-linux-gnu" };
        write_program(
            &root.path().join("usr/bin/make"),
            "#!/bin/sh\necho \"$LD_LIBRARY_PATH|$1|$2\"\n",
        );
        write_script(root.path(), "make", arch).unwrap();
        let script = root.path().join("programs/make");
        let mut shell = Command::new("sh");
        let said =
            stdout_of(shell.arg(script).args(["a b", "c"]).env_remove("LD_LIBRARY_PATH")).unwrap();
        let real = root.path().canonicalize().unwrap();
        assert_eq!(said.trim(), format!("{}/usr/lib/x86_64-linux-gnu|a b|c", real.display()));
    }
}
