//! Runs of one scenario on two targets, and where they differ first.

use expect_test::{Expect as Expected, expect};
use replab_machine::{Fault, Timing};
use replab_memory::{HeapFigures, Sample, StackFigures};
use replab_record::{
    Comparison, Figure, FindingKind, MachineTime, Moment, NotComparable, Registers, Slack,
    StepPlace,
};
use replab_scenario::{Tolerable, Tolerance, Tolerated};

use super::*;
use crate::compare::{Side, compare};
use crate::play::{Measured, MemorySample, StepSummary};

/// Plays `steps` on a machine of each script and shows how the runs compare.
#[track_caller]
fn check(steps: Vec<Step>, scripts: [Scripted; 2], expected: Expected) {
    check_tolerant(steps, Vec::new(), scripts, expected);
}

/// The same, where `tolerate` is no surprise.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check_tolerant(
    steps: Vec<Step>,
    tolerate: Vec<Tolerable>,
    scripts: [Scripted; 2],
    expected: Expected,
) {
    let scenario = Scenario { tolerate: because(tolerate), ..scenario(steps) };
    let outcomes = scripts.map(|script| run(&scenario, &script));
    expected.assert_eq(&compared(&scenario, [&board(), &board()], [&outcomes[0], &outcomes[1]]));
}

fn because(tolerate: Vec<Tolerable>) -> Vec<Tolerated> {
    let why = |what: Tolerable| Tolerated { why: format!("the reason for {what:?}"), what };
    tolerate.into_iter().map(why).collect()
}

fn compared(scenario: &Scenario, boards: [&Board; 2], outcomes: [&Outcome; 2]) -> String {
    let side = |target: &'static str, index: usize| Side {
        target,
        board: boards[index],
        outcome: outcomes[index],
    };
    match compare(scenario, side("one@script", 0), side("two@script", 1)) {
        Ok(comparison) => told(&comparison),
        Err(NotComparable { target, why }) => format!("not comparable: {target}: {why:?}\n"),
    }
}

fn told(comparison: &Comparison) -> String {
    let mut text = String::new();
    for difference in &comparison.differences {
        text += &format!("{}: {}\n", difference.aspect.word(), difference.place);
        let cell = |moment: &Option<Moment>| match moment {
            Some(Moment { at, text }) => format!("{at:.6} {text:?}"),
            None => "-".to_string(),
        };
        for [one, two] in &difference.rows {
            text += &format!("  {} | {}\n", cell(one), cell(two));
        }
    }
    comparison.not_compared.iter().for_each(|why| text += &format!("not compared: {why}\n"));
    comparison.tolerated.iter().for_each(|why| text += &format!("tolerated: {why}\n"));
    if text.is_empty() { "equal\n".to_string() } else { text }
}

/// A REPL that answers `x` with `answer`.
fn answering(answer: &str) -> Scripted {
    repl_board().on("x\r", after(1).prints(format!("{answer}\r\n>>> ")))
}

/// A REPL that does `deeds` when `x` is typed, and gives its prompt after 100 ms.
fn doing(deeds: Deeds) -> Scripted {
    repl_board().on("x\r", deeds).on("y\r", prints("done\r\n>>> "))
}

fn type_x() -> Vec<Step> {
    vec![boot(), send("x\r"), wait(1000)]
}

fn blinking(high_us: u64) -> Scripted {
    let us = Duration::from_micros;
    doing(after(1).blinks("LED", us(high_us), us(100_000), 2).edge("LED", Level::High))
}

#[test]
fn equal_runs_are_equal() {
    check(
        type_x(),
        [blinking(50_000), blinking(50_000)],
        expect![[r#"
        equal
    "#]],
    );
}

#[test]
fn another_answer_is_shown_with_what_stands_before_it() {
    check(
        type_x(),
        [answering("42"), answering("43")],
        expect![[r#"
        transcript: line 3 of uart0
          0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
          0.011600 s ">>> x" | 0.011600 s ">>> x"
          0.014101 s "42" | 0.014101 s "43"
    "#]],
    );
    check(
        type_x(),
        [answering("a\r\nb\r\nc"), answering("a\r\nb")],
        expect![[r#"
        transcript: line 5 of uart0
          0.014101 s "a" | 0.014101 s "a"
          0.014401 s "b" | 0.014401 s "b"
          0.014701 s "c" | 0.014701 s ">>> "
    "#]],
    );
}

#[test]
fn lines_that_are_tolerated_are_left_out() {
    let tolerate = vec![Tolerable::Lines(TextPattern::Text("MicroPython".into()))];
    let other = |banner: &str| {
        Scripted::new(&board()).at_start(after(10).prints(format!("{banner}\r\n>>> "))).echoes()
    };
    let scripts = || [other("MicroPython on one"), other("MicroPython on two")];
    check(
        vec![boot()],
        scripts(),
        expect![[r#"
        transcript: line 1 of uart0
          0.010000 s "MicroPython on one" | 0.010000 s "MicroPython on two"
    "#]],
    );
    check_tolerant(
        vec![boot()],
        tolerate,
        scripts(),
        expect![[r#"
        tolerated: the reason for Lines(Text("MicroPython"))
    "#]],
    );
}

#[test]
fn another_level_is_a_difference_and_then_nothing_is_said_of_order() {
    let high = doing(after(1).edge("LED", Level::High));
    let twice = doing(after(1).edge("LED", Level::High).after(ms(5)).edge("LED", Level::Low));
    check(
        type_x(),
        [high, twice],
        expect![[r#"
        levels: level 2 of LED
          0.014101 s "LED high" | 0.014101 s "LED high"
          - | 0.019101 s "LED low"
    "#]],
    );
}

#[test]
fn a_pin_that_is_tolerated_is_not_looked_at() {
    let high = doing(after(1).edge("LED", Level::High));
    let scripts = || [high.clone(), repl_board()];
    check_tolerant(
        type_x(),
        vec![Tolerable::Edges("LED".into(), None)],
        scripts(),
        expect![[r#"
        tolerated: the reason for Edges("LED", None)
    "#]],
    );
    // By its name as well as by its role.
    check_tolerant(
        type_x(),
        vec![Tolerable::Edges("P2".into(), None)],
        scripts(),
        expect![[r#"
        tolerated: the reason for Edges("P2", None)
    "#]],
    );
    check_tolerant(
        type_x(),
        vec![Tolerable::Edges("P0".into(), None)],
        scripts(),
        expect![[r#"
        levels: level 1 of LED
          0.014101 s "LED high" | -
    "#]],
    );
}

/// Two pins that rise, one 3 ms after the other.
fn rising(first: &str, later: &str) -> Scripted {
    doing(after(1).edge(first, Level::High).after(ms(3)).edge(later, Level::High))
}

#[test]
fn another_order_of_edges_is_a_difference() {
    check(
        type_x(),
        [rising("LED", "P0"), rising("P0", "LED")],
        expect![[r#"
        order: which comes first, LED or P0
          0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
          0.011600 s ">>> x" | 0.011600 s ">>> x"
          0.014101 s "LED high" | 0.014101 s "P0 high"
          0.017101 s "P0 high" | 0.017101 s "LED high"
    "#]],
    );
    check(
        type_x(),
        [rising("LED", "P0"), rising("LED", "P0")],
        expect![[r#"
        equal
    "#]],
    );
}

#[test]
fn a_line_before_an_edge_is_not_one_after_it() {
    let before = doing(after(1).prints("go\r\n").after(ms(2)).edge("LED", Level::High));
    let later = doing(after(1).edge("LED", Level::High).after(ms(2)).prints("go\r\n"));
    check(
        type_x(),
        [before.clone(), later.clone()],
        expect![[r#"
        order: which comes first, uart0 or LED
          0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
          0.011600 s ">>> x" | 0.011600 s ">>> x"
          0.014101 s "go" | 0.014101 s "LED high"
          0.016101 s "LED high" | 0.016101 s "go"
    "#]],
    );
    let tolerate =
        || vec![Tolerable::Order("LED".into()), Tolerable::Time(Tolerance::Absolute(ms(5)))];
    check_tolerant(
        type_x(),
        tolerate(),
        [before, later],
        expect![[r#"
        tolerated: the reason for Order("LED")
        tolerated: the reason for Time(Absolute(5ms))
    "#]],
    );
}

#[test]
fn how_long_a_level_lasts_is_the_same_within_a_percent() {
    check(
        type_x(),
        [blinking(50_000), blinking(50_500)],
        expect![[r#"
        equal
    "#]],
    );
    check(
        type_x(),
        [blinking(50_000), blinking(50_600)],
        expect![[r#"
        time: level 1 of LED, at most 506us apart
          0.014101 s "LED high for 50ms" | 0.014101 s "LED high for 50.6ms"
    "#]],
    );
}

#[test]
fn a_short_level_is_computed_and_may_differ_as_that() {
    check(
        type_x(),
        [blinking(500), blinking(550)],
        expect![[r#"
        equal
    "#]],
    );
    check(
        type_x(),
        [blinking(500), blinking(560)],
        expect![[r#"
        time: level 1 of LED, at most 56us apart
          0.014101 s "LED high for 500us" | 0.014101 s "LED high for 560us"
    "#]],
    );
}

#[test]
fn what_times_are_tolerated_is_for_one_pin_or_for_all() {
    let ten = || Some(Tolerance::Relative(10.0));
    let scripts = || [blinking(50_000), blinking(54_000)];
    check_tolerant(
        type_x(),
        vec![Tolerable::Edges("LED".into(), ten())],
        scripts(),
        expect![[r#"
        tolerated: the reason for Edges("LED", Some(Relative(10.0)))
    "#]],
    );
    check_tolerant(
        type_x(),
        vec![Tolerable::Edges("P0".into(), ten())],
        scripts(),
        expect![[r#"
        time: level 1 of LED, at most 540us apart
          0.014101 s "LED high for 50ms" | 0.014101 s "LED high for 54ms"
    "#]],
    );
    let far = Tolerance::Absolute(ms(4));
    check_tolerant(
        type_x(),
        vec![Tolerable::Time(far)],
        scripts(),
        expect![[r#"
        tolerated: the reason for Time(Absolute(4ms))
    "#]],
    );
    let near = Tolerance::Absolute(ms(3));
    check_tolerant(
        type_x(),
        vec![Tolerable::Time(near)],
        scripts(),
        expect![[r#"
        time: level 1 of LED, at most 540us apart
          0.014101 s "LED high for 50ms" | 0.014101 s "LED high for 54ms"
    "#]],
    );
}

#[test]
fn how_long_an_answer_takes_is_the_same_within_ten_percent() {
    let after_us = |us: u64| {
        repl_board()
            .on("x\r", Deeds::default().after(Duration::from_micros(us)).prints("1\r\n>>> "))
    };
    check(
        type_x(),
        [after_us(50_000), after_us(54_000)],
        expect![[r#"
        equal
    "#]],
    );
    check(
        type_x(),
        [after_us(50_000), after_us(60_000)],
        expect![[r#"
        time: before line 3 of uart0, at most 5.99ms apart
          0.063101 s "after 49.9ms: 1" | 0.073101 s "after 59.9ms: 1"
    "#]],
    );
}

#[test]
fn a_timer_that_comes_in_between_shortens_no_answer() {
    let timer = |time: u64| {
        let answer = after(50).prints("1\r\n>>> ");
        let start = after(10).prints("up\r\n>>> ").after(ms(time)).edge("LED", Level::High);
        Scripted::new(&board()).at_start(start).echoes().on("x\r", answer)
    };
    check(
        type_x(),
        [timer(20), timer(45)],
        expect![[r#"
        equal
    "#]],
    );
}

#[test]
fn what_a_board_takes_to_start_is_not_compared() {
    let starts = |time| Scripted::new(&board()).at_start(after(time).prints("up\r\n"));
    let steps = || vec![step(Action::Boot(Boot::Run)), wait(400), reset(Reset::Hard), wait(400)];
    check(
        steps(),
        [starts(10), starts(300)],
        expect![[r#"
        equal
    "#]],
    );
    let banner = |time| {
        Scripted::new(&board())
            .at_start(after(5).prints("a\r\n").after(ms(time)).prints(">>> "))
            .echoes()
    };
    check(
        vec![boot()],
        [banner(10), banner(300)],
        expect![[r#"
        time: before line 2 of uart0, at most 29.98ms apart
          0.015000 s "after 9.8ms: >>> " | 0.305000 s "after 299.8ms: >>> "
    "#]],
    );
}

/// The time of a level is the lab's if it has done something meanwhile.
#[test]
fn a_level_that_the_lab_has_a_part_in_has_no_time() {
    let on_off = repl_board()
        .on("x\r", after(1).edge("LED", Level::High))
        .on("y\r", after(1).edge("LED", Level::Low).after(ms(1)).edge("LED", Level::High));
    let waiting = |time: u64| vec![boot(), send("x\r"), wait(time), send("y\r"), wait(50)];
    let one = run(&scenario(waiting(100)), &on_off);
    let two = run(&scenario(waiting(300)), &on_off);
    let scenario = scenario(waiting(100));
    expect![[r#"
        equal
    "#]]
    .assert_eq(&compared(&scenario, [&board(), &board()], [&one, &two]));
}

#[test]
fn no_collection_takes_as_long_as_another() {
    let collects = |time: u64| {
        repl_board()
            .on("gc.collect()\r", after(time).prints("0\r\n>>> "))
            .on("x\r", after(time).prints("1\r\n>>> "))
    };
    let scripts = || [collects(10), collects(90)];
    let collect = || repl(">>> gc.collect()\n0\n");
    check(
        vec![boot(), collect()],
        scripts(),
        expect![[r#"
        not compared: times of step 2: its code names `gc`
    "#]],
    );
    check(
        vec![boot(), collect(), repl(">>> x\n1\n")],
        scripts(),
        expect![[r#"
        time: before line 5 of uart0, at most 8.99ms apart
          0.036002 s "after 9.9ms: 1" | 0.196002 s "after 89.9ms: 1"
        not compared: times of step 2: its code names `gc`
    "#]],
    );
    check(
        vec![boot(), collect(), collect()],
        scripts(),
        expect![[r#"
        not compared: times of steps 2, 3: their code names `gc`
    "#]],
    );
    let with_file = Scenario {
        files: files(&[("main.py", "import gc\n")]),
        ..scenario(vec![boot(), repl(">>> x\n1\n")])
    };
    let outcomes = scripts().map(|script| run(&with_file, &script));
    expect![[r#"
        not compared: times: main.py names `gc`, and no collection takes as long as another
    "#]]
    .assert_eq(&compared(&with_file, [&board(); 2], [&outcomes[0], &outcomes[1]]));
}

#[test]
fn a_failure_on_one_target_is_a_difference() {
    let steps = || vec![boot(), repl(">>> x\n42\n")];
    check(
        steps(),
        [answering("42"), answering("43")],
        expect![[r#"
        verdict: at the end
          0.065801 s "passed" | 0.015801 s "failed in step 2, repl"
        transcript: line 3 of uart0
          0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
          0.011600 s ">>> x" | 0.011600 s ">>> x"
          0.014101 s "42" | 0.014101 s "43"
    "#]],
    );
    check(
        steps(),
        [answering("43"), answering("43")],
        expect![[r#"
        equal
    "#]],
    );
}

/// An address that nothing answers is a fault on one emulator, and reads 0 on the other.
#[test]
fn a_fault_on_one_target_is_a_finding_on_the_other() {
    let fault = Fault { exception: 3, registers: Registers::default(), is_stacked: true };
    let faulting = repl_board().on("x\r", after(1).faults(fault));
    let touching = || {
        let deeds = after(1).touches(FindingKind::Nothing, "4 KiB at 0x60000000", 0x6000_0504);
        repl_board().with_findings().on("x\r", deeds.prints("0\r\n>>> "))
    };
    check(
        vec![boot(), repl(">>> x\n0\n")],
        [faulting.clone(), touching()],
        expect![[r#"
            verdict: at the end
              0.064101 s "failed in step 2, repl: HardFault: the stack has run over: sp is 0x00000000, 536870912 bytes below its end" | 0.065701 s "passed; finding: 0x60000504 (4 KiB at 0x60000000) was written, where nothing answers (pc 0x00000000)"
            transcript: line 3 of uart0
              0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
              0.011600 s ">>> x" | 0.011600 s ">>> x"
              - | 0.014101 s "0"
        "#]],
    );
    let never = vec![Never::Found(FindingKind::Nothing)];
    let forbidding = Scenario { never, ..scenario(vec![boot(), repl(">>> x\n0\n")]) };
    let outcomes = [faulting.with_findings(), touching()].map(|script| run(&forbidding, &script));
    expect![[r#"
        verdict: at the end
          0.064101 s "failed in step 2, repl: HardFault: the stack has run over: sp is 0x00000000, 536870912 bytes below its end" | 0.014701 s "failed in no step: 0x60000504 (4 KiB at 0x60000000) was written, where nothing answers (pc 0x00000000)"
        transcript: line 3 of uart0
          0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
          0.011600 s ">>> x" | 0.011600 s ">>> x"
          - | 0.014101 s "0"
    "#]].assert_eq(&compared(
        &forbidding,
        [&board(), &board()],
        [&outcomes[0], &outcomes[1]],
    ));
}

#[test]
fn what_was_not_played_cannot_be_compared() {
    let needing = Scenario { needs: vec![replab_scenario::Need::Gpio], ..scenario(type_x()) };
    let scripts = [answering("42"), answering("42").without_pins()];
    let outcomes = scripts.map(|script| run(&needing, &script));
    expect![[r#"
        not comparable: two@script: Skipped(Lacks { target: "test-board@script", capability: "gpio" })
    "#]].assert_eq(&compared(&needing, [&board(); 2], [&outcomes[0], &outcomes[1]]));
    let dying = repl_board().on("x\r", Deeds::default().dies());
    check(
        type_x(),
        [dying, answering("42")],
        expect![[r#"
        not comparable: one@script: Broken(Broken { step: Some(StepPlace { number: 3, of: 3, file: "scenarios/tests/one.yaml", line: 10, title: "wait" }), causes: ["the machine cannot go on", "the scripted machine ended during `go` (its script says so)"], last_words: ["last words"] })
    "#]],
    );
}

/// Output that goes on is cut by the end of a run: what came after the last step on
/// one target alone says nothing.
#[test]
fn what_comes_after_the_last_step_is_no_difference_by_itself() {
    let steps = || vec![boot(), send("x\r"), wait(40)];
    let ticks = |pause: u64| {
        let tick =
            |deeds: Deeds, _| deeds.after(ms(pause)).prints("tick\r\n").edge("LED", Level::High);
        repl_board().on("x\r", (0..9).fold(after(39), tick))
    };
    check(
        steps(),
        [ticks(5), ticks(6)],
        expect![[r#"
        time: before line 4 of uart0, at most 550us apart
          0.062101 s "after 4.5ms: tick" | 0.064101 s "after 5.5ms: tick"
    "#]],
    );
    // The end cuts a line too.
    let long = |time: u64| repl_board().on("x\r", after(time).prints("0123456789".repeat(20)));
    let outcome = run(&scenario(steps()), &long(85));
    assert!((20..150).contains(&outcome.lines.last().unwrap().text.len()), "{:?}", outcome.lines);
    check(
        steps(),
        [long(85), long(86)],
        expect![[r#"
        equal
    "#]],
    );
    check(
        steps(),
        [long(86), long(85)],
        expect![[r#"
        equal
    "#]],
    );
    let late = |text: &str| repl_board().on("x\r", after(45).prints(text));
    check(
        steps(),
        [late("x"), late("y")],
        expect![[r#"
        transcript: line 3 of uart0
          0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
          0.011600 s ">>> x" | 0.011600 s ">>> x"
          0.058101 s "x" | 0.058101 s "y"
    "#]],
    );
}

#[test]
fn by_the_desk_clock_only_text_is_compared() {
    let high = doing(after(1).edge("LED", Level::High));
    check(
        type_x(),
        [high, repl_board().timing(Timing::Wall)],
        expect![[r#"
        not compared: levels, order and times: two@script goes by the desk clock, which tells no edge for sure
    "#]],
    );
    check(
        type_x(),
        [answering("42"), answering("43").timing(Timing::Wall)],
        expect![[r#"
        transcript: line 3 of uart0
          0.010000 s "MicroPython v1" | 0.010000 s "MicroPython v1"
          0.011600 s ">>> x" | 0.011600 s ">>> x"
          0.014101 s "42" | 0.063101 s "43"
        not compared: levels, order and times: two@script goes by the desk clock, which tells no edge for sure
    "#]],
    );
}

/// Another board: its LED is elsewhere, and it calls its ports and pins otherwise.
fn other_board() -> Board {
    let text = BOARD
        .replace("LED: P2", "LED: G1")
        .replace("BUTTON: P3", "BUTTON: G3")
        .replace("name: P", "name: G")
        .replace("uart0", "usb");
    load("test-board.yaml", &text).unwrap()
}

#[test]
fn pins_go_by_role_and_the_repl_by_its_port() {
    let other = other_board();
    let start = || after(10).prints("up\r\n>>> ").edge("LED", Level::High);
    let scenario = scenario(vec![boot(), wait(20)]);
    let one = run(&scenario, &Scripted::new(&board()).at_start(start()));
    let play_other = |start: Deeds| {
        let machine = Scripted::new(&other).at_start(start).machine();
        play(&scenario, &other, "two@script", None, machine, &options())
    };
    let boards = [&board(), &other];
    expect![[r#"
        equal
    "#]]
    .assert_eq(&compared(&scenario, boards, [&one, &play_other(start())]));
    let more = play_other(start().edge("G0", Level::High));
    expect![[r#"
        not compared: pin G0: test-board has none of that name
    "#]]
    .assert_eq(&compared(&scenario, boards, [&one, &more]));
}

#[test]
fn other_ports_are_compared_by_their_names() {
    let ports = |names: &str| load("test-board.yaml", &BOARD.replace("ports:\n", names)).unwrap();
    let two_ports = ports("ports:\n  uart1: { baud: 9600 }\n");
    let saying = |text: &str| {
        let mut outcome = run(&scenario(vec![boot()]), &repl_board());
        let byte = |(byte, at): (u8, u64)| replab_record::Event::Sent {
            port: replab_record::PortName::new("uart1"),
            byte,
            at: outcome.end + ms(at),
        };
        let bytes: Vec<_> = text.bytes().zip(1..).map(byte).collect();
        outcome.record.extend(bytes);
        outcome
    };
    let (scenario, one, two) = (scenario(vec![boot()]), saying("a\r\nb"), saying("a\r\nc"));
    let boards = [&two_ports; 2];
    expect![[r#"
        equal
    "#]]
    .assert_eq(&compared(&scenario, boards, [&one, &one]));
    expect![[r#"
        transcript: line 2 of uart1
          0.063900 s "a" | 0.063900 s "a"
          0.066900 s "b" | 0.066900 s "c"
    "#]]
    .assert_eq(&compared(&scenario, boards, [&one, &two]));
    // Where one board has no such port, there is nothing to compare it with.
    let boards = [&two_ports, &ports("ports:\n  uart2: { baud: 9600 }\n")];
    expect![[r#"
        not compared: port uart1: test-board has none of that name
    "#]]
    .assert_eq(&compared(&scenario, boards, [&one, &two]));
}

/// A run of two `memory` steps with so much heap used and of the stack at its peak.
fn with_memory(samples: [(u32, u32); 2]) -> Outcome {
    let mut outcome = run(&scenario(vec![boot()]), &repl_board());
    let sample = |(used, peak)| Sample {
        stack: StackFigures { size: 500, peak },
        heap: Some(HeapFigures { total: 1000, used, free: 1000 - used, largest_free: 64 }),
    };
    let [first, second] = samples.map(sample);
    let change = second.since(&first);
    for (number, now, change) in [(2, first, None), (3, second, Some(change))] {
        let place =
            StepPlace { number, of: 3, file: "one.yaml".into(), line: 9, title: "memory".into() };
        let at = MachineTime::from_nanos(number as u64 * 1_000_000);
        let measured = Some(Measured::Memory(MemorySample { now, change }));
        outcome.steps.push(StepSummary { place, start: at, end: at, measured });
    }
    outcome
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check_memory(other: [(u32, u32); 2], tolerate: Vec<Tolerable>, expected: Expected) {
    let scenario = Scenario { tolerate: because(tolerate), ..scenario(vec![boot()]) };
    let (one, two) = (with_memory([(100, 50), (200, 60)]), with_memory(other));
    expected.assert_eq(&compared(&scenario, [&board(), &board()], [&one, &two]));
}

#[test]
fn figures_of_memory_are_the_same_to_the_byte() {
    check_memory(
        [(100, 50), (200, 60)],
        vec![],
        expect![[r#"
        equal
    "#]],
    );
    check_memory(
        [(100, 50), (200, 61)],
        vec![],
        expect![[r#"
        memory: stack.peak in step 3
          0.003000 s "stack.peak: 60 bytes" | 0.003000 s "stack.peak: 61 bytes"
    "#]],
    );
    check_memory(
        [(101, 50), (200, 60)],
        vec![],
        expect![[r#"
        memory: heap.used in step 2
          0.002000 s "heap.used: 100 bytes" | 0.002000 s "heap.used: 101 bytes"
    "#]],
    );
}

#[test]
fn figures_of_memory_that_are_tolerated_are_near() {
    let all = |bytes| {
        let slack = Slack::Absolute(replab_record::Bytes::new(bytes));
        Tolerable::Memory(replab_scenario::MEMORY_WORDS.map(|figure| (figure, slack)).to_vec())
    };
    check_memory(
        [(101, 50), (201, 60)],
        vec![all(1)],
        expect![[r#"
        tolerated: the reason for Memory([(HeapTotal, Absolute(Bytes(1))), (HeapUsed, Absolute(Bytes(1))), (HeapFree, Absolute(Bytes(1))), (HeapLargest, Absolute(Bytes(1))), (HeapGrowth, Absolute(Bytes(1))), (StackPeak, Absolute(Bytes(1)))])
    "#]],
    );
    check_memory(
        [(102, 50), (202, 60)],
        vec![all(1)],
        expect![[r#"
        memory: heap.used in step 2
          0.002000 s "heap.used: 100 bytes" | 0.002000 s "heap.used: 102 bytes"
    "#]],
    );
    let slack = Slack::Absolute(replab_record::Bytes::new(9));
    let used = vec![(Figure::HeapUsed, slack), (Figure::HeapFree, slack)];
    check_memory(
        [(100, 50), (205, 60)],
        vec![Tolerable::Memory(used)],
        expect![[r#"
        memory: heap.growth in step 3
          0.003000 s "heap.growth: 100 bytes" | 0.003000 s "heap.growth: 105 bytes"
        tolerated: the reason for Memory([(HeapUsed, Absolute(Bytes(9))), (HeapFree, Absolute(Bytes(9)))])
    "#]],
    );
    let peak = Tolerable::Memory(vec![(Figure::StackPeak, Slack::Relative(10.0))]);
    check_memory(
        [(100, 50), (200, 66)],
        vec![peak.clone()],
        expect![[r#"
        tolerated: the reason for Memory([(StackPeak, Relative(10.0))])
    "#]],
    );
    check_memory(
        [(100, 50), (200, 67)],
        vec![peak],
        expect![[r#"
        memory: stack.peak in step 3
          0.003000 s "stack.peak: 60 bytes" | 0.003000 s "stack.peak: 67 bytes"
    "#]],
    );
}

#[test]
fn the_page_states_what_is_allowed() {
    let page = include_str!("../../../../docs/compare.md");
    let short = format!("{} µs", crate::SHORT.as_micros());
    for stated in
        [format!("{} %", crate::EDGES_PERCENT), format!("{} %", crate::COMPUTING_PERCENT), short]
    {
        assert!(page.contains(&stated), "{stated}");
    }
}
