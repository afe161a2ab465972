//! What the firmware touches that is not emulated.

use super::*;
use expect_test::expect;
use replab_record::FindingKind;

const PIO: u32 = 0x5020_0000;

/// A board that touches two registers of PIO0, then an address where nothing is.
fn touching() -> Scripted {
    let deeds = after(10)
        .touches(FindingKind::Storage, "PIO0", PIO + 0x10)
        .after(ms(10))
        .touches(FindingKind::Storage, "PIO0", PIO + 0x14)
        .after(ms(10))
        .touches(FindingKind::Nothing, "nothing", 0x6000_0000);
    Scripted::new(&board()).with_findings().at_start(deeds)
}

#[test]
fn each_peripheral_is_found_once_with_a_count() {
    let outcome = run(&scenario(vec![wait(20), wait(30)]), &touching());
    assert_eq!(outcome.verdict, Verdict::Passed);
    let found: String =
        outcome.findings.iter().map(|found| format!("{:.3} {found}\n", found.at)).collect();
    expect![[r#"
        0.010 s PIO0 register 0x50200010 was written, which only stores (pc 0x00000000; 2 accesses in all)
        0.030 s 0x60000000 (nothing) was written, where nothing answers (pc 0x00000000)
    "#]]
    .assert_eq(&found);
}

#[test]
fn what_is_touched_after_the_last_step_is_found_too() {
    let outcome = run(&scenario(vec![wait(0)]), &touching());
    assert_eq!(outcome.findings.len(), 2);
}

#[test]
fn what_must_never_be_touched_fails_the_run() {
    let never = vec![Never::Found(FindingKind::Nothing)];
    let outcome = run(&Scenario { never, ..scenario(vec![wait(100)]) }, &touching());
    expect![[r#"
        failed at no step, 0.030000000 s
        finding
        expected: never a finding `unmapped-access`
        got:      0x60000000 (nothing) was written, where nothing answers (pc 0x00000000)
    "#]]
    .assert_eq(&shown(&outcome.verdict));
}

#[test]
fn a_step_forbids_what_comes_after_it() {
    let forbid = || step(Action::Never(vec![Never::Found(FindingKind::Storage)]));
    check(
        vec![wait(15), forbid(), wait(30)],
        &touching(),
        expect![[r#"
            failed at step 2 of 3, never on line 10, 0.020000000 s
            finding
            expected: never a finding `storage-only` from this step on
            got:      PIO0 register 0x50200014 was written, which only stores (pc 0x00000000)
        "#]],
    );
    check(vec![wait(25), forbid(), wait(30)], &touching(), expect!["passed"]);
}

#[test]
fn a_pin_that_was_read_undriven_is_told_and_can_be_forbidden() {
    let read = || {
        let read = after(10).touches(FindingKind::Undriven, "P3", 0xd000_0004);
        Scripted::new(&board()).with_findings().at_start(read)
    };
    let outcome = run(&scenario(vec![wait(20)]), &read());
    assert_eq!(outcome.verdict, Verdict::Passed);
    let told = outcome.findings[0].to_string();
    assert_eq!(told, "P3 was read, and nobody drives it (pc 0x00000000)");
    let never = vec![Never::Found(FindingKind::Undriven)];
    let outcome = run(&Scenario { never, ..scenario(vec![wait(20)]) }, &read());
    expect![[r#"
        failed at no step, 0.010000000 s
        finding
        expected: never a finding `undriven-read`
        got:      P3 was read, and nobody drives it (pc 0x00000000)
    "#]]
    .assert_eq(&shown(&outcome.verdict));
}

#[test]
fn where_nobody_notices_nothing_is_claimed() {
    let never = vec![Never::Found(FindingKind::Storage)];
    let outcome = run(&Scenario { never, ..scenario(vec![wait(1)]) }, &Scripted::new(&board()));
    let shown = shown(&outcome.verdict);
    assert!(shown.starts_with("skipped") && shown.contains("findings"), "{shown}");
}
