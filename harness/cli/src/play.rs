//! Plays what was asked for, and tells it as it comes.

use std::collections::BTreeSet;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use replab_board::{Backend, Board, Target};
use replab_machine::qemu::{self, QemuTools};
use replab_machine::renode::{self, Renode};
use replab_machine::{Machine, MachineError};
use replab_record::{Broken, SkipReason, Verdict};
use replab_report::Ending;
use replab_runner::snapshots::Mode;
use replab_runner::{Finished, Missing as IfMissing, Options, Outcome, play_all, prove_all};
use replab_scenario::Scenario;
use replab_setup::{Missing, Named};

use crate::answers::Answers;
use crate::catalogue::Name;
use crate::ci::is_ci;
use crate::clock::Clocks;
use crate::interrupt::{self, Interruptions};
use crate::plan::Job;
use crate::renode::renode_tools;
use crate::request::Request;
use crate::sweeps::Part;
use crate::tell::{Telling, Told};
use crate::voice::Voice;
use crate::{Clock, Place, RunArgs, RunError};

/// How much of the desk clock all requests to an emulator may take together
/// before its run is broken. Scenarios of seconds of machine time take a tenth of a second; the
/// rest is for hosts under load.
const WALL_CAP: Duration = Duration::from_secs(60);

/// Plays each job of `request`, and tells them in their order.
pub(crate) fn play(
    request: &Request,
    args: &RunArgs,
    place: &Place,
    voice: Voice,
) -> Result<Ending, RunError> {
    let started = Instant::now();
    let lab = Lab::find(args, place, voice)?;
    lab.check_files(request)?;
    let mut runs: Vec<Run<'_>> =
        request.jobs().iter().map(|job| Run::new(job, request, &lab)).collect();
    find_sweeps(&mut runs);
    let runs = runs;
    let playable: Vec<usize> = (0..runs.len()).filter(|index| runs[*index].is_playable()).collect();
    let jobs: Vec<_> = playable.iter().map(|index| runs[*index].job()).collect();
    let telling = Telling::new(args, place, voice)?;
    telling.begin(runs.len());
    let queue = Mutex::new(Queue { runs: &runs, told: 0, telling, answers: Answers::default() });
    let lock = || queue.lock().expect("a panic of who tells ends the program");
    let options = options(args, place);
    let begins = |job: &replab_runner::Job<'_>| {
        lock().telling.run_begins(&job.scenario.identity, job.target);
    };
    let machine = |job: &replab_runner::Job<'_>| lab.start(job);
    let deliver = |index: usize, finished: Finished| {
        lock().tell(playable[index], finished);
    };
    thread::scope(|scope| {
        let (playing, watch) = Interruptions::listen(voice);
        scope.spawn(|| {
            if watch.hears_one() {
                options.stop.now();
                // Held until the end: nobody says anything after this.
                lock().telling.interrupted(started.elapsed(), runs.len());
                interrupt::end();
            }
        });
        match args.prove {
            Some(runs) => prove_all(&jobs, runs, args.jobs, &options, begins, machine, deliver),
            None => play_all(&jobs, args.jobs, &options, begins, machine, deliver),
        }
        drop(playing);
    });
    let mut queue = lock();
    queue.tell_unplayed_before(runs.len());
    let ending = queue.telling.end(started.elapsed());
    mem::take(&mut queue.answers).store(voice)?;
    Ok(ending)
}

/// Runs that wait to be told, in their order.
struct Queue<'a> {
    runs: &'a [Run<'a>],
    /// How many have been told, or never will be.
    told: usize,
    telling: Telling<'a>,
    answers: Answers,
}

impl Queue<'_> {
    /// Tells those before the one at `index` that are not played.
    fn tell_unplayed_before(&mut self, index: usize) {
        for run in &self.runs[self.told..index] {
            // One that is played is missing here only after an interruption.
            if !run.is_playable() {
                self.telling.run(&run.told(), run.without_playing());
            }
        }
        self.told = index;
    }

    /// Tells the one at `index`, which came to `finished`.
    fn tell(&mut self, index: usize, mut finished: Finished) {
        self.tell_unplayed_before(index);
        if let Ok(outcome) = &mut finished.outcome
            && outcome.verdict == Verdict::Passed
        {
            self.answers.add(&self.runs[index].name.file, mem::take(&mut outcome.answers));
        }
        self.telling.run(&self.runs[index].told(), finished);
        self.told = index + 1;
    }
}

fn options(args: &RunArgs, place: &Place) -> Options {
    let are_examples = place.project.is_none() && args.scenarios.is_none();
    let snapshots = match (args.accept, is_ci() || args.lesson.is_some() || are_examples) {
        (true, _) => Mode::Accept,
        // What another edition of a lesson prints is not to be stored for this one, and
        // nothing is written beside the lab's own examples.
        (false, true) => Mode::ReadOnly,
        (false, false) => Mode::Review,
    };
    let missing = if is_ci() { IfMissing::Breaks } else { IfMissing::Skips };
    // As above: what another edition says is not for this one.
    let accept_answers = args.accept && args.lesson.is_none();
    Options {
        // Two targets that are compared are each other's measure.
        snapshots: (!args.compare).then_some(snapshots),
        exact_snapshots: args.lesson.is_none(),
        accept_answers,
        missing,
        figures: args.verbose,
        strict: args.strict,
        ..Options::default()
    }
}

/// One run to come.
struct Run<'a> {
    name: &'a Name,
    scenario: &'a Scenario,
    board: &'a Board,
    target: &'a Target,
    target_text: String,
    firmware: PathBuf,
    /// Why it will not be played.
    unplayed: Option<Verdict>,
    /// Where it stands in its sweep.
    part: Part,
}

/// Says of each run where it stands in its sweep on its target.
fn find_sweeps(runs: &mut [Run<'_>]) {
    let mut later = BTreeSet::new();
    let mut several = BTreeSet::new();
    for run in runs.iter_mut().rev().filter(|run| !run.scenario.swept.is_empty()) {
        let sweep = (run.scenario.file_identity().to_owned(), run.target_text.clone());
        let is_last = later.insert(sweep.clone());
        run.part = if is_last { Part::Last } else { Part::More };
        if !is_last {
            several.insert(sweep);
        }
    }
    for run in runs.iter_mut().filter(|run| run.part == Part::Last) {
        if !several.contains(&(run.scenario.file_identity().to_owned(), run.target_text.clone())) {
            run.part = Part::Alone;
        }
    }
}

impl<'a> Run<'a> {
    fn new(job: &'a Job, request: &'a Request, lab: &Lab<'_>) -> Run<'a> {
        let (name, scenario) = &request.scenarios()[job.scenario];
        let board = &request.boards()[&job.target.board];
        let skip = job.skip.clone().map(Verdict::Skipped);
        let unplayed = skip.or_else(|| lab.unplayed(&job.target));
        Run {
            name,
            scenario,
            board,
            target: &job.target,
            target_text: job.target.to_string(),
            firmware: lab.firmware_of(&job.target.board),
            unplayed,
            part: Part::Alone,
        }
    }

    fn is_playable(&self) -> bool {
        self.unplayed.is_none()
    }

    fn job(&self) -> replab_runner::Job<'_> {
        let firmware = Some(self.firmware.as_path());
        replab_runner::Job {
            scenario: self.scenario,
            board: self.board,
            target: &self.target_text,
            firmware,
        }
    }

    fn told(&self) -> Told<'_> {
        Told {
            name: self.name,
            scenario: self.scenario,
            board: self.board,
            target: self.target,
            part: self.part,
        }
    }

    fn without_playing(&self) -> Finished {
        let verdict = self.unplayed.clone().expect("what is playable is told with its result");
        Finished { outcome: Ok(Outcome::unplayed(verdict)), wall: Duration::ZERO }
    }
}

/// What set-up installs is a reason to skip at a desk, and a broken lab in CI.
fn if_missing(reason: SkipReason) -> Verdict {
    if !is_ci() {
        return Verdict::Skipped(reason);
    }
    let cause = replab_report::skip_reason(&reason);
    let causes = vec![format!("{cause}, and in CI that is no reason to skip")];
    Verdict::Broken(Box::new(Broken { step: None, causes, last_words: Vec::new() }))
}

/// What runs need beside themselves.
pub(crate) struct Lab<'a> {
    place: &'a Place,
    firmware: Option<&'a Path>,
    bootrom: Option<&'a Path>,
    qemu: Result<QemuTools, SkipReason>,
    renode: Result<Renode, SkipReason>,
    clocks: Clocks<'a>,
}

impl Lab<'_> {
    /// Looks for the tools.
    pub(crate) fn find<'a>(
        args: &'a RunArgs,
        place: &'a Place,
        voice: Voice,
    ) -> Result<Lab<'a>, RunError> {
        let firmware = args.firmware.as_deref();
        if let Some(file) = firmware
            && !file.is_file()
        {
            let source = io::Error::from(io::ErrorKind::NotFound);
            return Err(RunError::Unreadable { path: file.to_owned(), source });
        }
        let named = Named::from_env();
        let named = Named {
            qemu: args.qemu.clone().or(named.qemu),
            renode: args.renode.clone().or(named.renode),
            ..named
        };
        let renode = renode_tools(place, named.clone())?.map(Renode::new);
        let clocks = Clocks::new(args.timing, is_ci(), &place.setup, voice);
        let needs_plugin = args.timing != Some(Clock::Wall);
        let bootrom = args.bootrom.as_deref();
        let qemu = qemu_tools(place, named, needs_plugin)?.map(|tools| match bootrom {
            Some(file) => QemuTools { boot_rom: file.to_owned(), ..tools },
            None => tools,
        });
        Ok(Lab { place, firmware, bootrom, qemu, renode, clocks })
    }

    /// A firmware that the user names must be one for each board that it is to run on,
    /// and a boot ROM one for each board that begins in one.
    fn check_files(&self, request: &Request) -> Result<(), RunError> {
        let boards: BTreeSet<&str> =
            request.jobs().iter().map(|job| job.target.board.as_str()).collect();
        let boards: Vec<_> = boards.into_iter().map(|board| &request.boards()[board]).collect();
        if let Some(firmware) = self.firmware {
            boards.iter().try_for_each(|board| qemu::check_firmware(board, firmware))?;
        }
        if let Some(rom) = self.bootrom {
            let mut is_used = false;
            for board in boards {
                is_used |= qemu::check_boot_rom(board, rom)?;
            }
            if !is_used {
                return Err(RunError::NoBootRom { path: rom.to_owned() });
            }
        }
        Ok(())
    }

    /// What a run on `target` comes to without being played. Set-up brings Renode only when
    /// asked for it, so its absence breaks nothing, in CI either.
    fn unplayed(&self, target: &Target) -> Option<Verdict> {
        let is_renode = target.backend == Backend::Renode && self.renode.is_err();
        self.missing(target).map(if is_renode { Verdict::Skipped } else { if_missing })
    }

    /// Why nothing can be played on `target`.
    pub(crate) fn missing(&self, target: &Target) -> Option<SkipReason> {
        match (target.backend, &self.qemu, &self.renode) {
            (Backend::Qemu, Err(reason), _) | (Backend::Renode, _, Err(reason)) => {
                return Some(reason.clone());
            }
            (Backend::Qemu, Ok(_), _) | (Backend::Renode, _, Ok(_)) => {}
        }
        let there = self.firmware_of(&target.board).is_file();
        let advice = || self.place.firmware_advice().to_owned();
        (!there).then(|| SkipReason::NoFirmware { board: target.board.clone(), advice: advice() })
    }

    pub(crate) fn firmware_of(&self, board: &str) -> PathBuf {
        self.firmware.map_or_else(|| self.place.firmware_of(board), Path::to_owned)
    }

    pub(crate) fn start(&self, job: &replab_runner::Job<'_>) -> Result<Machine, MachineError> {
        let firmware = self.firmware_of(&job.board.name);
        let target: Target = job.target.parse().expect("it was made of one");
        if target.backend == Backend::Renode {
            let renode = self.renode.as_ref().expect("runs without an emulator are not played");
            let start = renode::Start { seed: job.scenario.seed, wall_cap: WALL_CAP };
            return renode.start(job.board, &firmware, start);
        }
        let tools = self.qemu.as_ref().expect("runs without an emulator are not played");
        self.clocks.start(|timing| {
            let (seed, cores) = (job.scenario.seed, job.scenario.cores);
            let start = qemu::Start { seed, wall_cap: WALL_CAP, timing, cores };
            qemu::start(tools, job.board, &firmware, start)
        })
    }
}

/// The emulator and its plugin, or why there are none.
pub(crate) fn qemu_tools(
    place: &Place,
    named: Named,
    needs_plugin: bool,
) -> Result<Result<QemuTools, SkipReason>, RunError> {
    let qemu = match place.tools(named).qemu() {
        Ok(qemu) => qemu,
        Err(wrong @ Missing::NotThat { .. }) => return Err(wrong.into()),
        Err(Missing::NotFound { .. } | Missing::Renode { .. }) => {
            let advice = format!("run `{}`, or name one with --qemu PROGRAM", place.setup);
            return Ok(Err(SkipReason::NotInstalled { program: "QEMU".to_owned(), advice }));
        }
    };
    if needs_plugin && !place.plugin.is_file() {
        let advice = place.plugin_advice();
        return Ok(Err(SkipReason::NotInstalled {
            program: "our plugin for QEMU".to_owned(),
            advice,
        }));
    }
    Ok(Ok(QemuTools {
        program: qemu.program,
        library_path: qemu.library_path,
        data: qemu.data,
        plugin: place.plugin.clone(),
        boot_rom: place.boot_rom(),
    }))
}
