//! The proof that the cure of QEMU's race at WFI matters: without it, equal runs differ.
//!
//! It stands in a program of its own, because it needs the emulator's threads to
//! run side by side: other tests beside it would take their processors.

mod support;

use std::path::Path;
use std::time::Instant;

use replab_machine::qemu::{Proof, QemuTools};
use support::bench::{Bench, Run, difference};
use support::trouble;

/// A thousand naps between short pieces of work.
fn nap(tools: &QemuTools, firmware: &Path, naive_wfi: bool) -> Run {
    let mut bench = Bench::start(tools, firmware, Proof { naive_wfi, qmp: true, gate: None });
    bench.hold_up();
    bench.until("> ");
    bench.line("tick on");
    bench.line("blink 25 1000 77");
    bench.line("ticks");
    bench.finish()
}

/// The same script: with the cure its runs are one, without (`wfi=naive`) they
/// are not. So the tests of `machine_proof.rs` would notice if the cure were lost.
#[test]
fn without_the_cure_of_the_wfi_race_runs_differ() {
    const CURED: usize = 5;
    const NAIVE: usize = 1000;
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let start = Instant::now();
    let cured = nap(&tools, &firmware, false);
    for _ in 1..CURED {
        assert_eq!(difference(&cured, &nap(&tools, &firmware, false)), None);
    }
    eprintln!("{CURED} runs with the cure are equal, {:?}", start.elapsed());
    let start = Instant::now();
    let naive = nap(&tools, &firmware, true);
    let differs = (1..NAIVE)
        .find_map(|number| Some((number, difference(&naive, &nap(&tools, &firmware, true))?)));
    let (answers, holds) = trouble::counts();
    eprintln!("the monitors answered {answers} times, the emulators were held up {holds} times");
    let (number, difference) = differs.expect("does this build of QEMU still need the cure?");
    eprintln!("without it run {number} differs, {:?}: {difference}", start.elapsed());
}
