//! What is wrong with a scenario, and where.
//!
//! A [`ScenarioError`] is a [`Problem`] at a place of the file. It implements
//! [`miette::Diagnostic`], so that whoever prints it shows file, line, column,
//! the source line, and what is allowed instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use crate::cases::MOST_CASES;
use crate::lesson::BlockError;
use crate::quantity::{QuantityError, show_duration};
use crate::stimulus::{ACT_WORDS, MOST_STIMULI};
use crate::sweep::MOST_RUNS;
use crate::transcript::TranscriptError;
use crate::tree::Place;

/// All that is wrong with one scenario, in the order of the file.
#[derive(Debug, thiserror::Error)]
#[error("{} in a scenario", match .0.len() { 1 => "1 error".to_owned(), many => format!("{many} errors") })]
pub struct ScenarioErrors(pub Vec<ScenarioError>);

impl ScenarioErrors {
    /// What is wrong with `file`, whose content is `text`, in the order of the file;
    /// what is wrong for several of its cases once.
    pub(crate) fn of(mut errors: Vec<Located>, file: &Path, text: &str) -> ScenarioErrors {
        errors.sort_by_key(Located::offset);
        let mut said = BTreeSet::new();
        errors.retain(|error| said.insert(error.told_once()));
        let (name, text) = (file.display().to_string(), Arc::new(text.to_owned()));
        ScenarioErrors(errors.into_iter().map(|error| error.in_file(&name, &text)).collect())
    }
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct ScenarioError {
    /// What.
    pub problem: Problem,
    /// The line of it, from 1.
    pub line: usize,
    file: NamedSource<Arc<String>>,
    labels: Vec<LabeledSpan>,
}

/// What can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It is no YAML.
    #[error("this is no YAML: {why}")]
    NoYaml {
        /// The parser's words.
        why: String,
    },
    /// It is more than a scenario should be.
    #[error("this is too much for a scenario: {why}")]
    TooLarge {
        /// How much, and what is allowed.
        why: String,
    },
    /// A board of the scenario's has no such analog input.
    #[error("board {board} has no analog input `{word}` that measures the same")]
    NoAnalog {
        /// The input's name.
        word: String,
        /// The board.
        board: String,
    },
    /// A file that no board has room for.
    #[error("this file has {bytes} bytes, and the file system of {board} has {room} in all")]
    NoRoom {
        /// Of the file.
        bytes: usize,
        /// The board.
        board: String,
        /// Bytes of its file system.
        room: u32,
    },
    /// A key that nobody knows.
    #[error("unknown {what} `{word}`")]
    Unknown {
        /// What the word stands for: `step`, `pin`, `board`.
        what: &'static str,
        /// What was written.
        word: String,
        /// The nearest word that is known, if any is near.
        nearest: Option<String>,
        /// The words that are known.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("`{key}` is missing")]
    Missing {
        /// The key.
        key: &'static str,
        /// What to write.
        advice: &'static str,
    },
    /// A value of another kind than the one that is wanted.
    #[error("`{key}` is {found} here")]
    Kind {
        /// The key.
        key: String,
        /// What stands there.
        found: &'static str,
        /// What is wanted, with an example.
        wanted: &'static str,
    },
    /// A step that does two things.
    #[error("a step does one thing; this one does two: `{first}` and `{second}`")]
    TwoActions {
        /// The first action.
        first: String,
        /// The second.
        second: String,
    },
    /// A step that does nothing.
    #[error("this step does nothing")]
    NoAction,
    /// A key that stands twice in the same place.
    #[error("`{key}` stands here twice")]
    Duplicate {
        /// The key.
        key: String,
    },
    /// `within` beside an action that claims nothing that could come later.
    #[error("`within` stands beside `{action}`, which waits for nothing")]
    WithinAlone {
        /// The action.
        action: String,
    },
    /// `hold` beside an action that claims no level.
    #[error("`hold` stands beside `{action}`, which claims no level")]
    HoldAlone {
        /// The action.
        action: String,
    },
    /// A word that some readers of YAML take for a truth value.
    #[error("`{word}` is a truth value to many readers of YAML")]
    TruthWord {
        /// What was written.
        word: String,
    },
    /// A format that we do not know.
    #[error("this is version {found} of the format; replab reads version 1")]
    Version {
        /// What was written.
        found: String,
    },
    /// A duration, percentage or count.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A transcript.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// A block of a lesson.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A block or a heading is named, but no lesson.
    #[error("this is about a lesson, and the scenario names none")]
    NoLesson,
    /// The lesson does not make this claim any more.
    #[error("the lesson no longer says `{claim}` here, in a comment of `{block}` ({}:{line})", lesson.display())]
    NoClaim {
        /// The lesson's file.
        lesson: PathBuf,
        /// The line of the block in it.
        line: usize,
        /// The block.
        block: String,
        /// The claim.
        claim: String,
        /// What its comments say.
        comments: Vec<String>,
    },
    /// Claims about text that is not the lesson's.
    #[error("`claims` are what a lesson's block says in its comments, and there is no block here")]
    ClaimsWithoutBlock,
    /// A regular expression that is none.
    #[error("`{expression}` is no regular expression: {why}")]
    Regex {
        /// What was written.
        expression: String,
        /// Why not.
        why: String,
    },
    /// An escape that nobody knows.
    #[error("`{escape}` is no escape")]
    Escape {
        /// What was written.
        escape: String,
    },
    /// A path that leads out of where it must stay.
    #[error("the path `{path}` leads out of {place}")]
    Outside {
        /// The path.
        path: String,
        /// Where it must stay.
        place: &'static str,
    },
    /// A file beside the scenario that cannot be read.
    #[error("`{path}` beside the scenario cannot be read")]
    NoFile {
        /// The path.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A folder or file that a project names, and that is not there.
    #[error("there is no {what} `{path}`")]
    Absent {
        /// `folder` or `file`.
        what: &'static str,
        /// The path, relative to the project's file.
        path: String,
    },
    /// A path that is another one on another computer.
    #[error("`{path}` begins at the root of this computer")]
    Absolute {
        /// The path.
        path: String,
    },
    /// An empty text, which is found everywhere, or types nothing.
    #[error("`{key}` is empty")]
    Empty {
        /// The key.
        key: String,
    },
    /// A regular expression that also finds nothing at all, so that it is found everywhere.
    #[error("`{expression}` finds an empty text too, and that is everywhere")]
    FindsNothing {
        /// The expression.
        expression: String,
    },
    /// A contact that bounces for longer than it is pressed.
    #[error("a press of {} has no room for {} of bouncing", show_duration(*.time), show_duration(*.bounce))]
    LongBounce {
        /// How long it bounces.
        bounce: Duration,
        /// How long it is pressed.
        time: Duration,
    },
    /// Two claims that are one.
    #[error("`period` and `frequency` claim the same thing")]
    PeriodAndFrequency,
    /// Pulses where none can be.
    #[error("with `count: 0` there is no rising edge, and no whole pulse")]
    NoEdges,
    /// A range with its borders the wrong way round.
    #[error("`min` is {}, which is more than `max`, {}", show_duration(*.min), show_duration(*.max))]
    MinAboveMax {
        /// The lower border.
        min: Duration,
        /// The upper one.
        max: Duration,
    },
    /// A typical time that the borders do not allow.
    #[error("`typ` is {}, which is not from `min` to `max`", show_duration(*.typ))]
    TypOutside {
        /// The typical time.
        typ: Duration,
    },
    /// A contract without an interval.
    #[error("this contract states no interval")]
    EmptyContract,
    /// Two waves of one pin in a step.
    #[error("a wave of {pin} stands in this list already")]
    TwoWaves {
        /// The pin.
        pin: String,
    },
    /// A pin that is claimed to lag behind itself.
    #[error("{pin} cannot lag behind {pin}")]
    OwnLag {
        /// The pin.
        pin: String,
    },
    /// A pulse that the window has no room for.
    #[error("{} has no room for a pulse of {}", show_duration(*.window), show_duration(*.width))]
    ShortForPulse {
        /// How long the step looks.
        window: Duration,
        /// The least width.
        width: Duration,
    },
    /// More cases than a file may have.
    #[error("there are {count} cases, and a file has at most {MOST_CASES}")]
    ManyCases {
        /// How many.
        count: usize,
    },
    /// Cases and a sweep.
    #[error("a file has cases or a sweep, not both")]
    CasesAndSweep,
    /// More runs than a sweep may make.
    #[error("this sweep makes {} runs, and {MOST_RUNS} are the most", if *.count == usize::MAX { "too many".to_owned() } else { .count.to_string() })]
    ManyRuns {
        /// How many.
        count: usize,
    },
    /// A name that is swept in vain.
    #[error("`{name}` is swept, and no step uses it")]
    UnusedSweep {
        /// The name.
        name: String,
    },
    /// A value that no run can be named by.
    #[error("`{text}` cannot be swept: a run is named by its values")]
    SweptValue {
        /// The value.
        text: String,
    },
    /// A range with its borders the wrong way round.
    #[error("from {from} to {to} there is nothing to sweep")]
    EmptyRange {
        /// The first value.
        from: String,
        /// The last one.
        to: String,
    },
    /// A range of quantities that are not of one kind.
    #[error("{one} and {other}, which are not of one kind")]
    MixedRange {
        /// A key and its value.
        one: String,
        /// Another.
        other: String,
    },
    /// A range that does not come out even.
    #[error("{what}")]
    UnevenRange {
        /// In what way.
        what: String,
        /// What would.
        advice: String,
    },
    /// A table of stimuli that is longer than one may be.
    #[error("there are {count} entries, and a table has at most {MOST_STIMULI}")]
    ManyStimuli {
        /// How many.
        count: usize,
    },
    /// A table of stimuli in a step that does something else.
    #[error("a table of stimuli is a step of its own; this one has `{word}` beside it")]
    TableBeside {
        /// The action.
        word: String,
    },
    /// An entry of a table in which nothing or several things happen.
    #[error("an entry of a table is one thing; this one is {}", match .words.len() {
        0 => "none".to_owned(),
        count => format!("{count}: {}", listed(.words)),
    })]
    OneStimulus {
        /// What happens in it.
        words: Vec<String>,
    },
    /// A port where nothing is typed.
    #[error("`port` stands beside `{word}`, which types nothing")]
    PortAlone {
        /// What it stands beside.
        word: String,
    },
    /// A byte that would have to be on its way before the step, or before power-on.
    #[error("a byte that arrives after {} is on its way for {}, and begins too early", show_duration(*.time), show_duration(*.character))]
    EarlyByte {
        /// When it should arrive.
        time: Duration,
        /// How long it takes on the wire.
        character: Duration,
    },
    /// Two entries of a table that want one pin or port at the same time.
    #[error("two entries want {thing} at the same time")]
    StimuliMeet {
        /// The pin or port.
        thing: String,
    },
    /// A wire to which nothing or several things happen.
    #[error("one thing happens to a wire; here it is {}", match .words.len() {
        0 => "none".to_owned(),
        count => format!("{count}: {}", listed(.words)),
    })]
    OneWire {
        /// What happens to it.
        words: Vec<String>,
    },
    /// `to` where a wire gets no level.
    #[error("`to` stands beside `{word}`, which is to no level")]
    ToAlone {
        /// What it stands beside.
        word: String,
    },
    /// A pin that is bridged to itself.
    #[error("{pin} cannot be bridged to itself")]
    OwnBridge {
        /// The pin.
        pin: String,
    },
    /// A name that two wildcards capture.
    #[error("`{name}` is captured twice")]
    CapturedTwice {
        /// The name.
        name: String,
    },
    /// A tolerance of nothing, or of several differences.
    #[error("a tolerance is one difference and its reason; this one has {}", match .words.len() {
        0 => "no difference".to_owned(),
        count => format!("{count}: {}", listed(.words)),
    })]
    OneTolerance {
        /// The differences that it has.
        words: Vec<String>,
    },
    /// A wave that claims nothing.
    #[error("this wave claims nothing")]
    EmptyWave,
    /// A wave that the window has no room for.
    #[error("{} has no room for {}", show_duration(*.window), match .periods {
        1 => format!("a whole period of {}", show_duration(*.period)),
        many => format!("{many} whole periods of {}", show_duration(*.period)),
    })]
    ShortWindow {
        /// How long the step looks.
        window: Duration,
        /// The claimed period.
        period: Duration,
        /// How many whole periods the claims need.
        periods: u32,
    },
    /// An excuse for what needs none.
    #[error("{what} needs no excuse: {} {} it", listed(.scenarios), if .scenarios.len() == 1 { "covers" } else { "cover" })]
    NeedlessExcuse {
        /// What is excused.
        what: String,
        /// The identities of the scenarios that cover it.
        scenarios: Vec<String>,
    },
    /// An excuse for a section that counts by its code.
    #[error("section `{heading}` has code, and counts by it")]
    ExcusedCode {
        /// The section's heading.
        heading: String,
        /// The names of its blocks.
        blocks: Vec<String>,
    },
    /// Claims about whole periods where none can be.
    #[error("a whole period needs two rising edges, and `count` is {count}")]
    FewEdges {
        /// The claimed number of rising edges.
        count: usize,
    },
}

impl Problem {
    /// The nearest of `known` to `word`, as an error.
    pub(crate) fn unknown<'a>(
        what: &'static str,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Problem {
        let known: Vec<_> = known.into_iter().map(str::to_owned).collect();
        let distance =
            |one: &String| strsim::damerau_levenshtein(&one.to_lowercase(), &word.to_lowercase());
        let nearest = known
            .iter()
            .min_by_key(|one| distance(one))
            .filter(|one| distance(one) <= 1 + one.len() / 3);
        Problem::Unknown { what, word: word.to_owned(), nearest: nearest.cloned(), known }
    }

    /// What is allowed, and a way out.
    fn help(&self) -> Option<String> {
        Some(match self {
            Problem::Block(BlockError::UnknownHeading { heading, headings, .. }) => {
                return Problem::unknown("heading", heading, headings.iter().map(String::as_str))
                    .help();
            }
            Problem::Unknown { what: "capture", known, .. } if known.is_empty() => {
                "a step before has to capture it: `<NAME:int>`".to_owned()
            }
            Problem::Unknown { what, nearest, known, .. } => {
                let list = shortened(known);
                let list = match nearest {
                    Some(word) => format!("did you mean `{word}`? There are: {list}"),
                    None => format!("there are: {list}"),
                };
                match *what {
                    "swept name" => format!("{list}; put text that begins with `$` in quotes"),
                    _ => list,
                }
            }
            Problem::Missing { advice, .. } => (*advice).to_owned(),
            Problem::Kind { wanted, .. } => format!("it must be {wanted}"),
            Problem::NoAnalog { .. } => {
                "list in `boards:` only those whose file has it under `analog:`".to_owned()
            }
            Problem::NoRoom { .. } => "leave it out, or play on a board with more flash".to_owned(),
            Problem::TooLarge { .. } => "make several scenarios of it".to_owned(),
            Problem::TwoActions { .. } => "make two steps of it: each begins with `- `".to_owned(),
            Problem::NoAction => format!("give it one of: {}", crate::step::STEP_WORDS.join(", ")),
            Problem::HoldAlone { .. } => {
                "`hold` demands that a level stays: put it beside `pin`".to_owned()
            }
            Problem::TruthWord { .. } => {
                "write `high` or `low` for a level; put text in quotes".to_owned()
            }
            Problem::Duplicate { .. } => "keep one of them".to_owned(),
            Problem::WithinAlone { .. } => {
                "put it beside the step that waits: boot, repl, exec, paste, expect, pin or reset"
                    .to_owned()
            }
            Problem::Empty { .. } => "write what must come, or what is typed".to_owned(),
            Problem::FindsNothing { .. } => "say what must stand there: `+` for `*`".to_owned(),
            Problem::ShortWindow { .. } => "look longer, or claim less".to_owned(),
            Problem::FewEdges { .. } => "leave out period and duty, or count more".to_owned(),
            Problem::Version { .. } => "write `replab: 1`".to_owned(),
            Problem::NoLesson => {
                "add `lesson: 01-some-lesson`: the lesson's file name without its ending".to_owned()
            }
            Problem::NoClaim { comments, .. } if comments.is_empty() => {
                "the block has no comments".to_owned()
            }
            Problem::NoClaim { comments, .. } => format!(
                "claims are taken in order, each once; its comments say: {}",
                comments.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
            ),
            Problem::ClaimsWithoutBlock => "use `prints` for all that it must print".to_owned(),
            Problem::Escape { .. } => {
                r"there are: \r \n \t \e \\ and \x03 (two hexadecimal digits)".to_owned()
            }
            Problem::Absent { .. } => {
                "paths begin at the folder of this file; make it, or take the line out".to_owned()
            }
            Problem::Absolute { .. } => {
                "write it from the folder of this file on, with `..` if need be".to_owned()
            }
            Problem::Outside { .. } => "write a relative path without `..`".to_owned(),
            Problem::ManyCases { .. } => "make several files of it".to_owned(),
            Problem::CasesAndSweep => "make two files of it".to_owned(),
            Problem::ManyRuns { .. } => "take larger steps, or sweep less at once".to_owned(),
            Problem::UnusedSweep { name } => {
                format!("write `${name}` in the steps where its value stands, or take it out")
            }
            Problem::SweptValue { .. } => {
                "it has letters, digits, blanks, and `-`, `_`, `.`, `+`, `%`, `°`, `±`".to_owned()
            }
            Problem::EmptyRange { .. } => "`to` is more than `from`".to_owned(),
            Problem::MixedRange { .. } => "give all of a range the same kind of unit".to_owned(),
            Problem::UnevenRange { advice, .. } => advice.clone(),
            Problem::CapturedTwice { .. } => "give it another name".to_owned(),
            Problem::LongBounce { .. } => "press longer, or bounce shorter".to_owned(),
            Problem::PeriodAndFrequency => "keep one of them".to_owned(),
            Problem::NoEdges => "leave out high, low, first and lag, or count more".to_owned(),
            Problem::TypOutside { .. } => {
                "the three stand in this order; leave `typ` out if there is none".to_owned()
            }
            Problem::EmptyContract => "give it one or more of: high, low, period, lag".to_owned(),
            Problem::TwoWaves { .. } => {
                "claim all of it in one entry, or look again in another step".to_owned()
            }
            Problem::OwnLag { .. } => "name the pin that goes first in `behind`".to_owned(),
            Problem::MinAboveMax { .. } => "exchange them".to_owned(),
            Problem::ShortForPulse { .. } => "look longer, or claim less".to_owned(),
            Problem::EmptyWave => {
                "give it one or more of: period, frequency, duty, count, first, high, low, glitch, lag"
                    .to_owned()
            }
            Problem::ManyStimuli { .. } => "make several tables of it".to_owned(),
            Problem::TableBeside { .. } => "make two steps of it: each begins with `- `".to_owned(),
            Problem::OneStimulus { .. } => format!("give it one of: {}", ACT_WORDS.join(", ")),
            Problem::PortAlone { .. } => "put it beside `send` or `key`".to_owned(),
            Problem::EarlyByte { character, .. } => {
                format!("name a time of {} or more", show_duration(*character))
            }
            Problem::StimuliMeet { .. } => {
                "give one of them a later time; a press takes until its last edge, and what is typed one character time for each byte".to_owned()
            }
            Problem::OneWire { .. } => {
                format!("give it one of: {}", crate::wire::STATE_WORDS.join(", "))
            }
            Problem::ToAlone { .. } => "put it beside `short`, or into `when`".to_owned(),
            Problem::OwnBridge { .. } => "name another pin".to_owned(),
            Problem::OneTolerance { .. } => {
                format!("give it one of: {}", crate::tolerate::TOLERATE_WORDS.join(", "))
            }
            Problem::NeedlessExcuse { .. } => "take it out".to_owned(),
            Problem::ExcusedCode { blocks, .. } => {
                let blocks = blocks.iter().map(|name| format!("`block: {name:?}`"));
                format!("excuse its code: {}", blocks.collect::<Vec<_>>().join(", "))
            }
            Problem::NoYaml { .. }
            | Problem::Quantity(_)
            | Problem::Transcript(_)
            | Problem::Block(_)
            | Problem::Regex { .. }
            | Problem::NoFile { .. } => return None,
        })
    }
}

/// `a`, `b`.
fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// At most this many words are listed.
const LISTED: usize = 24;

fn shortened(words: &[String]) -> String {
    let more = words.len().saturating_sub(LISTED);
    let list = words.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { list } else { format!("{list} and {more} more") }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for ScenarioError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.problem)
    }
}

impl Diagnostic for ScenarioError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.help().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl Diagnostic for ScenarioErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.0.iter().map(|error| error as &dyn Diagnostic)))
    }
}

/// What is said of a place where a swept value is used.
const USED_HERE: &str = "it is used here";

/// A problem at a place, before it is known which file that is in.
#[derive(Debug)]
pub(crate) struct Located {
    problem: Problem,
    place: Place,
    also: Option<(Place, &'static str)>,
}

impl Located {
    pub(crate) fn new(place: Place, problem: impl Into<Problem>) -> Located {
        Located { problem: problem.into(), place, also: None }
    }

    /// The same at the place of the swept value that is used where it is, if one of `uses`
    /// is: these are offsets of uses, and places of values.
    pub(crate) fn of_value(self, uses: &BTreeMap<usize, Place>) -> Located {
        match uses.get(&self.place.offset) {
            Some(value) => {
                let also = Some((self.place, USED_HERE));
                Located { place: *value, also, ..self }
            }
            None => self,
        }
    }

    /// Two problems that are equal in this are one. Of a range of values in one place the
    /// first that is wrong says enough.
    fn told_once(&self) -> (usize, String) {
        let what = match self.also {
            Some((used, USED_HERE)) => format!("used at {}", used.offset),
            _ => self.problem.to_string(),
        };
        (self.offset(), what)
    }

    /// Where it is, for sorting.
    fn offset(&self) -> usize {
        self.place.offset
    }

    /// Shows a second place, with a word about it.
    pub(crate) fn and(self, place: Place, word: &'static str) -> Located {
        Located { also: Some((place, word)), ..self }
    }

    fn in_file(self, file: &str, text: &Arc<String>) -> ScenarioError {
        let span = |place: Place, word: &str| {
            LabeledSpan::new(Some(word.to_owned()), place.offset, one_line(text, place))
        };
        let mut labels = vec![span(self.place, "here")];
        labels.extend(self.also.map(|(place, word)| span(place, word)));
        ScenarioError {
            problem: self.problem,
            line: self.place.line,
            file: NamedSource::new(file, Arc::clone(text)),
            labels,
        }
    }
}

/// A label on more than one line hides more than it shows.
fn one_line(text: &str, place: Place) -> usize {
    let marked = text.get(place.offset..place.offset + place.length).unwrap_or_default();
    marked.lines().next().map_or(0, |line| line.trim_end().len())
}
