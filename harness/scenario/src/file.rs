//! Reads what stands for files on the board: `files:`, and the step `fs`.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use crate::error::Problem;
use crate::reading::Reading;
use crate::scenario::Fs;
use crate::tree::{Node, Value};

/// Reads the value of the step `fs`.
pub(crate) fn fs(reading: &mut Reading<'_>, node: &Node) -> Option<Fs> {
    let wanted = "one of `{ write: { PATH: TEXT } }`, `{ is: { PATH: TEXT } }`, `{ has: PATH }`, \
                  `{ absent: PATH }`";
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "fs", wanted);
    }
    let fields = reading.fields(node, "fs", &["write", "is", "has", "absent"])?;
    let mut fields = fields.into_iter();
    let (Some((word, value)), None) = (fields.next(), fields.next()) else {
        return reading.kind(node, "fs", wanted);
    };
    Some(match word {
        "write" => Fs::Write(some_files(reading, value, "write")?),
        "is" => Fs::Is(some_files(reading, value, "is")?),
        "has" => Fs::Has(board_path(reading, value, "has")?),
        _ => Fs::Absent(board_path(reading, value, "absent")?),
    })
}

/// Paths on the board and what they hold.
pub(crate) fn files(
    reading: &mut Reading<'_>,
    node: &Node,
    key: &'static str,
) -> Option<BTreeMap<String, Vec<u8>>> {
    let Value::Map(entries) = &node.value else {
        return reading.kind(node, key, "paths and texts: `{ main.py: \"print(1)\" }`");
    };
    let files: Vec<_> = entries
        .iter()
        .map(|(path, value)| {
            let (name, content) = (board_path(reading, path, key), content(reading, value, key));
            let (name, content) = (name?, content?);
            fits(reading, path, content.len())?;
            Some((name, content))
        })
        .collect();
    files.into_iter().collect()
}

/// Whether a file of `bytes` bytes has room on every board of the scenario's. That
/// all files together have is known when their file system is made.
fn fits(reading: &mut Reading<'_>, path: &Node, bytes: usize) -> Option<()> {
    let rooms = reading.boards.iter().filter_map(|board| Some((board, board.file_system?.size)));
    let too_small = rooms.min_by_key(|(_, room)| *room).filter(|(_, room)| bytes > *room as usize);
    match too_small {
        None => Some(()),
        Some((board, room)) => {
            let board = board.name.clone();
            reading.fail(path.place, Problem::NoRoom { bytes, board, room })
        }
    }
}

fn some_files(
    reading: &mut Reading<'_>,
    node: &Node,
    key: &'static str,
) -> Option<BTreeMap<String, Vec<u8>>> {
    let files = files(reading, node, key)?;
    if files.is_empty() {
        return reading.fail(node.place, Problem::Empty { key: key.to_owned() });
    }
    Some(files)
}

/// A path on the board, without the leading `/`.
fn board_path(reading: &mut Reading<'_>, key: &Node, word: &'static str) -> Option<String> {
    let path = reading.text(key, word)?;
    let path = path.trim_start_matches('/').to_owned();
    if is_inside(Path::new(&path)) {
        return Some(path);
    }
    reading.fail(key.place, Problem::Outside { path, place: "the board's file system" })
}

fn content(reading: &mut Reading<'_>, node: &Node, key: &'static str) -> Option<Vec<u8>> {
    if let Value::Text(text) = &node.value {
        return Some(text.clone().into_bytes());
    }
    let wanted = "text, `{ block: \"HEADING#1\" }` or `{ from: FILE }`";
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, key, wanted);
    }
    let fields = reading.fields(node, "a file", &["block", "from"])?;
    match (fields.get("block"), fields.get("from")) {
        (Some(block), None) => reading.block(block).map(|block| block.text.into_bytes()),
        (None, Some(from)) => beside(reading, from),
        _ => reading.kind(node, key, wanted),
    }
}

/// The content of a file in the scenario's folder.
fn beside(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<u8>> {
    let path = reading.text(node, "from")?;
    if !is_inside(Path::new(&path)) {
        return reading.fail(node.place, Problem::Outside { path, place: "the scenario's folder" });
    }
    match (reading.world.beside)(Path::new(&path)) {
        Ok(content) => Some(content),
        Err(source) => reading.fail(node.place, Problem::NoFile { path, source }),
    }
}

/// Whether a path stays below where it starts.
fn is_inside(path: &Path) -> bool {
    path.components().next().is_some()
        && path.components().all(|part| matches!(part, Component::Normal(_)))
}
