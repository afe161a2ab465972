//! The files that a scenario puts on the board, as a littlefs image.
//!
//! The image is written into the stopped machine's flash before its first
//! instruction, so the firmware needs no loader. It is made with the parameters
//! that MicroPython's own `VfsLfs2` uses (extmod/vfs_lfs.c and vfs_lfsx.c in
//! 1.25), so that the firmware mounts it as one of its own. The same files give
//! the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use littlefs_rust::{Config, Error, Filesystem, OpenFlags, Storage};
use replab_board::FileSystem;

/// `read_size` and `lookahead` when `VfsLfs2` is not told otherwise.
const READ_SIZE: u32 = 32;
/// See [`READ_SIZE`].
const LOOKAHEAD_SIZE: u32 = 32;
/// `block_cycles` in `init_config`.
const BLOCK_CYCLES: i32 = 100;
/// The value of erased flash.
const ERASED: u8 = 0xff;

/// Why files could not be put on a board.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FilesError {
    /// A path that no file can have.
    #[error(
        "`{path}` is no path of a file on the board (names between `/`, neither empty nor `.` nor `..`)"
    )]
    Path {
        /// The path.
        path: String,
    },
    /// The volume took no more, or refused a name.
    #[error("could not write `{path}` into the file system of {volume_bytes} bytes")]
    Write {
        /// The file.
        path: String,
        /// The size of the volume.
        volume_bytes: u32,
        /// Why not.
        source: Error,
    },
    /// The board's geometry is none that littlefs could use.
    #[error("could not make a file system of {blocks} blocks of {block_bytes} bytes")]
    Geometry {
        /// How many blocks.
        blocks: u32,
        /// Bytes in one.
        block_bytes: u32,
        /// Why not.
        source: Error,
    },
}

/// Bytes and the address where they belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The address of the first byte.
    pub address: u32,
    /// Whole blocks.
    pub bytes: Vec<u8>,
}

/// A volume for `place` that holds `files`, by path: the blocks that littlefs
/// wrote, joined where they are neighbours. The folders of the paths are made.
///
/// # Errors
///
/// See [`FilesError`].
pub fn image(
    place: &FileSystem,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<Run>, FilesError> {
    let mut volume = Volume::new(place);
    let geometry = |source| FilesError::Geometry {
        blocks: blocks(place),
        block_bytes: place.block_size,
        source,
    };
    Filesystem::format(&mut volume, &config(place)).map_err(geometry)?;
    let system =
        Filesystem::mount(volume, config(place)).map_err(|(source, _)| geometry(source))?;
    for (path, content) in files {
        let names = names(path)?;
        let failed =
            |source| FilesError::Write { path: path.clone(), volume_bytes: place.size, source };
        write(&system, &names, content).map_err(failed)?;
    }
    Ok(system.unmount().map_err(geometry)?.runs(place))
}

/// The parameters of `VfsLfs2` on this volume.
fn config(place: &FileSystem) -> Config {
    Config {
        read_size: READ_SIZE,
        prog_size: place.program_size,
        block_cycles: BLOCK_CYCLES,
        cache_size: place.block_size.min(4 * READ_SIZE.max(place.program_size)),
        lookahead_size: LOOKAHEAD_SIZE,
        ..Config::new(place.block_size, blocks(place))
    }
}

fn blocks(place: &FileSystem) -> u32 {
    place.size / place.block_size
}

fn names(path: &str) -> Result<Vec<&str>, FilesError> {
    let names: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    let is_bad =
        |name: &&str| name.is_empty() || *name == "." || *name == ".." || name.contains('\0');
    match names.iter().any(is_bad) {
        true => Err(FilesError::Path { path: path.to_string() }),
        false => Ok(names),
    }
}

fn write(system: &Filesystem<Volume>, names: &[&str], content: &[u8]) -> Result<(), Error> {
    for depth in 1..names.len() {
        match system.mkdir(&names[..depth].join("/")) {
            Ok(()) | Err(Error::Exists) => {}
            Err(error) => return Err(error),
        }
    }
    let file =
        system.open(&names.join("/"), OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNC)?;
    let mut rest = content;
    while !rest.is_empty() {
        rest = &rest[file.write(rest)? as usize..];
    }
    file.close()
}

/// Flash in memory, as strict as the board's, that remembers which of its blocks were touched.
struct Volume {
    bytes: Vec<u8>,
    block_size: usize,
    program_size: usize,
    touched: BTreeSet<u32>,
}

impl Volume {
    fn new(place: &FileSystem) -> Volume {
        Volume {
            // What stands in a block before it is erased is no matter, except that
            // littlefs takes its first word for a revision and counts on from it;
            // littlefs-rust 0.1.0 checks that sum for overflow where C does not.
            bytes: vec![0; place.size as usize],
            block_size: place.block_size as usize,
            program_size: place.program_size as usize,
            touched: BTreeSet::new(),
        }
    }

    fn place(&mut self, block: u32, offset: u32, length: usize) -> Result<&mut [u8], Error> {
        let start = block as usize * self.block_size + offset as usize;
        self.bytes.get_mut(start..start + length).ok_or(Error::Io)
    }

    fn runs(&self, place: &FileSystem) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for block in &self.touched {
            let start = *block as usize * self.block_size;
            let bytes = &self.bytes[start..start + self.block_size];
            let address = place.at + block * place.block_size;
            match runs.last_mut() {
                Some(run) if run.address as usize + run.bytes.len() == address as usize => {
                    run.bytes.extend_from_slice(bytes);
                }
                _ => runs.push(Run { address, bytes: bytes.to_vec() }),
            }
        }
        runs
    }
}

impl Storage for Volume {
    fn read(&mut self, block: u32, offset: u32, into: &mut [u8]) -> Result<(), Error> {
        into.copy_from_slice(self.place(block, offset, into.len())?);
        Ok(())
    }

    fn write(&mut self, block: u32, offset: u32, data: &[u8]) -> Result<(), Error> {
        // A flash takes whole pages, and only where it was erased.
        let is_whole = (offset as usize).is_multiple_of(self.program_size)
            && data.len().is_multiple_of(self.program_size);
        let place = self.place(block, offset, data.len())?;
        if !is_whole || place.iter().any(|byte| *byte != ERASED) {
            return Err(Error::Io);
        }
        place.copy_from_slice(data);
        self.touched.insert(block);
        Ok(())
    }

    fn erase(&mut self, block: u32) -> Result<(), Error> {
        let length = self.block_size;
        self.place(block, 0, length)?.fill(ERASED);
        self.touched.insert(block);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use littlefs_rust::FileType;

    use super::*;

    /// The volume of a Pico: 352 blocks.
    const PLACE: FileSystem =
        FileSystem { at: 0xa0000, size: 0x16_0000, block_size: 4096, program_size: 256 };

    fn files(files: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(path, content)| (path.to_string(), content.to_vec())).collect()
    }

    /// What a board finds in its flash when the runs have been written into it.
    fn mounted(runs: &[Run]) -> Filesystem<Volume> {
        let mut volume = Volume::new(&PLACE);
        for run in runs {
            let start = (run.address - PLACE.at) as usize;
            volume.bytes[start..start + run.bytes.len()].copy_from_slice(&run.bytes);
        }
        Filesystem::mount(volume, config(&PLACE)).map_err(|(error, _)| error).unwrap()
    }

    /// Every file below `folder`, by path.
    fn listed(system: &Filesystem<Volume>, folder: &str) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        for entry in system.list_dir(folder).unwrap() {
            let path = format!("{folder}{}", entry.name);
            match entry.file_type {
                FileType::Dir => found.extend(listed(system, &format!("{path}/"))),
                FileType::File => found.push((path.clone(), system.read_to_vec(&path).unwrap())),
            }
        }
        found.sort();
        found
    }

    #[track_caller]
    fn check(written: &[(&str, &[u8])]) {
        let runs = image(&PLACE, &files(written)).unwrap();
        let mut expected: Vec<(String, Vec<u8>)> = written
            .iter()
            .map(|(path, content)| (format!("/{}", path.trim_start_matches('/')), content.to_vec()))
            .collect();
        expected.sort();
        assert_eq!(listed(&mounted(&runs), "/"), expected);
    }

    #[test]
    fn files_come_back_as_they_were_written() {
        check(&[("main.py", b"print(1)\n"), ("boot.py", b"")]);
    }

    #[test]
    fn folders_are_made_once() {
        check(&[
            ("lib/a/one.py", b"1"),
            ("lib/a/two.py", b"2"),
            ("lib/b.py", b"3"),
            ("/main.py", b"4"),
        ]);
    }

    #[test]
    fn sizes_around_every_border_come_back() {
        let bytes: Vec<u8> = (0..20_000_u32).map(|n| (n * 7 + n / 256) as u8).collect();
        for size in
            [1, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 8192, 20_000]
        {
            check(&[("data.bin", &bytes[..size])]);
        }
    }

    #[test]
    fn many_files_come_back() {
        let names: Vec<String> = (0..200).map(|n| format!("folder{}/file{n}.py", n % 7)).collect();
        let written: Vec<(&str, &[u8])> =
            names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
        check(&written);
    }

    #[test]
    fn an_image_is_deterministic_and_small() {
        let files = files(&[("main.py", b"print(1)\n"), ("lib/x.py", &[b'#'; 9000])]);
        let runs = image(&PLACE, &files).unwrap();
        assert_eq!(runs, image(&PLACE, &files).unwrap());
        let total: usize = runs.iter().map(|run| run.bytes.len()).sum();
        assert!(total <= 10 * 4096, "{total} bytes for 9 KB of files");
        assert!(runs.iter().all(|run| run.address >= PLACE.at && run.address % 4096 == 0));
    }

    #[test]
    fn a_volume_without_files_can_be_mounted() {
        check(&[]);
    }

    #[test]
    fn a_file_that_is_too_big_names_itself() {
        let error = image(&PLACE, &files(&[("big.bin", &vec![0; 0x16_0000])])).unwrap_err();
        let expected = FilesError::Write {
            path: "big.bin".into(),
            volume_bytes: 0x16_0000,
            source: Error::NoSpace,
        };
        assert_eq!(error, expected);
    }

    #[test]
    fn paths_that_lead_nowhere_are_refused() {
        for path in ["", "/", "lib//x.py", "../x.py", "lib/./x.py", "lib/"] {
            let error = image(&PLACE, &files(&[(path, b"")])).unwrap_err();
            assert_eq!(error, FilesError::Path { path: path.into() });
        }
    }

    #[test]
    fn a_file_cannot_be_a_folder_as_well() {
        let error = image(&PLACE, &files(&[("lib", b""), ("lib/x.py", b"")])).unwrap_err();
        assert!(
            matches!(error, FilesError::Write { source: Error::NotDir | Error::Exists, .. }),
            "{error:?}"
        );
    }
}
