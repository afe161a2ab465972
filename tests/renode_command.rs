//! The command line with a stand-in for Renode, never Renode itself.

mod support;

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

use support::renode::StandIn;

/// A folder with one scenario.
struct Bench {
    folder: TempDir,
    stand_in: StandIn,
}

impl Bench {
    fn new(steps: &str) -> Result<Bench, String> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let scenarios = folder.path().join("scenarios");
        fs::create_dir(&scenarios).expect("the folder is ours");
        let text = format!("replab: 1\nname: it answers\nsteps:\n{steps}");
        fs::write(scenarios.join("answers.yaml"), text).expect("the folder is ours");
        Ok(Bench { folder, stand_in: StandIn::on_fakes()? })
    }

    /// Plays it on lab-m0@renode.
    fn run(&self) -> Output {
        self.run_with(&["--renode", &self.stand_in.program.display().to_string()])
    }

    fn run_with(&self, arguments: &[&str]) -> Output {
        Command::new(support::target().join("debug/replab"))
            .args(["run", "--target", "lab-m0@renode", "--scenarios"])
            .arg(self.folder.path().join("scenarios"))
            .arg("--firmware")
            .arg(self.stand_in.firmware())
            .arg("--output")
            .arg(self.folder.path().join("output"))
            .args(arguments)
            .current_dir(support::root())
            .env_remove("CI")
            .env_remove("REPLAB_RENODE")
            .output()
            .expect("cargo has built it")
    }
}

/// What `output` says, and its exit code.
fn told(output: &Output) -> (String, Option<i32>) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code())
}

const ANSWERS: &str = "  - boot: repl\n  - repl: |\n      >>> 6 * 7\n      42\n";

#[test]
fn a_scenario_plays_on_the_target_renode() {
    let bench = or_skip!(Bench::new(ANSWERS));
    let (text, code) = told(&bench.run());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("passed   answers  lab-m0@renode"), "{text}");
}

const LOADS: &str = "  - send: \"load 60000504\\r\"\n  - expect: { prompt: true }\n";

#[test]
fn what_nothing_answers_is_told_and_can_be_forbidden() {
    let found =
        "finding: 0x60000504 (4 KiB at 0x60000000) was read, where nothing answers (pc 0x00001234";
    let bench = or_skip!(Bench::new(&format!("  - boot: repl\n{LOADS}")));
    let (text, code) = told(&bench.run());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(found), "{text}");
    let never = "  - never: { finding: unmapped-access }\n";
    let bench = or_skip!(Bench::new(&format!("  - boot: repl\n{never}{LOADS}")));
    let (text, code) = told(&bench.run());
    assert_eq!(code, Some(100), "{text}");
    assert!(text.contains("never a finding `unmapped-access` from this step on"), "{text}");
}

#[test]
fn a_renode_that_dies_breaks_the_run_and_says_its_last_words() {
    let bench = or_skip!(Bench::new("  - boot: repl\n  - send: \"die\\r\"\n  - expect: never\n"));
    let (text, code) = told(&bench.run());
    assert_eq!(code, Some(102), "{text}");
    for word in ["Renode, version 1.16.1 (stand-in) ended during `go", "SIGSEGV", "stand-in: dies"]
    {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn the_first_run_kit_tells_and_records() {
    let stand_in = or_skip!(StandIn::on_fakes());
    or_skip!(support::micropython());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("recording.jsonl");
    let output = Command::new(support::target().join("debug/replab"))
        .args(["doctor", "--renode", &stand_in.program.display().to_string(), "--record"])
        .arg(&file)
        .current_dir(support::root())
        .output()
        .expect("cargo has built it");
    let (text, code) = told(&output);
    // Fakes are not Renode, and do not pass for it.
    assert_eq!(code, Some(102), "{text}");
    assert!(text.starts_with("Renode, version 1.16.1 (stand-in)\nheld "), "{text}");
    assert!(text.contains("\nDID NOT HOLD  an unknown command is refused with a text\n"), "{text}");
    let recording = fs::read_to_string(&file).expect("it was written");
    assert!(recording.contains("\"request\":[\"hello\"]"), "{recording}");
    assert!(!recording.contains("/replab-renode-"), "the folder has no place in it");
}

#[test]
fn without_renode_its_runs_are_skipped_and_the_command_is_named() {
    let bench = or_skip!(Bench::new(ANSWERS));
    let found = replab_setup::Tools::find(support::root(), replab_setup::Named::default()).renode();
    if found.is_ok() {
        return support::skip("there is a Renode here");
    }
    let (text, code) = told(&bench.run_with(&[]));
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("Renode is not installed (run `cargo xtask setup --renode`"), "{text}");
}

#[test]
fn a_program_that_is_named_and_not_there_is_an_error() {
    let bench = or_skip!(Bench::new(ANSWERS));
    let (text, code) = told(&bench.run_with(&["--renode", "/no/such/renode"]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("`/no/such/renode`, which --renode or REPLAB_RENODE names"), "{text}");
}
