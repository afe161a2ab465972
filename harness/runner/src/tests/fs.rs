//! `fs`: files in the flash of a stopped machine.

use expect_test::expect;
use replab_scenario::Need;

use super::*;

/// A board that has started with `files`, and then hangs without a word.
fn hanging(files: &[(&str, &str)]) -> Scripted {
    let board = board();
    let place = board.file_system.expect("the board of the tests has one");
    let image = crate::files::image(&place, &super::files(files)).unwrap();
    image
        .iter()
        .fold(Scripted::new(&board), |script, run| script.with_memory(run.address, &run.bytes))
}

fn write(files: &[(&str, &str)]) -> Step {
    fs(Fs::Write(super::files(files)))
}

fn is(path: &str, text: &str) -> Step {
    fs(Fs::Is(files(&[(path, text)])))
}

fn has(path: &str) -> Step {
    fs(Fs::Has(path.to_string()))
}

fn absent(path: &str) -> Step {
    fs(Fs::Absent(path.to_string()))
}

#[test]
fn files_are_read_from_a_board_that_hangs() {
    let board = hanging(&[("main.py", "while 1: pass\n"), ("lib/a.py", "")]);
    let steps = vec![
        is("main.py", "while 1: pass\n"),
        is("lib/a.py", ""),
        has("lib"),
        has("lib/a.py"),
        absent("boot.py"),
        absent("main.py/nothing"),
    ];
    check(steps, &board, expect!["passed"]);
}

#[test]
fn reading_and_writing_take_no_machine_time() {
    let steps = vec![wait(5), write(&[("a", "1")]), is("a", "1"), wait(5)];
    let outcome = run(&scenario(steps), &hanging(&[]));
    assert_eq!(outcome.verdict, Verdict::Passed);
    assert_eq!(outcome.end.as_nanos(), 10_000_000 + 50_000_000);
}

#[test]
fn what_differs_is_shown_with_every_character() {
    check(
        vec![is("log.txt", "one\ntwo\tthree\nend\n")],
        &hanging(&[("log.txt", "one\r\ntwo\x1b[31m three\nend")]),
        expect![[r#"
            failed at step 1 of 1, fs on line 10, 0.000000000 s
            file
            expected: `log.txt` with 18 bytes
            got:      23 bytes, different from byte 3 on
            | @@ -1,3 +1,3 @@
            | -one\n
            | -two\tthree\n
            | -end\n
            | +one\r\n
            | +two\x1b[31m three\n
            | +end
        "#]],
    );
}

#[test]
fn a_missing_file_shows_the_folder_and_the_nearest_name() {
    let board = hanging(&[("lib/config.json", "{}"), ("lib/x", "1"), ("main.py", "")]);
    check(
        vec![has("lib/confg.json")],
        &board,
        expect![[r#"
            failed at step 1 of 1, fs on line 10, 0.000000000 s
            file
            expected: `lib/confg.json` in the file system
            got:      nothing at that path
            | /lib has:
            |        2 bytes  config.json
            |         1 byte  x
            hint: did you mean `lib/config.json`?
        "#]],
    );
    check(
        vec![is("lbi/x", "1")],
        &board,
        expect![[r#"
            failed at step 1 of 1, fs on line 10, 0.000000000 s
            file
            expected: `lbi/x` with 1 byte
            got:      nothing at that path
            | / has:
            |         folder  lib
            |        0 bytes  main.py
            hint: did you mean `lib`?
        "#]],
    );
}

#[test]
fn what_should_be_absent_is_named() {
    check(
        vec![absent("lib")],
        &hanging(&[("lib/a", "")]),
        expect![[r#"
            failed at step 1 of 1, fs on line 10, 0.000000000 s
            file
            expected: nothing at `lib`
            got:      a folder
            | / has:
            |         folder  lib
        "#]],
    );
}

#[test]
fn a_folder_is_no_file() {
    check(
        vec![is("lib", "")],
        &hanging(&[("lib/a", "")]),
        expect![[r#"
            failed at step 1 of 1, fs on line 10, 0.000000000 s
            file
            expected: `lib` with 0 bytes
            got:      a folder
            | / has:
            |         folder  lib
        "#]],
    );
}

#[test]
fn names_of_files_are_shown_and_not_obeyed() {
    let outcome = run(&scenario(vec![has("a")]), &hanging(&[("\x1b[2J\n", "")]));
    let text = shown(&outcome.verdict);
    assert!(text.contains(r"\x1b[2J") && !text.contains('\x1b'), "{text}");
}

#[test]
fn what_is_written_is_there_beside_what_was() {
    let board = hanging(&[("a", "old"), ("b", "stays")]);
    let steps = vec![
        write(&[("a", "new, and longer"), ("lib/c", "3")]),
        is("a", "new, and longer"),
        is("b", "stays"),
        is("lib/c", "3"),
    ];
    check(steps, &board, expect!["passed"]);
}

#[test]
fn a_board_that_was_never_formatted_has_no_files_until_they_are_written() {
    let blank = Scripted::new(&board());
    check(
        vec![absent("main.py")],
        &blank,
        expect![[r#"
            failed at step 1 of 1, fs on line 10, 0.000000000 s
            file
            expected: nothing at `main.py`
            got:      the flash holds no file system yet
            hint: the firmware formats its flash when it first starts: let it boot before
        "#]],
    );
    check(vec![write(&[("main.py", "1")]), is("main.py", "1")], &blank, expect!["passed"]);
}

#[test]
fn a_broken_volume_is_a_failure_of_the_firmware() {
    let broken = Scripted::new(&board()).with_memory(0x10000, b"what a program has left here");
    let why = expect![[r#"
        failed at step 1 of 1, fs on line 10, 0.000000000 s
        file
        expected: `main.py` in the file system
        got:      the file system cannot be mounted: filesystem corrupt
        hint: what the firmware has left in its flash is broken
    "#]];
    check(vec![has("main.py")], &broken, why);
    let text = shown(&run(&scenario(vec![write(&[("a", "1")])]), &broken).verdict);
    assert!(text.contains("expected: that files can be written"), "{text}");
}

#[test]
fn files_that_do_not_fit_are_no_failure_of_the_firmware() {
    let big = "x".repeat(0x10000);
    check(
        vec![write(&[("big", &big)])],
        &hanging(&[("a", "1")]),
        expect![[r#"
            broken at step 1
            could not put the scenario's files on board test-board
            could not write `big` into the file system of 65536 bytes
            no space left on device
        "#]],
    );
}

#[test]
fn only_blocks_that_changed_are_written() {
    let place = board().file_system.unwrap();
    let mut volume = vec![0; place.size as usize];
    let put = |volume: &mut Vec<u8>, runs: &[crate::files::Run]| {
        for run in runs {
            let start = (run.address - place.at) as usize;
            volume[start..start + run.bytes.len()].copy_from_slice(&run.bytes);
        }
    };
    let big = "x".repeat(20_000);
    put(&mut volume, &crate::files::image(&place, &files(&[("big", &big)])).unwrap());
    let runs = crate::files::write(&place, &volume, &files(&[("small", "1")])).unwrap();
    let total: usize = runs.iter().map(|run| run.bytes.len()).sum();
    assert!((1..=2 * 4096).contains(&total), "{total} bytes for one file of one byte");
    put(&mut volume, &runs);
    let found = crate::files::find(&place, &volume, "big").unwrap();
    assert_eq!(found, crate::files::Found::File(big.into_bytes()));
}

#[test]
fn a_machine_without_memory_skips_what_is_about_files() {
    let scenario = scenario(vec![has("a")]);
    assert_eq!(scenario.needs, Vec::<Need>::new());
    expect![[r#"skipped: Lacks { target: "test-board@script", capability: "files" }"#]]
        .assert_eq(&shown(&run(&scenario, &hanging(&[]).without_memory()).verdict));
}
