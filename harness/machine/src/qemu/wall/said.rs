//! What QEMU says on its two sockets, line by line.
//!
//! QMP is JSON, one object a line (docs/interop/qmp-spec.rst of QEMU). The test
//! protocol is words (system/qtest.c).

use replab_record::Level;
use serde_json::Value;

use crate::MachineError;

/// A line of QMP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The answer to the request with this number: the text that it gives, which
    /// is empty for anything but text.
    Done { id: u64, answer: String },
    /// The request with this number was refused.
    Refused { id: u64, why: String },
    /// The firmware asks for a reset; the machine has stopped for it.
    ResetAsked,
    /// Nothing that matters here.
    Other,
}

/// Reads a line of QMP.
pub(super) fn parse(line: &str) -> Said {
    let Ok(value) = serde_json::from_str::<Value>(line) else { return Said::Other };
    let id = value.get("id").and_then(Value::as_u64);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (id, value.get("return"), value.get("error"), value.get("event")) {
        (Some(id), Some(answer), ..) => Said::Done { id, answer: text(answer) },
        (Some(id), None, Some(error), _) => Said::Refused { id, why: text(&error["desc"]) },
        (.., Some(event)) if event == "SHUTDOWN" && value["data"]["reason"] == "guest-reset" => {
            Said::ResetAsked
        }
        _ => Said::Other,
    }
}

/// A request of QMP.
pub(super) fn request(id: u64, command: &str, arguments: Option<Value>) -> String {
    let mut request = serde_json::json!({ "execute": command, "id": id });
    if let Some(arguments) = arguments {
        request["arguments"] = arguments;
    }
    request.to_string()
}

/// A line of the test protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tested {
    /// The request was carried out.
    Done,
    /// The request was refused.
    Refused(String),
    /// The output with this number has changed. QEMU tells apart only zero and
    /// not zero (`qtest_irq_handler`), so a floating output is told as a high one.
    Output { line: u32, is_high: bool },
}

/// Reads a line of the test protocol.
pub(super) fn parse_tested(line: &str) -> Tested {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let output = |number: &str, is_high| {
        number
            .parse()
            .map_or(Tested::Refused(line.to_owned()), |line| Tested::Output { line, is_high })
    };
    match words.as_slice() {
        ["OK", ..] => Tested::Done,
        ["IRQ", "raise", number] => output(number, true),
        ["IRQ", "lower", number] => output(number, false),
        _ => Tested::Refused(line.to_owned()),
    }
}

/// How the test protocol writes a level that an input is driven to.
pub(super) fn input_of(level: Level) -> Result<i32, MachineError> {
    match level {
        Level::High => Ok(1),
        Level::Low => Ok(0),
        Level::Floating => Ok(-1),
        Level::Unknown => Err(MachineError::NoLevel { level }),
    }
}

/// The address in the answer of `gpa2hva` (`monitor/hmp-cmds.c`):
/// `Host virtual address for 0x20000000 (nrf51.sram) is 0x7f37…`.
pub(super) fn host_address(answer: &str) -> Option<u64> {
    let (_, address) = answer.trim_end().rsplit_once(" is 0x")?;
    u64::from_str_radix(address, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &Said) {
        assert_eq!(parse(line), *expected);
    }

    #[test]
    fn answers_belong_to_their_requests() {
        check(r#"{"return": {}, "id": 3}"#, &Said::Done { id: 3, answer: String::new() });
        check(r#"{"return": "text", "id": 4}"#, &Said::Done { id: 4, answer: "text".to_owned() });
        check(
            r#"{"error": {"class": "GenericError", "desc": "no"}, "id": 5}"#,
            &Said::Refused { id: 5, why: "no".to_owned() },
        );
    }

    #[test]
    fn of_events_only_the_reset_of_the_firmware_matters() {
        check(
            r#"{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}"#,
            &Said::ResetAsked,
        );
        check(
            r#"{"event": "SHUTDOWN", "data": {"guest": false, "reason": "host-signal"}}"#,
            &Said::Other,
        );
        check(r#"{"event": "RESUME"}"#, &Said::Other);
        check(r#"{"QMP": {"version": {}}}"#, &Said::Other);
        check("no JSON", &Said::Other);
    }

    #[test]
    fn requests_are_one_line() {
        assert_eq!(request(7, "stop", None), r#"{"execute":"stop","id":7}"#);
        let arguments = serde_json::json!({ "command-line": "gpa2hva 0x0" });
        assert_eq!(
            request(8, "human-monitor-command", Some(arguments)),
            r#"{"arguments":{"command-line":"gpa2hva 0x0"},"execute":"human-monitor-command","id":8}"#
        );
    }

    #[test]
    fn outputs_are_told_between_answers() {
        assert_eq!(parse_tested("OK 0x0000000000000008"), Tested::Done);
        assert_eq!(parse_tested("IRQ raise 25"), Tested::Output { line: 25, is_high: true });
        assert_eq!(parse_tested("IRQ lower 25"), Tested::Output { line: 25, is_high: false });
        assert_eq!(
            parse_tested("FAIL Unknown device"),
            Tested::Refused("FAIL Unknown device".to_owned())
        );
        assert_eq!(parse_tested("IRQ raise x"), Tested::Refused("IRQ raise x".to_owned()));
    }

    #[test]
    fn a_host_address_stands_at_the_end() {
        let answer = "Host virtual address for 0x20000000 (nrf51.sram) is 0x7ff066c00000\r\n";
        assert_eq!(host_address(answer), Some(0x7ff0_66c0_0000));
        assert_eq!(host_address("No memory is mapped at address 0x70000000\r\n"), None);
    }
}
