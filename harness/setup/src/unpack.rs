//! Unpacks packages and archives into folders that are either whole or not there.
//!
//! Files go to a temporary folder beside the wanted one, which is renamed when
//! all is done and checked. A set-up that is killed leaves only the temporary
//! folder, and the next one empties it. The stamp inside a finished folder
//! says what it was made from, so that a changed pin is noticed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::SetupError;
use crate::run::{finish, last_words, stdout_of};

/// The stamp's name inside a finished folder.
const STAMP: &str = "replab-stamp";

/// A folder in the making.
pub(crate) struct Making {
    wanted: PathBuf,
    temporary: PathBuf,
}

impl Making {
    /// Starts to make `wanted` in an empty folder beside it. What a killed set-up left there goes.
    pub(crate) fn start(wanted: &Path) -> Result<Making, SetupError> {
        let temporary = wanted.with_extension("unfinished");
        remove(&temporary)?;
        fs::create_dir_all(&temporary).map_err(SetupError::io("create", &temporary))?;
        Ok(Making { wanted: wanted.to_owned(), temporary })
    }

    /// Where the files go.
    pub(crate) fn folder(&self) -> &Path {
        &self.temporary
    }

    /// Stamps the folder and puts it in its place, instead of what was there.
    pub(crate) fn finish(self, stamp: &Stamp) -> Result<(), SetupError> {
        let path = self.temporary.join(STAMP);
        fs::write(&path, stamp.to_text()).map_err(SetupError::io("write", &path))?;
        let old = self.wanted.with_extension("old");
        remove(&old)?;
        if self.wanted.exists() {
            fs::rename(&self.wanted, &old).map_err(SetupError::io("move away", &self.wanted))?;
        }
        fs::rename(&self.temporary, &self.wanted)
            .map_err(SetupError::io("put in place", &self.wanted))?;
        remove(&old)
    }
}

/// What a finished folder was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// A hash of all that decides the content.
    pub(crate) recipe: String,
    /// The version that the tool says of itself.
    pub(crate) version: String,
}

impl Stamp {
    /// The stamp of `folder`, or `None` if it is not there or not finished.
    pub(crate) fn read(folder: &Path) -> Option<Stamp> {
        let text = fs::read_to_string(folder.join(STAMP)).ok()?;
        let (recipe, version) = text.split_once('\n')?;
        Some(Stamp { recipe: recipe.to_owned(), version: version.trim_end().to_owned() })
    }

    fn to_text(&self) -> String {
        format!("{}\n{}\n", self.recipe, self.version)
    }
}

/// Unpacks the files of a Debian package into `folder`, but for what `exclude` names (tar's patterns).
///
/// `/lib`, `/bin` and `/sbin` go to `/usr`, as on the system itself.
pub(crate) fn unpack_deb(deb: &Path, folder: &Path, exclude: &[&str]) -> Result<(), SetupError> {
    merge_into_usr(folder)?;
    let mut reader = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(deb)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| SetupError::NotStarted { program: "dpkg-deb".into(), source })?;
    let pipe = reader.stdout.take().expect("stdout was piped above");
    let mut tar = untar(folder);
    tar.args(exclude.iter().map(|pattern| format!("--exclude={pattern}"))).stdin(pipe);
    let unpacked =
        tar.output().map_err(|source| SetupError::NotStarted { program: "tar".into(), source });
    // The reader is reaped whatever became of tar; it ends when tar has closed the pipe.
    let status = reader.wait().map_err(SetupError::io("read", deb))?;
    let unpacked = unpacked?;
    if unpacked.status.success() && status.success() {
        return Ok(());
    }
    Err(SetupError::Failed {
        command: format!("dpkg-deb --fsys-tarfile {} | tar -x", deb.display()),
        status: format!("dpkg-deb {status}, tar {}", unpacked.status),
        last_words: last_words(&unpacked.stderr),
    })
}

/// Unpacks a `.tar.xz` without its top folder into `folder`. `path` is the `$PATH` where xz is found.
pub(crate) fn unpack_tar_xz(
    archive: &Path,
    folder: &Path,
    path: &std::ffi::OsStr,
) -> Result<(), SetupError> {
    let mut tar = untar(folder);
    tar.args(["--strip-components=1", "--xz", "-f"]).arg(archive).env("PATH", path);
    stdout_of(&mut tar).map(drop)
}

/// A tar that writes as the user who calls it, never as the owner that the archive names.
pub(crate) fn untar(folder: &Path) -> Command {
    let mut tar = Command::new("tar");
    tar.args(["-x", "--no-same-owner", "--no-same-permissions", "--keep-directory-symlink", "-C"])
        .arg(folder);
    tar.env("LC_ALL", "C.UTF-8");
    tar
}

fn merge_into_usr(folder: &Path) -> Result<(), SetupError> {
    for name in ["bin", "sbin", "lib"] {
        let real = folder.join("usr").join(name);
        fs::create_dir_all(&real).map_err(SetupError::io("create", &real))?;
        let link = folder.join(name);
        if !link.is_symlink() {
            std::os::unix::fs::symlink(format!("usr/{name}"), &link)
                .map_err(SetupError::io("link", &link))?;
        }
    }
    Ok(())
}

/// SHA-256 of a file, in hex.
pub(crate) fn sha256_of(path: &Path) -> Result<String, SetupError> {
    let mut file = fs::File::open(path).map_err(SetupError::io("read", path))?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher).map_err(SetupError::io("read", path))?;
    Ok(hex::encode(hasher.finalize()))
}

/// Removes a folder with all in it, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<(), SetupError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(SetupError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

/// Runs a freshly unpacked program with `--version`; the first line that it says.
pub(crate) fn version_of(tool: &'static str, command: &mut Command) -> Result<String, SetupError> {
    let output = finish(command.arg("--version"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        Some(line) if output.status.success() => Ok(line.trim().to_owned()),
        _ => Err(SetupError::DoesNotRun { tool, last_words: last_words(&output.stderr) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(recipe: &str) -> Stamp {
        Stamp { recipe: recipe.into(), version: "1.0".into() }
    }

    /// A `.deb` with `usr/share/a`, `usr/share/drop/b` and `lib/c`, or `None` where there is no dpkg.
    fn fake_deb(folder: &Path) -> Option<PathBuf> {
        let tree = folder.join("tree");
        for (path, text) in [
            (
                "DEBIAN/control",
                "Package: fake\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n",
            ),
            ("usr/share/a", "a"),
            ("usr/share/drop/b", "b"),
            ("lib/c", "c"),
        ] {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let deb = folder.join("fake_1_all.deb");
        match finish(Command::new("dpkg-deb").arg("-b").arg(&tree).arg(&deb)) {
            Ok(output) => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                Some(deb)
            }
            Err(SetupError::NotStarted { .. }) => {
                eprintln!("skipped: there is no dpkg-deb here");
                None
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_package_is_unpacked_without_what_is_excluded_and_merged_into_usr() {
        let folder = tempfile::tempdir().unwrap();
        let Some(deb) = fake_deb(folder.path()) else { return };
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        unpack_deb(&deb, &root, &["./usr/share/drop"]).unwrap();
        assert_eq!(fs::read_to_string(root.join("usr/share/a")).unwrap(), "a");
        assert_eq!(fs::read_to_string(root.join("usr/lib/c")).unwrap(), "c");
        assert!(!root.join("usr/share/drop").exists());
    }

    #[test]
    fn a_cut_package_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let Some(deb) = fake_deb(folder.path()) else { return };
        let bytes = fs::read(&deb).unwrap();
        fs::write(&deb, &bytes[..bytes.len() / 2]).unwrap();
        let error = unpack_deb(&deb, folder.path(), &[]).unwrap_err();
        assert!(matches!(error, SetupError::Failed { .. }), "{error}");
    }

    #[test]
    fn a_folder_appears_only_when_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("tool");
        let making = Making::start(&wanted).unwrap();
        fs::write(making.folder().join("file"), "new").unwrap();
        assert!(!wanted.exists());
        assert_eq!(Stamp::read(&wanted), None);
        making.finish(&stamp("r1")).unwrap();
        assert_eq!(Stamp::read(&wanted), Some(stamp("r1")));
        assert_eq!(fs::read_to_string(wanted.join("file")).unwrap(), "new");
    }

    #[test]
    fn what_a_killed_set_up_left_does_not_get_into_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("tool");
        let killed = Making::start(&wanted).unwrap();
        fs::write(killed.folder().join("half"), "…").unwrap();
        let again = Making::start(&wanted).unwrap();
        again.finish(&stamp("r1")).unwrap();
        assert!(!wanted.join("half").exists());
    }

    #[test]
    fn a_new_folder_replaces_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("tool");
        for recipe in ["r1", "r2"] {
            let making = Making::start(&wanted).unwrap();
            fs::write(making.folder().join(recipe), "").unwrap();
            making.finish(&stamp(recipe)).unwrap();
        }
        assert_eq!(Stamp::read(&wanted), Some(stamp("r2")));
        assert!(!wanted.join("r1").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_hash_is_that_of_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc");
        fs::write(&file, "abc").unwrap();
        // The example of FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of(&file).unwrap(), expected);
    }

    #[test]
    fn a_program_that_does_not_run_says_why() {
        let error =
            version_of("QEMU", Command::new("sh").args(["-c", "echo no lib >&2; exit 127"]))
                .unwrap_err();
        assert_eq!(error.to_string(), "QEMU was unpacked but does not run: no lib");
    }
}
