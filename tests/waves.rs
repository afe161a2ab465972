//! Waves from outside, on the real emulator: what dumps, claims and pictures say of
//! one firmware's pins is what its transcript says.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;
use wellen::simple::{self, Waveform};

mod support;

/// A LED that a program takes high for 20 ms of each 100 ms, three times, with a word between.
const BLINKS: &str = "replab: 1
name: it blinks three times
needs: [gpio]
steps:
  - boot: repl
  - exec: |
      import time
      from machine import Pin
      led = Pin(\"LED\", Pin.OUT, value=0)
  - paste: |
      for n in range(3):
          led.on(); time.sleep_ms(20); led.off(); time.sleep_ms(80)
          print(\"blink\", n)
";

/// A folder with one scenario that was played with `arguments`.
struct Played {
    folder: TempDir,
    output: Output,
}

impl Played {
    fn new(scenario: &str, arguments: &[&str]) -> Played {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(folder.path().join("one.yaml"), scenario).expect("the folder is ours");
        let output = Command::new(assert_cmd::cargo::cargo_bin("xtask"))
            .current_dir(support::root())
            // xtask finds its checkout by this; ours names another package.
            .env_remove("CARGO_MANIFEST_DIR")
            .args(["emulate", "--scenarios"])
            .arg(folder.path())
            .arg("--output")
            .arg(folder.path())
            .args(arguments)
            .output()
            .expect("xtask is built with this test");
        Played { folder, output }
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("one.lab-m0.qemu.{ending}"))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    #[track_caller]
    fn ends_with(&self, code: i32) {
        let errors = String::from_utf8_lossy(&self.output.stderr);
        assert_eq!(self.output.status.code(), Some(code), "{}{errors}", self.text());
    }
}

/// The changes of `track` in `waves`: times in nanoseconds, and values.
fn changes(waves: &mut Waveform, track: &str) -> Vec<(u64, String)> {
    let variable = waves.hierarchy().lookup_var(&["lab-m0"], track).expect("there is such a track");
    let signal = waves.hierarchy()[variable].signal_ref();
    waves.load_signals(&[signal]);
    let changes = waves.get_signal(signal).expect("it was loaded").iter_changes();
    changes.map(|(index, value)| (waves.time_table()[index as usize], value.to_string())).collect()
}

/// The lines of `transcript` that hold `mark`: times in nanoseconds, and what follows it.
fn lines<'a>(transcript: &'a str, mark: &str) -> Vec<(u64, &'a str)> {
    let line = |line: &'a str| {
        let (time, what) = line.split_once(mark)?;
        Some((time.trim().replace('.', "").parse().ok()?, what))
    };
    transcript.lines().filter_map(line).collect()
}

/// Surfer's reader sees in the dump what the transcript has: each edge, what was sent, and
/// when the board waited.
#[test]
fn a_dump_of_a_run_is_what_its_transcript_says() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let played = Played::new(BLINKS, &["--vcd"]);
    played.ends_with(0);
    let transcript = fs::read_to_string(played.file("txt")).expect("it was written");
    let mut waves = simple::read(played.file("vcd")).expect("it is a value change dump");
    let level = |word: &str| if word == "high" { "1" } else { "0" }.to_owned();
    let edges: Vec<(u64, String)> =
        lines(&transcript, " LED = ").into_iter().map(|(at, word)| (at, level(word))).collect();
    assert_eq!(edges.len(), 7, "one to low, and three pulses: {transcript}");
    let led = changes(&mut waves, "LED");
    assert_eq!(led[0], (0, "x".to_owned()));
    assert_eq!(led[1..], edges);
    let sent: String = changes(&mut waves, "uart0_sent")
        .into_iter()
        .map(|(_, byte)| if byte == "SP" { " ".to_owned() } else { byte })
        .collect();
    assert!(sent.contains("blink 2CRLF"), "{sent}");
    let prompts = changes(&mut waves, "uart0_at_prompt");
    assert_eq!(prompts.last().map(|(_, level)| level.as_str()), Some("1"), "{prompts:?}");
    let steps: Vec<String> =
        changes(&mut waves, "step").into_iter().map(|(_, step)| step).collect();
    assert_eq!(steps, ["1_boot", "2_exec", "3_paste"]);
}

#[test]
fn no_dump_is_written_unless_it_is_asked_for() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let played = Played::new(BLINKS, &[]);
    played.ends_with(0);
    assert!(played.file("txt").is_file() && !played.file("vcd").exists());
}

/// [`BLINKS`] with the second low part 4 ms longer, and with a step about it.
fn uneven(step: &str) -> String {
    let uneven = BLINKS.replace("time.sleep_ms(80)", "time.sleep_ms(84 if n == 1 else 80)");
    let paste = uneven.split_once("  - paste: |\n").expect("it has that step");
    let code = paste.1.replace("      for n", "      def go():\n        for n");
    let code = code
        .replace("          led.on", "            led.on")
        .replace("          print", "            print");
    let head = paste.0.replace("name: it", "name: unevenly it");
    format!("{head}  - paste: |\n{code}  - send: \"go()\\r\"\n  - {step}\n")
}

#[test]
fn a_wrong_wave_shows_its_edge_the_distance_and_what_was_printed_then() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let played = Played::new(&uneven("wave: { pin: LED, for: 400ms, period: 100ms ±2% }"), &[]);
    played.ends_with(100);
    let screen = played.text();
    let wrong = screen.lines().find(|line| line.contains("expected period 100ms ±2% on LED"));
    let wrong = wrong.unwrap_or_else(|| panic!("{screen}"));
    assert!(wrong.contains("got 104.0") && wrong.contains("in period 2 of 2, 2.0"), "{wrong}");
    assert!(wrong.ends_with("ms over the limit"), "{wrong}");
    let after = screen.split("  here  |").nth(1).unwrap_or_else(|| panic!("{screen}"));
    assert!(after.contains("| blink 1") && !after.contains("| blink 0"), "{screen}");
}

#[test]
fn a_marginal_claim_is_told_counted_and_fails_only_a_strict_run() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let scenario = uneven("wave: { pin: LED, for: 400ms, period: 100ms ±4.1% }");
    let played = Played::new(&scenario, &[]);
    played.ends_with(0);
    let text = played.text();
    assert!(text.contains("  marginal: period 100ms ±4.1% on LED: 104.0"), "{text}");
    assert!(text.contains("\n  1 claim is marginal: within 5 % of a limit"), "{text}");
    let played = Played::new(&scenario, &["--strict"]);
    played.ends_with(100);
    assert!(played.text().contains("on LED, and not near a limit (strict)"), "{}", played.text());
    let wide = scenario.replace("4.1%", "5%");
    Played::new(&wide, &["--strict"]).ends_with(0);
}

#[test]
fn a_contract_shows_its_table_whether_it_holds_or_not() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let step = "contract: { pin: LED, for: 400ms, high: { min: 15ms, typ: 20ms, max: 25ms }, \
                period: { min: 90ms, typ: 100ms, max: 110ms } }";
    let played = Played::new(&uneven(step), &[]);
    played.ends_with(0);
    let table = |text: &str| text.contains("LED:     min    typ    max") && text.contains("2 of 2");
    assert!(table(&played.text()), "{}", played.text());
    let played = Played::new(&uneven(&step.replace("110ms", "103ms")), &[]);
    played.ends_with(100);
    assert!(table(&played.text()), "{}", played.text());
    assert!(played.text().contains("expected period min 90ms, max 103ms on LED, got 104.0"));
}

/// What `show` draws of a run.
fn shown(played: &Played, arguments: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(assert_cmd::cargo::cargo_bin("xtask"))
        .current_dir(support::root())
        .env_remove("CARGO_MANIFEST_DIR")
        .arg("show")
        .arg("--output")
        .arg(played.folder.path())
        .args(arguments)
        .output()
        .expect("xtask is built with this test");
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code())
}

#[test]
fn a_run_is_drawn_from_its_transcript() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let played = Played::new(BLINKS, &[]);
    played.ends_with(0);
    let transcript = fs::read_to_string(played.file("txt")).expect("it was written");
    let rise = lines(&transcript, " LED = high")[0].0;
    let from = format!("{}ms", rise / 1_000_000 - 5);
    let to = format!("{}ms", rise / 1_000_000 + 305);
    let (text, code) = shown(&played, &["one", "--from", &from, "--to", &to, "--width", "80"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(", a character is 5 ms\n"), "{text}");
    let led = text.lines().find(|line| line.starts_with("LED")).unwrap_or_else(|| panic!("{text}"));
    // 20 ms of 100 ms are four characters of twenty.
    assert_eq!(led.matches('/').count(), 3, "{text}");
    assert_eq!(led.matches("/‾‾‾\\_______________").count(), 3, "{text}");
    for (arguments, expected) in [
        (&["two"][..], "no run `two` has a transcript in"),
        (&["one", "--pin", "P3"], "pin `P3` did not move in this run (those that did: LED)"),
        (&["one", "--from", "99s"], "there is nothing from 99.000000000 s to"),
        (&["Cargo.toml"], "Cargo.toml is no transcript"),
    ] {
        let (text, code) = shown(&played, arguments);
        assert_eq!((code, text.contains(expected)), (Some(2), true), "{text}");
    }
}
