//! Makes a volume that holds the files of a scenario.
//!
//! The image is written into the stopped machine's flash before its first
//! instruction, so the firmware needs no loader. The same files give the same
//! bytes.

use std::collections::BTreeMap;

use littlefs_rust::{Error, Filesystem, OpenFlags};
use replab_board::FileSystem;

use super::volume::Volume;
use super::{FilesError, Run, blocks, config, names};

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
    Ok(Run::joined(volume(place, &[], files)?.touched(place)))
}

/// A volume for `place` that holds `folders`, outer ones first, and `files`.
pub(super) fn volume(
    place: &FileSystem,
    folders: &[String],
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Volume, FilesError> {
    let geometry = |source| FilesError::Geometry {
        blocks: blocks(place),
        block_bytes: place.block_size,
        source,
    };
    let unwritten = |path: &str, source| FilesError::Write {
        path: path.to_string(),
        volume_bytes: place.size,
        source,
    };
    let mut volume = Volume::new(place);
    Filesystem::format(&mut volume, &config(place)).map_err(geometry)?;
    let system =
        Filesystem::mount(volume, config(place)).map_err(|(source, _)| geometry(source))?;
    for path in folders {
        system.mkdir(path).map_err(|source| unwritten(path, source))?;
    }
    for (path, content) in files {
        let names = names(path)?;
        write(&system, &names, content).map_err(|source| unwritten(path, source))?;
    }
    system.unmount().map_err(geometry)
}

/// Writes one file, and makes the folders above it.
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
        let mut bytes = vec![0; PLACE.size as usize];
        for run in runs {
            let start = (run.address - PLACE.at) as usize;
            bytes[start..start + run.bytes.len()].copy_from_slice(&run.bytes);
        }
        Filesystem::mount(Volume::of(&PLACE, bytes), config(&PLACE))
            .map_err(|(error, _)| error)
            .unwrap()
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
