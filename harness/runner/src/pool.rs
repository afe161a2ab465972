//! Plays many scenarios at once.
//!
//! Each run is played start to end by one thread, which also makes its machine.
//! Results are handed over in the order of the jobs, whichever finishes first, so
//! that a report is the same on any host. A panic is a bug in the lab: it ends its
//! own run, not the others, and is never a verdict.

use std::any::Any;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use replab_board::Board;
use replab_machine::{Machine, MachineError};
use replab_scenario::Scenario;

use crate::play::{Options, Outcome, play};
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
/// of its job, in the order of the jobs.
///
/// A machine that cannot be made gives a run that is broken, or skipped if it is
/// an emulator that is not installed and [`Options::missing`] says so. After
/// [`Stop::now`](crate::Stop::now) some jobs are not delivered.
pub fn play_all<M>(
    jobs: &[Job<'_>],
    threads: Option<NonZero<usize>>,
    options: &Options,
    machine: M,
    mut deliver: impl FnMut(usize, Finished),
) where
    M: Fn(&Job<'_>) -> Result<Machine, MachineError> + Sync,
{
    let threads = threads
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZero::get)
        .min(jobs.len());
    let next = AtomicUsize::new(0);
    let (results, messages) = mpsc::channel();
    options.stop.begin(results.clone());
    thread::scope(|scope| {
        for _ in 0..threads {
            let (results, next, machine) = (results.clone(), &next, &machine);
            scope.spawn(move || {
                while let Some((index, job)) = take(jobs, next, options) {
                    let finished = Box::new(play_job(job, options, machine));
                    // Nobody listens any more only after a stop, or if `deliver` panicked.
                    if results.send(Message::Ended { index, finished }).is_err() {
                        break;
                    }
                }
            });
        }
        in_order(messages, jobs.len(), &mut deliver);
        options.stop.end();
    });
}

fn take<'a, 'b>(
    jobs: &'a [Job<'b>],
    next: &AtomicUsize,
    options: &Options,
) -> Option<(usize, &'a Job<'b>)> {
    if options.stop.is_stopped() {
        return None;
    }
    let index = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(index).map(|job| (index, job))
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

fn play_job<M>(job: &Job<'_>, options: &Options, machine: &M) -> Finished
where
    M: Fn(&Job<'_>) -> Result<Machine, MachineError>,
{
    let start = Instant::now();
    // All that the run touches is its own, so nothing half-changed survives a panic.
    let run = AssertUnwindSafe(|| match machine(job) {
        Ok(machine) => play(job.scenario, job.board, job.target, job.firmware, machine, options),
        Err(error) => Outcome::unplayed(verdict::not_started(error, options.missing)),
    });
    let outcome = catch_unwind(run).map_err(|panic| Bug { message: message(panic.as_ref()) });
    Finished { outcome, wall: start.elapsed() }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_string()
}
