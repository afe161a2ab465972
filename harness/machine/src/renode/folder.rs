//! The private folder of one Renode process.
//!
//! It is removed with its process, also when the lab is killed (see [`super::removal`]).
//! Where that shell was killed too, the next lab does it: each folder has a lock that
//! its lab holds (flock(2)), and who makes a folder removes those whose lock nobody holds.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// How their names begin.
const PREFIX: &str = "replab-renode-";
/// The lock in them.
const LOCK: &str = "lock";

/// A folder that only we can enter. Dropping it removes it.
pub(super) struct Folder {
    folder: TempDir,
    _lock: File,
}

impl Folder {
    /// Makes one, and removes those that nobody uses any more.
    pub(super) fn new() -> io::Result<Folder> {
        Folder::below(&root())
    }

    fn below(root: &Path) -> io::Result<Folder> {
        sweep(root);
        let private = Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix(PREFIX).permissions(private).tempdir_in(root)?;
        // It has its name only once it is held: before, others do not look at it.
        let draft = folder.path().join("lock-draft");
        let lock = File::create(&draft)?;
        lock.lock()?;
        fs::rename(draft, folder.path().join(LOCK))?;
        Ok(Folder { folder, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Where Renode's monitor can read names (it takes blanks and semicolons apart), and
/// where they fit into the address of a socket (108 bytes, unix(7)).
fn root() -> PathBuf {
    let usual = std::env::temp_dir();
    let name = usual.to_string_lossy();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/_-.".contains(letter);
    if name.len() < 60 && name.chars().all(is_plain) { usual } else { PathBuf::from("/tmp") }
}

/// Removes the folders that nobody holds. What cannot be removed is somebody else's.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours
            && let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path()); // Another lab may be at it.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_lab_left_goes_and_what_is_in_use_stays() {
        let root = tempfile::tempdir().unwrap();
        let used = Folder::below(root.path()).unwrap();
        let mut left = Folder::below(root.path()).unwrap();
        left.folder.disable_cleanup(true);
        let left_path = left.path().to_owned();
        let foreign = root.path().join("something-else");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join(LOCK), "").unwrap();
        drop(left);
        assert!(left_path.exists());
        let new = Folder::below(root.path()).unwrap();
        assert!(!left_path.exists());
        assert!(used.path().exists() && new.path().exists() && foreign.exists());
        let path = new.path().to_owned();
        drop(new);
        assert!(!path.exists());
    }
}
