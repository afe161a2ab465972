//! How the runs of sweeps are told: those that pass together in a few lines, the first
//! that does not in full, and each other in one line.

use replab_record::Verdict;
use replab_report::{Paint, Run, Sweep};

use crate::tell::Told;

/// What is said of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// All there is.
    Whole,
    /// One line.
    Line,
    /// Nothing: its sweep will be told.
    Silent,
}

/// Where a run stands among those of its sweep on its target that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is none, or the only one.
    Alone,
    /// Others follow.
    More,
    /// It is the last.
    Last,
}

/// Sweeps of which some runs are told.
#[derive(Debug, Default)]
pub(crate) struct Sweeps(Vec<Open>);

#[derive(Debug)]
struct Open {
    file: String,
    target: String,
    sweep: Sweep,
    /// Whether a run that did not pass has been told in full.
    has_shown: bool,
}

impl Sweeps {
    /// Takes the next run: how it is told, and the sweep if it was its last.
    pub(crate) fn add(&mut self, told: &Told<'_>, run: &Run<'_>) -> (How, Option<Sweep>) {
        if told.part == Part::Alone {
            return (How::Whole, None);
        }
        let (file, target) = (told.scenario.file_identity(), run.target.to_string());
        let is_it = |open: &Open| open.file == file && open.target == target;
        let index = self.0.iter().position(is_it).unwrap_or_else(|| {
            let sweep = Sweep::new(file, &target);
            self.0.push(Open {
                file: file.to_owned(),
                target: target.clone(),
                sweep,
                has_shown: false,
            });
            self.0.len() - 1
        });
        let open = &mut self.0[index];
        open.sweep.add(run, &told.scenario.swept);
        let how = match (run.verdict, open.has_shown) {
            (Verdict::Passed, _) | (Verdict::Skipped(_), true) => How::Silent,
            (_, false) => How::Whole,
            (_, true) => How::Line,
        };
        open.has_shown |= how == How::Whole;
        let ended = (told.part == Part::Last).then(|| self.0.remove(index).sweep);
        (how, ended)
    }

    /// What those that have not ended have come to, after an interruption.
    pub(crate) fn rest(&mut self, paint: Paint) -> String {
        self.0.drain(..).map(|open| open.sweep.text(paint)).collect()
    }
}
