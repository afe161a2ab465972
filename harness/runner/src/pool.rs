//! Plays many scenarios at once.
//!
//! Each run is played start to end by one thread, which also makes its machine; runs
//! that begin alike may share one (`share.rs`).
//! Results are handed over in the order of the jobs, whichever finishes first, so
//! that a report is the same on any host. A panic is a bug in the lab: it ends its
//! own run, not the others, and is never a verdict.

use std::any::Any;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use replab_board::Board;
use replab_machine::{Machine, MachineError};
use replab_record::Verdict;
use replab_scenario::Scenario;

use crate::play::{Options, Outcome};
use crate::share::{Share, Trunk, play_from_power_on, shares};
use crate::verdict;

/// One scenario on one target.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What to play.
    pub scenario: &'a Scenario,
    /// On which board.
    pub board: &'a Board,
    /// The target, `lab-m0@qemu`.
    pub target: &'a str,
    /// The file of the firmware that runs there, if it is known.
    pub firmware: Option<&'a Path>,
}

/// The lab itself went wrong: a panic, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lab has a bug, which ended a run: {message}")]
pub struct Bug {
    /// The text of the panic.
    pub message: String,
}

/// A job that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// What came of it.
    pub outcome: Result<Outcome, Bug>,
    /// How long it took on the desk clock, with the making of the machine and its
    /// end. For people to read; nothing is judged by it.
    pub wall: Duration,
}

/// What is said to whoever delivers.
#[derive(Debug)]
pub(crate) enum Message {
    /// The job with this index is done.
    Ended { index: usize, finished: Box<Finished> },
    /// Deliver what is there, then nothing more; `done` is dropped at the end of that.
    Stop { done: mpsc::Sender<()> },
}

/// Plays `jobs` in `threads` threads (`None`: as many as there are cores), on
/// machines that `machine` makes, and hands each result to `deliver` with the index
/// of its job, in the order of the jobs. A thread says to `begins` which job it plays next.
///
/// Jobs of one file and target that begin alike share machines, where these have
/// checkpoints: then `machine` is asked for the first of them only, and again where a
/// machine is in doubt.
///
/// A machine that cannot be made gives a run that is broken, or skipped if it is
/// an emulator that is not installed and [`Options::missing`] says so. After
/// [`Stop::now`](crate::Stop::now) some jobs are not delivered.
pub fn play_all<M>(
    jobs: &[Job<'_>],
    threads: Option<NonZero<usize>>,
    options: &Options,
    begins: impl Fn(&Job<'_>) + Sync,
    machine: M,
    deliver: impl FnMut(usize, Finished),
) where
    M: Fn(&Job<'_>) -> Result<Machine, MachineError> + Sync,
{
    let shares = shares(jobs, count(threads));
    play_shares(jobs, &shares, threads, options, begins, machine, deliver);
}

fn count(threads: Option<NonZero<usize>>) -> usize {
    threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
}

/// Like [`play_all`], with `jobs` shared out like `shares`.
pub(crate) fn play_shares<M>(
    jobs: &[Job<'_>],
    shares: &[Share],
    threads: Option<NonZero<usize>>,
    options: &Options,
    begins: impl Fn(&Job<'_>) + Sync,
    machine: M,
    mut deliver: impl FnMut(usize, Finished),
) where
    M: Fn(&Job<'_>) -> Result<Machine, MachineError> + Sync,
{
    let next = AtomicUsize::new(0);
    let (results, messages) = mpsc::channel();
    options.stop.begin(results.clone());
    thread::scope(|scope| {
        for _ in 0..count(threads).min(shares.len()) {
            let (results, next, begins, machine) = (results.clone(), &next, &begins, &machine);
            scope.spawn(move || {
                while let Some(share) = shares.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let player = Player { jobs, options, begins, machine };
                    if player.play(share, &results).is_break() {
                        break;
                    }
                }
            });
        }
        in_order(messages, jobs.len(), &mut deliver);
        options.stop.end();
    });
}

/// Delivers `jobs` results in their order; at a stop, those that are there.
fn in_order(
    messages: mpsc::Receiver<Message>,
    jobs: usize,
    deliver: &mut impl FnMut(usize, Finished),
) {
    let mut messages = messages.into_iter();
    let mut early = BTreeMap::new();
    let mut due = 0;
    while due < jobs {
        match messages.next().expect("`options.stop` keeps a sender") {
            Message::Ended { index, finished } => {
                early.insert(index, *finished);
            }
            Message::Stop { done } => {
                early.into_iter().for_each(|(index, finished)| deliver(index, finished));
                drop(done);
                return;
            }
        }
        while let Some(finished) = early.remove(&due) {
            deliver(due, finished);
            due += 1;
        }
    }
}

/// Plays shares of jobs, in one thread.
struct Player<'a, B, M> {
    jobs: &'a [Job<'a>],
    options: &'a Options,
    begins: &'a B,
    machine: &'a M,
}

impl<'a, B, M> Player<'a, B, M>
where
    B: Fn(&Job<'_>),
    M: Fn(&Job<'_>) -> Result<Machine, MachineError>,
{
    /// Plays each job of `share`, unless somebody stops it.
    fn play(&self, share: &Share, results: &mpsc::Sender<Message>) -> ControlFlow<()> {
        let mut trunk = None;
        for (nth, &index) in share.jobs.iter().enumerate() {
            if self.options.stop.is_stopped() {
                return ControlFlow::Break(());
            }
            let is_last = nth + 1 == share.jobs.len();
            let fork = share.fork.filter(|_| !is_last);
            let finished = Box::new(self.play_job(&self.jobs[index], fork, &mut trunk));
            // Nobody listens any more only after a stop, or if `deliver` panicked.
            if results.send(Message::Ended { index, finished }).is_err() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// Plays `job`, on the machine of `trunk` if there is one.
    fn play_job(
        &self,
        job: &Job<'a>,
        fork: Option<usize>,
        trunk: &mut Option<Trunk<'a>>,
    ) -> Finished {
        let start = Instant::now();
        (self.begins)(job);
        let kept = trunk.take();
        // All that the run touches is its own, so nothing half-changed survives a panic.
        let run = AssertUnwindSafe(|| self.outcome(job, fork, kept));
        let outcome = catch_unwind(run)
            .map(|(outcome, kept)| {
                *trunk = kept;
                outcome
            })
            .map_err(|panic| Bug { message: message(panic.as_ref()) });
        Finished { outcome, wall: start.elapsed() }
    }

    /// What `job` comes to, and what the next one can go on from.
    fn outcome(
        &self,
        job: &Job<'a>,
        fork: Option<usize>,
        kept: Option<Trunk<'a>>,
    ) -> (Outcome, Option<Trunk<'a>>) {
        if let Some((outcome, kept)) = kept.and_then(|kept| kept.play(job.scenario))
            // It may be the machine's age that broke it: its share of the desk clock is that
            // of all its runs.
            && !matches!(outcome.verdict, Verdict::Broken(_))
        {
            return (outcome, kept);
        }
        match (self.machine)(job) {
            Ok(machine) => play_from_power_on(job, machine, self.options, fork),
            Err(error) => {
                (Outcome::unplayed(verdict::not_started(error, self.options.missing)), None)
            }
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_string()
}
