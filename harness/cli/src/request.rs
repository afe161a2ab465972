//! What the command line asks to play: everything read, checked and selected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use replab_runner::snapshots;
use replab_scenario::{Scenario, ScenarioErrors};

use crate::catalogue::{self, Entry, Folder, Lessons, Name};
use crate::ci::is_ci;
use crate::place::from_here;
use crate::plan::{self, Boards, Job};
use crate::select::{Filter, is_selected, nearest};
use crate::{Place, RunArgs, RunError};

/// What to play. There is at least one scenario.
#[derive(Debug)]
pub(crate) struct Request {
    scenarios: Vec<(Name, Scenario)>,
    jobs: Vec<Job>,
    boards: Boards,
    notes: Vec<String>,
}

/// Why nothing will be played.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The arguments or the place are wrong.
    Wrong(RunError),
    /// Selected scenario files are wrong: what in each; so many others are right.
    Invalid { files: Vec<ScenarioErrors>, right: usize },
    /// No scenario is selected; what there is, in lines.
    Nothing { text: String },
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Refusal {
        Refusal::Wrong(error)
    }
}

impl Request {
    /// Reads all there is, and selects what `args` ask for.
    pub(crate) fn read(args: &RunArgs, place: &Place) -> Result<Request, Refusal> {
        if args.accept && is_ci() {
            return Err(RunError::AcceptInCi.into());
        }
        let boards = catalogue::boards(place)?;
        let targets = plan::targets(&args.targets, &boards)?;
        if args.compare {
            plan::check_two(&targets)?;
        }
        let lessons = Lessons::read(&place.lessons, args.lesson.as_deref())?;
        let folder = Folder::of(place, args.scenarios.as_deref());
        let entries = catalogue::scenarios(folder, &named_files(&args.filters), &boards, &lessons)?;
        no_orphans(folder.path)?;
        let filters = filters(&args.filters, &entries);
        let mut notes = unmatched(&args.filters, &filters, &entries);
        notes.extend(examples(args, place));
        let scenarios = select(entries, &filters, &lessons, args)?;
        let listed = scenarios.iter().map(|(_, scenario)| scenario.boards.as_slice());
        let jobs = plan::jobs(listed, &targets, &boards);
        Ok(Request { scenarios, jobs, boards, notes })
    }

    /// The selected scenarios, in the order of their identities.
    pub(crate) fn scenarios(&self) -> &[(Name, Scenario)] {
        &self.scenarios
    }

    /// The runs to come.
    pub(crate) fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Every board.
    pub(crate) fn boards(&self) -> &Boards {
        &self.boards
    }

    /// What the reader should know before anything is played.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Every snapshot has its scenario.
fn no_orphans(folder: &Path) -> Result<(), RunError> {
    if !folder.is_dir() {
        return Ok(());
    }
    let orphans = snapshots::orphans(folder)?;
    match orphans.is_empty() {
        true => Ok(()),
        false => {
            Err(RunError::Orphans { files: orphans.iter().map(|file| from_here(file)).collect() })
        }
    }
}

/// The files among the words of filters, canonical.
fn named_files(words: &[String]) -> Vec<PathBuf> {
    let files = words.iter().map(Path::new).filter(|path| path.is_file());
    files.filter_map(|file| file.canonicalize().ok()).collect()
}

/// What each of `words` means here. A folder without scenarios is taken as a word:
/// it may be there by chance.
fn filters(words: &[String], entries: &[Entry]) -> Vec<Filter> {
    let filter = |word: &String| {
        let path = Path::new(word);
        match path.canonicalize() {
            Ok(file) if file.is_file() => Filter::File(file),
            Ok(folder) if entries.iter().any(|entry| entry.name.file.starts_with(&folder)) => {
                Filter::Folder(folder)
            }
            _ => Filter::Words(word.clone()),
        }
    };
    words.iter().map(filter).collect()
}

/// A note for each filter that takes nothing while others do.
fn unmatched(words: &[String], filters: &[Filter], entries: &[Entry]) -> Vec<String> {
    let takes_nothing =
        |filter: &Filter| !entries.iter().any(|entry| filter.takes(entry.candidate()));
    let pairs = words.iter().zip(filters).filter(|(_, filter)| takes_nothing(filter));
    pairs.map(|(word, _)| format!("no scenario matches `{word}`{}", meant(word, entries))).collect()
}

/// Who has no project here should know whose scenarios these are.
fn examples(args: &RunArgs, place: &Place) -> Option<String> {
    let are_examples =
        place.project.is_none() && args.scenarios.is_none() && args.filters.is_empty();
    are_examples.then(|| {
        format!(
            "there is no project here, so these are replab's examples, in {} (`replab new LESSON.md` begins a project)",
            from_here(&place.scenarios)
        )
    })
}

fn select(
    entries: Vec<Entry>,
    filters: &[Filter],
    lessons: &Lessons,
    args: &RunArgs,
) -> Result<Vec<(Name, Scenario)>, Refusal> {
    // Only of use if nothing is selected, but the entries are used up then.
    let nothing = nothing(&entries, args);
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for entry in entries {
        // A file elsewhere is there because it was named.
        if !is_selected(filters, entry.candidate()) {
            continue;
        }
        match entry.scenario {
            Ok(scenario) if lessons.concerns(scenario.lesson.as_deref()) => {
                right.push((entry.name, scenario))
            }
            Ok(_) => {}
            Err(errors) => wrong.push(errors),
        }
    }
    match (wrong.is_empty(), right.is_empty()) {
        (false, _) => Err(Refusal::Invalid { files: wrong, right: right.len() }),
        (true, true) => Err(Refusal::Nothing { text: nothing }),
        (true, false) => unique(right),
    }
}

/// Two runs must not write one transcript.
fn unique(scenarios: Vec<(Name, Scenario)>) -> Result<Vec<(Name, Scenario)>, Refusal> {
    let mut seen: BTreeMap<&str, &Path> = BTreeMap::new();
    for (name, _) in &scenarios {
        if let Some(one) = seen.insert(&name.identity, &name.file) {
            let (one, other) = (one.to_owned(), name.file.clone());
            return Err(
                RunError::SameIdentity { identity: name.identity.clone(), one, other }.into()
            );
        }
    }
    Ok(scenarios)
}

/// What there is, for somebody whose words select nothing of it.
fn nothing(entries: &[Entry], args: &RunArgs) -> String {
    if entries.is_empty() {
        return "there are no scenario files here (name a folder with --scenarios, or begin with `replab new LESSON.md`)\n".to_owned();
    }
    let words =
        args.filters.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
    let lesson =
        args.lesson.as_deref().map(|file| format!("belongs to the lesson {}", from_here(file)));
    let what = match (words.is_empty(), lesson) {
        (true, None) => "is selected".to_owned(),
        (true, Some(lesson)) => lesson,
        (false, None) => format!("matches {words}"),
        (false, Some(lesson)) => format!("matches {words} and {lesson}"),
    };
    let near = args.filters.first().map(|word| meant(word, entries)).unwrap_or_default();
    let names: String =
        entries.iter().map(|entry| format!("  {}\n", entry.name.identity)).collect();
    format!("no scenario {what}{near}; there are:\n{names}")
}

/// ` (did you mean …?)`, if there is something near.
fn meant(word: &str, entries: &[Entry]) -> String {
    let near = nearest(word, entries.iter().map(|entry| entry.name.identity.as_str()));
    if near.is_empty() { String::new() } else { format!(" (did you mean {}?)", near.join(" or ")) }
}
