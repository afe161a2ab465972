//! The files on a board: a littlefs volume in its flash.
//!
//! The lab makes volumes ([`image`]) and reads and changes what the firmware has
//! made of them ([`find`], [`list`], [`write()`]), with the parameters that
//! MicroPython's own `VfsLfs2` uses (extmod/vfs_lfs.c and vfs_lfsx.c in 1.25). It
//! touches no machine: bytes come in, and [`Run`]s of bytes go out.

mod image;
mod stored;
mod volume;

use littlefs_rust::{Config, Error};
use replab_board::FileSystem;

pub use image::image;
pub use stored::{Found, Listed, VolumeError, find, list, write};

/// `read_size` and `lookahead` when `VfsLfs2` is not told otherwise.
const READ_SIZE: u32 = 32;
/// See [`READ_SIZE`].
const LOOKAHEAD_SIZE: u32 = 32;
/// `block_cycles` in `init_config`.
const BLOCK_CYCLES: i32 = 100;

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

impl Run {
    /// `runs`, in the order of their addresses, as few as can be.
    fn joined(runs: impl IntoIterator<Item = Run>) -> Vec<Run> {
        let mut joined: Vec<Run> = Vec::new();
        for run in runs {
            match joined.last_mut() {
                Some(last) if last.address as usize + last.bytes.len() == run.address as usize => {
                    last.bytes.extend(run.bytes);
                }
                _ => joined.push(run),
            }
        }
        joined
    }
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
