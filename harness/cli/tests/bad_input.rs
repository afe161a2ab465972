//! Files that are none: each is refused before anything is played, with what is
//! wrong, a way out, exit code 2, and nothing written.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use expect_test::{Expect, expect};
use tempfile::TempDir;

const LAB_M0: &str = include_str!("../../../boards/lab-m0.yaml");
const SCENARIO: &str = "replab: 1\nname: it boots\nsteps:\n  - boot: repl\n";

/// A folder with a board and a scenario.
fn bench() -> TempDir {
    let bench = tempfile::tempdir().expect("a temporary folder can be made");
    for (folder, file, text) in [
        ("boards", "lab-m0.yaml", LAB_M0),
        ("lessons", "none.md", ""),
        ("scenarios", "boots.yaml", SCENARIO),
    ] {
        let folder = bench.path().join(folder);
        fs::create_dir(&folder).expect("the folder is ours");
        fs::write(folder.join(file), text).expect("the folder is ours");
    }
    bench
}

/// What `replab run` says when it is to run the firmware in `file`.
fn with_firmware(bench: &Path, file: &Path) -> String {
    let before = listing(bench);
    let mut command = Command::cargo_bin("replab").expect("it is built with this test");
    command.current_dir(bench).env_remove("CI").env_remove("REPLAB_QEMU").env("NO_COLOR", "1");
    let output = command.arg("run").arg("--firmware").arg(file).output().expect("it can be run");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.stdout.is_empty(), "nothing was played");
    assert_eq!(listing(bench), before, "nothing was written");
    let said = String::from_utf8(output.stderr).expect("it speaks UTF-8");
    said.replace(&bench.display().to_string(), "BENCH")
}

fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder is ours")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn check(bytes: &[u8], expected: &Expect) {
    let bench = bench();
    let file = bench.path().join("firmware.elf");
    fs::write(&file, bytes).expect("the folder is ours");
    expected.assert_eq(&with_firmware(bench.path(), &file));
}

/// The start of an ELF file: class 1 is 32-bit, 2 is 64-bit; machine 40 is Arm, 3 is x86.
fn elf(class: u8, machine: u8) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1, 1]);
    (bytes[16], bytes[18], bytes[20]) = (2, machine, 1);
    bytes
}

#[test]
fn firmware_of_another_kind_says_what_it_should_be() {
    check(
        b"",
        &expect![[r#"
            error: firmware BENCH/firmware.elf does not fit board lab-m0: it is empty
        "#]],
    );
    check(
        b"no program at all",
        &expect![[r#"
            error: firmware BENCH/firmware.elf does not fit board lab-m0: it is no ELF file and no UF2 file (give the .elf that the linker wrote, or a .uf2; a raw image must be called .bin)
        "#]],
    );
    check(
        &elf(2, 62),
        &expect![[r#"
        error: firmware BENCH/firmware.elf does not fit board lab-m0: it is no 32-bit little-endian ELF file (was it built for this computer, not for the board?)
    "#]],
    );
    check(
        &elf(1, 3),
        &expect![[r#"
        error: firmware BENCH/firmware.elf does not fit board lab-m0: it is not for Arm (build it with arm-none-eabi-gcc or a thumb target)
    "#]],
    );
    check(
        &elf(1, 40)[..40],
        &expect![[r#"
        error: firmware BENCH/firmware.elf does not fit board lab-m0: its ELF headers are damaged (was the file cut off?)
    "#]],
    );
}

#[test]
fn firmware_that_is_not_there_is_named() {
    let bench = bench();
    let file = bench.path().join("missing.elf");
    expect![[r#"
        error: could not read BENCH/missing.elf
          because: entity not found
    "#]]
    .assert_eq(&with_firmware(bench.path(), &file));
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let bench = bench();
    let path = bench.path().join("huge.elf");
    // Sparse: it takes no room, and reading it would take seconds.
    let file = fs::File::create(&path).expect("the folder is ours");
    file.set_len(2 << 30).expect("the folder is ours");
    expect![[r#"
        error: firmware BENCH/huge.elf does not fit board lab-m0: it has 2147483648 bytes, where 268435456 are the most
    "#]].assert_eq(&with_firmware(bench.path(), &path));
}

#[test]
fn a_snapshot_without_its_scenario_is_refused() {
    let bench = bench();
    let folder = bench.path().join("scenarios/snapshots");
    fs::create_dir(&folder).expect("the folder is ours");
    fs::write(folder.join("gone.snap"), "").expect("the folder is ours");
    let mut command = Command::cargo_bin("replab").expect("it is built with this test");
    let output = command.current_dir(bench.path()).args(["run", "--check"]).output();
    let output = output.expect("it can be run");
    assert_eq!(output.status.code(), Some(2));
    expect![[r#"
        error: scenarios/snapshots/gone.snap belongs to no scenario (rename it with its scenario, or delete it)
    "#]].assert_eq(&String::from_utf8_lossy(&output.stderr));
}
