//! From arguments to an exit code.

use std::panic::{AssertUnwindSafe, catch_unwind};

use miette::Report;
use replab_report::{Ending, ExitCode, visible};
use replab_scenario::{Scenario, ScenarioErrors};

use crate::place::find::{self, Lost, Standpoint};
use crate::play;
use crate::request::{Refusal, Request};
use crate::voice::Voice;
use crate::{Place, RunArgs, RunError};

/// Does what `args` ask for, and says what came of it.
///
/// What runs say goes to standard output; wrong arguments and files, and a lab
/// that cannot work, to standard error. A panic anywhere is a bug in the lab.
pub fn run(args: RunArgs, place: Place) -> ExitCode {
    let args = RunArgs { timing: args.timing.or(place.timing), ..args };
    let voice = Voice::of_terminal();
    let voice = if args.github { voice.guarded() } else { voice };
    // Nothing that the panic may have left half done is used after it.
    let ending = catch_unwind(AssertUnwindSafe(move || ending(&args, &place, voice)));
    ExitCode::of(&ending.unwrap_or(Ending::LabBug))
}

/// Where everything is for this process: the lab, and the project around the working directory.
///
/// # Errors
///
/// [`ExitCode::WrongInput`], after it was said why: `REPLAB_HOME` names no lab, or the
/// project's `replab.yaml` is wrong.
pub fn find_place() -> Result<Place, ExitCode> {
    find::find(&Standpoint::here()).map_err(|lost| {
        let voice = Voice::of_terminal();
        let ending = match lost {
            Lost::Wrong(error) => wrong(&error, voice),
            Lost::Invalid(errors) => {
                show(errors, voice);
                voice.warn("error: the project's file is invalid; nothing was done\n");
                Ending::WrongInput
            }
        };
        ExitCode::of(&ending)
    })
}

fn ending(args: &RunArgs, place: &Place, voice: Voice) -> Ending {
    let request = match Request::read(args, place) {
        Ok(request) => request,
        Err(refusal) => return refuse(refusal, args, voice),
    };
    for note in request.notes() {
        voice.warn(&format!("note: {}\n", visible(note)));
    }
    if args.list {
        voice.say(&listing(&request));
        return Ending::Told;
    }
    if args.check {
        voice.say(&format!("{}, all right\n", counted(request.scenarios().len(), "scenario")));
        return Ending::Told;
    }
    play::play(&request, args, place, voice).unwrap_or_else(|error| wrong(&error, voice))
}

/// Says why nothing will be played.
fn refuse(refusal: Refusal, args: &RunArgs, voice: Voice) -> Ending {
    match refusal {
        Refusal::Wrong(error) => wrong(&error, voice),
        Refusal::Invalid { files, right } => {
            let text = match files.len() {
                1 => "1 scenario file is invalid".to_owned(),
                count => format!("{count} scenario files are invalid"),
            };
            files.into_iter().for_each(|file| show(file, voice));
            let rest = if args.check { "" } else { "; nothing was played" };
            voice.warn(&format!("error: {text}, {right} right{rest}\n"));
            Ending::WrongInput
        }
        Refusal::Nothing { text } => {
            voice.warn(&format!("error: {}", visible(&text)));
            Ending::NothingSelected
        }
    }
}

/// Draws each error of a file for standard error: its width, and colours if it is a terminal.
pub(crate) fn show(file: ScenarioErrors, voice: Voice) {
    for error in file.0 {
        voice.warn(&format!("{:?}\n", Report::new(error)));
    }
}

pub(crate) fn wrong(error: &RunError, voice: Voice) -> Ending {
    voice.complain(error);
    error.ending()
}

/// Identity, targets and title of each selected scenario, in columns; of the runs of a sweep
/// the first, and how many follow.
fn listing(request: &Request) -> String {
    let all: Vec<_> = request.scenarios().iter().enumerate().collect();
    let is_same_sweep = |one: &Scenario, next: &Scenario| {
        !one.swept.is_empty() && one.file_identity() == next.file_identity()
    };
    let rows: Vec<(String, String, String)> = all
        .chunk_by(|(_, (_, one)), (_, (_, next))| is_same_sweep(one, next))
        .map(|same| {
            let (index, (name, scenario)) = same[0];
            let more = match same {
                [_, .., (_, (last, _))] => {
                    format!("; {} more, to {}", same.len() - 1, last.identity)
                }
                _ => String::new(),
            };
            let jobs =
                request.jobs().iter().filter(|job| job.scenario == index && job.skip.is_none());
            let targets: Vec<_> = jobs.map(|job| job.target.to_string()).collect();
            let targets = if targets.is_empty() { "-".to_owned() } else { targets.join(",") };
            (visible(&name.identity), targets, visible(&format!("{}{more}", scenario.name)))
        })
        .collect();
    let width = |cell: fn(&(String, String, String)) -> &String| {
        rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0)
    };
    let (names, targets) = (width(|row| &row.0), width(|row| &row.1));
    rows.iter()
        .map(|(name, target, title)| format!("{name:<names$}  {target:<targets$}  {title}\n"))
        .collect()
}

fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
