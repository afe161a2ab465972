//! What a failed run says to look at, and where it must not say so.

use replab_machine::Timing;
use replab_scenario::Press;

use super::*;
use crate::files::image;

/// Plays `steps` with these files on the board, which fail, and shows the hint.
#[track_caller]
fn check_with(on_board: &[(&str, &str)], steps: Vec<Step>, script: &Scripted, expected: &str) {
    let place = board().file_system.unwrap();
    let runs = image(&place, &files(on_board)).unwrap();
    let script =
        runs.iter().fold(script.clone(), |script, run| script.with_memory(run.address, &run.bytes));
    let outcome = run(&scenario(steps), &script);
    let Verdict::Failed(failure) = outcome.verdict else { panic!("{:?}", outcome.verdict) };
    assert_eq!(failure.hint, expected, "{}", claimed(&failure.claim));
}

#[track_caller]
fn check(steps: Vec<Step>, script: &Scripted, expected: &str) {
    check_with(&[], steps, script, expected);
}

const SILENT: &str =
    "the firmware has sent nothing since power-on: does it boot, and is this the port of its REPL?";

fn press(time_ms: u64) -> Step {
    let (button, time) = ("BUTTON".to_string(), ms(time_ms));
    step(Action::Press(Press { button, time, bounce: None }))
}

fn run_at_once() -> Step {
    step(Action::Boot(Boot::Run))
}

/// A board that answers `f()` with a traceback.
fn raises(exception: &str) -> Scripted {
    let traceback = "Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>";
    repl_board().on("\r", prints(&format!("{traceback}\r\n{exception}\r\n>>> ")))
}

#[test]
fn no_prompt_because_a_script_runs() {
    let ticks = Scripted::new(&board()).at_start(prints("tick\r\n"));
    let running = |names: &str| {
        format!(
            "{names} is still running, and the prompt comes after it: use `boot: run`, or stop it \
             with `key: ctrl-c` first"
        )
    };
    check_with(&[("main.py", "x")], vec![boot()], &ticks, &running("main.py"));
    let both = [("main.py", "x"), ("boot.py", "y"), ("z.py", "z")];
    check_with(&both, vec![boot()], &ticks, &running("boot.py or main.py"));
}

#[test]
fn no_prompt_for_other_reasons() {
    check(vec![boot()], &Scripted::new(&board()), SILENT);
    check(
        vec![boot()],
        &Scripted::new(&board()).at_start(prints("U-Boot\r\n=> ")),
        "the firmware sends, and no prompt `>>> `: other firmware than MicroPython takes \
         `boot: run` and `expect:`",
    );
}

#[test]
fn a_script_that_has_ended_is_not_to_blame() {
    let hangs = repl_board().on("f()\r", prints("\r\n"));
    check_with(&[("main.py", "x")], vec![boot(), send("f()\r"), expect_prompt()], &hangs, "");
}

#[test]
fn what_comes_late_says_how_long_it_takes() {
    let board = Scripted::new(&board()).at_start(after(2800).prints("ready\r\n>>> "));
    check(
        vec![run_at_once(), expect_text("ready")],
        &board,
        "it comes at 2.800 s, too late for line 10: give the step `within: 3s`",
    );
    check(
        vec![run_at_once(), expect_regex("^rea.y$")],
        &board,
        "it comes at 2.800 s, too late for line 10: give the step `within: 3s`",
    );
    check(
        vec![run_at_once(), within(100, boot())],
        &board,
        "it comes at 2.801 s, too late for line 10: give the step `within: 3s`",
    );
    let light = Scripted::new(&super::board()).at_start(after(700).edge("LED", Level::High));
    check(
        vec![within(500, pin("LED", Level::High))],
        &light,
        "it comes at 0.700 s, too late for line 10: give the step `within: 800ms`",
    );
}

#[test]
fn what_comes_much_too_late_does_not_come() {
    let board = Scripted::new(&board()).at_start(after(9000).prints("ready"));
    check(vec![run_at_once(), expect_text("ready")], &board, SILENT);
}

#[test]
fn by_the_desk_clock_nobody_waits_longer() {
    let board = Scripted::new(&board()).at_start(after(2800).prints("ready")).timing(Timing::Wall);
    check(vec![run_at_once(), expect_text("ready")], &board, SILENT);
}

#[test]
fn another_pin_that_does_what_was_claimed_is_named() {
    let moves = |pin: &str| {
        Scripted::new(&board())
            .at_start(after(10).edge(pin, Level::Low).after(ms(9)).edge(pin, Level::High))
    };
    check(
        vec![pin("LED", Level::High)],
        &moves("P1"),
        "LED did not move, and P1 did: 2 edges. Is it the pin that is meant?",
    );
    // It was low, and is not any more.
    check(vec![pin("LED", Level::Low)], &moves("P1"), "");
    check(vec![within(15, pin("LED", Level::Floating))], &moves("LED"), "");
}

#[test]
fn a_button_that_the_lab_presses_is_no_pin_that_moves() {
    check(vec![press(200), pin("LED", Level::Floating)], &Scripted::new(&board()), "");
}

fn short(time: &str) -> String {
    format!(
        "BUTTON was held for {time} of machine time, and nothing came of it: firmware that waits \
         until a contact has stopped bouncing, or looks only now and then, does not see that; hold \
         it longer (`for: 100ms`)"
    )
}

#[test]
fn a_button_let_go_at_once_may_have_been_missed() {
    let silent = Scripted::new(&board()).at_start(prints("waiting\r\n"));
    let steps =
        |time| vec![run_at_once(), expect_text("waiting"), press(time), expect_text("pressed")];
    check(steps(5), &silent, &short("5ms"));
    check(steps(49), &silent, &short("49ms"));
    check(steps(50), &silent, "");
    let answers =
        Scripted::new(&board()).at_start(prints("waiting\r\n").after(ms(10)).prints("oh"));
    check(steps(5), &answers, "");
    let blinks = Scripted::new(&board())
        .at_start(prints("waiting\r\n").after(ms(10)).edge("LED", Level::High));
    check(steps(5), &blinks, "");
}

#[test]
fn what_was_done_after_a_press_is_to_blame_itself() {
    let silent = Scripted::new(&board()).at_start(prints("waiting\r\n"));
    let steps = vec![
        run_at_once(),
        press(5),
        step(Action::Drive(vec![("P1".into(), Driven::Level(Level::High))])),
    ];
    check([steps, vec![expect_text("pressed")]].concat(), &silent, "");
}

#[test]
fn a_full_heap_says_what_was_asked_for() {
    let told = "the heap had no room for 500000 bytes in one piece (docs/memory.md says how to \
                measure it)";
    let raises = raises("MemoryError: memory allocation failed, allocating 500000 bytes");
    check(vec![boot(), repl(">>> f()\n1")], &raises, told);
    check(vec![boot(), send("f()\r"), expect_text("done")], &raises, told);
    let empty = super::hints::raises("MemoryError: ");
    check(
        vec![boot(), repl(">>> f()\n1")],
        &empty,
        "the heap had no room for what it asked for (docs/memory.md says how to measure it)",
    );
}

#[test]
fn an_exception_that_was_awaited_or_only_printed_is_none() {
    let raises = raises("MemoryError: memory allocation failed, allocating 5 bytes");
    check(vec![boot(), repl(">>> f()\nMemoryError: no")], &raises, "");
    let prints = repl_board().on("\r", prints("MemoryError: allocating 5 bytes\r\n>>> "));
    check(vec![boot(), repl(">>> f()\n1")], &prints, "");
}

#[test]
fn a_module_that_is_not_there_names_one_that_is() {
    let steps = || vec![boot(), repl(">>> import setings")];
    let raises = raises("ImportError: no module named 'setings'");
    let no = "the board has no file `setings.py`, and its firmware no such module";
    check_with(&[("settings.py", "")], steps(), &raises, &format!("{no}: is `settings.py` meant?"));
    check_with(
        &[("a.py", ""), ("lib/b.py", "")],
        steps(),
        &raises,
        &format!("{no}: `files:` puts one there (it has a.py, lib/b.py)"),
    );
    check_with(&[], steps(), &raises, &format!("{no}: `files:` puts one there (it has none)"));
    check_with(
        &[("code/setings.py", "")],
        steps(),
        &raises,
        "`code/setings.py` is where `import` does not look: it looks into `/` and `/lib`",
    );
}

#[test]
fn a_file_that_is_not_there_is_named_by_the_line_that_opens_it() {
    let raises = raises("OSError: [Errno 2] ENOENT");
    check_with(
        &[("data.txt", "")],
        vec![boot(), repl(">>> open('dat.txt').read()\n'x'")],
        &raises,
        "the board has no file `dat.txt`: is `data.txt` meant?",
    );
    check(vec![boot(), repl(">>> f(name)\n'x'")], &raises, "");
}

#[test]
fn a_file_that_was_never_closed_is_not_saved() {
    let not_saved = "`log.txt` was written and not saved: close it (`f.close()`), or write it \
                     within `with open(\"log.txt\", \"w\") as f:`";
    let board = repl_board().on("\r", prints("''\r\n>>> "));
    let steps = |wrote: &str| {
        vec![boot(), send(&format!("{wrote}\r")), repl(">>> open('log.txt').read()\n'hello'")]
    };
    let wrote = "open('log.txt', 'w').write('hello')";
    check_with(&[("log.txt", "")], steps(wrote), &board, not_saved);
    check_with(&[], steps(wrote), &board, not_saved);
    check_with(&[("log.txt", "hi")], steps(wrote), &board, "");
    check_with(&[("log.txt", "")], steps("f = open('log.txt', 'w'); f.close()"), &board, "");
    check_with(&[("log.txt", "")], steps("open('log.txt').read()"), &board, "");
    let has = step(Action::Fs(Fs::Has("/log.txt".to_string())));
    check(vec![boot(), send(&format!("{wrote}\r")), has], &board, not_saved);
}

#[test]
fn what_was_typed_while_a_program_ran_was_typed_too_early() {
    let early = "what line 10 typed came at 0.008 s, when the board was not at its prompt, and \
                 nothing has echoed it: wait first, with `expect: { prompt: true }`";
    let steps = || vec![run_at_once(), expect_text("starting"), send("6*7\r"), expect_text("42")];
    let busy = Scripted::new(&board()).at_start(after(8).prints("starting"));
    check(steps(), &busy, early);
    // It reads by itself, as `input()` does.
    check(steps(), &busy.clone().echoes(), "");
    let silent = Scripted::new(&board()).at_start(prints("starting\r\n>>> "));
    check(vec![run_at_once(), expect_text(">>> "), send("6*7\r"), expect_text("42")], &silent, "");
    // A key is for a program.
    check(vec![run_at_once(), wait(9), key(b"\x03"), expect_text("42")], &busy, "");
}

#[test]
fn a_line_that_python_cannot_indent_is_named() {
    let raises = repl_board()
        .on(":\r", prints("... "))
        .on("a()\r", prints("... "))
        .on("b()\r", prints("... "))
        .on("\r", prints("Traceback (most recent call last):\r\n  File \"<stdin>\", line 2\r\nIndentationError: unindent\r\n>>> "));
    check(
        vec![boot(), repl(">>> for i in x:\n...     a()\n...   b()\n0")],
        &raises,
        "line 13 is indented by 2 blanks, as no block is: what stands after `... ` is typed as it is",
    );
    check(
        vec![boot(), repl(">>> for i in x:\n0")],
        &raises,
        "the block of line 11 has no line: each of its lines begins with `... `",
    );
    check(
        vec![boot(), repl(">>> exec('  x')\n0")],
        &raises,
        "check the indentation: what stands after `... ` is typed as it is",
    );
}

#[test]
fn a_board_that_sleeps_for_good_waits_for_something() {
    let mut registers = replab_record::Registers::default();
    (registers.r[15], registers.xpsr) = (0x100, 1 << 24);
    let sleeps = Scripted::new(&board())
        .at_start(prints("waiting"))
        .with_registers(registers)
        .with_memory(0x100 - 2, &[0x30, 0xbf]);
    let told = "nothing comes in the next 5s either: what should wake the board, a byte, a level, \
                a press?";
    check(vec![run_at_once(), expect_text("pressed")], &sleeps, told);
    let ticks = sleeps.at_start(prints("waiting").after(ms(3000)).prints("tick"));
    check(vec![run_at_once(), expect_text("pressed")], &ticks, "");
}
