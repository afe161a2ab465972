//! Runs that begin alike, on one machine: the beginning is played once, and what the
//! machine is then is given back to it for each run.
//!
//! A run that is played so is equal to one that is played alone. Where anything of the
//! machine is in doubt, the next run gets another one.

use replab_machine::{Checkpoint, Machine};
use replab_record::{Claim, Verdict};
use replab_scenario::{Action, Reset, Scenario};

use crate::play::{Options, Outcome};
use crate::playing::Playing;
use crate::pool::Job;

/// Jobs that one machine plays, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Their indices, in order.
    pub(crate) jobs: Vec<usize>,
    /// How many steps are played for all of them at once; `None` if each is played alone.
    pub(crate) fork: Option<usize>,
}

impl Share {
    /// That of one job.
    pub(crate) fn of_one(index: usize) -> Share {
        Share { jobs: vec![index], fork: None }
    }
}

/// Which of `jobs` are played on one machine by one of so many threads.
pub(crate) fn shares(jobs: &[Job<'_>], threads: usize) -> Vec<Share> {
    let share = |group: Group| -> Vec<Share> {
        let fork = group.fork.filter(|_| group.jobs.len() > 1);
        // Each thread begins once.
        let size = if fork.is_some() { group.jobs.len().div_ceil(threads.max(1)) } else { 1 };
        group.jobs.chunks(size).map(|jobs| Share { jobs: jobs.to_vec(), fork }).collect()
    };
    groups(jobs).into_iter().flat_map(share).collect()
}

/// How many steps each of `jobs` has in common with all that it can share a machine with;
/// `None` where there is no such.
pub(crate) fn forks(jobs: &[Job<'_>]) -> Vec<Option<usize>> {
    let mut forks = vec![None; jobs.len()];
    for group in groups(jobs).iter().filter(|group| group.jobs.len() > 1) {
        group.jobs.iter().for_each(|index| forks[*index] = group.fork);
    }
    forks
}

/// Jobs that begin alike.
struct Group {
    jobs: Vec<usize>,
    /// How many steps of them are equal; `None` if they cannot share a machine.
    fork: Option<usize>,
}

fn groups(jobs: &[Job<'_>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        if cuts_power(job.scenario) {
            groups.push(Group { jobs: vec![index], fork: None });
            continue;
        }
        let known = groups.iter_mut().find_map(|group| {
            let first = &jobs[group.jobs[0]];
            let fork = group.fork.filter(|_| begin_alike(first, job))?;
            Some((group, fork.min(equal_steps(first.scenario, job.scenario))))
        });
        match known {
            Some((group, fork)) => {
                group.jobs.push(index);
                group.fork = Some(fork);
            }
            None => groups.push(Group { jobs: vec![index], fork: Some(job.scenario.steps.len()) }),
        }
    }
    groups
}

/// Whether all that is before the first step is equal.
fn begin_alike(one: &Job<'_>, other: &Job<'_>) -> bool {
    let (first, second) = (one.scenario, other.scenario);
    first.file == second.file
        && one.target == other.target
        && one.board.name == other.board.name
        && one.firmware == other.firmware
        && first.seed == second.seed
        && first.never == second.never
        && first.files == second.files
        // Each step says of how many it is one.
        && first.steps.len() == second.steps.len()
}

fn equal_steps(one: &Scenario, other: &Scenario) -> usize {
    one.steps.iter().zip(&other.steps).take_while(|(one, other)| one == other).count()
}

/// Another process comes then, which knows nothing of what was kept.
fn cuts_power(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step.action, Action::Reset(Reset::Power)))
}

/// What runs that begin alike have in common, and their machine.
pub(crate) struct Trunk<'a> {
    playing: Playing<'a>,
    checkpoint: Checkpoint,
    machine: Machine,
}

/// Plays `job` on a new machine. If `fork` says after how many steps others go on, and
/// `machine` can be brought back there, that comes with the outcome.
pub(crate) fn play_from_power_on<'a>(
    job: &Job<'a>,
    machine: Machine,
    options: &'a Options,
    fork: Option<usize>,
) -> (Outcome, Option<Trunk<'a>>) {
    let mut playing = match Playing::at_power_on(job, machine, options) {
        Ok(playing) => playing,
        Err(outcome) => return (*outcome, None),
    };
    let mut kept = None;
    let played = playing.put_files().and_then(|()| {
        if let Some(steps) = fork {
            playing.play_to(steps)?;
            kept = playing.keep().map(|checkpoint| (playing.clone(), checkpoint));
        }
        playing.play_rest()
    });
    let (outcome, machine) = playing.end(played);
    let trunk = trunk(&outcome, machine, kept);
    (outcome, trunk)
}

impl<'a> Trunk<'a> {
    /// Plays the rest of `scenario`. `None` if the machine cannot be brought back.
    pub(crate) fn play(self, scenario: &'a Scenario) -> Option<(Outcome, Option<Trunk<'a>>)> {
        let Trunk { playing: kept, checkpoint, mut machine } = self;
        machine.checkpoints.as_mut()?.restore(checkpoint).ok()?;
        if let Some(outcome) = kept.skipped(scenario, &machine) {
            return Some((outcome, Some(Trunk { playing: kept, checkpoint, machine })));
        }
        let mut playing = kept.clone().with(scenario, machine);
        let played = playing.play_rest();
        let (outcome, machine) = playing.end(played);
        let trunk = trunk(&outcome, machine, Some((kept, checkpoint)));
        Some((outcome, trunk))
    }
}

/// What is kept, with its machine, if that is as good as new once it is brought back.
fn trunk<'a>(
    outcome: &Outcome,
    machine: Option<Machine>,
    kept: Option<(Playing<'a>, Checkpoint)>,
) -> Option<Trunk<'a>> {
    let (playing, checkpoint) = kept?;
    is_sound(&outcome.verdict).then_some(Trunk { playing, checkpoint, machine: machine? })
}

/// Whether a machine on which a run has come to `verdict` is what it seems. After a
/// crash it may have ended, and after what the lab could not tell it may be anything.
fn is_sound(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Passed | Verdict::Skipped(_) => true,
        Verdict::Failed(failure) => !matches!(failure.claim, Claim::Crash { .. }),
        Verdict::Broken(_) => false,
    }
}
