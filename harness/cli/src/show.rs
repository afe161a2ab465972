//! `replab show`: draws the waves of a run that was played, from its transcript.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use replab_record::MachineTime;
use replab_report::{Ending, ExitCode, Replay, View};
use replab_scenario::{QuantityError, parse_duration};

use crate::place::from_here;
use crate::select::nearest;
use crate::terminal;
use crate::voice::Voice;
use crate::{Place, RunError};

/// How many runs are listed where one must be named.
const LISTED: usize = 20;

/// The narrowest picture.
const NARROW: usize = 40;

/// The widest: what an editor or a pager shows well enough.
const WIDE: usize = 10_000;

/// Which run, and what of it.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// The run: a scenario's identity or a part of it (blink, blink.lab-m0.qemu), or the file
    /// of a transcript.
    #[arg(value_name = "RUN")]
    pub run: String,

    /// Draw from this machine time on (2.5s, 100ms).
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Duration>,

    /// Draw up to this machine time. Without it, up to the end of the run.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Duration>,

    /// Draw this pin. May be given more than once. Without it, each pin that moved.
    #[arg(long = "pin", value_name = "PIN")]
    pub pins: Vec<String>,

    /// How many characters a line has. Without it, as many as the terminal.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(NARROW as i64..=WIDE as i64))]
    pub width: Option<u16>,

    /// Where transcripts were written.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

fn time(text: &str) -> Result<Duration, QuantityError> {
    parse_duration(text)
}

/// Draws the run that `args` name. `place` knows where transcripts are. Nothing is played,
/// and nothing written but to standard output; a run that is not there gives
/// [`ExitCode::WrongInput`].
pub fn show(args: &ShowArgs, place: &Place) -> ExitCode {
    let voice = Voice::of_terminal();
    // Nothing that the panic may have left half done is used after it.
    let told = catch_unwind(AssertUnwindSafe(|| drawn(args, place, voice)));
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

fn drawn(args: &ShowArgs, place: &Place, voice: Voice) -> Result<String, RunError> {
    let folder = args.output.as_ref().unwrap_or(&place.output);
    let file = transcript(&args.run, folder, place)?;
    let text = fs::read_to_string(&file)
        .map_err(|source| RunError::Unreadable { path: from_here(&file).into(), source })?;
    let replay = replab_report::replay(&text)
        .map_err(|source| RunError::NoTranscript { path: from_here(&file).into(), source })?;
    let from = MachineTime::ZERO + args.from.unwrap_or_default();
    let to = args.to.map(|to| MachineTime::ZERO + to);
    if from >= to.unwrap_or(replay.end) {
        return Err(RunError::NoTime { from, to, end: replay.end });
    }
    known(&args.pins, &replay)?;
    let width = args.width.map_or_else(terminal::output_width, usize::from);
    Ok(replab_report::waves(&replay, View { from, to, pins: &args.pins, width }, voice.paint))
}

/// Every pin of `pins` has moved in the run.
fn known(pins: &[String], replay: &Replay) -> Result<(), RunError> {
    let moved: Vec<&str> = replay.pins().into_iter().map(|pin| pin.as_str()).collect();
    match pins.iter().find(|pin| !moved.contains(&pin.as_str())) {
        None => Ok(()),
        Some(pin) => Err(RunError::StillPin {
            pin: pin.clone(),
            moved: if moved.is_empty() { "none".to_owned() } else { moved.join(", ") },
        }),
    }
}

/// The transcript's file of the run that `word` means.
fn transcript(word: &str, folder: &Path, place: &Place) -> Result<PathBuf, RunError> {
    let named = PathBuf::from(word);
    if named.is_file() {
        return Ok(named);
    }
    let mut names = Vec::new();
    list(folder, folder, &mut names)
        .map_err(|source| RunError::Unreadable { path: from_here(folder).into(), source })?;
    names.sort();
    // A whole name means its run, also where it is a part of others.
    let (whole, below) = (format!("{word}."), format!("/{word}."));
    let is_whole = |name: &&String| name.starts_with(&whole) || name.contains(&below);
    let exact: Vec<&String> = names.iter().filter(is_whole).collect();
    let found: Vec<&String> = match exact.is_empty() {
        true => names.iter().filter(|name| name.contains(word)).collect(),
        false => exact,
    };
    match found.as_slice() {
        [one] => Ok(folder.join(format!("{one}.txt"))),
        [] => {
            // A name is that of a file below the folder of its lesson, and ends with its target.
            let last = |name: &'_ String| -> String {
                let file = name.rsplit('/').next().unwrap_or_default();
                file.split('.').next().unwrap_or_default().to_owned()
            };
            let stems: Vec<String> = names.iter().map(last).collect();
            let near = nearest(word, stems.iter().map(String::as_str));
            let near = if near.is_empty() {
                String::new()
            } else {
                format!("did you mean {}? ", near.join(" or "))
            };
            Err(RunError::NoRun {
                word: word.to_owned(),
                folder: from_here(folder).into(),
                advice: format!("{near}`{}` plays runs", place.again),
            })
        }
        many => {
            let more = many.len().saturating_sub(LISTED);
            let mut runs: String =
                many.iter().take(LISTED).map(|name| format!("\n  {name}")).collect();
            if more > 0 {
                runs.push_str(&format!("\n  … and {more} more"));
            }
            Err(RunError::ManyRuns { word: word.to_owned(), runs })
        }
    }
}

/// The transcripts below `folder`, by their path from `root` without the ending. A folder
/// that is not there has none.
fn list(root: &Path, folder: &Path, names: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, names)?;
        } else if path.extension().is_some_and(|ending| ending == "txt") {
            let inside = path.strip_prefix(root).unwrap_or(&path).with_extension("");
            names.push(inside.display().to_string());
        }
    }
    Ok(())
}
