//! Plays drafts until each piece has one that passes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use replab_record::Verdict;
use replab_report::{claim, skip_reason};
use replab_runner::{Bug, Finished, Job, Options, play_all};
use replab_scenario::{Lesson, Scenario, World, load};

use super::draft::Piece;
use super::error::NewError;
use crate::plan::{self, Boards};
use crate::play::Lab;
use crate::voice::Voice;
use crate::{Place, RunArgs, catalogue};

/// Which draft of a piece passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Its index.
    pub(crate) draft: usize,
    /// Why the one before it, which claims more, does not.
    pub(crate) why: Option<String>,
}

/// The first draft of each piece that passes on the board of `place`.
pub(crate) fn judge(
    pieces: &[Piece],
    lesson: &Arc<Lesson>,
    qemu: Option<PathBuf>,
    place: &Place,
    voice: Voice,
) -> Result<Vec<Judged>, NewError> {
    let boards = catalogue::boards(place)?;
    let args = RunArgs { qemu, timing: place.timing, ..RunArgs::default() };
    let lab = Lab::find(&args, place, voice)?;
    let listed = [vec![place.default_board.clone()]];
    let jobs = plan::jobs(listed.iter().map(Vec::as_slice), &[], &boards);
    let Some(target) = jobs.first().map(|job| &job.target) else {
        let what = format!("a board `{}` that can be emulated", place.default_board);
        return Err(NewError::NotReady { what });
    };
    if let Some(reason) = lab.missing(target) {
        return Err(NewError::NotReady { what: skip_reason(&reason) });
    }
    let try_one = |text: &str| -> Result<(), String> {
        let scenario = read(text, lesson, &boards, place)?;
        let name = target.to_string();
        let firmware = lab.firmware_of(&target.board);
        let board = &boards[&target.board];
        let job = Job { scenario: &scenario, board, target: &name, firmware: Some(&firmware) };
        let options = Options { snapshots: None, ..Options::default() };
        let mut came = Err("it was not played".to_owned());
        play_all(
            &[job],
            None,
            &options,
            |_| {},
            |job| lab.start(job),
            |_, finished| {
                came = verdict(finished);
            },
        );
        came
    };
    pieces.iter().map(|piece| first_that_passes(piece, &target.to_string(), &try_one)).collect()
}

/// The first draft of `piece` for which `try_one` says nothing against it.
fn first_that_passes(
    piece: &Piece,
    target: &str,
    try_one: &dyn Fn(&str) -> Result<(), String>,
) -> Result<Judged, NewError> {
    let mut why = None;
    for (index, draft) in piece.drafts.iter().enumerate() {
        match try_one(&draft.text) {
            Ok(()) => return Ok(Judged { draft: index, why }),
            Err(reason) => why = Some(reason),
        }
    }
    let what = piece.drafts.last().map(|draft| draft.what.clone()).unwrap_or_default();
    let why = why.unwrap_or_default();
    Err(NewError::NothingPasses { target: target.to_owned(), what, why })
}

fn read(
    text: &str,
    lesson: &Arc<Lesson>,
    boards: &Boards,
    place: &Place,
) -> Result<Scenario, String> {
    let world = World {
        boards,
        default_board: &place.default_board,
        lesson: &|_| Ok(Arc::clone(lesson)),
        beside: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    let first = |errors: replab_scenario::ScenarioErrors| {
        errors.0.first().map(ToString::to_string).unwrap_or_default()
    };
    let scenarios = load(Path::new("draft.yaml"), "draft", text, &world).map_err(first)?;
    scenarios.into_iter().next().ok_or_else(String::new)
}

/// What is against a run that came to `finished`.
fn verdict(finished: Finished) -> Result<(), String> {
    match finished.outcome.map(|outcome| outcome.verdict) {
        Ok(Verdict::Passed) => Ok(()),
        Ok(Verdict::Failed(failure)) => Err(claim(&failure)),
        Ok(Verdict::Broken(broken)) => Err(broken.causes.join(": ")),
        Ok(Verdict::Skipped(reason)) => Err(skip_reason(&reason)),
        Err(Bug { message }) => Err(message),
    }
}

#[cfg(test)]
mod tests {
    use super::super::draft::Draft;
    use super::*;

    #[track_caller]
    fn check(passing: &[&str], expected: Option<(usize, Option<&str>)>) {
        let draft = |text: &str| Draft { what: text.to_owned(), text: text.to_owned() };
        let drafts = vec![draft("all"), draft("some"), draft("little")];
        let piece = Piece { stem: "x".to_owned(), drafts };
        let try_one = |text: &str| {
            if passing.contains(&text) { Ok(()) } else { Err(format!("{text} fails")) }
        };
        let judged = first_that_passes(&piece, "lab-m0@qemu", &try_one).ok();
        let judged = judged.map(|one| (one.draft, one.why));
        assert_eq!(judged, expected.map(|(draft, why)| (draft, why.map(str::to_owned))));
    }

    #[test]
    fn the_most_ambitious_draft_that_passes_is_taken_with_the_reason_against_the_one_before() {
        check(&["all", "little"], Some((0, None)));
        check(&["some", "little"], Some((1, Some("all fails"))));
        check(&["little"], Some((2, Some("some fails"))));
        check(&[], None);
    }
}
