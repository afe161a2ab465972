//! The assumptions, each with what tries it. The order matters: they share one machine.

use crate::MachineError;
use crate::renode::names::Names;
use crate::renode::protocol::{self, Line, Reason};

use super::bench::{Bench, CHARACTER, Gone, MS, PROMPT, STARTS};
use super::{Answer, Check};

/// Every assumption but the last, which is the end of the process.
pub(super) const CHECKS: &[(&str, Check)] = &[
    (STARTS, |bench| {
        held(true, format!("{} ms to the first answers", bench.started().as_millis()))
    }),
    ("it is version 1.16.1, for which the bridge was written", |bench| {
        let version = bench.command("version")?;
        held(version.as_ref().is_ok_and(|text| text.contains("1.16.1")), either(version))
    }),
    ("it opens no TCP port", |bench| {
        let ports = super::super::ports::listening(bench.program.emulator.pid());
        let raw = ports.as_ref().map_or_else(ToString::to_string, |ports| format!("{ports:?}"));
        held(ports.is_ok_and(|ports| ports.is_empty()), raw)
    }),
    ("its temporary files go into our private folder", |bench| {
        let names = |folder: &str| -> Vec<String> {
            let entries = std::fs::read_dir(bench.program.folder().join(folder));
            let entries = entries.into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        };
        let (temporary, config) = (names("tmp"), names("config"));
        held(!temporary.is_empty(), format!("tmp {temporary:?}, config {config:?}"))
    }),
    ("an unknown command is refused with a text", |bench| {
        let answer = bench.command("nonsense")?;
        held(answer.as_ref().is_err_and(|text| text.contains("nonsense")), either(answer))
    }),
    ("a wrong platform is refused with code and place", |bench| {
        let wrong = "uart0: UART.NoSuchUart @ sysbus 0x40002000\n";
        let path = bench.program.put("wrong.repl", wrong)?;
        bench.command("mach create \"wrong\"")?.ok();
        let answer =
            bench.command(&format!("machine LoadPlatformDescription @{}", path.display()))?;
        let is_right = |text: &String| text.contains("E04") && text.contains("wrong.repl:1:1");
        held(answer.as_ref().is_err_and(is_right), either(answer))
    }),
    ("Clear forgets a machine, and another one of the same kind can be made", make_machine),
    ("time runs exactly: 10 times 1 ms, then 1 ns, then 123457 ns", |bench| {
        let mut times = Vec::new();
        for ns in [1_000_000; 10].into_iter().chain([1, 123_457]) {
            bench.go(ns, None)?;
            times.push(bench.now);
        }
        held(bench.now == 10_123_458, format!("{times:?}"))
    }),
    ("a fresh machine begins at time 0", |bench| {
        make_machine(bench)?;
        let gone = bench.go(1, None)?;
        held(bench.now == 1, format!("{:?} at {} ns", gone.reason, bench.now))
    }),
    ("the firmware boots to its prompt, and each byte has its time", |bench| {
        let gone = bench.go(10_000 * MS, Some(PROMPT))?;
        let times: Vec<u64> = gone.lines.iter().filter_map(sent_at).collect();
        let rise = times.windows(2).all(|pair| pair[0] <= pair[1]) && times.last() > times.first();
        let raw = format!(
            "{:?} from {:?} to {:?} ns, {} ms of the desk clock: {:?}",
            gone.reason,
            times.first(),
            times.last(),
            gone.took.as_millis(),
            gone.text()
        );
        bench.first_boot.clone_from(&gone.lines);
        held(gone.found() && rise, raw)
    }),
    (
        "the prompt comes within 1 s of machine time (SysTick of 1.16.1 is not in its way)",
        |bench| held(bench.now < 1_000 * MS, format!("{} ns", bench.now)),
    ),
    ("symbols of the firmware are known", |bench| {
        let answer = bench.command("sysbus GetSymbolAddress \"main\"")?;
        held(answer.is_ok(), either(answer))
    }),
    ("typed bytes reach the firmware", |bench| bench.says("6*7", "42")),
    ("scheduled bytes arrive at their exact nanosecond", |bench| {
        let start = bench.now;
        let gone = bench.line("1")?;
        let times: Vec<u64> = gone
            .lines
            .iter()
            .filter_map(|line| match line {
                Line::Received { at, .. } => Some(at - start),
                _ => None,
            })
            .collect();
        held(times == [CHARACTER, 2 * CHARACTER], format!("{times:?} ns after the stop"))
    }),
    ("an output tells both edges, 20 ms apart", |bench| {
        let gone = bench.line(
            "from machine import Pin;import time;p=Pin(25,Pin.OUT);p.on();time.sleep_ms(20);p.off()",
        )?;
        let edges = edges_of(&gone, 25);
        let apart = match edges.as_slice() {
            [(rise, 1), (fall, 0)] => fall - rise,
            _ => 0,
        };
        held((20 * MS..20 * MS + MS).contains(&apart), format!("{edges:?}, {apart} ns"))
    }),
    ("an output that becomes low without an edge is seen before what is printed next", |bench| {
        let gone = bench.line("q=Pin(24,Pin.OUT,value=0)")?;
        let edges = edges_of(&gone, 24);
        let is_edge = |line: &Line| matches!(line, Line::Edge { line: 24, .. });
        let after = gone.lines.iter().skip_while(|line| !is_edge(line)).filter_map(sent_at).count();
        // The prompt is four bytes.
        held(
            matches!(edges.as_slice(), [(_, 0)]) && after >= 4,
            format!("{edges:?}, {after} after"),
        )
    }),
    ("a pull-up is read, and a driven input, and the pull-up again", |bench| {
        let mut said = Vec::new();
        for (level, expected) in [("", "1"), ("0", "0"), ("-1", "1")] {
            if !level.is_empty() {
                let now = bench.now.to_string();
                bench.try_ask(&["drive", "0", "14", level, &now])?.ok();
            }
            let gone = bench.line("Pin(14,Pin.IN,Pin.PULL_UP).value()")?;
            said.push((gone.answer(), expected));
        }
        held(said.iter().all(|(got, expected)| got == expected), format!("{said:?}"))
    }),
    ("the first edge of a driven pin interrupts (GPIOTE), and the next one", |bench| {
        bench.line("n=[];b=Pin(14,Pin.IN);b.irq(lambda b:n.append(b.value()))")?;
        for level in ["1", "0"] {
            let now = bench.now.to_string();
            bench.try_ask(&["drive", "0", "14", level, &now])?.ok();
            bench.go(MS, None)?;
        }
        bench.line("b.irq(None)")?;
        bench.says("n", "[1, 0]")
    }),
    ("Ctrl-C ends a busy loop", |bench| {
        bench.type_keys("while True: pass\r\r")?;
        bench.go(20 * MS, None)?;
        bench.type_keys("\x03")?;
        let gone = bench.go(2_000 * MS, Some(PROMPT))?;
        held(gone.text().contains("KeyboardInterrupt"), format!("{:?}", gone.text()))
    }),
    ("10 s of sleep cost less than 2 s of the desk clock", |bench| {
        bench.type_keys("time.sleep(10)\r")?;
        let gone = bench.go(11_000 * MS, Some(PROMPT))?;
        let is_cheap = gone.took.as_millis() < 2_000;
        held(gone.found() && is_cheap, format!("{:?}, {} ms", gone.reason, gone.took.as_millis()))
    }),
    ("a paste of 300 bytes loses none", |bench| {
        bench.says(&format!("len('{}')", "x".repeat(300)), "300")
    }),
    ("a file survives a reset that the firmware asks for: flash is erased and written", |bench| {
        bench.line("f=open('kit.txt','w');f.write('kept');f.close()")?;
        bench.type_keys("import machine;machine.reset()\r")?;
        let gone = bench.go(2_000 * MS, Some("\u{1}"))?;
        let reset = bench.try_ask(&["reset"])?;
        let boot = bench.go(10_000 * MS, Some(PROMPT))?;
        let read = bench.line("open('kit.txt').read()")?.answer();
        let raw = format!("{:?}, {reset:?}, boot {:?}, read {read:?}", gone.reason, boot.reason);
        let by_firmware =
            reset.is_ok_and(|lines| lines.iter().any(|one| one.ends_with("firmware")));
        held(gone.reason == Some(Reason::Reset) && by_firmware && read == "'kept'", raw)
    }),
    ("the lab's reset starts the firmware anew", |bench| {
        let reset = bench.try_ask(&["reset"])?;
        let boot = bench.go(10_000 * MS, Some(PROMPT))?;
        held(boot.found(), format!("{reset:?}, boot {:?}", boot.reason))
    }),
    ("an address that nothing answers reads 0, and only the log tells", |bench| {
        let said = bench.line("import machine;machine.mem32[0x60000000]")?.answer();
        let log = either(bench.command("lastLog 5")?);
        held(said == "0" && log.contains("0x60000000"), format!("{said:?}; {log}"))
    }),
    ("Renode's log comes to our bridge as it is written", |bench| {
        let answer = bench.try_ask(&["log"])?;
        held(answer.is_ok(), format!("{answer:?}"))
    }),
    ("an address that nothing answers is found, once, with its time and its place", |bench| {
        let start = bench.now;
        let gone = bench.line("machine.mem32[0x60000004];machine.mem32[0x60000004]")?;
        let found: Vec<_> = gone.lines.iter().filter_map(found_at).collect();
        let is_right = match found.as_slice() {
            &[(at, false, 0x6000_0004, pc)] => start < at && at < bench.now && pc < 0x20_0000,
            _ => false,
        };
        held(is_right, format!("{found:?} after {start} ns"))
    }),
    ("a bus that is told to say no more of it says no more", |bench| {
        let property = "sysbus UnhandledAccessBehaviour";
        let quiet = either(bench.command(&format!("{property} DoNotReport"))?);
        let first = bench.line("machine.mem32[0x60000008]")?;
        let loud = either(bench.command(&format!("{property} Report"))?);
        let second = bench.line("machine.mem32[0x60000008]")?;
        let counts = [first, second].map(|gone| gone.lines.iter().filter_map(found_at).count());
        held(counts == [0, 1], format!("{quiet:?}, {loud:?}, {counts:?} found"))
    }),
    ("memory goes both ways whole, 256 KiB within 1 s", |bench| {
        let start = std::time::Instant::now();
        let answer = bench.try_ask(&["read", "20000000", "262144"])?;
        let took = start.elapsed().as_millis();
        let length = answer.as_ref().ok().and_then(|fields| fields.first()).map_or(0, String::len);
        let there = "20041f80";
        bench.try_ask(&["write", there, "AL6vAA=="])?.ok();
        let back = bench.try_ask(&["read", there, "4"])?;
        let is_right = back.as_ref().is_ok_and(|fields| fields.as_slice() == ["AL6vAA=="]);
        held(
            length == 349_528 && is_right && took < 1_000,
            format!("{length} letters, {took} ms, {back:?}"),
        )
    }),
    ("registers are those of a Cortex-M: PC in flash, SP in RAM, Thumb state", |bench| {
        let answer = bench.try_ask(&["registers"])?;
        let field = answer.as_ref().ok().and_then(|fields| fields.first());
        let is_right =
            field.and_then(|field| protocol::registers(field)).is_some_and(|registers| {
                registers.pc() < 0x20_0000
                    && registers.sp() >> 28 == 2
                    && registers.msp >> 28 == 2
                    && registers.xpsr & 1 << 24 != 0
            });
        held(is_right, format!("{answer:?}"))
    }),
    ("a fault is seen at its handler, with what it stacked", |bench| {
        // UDF #0 near the end of RAM (Armv6-M ARM A6.7.72).
        bench.try_ask(&["write", "20041f80", "AN4A3g=="])?.ok();
        let set = bench.command("sysbus.cpu PC 0x20041f80")?;
        // The firmware sleeps: somebody must wake the processor.
        bench.type_keys("x")?;
        let gone = bench.go(100 * MS, None)?;
        let fault = gone.lines.iter().find_map(|line| match line {
            Line::Fault { exception, frame, .. } => Some((*exception, frame.is_some())),
            _ => None,
        });
        let raw = format!("{}, {:?}, {fault:?}: {:?}", either(set), gone.reason, gone.text());
        held(gone.reason == Some(Reason::Fault) && fault == Some((3, true)), raw)
    }),
    ("what a hook of ours throws is told, and ends nothing", |bench| {
        make_machine(bench)?;
        bench.try_ask(&["provoke"])?.ok();
        let gone = bench.try_ask(&["go", "10000000000", "100000", "bytes 0 3e3e3e20"])?;
        let version = bench.command("version")?;
        let is_told = gone
            .as_ref()
            .is_err_and(|refusal| refusal.kind == "hook" && refusal.text.contains("provoked"));
        let told = gone.map_or_else(|refusal| refusal.text, |lines| lines.join(" "));
        held(is_told && version.is_ok(), format!("{told}; then {}", either(version)))
    }),
    ("the same machine again does the same, to the nanosecond", |bench| {
        make_machine(bench)?;
        bench.go(1, None)?;
        let gone = bench.go(10_000 * MS, Some(PROMPT))?;
        let differs =
            gone.lines.iter().zip(&bench.first_boot).position(|(one, other)| one != other);
        let same = gone.lines == bench.first_boot && gone.found();
        let raw = format!(
            "{} events and {}, first difference {differs:?}, {} ms",
            bench.first_boot.len(),
            gone.lines.len(),
            gone.took.as_millis()
        );
        held(same, raw)
    }),
];

fn held(held: bool, raw: String) -> Result<Answer, MachineError> {
    Ok(Answer { held, raw })
}

fn either(answer: Result<String, String>) -> String {
    answer.unwrap_or_else(|error| error)
}

fn sent_at(line: &Line) -> Option<u64> {
    match line {
        Line::Sent { at, .. } => Some(*at),
        _ => None,
    }
}

/// When, whether it was stored to, the address and the PC.
fn found_at(line: &Line) -> Option<(u64, bool, u32, u32)> {
    match *line {
        Line::Found { at, is_store, address, pc } => Some((at, is_store, address, pc)),
        _ => None,
    }
}

fn edges_of(gone: &Gone, pin: usize) -> Vec<(u64, i32)> {
    let edge = |line: &Line| match line {
        Line::Edge { at, line, level, .. } if *line == pin => Some((*at, *level)),
        _ => None,
    };
    gone.lines.iter().filter_map(edge).collect()
}

/// The machine as the backend makes it.
fn make_machine(bench: &mut Bench) -> Result<Answer, MachineError> {
    bench.now = 0;
    let names = Names::new(&bench.recipe.board, &bench.recipe.machine);
    let requests = bench.recipe.requests(&bench.program, &names, 1)?;
    bench.all(&requests)
}
