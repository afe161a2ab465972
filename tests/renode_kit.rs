//! The first-run kit against a stand-in for Renode: it tries every assumption, tells
//! what does not hold, and its recording can be played.

mod support;

use std::time::Duration;

use replab_machine::renode::{Examination, Finding, Outcome, examine};

use support::renode::StandIn;

/// More than it should take, also on a busy computer.
const LONG: Duration = Duration::from_secs(60);

/// How each assumption came out, but for those about the process itself.
fn outcomes(examination: &Examination) -> Vec<(&'static str, Outcome)> {
    let of_process = ["TCP port", "private folder", "end of the socket"];
    let findings = examination.findings.iter();
    findings
        .map(|finding| (finding.assumption, finding.outcome))
        .filter(|(assumption, _)| !of_process.iter().any(|word| assumption.contains(word)))
        .collect()
}

fn count(examination: &Examination, outcome: Outcome) -> usize {
    examination.findings.iter().filter(|finding| finding.outcome == outcome).count()
}

/// Writes what was recorded as `replab doctor --renode` does.
fn record(examination: &Examination, file: &std::path::Path) {
    let lines = examination.recording.iter().map(|exchange| {
        let (request, answer) = (&exchange.request, &exchange.answer);
        serde_json::json!({ "request": request, "answer": answer }).to_string() + "\n"
    });
    std::fs::write(file, lines.collect::<String>()).expect("the folder is there");
}

#[test]
fn each_assumption_is_tried_and_the_recording_says_the_same() {
    let stand_in = or_skip!(StandIn::on_fakes());
    let board = support::lab_m0();
    let first = examine(&stand_in.tools(), &board, &stand_in.firmware(), LONG).expect("it starts");
    assert_eq!(first.version, "Renode, version 1.16.1 (stand-in)");
    let held: Vec<_> = first
        .findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Held)
        .map(|finding| finding.assumption)
        .collect();
    for word in ["exactly", "throws", "nanosecond", "edges", "the socket ends", "TCP", "found"] {
        assert!(held.iter().any(|assumption| assumption.contains(word)), "{word}: {held:?}");
    }
    // The fakes know no temporary files, no platforms and no processor.
    assert!(count(&first, Outcome::DidNotHold) > 0, "the fakes are not Renode");
    assert_eq!(count(&first, Outcome::NotTried), 0);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("recording.jsonl");
    record(&first, &file);
    let path = file.display().to_string();
    let player = or_skip!(StandIn::new(&["--recording", &path]));
    let again = examine(&player.tools(), &board, &player.firmware(), LONG).expect("it starts");
    assert_eq!(outcomes(&again), outcomes(&first));
    assert_eq!(again.recording, first.recording);
}

/// Those of its questions that were asked of the real program, and what that said.
#[test]
fn what_the_real_program_was_asked_holds_by_its_recorded_answers() {
    let stand_in = or_skip!(StandIn::playing("kit-1.16.1.jsonl", None));
    let board = support::lab_m0();
    let found = examine(&stand_in.tools(), &board, &stand_in.firmware(), LONG).expect("it starts");
    let held = |finding: &&Finding| finding.outcome == Outcome::Held;
    let held: Vec<_> = found.findings.iter().filter(held).map(|one| one.assumption).collect();
    for word in ["version 1.16.1", "unknown command", "wrong platform", "Clear", "symbols"] {
        assert!(held.iter().any(|assumption| assumption.contains(word)), "{word}: {held:?}");
    }
    // The rest was not asked: a stand-in must not make it up.
    let rest = |finding: &&Finding| finding.raw.contains("is not in the recording");
    assert!(found.findings.iter().filter(rest).count() > 5, "{found:?}");
}

#[test]
fn when_renode_goes_away_the_rest_is_not_tried() {
    let stand_in = or_skip!(StandIn::playing("repl-1.16.1.jsonl", Some("crash")));
    let board = support::lab_m0();
    let found = examine(&stand_in.tools(), &board, &stand_in.firmware(), LONG).expect("it starts");
    let lost: Vec<_> =
        found.findings.iter().filter(|finding| finding.raw.contains("ended by SIGSEGV")).collect();
    assert!(lost[0].outcome == Outcome::DidNotHold, "{lost:?}");
    assert!(count(&found, Outcome::NotTried) >= 20, "{found:?}");
}

#[test]
fn what_does_not_start_is_a_finding() {
    let stand_in = or_skip!(StandIn::playing("repl-1.16.1.jsonl", Some("mute")));
    let board = support::lab_m0();
    let wall = Duration::from_secs(2);
    let found = examine(&stand_in.tools(), &board, &stand_in.firmware(), wall).expect("it is told");
    assert_eq!(count(&found, Outcome::DidNotHold), 1);
    assert!(found.findings[0].raw.contains("did not call within 2s"), "{:?}", found.findings[0]);
    assert!(found.findings[0].raw.contains("stand-in: the bridge does not call"));
    assert_eq!(count(&found, Outcome::NotTried), found.findings.len() - 1);
}
