//! The power fails in the middle of a write.

mod support;

use replab_runner::files::{Found, find};
use support::python::{PROMPT, ask, cut_power, volume, with_files};

/// What the board does, as a lesson's reader would write it.
const SAVER: &str = "
def save(n):
    with open('config.json', 'w') as file:
        file.write('%d ' % n)
        file.write('x' * 700)
";

/// How many cuts, spread over the time that a write takes and a little more.
const CUTS: u32 = 30;

#[test]
fn a_power_cut_in_a_write_leaves_the_old_file_or_the_new_one() {
    let mut bench = or_skip!(with_files(&[("saver.py", SAVER)]));
    let place = support::lab_m0().file_system.expect("lab-m0 has files");
    ask(&mut bench, "from saver import save; save(0)");
    // The first write after a start takes longer: littlefs looks for free blocks.
    cut_power(&mut bench);
    bench.until(PROMPT);
    ask(&mut bench, "from saver import save");
    let start = bench.type_line("save(0)");
    let takes = bench.until(PROMPT).at.since(start);
    let (mut last, mut old, mut half, mut new) = (0, 0, 0, 0);
    for cut in 1..=CUTS {
        let before = volume(&mut bench);
        let due = bench.type_line(&format!("save({cut})"));
        let into = takes * cut / (CUTS - 10);
        let until = due.since(bench.now()) + into;
        bench.go(until, &[]);
        // The host reads the flash as it is at this instant.
        let flash = volume(&mut bench);
        let Found::File(seen) = find(&place, &flash, "config.json").expect("the volume mounts")
        else {
            panic!("no file after {into:?}")
        };
        let seen = String::from_utf8(seen).expect("the board writes text");
        let whole = |n: u32| format!("{n} {}", "x".repeat(700));
        match () {
            () if seen == whole(last) && flash == before => old += 1,
            () if seen == whole(last) => half += 1,
            () if seen == whole(cut) => (new, last) = (new + 1, cut),
            () => panic!("after {into:?} the file is neither old nor new: {seen:?}"),
        }
        cut_power(&mut bench);
        bench.until(PROMPT);
        let answer = ask(&mut bench, "open('config.json').read()");
        assert_eq!(answer, format!("'{seen}'"), "the board reads what the host has read");
        ask(&mut bench, "from saver import save");
    }
    assert!(
        old > 0 && half >= CUTS / 8 && new > 0,
        "{old} cuts before the flash changes, {half} in the write, {new} after it"
    );
}
