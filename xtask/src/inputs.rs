//! A hash of all that a build depends on, so that it can be left out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use sha2::{Digest, Sha256};

/// Collects inputs into one hash.
#[derive(Default)]
pub(crate) struct Inputs {
    hasher: Sha256,
}

impl Inputs {
    /// Adds a named text, such as a version.
    pub(crate) fn add_text(&mut self, name: &str, text: &str) {
        // Lengths keep apart what would run together.
        self.hasher.update(format!("{name} {} {text}\n", text.len()));
    }

    /// Adds the names and contents of all files below `folder`.
    pub(crate) fn add_folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        for path in files_below(folder)? {
            let content =
                fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
            let name = path.strip_prefix(folder).expect("it was found below the folder");
            self.hasher.update(format!("{} {}\n", name.display(), content.len()));
            self.hasher.update(content);
        }
        Ok(())
    }

    /// Adds names, sizes and times of change of all files below `folder`: for big trees that somebody edits.
    pub(crate) fn add_folder_by_times(&mut self, folder: &Path) -> anyhow::Result<()> {
        for path in files_below(folder)? {
            let meta = path
                .symlink_metadata()
                .with_context(|| format!("could not read {}", path.display()))?;
            let changed = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            self.hasher.update(format!(
                "{} {} {}\n",
                path.display(),
                meta.len(),
                changed.as_nanos()
            ));
        }
        Ok(())
    }

    /// The hash, in hex.
    pub(crate) fn finish(self) -> String {
        hex::encode(self.hasher.finalize())
    }
}

/// All files below `folder`, sorted. Hidden ones are left out: editors and git put them there.
fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("could not read {}", folder.display()))?
        {
            let entry = entry?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            match entry.file_type()? {
                _ if hidden => {}
                kind if kind.is_dir() => folders.push(entry.path()),
                _ => files.push(entry.path()),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// SHA-256 of a file, in hex.
pub(crate) fn sha256_of(path: &Path) -> anyhow::Result<String> {
    let content = fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    Ok(hex::encode(Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(folder: &Path) -> String {
        let mut inputs = Inputs::default();
        inputs.add_folder(folder).unwrap();
        inputs.finish()
    }

    #[test]
    fn content_names_and_new_files_change_the_hash_and_the_place_does_not() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&one, &two] {
            fs::create_dir(folder.path().join("sub")).unwrap();
            fs::write(folder.path().join("sub/main.c"), "a").unwrap();
        }
        let first = hash(one.path());
        assert_eq!(first, hash(two.path()));
        fs::write(one.path().join("sub/.main.c.swp"), "hidden").unwrap();
        assert_eq!(hash(one.path()), first);
        fs::write(one.path().join("sub/main.c"), "b").unwrap();
        assert_ne!(hash(one.path()), first);
        fs::rename(two.path().join("sub/main.c"), two.path().join("sub/mein.c")).unwrap();
        assert_ne!(hash(two.path()), first);
    }

    #[test]
    fn an_edited_file_of_the_same_size_is_noticed_by_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let hash = || {
            let mut inputs = Inputs::default();
            inputs.add_folder_by_times(folder.path()).unwrap();
            inputs.finish()
        };
        fs::write(&file, "1").unwrap();
        let first = hash();
        assert_eq!(hash(), first);
        let opened = fs::File::options().write(true).open(&file).unwrap();
        opened.set_modified(UNIX_EPOCH).unwrap();
        assert_ne!(hash(), first);
    }
}
