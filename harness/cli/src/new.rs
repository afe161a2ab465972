//! `replab new`: scenarios for a lesson, which pass at once.
//!
//! What of a lesson can be played is not guessed: for each of its code blocks there
//! are a few drafts, the most ambitious first (`draft.rs`); all are played on the
//! board, and the first that passes is written (`trial.rs`). Where files go is in
//! `layout.rs`. Nothing is overwritten, and nothing is written before all is decided.

mod draft;
mod error;
mod layout;
mod trial;

use std::fs::{self, File};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use replab_report::{Ending, ExitCode, visible};
use replab_scenario::Lesson;

use crate::place::from_here;
use crate::voice::Voice;
use crate::{Place, RunError};

use draft::Piece;
use error::NewError;
use layout::Layout;
use trial::{Judged, judge};

/// For which lesson.
#[derive(Clone, Debug, clap::Args)]
pub struct NewArgs {
    /// A lesson's file, `lesson.md`; or the name of a lesson of this project; or a name,
    /// then a small lesson is made as well.
    #[arg(value_name = "LESSON")]
    pub lesson: String,

    /// The qemu-system-arm to use.
    #[arg(long, value_name = "PROGRAM")]
    pub qemu: Option<PathBuf>,
}

/// Writes scenarios for the lesson that `args` name into the project of `place`, or makes
/// the working directory one, and says what was written.
///
/// Wrong names and files that would be overwritten are [`ExitCode::WrongInput`];
/// an emulator or firmware that is not there is [`ExitCode::Broken`].
pub fn new(args: &NewArgs, place: &Place) -> ExitCode {
    let voice = Voice::of_terminal();
    // Nothing that the panic may have left half done is used after it.
    let ending = match catch_unwind(AssertUnwindSafe(|| make(args, place, voice))) {
        Ok(Ok(())) => Ending::Told,
        Ok(Err(error)) => {
            voice.complain(&error);
            error.ending()
        }
        Err(_) => Ending::LabBug,
    };
    ExitCode::of(&ending)
}

fn make(args: &NewArgs, place: &Place, voice: Voice) -> Result<(), NewError> {
    let current = std::env::current_dir().unwrap_or_else(|_| ".".into());
    let layout = Layout::of(&args.lesson, place, &current)?;
    let lesson = Arc::new(Lesson::parse(from_here(&layout.lesson), &layout.lesson_text()?));
    let pieces = draft::pieces(&lesson, &layout.name);
    let judged = judge(&pieces, &lesson, args.qemu.clone(), place, voice)?;
    let mut written = Vec::new();
    for (path, text) in layout.files() {
        write(&path, &text)?;
        written.push(format!("wrote {}\n", from_here(&path)));
    }
    for (piece, judged) in pieces.iter().zip(&judged) {
        let path = layout.folder.join(format!("{}.yaml", piece.stem));
        write(&path, &piece.drafts[judged.draft].text)?;
        written.push(told(piece, judged, &path));
    }
    voice.say(&written.concat());
    let again = &place.again;
    voice.say(&format!(
        "next:\n  {again} {}    plays them; they pass\n  replab coverage    says what of the lesson they do not try\n",
        layout.name
    ));
    Ok(())
}

fn told(piece: &Piece, judged: &Judged, path: &Path) -> String {
    let why = match &judged.why {
        Some(why) => format!("\n      more does not pass as it is: {}", visible(why)),
        None => String::new(),
    };
    format!("wrote {}: {}{why}\n", from_here(path), piece.drafts[judged.draft].what)
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), NewError> {
    let unwritable = |source| RunError::Unwritable { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut file = File::create_new(path).map_err(unwritable)?;
    Ok(file.write_all(text.as_bytes()).map_err(unwritable)?)
}
