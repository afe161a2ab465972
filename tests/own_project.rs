//! A course that lives in a folder of its own, as its author meets it: from an empty
//! folder to scenarios that pass, with boards and firmware of its own, on real QEMU.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use support::{micropython, qemu_tools, root};

const SCENARIO: &str =
    "replab: 1\nname: it adds\nsteps:\n  - boot: repl\n  - repl: |\n      >>> 6 * 7\n      42\n";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn put(folder: &Path, file: &str, text: &str) {
    let file = folder.join(file);
    fs::create_dir_all(file.parent().expect("it lies in the folder")).expect("the folder is ours");
    fs::write(file, text).expect("the folder is ours");
}

/// A shell command in which `replab` is the program, run in `folder`.
fn shell(folder: &Path, command: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin("replab");
    let script = format!("replab() {{ '{}' \"$@\"; }}; {command}", program.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder).env("NO_COLOR", "1");
    shell.env_remove("CI").env_remove("REPLAB_HOME").output().expect("there is a shell")
}

/// Runs `command` in `folder`; its exit code must be `code`. All that it said.
#[track_caller]
fn check(folder: &Path, command: &str, code: i32) -> String {
    let output = shell(folder, command);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("it speaks UTF-8");
    assert_eq!(output.status.code(), Some(code), "{command}:\n{said}");
    said
}

/// What real runs need; or why there is nothing to test with.
fn can_play() -> Result<(), String> {
    qemu_tools().and(micropython()).map(drop)
}

#[test]
fn an_empty_folder_becomes_a_project_that_passes_at_once() {
    or_skip!(can_play());
    let course = folder();
    let said = check(course.path(), "replab new 01-adding", 0);
    for file in ["replab.yaml", ".gitignore", "lessons/01-adding.md", "scenarios/01-adding/"] {
        assert!(said.contains(&format!("wrote {file}")), "{file} is not told: {said}");
    }
    let said = check(course.path(), "replab run", 0);
    assert!(said.contains("2 passed"), "{said}");
    let said = check(course.path(), "replab coverage", 0);
    assert!(said.contains("2 blocks of code: 2 covered"), "{said}");
    assert!(course.path().join(".replab/01-adding").is_dir(), "transcripts are in .replab");
    // What an author does next: another number in the lesson.
    let lesson = course.path().join("lessons/01-adding.md");
    let text = fs::read_to_string(&lesson).expect("the lesson was made");
    fs::write(&lesson, text.replace("# 45", "# 46")).expect("the folder is ours");
    check(course.path(), "replab run", 2);
}

#[test]
fn a_real_lesson_gives_a_scenario_for_each_of_its_blocks_and_all_pass() {
    or_skip!(can_play());
    let course = folder();
    let lesson = root().join("lessons/01-micropython-intro.md");
    fs::copy(lesson, course.path().join("intro.md")).expect("the folder is ours");
    check(course.path(), "replab new intro.md", 0);
    let said = check(course.path(), "replab run intro", 0);
    assert!(said.contains("7 passed"), "{said}");
    let said = check(course.path(), "replab new intro.md", 2);
    assert!(said.contains("nothing is overwritten"), "{said}");
}

#[test]
fn what_cannot_be_played_as_it_is_becomes_what_can() {
    or_skip!(can_play());
    let course = folder();
    let lesson = "# Wrong\n\n```python\nwhile True:\n    pass\n```\n\n```python\ndef f(:\n```\n\n```\n>>> 1 + 1\n3\n```\n\n```python\nimport nothing_like_it\n```\n\n```python\nprint(2)  # two\n```\n";
    put(course.path(), "docs/wrong.md", lesson);
    let said = check(course.path(), "replab new docs/wrong.md", 0);
    assert!(said.contains("on the board as wrong_1.py"), "{said}");
    assert!(said.contains("more does not pass as it is: expected"), "{said}");
    let said = check(course.path(), "replab run", 0);
    assert!(said.contains("5 passed"), "{said}");
    assert!(fs::read_to_string(course.path().join("replab.yaml")).unwrap().contains("docs"));
}

#[test]
fn a_board_and_firmware_of_ones_own_are_played() {
    or_skip!(can_play());
    let firmware = micropython().expect("it was there a moment ago");
    let course = folder();
    let board = fs::read_to_string(root().join("boards/lab-m0.yaml")).unwrap();
    put(course.path(), "boards/own.yaml", &board.replace("board: lab-m0", "board: own"));
    put(course.path(), "scenarios/adds.yaml", SCENARIO);
    put(
        course.path(),
        "replab.yaml",
        "replab: 1\nboards: boards\nboard: own\nfirmware: { own: build/own.elf }\n",
    );
    let said = check(course.path(), "replab run", 2);
    assert!(said.contains("there is no file `build/own.elf`"), "{said}");
    fs::create_dir(course.path().join("build")).unwrap();
    fs::copy(firmware, course.path().join("build/own.elf")).unwrap();
    let said = check(course.path(), "replab run", 0);
    assert!(said.contains("own@qemu") && said.contains("1 passed"), "{said}");
}

#[test]
fn the_project_says_what_drives_the_clock_and_the_command_line_overrules_it() {
    or_skip!(can_play());
    let course = folder();
    put(course.path(), "scenarios/adds.yaml", SCENARIO);
    put(course.path(), "replab.yaml", "replab: 1\ntiming: wall\n");
    let said = check(course.path(), "replab run --json", 0);
    assert!(said.contains(r#""timing":"wall""#), "{said}");
    let said = check(course.path(), "replab run --json --timing exact", 0);
    assert!(said.contains(r#""verdict":"passed""#) && !said.contains("wall\""), "{said}");
}

#[test]
fn a_project_that_cannot_be_written_is_told_as_such() {
    or_skip!(can_play());
    let course = folder();
    put(course.path(), "scenarios/adds.yaml", SCENARIO);
    put(course.path(), "replab.yaml", "replab: 1\n");
    put(course.path(), "lessons/b.md", "# B\n");
    or_skip!(support::can_mount());
    let program = assert_cmd::cargo::cargo_bin("replab");
    let read_only = |arguments: &str| {
        let (path, program) = (course.path().display(), program.display());
        format!(
            "unshare --user --map-root-user --mount sh -c 'mount --bind \"{path}\" \"{path}\" && mount -o remount,bind,ro \"{path}\" && cd \"{path}\" && exec \"{program}\" {arguments}'"
        )
    };
    // A snapshot that is as stored needs nothing written.
    let snapshot = format!("{SCENARIO}  - snapshot: [transcript]\n");
    put(course.path(), "scenarios/snaps.yaml", &snapshot);
    check(course.path(), "replab run snaps --accept", 0);
    fs::remove_dir_all(course.path().join(".replab")).expect("the run wrote it");
    let said = check(course.path(), &read_only("run"), 0);
    assert!(said.contains("2 passed"), "{said}");
    assert!(
        said.contains("could not write transcript .replab/adds.lab-m0.qemu.txt (Read-only"),
        "{said}"
    );
    let said = check(course.path(), &read_only("new b"), 2);
    assert!(said.contains("could not write") && said.contains("because: Read-only"), "{said}");
    let said = check(course.path(), &read_only("run --junit report.xml"), 2);
    assert!(said.contains("could not write report.xml"), "{said}");
}
