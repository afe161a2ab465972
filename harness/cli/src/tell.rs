//! Tells runs as they come, as text or as JSON, and counts them.

use std::io;
use std::path::Path;
use std::time::Duration;

use replab_board::{Board, Target};
use replab_record::Verdict;
use replab_report::{Closing, Ending, ExitCode, Files, Help, Paint, Run, Tally};
use replab_runner::{Finished, Outcome, Sample, write_streamed, write_whole};
use replab_scenario::Scenario;

use crate::catalogue::Name;
use crate::compare::{Comparing, Half};
use crate::live::Live;
use crate::notes;
use crate::place::from_here;
use crate::reports::Reports;
use crate::sweeps::{How, Part, Sweeps};
use crate::voice::Voice;
use crate::{Place, RunArgs, RunError};

/// Decimals of a second that `-v` shows.
const DECIMALS: usize = 6;

/// Which run is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) name: &'a Name,
    pub(crate) scenario: &'a Scenario,
    pub(crate) board: &'a Board,
    pub(crate) target: &'a Target,
    /// Where it stands in its sweep.
    pub(crate) part: Part,
}

/// How runs are told, and what they came to so far.
pub(crate) struct Telling<'a> {
    args: &'a RunArgs,
    place: &'a Place,
    voice: Voice,
    live: Live,
    tally: Tally,
    closing: Closing,
    reports: Reports,
    sweeps: Sweeps,
    /// Only with `--compare`.
    comparing: Option<Comparing>,
    has_bug: bool,
    /// Whether a transcript or a dump could not be written.
    lacks_files: bool,
}

impl<'a> Telling<'a> {
    /// Nothing has been told yet.
    pub(crate) fn new(
        args: &'a RunArgs,
        place: &'a Place,
        voice: Voice,
    ) -> Result<Telling<'a>, RunError> {
        let live = Live::of_terminal(args.json);
        let (tally, closing) = (Tally::default(), Closing::default());
        let reports = Reports::begin(args)?;
        Ok(Telling {
            args,
            place,
            voice,
            live,
            tally,
            closing,
            reports,
            sweeps: Sweeps::default(),
            comparing: args.compare.then(Comparing::default),
            has_bug: false,
            lacks_files: false,
        })
    }

    /// Tells that `runs` runs will follow.
    pub(crate) fn begin(&self, runs: usize) {
        if self.args.json {
            self.voice.say_event(&replab_report::started(runs));
        }
    }

    /// Tells that the calling thread begins a run.
    pub(crate) fn run_begins(&mut self, identity: &str, target: &str) {
        if self.args.json {
            self.voice.say_event(&replab_report::run_started(identity, target));
        }
        self.live.begin(identity, target);
    }

    /// Tells one run, and writes its transcript if it was played.
    pub(crate) fn run(&mut self, told: &Told<'_>, finished: Finished) {
        let outcome = finished.outcome.unwrap_or_else(|bug| {
            self.has_bug = true;
            Outcome::unplayed(of_bug(&bug))
        });
        let notes = notes::of(&outcome, told.board);
        let steps = notes::steps(&outcome);
        let run = Run {
            identity: &told.name.identity,
            title: &told.scenario.name,
            target: told.target,
            board: told.board,
            verdict: &outcome.verdict,
            timing: outcome.timing,
            record: &outcome.record,
            steps: &steps,
            notes: &notes,
            marginal: &outcome.marginal,
            findings: &outcome.findings,
            not_compared: notes::not_compared(&outcome),
            machine: outcome.end.since(replab_record::MachineTime::ZERO),
            wall: finished.wall,
        };
        self.tally.add(&run);
        self.closing.add(&run, notes::last_memory(&outcome).as_deref());
        let (transcript, vcd) = self.write_files(&run);
        let files = Files { transcript: transcript.as_deref(), vcd: vcd.as_deref() };
        self.live.end(run.identity, &run.target.to_string());
        let screen = self.screen(told, &run, files, Paint::Plain);
        let (how, ended) = self.sweeps.add(told, &run);
        let mut text = match how {
            How::Line if !self.args.verbose => replab_report::unlike_line(&run, self.voice.paint),
            How::Silent if !self.args.verbose => String::new(),
            _ => self.text(told, &run, outcome.figures.as_ref(), files),
        };
        text.extend(ended.map(|sweep| sweep.text(self.voice.paint)));
        let Telling { live, reports, voice, args, .. } = self;
        live.aside(|| {
            if args.json {
                voice.say_event(&replab_report::run_finished(&run, files));
            } else {
                voice.say(&text);
            }
            reports.add(&run, &told.name.file, &screen, files.transcript, *voice);
        });
        self.compare(told, outcome);
    }

    /// Tells how the run that came to `outcome` compares with that on the other target,
    /// if it was the second of two.
    fn compare(&mut self, told: &Told<'_>, outcome: Outcome) {
        let Telling { live, voice, args, comparing: Some(comparing), .. } = self else { return };
        let half = Half { target: told.target.to_string(), board: told.board.clone(), outcome };
        let Some(compared) = comparing.take(told.scenario, half) else { return };
        live.aside(|| match args.json {
            true => voice.say_event(&replab_report::compared(compared)),
            false => voice.say(&replab_report::comparison_screen(compared, voice.paint)),
        });
    }

    /// Tells what it all came to.
    pub(crate) fn end(&mut self, wall: Duration) -> Ending {
        self.tally.compared = self.comparing.as_ref().map(Comparing::tally);
        let ending = if self.has_bug { Ending::LabBug } else { Ending::Played(self.tally.clone()) };
        self.conclude(wall, ending)
    }

    /// Tells what it came to when somebody interrupted it, where `all` were to be played.
    pub(crate) fn interrupted(&mut self, wall: Duration, all: usize) -> Ending {
        self.live.clear();
        let ended = self.tally.all();
        self.tally.compared = self.comparing.as_ref().map(Comparing::tally);
        self.voice.warn(&format!("\ninterrupted: {ended} of {all} runs have ended\n"));
        self.conclude(wall, Ending::Interrupted)
    }

    fn conclude(&mut self, wall: Duration, ending: Ending) -> Ending {
        self.live.clear();
        let is_written = self.reports.end(&self.tally, wall, self.voice);
        // Whatever else is wrong says more than a report that is not there.
        let is_fine = ExitCode::of(&ending) == ExitCode::Passed;
        let ending = if is_fine && !is_written { Ending::LabBug } else { ending };
        if self.args.json {
            self.voice.say_event(&replab_report::summary_event(&self.tally, wall, &ending));
        } else {
            self.voice.say(&self.sweeps.rest(self.voice.paint));
            if self.live.is_on() {
                self.voice.say(&self.closing.text(self.voice.paint));
            }
            if let Some(comparing) = &self.comparing {
                self.voice.say(&replab_report::comparison_table(comparing.all(), self.voice.paint));
            }
            self.voice.say(&replab_report::summary(&self.tally, wall, self.voice.paint));
        }
        ending
    }

    fn text(
        &self,
        told: &Told<'_>,
        run: &Run<'_>,
        memory: Option<&Sample>,
        files: Files<'_>,
    ) -> String {
        let mut text = replab_report::progress(run, self.voice.paint);
        if self.args.verbose {
            for line in replab_report::transcript_lines(run.record, run.board, DECIMALS) {
                text.push_str(&format!("    {line}\n"));
            }
            if let Some(sample) = memory {
                let screen = replab_report::sample_screen(sample, None, self.voice.paint);
                screen.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
            }
        }
        text.push_str(&self.screen(told, run, files, self.voice.paint));
        text
    }

    /// What people read of a run that did not pass; nothing of others.
    fn screen(&self, told: &Told<'_>, run: &Run<'_>, files: Files<'_>, paint: Paint) -> String {
        let help = Help { files, again: &self.again(told) };
        replab_report::screen(run, help, paint).unwrap_or_default()
    }

    /// The command that plays this run again.
    fn again(&self, told: &Told<'_>) -> String {
        let scenario = if told.name.is_inside {
            told.name.identity.clone()
        } else {
            from_here(&told.name.file)
        };
        let words = [scenario, "--target".to_owned(), told.target.to_string()];
        let words = words.into_iter().chain(self.args.to_repeat());
        let quoted: Vec<String> = words.map(|word: String| quoted(&word)).collect();
        format!("{} {}", self.place.again, quoted.join(" "))
    }

    /// Writes the transcript of a run that was played, and its dump if one was asked
    /// for; their files, as to be shown.
    fn write_files(&mut self, run: &Run<'_>) -> (Option<String>, Option<String>) {
        if run.machine.is_zero() {
            return (None, None);
        }
        let folder = self.args.output.as_ref().unwrap_or(&self.place.output);
        let Target { board, backend } = run.target;
        let stem = format!("{}.{board}.{backend}", run.identity);
        let file = folder.join(format!("{stem}.txt"));
        let written = write_whole(&file, &replab_report::transcript(run));
        let transcript = self.written("transcript", &file, written);
        let vcd = self.args.vcd.then(|| folder.join(format!("{stem}.vcd"))).and_then(|file| {
            let written = write_streamed(&file, |into| replab_report::vcd(run, into));
            self.written("dump", &file, written)
        });
        (transcript, vcd)
    }

    /// How to show `file`, a `what` that was written; `None` if it was not, which is said.
    fn written(&mut self, what: &str, file: &Path, result: io::Result<()>) -> Option<String> {
        match result {
            Ok(()) => Some(from_here(file)),
            Err(error) => {
                // Others will be missing for the same reason.
                if !std::mem::replace(&mut self.lacks_files, true) {
                    let file = from_here(file);
                    self.voice.warn(&format!("note: could not write {what} {file} ({error})\n"));
                }
                None
            }
        }
    }
}

fn of_bug(bug: &replab_runner::Bug) -> Verdict {
    Verdict::Broken(Box::new(replab_record::Broken {
        step: None,
        causes: vec![bug.to_string()],
        last_words: Vec::new(),
    }))
}

/// `word` as a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./@:=+,".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: &str) {
        assert_eq!(quoted(word), expected);
    }

    #[test]
    fn a_command_to_play_again_survives_the_shell() {
        check("01-intro/blink", "01-intro/blink");
        check("lab-m0@qemu", "lab-m0@qemu");
        check("my lessons/a.md", "'my lessons/a.md'");
        check("it's; rm -rf ~", r"'it'\''s; rm -rf ~'");
        check("", "''");
    }
}
