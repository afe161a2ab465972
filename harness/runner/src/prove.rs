//! Proves that equal runs are equal: plays each scenario many times on a host
//! that is made busy, and compares all that is known of the runs, byte for byte.

use std::fmt;
use std::num::NonZero;

use replab_machine::{Machine, MachineError};
use replab_record::{Broken, Event, MachineTime, Verdict};

use crate::load::Load;
use crate::play::{Options, Outcome};
use crate::pool::{Finished, Job, play_shares};
use crate::share::{Share, forks};

/// Where two runs of the same scenario on the same firmware differ first.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// In what crossed ports and pins.
    Event {
        /// Which event, from 1.
        number: usize,
        /// It in the first run; `None` if that had fewer.
        first: Option<Event>,
        /// It in the other run.
        other: Option<Event>,
    },
    /// In when they ended.
    End {
        /// Machine time of the first run.
        first: MachineTime,
        /// Machine time of the other run.
        other: MachineTime,
    },
    /// In the content of the memory at their end.
    Memory {
        /// The address.
        address: u32,
        /// The byte in the first run.
        first: u8,
        /// The byte in the other run.
        other: u8,
    },
    /// In what they came to, although all else is equal.
    Verdict {
        /// Of the first run.
        first: Box<Verdict>,
        /// Of the other run.
        other: Box<Verdict>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Event { number, first, other } => {
                let at = [first, other].into_iter().flatten().map(Event::at).min();
                write!(
                    f,
                    "event {number}, at {:.9}: {} in the first run, {} in this one",
                    at.unwrap_or_default(),
                    told(first.as_ref()),
                    told(other.as_ref())
                )
            }
            Difference::End { first, other } => {
                write!(f, "the first run ended at {first:.9}, this one at {other:.9}")
            }
            Difference::Memory { address, first, other } => write!(
                f,
                "the byte at {address:#010x} is {first:#04x} at the end of the first run, {other:#04x} at the end of this one"
            ),
            Difference::Verdict { first, other } => {
                write!(f, "the first run is {first:?}, this one {other:?}")
            }
        }
    }
}

fn told(event: Option<&Event>) -> String {
    let Some(event) = event else { return "nothing".to_string() };
    let what = match event {
        Event::Sent { port, byte, .. } => format!("{port} sends {byte:#04x}"),
        Event::Received { port, byte, .. } => format!("{port} receives {byte:#04x}"),
        Event::Edge { pin, level, .. } => format!("{pin} goes {level}"),
        Event::Driven { pin, level, .. } => format!("{pin} is driven {level}"),
        Event::Reset { cause, .. } => format!("a reset by {cause}"),
    };
    format!("{what} at {:.9}", event.at())
}

/// Where `other` differs from `first`; `None` if they are equal. What comes first
/// in machine time is told, because the rest may follow from it.
pub fn first_difference(first: &Outcome, other: &Outcome) -> Option<Difference> {
    let (one, two) = (first.record.events(), other.record.events());
    let length = one.len().max(two.len());
    if let Some(index) = (0..length).find(|index| one.get(*index) != two.get(*index)) {
        let event = |events: &[Event]| events.get(index).cloned();
        return Some(Difference::Event { number: index + 1, first: event(one), other: event(two) });
    }
    if first.end != other.end {
        return Some(Difference::End { first: first.end, other: other.end });
    }
    if first.verdict != other.verdict {
        let (first, other) = (first.verdict.clone(), other.verdict.clone());
        return Some(Difference::Verdict { first: Box::new(first), other: Box::new(other) });
    }
    memory_difference(first, other)
}

fn memory_difference(first: &Outcome, other: &Outcome) -> Option<Difference> {
    first.memory.iter().zip(&other.memory).find_map(|(one, two)| {
        let index = one.bytes.iter().zip(&two.bytes).position(|(one, two)| one != two)?;
        Some(Difference::Memory {
            // A region's addresses have 32 bits.
            address: one.at.wrapping_add(index as u32),
            first: one.bytes[index],
            other: two.bytes[index],
        })
    })
}

/// Like [`play_all`](crate::play_all), but plays each job `runs` times while all cores are
/// kept busy. Of a job that shares machines with others, the second run goes on from what
/// was kept of the first, and all others are played alone. A job is delivered as its first run, with [`Outcome::proved`] set, if
/// all its runs are equal, and as broken if they are not: then no verdict of the
/// lab about it could be trusted.
pub fn prove_all<M>(
    jobs: &[Job<'_>],
    runs: NonZero<usize>,
    threads: Option<NonZero<usize>>,
    options: &Options,
    begins: impl Fn(&Job<'_>) + Sync,
    machine: M,
    mut deliver: impl FnMut(usize, Finished),
) where
    M: Fn(&Job<'_>) -> Result<Machine, MachineError> + Sync,
{
    let _load = Load::begin();
    let options = Options { keep_memory: true, ..options.clone() };
    let repeated: Vec<Job<'_>> =
        jobs.iter().flat_map(|job| std::iter::repeat_n(*job, runs.get())).collect();
    let mut proof: Option<Proof> = None;
    let mut due = 0;
    let shares = shares(jobs, runs);
    play_shares(&repeated, &shares, threads, &options, begins, machine, |index, finished| {
        // After a stop some are missing: whatever comes behind them proves nothing.
        if index != due {
            return;
        }
        due += 1;
        let (job, run) = (index / runs, index % runs);
        match &mut proof {
            Some(proof) => proof.compare(run + 1, finished),
            None => proof = Some(Proof { first: finished, broken: None }),
        }
        if run + 1 == runs.get()
            && let Some(proof) = proof.take()
        {
            deliver(job, proof.end(runs));
        }
    });
}

/// How `runs` runs of each of `jobs`, one job after the other, are shared out.
fn shares(jobs: &[Job<'_>], runs: NonZero<usize>) -> Vec<Share> {
    let of_job = |(job, fork): (usize, Option<usize>)| {
        let first = job * runs.get();
        let mut all: Vec<Share> = (first..first + runs.get()).map(Share::of_one).collect();
        if fork.is_some() && runs.get() > 1 {
            all.splice(..2, [Share { jobs: vec![first, first + 1], fork }]);
        }
        all
    };
    forks(jobs).into_iter().enumerate().flat_map(of_job).collect()
}

/// The runs of one job, as far as they have come.
struct Proof {
    first: Finished,
    /// The first run that differs.
    broken: Option<Verdict>,
}

impl Proof {
    fn compare(&mut self, number: usize, finished: Finished) {
        self.first.wall += finished.wall;
        if self.broken.is_some() {
            return;
        }
        match (&self.first.outcome, finished.outcome) {
            (Ok(first), Ok(other)) => {
                self.broken =
                    first_difference(first, &other).map(|difference| unequal(number, &difference));
            }
            // A bug of the lab's in one run is the bug of all.
            (_, Err(bug)) => self.first.outcome = Err(bug),
            (Err(_), Ok(_)) => {}
        }
    }

    fn end(mut self, runs: NonZero<usize>) -> Finished {
        if let Ok(outcome) = &mut self.first.outcome {
            outcome.memory = Vec::new();
            match self.broken.take() {
                Some(verdict) => outcome.verdict = verdict,
                None => outcome.proved = Some(runs.get()),
            }
        }
        self.first
    }
}

fn unequal(number: usize, difference: &Difference) -> Verdict {
    Verdict::Broken(Box::new(Broken {
        step: None,
        causes: vec![
            format!(
                "run {number} of the same scenario on the same firmware differs from the first"
            ),
            difference.to_string(),
        ],
        last_words: Vec::new(),
    }))
}
