//! `--compare` between lab-m0 in QEMU and a stand-in for Renode, never Renode itself: its
//! firmware of a few words answers as MicroPython does but for one thing in each
//! scenario, and that is what the comparison shows.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::expect;

use support::bench::text;
use support::python::at_prompt;
use support::renode::StandIn;

/// The stand-in takes 0.1 ms for each line, whatever it is.
const TOLERATE: &str = "tolerate: [{ time: 2ms, why: the stand-in does not compute }]\n";

const LED: &str = "  - repl: |
      >>> from machine import Pin;import time
      >>> led=Pin(25,Pin.OUT,value=0)
";

/// Scenarios by what differs.
const SCENARIOS: [(&str, &str); 7] = [
    ("nothing", "  - repl: |\n      >>> 6*7\n      42\n"),
    ("transcript", "  - repl: |\n      >>> 2**10\n      <int>\n"),
    ("levels", "  - repl: \">>> led.on();led.off();led.on()\"\n  - pin: { LED: high }\n"),
    ("order", "  - repl: |\n      >>> led.on();print('on')\n      on\n"),
    ("time", "  - repl: \">>> led.on();time.sleep_ms(20);led.off()\"\n"),
    ("memory", "  - memory: sample\n"),
    ("verdict", "  - repl: |\n      >>> import machine;machine.mem32[0x60000504]\n      0\n"),
];

/// What MicroPython has said and has in memory at its first prompt, in QEMU.
fn take_down(folder: &Path) -> Result<(), String> {
    let mut bench = at_prompt()?;
    let said = text(&bench.events);
    let banner = said.strip_suffix(">>> ").expect("it stands at its prompt");
    fs::write(folder.join("banner"), banner).expect("the folder is ours");
    let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
    for (at, length) in [(0, 0x5_0000), (0x2000_0000, 0x4_2000)] {
        let bytes = memory.read(at, length).expect("there is memory");
        fs::write(folder.join(format!("{at:08x}")), bytes).expect("the folder is ours");
    }
    Ok(())
}

/// `line` without times, which another build of the firmware changes.
fn without_times(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_time = |index: usize| {
        let is_unit = |word: &&str| ["s", "ms"].contains(word);
        let is_number = |index: usize| words[index].parse::<f64>().is_ok();
        is_number(index) && words.get(index + 1).is_some_and(is_unit)
            || index > 0 && is_unit(&words[index]) && is_number(index - 1)
    };
    let kept = (0..words.len()).filter(|index| !is_time(*index)).map(|index| words[index]);
    kept.collect::<Vec<_>>().join(" ")
}

#[test]
fn each_aspect_in_which_they_differ_is_told() {
    let like = tempfile::tempdir().expect("a folder can be made");
    or_skip!(take_down(like.path()));
    let stand_in =
        or_skip!(StandIn::new(&["--fakes", "--like", &like.path().display().to_string()]));
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, steps) in SCENARIOS {
        let text =
            format!("replab: 1\nname: {name}\n{TOLERATE}steps:\n  - boot: repl\n{LED}{steps}");
        fs::write(folder.path().join(format!("{name}.yaml")), text).expect("the folder is ours");
    }
    let output = Command::new(support::target().join("debug/replab"))
        .args(["run", "--compare", "--target", "lab-m0@qemu,lab-m0@renode", "--scenarios"])
        .arg(folder.path())
        .arg("--renode")
        .arg(&stand_in.program)
        .arg("--output")
        .arg(folder.path().join("output"))
        .current_dir(support::root())
        .env("NO_COLOR", "1")
        .env_remove("CI")
        .output()
        .expect("cargo has built it");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("it is UTF-8");
    // One run fails, which says more than that others differ.
    assert_eq!(output.status.code(), Some(100), "{said}");
    let mut told = String::new();
    let mut is_told = false;
    for line in said.lines() {
        is_told |= line.starts_with("differs ") || line.starts_with("scenario ");
        is_told &= !line.trim_start().starts_with("help:") && !line.contains(" wall");
        if is_told {
            told += &format!("{}\n", without_times(line));
        }
    }
    expect![[r#"
        differs levels lab-m0@qemu, lab-m0@renode
        levels: level 3 of LED
        lab-m0@qemu | lab-m0@renode
        LED low | LED low
        LED high | LED high
        > LED low | nothing
        differs memory lab-m0@qemu, lab-m0@renode
        memory: heap.used in step 3
        lab-m0@qemu | lab-m0@renode
        > heap.used: 7824 bytes | heap.used: 2592 bytes
        differs order lab-m0@qemu, lab-m0@renode
        order: which comes first, LED or uart0
        lab-m0@qemu | lab-m0@renode
        LED low | LED low
        >>> led.on();print('on') | >>> led.on();print('on')
        > LED high | on
        > on | LED high
        differs time lab-m0@qemu, lab-m0@renode
        time: level 2 of LED, at most 250us apart
        lab-m0@qemu | lab-m0@renode
        > LED high for 20.018368ms | LED high for 25ms
        differs transcript lab-m0@qemu, lab-m0@renode
        transcript: line 6 of uart0
        lab-m0@qemu | lab-m0@renode
        >>> led=Pin(25,Pin.OUT,value=0) | >>> led=Pin(25,Pin.OUT,value=0)
        >>> 2**10 | >>> 2**10
        > 1024 | 1025
        differs verdict lab-m0@qemu, lab-m0@renode
        verdict: at the end
        lab-m0@qemu | lab-m0@renode
        > failed in step 3, repl: HardFault: `machine_… | passed; finding: 0x60000504 (4 KiB at 0x6000…
        transcript: line 6 of uart0
        lab-m0@qemu | lab-m0@renode
        >>> led=Pin(25,Pin.OUT,value=0) | >>> led=Pin(25,Pin.OUT,value=0)
        >>> import machine;machine.mem32[0x60000504] | >>> import machine;machine.mem32[0x60000504]
        > | 0
        scenario lab-m0@qemu lab-m0@renode
        levels differs in levels
        tolerated: the stand-in does not compute
        memory differs in memory
        tolerated: the stand-in does not compute
        nothing equal
        tolerated: the stand-in does not compute
        order differs in order
        time differs in time
        tolerated: the stand-in does not compute
        transcript differs in transcript
        verdict differs in verdict, transcript
    "#]].assert_eq(&told);
}
