//! `replab.yaml`: what is right, and what a person sees of what is wrong.

use std::path::Path;

use expect_test::{Expect, expect};
use miette::{GraphicalReportHandler, GraphicalTheme};
use replab_record::Timing;

use crate::{Project, ProjectWorld, ScenarioErrors, load_project};

/// Reads `text` in a folder that has `course/`, `boards/own.yaml` and `build/own.elf`.
fn read(text: &str) -> Result<Project, ScenarioErrors> {
    let world = ProjectWorld {
        is_folder: &|path| ["course", "boards", "build"].iter().any(|one| path == Path::new(one)),
        is_file: &|path| path == Path::new("build/own.elf"),
        boards: &|folder| {
            let own = folder.map(|_| "own".to_owned());
            ["lab-m0".to_owned()].into_iter().chain(own).collect()
        },
    };
    load_project(Path::new("replab.yaml"), text, &world)
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(text: &str, expected: Expect) {
    let errors = read(text).expect_err("the project is wrong");
    let handler =
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    let mut shown = "error:\n".to_owned();
    for error in &errors.0 {
        handler.render_report(&mut shown, error).expect("a string can be written");
    }
    expected.assert_eq(&shown);
}

#[test]
fn every_key_is_read() {
    let text = "\
replab: 1
lessons: course
scenarios: course
boards: boards
firmware: { own: build/own.elf }
board: own
timing: wall
";
    let expected = Project {
        lessons: Some("course".into()),
        scenarios: Some("course".into()),
        boards: Some("boards".into()),
        firmware: [("own".to_owned(), "build/own.elf".into())].into(),
        board: Some("own".to_owned()),
        timing: Some(Timing::Wall),
    };
    assert_eq!(read(text).expect("the project is right"), expected);
}

#[test]
fn one_line_is_a_project() {
    assert_eq!(read("replab: 1\n").expect("the project is right"), Project::default());
}

#[test]
fn a_slip_of_the_fingers_names_the_nearest_key() {
    check(
        "replab: 1\nscenario: course\n",
        expect![[r#"
        error:
          × unknown key `scenario`
           ╭─[replab.yaml:2:1]
         1 │ replab: 1
         2 │ scenario: course
           · ────┬───
           ·     ╰── here
           ╰────
          help: did you mean `scenarios`? There are: replab, lessons, scenarios, boards, firmware, board,
                timing
    "#]],
    );
}

#[test]
fn what_is_not_there_is_shown_where_it_is_named() {
    check(
        "replab: 1\nlessons: lesons\nfirmware: { lab-m0: build/none.elf }\n",
        expect![[r#"
            error:
              × there is no folder `lesons`
               ╭─[replab.yaml:2:10]
             1 │ replab: 1
             2 │ lessons: lesons
               ·          ───┬──
               ·             ╰── here
             3 │ firmware: { lab-m0: build/none.elf }
               ╰────
              help: paths begin at the folder of this file; make it, or take the line out
              × there is no file `build/none.elf`
               ╭─[replab.yaml:3:21]
             2 │ lessons: lesons
             3 │ firmware: { lab-m0: build/none.elf }
               ·                     ───────┬──────
               ·                            ╰── here
               ╰────
              help: paths begin at the folder of this file; make it, or take the line out
        "#]],
    );
}

#[test]
fn a_board_must_be_one_that_is_known() {
    check(
        "replab: 1\nboard: own\n",
        expect![[r#"
        error:
          × unknown board `own`
           ╭─[replab.yaml:2:8]
         1 │ replab: 1
         2 │ board: own
           ·        ─┬─
           ·         ╰── here
           ╰────
          help: there are: lab-m0
    "#]],
    );
    check(
        "replab: 1\nboards: boards\nfirmware: { owm: build/own.elf }\n",
        expect![[r#"
        error:
          × unknown board `owm`
           ╭─[replab.yaml:3:13]
         2 │ boards: boards
         3 │ firmware: { owm: build/own.elf }
           ·             ─┬─
           ·              ╰── here
           ╰────
          help: did you mean `own`? There are: lab-m0, own
    "#]],
    );
}

#[test]
fn a_path_must_mean_the_same_elsewhere() {
    check(
        "replab: 1\nscenarios: /home/me/course\n",
        expect![[r#"
        error:
          × `/home/me/course` begins at the root of this computer
           ╭─[replab.yaml:2:12]
         1 │ replab: 1
         2 │ scenarios: /home/me/course
           ·            ───────┬───────
           ·                   ╰── here
           ╰────
          help: write it from the folder of this file on, with `..` if need be
    "#]],
    );
}

#[test]
fn values_of_the_wrong_kind_say_what_is_wanted() {
    check(
        "replab: 1\nfirmware: build/own.elf\n",
        expect![[r#"
        error:
          × `firmware` is text here
           ╭─[replab.yaml:2:11]
         1 │ replab: 1
         2 │ firmware: build/own.elf
           ·           ──────┬──────
           ·                 ╰── here
           ╰────
          help: it must be boards and their files: `lab-m0: build/mine.elf`
    "#]],
    );
    check(
        "replab: 1\nlessons: [course]\n",
        expect![[r#"
        error:
          × `lessons` is a list here
           ╭─[replab.yaml:2:10]
         1 │ replab: 1
         2 │ lessons: [course]
           ·          ┬
           ·          ╰── here
           ╰────
          help: it must be text
    "#]],
    );
    check(
        "replab: 1\ntiming: wal\n",
        expect![[r#"
        error:
          × unknown clock `wal`
           ╭─[replab.yaml:2:9]
         1 │ replab: 1
         2 │ timing: wal
           ·         ─┬─
           ·          ╰── here
           ╰────
          help: did you mean `wall`? There are: exact, wall
    "#]],
    );
    check(
        "replab: 1\nlessons: course\nlessons: course\n",
        expect![[r#"
        error:
          × `lessons` stands here twice
           ╭─[replab.yaml:2:1]
         1 │ replab: 1
         2 │ lessons: course
           · ───┬───
           ·    ╰── the first is here
         3 │ lessons: course
           · ───┬───
           ·    ╰── here
           ╰────
          help: keep one of them
    "#]],
    );
}

#[test]
fn the_version_comes_first() {
    check(
        "lessons: course\n",
        expect![[r#"
        error:
          × `replab` is missing
           ╭─[replab.yaml:1:1]
         1 │ lessons: course
           · ┬
           · ╰── here
           ╰────
          help: the first line is `replab: 1`
    "#]],
    );
    check(
        "replab: 2\nlesons: course\n",
        expect![[r#"
        error:
          × this is version 2 of the format; replab reads version 1
           ╭─[replab.yaml:1:9]
         1 │ replab: 2
           ·         ┬
           ·         ╰── here
         2 │ lesons: course
           ╰────
          help: write `replab: 1`
          × unknown key `lesons`
           ╭─[replab.yaml:2:1]
         1 │ replab: 2
         2 │ lesons: course
           · ───┬──
           ·    ╰── here
           ╰────
          help: did you mean `lessons`? There are: replab, lessons, scenarios, boards, firmware, board,
                timing
    "#]],
    );
}

#[test]
fn what_is_no_yaml_has_a_place_too() {
    check(
        "replab: 1\n lessons: course\n",
        expect![[r#"
        error:
          × this is no YAML: mapping values are not allowed in this context
           ╭─[replab.yaml:2:9]
         1 │ replab: 1
         2 │  lessons: course
           ·         ┬
           ·         ╰── here
           ╰────
    "#]],
    );
    check(
        "",
        expect![[r#"
        error:
          × `the project` is nothing here
           ╭─[replab.yaml:1:1]
           ╰────
          help: it must be keys and values: `key: value`
    "#]],
    );
}
