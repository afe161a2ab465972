//! The schema of the language, against the reader.

use std::sync::LazyLock;

use expect_test::expect_file;
use jsonschema::Validator;

use super::{EVERYTHING, around, examples, own, read};
use crate::{keys_page, schema};

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft7::new(&schema()).expect("the schema is one"));

/// What the schema says against `text`, in lines.
fn problems(text: &str) -> String {
    let value: serde_yaml::Value = serde_yaml::from_str(text).expect("the other reader takes it");
    let value = serde_json::to_value(value).expect("keys are text");
    let line = |error: jsonschema::ValidationError<'_>| format!("{error}\n");
    VALIDATOR.iter_errors(&value).map(line).collect()
}

#[test]
fn the_stored_schema_is_that_of_the_reader() {
    let text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON") + "\n";
    expect_file!["../../../../docs/scenario.schema.json"].assert_eq(&text);
}

#[test]
fn the_page_of_keys_is_that_of_the_reader() {
    expect_file!["../../../../docs/scenario-keys.md"].assert_eq(&keys_page());
}

#[test]
fn whatever_the_reader_takes_keeps_to_the_schema() {
    let own = own().1.into_iter().map(|(_, text)| text);
    let all: Vec<String> = own.chain(examples()).chain([EVERYTHING.to_owned()]).collect();
    assert!(all.len() > 20, "{}", all.len());
    for text in all {
        assert_eq!(problems(&text), "", "{text}");
    }
}

/// Both the reader and the schema refuse `text`.
#[track_caller]
fn refused(text: &str) {
    assert!(read(text).is_err(), "the reader takes it:\n{text}");
    assert_ne!(problems(text), "", "the schema takes it:\n{text}");
}

#[test]
fn the_schema_refuses_steps_that_the_reader_refuses() {
    let steps = [
        "wiat: 1s",
        "wait: 1",
        "wait: 1 hour",
        "boot: now",
        "reset: cold",
        "repl: 5",
        "key: ctrl-x",
        "send: { hex: \"03\", text: x }",
        "expect: { regex: a, lines: [b] }",
        "expect: { prompt: yes please }",
        "at: []",
        "at: [{ time: 1s }]",
        "at: [{ time: 1s, key: enter, send: a }]",
        "at: [{ key: enter }]",
        "at: [{ time: 1s, drive: { P3: low }, port: uart0 }]",
        "{ wait: 1s, at: [{ time: 1s, key: enter }] }",
        "wire: { open: P5, mend: P5 }",
        "wire: { open: P5, to: low }",
        "wire: { short: P5 }",
        "wire: { short: P5, to: floating }",
        "wire: { bridge: [LED] }",
        "wire: { open: P5, when: { pin: LED, edge: 0 } }",
        "pin: { LED: up }",
        "pin: {}",
        "press: { button: BUTTON }",
        "wave: { pin: LED, for: 5s }",
        "wave: { pin: LED, for: 5s, first: up }",
        "wave: { pin: LED, for: 5s, high: {} }",
        "wave: { pin: LED, for: 5s, glitch: 1 }",
        "wave: { pin: LED, for: 5s, lag: 10ms }",
        "wave: { pin: LED, for: 5s, lag: { behind: P3 } }",
        "contract: { pin: LED, for: 5s }",
        "contract: { pin: LED, for: 5s, high: { typ: 1ms } }",
        "contract: { pin: LED, for: 5s, rise: { max: 1ms } }",
        "contract: { pin: LED, for: 5s, lag: { max: 1ms } }",
        "contract: { pin: LED, for: 5s, lag: { behind: P3 } }",
        "fs: { has: a, absent: b }",
        "exec: { prints: a }",
        "exec: { code: a, block: b }",
        "memory: all",
        "memory: { heap.fre: \"> 1 B\" }",
        "memory: { heap.free: 1 KiB }",
        "never: []",
        "snapshot: [screen]",
        "{ wait: 1s, boot: run }",
        "{ name: nothing }",
        "{ wait: 1s, within: 2s }",
        "{ wait: 1s, hold: 2s }",
        "{ wait: 1s, at: { time: 1s } }",
    ];
    for step in steps {
        refused(&around("", step));
    }
}

#[test]
fn the_schema_refuses_files_that_the_reader_refuses() {
    let lines = [
        "board: [lab-m0]\n",
        "boards: []\n",
        "needs: [wings]\n",
        "seed: -1\n",
        "files: { a: { from: there.txt, block: x } }\n",
        "never: { text: x }\n",
        "tolerate: []\n",
        "tolerate: { time: 1%, why: a }\n",
        "tolerate: [{ time: 1% }]\n",
        "tolerate: [{ time: 1, why: a }]\n",
        "tolerate: [{ why: a }]\n",
        "tolerate: [{ time: 1%, order: LED, why: a }]\n",
        "tolerate: [{ edges: { pin: LED }, why: a }]\n",
        "tolerate: [{ memory: {}, why: a }]\n",
        "tolerate: [{ memory: { flash.used: 1 B }, why: a }]\n",
        "cases: {}\n",
        "cases: { a b: {} }\n",
        "cases: { a: { lesson: x } }\n",
    ];
    for line in lines {
        refused(&around(line, "boot: repl"));
    }
    refused("replab: 2\nname: a\nsteps: [{ boot: repl }]\n");
    refused("replab: 1\nname: a\n");
    refused("replab: 1\nsteps: [{ boot: repl }]\n");
    refused("replab: 1\nname: a\nsteps: []\n");
}
