//! The Pico, which the plugin puts into QEMU, with MicroPython's own port on it.

mod support;

use std::time::Duration;

use replab_machine::qemu::Proof;
use replab_machine::{Condition, Finding, FindingKind, MachineError, StopCause, Timing, qemu};
use replab_record::{Event, Level, PinName};
use support::bench::Bench;

const US: Duration = Duration::from_micros(1);
const MS: Duration = Duration::from_millis(1);

/// A Pico at its first prompt.
fn at_prompt() -> Result<Bench, String> {
    let (tools, firmware) = (support::qemu_tools()?, support::rp2()?);
    let board = support::board("pico");
    let mut bench = Bench::start_on(&tools, &board, &firmware, ">>> ", Proof::default());
    bench.until(">>> ");
    Ok(bench)
}

/// Types each line, which must print what stands beside it.
#[track_caller]
fn check(bench: &mut Bench, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        let printed = bench.line(line);
        let printed = printed.split_once("\r\n").map_or("", |(_echo, rest)| rest);
        assert_eq!(printed.trim_end(), *expected, "{line}");
    }
}

fn edges(bench: &Bench, name: &str) -> Vec<(u64, Level)> {
    let edge = |event: &Event| match event {
        Event::Edge { pin, level, at } if pin.as_str() == name => Some((at.as_nanos(), *level)),
        _ => None,
    };
    bench.events.iter().filter_map(edge).collect()
}

fn findings(bench: &mut Bench) -> Vec<Finding> {
    bench.machine.findings.as_mut().expect("the plugin notices").take()
}

#[test]
fn micropython_boots_unaware() {
    let mut bench = or_skip!(at_prompt());
    assert!(bench.text().contains("Raspberry Pi Pico with RP2040"), "{}", bench.text());
    check(
        &mut bench,
        &[
            ("import machine, sys, os", ""),
            ("machine.freq(), sys.platform", "(125000000, 'rp2')"),
            ("machine.reset_cause() == machine.PWRON_RESET", "True"),
            ("os.statvfs('/')[0] * os.statvfs('/')[2]", "1441792"),
            ("7 // 2, -7 // 2, -7 % 3, 1 / 3", "(3, -4, 2, 0.3333333)"),
            ("len(machine.unique_id())", "8"),
        ],
    );
    assert_eq!(findings(&mut bench), [], "nothing that it does at its start is missing");
}

#[test]
fn its_flash_holds_the_image_before_the_first_instruction() {
    let (tools, firmware) =
        or_skip!(support::qemu_tools().and_then(|tools| Ok((tools, support::rp2()?))));
    let board = support::board("pico");
    let image = qemu::flash_image(&board, &firmware).expect("it is the board's");
    let (_machine, inside) = support::start_on(&tools, &board, &firmware, Proof::default());
    for piece in image.pieces() {
        let last = &piece.bytes[piece.bytes.len().saturating_sub(16)..];
        let at = piece.address as usize + piece.bytes.len() - last.len();
        let seen = inside.request(&format!("peek {at:x} {}", last.len())).expect("it is there");
        assert_eq!(seen, hex::encode(last), "{at:#x}");
    }
    assert_eq!(inside.request("peek 101ffff0 4").expect("it is there"), "ffffffff");
}

/// `movs r0, #3; bx lr`, called from Python, until somebody else writes 9 for 3.
#[test]
fn code_that_has_run_may_be_written() {
    let mut bench = or_skip!(at_prompt());
    check(
        &mut bench,
        &[
            ("import uctypes", ""),
            (r"exec('@micropython.asm_thumb\ndef call(r0):\n add(r0, 1)\n data(2, 0x4780)')", ""),
            (r"code = bytearray(b'\x03\x20\x70\x47')", ""),
            ("call(code)", "3"),
        ],
    );
    let said = bench.line("uctypes.addressof(code)");
    let place = said.lines().last().and_then(|number| number.trim().parse().ok());
    let memory = bench.machine.memory.as_mut().expect("QEMU's can be written");
    memory.write(place.expect("an address is printed"), &[9]).expect("it is RAM");
    check(&mut bench, &[("call(code)", "9")]);
}

#[test]
fn a_sleep_lasts_as_long_as_it_should() {
    let mut bench = or_skip!(at_prompt());
    bench.line("import time");
    bench.line("t = time.ticks_us(); time.sleep(2); t = time.ticks_diff(time.ticks_us(), t)");
    check(&mut bench, &[("2000000 <= t < 2000100", "True")]);
}

#[test]
fn a_pin_has_edges_and_interrupts() {
    let mut bench = or_skip!(at_prompt());
    bench.line("from machine import Pin; n = []");
    bench.line("p = Pin(14, Pin.IN, Pin.PULL_UP)");
    bench.line("p.irq(lambda p: n.append(p.value()), Pin.IRQ_FALLING | Pin.IRQ_RISING)");
    bench.drive("P14", Level::Low, 100 * US);
    bench.drive("P14", Level::Floating, MS);
    bench.go(2 * MS, &[]);
    check(&mut bench, &[("n", "[0, 1]")]);
    bench.line("led = Pin('LED', Pin.OUT)");
    let rises = Condition::Edge { pin: PinName::new("P25"), level: Some(Level::High) };
    bench.type_line("led.on()");
    let stop = bench.go(10 * MS, &[rises]);
    assert_eq!(stop.cause, StopCause::Condition { index: 0 });
    assert_eq!(edges(&bench, "P25").last(), Some(&(stop.at.as_nanos(), Level::High)));
}

#[test]
fn pwm_has_a_wave_without_drift() {
    let mut bench = or_skip!(at_prompt());
    bench.line("from machine import Pin, PWM");
    bench.line("w = PWM(Pin(3), freq=1000, duty_u16=16384)");
    let before = bench.events.len();
    bench.go(50 * MS, &[]);
    bench.events.drain(..before);
    let edges = edges(&bench, "P3");
    let rising: Vec<u64> =
        edges.iter().filter(|(_, level)| *level == Level::High).map(|(at, _)| *at).collect();
    assert!(rising.len() >= 49, "{edges:?}");
    // MicroPython sets 64516 counts of 31/16 cycles: 999998 ns, on edges of the 8 ns clock.
    for (rise, count) in rising.iter().zip(0u64..) {
        let late = (rise - rising[0]).abs_diff(count * 999_998);
        assert!(late < 8, "rise {count} is {late} ns off: {rising:?}");
    }
    let falling = edges.iter().find(|(at, level)| *level == Level::Low && *at > rising[0]);
    let high = falling.expect("it falls").0 - rising[0];
    assert!(high.abs_diff(250_000) <= 16, "{high} ns high");
}

#[test]
fn each_reset_says_why_and_keeps_the_files() {
    let mut bench = or_skip!(at_prompt());
    bench.line("f = open('a.txt', 'w'); f.write('hello'); f.close()");
    bench.line("import machine; machine.freq()");
    for (line, cause) in
        [("machine.reset()", "WDT_RESET"), ("w = machine.WDT(timeout=50)", "WDT_RESET")]
    {
        bench.type_line(line);
        let stop = bench.go(Duration::from_secs(1), &[]);
        assert_eq!(stop.cause, StopCause::Reset, "{line}");
        bench.machine.run.reset().expect("it is reset");
        bench.until(">>> ");
        bench.line("import machine");
        let line = format!("machine.reset_cause() == machine.{cause}, open('a.txt').read()");
        check(&mut bench, &[(&line, "(True, 'hello')")]);
    }
    bench.machine.run.reset().expect("its reset line is pulled");
    bench.until(">>> ");
    bench.line("import machine");
    check(&mut bench, &[("machine.reset_cause() == machine.PWRON_RESET", "True")]);
    bench.cut_power();
    bench.until(">>> ");
    check(&mut bench, &[("open('a.txt').read()", "'hello'")]);
}

#[test]
fn buses_without_anybody_on_them_give_the_right_error() {
    let mut bench = or_skip!(at_prompt());
    bench.line("from machine import I2C, SPI, Pin, ADC");
    bench.line("i2c = I2C(0, scl=Pin(5), sda=Pin(4))");
    check(&mut bench, &[("i2c.scan()", "[]")]);
    let printed = bench.line("i2c.readfrom(0x48, 1)");
    assert!(printed.contains("OSError: [Errno 5] EIO"), "{printed}");
    bench.line("spi = SPI(0, sck=Pin(2), mosi=Pin(3), miso=Pin(16))");
    check(&mut bench, &[("spi.read(3)", "b'\\x00\\x00\\x00'")]);
    check(
        &mut bench,
        &[("27 - (ADC(4).read_u16() * 3.3 / 65535 - 0.706) / 0.001721 < 28", "True")],
    );
    assert_eq!(findings(&mut bench), []);
}

#[test]
fn what_is_storage_only_is_found() {
    let mut bench = or_skip!(at_prompt());
    bench.line("import machine");
    bench.line("machine.mem32[0x502000c8] = 5");
    let found = findings(&mut bench);
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding.kind, finding.block.as_str()), (FindingKind::Storage, "PIO0"));
    assert_eq!((finding.address, finding.is_store), (0x5020_00c8, true));
    let pc = finding.pc.expect("an instruction did it");
    assert!((0x1000_0000..0x1020_0000).contains(&pc), "{pc:#x}");
    bench.line("machine.mem32[0x502000c8] = 6");
    assert_eq!(findings(&mut bench), [], "it was told");
    bench.type_line("machine.mem32[0x60000000]");
    let stop = bench.go(10 * MS, &[]);
    assert!(matches!(stop.cause, StopCause::Fault(_)), "{:?}", stop.cause);
    let found = findings(&mut bench);
    assert_eq!((found[0].kind, found[0].address), (FindingKind::Nothing, 0x6000_0000));
}

#[test]
fn it_runs_by_exact_time_only() {
    let (tools, firmware) = (or_skip!(support::qemu_tools()), or_skip!(support::rp2()));
    let start = qemu::Start { timing: Timing::Wall, ..support::START };
    let error = qemu::start(&tools, &support::board("pico"), &firmware, start).map(|_| ());
    let error = error.expect_err("there is no plugin then");
    assert!(matches!(error, MachineError::ExactOnly { .. }), "{error}");
}

#[test]
fn a_clock_that_is_set_is_what_pwm_and_the_counter_count() {
    let mut bench = or_skip!(at_prompt());
    bench.line("import machine; from machine import Pin, PWM");
    check(&mut bench, &[("machine.freq(250_000_000); machine.freq()", "250000000")]);
    bench.line("w = PWM(Pin(3), freq=1000, duty_u16=32768)");
    let before = bench.events.len();
    bench.go(50 * MS, &[]);
    bench.events.drain(..before);
    let rising = edges(&bench, "P3").iter().filter(|(_, level)| *level == Level::High).count();
    assert!((49..=51).contains(&rising), "{rising} periods in 50 ms");
}

#[test]
fn an_analog_input_has_the_voltage_that_it_is_given() {
    let mut bench = or_skip!(at_prompt());
    bench.line("from machine import ADC");
    let now = bench.now();
    let analog = bench.machine.analog.as_mut().expect("the chip has a converter");
    analog.drive(0, 1_200_000, now).expect("ADC0 is there");
    analog.drive(4, 40_000, now).expect("the sensor is there too");
    let refused = analog.drive(5, 0, now).expect_err("there are five");
    assert!(refused.to_string().contains("has no input 5"), "{refused}");
    // 1.2 V of 3.3 V in 12 bits is 1489; the sensor gives 0.68363 V at 40 °C.
    check(&mut bench, &[("ADC(26).read_u16() >> 4, ADC(4).read_u16() >> 4", "(1489, 848)")]);
}

#[test]
fn a_boot_rom_that_is_none_is_an_error() {
    let (mut tools, firmware) = (or_skip!(support::qemu_tools()), or_skip!(support::rp2()));
    let start = |tools: &qemu::QemuTools| {
        let machine = qemu::start(tools, &support::board("pico"), &firmware, support::START);
        machine.map(|_| ()).expect_err("the chip has nothing to begin with").to_string()
    };
    tools.boot_rom = "no-such-rom.bin".into();
    let error = start(&tools);
    assert!(error.contains("no-such-rom.bin") && error.contains("cannot be read"), "{error}");
    tools.boot_rom.clone_from(&firmware);
    let error = start(&tools);
    assert!(error.contains("where 26 are the fewest and 16384 the most"), "{error}");
}
