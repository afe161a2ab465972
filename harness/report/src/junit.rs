//! The JUnit report: what CI servers read.
//!
//! There is no standard, only what servers accept. The form here is the part that
//! Jenkins (`junit-10.xsd` of its xUnit plugin 3), Maven Surefire (its schema 3.0) and
//! GitLab ("Unit test reports", JUnit XML) have in common; `docs/junit.xsd` states
//! it, and tests hold reports against it. A run is a test case: its target is the
//! class, the scenario's identity the name, the transcript its output. What failed is
//! a `failure`, what the lab could not tell an `error`, what was not played `skipped`.

use std::io;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use replab_record::{Marginal, Verdict};

use crate::json::claim_word;
use crate::screen::headline;
use crate::visible::cut;
use crate::{Run, transcript_lines, visible};

/// Decimals of a second in the transcript.
const DECIMALS: usize = 6;

/// Characters of a line of the transcript at most.
const LINE_WIDTH: usize = 400;

/// Lines at the start of a transcript that are kept when it is too long.
const FIRST_LINES: usize = 100;

/// Lines at its end that are kept then: where a run fails is at the end.
const LAST_LINES: usize = 400;

/// The report, as far as runs have ended.
#[derive(Clone, Debug, Default)]
pub struct Junit {
    cases: Vec<Case>,
}

/// One run.
#[derive(Clone, Debug)]
struct Case {
    class: String,
    name: String,
    wall: Duration,
    result: Result,
    output: String,
}

#[derive(Clone, Debug)]
enum Result {
    Passed,
    /// The firmware or the claim is wrong: a kind for programs, a line, a screen.
    Failure {
        kind: &'static str,
        message: String,
        text: String,
    },
    /// The lab could not tell.
    Error {
        message: String,
        text: String,
    },
    Skipped {
        message: String,
    },
}

impl Junit {
    /// Takes one more run; `screen` is what people read of it if it did not pass,
    /// `transcript` the file of its transcript.
    pub fn add(&mut self, run: &Run<'_>, screen: &str, transcript: Option<&str>) {
        let message = visible(&headline(run).unwrap_or_default());
        let text = visible(screen);
        let result = match run.verdict {
            Verdict::Passed => Result::Passed,
            Verdict::Failed(failure) => {
                Result::Failure { kind: claim_word(&failure.claim), message, text }
            }
            Verdict::Broken(_) => Result::Error { message, text },
            Verdict::Skipped(_) => Result::Skipped { message },
        };
        self.cases.push(Case {
            class: visible(&run.target.to_string()),
            name: visible(run.identity),
            wall: run.wall,
            result,
            output: output(run, transcript),
        });
    }

    /// The whole report, UTF-8. `wall` is that of the whole command.
    pub fn xml(&self, wall: Duration) -> String {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        self.write(&mut writer, wall).expect("a Vec takes everything");
        let mut xml = writer.into_inner();
        xml.push(b'\n');
        String::from_utf8(xml).expect("only strings were written")
    }

    fn count(&self, is: impl Fn(&Result) -> bool) -> String {
        self.cases.iter().filter(|case| is(&case.result)).count().to_string()
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>, wall: Duration) -> io::Result<()> {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let (tests, wall) = (self.count(|_| true), seconds(wall));
        let failures = self.count(|result| matches!(result, Result::Failure { .. }));
        let errors = self.count(|result| matches!(result, Result::Error { .. }));
        let skipped = self.count(|result| matches!(result, Result::Skipped { .. }));
        let counts = [
            ("name", "replab"),
            ("tests", tests.as_str()),
            ("failures", &failures),
            ("errors", &errors),
            ("time", &wall),
        ];
        writer.create_element("testsuites").with_attributes(counts).write_inner_content(
            |writer| {
                let suite = writer.create_element("testsuite").with_attributes(counts);
                suite.with_attribute(("skipped", skipped.as_str())).write_inner_content(
                    |writer| self.cases.iter().try_for_each(|case| case.write(writer)),
                )?;
                Ok(())
            },
        )?;
        Ok(())
    }
}

impl Case {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let time = seconds(self.wall);
        let case = writer.create_element("testcase").with_attributes([
            ("classname", self.class.as_str()),
            ("name", &self.name),
            ("time", &time),
        ]);
        case.write_inner_content(|writer| {
            self.result.write(writer)?;
            if !self.output.is_empty() {
                let element = writer.create_element("system-out");
                element.write_text_content(BytesText::new(&self.output))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

impl Result {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let (element, kind, message, text) = match self {
            Result::Passed => return Ok(()),
            Result::Failure { kind, message, text } => ("failure", Some(*kind), message, text),
            Result::Error { message, text } => ("error", Some("broken"), message, text),
            // Surefire's schema gives it no type.
            Result::Skipped { message } => ("skipped", None, message, &String::new()),
        };
        // An end of a line in an attribute would be read as a blank (XML 1.0 §3.3.3).
        let message = message.replace('\n', " ");
        let element = writer.create_element(element);
        let element = element.with_attributes(kind.map(|kind| ("type", kind)));
        let element = element.with_attribute(("message", message.as_str()));
        match text.as_str() {
            "" => element.write_empty()?,
            text => element.write_text_content(BytesText::new(text))?,
        };
        Ok(())
    }
}

/// The transcript of `run`, bounded, and where all of it is.
fn output(run: &Run<'_>, transcript: Option<&str>) -> String {
    let lines = transcript_lines(run.record, run.board, DECIMALS);
    let left_out = lines.len().saturating_sub(FIRST_LINES + LAST_LINES);
    let mut text = String::new();
    for Marginal { expected, got, .. } in run.marginal {
        text.push_str(&format!("marginal: {expected}: {got}\n"));
    }
    for (index, line) in lines.iter().enumerate() {
        if left_out > 0 && index == FIRST_LINES {
            text.push_str(&format!("… {left_out} lines left out\n"));
        }
        if index < FIRST_LINES || index >= FIRST_LINES + left_out {
            text.push_str(&cut(line, LINE_WIDTH));
            text.push('\n');
        }
    }
    if let Some(file) = transcript {
        text.push_str(&format!("whole transcript in {file}\n"));
    }
    visible(&text)
}

/// Seconds with three decimals, as servers read them.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use quick_xml::Reader;
    use replab_record::{Claim, SkipReason};

    use super::*;
    use crate::run::tests::{Told, blink};
    use crate::{Files, Help, Paint, screen};

    const HELP: Help<'_> =
        Help { files: Files { transcript: None, vcd: None }, again: "replab run blink" };

    fn xml(runs: &[Told]) -> String {
        let mut junit = Junit::default();
        for told in runs {
            told.with(|run| {
                let screen = screen(run, HELP, Paint::Plain).unwrap_or_default();
                junit.add(run, &screen, Some("target/replab/blink.txt"));
            });
        }
        junit.xml(Duration::from_millis(120))
    }

    fn hostile(bytes: &[u8]) -> Told {
        let got = String::from_utf8_lossy(bytes).into_owned();
        let claim = Claim::Output { expected: "\">>> \" on uart0".into(), got: got.clone() };
        Told::default().sent(1_000, bytes).failed(claim, &[&got], &got)
    }

    fn lacks() -> Told {
        let (target, capability) = ("lab-m0@qemu".into(), "i2c".into());
        Told::default().skipped(SkipReason::Lacks { target, capability })
    }

    /// One of each kind.
    fn all_kinds() -> Vec<Told> {
        let level = Claim::Level { expected: "LED high".into(), got: "low".into() };
        let broken = Told::default().broken(&["the emulator ended"], &["qemu: no"]);
        let nasty = hostile(b"]]></system-out><x a='\"'>&amp;\x1b[2J\x00\xff\xef\xbf\xbf\r\n");
        vec![blink(), blink().failed(level, &["a table"], "look"), broken, lacks(), nasty]
    }

    #[track_caller]
    fn check(runs: &[Told], expected: &Expect) {
        expected.assert_eq(&xml(runs));
    }

    #[test]
    fn a_marginal_claim_stands_in_the_output() {
        let xml = xml(&[blink().marginal("period 1s ±1% on LED", "1.0099s")]);
        assert!(xml.contains("marginal: period 1s ±1% on LED: 1.0099s\n"), "{xml}");
        assert!(!xml.contains("<failure"), "{xml}");
    }

    #[test]
    fn a_run_is_a_case_with_its_target_as_class_and_its_transcript_as_output() {
        check(
            &[blink()],
            &expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="replab" tests="1" failures="0" errors="0" time="0.120">
              <testsuite name="replab" tests="1" failures="0" errors="0" time="0.120" skipped="0">
                <testcase classname="lab-m0@qemu" name="01-micropython-intro/blink" time="0.061">
                  <system-out> 0.001500 uart0 | MicroPython v1.25.0 on lab-m0
             0.001503 uart0 | &gt;&gt;&gt; blink(led, 6)
             0.004000 uart0 &lt; blink(led, 6)\r
             0.005000 LED = high
             0.505000 LED = low
            whole transcript in target/replab/blink.txt
            </system-out>
                </testcase>
              </testsuite>
            </testsuites>
        "#]],
        );
    }

    #[test]
    fn failed_broken_and_skipped_are_kept_apart() {
        check(
            &all_kinds()[1..],
            &expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="replab" tests="4" failures="2" errors="1" time="0.120">
              <testsuite name="replab" tests="4" failures="2" errors="1" time="0.120" skipped="1">
                <testcase classname="lab-m0@qemu" name="01-micropython-intro/blink" time="0.061">
                  <failure type="level" message="expected LED high, got low">error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
              step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected LED high, got low
                a table
              uart0 |  0.001 | MicroPython v1.25.0 on lab-m0
              uart0 |  0.001 | &gt;&gt;&gt; blink(led, 6)
              help: look
                    again: replab run blink
            </failure>
                  <system-out> 0.001500 uart0 | MicroPython v1.25.0 on lab-m0
             0.001503 uart0 | &gt;&gt;&gt; blink(led, 6)
             0.004000 uart0 &lt; blink(led, 6)\r
             0.005000 LED = high
             0.505000 LED = low
            whole transcript in target/replab/blink.txt
            </system-out>
                </testcase>
                <testcase classname="lab-m0@qemu" name="01-micropython-intro/blink" time="0.061">
                  <error type="broken" message="the emulator ended">broken: the lab could not tell how scenario `01-micropython-intro/blink` ends on lab-m0@qemu
              step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12
              the emulator ended
              emulator | qemu: no
              help: this says nothing about the firmware; `doctor` looks at the lab
                    again: replab run blink
            </error>
                  <system-out>whole transcript in target/replab/blink.txt
            </system-out>
                </testcase>
                <testcase classname="lab-m0@qemu" name="01-micropython-intro/blink" time="0.061">
                  <skipped message="lab-m0@qemu has no `i2c`, which it needs"/>
                  <system-out>whole transcript in target/replab/blink.txt
            </system-out>
                </testcase>
                <testcase classname="lab-m0@qemu" name="01-micropython-intro/blink" time="0.061">
                  <failure type="output" message="expected other text (-) than came (+)">error: scenario `01-micropython-intro/blink` failed on lab-m0@qemu
              step 3 of 5, scenarios/01-micropython-intro/blink.yaml:12: expected other text (-) than came (+)
                ]]&gt;&lt;/system-out&gt;&lt;x a=&apos;&quot;&apos;&gt;&amp;amp;\x1b[2J\x00�\u{ffff}
              uart0 |  0.000 | ]]&gt;&lt;/system-out&gt;&lt;x a=&apos;&quot;&apos;&gt;&amp;amp;\x1b[2J\x00\xff\u{ffff}
              help: ]]&gt;&lt;/system-out&gt;&lt;x a=&apos;&quot;&apos;&gt;&amp;amp;\x1b[2J\x00�\u{ffff}\r\n
                    again: replab run blink
            </failure>
                  <system-out> 0.000001 uart0 | ]]&gt;&lt;/system-out&gt;&lt;x a=&apos;&quot;&apos;&gt;&amp;amp;\x1b[2J\x00\xff\u{ffff}
            whole transcript in target/replab/blink.txt
            </system-out>
                </testcase>
              </testsuite>
            </testsuites>
        "#]],
        );
    }

    #[test]
    fn nothing_is_a_report_too() {
        check(
            &[],
            &expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="replab" tests="0" failures="0" errors="0" time="0.120">
              <testsuite name="replab" tests="0" failures="0" errors="0" time="0.120" skipped="0">
              </testsuite>
            </testsuites>
        "#]],
        );
    }

    #[test]
    fn long_output_is_cut_in_the_middle() {
        let told = (0..2_000).fold(Told::default(), |told, line| {
            told.sent(line * 1_000_000, format!("line {line}\n"))
        });
        let report = xml(&[told.sent(3_000_000_000, "x".repeat(1_000_000))]);
        assert!(report.len() < 40_000, "{} bytes", report.len());
        for part in ["| line 99\n… 1501 lines left out\n", "| line 1601\n", "xxx…\nwhole"] {
            assert!(report.contains(part), "{part:?} in {report}");
        }
    }

    /// The text of `element` in `report`, as another reads it.
    fn read_back(report: &str, element: &str) -> String {
        let mut reader = Reader::from_str(report);
        let (mut text, mut inside) = (String::new(), false);
        loop {
            match reader.read_event().expect("it is XML") {
                Event::Start(start) => inside = start.name().as_ref() == element,
                Event::End(_) => inside = false,
                Event::Text(part) if inside => text.push_str(&part),
                Event::GeneralRef(name) if inside => {
                    text.push(match &*name {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "apos" => '\'',
                        "quot" => '"',
                        other => panic!("&{other}; is none of XML's own"),
                    });
                }
                Event::Eof => return text,
                _ => {}
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_firmware_sends_the_report_is_xml_that_says_it(
            bytes in proptest::collection::vec(any::<u8>(), 0..80)
        ) {
            let told = hostile(&bytes);
            let report = xml(&[hostile(&bytes)]);
            let is_allowed = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            prop_assert!(report.chars().all(is_allowed), "{:?}", report);
            let expected = told.with(|run| output(run, Some("target/replab/blink.txt")));
            prop_assert_eq!(read_back(&report, "system-out"), expected);
        }
    }

    /// `xmllint` is libxml2's own, and knows nothing of how the report was made.
    #[test]
    fn reports_are_valid_by_the_schema() {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/junit.xsd");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let judge = |report: &str| {
            let file = folder.path().join("report.xml");
            std::fs::write(&file, report).expect("the folder is ours");
            let mut command = Command::new("xmllint");
            command.args(["--noout", "--nonet", "--schema"]).arg(&schema).arg(&file);
            let output = command.output().ok()?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Some((output.status.success(), said))
        };
        let Some((is_valid, said)) = judge(&xml(&all_kinds())) else {
            return eprintln!("skipped: xmllint is not installed (Debian: libxml2-utils)");
        };
        assert!(is_valid, "{said}");
        let (is_valid, said) = judge(&xml(&[])).expect("it was there");
        assert!(is_valid, "{said}");
        let wrong = xml(&all_kinds()).replace("classname", "class");
        assert!(!judge(&wrong).expect("it was there").0, "the schema is no judge");
    }
}
