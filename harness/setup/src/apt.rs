//! apt with a state of its own: lists, cache, sources and preferences in one folder of ours.
//!
//! The system's configuration is still read, for its proxies and credentials,
//! and its dpkg status, to know which libraries are there already. Hooks are
//! cleared, because images for containers have one that empties the system's
//! cache after each update. Everything is asked for by `--simulate` and fetched by
//! `download`, so no lock and no file of the system is touched.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::SetupError;
use crate::debian::Release;
use crate::pins::SOURCE_SUITE;
use crate::run::{finish, last_words, stdout_of, which};
use crate::sources::{SourceFile, private_sources};

/// A package as apt would install it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Package {
    /// How apt's command line wants it.
    fn exact(&self) -> String {
        format!("{}={}", self.name, self.version)
    }
}

/// What apt is on this system.
#[derive(Clone, Debug)]
pub(crate) struct SystemApt {
    /// Where `apt-get` and `apt-cache` are looked for, in the form of `$PATH`.
    pub(crate) path: Option<OsString>,
    /// The folder of its configured sources, `/etc/apt`.
    pub(crate) etc: PathBuf,
}

impl SystemApt {
    /// The sources that are configured. Files that cannot be read are somebody else's secrets and are passed over.
    pub(crate) fn sources(&self) -> Vec<SourceFile> {
        let mut paths = vec![self.etc.join("sources.list")];
        if let Ok(entries) = fs::read_dir(self.etc.join("sources.list.d")) {
            let mut found: Vec<_> =
                entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
            found.sort();
            paths.extend(found.into_iter().filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "list" || extension == "sources")
            }));
        }
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).ok()?;
            Some(SourceFile { name: path.display().to_string(), text })
        };
        paths.into_iter().filter_map(read).collect()
    }
}

/// The private apt.
pub(crate) struct Apt {
    folder: PathBuf,
    config: PathBuf,
    path: Option<OsString>,
    release: Release,
}

impl Apt {
    /// Writes the folder and the configuration of a private apt in `folder`.
    pub(crate) fn prepare(
        system: &SystemApt,
        folder: &Path,
        release: Release,
        arch: &str,
    ) -> Result<Apt, SetupError> {
        for part in [
            "state/lists/partial",
            "cache/archives/partial",
            "sources.list.d",
            "preferences.d",
            "files",
        ] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(SetupError::io("create", path))?;
        }
        let sources = private_sources(&system.sources(), release, arch).ok_or_else(|| {
            SetupError::NoDebianSource {
                codename: release.codename(),
                looked_in: format!("{0}/sources.list or {0}/sources.list.d", system.etc.display()),
            }
        })?;
        write(&folder.join("sources.list.d/replab.sources"), &sources)?;
        let config = folder.join("apt.conf");
        write(&config, &configuration(folder, arch))?;
        if release != Release::Trixie {
            write(&folder.join("preferences.d/replab"), &preferences())?;
        }
        Ok(Apt { folder: folder.to_owned(), config, path: system.path.clone(), release })
    }

    /// Where fetched files are.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// Fetches the package lists (about 20 MB).
    pub(crate) fn update(&self) -> Result<(), SetupError> {
        let output = finish(self.get().arg("update"))?;
        if output.status.success() {
            return Ok(());
        }
        // One line for each list, all with the same reason: the first says enough.
        let words = last_words(&output.stderr);
        Err(SetupError::NoLists { last_words: words.into_iter().take(1).collect() })
    }

    /// The versions of `package` that the sources offer, as binary or source package.
    pub(crate) fn offered(&self, package: &str) -> Result<Vec<String>, SetupError> {
        let text = stdout_of(self.command("apt-cache").args(["madison", package]))?;
        Ok(madison_versions(&text, package))
    }

    /// The same, without what only [`SOURCE_SUITE`] has, if that is another release than the system's.
    pub(crate) fn offered_by_release(&self, package: &str) -> Result<Vec<String>, SetupError> {
        let text = stdout_of(self.command("apt-cache").args(["madison", package]))?;
        Ok(madison_versions(&lines_of_release(&text, self.release), package))
    }

    /// What apt would install so that `wanted` (`name` or `name=version`) works here, with what it depends on.
    pub(crate) fn closure(&self, wanted: &[String]) -> Result<Vec<Package>, SetupError> {
        let text = stdout_of(
            self.get()
                .args([
                    "--simulate",
                    "--yes",
                    "--allow-downgrades",
                    "--allow-change-held-packages",
                    "install",
                ])
                .args(wanted),
        )?;
        Ok(simulated_installs(&text))
    }

    /// Fetches the files of `packages` into [`Apt::files`]; those that are there and whole are not fetched again.
    pub(crate) fn download(&self, packages: &[Package]) -> Result<(), SetupError> {
        let exact = packages.iter().map(Package::exact);
        stdout_of(self.get().current_dir(self.files()).arg("download").args(exact)).map(drop)
    }

    /// Fetches the files of a source package into [`Apt::files`].
    pub(crate) fn download_source(&self, package: &str, version: &str) -> Result<(), SetupError> {
        let exact = format!("{package}={version}");
        stdout_of(self.get().current_dir(self.files()).args(["source", "--download-only", &exact]))
            .map(drop)
    }

    /// The file of `package` in [`Apt::files`]. apt writes the colon of a version as `%3a`.
    pub(crate) fn file_of(&self, package: &Package) -> Result<PathBuf, SetupError> {
        let start = format!("{}_{}_", package.name, package.version.replace(':', "%3a"));
        let folder = self.files();
        let entries = fs::read_dir(&folder).map_err(SetupError::io("read", &folder))?;
        entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start))
            })
            .ok_or_else(|| SetupError::NotFetched { package: package.exact(), folder })
    }

    fn get(&self) -> Command {
        self.command("apt-get")
    }

    fn command(&self, program: &str) -> Command {
        let found = which(program, self.path.as_deref()).unwrap_or_else(|| program.into());
        let mut command = Command::new(found);
        command.arg("-c").arg(&self.config);
        command
    }
}

/// The private configuration. It is read after the system's own.
fn configuration(folder: &Path, arch: &str) -> String {
    let folder = folder.display();
    format!(
        r#"#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
#clear APT::Default-Release;
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dir::State "{folder}/state";
Dir::State::lists "lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::State::extended_states "extended_states";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{folder}/sources.list.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{folder}/preferences.d";
Dir::Log "{folder}";
"#
    )
}

/// Nothing is taken from [`SOURCE_SUITE`] but what is asked for in the version that it has
/// (a priority below 100: apt_preferences(5)).
fn preferences() -> String {
    format!("Package: *\nPin: release n={SOURCE_SUITE}\nPin-Priority: 50\n")
}

/// The versions in the output of `apt-cache madison`: ` package | version | source `.
/// A source package is listed under its own name, so other names are passed over.
fn madison_versions(text: &str, package: &str) -> Vec<String> {
    let mut versions = Vec::new();
    for line in text.lines() {
        let mut cells = line.split('|').map(str::trim);
        if let (Some(name), Some(version)) = (cells.next(), cells.next())
            && name == package
            && !versions.iter().any(|known| known == version)
        {
            versions.push(version.to_owned());
        }
    }
    versions
}

/// The lines of `apt-cache madison` that are not of [`SOURCE_SUITE`], if that is another release.
fn lines_of_release(text: &str, release: Release) -> String {
    let foreign = format!(" {SOURCE_SUITE}/");
    let own = |line: &&str| release.codename() == SOURCE_SUITE || !line.contains(&foreign);
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// The packages in lines such as `Inst name [old] (version origin [arch])`.
fn simulated_installs(text: &str) -> Vec<Package> {
    let parse = |line: &str| {
        let rest = line.strip_prefix("Inst ")?;
        let name = rest.split_whitespace().next()?;
        let version = rest.split_once('(')?.1.split_whitespace().next()?;
        Some(Package { name: name.to_owned(), version: version.to_owned() })
    };
    text.lines().filter_map(parse).collect()
}

fn write(path: &Path, text: &str) -> Result<(), SetupError> {
    fs::write(path, text).map_err(SetupError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_installs_and_upgrades_are_read() {
        let text = "Reading package lists...\n\
            Inst libfdt1 (1.6.1-4+b1 Debian:12.15/oldstable [amd64])\n\
            Inst libssl3 [3.0.1] (3.0.2 Debian-Security:12/oldstable-security [amd64]) []\n\
            Conf libfdt1 (1.6.1-4+b1 Debian:12.15/oldstable [amd64])\n";
        let found: Vec<_> = simulated_installs(text).iter().map(Package::exact).collect();
        assert_eq!(found, ["libfdt1=1.6.1-4+b1", "libssl3=3.0.2"]);
    }

    #[test]
    fn madison_tells_versions_once_each_and_not_those_of_other_names() {
        let text = "qemu-system-arm | 1:10 | http://m.example bookworm-backports/main amd64 Packages\n\
             qemu-system-arm | 1:7.2 | http://m.example bookworm/main amd64 Packages\n\
             qemu-system-arm | 1:7.2 | http://n.example bookworm/main amd64 Packages\n      qemu | 1:11 | http://m.example trixie/main Sources\n";
        assert_eq!(madison_versions(text, "qemu-system-arm"), ["1:10", "1:7.2"]);
        assert_eq!(madison_versions("", "qemu-system-arm"), Vec::<String>::new());
    }

    #[test]
    fn what_only_the_source_suite_has_is_not_of_the_release() {
        let text = " make | 4.4 | http://m.example trixie/main amd64 Packages\n \
             make | 4.3 | http://m.example bookworm/main amd64 Packages\n";
        let found = |release| madison_versions(&lines_of_release(text, release), "make");
        assert_eq!(found(Release::Bookworm), ["4.3"]);
        assert_eq!(found(Release::Trixie), ["4.4", "4.3"]);
    }

    #[test]
    fn the_configuration_keeps_apt_inside_its_folder() {
        let text = configuration(Path::new("/x y/apt"), "amd64");
        for line in
            text.lines().filter(|line| line.starts_with("Dir::") && !line.contains("status"))
        {
            let value = line.split('"').nth(1).unwrap();
            let inside =
                value.starts_with("/x y/apt") || value == "/dev/null" || !value.starts_with('/');
            assert!(inside, "{line}");
        }
    }
}
