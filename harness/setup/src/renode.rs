//! Renode: the official portable archive, which set-up brings only when asked for it.
//!
//! It is no Debian package, so it is fetched with curl or wget, whichever is there. A
//! download that was cut goes on where it ended; the archive's SHA-256 decides
//! whether it is right. An archive that was put into the folder by hand is taken as
//! it is. Once it is unpacked no network is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lock::Lock;
use crate::run::{is_program, stdout_of, which};
use crate::unpack::{Making, Stamp, remove, sha256_of, untar, version_of};
use crate::{Missing, Renode, SetupError, Tools};

/// Its name in messages.
const NAME: &str = "Renode";
/// How to use one's own instead.
const WAY_OUT: &str = "name one with --renode PROGRAM or REPLAB_RENODE";

/// Where the release is.
const RELEASE: &str = "https://github.com/renode/renode/releases/download/v1.16.1";

/// An archive of the release.
#[derive(Clone, Copy, Debug)]
struct Archive<'a> {
    /// Its file name.
    file: &'a str,
    /// As several unrelated projects pin it too.
    sha256: &'a str,
}

/// The archives that carry their own .NET, by Debian's name of the architecture.
const ARCHIVES: &[(&str, Archive<'_>)] = &[
    (
        "amd64",
        Archive {
            file: "renode-1.16.1.linux-portable-dotnet.tar.gz",
            sha256: "00e113cdbd0f5354cf2f64bbe3f5a070d8958409542fca66e45ac97d982938c0",
        },
    ),
    (
        "arm64",
        Archive {
            file: "renode-1.16.1.linux-arm64-portable-dotnet.tar.gz",
            sha256: "fff3a098c96ed0a4ffbdff3f028c9c5fde432db09587c7bd7c99406180f90007",
        },
    ),
];

impl Tools {
    /// Renode: the named one, what set-up has fetched, or the one on `$PATH`.
    ///
    /// # Errors
    ///
    /// [`Missing`] if there is none, or if the named one is no program.
    pub fn renode(&self) -> Result<Renode, Missing> {
        if let Some(program) = self.named_renode() {
            let found = if program.components().count() > 1 {
                is_program(program).then(|| program.to_owned())
            } else {
                which(&program.to_string_lossy(), self.search_path_of_system())
            };
            return found.map(|program| Renode { program, unpacked: None }).ok_or_else(|| {
                Missing::NotThat {
                    tool: NAME,
                    named_by: "--renode or REPLAB_RENODE",
                    path: program.to_owned(),
                    why: "there is no such program".to_owned(),
                }
            });
        }
        let folder = self.place().renode();
        if archive(self).is_some_and(|archive| is_current(&folder, archive)) {
            let unpacked = Some(self.place().renode_unpacked());
            return Ok(Renode { program: folder.join("renode"), unpacked });
        }
        which("renode", self.search_path_of_system())
            .map(|program| Renode { program, unpacked: None })
            .ok_or(Missing::Renode { setup: self.scope().command(), way_out: WAY_OUT })
    }
}

fn archive(tools: &Tools) -> Option<Archive<'static>> {
    let arch = tools.arch()?.debian;
    ARCHIVES.iter().find(|(name, _)| *name == arch).map(|(_, archive)| *archive)
}

fn is_current(folder: &Path, archive: Archive<'_>) -> bool {
    Stamp::read(folder).is_some_and(|stamp| stamp.recipe == archive.sha256)
}

/// Brings the pinned Renode, if it is not there, and tells `say` what it does.
///
/// Can be repeated, can be killed and run again, and waits for another set-up that
/// is at work.
///
/// # Errors
///
/// [`SetupError`]; what was downloaded until then stays, and is not fetched again.
pub fn setup_renode(tools: &Tools, say: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
    let Some(archive) = archive(tools) else {
        return Err(SetupError::NoRenode { arch: std::env::consts::ARCH, way_out: WAY_OUT });
    };
    bring(tools, archive, RELEASE, say)
}

fn bring(
    tools: &Tools,
    archive: Archive<'_>,
    release: &str,
    say: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    let place = tools.place();
    let folder = place.renode();
    if is_current(&folder, archive) {
        return Ok(());
    }
    fs::create_dir_all(place.tools()).map_err(SetupError::io("create", place.tools()))?;
    let lock = Lock::take(&place.lock(), || {
        say("another set-up is at work here; waiting until it is done");
    })?;
    lock.inherit()?;
    if is_current(&folder, archive) {
        return Ok(());
    }
    let file = fetch(tools, archive, release, say)?;
    say(&format!("{NAME}: unpacking {}", archive.file));
    let making = Making::start(&folder)?;
    let mut tar = untar(making.folder());
    stdout_of(tar.args(["--strip-components=1", "--gzip", "-f"]).arg(&file))?;
    let program = making.folder().join("renode");
    if !is_program(&program) {
        return Err(SetupError::Incomplete { tool: NAME, file: "renode".to_owned() });
    }
    let mut command = Command::new(&program);
    command.env("DOTNET_BUNDLE_EXTRACT_BASE_DIR", place.renode_unpacked());
    let version = version_of(NAME, &mut command)?;
    making.finish(&Stamp { recipe: archive.sha256.to_owned(), version: version.clone() })?;
    remove(&place.renode_download())?;
    say(&format!("{NAME}: {version} in {}", folder.display()));
    Ok(())
}

/// The whole archive, with the right hash.
fn fetch(
    tools: &Tools,
    archive: Archive<'_>,
    release: &str,
    say: &mut dyn FnMut(&str),
) -> Result<PathBuf, SetupError> {
    let folder = tools.place().renode_download();
    fs::create_dir_all(&folder).map_err(SetupError::io("create", &folder))?;
    let file = folder.join(archive.file);
    // Somebody may have put it there; otherwise it has this name only when it is whole.
    if !file.is_file() {
        let part = folder.join(format!("{}.part", archive.file));
        let url = format!("{release}/{}", archive.file);
        // A set-up may have been killed between its last byte and its new name.
        let is_whole = part.is_file() && sha256_of(&part)? == archive.sha256;
        if !is_whole {
            download(tools, &url, &part, say)?;
        }
        fs::rename(&part, &file).map_err(SetupError::io("put in place", &part))?;
    }
    let found = sha256_of(&file)?;
    if found != archive.sha256 {
        fs::remove_file(&file).map_err(SetupError::io("remove", &file))?;
        return Err(SetupError::WrongHash {
            file: archive.file.to_owned(),
            by: "the pin",
            expected: archive.sha256.to_owned(),
            found,
        });
    }
    Ok(file)
}

/// Fetches `url` to `part`. A part from which it cannot go on is removed.
fn download(
    tools: &Tools,
    url: &str,
    part: &Path,
    say: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    let length = || part.metadata().map_or(0, |metadata| metadata.len());
    let before = length();
    let from = if before > 0 { ", going on where the last one ended" } else { "" };
    say(&format!("{NAME}: fetching {url}{from}"));
    let done = stdout_of(&mut downloader(tools, url, part)?).map(drop);
    if done.is_err() && before > 0 && length() == before {
        fs::remove_file(part).map_err(SetupError::io("remove", part))?;
    }
    done.map_err(|error| match error {
        SetupError::Failed { mut last_words, .. } => {
            last_words.dedup(); // It tried several times.
            let folder = part.parent().unwrap_or(part).to_owned();
            SetupError::NotDownloaded { url: url.to_owned(), last_words, folder, way_out: WAY_OUT }
        }
        other => other,
    })
}

/// What fetches `url` to `part`, from where `part` ends.
fn downloader(tools: &Tools, url: &str, part: &Path) -> Result<Command, SetupError> {
    if let Some(curl) = tools.installed("curl") {
        let mut command = Command::new(curl);
        command.args(["--fail", "--location", "--silent", "--show-error"]);
        command.args(["--retry", "3", "--connect-timeout", "30", "--continue-at", "-"]);
        command.arg("--output").arg(part).arg(url);
        return Ok(command);
    }
    if let Some(wget) = tools.installed("wget") {
        let mut command = Command::new(wget);
        command.args(["--no-verbose", "--tries=3", "--timeout=30", "--continue"]);
        command.arg("--output-document").arg(part).arg(url);
        return Ok(command);
    }
    let folder = part.parent().unwrap_or(part).to_owned();
    Err(SetupError::NoDownloader { url: url.to_owned(), folder, way_out: WAY_OUT })
}

#[cfg(test)]
mod tests;
