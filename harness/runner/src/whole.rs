//! Writes files whole: whoever reads one sees the old text or the new one.
//!
//! Two labs may play at once in one checkout, a disk may be full, and a lab may be
//! killed. So a text goes into a file of its own beside, and that takes the name.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::Builder;

/// What anybody may do with a new file, as far as the umask lets them.
const MODE: u32 = 0o666;

/// Writes `text` to `file`, whose folder is made if it is missing.
///
/// What is no regular file (a pipe, a device, a link) is written into, and stays what it is.
///
/// # Errors
///
/// Whatever the operating system says. Then a file that was there is as it was.
pub fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    write_streamed(file, |into| into.write_all(text.as_bytes()))
}

/// Like [`write_whole`] what `write` writes, which is never in memory as a whole.
///
/// # Errors
///
/// As above, and those of `write`.
pub fn write_streamed(
    file: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let buffered = |into: &mut File| {
        let mut into = BufWriter::new(into);
        write(&mut into)?;
        into.flush()
    };
    if fs::symlink_metadata(file).is_ok_and(|there| !there.is_file()) {
        return buffered(&mut File::create(file)?);
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let permissions = Permissions::from_mode(MODE);
    let mut beside = Builder::new()
        .prefix(".replab-")
        .permissions(permissions)
        .tempfile_in(folder)
        .map_err(bare)?;
    buffered(beside.as_file_mut()).map_err(bare)?;
    beside.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// `error` without the path that `tempfile` adds: it is none that anybody knows, and
/// another one each time. What is no usual case keeps it.
fn bare(error: io::Error) -> io::Error {
    use io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        kind @ (NotADirectory | PermissionDenied | ReadOnlyFilesystem | StorageFull) => kind.into(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_into_a_new_folder_and_nothing_else_is_left() {
        let bench = tempfile::tempdir().unwrap();
        let file = bench.path().join("a/b.txt");
        write_whole(&file, "one").unwrap();
        write_whole(&file, "two").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(fs::read_dir(bench.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn others_may_read_it_as_any_new_file() {
        let bench = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(bench.path().join(name)).unwrap().permissions().mode();
        write_whole(&bench.path().join("ours"), "").unwrap();
        fs::write(bench.path().join("plain"), "").unwrap();
        assert_eq!(mode("ours"), mode("plain"));
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_text() {
        let error = write_whole(Path::new("/dev/full"), "one").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(!fs::symlink_metadata("/dev/full").unwrap().is_file());
        let bench = tempfile::tempdir().unwrap();
        let folder = bench.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert!(write_whole(&folder, "one").is_err());
        assert!(folder.is_dir());
    }

    #[test]
    fn whoever_reads_sees_a_whole_text() {
        let bench = tempfile::tempdir().unwrap();
        let file = bench.path().join("a.txt");
        let texts = ["a".repeat(100_000), "b".repeat(200_000)];
        write_whole(&file, &texts[0]).unwrap();
        std::thread::scope(|scope| {
            let writers = texts.each_ref().map(|text| {
                let file = &file;
                scope.spawn(move || (0..50).for_each(|_| write_whole(file, text).unwrap()))
            });
            while !writers.iter().all(|writer| writer.is_finished()) {
                let text = fs::read_to_string(&file).unwrap();
                assert!(texts.contains(&text), "{} bytes", text.len());
            }
        });
    }
}
