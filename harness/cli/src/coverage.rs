//! `replab coverage`: what of a lesson is tried by its scenarios, and what is not.
//!
//! Reads scenarios as `run` does, and plays none: that they pass is for `run` to say.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use replab_report::{Ending, ExitCode, coverage as table, coverage_json, visible};
use replab_scenario::{Coverage, Scenario, ScenarioErrors, coverage as judge};

use crate::catalogue::{self, Folder, Lessons};
use crate::plan::{self, Boards};
use crate::run::{show, wrong};
use crate::voice::Voice;
use crate::{Place, RunError};

/// Which lessons to judge, and how to tell it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CoverageArgs {
    /// Lessons to judge, also other editions of one. Without any, all lessons of the project.
    #[arg(value_name = "LESSON.md")]
    pub lessons: Vec<PathBuf>,

    /// The folder of the scenarios.
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,

    /// Tell it as JSON, one lesson a line (docs/coverage.md).
    #[arg(long)]
    pub json: bool,
}

/// Why a lesson could not be judged.
enum Refusal {
    /// The arguments or the place are wrong.
    Wrong(RunError),
    /// These files are.
    Invalid(Vec<ScenarioErrors>),
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Refusal {
        Refusal::Wrong(error)
    }
}

/// Judges the lessons that `args` name, and says of each what covers it.
///
/// [`ExitCode::Failed`] if something is uncovered and not excused,
/// [`ExitCode::WrongInput`] if a lesson cannot be read, a scenario or a file of
/// excuses is wrong, or something is excused that is covered.
pub fn coverage(args: CoverageArgs, place: Place) -> ExitCode {
    let voice = Voice::of_terminal();
    // Nothing that the panic may have left half done is used after it.
    let ending = catch_unwind(AssertUnwindSafe(move || ending(&args, &place, voice)));
    ExitCode::of(&ending.unwrap_or(Ending::LabBug))
}

fn ending(args: &CoverageArgs, place: &Place, voice: Voice) -> Ending {
    let lessons = if args.lessons.is_empty() {
        catalogue::lesson_files(&place.lessons)
    } else {
        Ok(args.lessons.clone())
    };
    let lessons = match lessons {
        Ok(lessons) => lessons,
        Err(error) => return wrong(&error, voice),
    };
    if lessons.is_empty() {
        voice.warn("error: there are no lessons here (name one)\n");
        return Ending::NothingSelected;
    }
    let mut is_complete = true;
    for lesson in &lessons {
        match read(lesson, args, place, voice) {
            Ok(coverage) => {
                is_complete &= coverage.is_complete();
                tell(&coverage, args, voice);
            }
            Err(refusal) => return refuse(refusal, voice),
        }
    }
    if is_complete { Ending::Told } else { Ending::Uncovered }
}

fn tell(coverage: &Coverage, args: &CoverageArgs, voice: Voice) {
    let text = if args.json {
        format!("{}\n", coverage_json(coverage))
    } else {
        table(coverage, voice.paint)
    };
    voice.say(&text);
}

fn refuse(refusal: Refusal, voice: Voice) -> Ending {
    match refusal {
        Refusal::Wrong(error) => wrong(&error, voice),
        Refusal::Invalid(files) => {
            let count = match files.len() {
                1 => "1 file is invalid".to_owned(),
                count => format!("{count} files are invalid"),
            };
            files.into_iter().for_each(|file| show(file, voice));
            voice.warn(&format!("error: {count}; coverage cannot be told\n"));
            Ending::WrongInput
        }
    }
}

/// Reads the lesson in `file` and all that concerns it, and judges.
fn read(
    file: &Path,
    args: &CoverageArgs,
    place: &Place,
    voice: Voice,
) -> Result<Coverage, Refusal> {
    let boards = catalogue::boards(place)?;
    let lessons = Lessons::read(&place.lessons, Some(file))?;
    let folder = Folder::of(place, args.scenarios.as_deref());
    let entries = catalogue::scenarios(folder, &[], &boards, &lessons)?;
    let (scenarios, mut errors) = parted(entries.into_iter().map(|entry| entry.scenario));
    let (excuses, others) = parted(catalogue::excuses(folder.path, &lessons)?.into_iter());
    errors.extend(others);
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    let concerns = |lesson: Option<&str>| lessons.concerns(lesson);
    let scenarios = scenarios.iter().filter(|one| concerns(one.lesson.as_deref()));
    let scenarios: Vec<_> = scenarios.filter(|one| counts(one, &boards, voice)).collect();
    let excuses: Vec<_> = excuses.into_iter().filter(|one| concerns(Some(&one.lesson))).collect();
    let edition = lessons.edition().expect("one was read");
    judge(edition, &scenarios, &excuses).map_err(|errors| Refusal::Invalid(vec![errors]))
}

fn parted<T, E>(results: impl Iterator<Item = Result<T, E>>) -> (Vec<T>, Vec<E>) {
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => right.push(value),
            Err(error) => wrong.push(error),
        }
    }
    (right, wrong)
}

/// Whether some target may play `scenario`. What is skipped everywhere tries nothing, and that is said.
fn counts(scenario: &Scenario, boards: &Boards, voice: Voice) -> bool {
    let reason = no_target(scenario, boards);
    if let Some(reason) = &reason {
        let name = visible(&scenario.identity);
        voice.warn(&format!(
            "note: {name} does not count, because it is always skipped: {reason}\n"
        ));
    }
    reason.is_none()
}

fn no_target(scenario: &Scenario, boards: &Boards) -> Option<String> {
    let jobs = plan::jobs([scenario.boards.as_slice()].into_iter(), &[], boards);
    let lacking: Option<Vec<_>> = jobs
        .iter()
        .map(|job| {
            let word = replab_runner::lacking(scenario, &boards[&job.target.board])?;
            Some(format!("{} has no `{word}`", job.target))
        })
        .collect();
    match lacking {
        Some(reasons) if reasons.is_empty() => Some("none of its boards can be run".to_owned()),
        Some(reasons) => Some(reasons.join(", ")),
        None => None,
    }
}
