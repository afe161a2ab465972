//! The emulated Pico beside another emulator of the RP2040, rp2040js: the same images,
//! typed at with the same lines, print the same.
//!
//! rp2040js is here where Node.js is (`cargo xtask ci` fetches it); without it these
//! tests are skipped, also in CI. Where the two
//! differ, the data sheet decides: [`THERE`] and [`HERE`].

mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use replab_machine::qemu::Proof;
use support::bench::Bench;

/// A line of the register test, what is right, and why (sections of the RP2040 data sheet).
type Difference = (&'static str, &'static str, &'static str);

/// What rp2040js 1.4.1 does not have, or has wrong.
const THERE: [Difference; 10] = [
    ("sio fifo status", "00000002", "§2.3.1.7: room to write, nothing to read; it has no FIFO"),
    ("pad at reset", "00000056", "§2.19.6.3: the input is enabled; it has 0x36"),
    ("pin high", "00000004", "§2.3.1.2: GPIO_IN is the pad; it does not lead outputs back"),
    ("pin high events", "00000a00", "§2.19.6.1: high, and the edge"),
    ("pin edge cleared", "00000200", "§2.19.6.1: high"),
    ("pin interrupts", "00000002", "§2.19.6.1: two falling edges of a driven pin"),
    ("pwm enabled", "00000001", "§4.5.3: EN mirrors the bits of the slices"),
    ("watchdog ticks", "0000060c", "§4.7.6: CYCLES is kept"),
    ("spi looped", "000000a5", "§4.4.4: SSPCR1.LBM; it has no loop"),
    ("uart levels at reset", "00000012", "§4.2.8: UARTIFLS; it has no such register"),
];

/// What our chip has otherwise than the real one: docs/chips.md says why.
const HERE: [Difference; 3] = [
    ("sio lock refused", "00000020", "§2.3.1.3: 0; with one core whoever asks gets a lock"),
    ("sio locks", "00000000", "§2.3.1.3: bit 5; the same"),
    ("divider clean", "00000002", "§2.3.1.5: 0; only loads as the pico-sdk makes them are seen"),
];

/// Where rp2040js is, or why it is not.
fn rp2040js() -> Result<PathBuf, String> {
    let folder = support::target().join("tools/oracle");
    if folder.join("node_modules/rp2040js").is_dir() {
        return Ok(folder);
    }
    Err("no rp2040js (needs Node.js with npm; `cargo xtask ci` fetches it)".to_owned())
}

/// What rp2040js prints of the image at `flash`, after each of `lines` was typed at `prompt`.
fn played_there(folder: &Path, flash: &Path, prompt: &str, lines: &[&str]) -> String {
    // Node.js looks for modules above the file that asks.
    let own = tempfile::tempdir_in(folder).expect("a folder can be made beside the modules");
    let program = own.path().join("play.mjs");
    fs::copy(support::root().join("tests/oracle/play.mjs"), &program).expect("the folder is ours");
    let mut node = Command::new("node")
        .arg(program)
        .arg(support::target().join("firmware/pico-rom/rom.bin"))
        .arg(flash)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is Node.js, or rp2040js would not be here");
    let dialogue = serde_json::json!({ "prompt": prompt, "lines": lines }).to_string();
    node.stdin.take().expect("it was piped").write_all(dialogue.as_bytes()).expect("it reads");
    let output = node.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}:\n{text}", output.status);
    text
}

/// The same on the emulated Pico in QEMU.
fn played_here(flash: &Path, prompt: &'static str, lines: &[&str]) -> Result<String, String> {
    let (tools, board) = (support::qemu_tools()?, support::board("pico"));
    let mut bench = Bench::start_on(&tools, &board, flash, prompt, Proof::default());
    let ready = bench.bytes(prompt);
    for line in lines {
        bench.go(Duration::from_secs(60), std::slice::from_ref(&ready));
        bench.type_line(line);
    }
    bench.go(Duration::from_secs(60), &[ready]);
    Ok(bench.text())
}

/// An image that the firmware's build has published.
fn image(path: &str) -> Result<PathBuf, String> {
    let file = support::target().join("firmware").join(path);
    if file.is_file() {
        Ok(file)
    } else {
        Err(format!("no {} (cargo xtask firmware)", file.display()))
    }
}

/// Both emulators, or why not. What only Node.js is missing for is no failure in CI.
macro_rules! or_alone {
    ($found:expr) => {
        match $found {
            Ok(folder) => folder,
            Err(reason) => {
                eprintln!("skipped: {reason}");
                return;
            }
        }
    };
}

#[test]
fn registers_are_what_another_emulator_or_the_data_sheet_says() {
    let folder = or_alone!(rp2040js());
    let flash = or_skip!(image("pico-registers/pico-registers.bin"));
    let prompt = "end\r\n";
    let here = or_skip!(played_here(&flash, prompt, &[]));
    let there = played_there(&folder, &flash, prompt, &[]);
    let lines =
        |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let (here, there) = (lines(&here), lines(&there));
    assert!(here.len() > 70, "{here:#?}");
    let known = |line: &str| {
        let name = line.rsplit_once(' ').map_or(line, |(name, _)| name);
        THERE.iter().chain(&HERE).find(|(known, ..)| *known == name)
    };
    let right = |line: &String| {
        known(line).map_or_else(|| line.clone(), |(name, value, _)| format!("{name} {value}"))
    };
    let expected: Vec<String> = there.iter().map(right).collect();
    let wrong: Vec<(&String, &String)> =
        here.iter().zip(&expected).filter(|(here, expected)| here != expected).collect();
    assert_eq!((here.len(), wrong), (expected.len(), Vec::new()));
    for (name, value, why) in THERE.iter().chain(&HERE) {
        let line = format!("{name} {value}");
        assert!(!there.contains(&line), "rp2040js agrees now: {line} ({why})");
    }
}

#[test]
fn the_same_firmware_says_the_same_at_its_prompt() {
    let folder = or_alone!(rp2040js());
    let flash = or_skip!(image("pico/firmware.bin"));
    let lines = [
        "1 + 1, 7 // 2, -7 // 2, -7 % 3, 2 ** 100",
        "1 / 3, 2 ** 0.5, 1e300 * 10, float('nan')",
        "import sys, os, machine; sys.platform, sys.implementation[1], machine.freq()",
        "sorted({3: 'c', 1: 'a', 2: 'b'}.items())",
        "f = open('a.txt', 'w'); f.write('kept ' * 300), f.close()",
        "len(open('a.txt').read()), os.listdir('/'), os.stat('a.txt')[6]",
        "os.statvfs('/')[:4]",
        "from machine import Pin; Pin(25, Pin.OUT), Pin(14, Pin.IN, Pin.PULL_UP)",
        "import time; t = time.ticks_ms(); time.sleep(2); time.ticks_diff(time.ticks_ms(), t)",
        "import hashlib, binascii; binascii.hexlify(hashlib.sha256(b'abc').digest())",
        "import struct; struct.unpack('<f', struct.pack('<f', 3.14159))",
        "import json; json.loads(json.dumps({'a': [1, 2.5, None, True]}))",
        "raise ValueError('here')",
        "fib = lambda n: n if n < 2 else fib(n - 1) + fib(n - 2)",
        "fib(15)",
        "open('absent')",
    ];
    let here = or_skip!(played_here(&flash, ">>> ", &lines));
    let there = played_there(&folder, &flash, ">>> ", &lines);
    assert_eq!(here, there);
    assert!(here.contains("\r\n610\r\n") && here.contains("ENOENT"), "{here}");
}
