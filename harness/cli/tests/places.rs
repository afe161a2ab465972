//! Where the command finds things: projects, the lab's home, variables that name
//! something; and what it says where something is not there or wrong.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use expect_test::{Expect, expect};
use tempfile::TempDir;

const LAB_M0: &str = include_str!("../../../boards/lab-m0.yaml");
const SCENARIO: &str = "replab: 1\nname: it boots\nsteps:\n  - boot: repl\n";

/// A folder with a lab's home, `home`, in which nothing can be played, and with `files`.
fn bench(files: &[(&str, &str)]) -> TempDir {
    let bench = tempfile::tempdir().expect("a temporary folder can be made");
    let home = [
        ("home/boards/lab-m0.yaml", LAB_M0),
        ("home/scenarios/example.yaml", SCENARIO),
        ("home/lessons/example.md", "# Example\n"),
    ];
    for (file, text) in home.iter().chain(files) {
        let file = bench.path().join(file);
        let folder = file.parent().expect("it lies in the folder");
        fs::create_dir_all(folder).expect("the folder is ours");
        fs::write(file, text).expect("the folder is ours");
    }
    bench
}

fn replab(bench: &TempDir, folder: &str) -> Command {
    let mut command = Command::cargo_bin("replab").expect("it is built with this test");
    let folder = bench.path().join(folder);
    fs::create_dir_all(&folder).expect("the folder is ours");
    for key in ["CI", "REPLAB_QEMU", "REPLAB_ARM_GCC", "REPLAB_MICROPYTHON", "REPLAB_PYTHON"] {
        command.env_remove(key);
    }
    command.current_dir(folder).env("NO_COLOR", "1").env("REPLAB_HOME", bench.path().join("home"));
    command
}

/// Exit code, standard output and standard error, with `BENCH` for the bench's path.
fn outcome(command: &mut Command, bench: &Path) -> String {
    let output = command.output().expect("it can be run");
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
    let all = format!("exit {code}\n{}---\n{}", text(output.stdout), text(output.stderr));
    all.replace(&bench.display().to_string(), "BENCH")
}

/// Runs `replab ARGUMENTS` in `folder` of a bench with `files`.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(files: &[(&str, &str)], folder: &str, arguments: &[&str], expected: Expect) {
    let bench = bench(files);
    expected.assert_eq(&outcome(replab(&bench, folder).args(arguments), bench.path()));
}

#[test]
fn a_project_plays_its_own_scenarios_from_any_of_its_folders() {
    let files = [("course/replab.yaml", "replab: 1\n"), ("course/scenarios/one/a.yaml", SCENARIO)];
    check(
        &files,
        "course",
        &["run", "--list"],
        expect![[r#"
        exit 0
        one/a  lab-m0@qemu  it boots
        ---
    "#]],
    );
    check(
        &files,
        "course/scenarios/one",
        &["run", "--list"],
        expect![[r#"
        exit 0
        one/a  lab-m0@qemu  it boots
        ---
    "#]],
    );
}

#[test]
fn folders_may_have_other_names() {
    let files = [
        ("course/replab.yaml", "replab: 1\nlessons: texts\nscenarios: texts\n"),
        ("course/texts/a.md", "# A\n"),
        ("course/texts/a.yaml", "replab: 1\nname: a\nlesson: a\nsteps:\n  - boot: repl\n"),
    ];
    check(
        &files,
        "course",
        &["run", "--list"],
        expect![[r#"
        exit 0
        a  lab-m0@qemu  a
        ---
    "#]],
    );
}

#[test]
fn a_folder_with_scenarios_among_other_files_needs_no_file_of_its_own() {
    let files = [
        ("course/a.yaml", SCENARIO),
        ("course/compose.yaml", "services: {}\n"),
        ("course/.github/x.yaml", "on: push\n"),
    ];
    check(
        &files,
        "course",
        &["run", "--list"],
        expect![[r#"
        exit 0
        a  lab-m0@qemu  it boots
        ---
    "#]],
    );
}

#[test]
fn where_there_is_no_project_the_examples_are_played_and_that_is_said() {
    check(
        &[],
        "nothing",
        &["run", "--list"],
        expect![[r#"
        exit 0
        example  lab-m0@qemu  it boots
        ---
        note: there is no project here, so these are replab's examples, in BENCH/home/scenarios (`replab new LESSON.md` begins a project)
    "#]],
    );
}

#[test]
fn a_board_of_ones_own_stands_beside_those_that_are_brought() {
    let own = LAB_M0.replace("board: lab-m0", "board: own");
    let files = [
        ("course/replab.yaml", "replab: 1\nboards: boards\nboard: own\n"),
        ("course/boards/own.yaml", own.as_str()),
        ("course/scenarios/a.yaml", SCENARIO),
        (
            "course/scenarios/b.yaml",
            "replab: 1\nname: b\nboards: [lab-m0, own]\nsteps:\n  - boot: repl\n",
        ),
    ];
    check(
        &files,
        "course",
        &["run", "--list"],
        expect![[r#"
        exit 0
        a  own@qemu              it boots
        b  lab-m0@qemu,own@qemu  b
        ---
    "#]],
    );
}

#[test]
fn a_board_with_the_name_of_another_names_both_files() {
    let files = [
        ("course/replab.yaml", "replab: 1\nboards: boards\n"),
        ("course/boards/lab-m0.yaml", LAB_M0),
        ("course/scenarios/a.yaml", SCENARIO),
    ];
    check(
        &files,
        "course",
        &["run"],
        expect![[r#"
        exit 2
        ---
        error: BENCH/home/boards/lab-m0.yaml and BENCH/course/boards/lab-m0.yaml are both board `lab-m0` (rename one of them)
    "#]],
    );
}

#[test]
fn a_wrong_project_stops_every_command_and_shows_the_line() {
    let files = [
        ("course/replab.yaml", "replab: 1\nfirmwares: { lab-m0: mine.elf }\nlessons: lesons\n"),
        ("course/scenarios/a.yaml", SCENARIO),
    ];
    check(
        &files,
        "course",
        &["run"],
        expect![[r#"
        exit 2
        ---
          × unknown key `firmwares`
           ╭─[replab.yaml:2:1]
         1 │ replab: 1
         2 │ firmwares: { lab-m0: mine.elf }
           · ────┬────
           ·     ╰── here
         3 │ lessons: lesons
           ╰────
          help: did you mean `firmware`? There are: replab, lessons, scenarios,
                boards, firmware, board, timing

          × there is no folder `lesons`
           ╭─[replab.yaml:3:10]
         2 │ firmwares: { lab-m0: mine.elf }
         3 │ lessons: lesons
           ·          ───┬──
           ·             ╰── here
           ╰────
          help: paths begin at the folder of this file; make it, or take the line out

        error: the project's file is invalid; nothing was done
    "#]],
    );
    check(
        &files,
        "course",
        &["coverage"],
        expect![[r#"
        exit 2
        ---
          × unknown key `firmwares`
           ╭─[replab.yaml:2:1]
         1 │ replab: 1
         2 │ firmwares: { lab-m0: mine.elf }
           · ────┬────
           ·     ╰── here
         3 │ lessons: lesons
           ╰────
          help: did you mean `firmware`? There are: replab, lessons, scenarios,
                boards, firmware, board, timing

          × there is no folder `lesons`
           ╭─[replab.yaml:3:10]
         2 │ firmwares: { lab-m0: mine.elf }
         3 │ lessons: lesons
           ·          ───┬──
           ·             ╰── here
           ╰────
          help: paths begin at the folder of this file; make it, or take the line out

        error: the project's file is invalid; nothing was done
    "#]],
    );
}

#[test]
fn a_project_file_that_is_no_text_is_told_as_such() {
    let bench = bench(&[("course/scenarios/a.yaml", SCENARIO)]);
    fs::write(bench.path().join("course/replab.yaml"), b"\xff\xfe").expect("the folder is ours");
    let said = outcome(replab(&bench, "course").arg("run"), bench.path());
    expect![[r#"
        exit 2
        ---
        error: could not read BENCH/course/replab.yaml
          because: stream did not contain valid UTF-8
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_variable_that_names_nothing_is_an_error_that_says_which() {
    let bench = bench(&[]);
    let run = |key: &str| {
        outcome(replab(&bench, "course").arg("run").env(key, "/no/such/thing"), bench.path())
    };
    expect![[r#"
        exit 2
        ---
        error: REPLAB_HOME names `/no/such/thing`, which has no boards and plugin (name the folder of a release, or a checkout, or unset it)
    "#]].assert_eq(&run("REPLAB_HOME"));
    expect![[r#"
        exit 2
        ---
        note: there is no project here, so these are replab's examples, in BENCH/home/scenarios (`replab new LESSON.md` begins a project)
        error: `/no/such/thing`, which --qemu or REPLAB_QEMU names, is no QEMU: No such file or directory (os error 2)
    "#]].assert_eq(&run("REPLAB_QEMU"));
}

#[test]
fn doctor_says_which_variable_names_nothing() {
    let bench = bench(&[]);
    for key in ["REPLAB_QEMU", "REPLAB_ARM_GCC", "REPLAB_MICROPYTHON", "REPLAB_PYTHON"] {
        let said = outcome(
            replab(&bench, "course").arg("doctor").env(key, "/no/such/thing"),
            bench.path(),
        );
        let line = said.lines().find(|line| line.contains("/no/such/thing"));
        let line = line.unwrap_or_else(|| panic!("{key}: {said}"));
        assert!(line.starts_with("bad ") && line.contains(key), "{line}");
        assert!(said.starts_with("exit 102\n"), "{said}");
    }
}

#[test]
fn a_program_alone_says_what_belongs_beside_it() {
    let bench = tempfile::tempdir().expect("a temporary folder can be made");
    let alone = bench.path().join("replab");
    // By a process of its own: no program starts while somebody has it open for writing, and
    // whatever another test starts just then would have it open, too.
    let program = assert_cmd::cargo::cargo_bin("replab");
    Command::new("cp").arg(program).arg(&alone).assert().success();
    let run = |word: &str| {
        let mut command = Command::new(&alone);
        command.arg(word).current_dir(bench.path()).env_clear().env("NO_COLOR", "1");
        outcome(&mut command, bench.path())
    };
    expect![[r#"
        exit 2
        ---
        error: there are no board files in BENCH/boards (boards, firmware and the plugin lie beside the program in a release; name the folder of a release or a checkout with REPLAB_HOME=FOLDER)
    "#]].assert_eq(&run("run"));
    let doctor = run("doctor");
    for what in ["boards", "plugin", "firmware"] {
        assert!(
            doctor.lines().any(|line| line.contains(what) && !line.starts_with("good")),
            "{doctor}"
        );
    }
    assert!(doctor.contains("REPLAB_HOME"), "{doctor}");
}

#[test]
fn new_refuses_what_it_cannot_make_and_writes_nothing() {
    let files = [
        ("course/replab.yaml", "replab: 1\n"),
        ("course/lessons/a.md", "# A\n"),
        ("course/scenarios/a/own.yaml", SCENARIO),
        ("course/other/b.md", "# B\n"),
    ];
    check(
        &files,
        "course",
        &["new", "nothing.md"],
        expect![[r#"
        exit 2
        ---
        error: there is no lesson nothing.md (name a Markdown file, or give a name without its ending, and a lesson is made too)
    "#]],
    );
    check(
        &files,
        "course",
        &["new", "two words"],
        expect![[r#"
        exit 2
        ---
        error: `two words` cannot be the name of a lesson (use letters, digits, `-` and `_`: 01-blink)
    "#]],
    );
    check(
        &files,
        "course",
        &["new", "../up"],
        expect![[r#"
        exit 2
        ---
        error: there is no lesson ../up (name a Markdown file, or give a name without its ending, and a lesson is made too)
    "#]],
    );
    check(
        &files,
        "course",
        &["new", "a"],
        expect![[r#"
        exit 2
        ---
        error: scenarios/a is there already, and nothing is overwritten (play it with `replab run a`; for another lesson, give another name)
    "#]],
    );
    check(
        &files,
        "course",
        &["new", "lessons/a.md"],
        expect![[r#"
        exit 2
        ---
        error: scenarios/a is there already, and nothing is overwritten (play it with `replab run a`; for another lesson, give another name)
    "#]],
    );
    check(
        &files,
        "course",
        &["new", "other/b.md"],
        expect![[r#"
        exit 2
        ---
        error: other/b.md does not lie in lessons, where this project has its lessons (put it there, or change `lessons:` in replab.yaml)
    "#]],
    );
    check(
        &files,
        "empty",
        &["new", "../course/other/b.md"],
        expect![[r#"
        exit 2
        ---
        error: BENCH/course/other/b.md lies outside of BENCH/empty (copy it here, or begin in its folder)
    "#]],
    );
    let bench = bench(&files);
    outcome(replab(&bench, "empty").args(["new", "fresh", "--qemu", "/no/qemu"]), bench.path());
    assert_eq!(fs::read_dir(bench.path().join("empty")).expect("it is there").count(), 0);
}
