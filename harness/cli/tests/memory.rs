//! `replab memory` from outside: what it says of right files and of wrong ones.

#[path = "../../memory/src/testing/linked.rs"]
mod linked;

use std::fs::{self, File};
use std::path::Path;

use assert_cmd::Command;
use expect_test::{Expect, expect};
use linked::{
    GLOBAL_FUNCTION, GLOBAL_VARIABLE, LOCAL_FUNCTION, Name, Piece, WEAK_FUNCTION, linked,
};
use tempfile::TempDir;

const LAB_M0: &str = include_str!("../../../boards/lab-m0.yaml");

/// A program for lab-m0.
const PROGRAM: &[Piece] = &[
    Piece { name: ".text", flags: "ax", at: 0, load_at: Some(0), size: 5000 },
    Piece { name: ".data", flags: "wa", at: 0x2000_0000, load_at: Some(5000), size: 16 },
    Piece { name: ".bss", flags: "wa", at: 0x2000_0010, load_at: None, size: 2048 },
];

const NAMES: &[Name] = &[
    ("buffer", 0x2000_0010, 2000, 2, GLOBAL_VARIABLE),
    ("main", 0x101, 96, 0, GLOBAL_FUNCTION),
    ("blink", 0x201, 40, 0, LOCAL_FUNCTION),
    ("default_handler", 0x301, 2, 0, WEAK_FUNCTION),
];

/// A folder with boards and files.
fn bench() -> TempDir {
    let bench = tempfile::tempdir().expect("a temporary folder can be made");
    for room in ["boards", "scenarios", "lessons"] {
        fs::create_dir(bench.path().join(room)).expect("the folder is ours");
    }
    put(&bench, "boards/lab-m0.yaml", LAB_M0.as_bytes());
    put(&bench, "program.elf", &linked(PROGRAM, NAMES));
    bench
}

fn put(bench: &TempDir, file: &str, bytes: &[u8]) {
    fs::write(bench.path().join(file), bytes).expect("the folder is ours");
}

fn replab(bench: &Path) -> Command {
    let mut command = Command::cargo_bin("replab").expect("it is built with this test");
    command.current_dir(bench).env("NO_COLOR", "1");
    command
}

/// Runs `replab memory ARGUMENTS` at `bench`: exit code, standard output, standard
/// error. It must not have written a file.
#[track_caller]
fn check(bench: &TempDir, arguments: &[&str], expected: &Expect) {
    let before = files_below(bench.path());
    let output = replab(bench.path()).arg("memory").args(arguments).output();
    let output = output.expect("it can be run");
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    expected.assert_eq(&format!("exit {code}\n{out}---\n{err}"));
    assert_eq!(files_below(bench.path()), before);
}

fn files_below(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is ours").flatten();
    let mut names: Vec<String> = entries
        .flat_map(|entry| {
            let path = entry.path();
            let below = if path.is_dir() { files_below(&path) } else { Vec::new() };
            below.into_iter().chain([path.display().to_string()])
        })
        .collect();
    names.sort();
    names
}

/// A header of 64 bytes: class, byte order, processor.
fn head(class: u8, order: u8, machine: u16) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order, 1]);
    bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    bytes
}

#[test]
fn a_program_on_a_board() {
    check(
        &bench(),
        &["program.elf", "--board", "lab-m0"],
        &expect![[r#"
        exit 0
        program.elf on lab-m0

        flash  4.8 KiB of 2 MiB (0.2 %)  [#++++++++++++++++++++.........]
               the program: code, constants, first values of data; kept without power
            4.8 KiB  .text          code
               16 B  .data          what it begins with in RAM
           1.37 MiB  files          the file system
          635.1 KiB  free

        ram    2.0 KiB of 264 KiB (0.7 %)  [#.............................]
               data + bss + stack + heap: what changes; lost without power
              2 KiB  .bss           variables without first values
               16 B  .data          variables with first values
          261.9 KiB  free

        [#] in the file  [+] set aside while it runs  [.] free

        text 5000, data 16, bss 2048 bytes, as `arm-none-eabi-size` counts

        The largest 4 of 4 functions and variables
            1.9 KiB  buffer           .bss
               96 B  main             .text
               40 B  blink            .text
                2 B  default_handler  .text
        ---
    "#]],
    );
}

#[test]
fn a_program_without_a_board() {
    check(
        &bench(),
        &["program.elf", "--top", "2"],
        &expect![[r#"
        exit 0
        program.elf

        flash  4.8 KiB from 0x00000000 on
               the program: code, constants, first values of data; kept without power
            4.8 KiB  .text          code
               16 B  .data          what it begins with in RAM

        ram    2.0 KiB from 0x20000000 on
               data + bss + stack + heap: what changes; lost without power
              2 KiB  .bss           variables without first values
               16 B  .data          variables with first values

        text 5000, data 16, bss 2048 bytes, as `arm-none-eabi-size` counts

        The largest 2 of 4 functions and variables
            1.9 KiB  buffer  .bss
               96 B  main    .text
        ---
    "#]],
    );
}

#[test]
fn no_board_files_are_needed() {
    let empty = tempfile::tempdir().expect("a temporary folder can be made");
    put(&empty, "program.elf", &linked(&PROGRAM[..1], &[]));
    check(
        &empty,
        &["program.elf"],
        &expect![[r#"
        exit 0
        program.elf

        flash  4.8 KiB from 0x00000000 on
               the program: code, constants, first values of data; kept without power
            4.8 KiB  .text          code

        text 5000, data 0, bss 0 bytes, as `arm-none-eabi-size` counts

        The file has no symbols: nothing tells which function or variable is large.
        ---
    "#]],
    );
}

#[test]
fn a_program_as_json() {
    check(
        &bench(),
        &["program.elf", "--json", "--top", "1"],
        &expect![[r#"
        exit 0
        {"memory":1,"file":"program.elf","text":5000,"data":16,"bss":2048,"regions":[{"name":"flash","kind":"flash","at":0,"used":5016,"parts":[{"name":".text","at":0,"size":5000,"role":"code"},{"name":".data","at":5000,"size":16,"role":"first-content"}]},{"name":"ram","kind":"ram","at":536870912,"used":2064,"parts":[{"name":".data","at":536870912,"size":16,"role":"data"},{"name":".bss","at":536870928,"size":2048,"role":"reserved"}]}],"sections":[{"name":".text","at":0,"size":5000,"load_at":0,"kind":"code"},{"name":".data","at":536870912,"size":16,"load_at":5000,"kind":"data"},{"name":".bss","at":536870928,"size":2048,"kind":"reserved"}],"symbols":[{"name":"buffer","at":536870928,"size":2000,"section":".bss"}],"symbols_total":4}
        ---
    "#]],
    );
}

#[test]
fn a_missing_file_and_a_folder() {
    check(
        &bench(),
        &["missing.elf"],
        &expect![[r#"
        exit 2
        ---
        error: could not read missing.elf
          because: No such file or directory (os error 2)
    "#]],
    );
    check(
        &bench(),
        &["boards"],
        &expect![[r#"
        exit 2
        ---
        error: boards is no file
    "#]],
    );
}

#[test]
fn what_is_no_program_for_arm() {
    let bench = bench();
    put(&bench, "empty.elf", b"");
    put(&bench, "text.elf", b"hello");
    put(&bench, "short.elf", &linked(PROGRAM, NAMES)[..3000]);
    put(&bench, "x86.elf", &head(1, 1, 3));
    put(&bench, "x86-64.elf", &head(2, 1, 62));
    put(&bench, "aarch64.elf", &head(2, 1, 183));
    put(&bench, "big.elf", &head(1, 2, 0x2800));
    check(
        &bench,
        &["empty.elf"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of empty.elf
          because: the file is empty
    "#]],
    );
    check(
        &bench,
        &["text.elf", "--json"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of text.elf
          because: the file is no ELF file
    "#]],
    );
    check(
        &bench,
        &["short.elf"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of short.elf
          because: the file is cut short: it has 3000 bytes, and its own headers say at least 5604
    "#]],
    );
    check(
        &bench,
        &["x86.elf"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of x86.elf
          because: the program is for x86 (it must be for a 32-bit Arm)
    "#]],
    );
    check(
        &bench,
        &["x86-64.elf"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of x86-64.elf
          because: the program is a 64-bit one, for x86-64 (it must be for a 32-bit Arm)
    "#]],
    );
    check(
        &bench,
        &["aarch64.elf"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of aarch64.elf
          because: the program is a 64-bit one, for AArch64 (it must be for a 32-bit Arm)
    "#]],
    );
    check(
        &bench,
        &["big.elf"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of big.elf
          because: the program is big-endian (Cortex-M code is little-endian)
    "#]],
    );
}

#[test]
fn what_does_not_fit_the_board() {
    let bench = bench();
    let text = Piece { at: 0x0800_0000, load_at: Some(0x0800_0000), ..PROGRAM[0].clone() };
    put(&bench, "stm32.elf", &linked(&[text], &[]));
    check(
        &bench,
        &["stm32.elf", "--board", "lab-m0"],
        &expect![[r#"
        exit 2
        ---
        error: no memory report of stm32.elf
          because: section `.text` (5000 bytes at 0x08000000) lies in no memory of lab-m0, which has flash (2097152 bytes at 0x00000000) and ram (270336 bytes at 0x20000000)
    "#]],
    );
    check(
        &bench,
        &["program.elf", "--board", "pico"],
        &expect![[r#"
        exit 2
        ---
        error: unknown board `pico` (the boards are: lab-m0)
    "#]],
    );
}

/// In 200 MB of address space, which reading it would exceed.
#[test]
fn a_file_of_2_gb_is_refused_before_it_is_read() {
    let bench = bench();
    put(&bench, "huge.elf", &linked(PROGRAM, NAMES));
    let huge = File::options().write(true).open(bench.path().join("huge.elf"));
    huge.and_then(|file| file.set_len(2 << 30)).expect("a hole takes no room");
    let script = "ulimit -v 200000 && exec \"$0\" memory huge.elf";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(replab(bench.path()).get_program())
        .current_dir(bench.path())
        .output()
        .expect("sh can be run");
    let said = String::from_utf8(output.stderr).expect("it speaks UTF-8");
    expect![[r#"
        exit Some(2)
        error: no memory report of huge.elf
          because: the file has 2147483648 bytes, and more than 268435456 (256 MiB) are not read
    "#]]
    .assert_eq(&format!("exit {:?}\n{said}", output.status.code()));
}

#[test]
fn a_wrong_number_is_exit_code_2() {
    check(
        &bench(),
        &["program.elf", "--top", "many"],
        &expect![[r#"
        exit 2
        ---
        error: invalid value 'many' for '--top <N>': invalid digit found in string

        For more information, try '--help'.
    "#]],
    );
}
