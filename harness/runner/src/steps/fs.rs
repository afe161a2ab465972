//! `fs`: writes or claims files in the flash of the stopped machine.
//!
//! No time goes by, and the firmware takes no part: it may hang. It also hears of
//! nothing: what it keeps of the volume in its own memory stays as it was.

use std::collections::BTreeMap;

use replab_board::FileSystem;
use replab_record::Claim;
use replab_scenario::Fs;
use similar::TextDiff;

use crate::error::{Ended, Played, RunError, failed};
use crate::files::{self, Found, Listed, VolumeError};
use crate::output::text;
use crate::session::Session;

/// At most so many lines of a table are shown.
const SHOWN: usize = 40;

pub(super) fn play(session: &mut Session<'_>, what: &Fs) -> Played {
    let place = session.file_system()?;
    let volume = session.read_memory(place.at, place.size as usize)?;
    let flash = Flash { session, place, volume };
    match what {
        Fs::Write(files) => write(flash, files),
        Fs::Is(files) => files.iter().try_for_each(|(path, content)| flash.is(path, content)),
        Fs::Has(path) => flash.has(path),
        Fs::Absent(path) => flash.absent(path),
    }
}

fn write(flash: Flash<'_, '_>, files: &BTreeMap<String, Vec<u8>>) -> Played {
    let runs = files::write(&flash.place, &flash.volume, files)
        .map_err(|error| flash.unusable("that files can be written", error))?;
    let session = flash.session;
    for run in runs {
        session.write_memory(run.address, &run.bytes)?;
    }
    Ok(())
}

/// The volume as it stands in the flash.
struct Flash<'s, 'a> {
    session: &'s mut Session<'a>,
    place: FileSystem,
    volume: Vec<u8>,
}

impl Flash<'_, '_> {
    fn is(&self, path: &str, content: &[u8]) -> Played {
        let expected = format!("`{path}` with {}", bytes(content.len()));
        let got = match self.find(path, &expected)? {
            Found::File(got) => got,
            other => return Err(self.misplaced(path, expected, &other)),
        };
        if got == content {
            return Ok(());
        }
        let first = content.iter().zip(&got).position(|(one, other)| one != other);
        let first = first.unwrap_or(content.len().min(got.len()));
        let differs = format!("{}, different from byte {first} on", bytes(got.len()));
        Err(self.failed(expected, differs, difference(content, &got), String::new()))
    }

    fn has(&self, path: &str) -> Played {
        let expected = format!("`{path}` in the file system");
        match self.find(path, &expected)? {
            Found::Nothing => Err(self.misplaced(path, expected, &Found::Nothing)),
            Found::Folder | Found::File(_) => Ok(()),
        }
    }

    fn absent(&self, path: &str) -> Played {
        let expected = format!("nothing at `{path}`");
        match self.find(path, &expected)? {
            Found::Nothing => Ok(()),
            found => Err(self.misplaced(path, expected, &found)),
        }
    }

    fn find(&self, path: &str, expected: &str) -> Played<Found> {
        files::find(&self.place, &self.volume, path).map_err(|error| self.unusable(expected, error))
    }

    /// Something else stands at `path` than should.
    fn misplaced(&self, path: &str, expected: String, found: &Found) -> Ended {
        let got = match found {
            Found::Nothing => "nothing at that path".to_string(),
            Found::Folder => "a folder".to_string(),
            Found::File(content) => format!("a file of {}", bytes(content.len())),
        };
        let (folder, entries) = self.around(path);
        let nearest = match found {
            Found::Nothing => nearest(path, &folder, &entries),
            _ => None,
        };
        let hint = nearest.map(|name| format!("did you mean `{name}`?")).unwrap_or_default();
        self.failed(expected, got, listing(&folder, &entries), hint)
    }

    /// The innermost folder on the way to `path` that is there, and what is in it.
    fn around(&self, path: &str) -> (String, Vec<Listed>) {
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            if let Ok(entries) = files::list(&self.place, &self.volume, folder) {
                return (folder.to_string(), entries);
            }
        }
        let entries = files::list(&self.place, &self.volume, "").unwrap_or_default();
        (String::new(), entries)
    }

    /// The volume is none, or broken: that is the firmware's doing. That files do
    /// not fit is not.
    fn unusable(&self, expected: &str, error: VolumeError) -> Ended {
        let hint = match error {
            VolumeError::Files(source) => {
                let board = self.session.board.name.clone();
                return RunError::Files { board, source }.into();
            }
            VolumeError::Blank => {
                "the firmware formats its flash when it first starts: let it boot before"
            }
            _ => "what the firmware has left in its flash is broken",
        };
        let cause = std::error::Error::source(&error).map(|source| format!(": {source}"));
        let got = format!("{error}{}", cause.unwrap_or_default());
        self.failed(expected.to_string(), text(got.as_bytes()), Vec::new(), hint.to_string())
    }

    fn failed(&self, expected: String, got: String, details: Vec<String>, hint: String) -> Ended {
        let mut failure = failed(Claim::File { expected, got }, self.session.now());
        failure.details = details;
        failure.hint = hint;
        Ended::Failed(Box::new(failure))
    }
}

fn bytes(count: usize) -> String {
    if count == 1 { "1 byte".to_string() } else { format!("{count} bytes") }
}

/// Lines that begin with ` `, `-` (expected) or `+` (stands there), each with its
/// line end written out.
fn difference(expected: &[u8], got: &[u8]) -> Vec<String> {
    let (expected, got) = (visible(expected), visible(got));
    let diff = TextDiff::from_lines(&expected, &got);
    let lines = diff.unified_diff().context_radius(2).to_string();
    shortened(lines.lines().map(str::to_string).collect())
}

/// Text whose lines end where those of `bytes` do, with everything that is not
/// seen written as an escape: `a\tb\r\n`.
fn visible(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => shown.push_str("\\n\n"),
                '\r' => shown.push_str("\\r"),
                '\t' => shown.push_str("\\t"),
                _ if character.is_control() && character.is_ascii() => {
                    shown.push_str(&format!("\\x{:02x}", character as u8));
                }
                _ if character.is_control() => shown.extend(character.escape_unicode()),
                _ => shown.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
    }
    // A last line without an end is one like the others to who compares.
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push('\n');
    }
    shown
}

fn listing(folder: &str, entries: &[Listed]) -> Vec<String> {
    if entries.is_empty() {
        return vec![format!("/{folder} is empty")];
    }
    let mut lines = vec![format!("/{folder} has:")];
    lines.extend(entries.iter().map(|entry| {
        let size = entry.bytes.map_or("folder".to_string(), |size| bytes(size as usize));
        format!("{size:>14}  {}", text(entry.name.as_bytes()))
    }));
    shortened(lines)
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.truncate(SHOWN);
        lines.push(format!("… {more} more"));
    }
    lines
}

/// The entry whose name is most like that of `path`.
fn nearest(path: &str, folder: &str, entries: &[Listed]) -> Option<String> {
    let rest = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
    let wanted = rest.split('/').next().unwrap_or(rest);
    let near = entries
        .iter()
        .map(|entry| (strsim::normalized_damerau_levenshtein(wanted, &entry.name), &entry.name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|one, other| one.0.total_cmp(&other.0))?;
    let above = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    Some(format!("{above}{}", text(near.1.as_bytes())))
}
