//! Reads and changes the volume that stands in a board's flash.
//!
//! Firmware is not trusted, and neither is what it leaves in its flash. Each call
//! mounts the bytes that it is given, does one thing and forgets everything
//! again. Where the volume makes littlefs give up, run in circles or panic, the
//! answer is a [`VolumeError`]: see `mounted`.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use littlefs_rust::{Error, FileType, Filesystem, OpenFlags};
use replab_board::FileSystem;

use super::volume::Volume;
use super::{FilesError, Run, config, image, names};

/// A folder with more entries counts as nonsense. The volume of a Pico has room
/// for about 40 000.
const MOST_ENTRIES: usize = 1 << 16;

/// Why the volume in a board's flash could not be read or changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VolumeError {
    /// The flash was never formatted: its first two blocks are all zero or all erased.
    #[error("the flash holds no file system yet")]
    Blank,
    /// What stands there is no file system, or a broken one.
    #[error("the file system cannot be mounted")]
    Unmountable {
        /// Why not.
        source: Error,
    },
    /// A file or a folder is broken.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// Which.
        path: String,
        /// Why not.
        source: Error,
    },
    /// The volume leads whoever reads it astray.
    #[error("the file system contradicts itself (sizes that cannot be, or links in a circle)")]
    Nonsense,
    /// The files do not fit, or have paths that cannot be.
    #[error(transparent)]
    Files(#[from] FilesError),
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A folder.
    Folder,
    /// A file: all that it holds.
    File(Vec<u8>),
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The size of a file in bytes; `None` for a folder.
    pub bytes: Option<u32>,
}

/// What stands at `path` in `volume`, all the bytes of `place`.
///
/// # Errors
///
/// See [`VolumeError`].
pub fn find(place: &FileSystem, volume: &[u8], path: &str) -> Result<Found, VolumeError> {
    let path = names(path)?.join("/");
    mounted(place, volume, |system| found(system, &path, place.size))
}

/// What is in `folder`, by name; `""` is the outermost.
///
/// # Errors
///
/// See [`VolumeError`].
pub fn list(place: &FileSystem, volume: &[u8], folder: &str) -> Result<Vec<Listed>, VolumeError> {
    mounted(place, volume, |system| entries(system, folder))
}

/// Writes `files` into `volume`, in place of those that it has under the same
/// paths: the blocks that differ then. A blank volume is formatted, as by [`super::image`].
///
/// What was there is read, and all of it laid out anew. So the parts of littlefs
/// that change a volume only ever see those that the lab made itself, and never
/// what firmware may have put there: with metadata that mean nonsense, compaction in
/// littlefs-rust 0.1.0 was seen to leave its memory. Attributes of files, their
/// times, are lost.
///
/// # Errors
///
/// See [`VolumeError`].
pub fn write(
    place: &FileSystem,
    volume: &[u8],
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<Run>, VolumeError> {
    let (folders, mut all) = match is_blank(place, volume) {
        true => Default::default(),
        false => mounted(place, volume, |system| everything(system, place))?,
    };
    for (path, content) in files {
        all.insert(names(path)?.join("/"), content.clone());
    }
    // Blocks that hold nothing any more are cleared too: the half of a pair that was
    // left behind could have the higher revision.
    Ok(Run::joined(image::volume(place, &folders, &all)?.different(place, volume)))
}

/// Mounts `volume`, lets `work` read it, and gives back what came of it.
///
/// littlefs-rust 0.1.0 counts the turns of its loops and panics where a circle
/// shows, as littlefs' own assertions would; what it does not count ends when the
/// volume allows no more reads. Its checks of arithmetic are off in every profile
/// (the workspace's `Cargo.toml`), because C has none and because some of its
/// functions may not unwind.
fn mounted<T>(
    place: &FileSystem,
    volume: &[u8],
    work: impl FnOnce(&Filesystem<Volume>) -> Result<T, VolumeError>,
) -> Result<T, VolumeError> {
    if is_blank(place, volume) {
        return Err(VolumeError::Blank);
    }
    let unmountable = |source| match source {
        Error::Io => VolumeError::Nonsense,
        source => VolumeError::Unmountable { source },
    };
    let guarded = AssertUnwindSafe(|| {
        let flash = Volume::of(place, volume.to_vec());
        let system =
            Filesystem::mount(flash, config(place)).map_err(|(error, _)| unmountable(error))?;
        // After a panic nothing of littlefs may run any more, also no `drop`.
        let system = ManuallyDrop::new(system);
        let done = work(&system);
        ManuallyDrop::into_inner(system).unmount().map_err(unmountable)?;
        done
    });
    catch_unwind(guarded).unwrap_or(Err(VolumeError::Nonsense))
}

/// Whether nobody has written where littlefs begins: its first two blocks.
fn is_blank(place: &FileSystem, volume: &[u8]) -> bool {
    let start = &volume[..volume.len().min(2 * place.block_size as usize)];
    [0x00, 0xff].iter().any(|blank| start.iter().all(|byte| byte == blank))
}

fn found(system: &Filesystem<Volume>, path: &str, volume_bytes: u32) -> Result<Found, VolumeError> {
    let unreadable = |error| unreadable(path, error);
    let metadata = match system.stat(path) {
        Ok(metadata) => metadata,
        Err(Error::NoEntry | Error::NotDir | Error::NameTooLong) => return Ok(Found::Nothing),
        Err(error) => return Err(unreadable(error)),
    };
    match metadata.file_type {
        FileType::Dir => Ok(Found::Folder),
        FileType::File if metadata.size > volume_bytes => Err(VolumeError::Nonsense),
        FileType::File => {
            let file = ManuallyDrop::new(system.open(path, OpenFlags::READ).map_err(unreadable)?);
            let mut content = vec![0; metadata.size as usize];
            let read = file.read(&mut content);
            ManuallyDrop::into_inner(file).close().map_err(unreadable)?;
            content.truncate(read.map_err(unreadable)? as usize);
            Ok(Found::File(content))
        }
    }
}

fn entries(system: &Filesystem<Volume>, folder: &str) -> Result<Vec<Listed>, VolumeError> {
    let shown = format!("/{folder}");
    let unreadable = |error| unreadable(&shown, error);
    let mut reader = ManuallyDrop::new(system.read_dir(&shown).map_err(unreadable)?);
    let entries: Result<Vec<Listed>, Error> = reader
        .by_ref()
        .take(MOST_ENTRIES + 1)
        .map(|entry| {
            entry.map(|entry| Listed {
                bytes: (entry.file_type == FileType::File).then_some(entry.size),
                name: entry.name,
            })
        })
        .collect();
    ManuallyDrop::into_inner(reader).close().map_err(unreadable)?;
    let mut entries = entries.map_err(unreadable)?;
    if entries.len() > MOST_ENTRIES {
        return Err(VolumeError::Nonsense);
    }
    entries.sort();
    Ok(entries)
}

fn unreadable(path: &str, source: Error) -> VolumeError {
    match source {
        Error::Io => VolumeError::Nonsense,
        source => VolumeError::Unreadable { path: path.to_string(), source },
    }
}

/// Every folder, outer ones first, and every file.
type Everything = (Vec<String>, BTreeMap<String, Vec<u8>>);

fn everything(system: &Filesystem<Volume>, place: &FileSystem) -> Result<Everything, VolumeError> {
    let mut folders = vec![String::new()];
    let mut files = BTreeMap::new();
    let (mut next, mut total) = (0, 0);
    while let Some(folder) = folders.get(next).cloned() {
        next += 1;
        for entry in entries(system, &folder)? {
            let path = if next == 1 { entry.name } else { format!("{folder}/{}", entry.name) };
            match found(system, &path, place.size)? {
                Found::Folder => folders.push(path),
                Found::File(content) => {
                    total += content.len();
                    files.insert(path, content);
                }
                Found::Nothing => return Err(VolumeError::Nonsense),
            }
            // Files may share what they hold. That folders lie in a circle ends with the reads.
            if total > place.size as usize {
                return Err(VolumeError::Nonsense);
            }
        }
    }
    folders.remove(0);
    Ok((folders, files))
}
