//! Resets: what the step does, and what each kind keeps where the lab decides.

use expect_test::expect;
use replab_machine::{Machine, PAINT};
use replab_record::{Event, MachineTime, PortName, ResetCause};

use super::*;

/// MicroPython ends the line of the prompt first.
const START: &str = "\r\nMPY: soft reboot\r\nMicroPython v1\r\n>>> ";

/// A REPL that starts Python again at Ctrl-D.
fn rebooting() -> Scripted {
    repl_board().on("\x04", after(5).prints(START))
}

/// The causes of a run's resets.
fn causes(outcome: &Outcome) -> Vec<ResetCause> {
    let cause = |event: &Event| match event {
        Event::Reset { cause, .. } => Some(*cause),
        _ => None,
    };
    outcome.record.events().iter().filter_map(cause).collect()
}

#[test]
fn a_soft_reset_is_ctrl_d_at_the_prompt_and_done_when_the_firmware_says_so() {
    let board = rebooting().on("6 * 7\r", prints("42\r\n>>> "));
    let steps = vec![boot(), reset(Reset::Soft), repl(">>> 6 * 7\n42")];
    let outcome = run(&scenario(steps), &board);
    assert_eq!(outcome.verdict, Verdict::Passed);
    assert_eq!(causes(&outcome), [], "the board itself has not started again");
    // 100 µs for Ctrl-D, 1 µs and 5 ms until it answers, 2 ms for its 20 bytes.
    let took = outcome.steps[1].end - outcome.steps[1].start;
    assert_eq!(took.as_micros(), 100 + 1 + 5000 + 19 * 100);
}

#[test]
fn a_soft_reset_reaches_the_prompt_first() {
    let board = rebooting().on("slow()\r", after(300).prints("done\r\n>>> "));
    let steps = vec![boot(), send("slow()\r"), reset(Reset::Soft), expect_prompt()];
    check_transcript(
        steps,
        &board,
        expect![[r#"
            MicroPython v1
            >>> slow()
            done
            >>> 
            MPY: soft reboot
            MicroPython v1
            >>> "#]],
    );
}

#[test]
fn a_soft_reset_without_a_prompt_teaches() {
    check(
        vec![boot(), send("while True: pass\r"), within(100, reset(Reset::Soft))],
        &rebooting(),
        expect![[r#"
            failed at step 3 of 3, reset on line 10, 0.114600001 s
            output
            expected: prompt ">>> " on uart0 within 100ms
            got:      "while True: pass\n"
            hint: a soft reset is Ctrl-D at the prompt: stop the program first with `key: ctrl-c`, or use `reset: hard`
        "#]],
    );
    check(
        vec![boot(), key(b"\x05"), within(100, reset(Reset::Soft))],
        &rebooting().on("\x05", prints("\r\npaste mode\r\n=== ")),
        expect![[r#"
            failed at step 3 of 3, reset on line 10, 0.113000001 s
            output
            expected: prompt ">>> " on uart0 within 100ms
            got:      "\npaste mode\n=== "
            hint: the board is in paste mode: `key: ctrl-d` ends it
        "#]],
    );
}

#[test]
fn a_soft_reset_that_nobody_answers_teaches() {
    check(
        vec![boot(), reset(Reset::Soft)],
        &repl_board(),
        expect![[r#"
        failed at step 2 of 2, reset on line 10, 2.012900000 s
        output
        expected: "MPY: soft reboot" after Ctrl-D on uart0 within 2s
        got:      nothing after 0.011 s
        hint: this REPL does not start again at Ctrl-D as MicroPython's does: use `reset: hard`
    "#]],
    );
}

#[test]
fn a_hard_reset_starts_the_board_again() {
    let steps = vec![boot(), reset(Reset::Hard), expect_text("MicroPython v1"), expect_prompt()];
    let outcome = run(&scenario(steps), &repl_board());
    assert_eq!(outcome.verdict, Verdict::Passed);
    assert_eq!(causes(&outcome), [ResetCause::Lab]);
}

#[test]
fn a_power_cut_starts_the_board_again() {
    let steps = vec![boot(), reset(Reset::Power), repl(">>> 1\n1")];
    let outcome = run(&scenario(steps), &repl_board().on("1\r", prints("1\r\n>>> ")));
    assert_eq!(outcome.verdict, Verdict::Passed);
    assert_eq!(causes(&outcome), [ResetCause::Power]);
}

#[test]
fn what_follows_a_reset_waits_for_its_prompt() {
    for how in [Reset::Hard, Reset::Power] {
        let steps = vec![boot(), reset(how), reset(how), repl(">>> 1\n1"), reset(how), boot()];
        check(steps, &repl_board().on("1\r", prints("1\r\n>>> ")), expect!["passed"]);
    }
}

#[test]
fn nothing_is_typed_before_the_board_has_started() {
    let board = repl_board().on("1\r", prints("1\r\n>>> "));
    check_transcript(
        vec![boot(), reset(Reset::Hard), repl(">>> 1\n1")],
        &board,
        expect![[r#"
            MicroPython v1
            >>> MicroPython v1
            >>> 1
            1
            >>> "#]],
    );
}

#[test]
fn resets_that_were_asked_for_are_no_reboot_loop() {
    for how in [Reset::Hard, Reset::Power] {
        check((0..30).map(|_| reset(how)).collect(), &repl_board(), expect!["passed"]);
    }
    let soft = (0..30).map(|_| reset(Reset::Soft));
    let board = repl_board().on("\x04", prints(START));
    check([boot()].into_iter().chain(soft).collect(), &board, expect!["passed"]);
}

#[test]
fn a_loop_after_a_reset_that_was_asked_for_is_still_one() {
    let steps = || scenario(vec![boot(), reset(Reset::Soft), wait(100)]);
    let verdict = |reboots| {
        let text = "\r\n".to_owned() + &"MPY: soft reboot\r\n".repeat(reboots);
        shown(&run(&steps(), &repl_board().on("\x04", prints(&text))).verdict)
    };
    // The one that was asked for, and ten more.
    assert_eq!(verdict(1 + 10), "passed");
    assert!(
        verdict(1 + 11).contains("exit loop: Python ended and was started again 11 times"),
        "{}",
        verdict(1 + 11)
    );
}

#[test]
fn a_crash_right_after_a_reset_is_seen() {
    // Half a line that stood there before does not hide it.
    let board = Scripted::new(&board()).echoes();
    let board = board.at_start(after(10).prints("FATAL: no memory\r\n"));
    check(
        vec![send("half a line"), reset(Reset::Hard), wait(20)],
        &board,
        expect![[r#"
            failed at step 3 of 3, wait on line 10, 0.011100001 s
            crash
            expected: no crash
            got:      FATAL: no memory
        "#]],
    );
}

#[test]
fn half_a_line_before_a_reset_is_judged() {
    let regex = regex::Regex::new(r"(?m)^E\d+$").unwrap();
    let check = |board: &Scripted, steps| {
        let never = vec![Never::Sent(TextPattern::Regex(regex.clone()))];
        let outcome = run(&Scenario { never, ..scenario(steps) }, board);
        let text = shown(&outcome.verdict);
        assert!(text.contains("got:      \"E12\""), "{text}");
    };
    let silent = Scripted::new(&board());
    check(
        &silent.clone().at_start(after(1).prints("E12").after(ms(200)).resets()),
        vec![wait(300)],
    );
    check(&silent.echoes(), vec![send("E12"), wait(1), reset(Reset::Hard)]);
}

#[test]
fn a_machine_whose_power_nobody_can_cut_skips() {
    let scenario = scenario(vec![boot(), reset(Reset::Power)]);
    let machine = Machine { power: None, ..repl_board().machine() };
    let outcome = play(&scenario, &board(), "test-board@script", None, machine, &options());
    expect![[r#"skipped: Lacks { target: "test-board@script", capability: "power" }"#]]
        .assert_eq(&shown(&outcome.verdict));
    let needing = Scenario { needs: vec![replab_scenario::Need::Power], ..scenario };
    assert_eq!(run(&needing, &repl_board()).verdict, Verdict::Passed);
}

#[test]
fn outputs_are_unknown_after_hard_and_power_resets() {
    let lit = || Scripted::new(&board()).at_start(after(100).edge("LED", Level::High));
    for how in [Reset::Hard, Reset::Power] {
        let steps =
            |time| vec![pin("LED", Level::High), reset(how), within(time, pin("LED", Level::High))];
        check(steps(150), &lit(), expect!["passed"]);
        let text = shown(&run(&scenario(steps(50)), &lit()).verdict);
        assert!(text.contains("got:      unknown since 0.100000 s"), "{text}");
    }
}

#[test]
fn a_soft_reset_says_nothing_about_pins() {
    let board = rebooting().on("on()\r", prints(">>> ").edge("LED", Level::High));
    let steps = vec![
        boot(),
        repl(">>> on()"),
        pin("LED", Level::High),
        reset(Reset::Soft),
        within(0, pin("LED", Level::High)),
    ];
    check(steps, &board, expect!["passed"]);
}

#[test]
fn the_flash_outlives_every_reset() {
    for how in [Reset::Soft, Reset::Hard, Reset::Power] {
        let steps = vec![
            boot(),
            fs(Fs::Write(files(&[("config.json", "{}")]))),
            reset(how),
            fs(Fs::Is(files(&[("config.json", "{}")]))),
        ];
        check(steps, &rebooting(), expect!["passed"]);
    }
}

/// A board with a part of its RAM that keeps its content without power.
fn board_with_backup() -> Board {
    let text =
        BOARD.replace("ports:", "nonvolatile:\n  backup: { at: 0x20000800, size: 0x100 }\nports:");
    load("test-board.yaml", &text).unwrap()
}

/// What stands in RAM, in the backup RAM and in flash after `reset`, where each
/// held a byte 7 before.
fn kept(reset: impl Fn(&mut Machine)) -> Vec<u8> {
    let mut machine = Scripted::new(&board_with_backup()).machine();
    let places = [0x2000_0400, 0x2000_0880, 0x100];
    let mut memory = machine.memory.take().unwrap();
    places.iter().for_each(|place| memory.write(*place, &[7]).unwrap());
    reset(&mut machine);
    places.iter().map(|place| memory.read(*place, 1).unwrap()[0]).collect()
}

#[test]
fn a_power_cut_paints_ram_and_keeps_flash_and_nonvolatile_ram() {
    let cut = |machine: &mut Machine| drop(machine.power.as_mut().unwrap().cycle().unwrap());
    assert_eq!(kept(cut), [PAINT, 7, 7]);
}

#[test]
fn a_hard_reset_keeps_flash_and_nonvolatile_ram() {
    let pull = |machine: &mut Machine| drop(machine.run.reset().unwrap());
    assert_eq!(kept(pull)[1..], [7, 7]);
}

#[test]
fn a_reset_by_the_firmware_keeps_flash_and_nonvolatile_ram() {
    let board = board_with_backup();
    let mut machine = Scripted::new(&board).at_start(after(1).resets()).machine();
    let memory = machine.memory.as_mut().unwrap();
    for place in [0x2000_0880, 0x100] {
        memory.write(place, &[7]).unwrap();
    }
    machine.run.go(MachineTime::ZERO + ms(2), &[]).unwrap();
    machine.run.reset().unwrap();
    let memory = machine.memory.as_mut().unwrap();
    for place in [0x2000_0880, 0x100] {
        assert_eq!(memory.read(place, 1).unwrap(), [7]);
    }
}

#[test]
fn input_on_its_way_is_dropped_by_hard_and_power_resets() {
    for cut in [false, true] {
        let mut machine = repl_board().machine();
        let port = PortName::new("uart0");
        machine.run.send(&port, b"lost", MachineTime::ZERO).unwrap();
        assert_eq!(machine.run.pending(&port).unwrap(), 4);
        if cut {
            machine.power.as_mut().unwrap().cycle().unwrap();
        } else {
            machine.run.reset().unwrap();
        }
        assert_eq!(machine.run.pending(&port).unwrap(), 0);
        let stop = machine.run.go(MachineTime::ZERO + ms(50), &[]).unwrap();
        assert!(stop.events.iter().all(|event| !matches!(event, Event::Received { .. })));
    }
}
