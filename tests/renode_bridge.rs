//! The bridge that Renode includes, under Python 3 against fakes of Renode's classes.

mod support;

use std::process::Command;

use replab_setup::{Named, Tools};

/// Renode's Python is 2.7, which takes no other letters without being told so.
#[test]
fn the_bridge_is_ascii() {
    let text = std::fs::read(support::root().join("renode/lab_bridge.py")).expect("it is there");
    assert!(text.is_ascii());
}

#[test]
fn the_bridge_keeps_the_rules_of_time_against_fakes() {
    let tools = Tools::find(support::root(), Named::from_env());
    let python = or_skip!(tools.program("python3").map_err(|missing| missing.to_string()));
    let output = Command::new(python)
        .args(["-B", "-W", "error"])
        .arg(support::root().join("tests/renode_bridge/test_bridge.py"))
        .env("REPLAB_BRIDGE", support::root().join("renode/lab_bridge.py"))
        .output()
        .expect("python3 was found");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    // So that a file without tests is no success.
    assert!(told.contains("Ran 42 tests"), "{told}");
}
