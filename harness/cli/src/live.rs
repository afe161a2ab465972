//! One line on a terminal for each worker, with what it plays.
//!
//! It stands below what has been told, on standard error, and vanishes at the end. Where
//! no person looks (no terminal, CI, `TERM=dumb`, `--json`) there is none.

use std::io::{self, IsTerminal};
use std::thread::{self, ThreadId};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use replab_report::visible;

use crate::ci::is_ci;
use crate::terminal::is_dumb;

/// How often the time in a line goes on.
const TICK: Duration = Duration::from_millis(100);

/// The lines.
pub(crate) struct Live {
    /// `None` where no person looks.
    all: Option<MultiProgress>,
    /// What each worker plays.
    lines: Vec<(ThreadId, String, ProgressBar)>,
}

impl Live {
    /// No line yet.
    pub(crate) fn of_terminal(is_json: bool) -> Live {
        let is_on = io::stderr().is_terminal() && !is_dumb() && !is_ci() && !is_json;
        Live { all: is_on.then(MultiProgress::new), lines: Vec::new() }
    }

    /// Whether a person looks.
    pub(crate) fn is_on(&self) -> bool {
        self.all.is_some()
    }

    /// The calling thread begins a run.
    pub(crate) fn begin(&mut self, identity: &str, target: &str) {
        let Some(all) = &self.all else { return };
        let name = name(identity, target);
        let line = all.add(ProgressBar::new_spinner().with_style(style()));
        line.set_message(visible(&name));
        line.enable_steady_tick(TICK);
        let me = thread::current().id();
        let idle = self.lines.iter().position(|(thread, ..)| *thread == me);
        if let Some(index) = idle {
            self.lines.remove(index).2.finish_and_clear();
        }
        self.lines.push((me, name, line));
    }

    /// A run has ended.
    pub(crate) fn end(&mut self, identity: &str, target: &str) {
        let name = name(identity, target);
        if let Some(index) = self.lines.iter().position(|(_, playing, _)| *playing == name) {
            self.lines.remove(index).2.finish_and_clear();
        }
    }

    /// Does what prints something, with the lines out of its way.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        match &self.all {
            Some(all) => all.suspend(print),
            None => print(),
        }
    }

    /// No line any more.
    pub(crate) fn clear(&mut self) {
        self.lines.drain(..).for_each(|(_, _, line)| line.finish_and_clear());
    }
}

fn name(identity: &str, target: &str) -> String {
    format!("{identity} on {target}")
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}")
        .expect("the template is right")
}
