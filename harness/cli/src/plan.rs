//! Which scenario is played where. Pure.

use std::collections::BTreeMap;

use replab_board::{Backend, Board, Target};
use replab_record::SkipReason;

use crate::RunError;

/// Boards by name.
pub(crate) type Boards = BTreeMap<String, Board>;

/// One run to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// Index into the selected scenarios.
    pub(crate) scenario: usize,
    pub(crate) target: Target,
    /// Why it will not be played, if that is known already.
    pub(crate) skip: Option<SkipReason>,
}

/// The targets that `words` name. Empty if none are named.
pub(crate) fn targets(words: &[String], boards: &Boards) -> Result<Vec<Target>, RunError> {
    words.iter().map(|word| target(word, boards)).collect()
}

/// Whether `targets` are two that can be compared.
pub(crate) fn check_two(targets: &[Target]) -> Result<(), RunError> {
    match targets {
        [one, other] if one != other => Ok(()),
        _ => Err(RunError::NotTwo { targets: targets.to_vec() }),
    }
}

/// The target that `word` names.
pub(crate) fn target(word: &str, boards: &Boards) -> Result<Target, RunError> {
    let target: Target = word.parse()?;
    let Some(board) = boards.get(&target.board) else {
        let known = boards.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(RunError::UnknownBoard { board: target.board, known });
    };
    if !can_run(board, target.backend) {
        return Err(RunError::CannotRun { target });
    }
    Ok(target)
}

/// The runs of scenarios that list `listed` boards each, in their order. With
/// `targets`, each on each of these; without, on each listed board's first backend.
pub(crate) fn jobs<'a>(
    listed: impl Iterator<Item = &'a [String]>,
    targets: &[Target],
    boards: &Boards,
) -> Vec<Job> {
    listed
        .enumerate()
        .flat_map(|(scenario, listed)| {
            let targets =
                if targets.is_empty() { first_targets(listed, boards) } else { targets.to_vec() };
            targets.into_iter().map(move |target| {
                let skip = (!listed.contains(&target.board))
                    .then(|| SkipReason::OtherBoard { board: target.board.clone() });
                Job { scenario, target, skip }
            })
        })
        .collect()
}

/// Each of the `listed` boards on its first backend. Boards were checked when the
/// scenario was loaded, so each of them is there; one without any backend has no target.
fn first_targets(listed: &[String], boards: &Boards) -> Vec<Target> {
    let first = |name: &String| {
        let board = boards.get(name)?;
        let backend = Backend::ALL.into_iter().find(|backend| can_run(board, *backend))?;
        Some(Target { board: name.clone(), backend })
    };
    listed.iter().filter_map(first).collect()
}

fn can_run(board: &Board, backend: Backend) -> bool {
    match backend {
        Backend::Qemu => board.backends.qemu.is_some(),
        Backend::Renode => board.backends.renode.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn boards() -> Boards {
        let text = include_str!("../../../boards/lab-m0.yaml");
        let lab = replab_board::load("lab-m0.yaml", text).expect("the board file is right");
        let other = Board { name: "lab-m1".into(), ..lab.clone() };
        let mut idle = Board { name: "idle".into(), ..lab.clone() };
        (idle.backends.qemu, idle.backends.renode) = (None, None);
        [lab, other, idle].into_iter().map(|board| (board.name.clone(), board)).collect()
    }

    /// Plans two scenarios, one for lab-m0 and one for both, with `--target` given as `words`.
    #[track_caller]
    fn check(words: &[&str], expected: &Expect) {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        let listed = [vec!["lab-m0".to_owned()], vec!["lab-m0".to_owned(), "lab-m1".to_owned()]];
        let text = match targets(&words, &boards()) {
            Err(error) => format!("{error}\n"),
            Ok(targets) => jobs(listed.iter().map(Vec::as_slice), &targets, &boards())
                .iter()
                .map(|job| format!("{} {} {:?}\n", job.scenario, job.target, job.skip))
                .collect(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn without_a_target_each_listed_board_plays_on_its_first_backend() {
        check(
            &[],
            &expect![[r#"
            0 lab-m0@qemu None
            1 lab-m0@qemu None
            1 lab-m1@qemu None
        "#]],
        );
    }

    #[test]
    fn with_a_target_scenarios_that_do_not_list_its_board_are_skipped() {
        check(
            &["lab-m1@qemu"],
            &expect![[r#"
            0 lab-m1@qemu Some(OtherBoard { board: "lab-m1" })
            1 lab-m1@qemu None
        "#]],
        );
    }

    #[track_caller]
    fn check_compared(words: &[&str], expected: &Expect) {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        let targets = targets(&words, &boards()).expect("they are targets");
        expected.assert_eq(
            &check_two(&targets).map_or_else(|error| error.to_string(), |()| "two".to_owned()),
        );
    }

    #[test]
    fn two_different_targets_can_be_compared() {
        check_compared(&["lab-m0@qemu", "lab-m1@qemu"], &expect!["two"]);
        check_compared(
            &[],
            &expect![
                "--compare takes two different targets, and --target names none (write --target lab-m0@qemu,OTHER@BACKEND; to play again on one, there is --prove)"
            ],
        );
        check_compared(
            &["lab-m0@qemu"],
            &expect![
                "--compare takes two different targets, and --target names lab-m0@qemu (write --target lab-m0@qemu,OTHER@BACKEND; to play again on one, there is --prove)"
            ],
        );
        check_compared(
            &["lab-m0@qemu", "lab-m0@qemu"],
            &expect![
                "--compare takes two different targets, and --target names lab-m0@qemu, lab-m0@qemu (write --target lab-m0@qemu,OTHER@BACKEND; to play again on one, there is --prove)"
            ],
        );
        check_compared(
            &["lab-m0@qemu", "lab-m1@qemu", "lab-m0@qemu"],
            &expect![
                "--compare takes two different targets, and --target names lab-m0@qemu, lab-m1@qemu, lab-m0@qemu (write --target lab-m0@qemu,OTHER@BACKEND; to play again on one, there is --prove)"
            ],
        );
    }

    #[test]
    fn wrong_targets_say_what_is_there() {
        check(
            &["lab-m0"],
            &expect![[r#"
            `lab-m0` names no backend (write lab-m0@qemu)
        "#]],
        );
        check(
            &["pico@qemu"],
            &expect![[r#"
            unknown board `pico` (the boards are: idle, lab-m0, lab-m1)
        "#]],
        );
        check(
            &["lab-m0@bochs"],
            &expect![[r#"
            unknown backend `bochs` (the backends are: qemu, renode)
        "#]],
        );
        check(
            &["idle@qemu"],
            &expect![[r#"
            target idle@qemu cannot be: the file of board idle lists no such backend
        "#]],
        );
    }
}
