//! `replab shell` through a real terminal: what a person sees and types.

mod support;

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::processes::{child, is_there, pid};
use support::terminal::Sitting;

/// Ctrl-].
const LEAVE: &str = "\x1d";
const F1: &str = "\x1bOP";
const F12: &str = "\x1b[24~";

/// A board at its first prompt, in a terminal of the kind `term`, with so many columns.
fn at_prompt(term: &str, columns: u16) -> Result<Sitting, String> {
    support::qemu_tools()?;
    support::micropython()?;
    let program = assert_cmd::cargo::cargo_bin("replab");
    let program = program.to_str().expect("its folder is UTF-8");
    let mut sitting = Sitting::start(program, &["shell", "lab-m0@qemu"], term, columns);
    sitting.sees("-- lab-m0@qemu, Ctrl-] leaves, F1 BUTTON, F12 status, Ctrl-T help\r\n");
    sitting.sees("\r\n>>> ");
    Ok(sitting)
}

/// Leaves, which ends well; what was shown from then on.
#[track_caller]
fn leave(mut sitting: Sitting) -> String {
    let emulator = sitting.emulator();
    sitting.types(LEAVE);
    let (code, said) = sitting.ends();
    assert_eq!(code, 0, "{said}");
    assert!(!is_there(emulator), "the emulator is left");
    said
}

#[test]
fn the_repl_answers_and_is_interrupted() {
    let mut sitting = or_skip!(at_prompt("xterm", 80));
    sitting.types("1+1\r");
    sitting.sees("1+1\r\n2\r\n>>> ");
    sitting.types("print(chr(0xe9) + chr(0x1f600))\r");
    sitting.sees("\r\né\u{1f600}\r\n>>> ");
    sitting.types("while True: print('x' 'y')\r\r");
    sitting.sees("xy\r\nxy\r\n");
    sitting.types("\x03");
    sitting.sees("KeyboardInterrupt: \r\n>>> ");
    // Ctrl-Z is a byte like any other, and Esc comes when nothing follows it.
    sitting.types("import sys; print(ord(sys.stdin.read(1)))\r");
    sitting.sees("\r\n");
    sitting.types("\x1a");
    sitting.sees("26\r\n>>> ");
    sitting.types("print(ord(sys.stdin.read(1)))\r");
    sitting.sees("\r\n");
    sitting.types("\x1b");
    sitting.sees("27\r\n>>> ");
    sitting.types("print(sys.stdin.buffer.read(2))\r");
    sitting.sees("\r\n");
    sitting.types("é");
    sitting.sees("b'\\xc3\\xa9'\r\n>>> ");
    assert_eq!(leave(sitting), "\r\n");
}

#[test]
fn keys_press_the_boards_buttons() {
    let mut sitting = or_skip!(at_prompt("xterm", 80));
    sitting.types("from machine import Pin; b = Pin(14, Pin.IN, Pin.PULL_UP)\r");
    sitting.sees("\r\n>>> ");
    let wait = "exec(\"print('wai' 'ting')\\nwhile b.value(): pass\\nprint('pre' 'ssed')\\nwhile not b.value(): pass\\nprint('re' 'leased')\")\r";
    for press in [F1, "\x1b[11~", "\x141"] {
        sitting.types(wait);
        sitting.sees("\r\nwaiting\r\n");
        sitting.types(press);
        sitting.sees("pressed\r\n");
        sitting.sees("released\r\n>>> ");
    }
    sitting.types("\x142");
    sitting.sees("\r\n-- this board has no button 2\r\n>>> ");
    leave(sitting);
}

#[test]
fn the_status_says_levels_and_times_and_the_line_goes_on() {
    let mut sitting = or_skip!(at_prompt("xterm", 80));
    sitting.types(F12);
    sitting.sees("\r\n-- LED unknown, F1 BUTTON released, ");
    sitting.sees(" s wall\r\n>>> ");
    sitting.types("from machine import Pin; Pin(25, Pin.OUT).on()\r");
    sitting.sees("\r\n>>> ");
    sitting.types("1+");
    sitting.sees("1+");
    sitting.types(F12);
    sitting.matches(
        r"\r\n-- LED high, F1 BUTTON released, \d+\.\d{3} s machine, \d+\.\d{3} s wall\r\n>>> 1\+",
    );
    sitting.types("41\r");
    sitting.sees("41\r\n42\r\n>>> ");
    sitting.types("\x14?");
    sitting.sees("Ctrl-T s is F12");
    sitting.sees("\r\n>>> ");
    leave(sitting);
}

#[test]
fn a_narrow_terminal_and_one_that_changes_get_whole_lines() {
    let mut sitting = or_skip!(at_prompt("xterm", 20));
    sitting.types(F12);
    sitting.sees("\r\n-- LED unknown, F1\r\n-- BUTTON released,\r\n-- ");
    sitting.sees("wall\r\n>>> ");
    sitting.resize(80);
    sitting.types("while True: print('x' 'y')\r\r");
    sitting.sees("xy\r\n");
    sitting.resize(30);
    sitting.sees("xy\r\n");
    sitting.types("\x03");
    sitting.sees("KeyboardInterrupt: \r\n>>> ");
    sitting.types(F12);
    sitting.sees("\r\n-- LED unknown,\r\n-- F1 BUTTON released,\r\n-- ");
    sitting.sees(" wall\r\n>>> ");
    leave(sitting);
}

#[test]
fn a_dumb_terminal_gets_no_escape_sequences() {
    let mut sitting = or_skip!(at_prompt("dumb", 80));
    // MicroPython answers a backspace and moves of the cursor by escape sequences.
    sitting.types("1+12\x7f\x01\x1b[C\x05\x01\x04\x05\x08+40\r");
    let mut shown = sitting.sees("\r\n>>> ");
    sitting.types("print('\\x1b[31m' 'red')\r");
    shown += &sitting.sees("\r\nred\r\n>>> ");
    sitting.types(F12);
    shown += &sitting.sees(" wall\r\n>>> ");
    shown += &leave(sitting);
    assert!(!shown.contains('\x1b'), "{shown:?}");
}

#[test]
fn what_would_make_a_terminal_answer_is_shown() {
    let mut sitting = or_skip!(at_prompt("xterm", 80));
    sitting.types("print('\\x1b[6n' '\\x1b]0;title\\x07')\r");
    sitting.sees("\r\n\\x1b[6n\\x1b]0;title\x07\r\n>>> ");
    leave(sitting);
}

#[test]
fn an_emulator_that_ends_is_told() {
    let sitting = or_skip!(at_prompt("xterm", 80));
    kill_process(sitting.emulator(), Signal::KILL).expect("it is there");
    let (code, said) = sitting.ends();
    assert_eq!(code, 102, "{said}");
    // What is told begins a line, in a terminal that is as it was.
    assert!(said.starts_with("\r\nerror: ") && said.contains(" (ended by SIGKILL)"), "{said:?}");
}

#[test]
fn firmware_that_resets_itself_is_told_and_goes_on() {
    let mut sitting = or_skip!(at_prompt("xterm", 80));
    sitting.types("import machine; machine.reset()\r");
    sitting.sees("\r\n-- reset by the firmware\r\n");
    sitting.sees("\r\n>>> ");
    leave(sitting);
}

#[test]
fn signals_end_it_and_the_terminal_is_as_it_was() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let sitting = or_skip!(at_prompt("xterm", 80));
        let emulator = sitting.emulator();
        sitting.signals(signal);
        let (code, said) = sitting.ends();
        assert_eq!(code, 0, "{said}");
        assert!(!is_there(emulator), "{signal:?}: the emulator is left");
    }
}

#[test]
fn after_a_stop_the_terminal_is_raw_again() {
    let mut sitting = or_skip!(at_prompt("xterm", 80));
    assert!(!sitting.is_cooked());
    sitting.signals(Signal::STOP);
    sitting.cook();
    sitting.signals(Signal::CONT);
    sitting.sees("\r\n>>> ");
    assert!(!sitting.is_cooked());
    leave(sitting);
}

#[test]
fn a_board_that_takes_nothing_can_be_left() {
    let mut sitting = or_skip!(at_prompt("xterm", 80));
    sitting.types("import machine; machine.disable_irq()\rwhile True: pass\r\r");
    sitting.types(&"x".repeat(20_000));
    leave(sitting);
}

#[test]
fn a_terminal_that_hangs_up_leaves_nothing_behind() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
    let master = master.expect("Linux has pseudo-terminals");
    grantpt(&master).expect("it is ours");
    unlockpt(&master).expect("it is ours");
    let path = ptsname(&master, Vec::new()).expect("it has a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = File::from(open(path, flags, Mode::empty()).expect("it is there"));
    let mut process = Command::new("setsid")
        .args(["--ctty", "--wait"])
        .arg(assert_cmd::cargo::cargo_bin("replab"))
        .args(["shell", "lab-m0@qemu"])
        .current_dir(support::root())
        .env("TERM", "xterm")
        .stdin(slave.try_clone().expect("it can be shared"))
        .stdout(slave)
        .stderr(Stdio::null())
        .spawn()
        .expect("setsid is a part of every Linux");
    let mut terminal = File::from(master);
    let mut said = Vec::new();
    while !said.ends_with(b"\r\n>>> ") {
        let mut byte = [0];
        terminal.read_exact(&mut byte).expect("the board is there");
        said.push(byte[0]);
    }
    let emulator = pid(child(process.id()).expect("a board has its emulator"));
    drop(terminal);
    assert_eq!(process.wait().expect("it is our child").code(), Some(0));
    assert!(!is_there(emulator), "the emulator is left");
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let program = assert_cmd::cargo::cargo_bin("replab");
    let output = Command::new(program)
        .args(["shell", "lab-m0@qemu"])
        .stdin(Stdio::null())
        .current_dir(support::root())
        .output()
        .expect("replab is there: cargo build --workspace makes it");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    let expected = "error: standard input is no terminal (`replab serve` is for programs, `replab run` for scenarios)\n";
    assert_eq!(errors, expected);
    assert!(output.stdout.is_empty());
}

#[test]
fn what_is_wrong_is_told_before_the_terminal_is_touched() {
    let program = assert_cmd::cargo::cargo_bin("replab");
    let program = program.to_str().expect("its folder is UTF-8");
    let check = |arguments: &[&str], expected: &str| {
        let (code, said) = Sitting::start(program, arguments, "xterm", 80).ends();
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(expected), "{said}");
    };
    check(&["shell", "lab-m9@qemu"], "unknown board `lab-m9`");
    check(&["shell", "lab-m0@qemu", "--firmware", "/nowhere.elf"], "could not read /nowhere.elf");
}
