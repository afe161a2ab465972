//! `replab memory`: says what a program takes of flash and RAM.

use std::fs::{self, File};
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use replab_board::Board;
use replab_memory::{Footprint, LARGEST_FILE, check_size};
use replab_report::{Ending, ExitCode, MemoryReport};

use crate::place::from_here;
use crate::voice::Voice;
use crate::{Place, RunError, catalogue};

/// Whose memory, and how to tell it.
#[derive(Clone, Debug, clap::Args)]
pub struct MemoryArgs {
    /// The program: an ELF file for a 32-bit Arm.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The board whose memories it is for (lab-m0). Without it, memories are what the
    /// program headers tell, and nobody knows how large they are.
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,

    /// How many of the largest functions and variables are told.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,

    /// Tell everything in a text for files that are compared: bytes, fixed columns, no path.
    #[arg(long, conflicts_with = "json")]
    pub stable: bool,

    /// Tell everything as JSON, in one line (docs/memory.md).
    #[arg(long)]
    pub json: bool,
}

/// Says what the program takes that `args` name. `place` knows where board files are.
/// Nothing is written but to standard output; a wrong file or board gives
/// [`ExitCode::WrongInput`].
pub fn memory(args: &MemoryArgs, place: &Place) -> ExitCode {
    let voice = Voice::of_terminal();
    // Nothing that the panic may have left half done is used after it.
    let told = catch_unwind(AssertUnwindSafe(|| text(args, place, voice)));
    let ending = match told {
        Ok(Ok(text)) => {
            voice.say(&text);
            Ending::Told
        }
        Ok(Err(error)) => {
            voice.complain(&error);
            error.ending()
        }
        Err(_) => Ending::LabBug,
    };
    ExitCode::of(&ending)
}

fn text(args: &MemoryArgs, place: &Place, voice: Voice) -> Result<String, RunError> {
    let board = args.board.as_deref().map(|name| board(name, place)).transpose()?;
    let unmeasured = |source| RunError::Unmeasured { path: args.file.clone(), source };
    let footprint = Footprint::read(&read(&args.file)?).map_err(unmeasured)?;
    let regions = match &board {
        Some(board) => footprint.regions_of(board).map_err(unmeasured)?,
        None => footprint.regions(),
    };
    let report = MemoryReport {
        file: &from_here(&args.file),
        board: board.as_ref().map(|board| board.name.as_str()),
        sums: footprint.sums(),
        sections: &footprint.sections,
        regions: &regions,
        largest: &footprint.largest(args.top),
        symbols: footprint.symbols.len(),
        has_heap: footprint.has_heap,
    };
    Ok(if args.json {
        replab_report::memory_json(&report) + "\n"
    } else if args.stable {
        replab_report::memory_text(&report)
    } else {
        replab_report::memory_screen(&report, voice.paint)
    })
}

fn board(name: &str, place: &Place) -> Result<Board, RunError> {
    let mut boards = catalogue::boards(place)?;
    boards.remove(name).ok_or_else(|| RunError::UnknownBoard {
        board: name.to_owned(),
        known: boards.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    })
}

/// The bytes of a file that is not too large, which is known before it is read.
fn read(path: &Path) -> Result<Vec<u8>, RunError> {
    let unreadable = |source| RunError::Unreadable { path: path.to_owned(), source };
    let about = fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(RunError::NoFile { path: path.to_owned() });
    }
    check_size(about.len())
        .map_err(|source| RunError::Unmeasured { path: path.to_owned(), source })?;
    let mut bytes = Vec::new();
    // One that grows meanwhile ends where it is found to be too large.
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
