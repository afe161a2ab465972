//! The folder while it is filled.
//!
//! It is made beside its place and moved there when it is whole. Every file gets
//! one of two modes, whatever it had, because an archive keeps them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A folder that is being filled.
pub(super) struct Folder {
    made: PathBuf,
    unfinished: PathBuf,
}

impl Folder {
    /// Begins what will be at `made`.
    pub(super) fn begin(made: &Path) -> anyhow::Result<Folder> {
        let name = made.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unfinished = made.with_file_name(format!("{name}.unfinished"));
        remove(&unfinished)?;
        let folder = Folder { made: made.to_owned(), unfinished };
        folder.make(&folder.unfinished)?;
        Ok(folder)
    }

    /// Copies the program at `from`.
    pub(super) fn program(&self, from: &Path, to: &str) -> anyhow::Result<()> {
        self.copy(from, to, 0o755)
    }

    /// Copies the file at `from`.
    pub(super) fn file(&self, from: &Path, to: &str) -> anyhow::Result<()> {
        self.copy(from, to, 0o644)
    }

    /// Writes a file.
    pub(super) fn text(&self, to: &str, text: &str) -> anyhow::Result<()> {
        let path = self.place(to)?;
        fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
        set_mode(&path, 0o644)
    }

    /// Copies all files below `from`, but hidden ones and snapshots that wait for review.
    pub(super) fn tree(&self, from: &Path, to: &str) -> anyhow::Result<()> {
        let unreadable = || format!("could not read {}", from.display());
        for entry in fs::read_dir(from).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let to = format!("{to}/{name}");
            if name.starts_with('.') || name.ends_with(".snap.new") {
                continue;
            }
            if entry.path().is_dir() {
                self.tree(&entry.path(), &to)?;
            } else {
                self.file(&entry.path(), &to)?;
            }
        }
        Ok(())
    }

    /// Puts it in its place; what was there goes.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        remove(&self.made)?;
        fs::rename(&self.unfinished, &self.made)
            .with_context(|| format!("could not make {}", self.made.display()))
    }

    fn copy(&self, from: &Path, to: &str, mode: u32) -> anyhow::Result<()> {
        let path = self.place(to)?;
        fs::copy(from, &path)
            .with_context(|| format!("could not copy {} to {}", from.display(), path.display()))?;
        set_mode(&path, mode)
    }

    /// The path of `to`, with its folder made.
    fn place(&self, to: &str) -> anyhow::Result<PathBuf> {
        let path = self.unfinished.join(to);
        self.make(path.parent().expect("it lies in the folder"))?;
        Ok(path)
    }

    fn make(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        for folder in folder.ancestors().take_while(|one| one.starts_with(&self.unfinished)) {
            set_mode(folder, 0o755)?;
        }
        Ok(())
    }
}

fn set_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .with_context(|| format!("could not set the mode of {}", path.display()))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("could not remove {}", folder.display()))?;
    }
    Ok(())
}

/// The bytes of all files below `folder`.
pub(super) fn bytes_below(folder: &Path) -> anyhow::Result<u64> {
    let unreadable = || format!("could not read {}", folder.display());
    let mut sum = 0;
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        sum += if path.is_dir() {
            bytes_below(&path)?
        } else {
            path.metadata().with_context(unreadable)?.len()
        };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_appears_whole_with_modes_of_its_own_and_without_what_waits_for_review() {
        let bench = tempfile::tempdir().unwrap();
        let from = bench.path().join("from");
        fs::create_dir_all(from.join("deep")).unwrap();
        for (name, mode) in
            [("deep/a.yaml", 0o600), ("deep/a.snap.new", 0o644), (".hidden", 0o644), ("b", 0o755)]
        {
            fs::write(from.join(name), name).unwrap();
            set_mode(&from.join(name), mode).unwrap();
        }
        let made = bench.path().join("replab-0.1.0");
        let folder = Folder::begin(&made).unwrap();
        folder.tree(&from, "tree").unwrap();
        folder.program(&from.join("b"), "program").unwrap();
        assert!(!made.exists());
        folder.finish().unwrap();
        let mode = |name: &str| made.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("tree/deep/a.yaml"), 0o644);
        assert_eq!((mode("tree/b"), mode("program"), mode("tree/deep")), (0o644, 0o755, 0o755));
        assert!(!made.join("tree/deep/a.snap.new").exists());
        assert!(!made.join("tree/.hidden").exists());
        assert_eq!(bytes_below(&made).unwrap(), "deep/a.yaml".len() as u64 + 2);
    }
}
