//! `cargo xtask doctor`.

use replab_setup::{State, doctor};

use crate::exit::TaskError;
use crate::workspace;

pub(crate) fn run() -> anyhow::Result<()> {
    let findings = doctor(&workspace::tools());
    for finding in &findings {
        let mark = match finding.state {
            State::Good => "ok  ",
            State::ToFetch => "get ",
            State::Bad => "BAD ",
        };
        println!("{mark} {:<15} {}", finding.what, finding.text);
    }
    if findings.iter().any(|finding| finding.state == State::ToFetch) {
        println!(
            "\n`cargo xtask setup` brings what is marked `get`; emulate and ci run it themselves."
        );
    }
    let bad: Vec<_> = findings
        .iter()
        .filter(|one| one.state == State::Bad)
        .map(|one| one.what.as_str())
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    let what = format!("{} must be put right by hand (see above)", bad.join(", "));
    Err(TaskError::LabIncomplete { what }.into())
}
