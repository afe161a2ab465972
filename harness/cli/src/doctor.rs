//! `replab doctor`: says what is there, what is not, and what to do about it.

use std::collections::BTreeSet;
use std::error::Error;

use replab_machine::qemu::keeps_exact_time;
use replab_report::{Ending, ExitCode};
use replab_setup::{Finding, Named, State};

use crate::place::from_here;
use crate::voice::Voice;
use crate::{Place, catalogue};

/// Looks at the lab of `place` and says what is found: the tools, the plugin and
/// the firmware. Changes nothing. `named` is what the user names instead of what
/// set-up fetches. Anything that is missing gives [`ExitCode::Broken`].
pub fn doctor(place: &Place, named: Named) -> ExitCode {
    let mut findings = replab_setup::doctor(&place.tools(named));
    findings.iter_mut().filter(|one| one.what == "QEMU").for_each(say_clock);
    findings.push(boards(place));
    findings.push(plugin(place));
    findings.push(firmware(place));
    let voice = Voice::of_terminal();
    voice.say(&table(&findings));
    let good = findings.iter().all(|finding| finding.state == State::Good);
    ExitCode::of(&if good { Ending::Told } else { Ending::NotInstalled })
}

/// An emulator that works is good, but not every one keeps exact time.
fn say_clock(qemu: &mut Finding) {
    if qemu.state == State::Good && !keeps_exact_time(&qemu.text) {
        qemu.text
            .push_str("; no tested build, so boards go by the desk clock (docs/wall-clock.md)");
    }
}

fn boards(place: &Place) -> Finding {
    let (state, text) = match catalogue::boards(place) {
        Ok(boards) => (State::Good, boards.into_keys().collect::<Vec<_>>().join(", ")),
        Err(error) => (State::Bad, with_causes(&error)),
    };
    Finding { what: "boards".into(), state, text }
}

/// An error in one line.
fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ").replace('\n', " ")
}

fn plugin(place: &Place) -> Finding {
    let (state, text) = if place.plugin.is_file() {
        (State::Good, from_here(&place.plugin))
    } else {
        (State::Bad, format!("there is none ({})", place.plugin_advice()))
    };
    Finding { what: "plugin".into(), state, text }
}

fn firmware(place: &Place) -> Finding {
    let folders = std::fs::read_dir(&place.firmware).into_iter().flatten().flatten();
    let brought = folders
        .filter(|folder| folder.path().join("firmware.elf").is_file())
        .map(|folder| folder.file_name().to_string_lossy().into_owned());
    let own = place.own_firmware.keys().cloned();
    let built: BTreeSet<_> = brought.chain(own).collect();
    let built: Vec<_> = built.into_iter().collect();
    let (state, text) = if built.is_empty() {
        (State::ToFetch, format!("there is none ({})", place.firmware_advice()))
    } else {
        (State::Good, format!("for {}", built.join(", ")))
    };
    Finding { what: "firmware".into(), state, text }
}

fn table(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0);
    let line = |finding: &Finding| {
        let mark = match finding.state {
            State::Good => "good",
            State::ToFetch => "to get",
            State::Bad => "bad",
        };
        format!("{mark:<6}  {:<width$}  {}\n", finding.what, finding.text)
    };
    findings.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn findings_stand_in_columns() {
        let finding =
            |what: &str, state, text: &str| Finding { what: what.into(), state, text: text.into() };
        let table = table(&[
            finding("QEMU", State::Good, "10.0.2"),
            finding("Arm compiler", State::ToFetch, "no compiler found (run `cargo xtask setup`)"),
            finding("system", State::Bad, "replab runs on Linux only"),
        ]);
        expect![[r#"
            good    QEMU          10.0.2
            to get  Arm compiler  no compiler found (run `cargo xtask setup`)
            bad     system        replab runs on Linux only
        "#]]
        .assert_eq(&table);
    }
}
