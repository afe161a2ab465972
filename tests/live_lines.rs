//! The lines of `replab run` that say what each worker plays: on a terminal only,
//! and gone in the end.

use std::fs;
use std::num::NonZero;
use std::process::{Command, Stdio};

use tempfile::TempDir;

mod support;

use support::terminal::{ROWS, Sitting};

/// Long enough to be seen: a second of machine time without sleep.
const BUSY: &str = "replab: 1\nname: it is busy\nsteps:\n  - boot: repl\n  - send: \"while True: pass\\r\\r\"\n  - wait: 1s\n  - key: ctrl-c\n";

/// Two scenarios, and arguments that play them side by side.
fn bench() -> Result<(TempDir, Vec<String>), String> {
    support::qemu_tools()?;
    support::micropython()?;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let scenarios = folder.path().join("scenarios");
    fs::create_dir(&scenarios).expect("the folder is ours");
    for name in ["a-busy", "b-busy"] {
        fs::write(scenarios.join(format!("{name}.yaml")), BUSY).expect("the folder is ours");
    }
    let output = folder.path().join("output");
    let words = ["run", "--jobs", "2", "--scenarios"].map(str::to_owned).into_iter();
    let paths = [scenarios, output].map(|path| path.display().to_string());
    let [scenarios, output] = paths;
    Ok((folder, words.chain([scenarios, "--output".to_owned(), output]).collect()))
}

/// Plays them in a terminal; all that it was sent.
fn play(term: &str, columns: u16) -> Result<String, String> {
    let (_folder, arguments) = bench()?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let program = assert_cmd::cargo::cargo_bin("replab");
    let program = program.to_str().expect("its folder is UTF-8");
    let (code, said) = Sitting::start(program, &arguments, term, columns).ends();
    assert_eq!(code, 0, "{said}");
    Ok(said)
}

/// Lines are shown while a terminal with `columns` columns is played on, and what
/// is left in the end is what a file would get.
#[track_caller]
fn check(columns: u16) {
    let said = or_skip!(play("xterm", columns));
    let shows = |text: &str| {
        let [rows, width] =
            [ROWS, columns].map(|count| NonZero::new(count).expect("a terminal has room"));
        let mut terminal = vt100::Parser::new(rows, width, 0);
        terminal.process(text.as_bytes());
        terminal.screen().rows(0, columns).collect::<String>()
    };
    for line in ["a-busy on", "b-busy on"] {
        let Some(drawn) = said.find(line) else { panic!("no line {line:?}: {said:?}") };
        assert!(shows(&said[..drawn + line.len()]).contains(line), "{line:?} is not shown");
        assert!(!shows(&said).contains(line), "{line:?} is left: {said:?}");
    }
    let shown = shows(&said);
    check_results(&shown);
}

/// Both runs and the summary are in `shown`, once each.
#[track_caller]
fn check_results(shown: &str) {
    for result in ["passed   a-busy  lab-m0@qemu  ", "passed   b-busy  lab-m0@qemu  ", "2 passed; "]
    {
        assert_eq!(shown.matches(result).count(), 1, "{result:?}: {shown}");
    }
}

#[test]
fn lines_come_and_go_on_a_wide_terminal() {
    check(80);
}

#[test]
fn lines_come_and_go_on_a_terminal_of_20_columns() {
    check(20);
}

#[test]
fn a_dumb_terminal_gets_results_only() {
    let said = or_skip!(play("dumb", 80));
    assert!(!said.contains('\x1b') && !said.contains("busy on"), "{said:?}");
    check_results(&said);
}

#[test]
fn a_pipe_gets_results_only() {
    let (_folder, arguments) = or_skip!(bench());
    let output = Command::new(assert_cmd::cargo::cargo_bin("replab"))
        .args(arguments)
        .current_dir(support::root())
        .env("TERM", "xterm")
        .env_remove("CI")
        .stdin(Stdio::null())
        .output()
        .expect("replab is there: cargo build --workspace makes it");
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "");
    assert!(!said.contains('\x1b') && !said.contains("busy on"), "{said:?}");
    check_results(&said);
}
