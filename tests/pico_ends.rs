//! How runs on the Pico begin and end, as somebody sees it who plays a scenario: files
//! that are none, firmware that the boot ROM cannot go on with, firmware that only
//! speaks by USB, and C programs that just work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect};
use tempfile::TempDir;

mod support;

const HEAD: &str = "replab: 1\nname: an end\nboards: [pico]\nsteps:\n";
const BOOTS: &str = "  - boot: repl\n";
/// The lines of a run that are about the computer, or are shown by other tests.
const LEFT_OUT: [&str; 6] =
    ["  uart0 |", "        again:", "        whole", "        what came", "    r", "    xpsr"];

/// A folder with a scenario.
fn folder(steps: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::create_dir(folder.path().join("scenarios")).expect("the folder is ours");
    let scenario = folder.path().join("scenarios/end.yaml");
    fs::write(scenario, format!("{HEAD}{steps}")).expect("the folder is ours");
    folder
}

/// Plays the scenario in `folder`: the exit code, and the screen but for its [`LEFT_OUT`].
fn play(folder: &Path, options: &[(&str, &Path)]) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("replab"));
    command.current_dir(support::root()).env_remove("CI").env("NO_COLOR", "1");
    command.args(["run", "--target", "pico@qemu", "--scenarios"]).arg(folder.join("scenarios"));
    command.arg("--output").arg(folder.join("output"));
    for (option, file) in options {
        command.arg(option).arg(file);
    }
    let output = command.output().expect("replab is built with the workspace");
    let code = output.status.code().expect("it ends by itself");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("it speaks UTF-8");
    let is_shown = |line: &&str| {
        !line.ends_with(" wall") && LEFT_OUT.iter().all(|start| !line.starts_with(start))
    };
    let shown: String = said.lines().filter(is_shown).map(|line| format!("{line}\n")).collect();
    format!("{code}\n{shown}").replace(&folder.display().to_string(), "FOLDER")
}

/// Plays `steps` on MicroPython.
#[track_caller]
fn check(steps: &str, expected: &Expect) {
    or_skip!(support::qemu_tools());
    or_skip!(support::rp2());
    let folder = folder(&format!("{BOOTS}{steps}"));
    expected.assert_eq(&play(folder.path(), &[]));
}

/// A C program that was built with the pico-sdk.
fn guest(name: &str) -> Result<PathBuf, String> {
    support::rp2()?;
    let path = support::target().join("firmware/pico-guests").join(name);
    match path.exists() {
        true => Ok(path),
        false => Err(format!("no guest at {} (cargo xtask firmware pico-guests)", path.display())),
    }
}

/// Plays `steps` on a guest.
#[track_caller]
fn check_guest(name: &str, steps: &str, expected: &Expect) {
    or_skip!(support::qemu_tools());
    let guest = or_skip!(guest(name));
    let folder = folder(steps);
    expected.assert_eq(&play(folder.path(), &[("--firmware", &guest)]));
}

/// Plays on what `change` makes of a UF2 file; nothing is.
#[track_caller]
fn check_wrong(change: impl FnOnce(&mut Vec<u8>), expected: &Expect) {
    or_skip!(support::qemu_tools());
    let mut bytes = fs::read(or_skip!(guest("pwm-blink.uf2"))).expect("what was built can be read");
    change(&mut bytes);
    let folder = folder(BOOTS);
    let file = folder.path().join("image.uf2");
    fs::write(&file, bytes).expect("the folder is ours");
    expected.assert_eq(&play(folder.path(), &[("--firmware", &file)]));
    assert!(!folder.path().join("output").exists(), "nothing was played");
}

/// Stores `word` at `offset` of block number `block` (UF2, README: "File format").
fn patch(file: &mut [u8], block: usize, offset: usize, word: u32) {
    let at = 512 * block + offset;
    file[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

const ADDRESS: usize = 12;
const FAMILY: usize = 28;

#[test]
fn an_image_for_another_chip_is_refused() {
    let rp2350 = |file: &mut Vec<u8>| {
        (0..file.len() / 512).for_each(|block| patch(file, block, FAMILY, 0xe48b_ff59));
    };
    check_wrong(
        rp2350,
        &expect![[r#"
        2
        error: firmware FOLDER/image.uf2 does not fit board pico: its blocks are for 0xe48bff59 (RP2350, secure Arm), and the board is 0xe48bff56 (RP2040) (build it for that, or choose another board)
    "#]],
    );
}

#[test]
fn an_image_that_is_cut_off_is_refused() {
    check_wrong(
        |file| file.truncate(1100),
        &expect![[r#"
        2
        error: firmware FOLDER/image.uf2 does not fit board pico: it has 1100 bytes, which is 76 more than 2 whole blocks of 512 (was the file cut off?)
    "#]],
    );
    check_wrong(
        |file| file.truncate(1024),
        &expect![[r#"
        2
        error: firmware FOLDER/image.uf2 does not fit board pico: 68 of its 70 blocks are missing, the first one number 2 (was the file cut off? copy it again)
    "#]],
    );
}

#[test]
fn an_image_that_overlaps_itself_is_refused() {
    check_wrong(
        |file| patch(file, 2, ADDRESS, 0x1000_0000),
        &expect![[r#"
        2
        error: firmware FOLDER/image.uf2 does not fit board pico: block 2 (offset 0x400) is for 0x10000000, which block 0 is for too (are these two files in one?)
    "#]],
    );
}

#[test]
fn an_image_that_is_too_large_is_refused() {
    check_wrong(
        |file| patch(file, 2, ADDRESS, 0x1020_0000),
        &expect![[r#"
        2
        error: firmware FOLDER/image.uf2 does not fit board pico: block 2 (offset 0x400) is for 0x10200000, where the board has no flash (it has 0x10000000 to 0x10200000; look at the linker script)
    "#]],
    );
}

#[test]
fn an_image_of_blank_flash_is_refused() {
    or_skip!(support::qemu_tools());
    or_skip!(support::rp2());
    let folder = folder(BOOTS);
    let file = folder.path().join("blank.bin");
    fs::write(&file, [0xff; 4096]).expect("the folder is ours");
    expect![[r#"
        2
        error: firmware FOLDER/blank.bin does not fit board pico: the first 256 bytes of the flash are no second stage of an RP2040: their checksum is 0xffffffff and must be 0x0b8fd31a (was it built for another chip, or for another address?)
    "#]].assert_eq(&play(folder.path(), &[("--firmware", &file)]));
}

#[test]
fn an_image_that_only_speaks_usb_is_told_apart() {
    check_guest(
        "usb-only.uf2",
        BOOTS,
        &expect![[r#"
            100
               0.000 s  finding: USBCTRL register 0x50110074 was written, which only stores (pc 0x100026fc; 4 accesses in all)
            error: scenario `end` failed on pico@qemu
              step 1 of 1, FOLDER/scenarios/end.yaml:5: expected prompt ">>> " on uart0 within 2s, got nothing at all
              the firmware drives USB and never its UART, so nothing can come on uart0; the processor sleeps in 0x10000fee and waits for an interrupt
              help: the lab has no USB: build the firmware with its console on the UART (pico-sdk: `pico_enable_stdio_uart(TARGET 1)`; MicroPython: `MICROPY_HW_ENABLE_UART_REPL`)
        "#]],
    );
}

#[test]
fn an_image_that_speaks_by_its_uart_is_not_taken_for_one() {
    check_guest(
        "uart-echo.uf2",
        BOOTS,
        &expect![[r#"
            100
               0.000 s  printed: uart-echo: ready
            error: scenario `end` failed on pico@qemu
              step 1 of 1, FOLDER/scenarios/end.yaml:5: expected prompt ">>> " on uart0 within 2s, got "uart-echo: ready\n"
              the processor sleeps in 0x100003c4 and waits for an interrupt
              help: the firmware sends, and no prompt `>>> `: other firmware than MicroPython takes `boot: run` and `expect:`
        "#]],
    );
}

#[test]
fn who_asks_for_the_boot_loader_is_told_so() {
    check(
        "  - send: \"import machine; machine.bootloader()\\r\"\n  - expect: done\n",
        &expect![[r#"
            100
            error: scenario `end` failed on pico@qemu
              step 3 of 3, FOLDER/scenarios/end.yaml:7: expected no crash, got the firmware asks for its chip's boot loader, which waits on USB for another program
                at rom_reset_usb_boot (bootrom.c:35)
                called from reset_usb_boot (bootrom.h:263)
                called from machine_bootloader (modmachine.c:71)
                called from fun_builtin_var_call (objfun.c:123)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_method_n_kw (runtime.c:742)
                called from mp_execute_bytecode (vm.c:1042)
                called from fun_bc_call (objfun.c:295)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_function_0 (runtime.c:700)
                … and 3 more calls
              help: leave out what asks for it: `machine.bootloader()` in Python, `reset_usb_boot()` in C
        "#]],
    );
}

/// In RAM, because the flash is gone then: erases the first 4096 bytes, and resets.
const ERASE: &str = r"  - paste: |
      @micropython.asm_thumb
      def erase(r0, r1, r2):
          cpsid('i')
          mov(r3, 0)
          str(r3, [r0, 4])
          mov(r3, 4)
          mov(r4, 10)
          lsl(r3, r4)
          str(r3, [r0, 8])
          mov(r3, 1)
          str(r3, [r0, 0])
          str(r2, [r1, 0])
          label(here)
          b(here)
      erase(0x4fff0000, 0xe000ed0c, 0x05fa0004)
";

#[test]
fn firmware_that_erases_itself_ends_at_its_next_start() {
    check(
        ERASE,
        &expect![[r#"
            100
            error: scenario `end` failed on pico@qemu
              step 2 of 2, FOLDER/scenarios/end.yaml:6: expected no crash, got the flash is blank where the boot ROM looks for a program: its first word is 0xffffffff
              help: the firmware has erased the start of the flash, where it stands itself
        "#]],
    );
}

#[test]
fn a_fault_without_a_vector_table_is_seen_in_the_boot_rom() {
    check(
        "  - send: \"from machine import mem32 as m; m[0xe000ed08] = 0; m[0x60000000]\\r\"\n  - expect: done\n",
        &expect![[r#"
            100
               0.011 s  finding: 0x60000000 (nothing) was read, where nothing answers (pc 0x1001ea20, machine_mem_subscr (machine_mem.c:81))
            error: scenario `end` failed on pico@qemu
              step 3 of 3, FOLDER/scenarios/end.yaml:7: expected no crash, got HardFault: `machine_mem_subscr` (machine_mem.c:81) read from 0x60000000, where the board has no memory
                at machine_mem_subscr (machine_mem.c:81)
                called from mp_obj_subscr (obj.c:545)
                called from mp_execute_bytecode (vm.c:446)
                called from fun_bc_call (objfun.c:295)
                called from mp_call_function_n_kw (runtime.c:726)
                called from mp_call_function_0 (runtime.c:700)
                called from parse_compile_execute (pyexec.c:119)
                called from pyexec_friendly_repl (pyexec.c:671)
                called from main (main.c:236)
              help: whole transcript in FOLDER/output/end.pico.qemu.txt
        "#]],
    );
}

#[test]
fn what_our_boot_rom_lacks_breaks_the_lab_and_fails_nothing() {
    check(
        "  - send: \"from machine import mem32 as m; m[0x4fff0004] = 0x10001235; m[0x4fff0008] = 1; m[0x4fff000c] = 16; m[0x4fff0000] = 5\\r\"\n  - expect: done\n",
        &expect![[r#"
            102
            broken: the lab could not tell how scenario `end` ends on pico@qemu
              step 3 of 3, FOLDER/scenarios/end.yaml:7
              the machine cannot go on
              because: the firmware calls the sine for `float` of the boot ROM at 0x10001234, which the lab's ROM for board pico does not have (link the firmware with the compiler's own arithmetic: pico_set_float_implementation(TARGET compiler), pico_set_double_implementation(TARGET compiler); or name a ROM that has it with --bootrom FILE)
              help: this says nothing about the firmware; `doctor` looks at the lab
        "#]],
    );
}

#[test]
fn a_boot_rom_may_be_named() {
    or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::rp2());
    let folder = folder(BOOTS);
    let with = |rom: &Path| play(folder.path(), &[("--bootrom", rom)]);
    let ours = support::target().join("firmware/pico-rom/rom.bin");
    expect![[r#"
        0
    "#]]
    .assert_eq(&with(&ours));
    let rom = folder.path().join("rom.bin");
    expect![[r#"
        2
        error: boot ROM FOLDER/rom.bin does not fit board pico: it cannot be read: No such file or directory (os error 2) (`cargo xtask firmware pico-rom` builds one, --bootrom FILE names another)
    "#]].assert_eq(&with(&rom));
    fs::write(&rom, fs::read(&firmware).expect("it is there")).expect("the folder is ours");
    assert!(
        with(&rom)
            .starts_with("2\nerror: boot ROM FOLDER/rom.bin does not fit board pico: it has ")
    );
    let mut bytes = fs::read(&ours).expect("it is there");
    bytes[0x12] = 2;
    fs::write(&rom, bytes).expect("the folder is ours");
    expect![[r#"
        2
        error: boot ROM FOLDER/rom.bin does not fit board pico: it has 4d7502 at offset 0x10, where each boot ROM of an RP2040 has 4d7501 (`Mu`, 1) (`cargo xtask firmware pico-rom` builds one, --bootrom FILE names another)
    "#]].assert_eq(&with(&rom));
}

/// Our ROM that starts programs, erases and programs as the chip maker's does: by commands
/// to the flash chip.
fn rom_by_commands() -> Result<PathBuf, String> {
    let path = support::target().join("firmware/pico-rom/rom-by-commands.bin");
    match path.exists() {
        true => Ok(path),
        false => Err(format!("no ROM at {} (cargo xtask firmware pico-rom)", path.display())),
    }
}

#[test]
fn a_boot_rom_that_speaks_to_the_flash_chip_starts_programs_and_keeps_files() {
    or_skip!(support::qemu_tools());
    or_skip!(support::rp2());
    let rom = or_skip!(rom_by_commands());
    let folder = folder(&format!(
        "{BOOTS}{}",
        r"  - repl: |
      >>> f = open('a.txt', 'w'); f.write('kept ' * 3000); f.close()
      15000
      >>> import machine; machine.unique_id()[2:]
      b'replab'
  - reset: hard
  - repl: |
      >>> open('a.txt').read() == 'kept ' * 3000
      True
      >>> import rp2; rp2.bootsel_button()
      0
"
    ));
    expect![[r#"
        0
           0.020 s  printed: 15000
           0.028 s  printed: b'replab'
           0.048 s  printed: True
           0.053 s  printed: 0
    "#]]
    .assert_eq(&play(folder.path(), &[("--bootrom", &rom)]));
}

#[test]
fn a_boot_rom_that_checks_the_second_stage_starts_no_other() {
    or_skip!(support::qemu_tools());
    or_skip!(support::rp2());
    let rom = or_skip!(rom_by_commands());
    let folder = folder(&format!("{BOOTS}{ERASE}"));
    expect![[r#"
        100
           0.035 s  finding: USBCTRL register 0x50110040 was written, which only stores (pc 0x00000354)
        error: scenario `end` failed on pico@qemu
          step 2 of 2, FOLDER/scenarios/end.yaml:6: expected no crash, got the flash is blank where the boot ROM looks for a program: its first word is 0xffffffff
          help: the firmware has erased the start of the flash, where it stands itself
    "#]].assert_eq(&play(folder.path(), &[("--bootrom", &rom)]));
}

#[test]
fn a_guest_blinks_by_pwm() {
    check_guest(
        "pwm-blink.uf2",
        "  - boot: run\n  - expect: \"duty 25 %\"\n  - wave: { pin: LED, for: 400ms, period: 125ms ±0.0001%, duty: 25% ±0.0001% }\n",
        &expect![[r#"
            0
               0.000 s  printed: pwm-blink: LED on GPIO 25 at 8.0 Hz
               0.000 s  printed: duty 25 %
               0.400 s  LED: 2 periods of 125.0 ms, duty 25.0 %
        "#]],
    );
}

#[test]
fn a_guest_echoes_by_interrupts() {
    check_guest(
        "uart-echo.elf",
        "  - boot: run\n  - expect: \"uart-echo: ready\"\n  - send: \"a longer line than the FIFO of 32 bytes takes\\r\"\n  - expect: \"a longer line than the FIFO of 32 bytes takes\\n45 bytes\"\n",
        &expect![[r#"
            0
               0.000 s  printed: uart-echo: ready
               0.000 s  printed: a longer line than the FIFO of 32 bytes takes
               0.004 s  printed: 45 bytes
        "#]],
    );
}
