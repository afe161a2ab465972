//! `paste`: types code in paste mode, between Ctrl-E and Ctrl-D. The board echoes
//! it, each line after `=== `.

use replab_scenario::Code;

use super::judge::{Ran, judge, still_running};
use crate::error::{Ended, Played};
use crate::prompt;
use crate::session::Session;

const CTRL_E: &[u8] = b"\x05";
const CTRL_D: &[u8] = b"\x04";
const PASTE_PROMPT: &[u8] = b"=== ";
/// How a traceback begins.
const TRACEBACK: &str = "Traceback (most recent call last):\n";

pub(super) fn play(session: &mut Session<'_>, code: &Code) -> Played {
    prompt::reach(session)?;
    let deadline = session.deadline();
    let from = session.output.len();
    session.type_bytes(CTRL_E)?;
    let Some((_, ready)) = session.wait_for(&[PASTE_PROMPT], from, deadline)? else {
        return Err(Ended::Failed(Box::new(session.missing_output("paste mode", from))));
    };
    let typed = code.text.replace('\n', "\r");
    session.type_bytes(typed.as_bytes())?;
    session.type_bytes(CTRL_D)?;
    let output_start = echo_end(session, &typed, ready.end)?;
    match prompt::wait(session, output_start, deadline)? {
        Some(prompt) => {
            let ran = split_traceback(&session.output.text(output_start..prompt));
            judge(session, code, &ran)
        }
        None => Err(still_running(session, code, output_start)),
    }
}

/// Waits for the echo of `typed` from `from` on, and of Ctrl-D: where the output begins.
///
/// Each byte is echoed as itself and each `\r` as `\r\n=== `, so the length of the echo is known.
fn echo_end(session: &mut Session<'_>, typed: &str, from: usize) -> Played<usize> {
    let echo = format!("{}\r\n", typed.replace('\r', "\r\n=== "));
    let end = from + echo.len();
    if session.wait_for_length(end, session.deadline())?
        && session.output.bytes()[from..end] == *echo.as_bytes()
    {
        return Ok(end);
    }
    let mut failure = session.missing_output("the echo of the pasted code", from);
    failure.details =
        session.output.text(from..session.output.len()).lines().map(str::to_string).collect();
    failure.hint =
        "does something print while the code is typed, or does the board lose bytes at this pace?"
            .to_string();
    Err(Ended::Failed(Box::new(failure)))
}

/// A traceback is the last thing that comes: its place lines are indented, and
/// one line names the exception.
fn split_traceback(output: &str) -> Ran {
    let starts = output.rmatch_indices(TRACEBACK).map(|(start, _)| start);
    let is_line_start = |start: &usize| *start == 0 || output.as_bytes()[start - 1] == b'\n';
    let ends_output = |start: &usize| {
        let mut rest =
            output[start + TRACEBACK.len()..].lines().skip_while(|line| line.starts_with("  "));
        rest.next().is_some_and(|name| !name.is_empty()) && rest.next().is_none()
    };
    let start = starts.filter(is_line_start).find(ends_output).unwrap_or(output.len());
    Ran { printed: output[..start].to_string(), traceback: output[start..].to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, printed: &str) {
        let ran = split_traceback(output);
        assert_eq!(ran.printed, printed);
        assert_eq!(format!("{}{}", ran.printed, ran.traceback), output);
    }

    #[test]
    fn a_traceback_at_the_end_is_split_off() {
        let traceback =
            format!("{TRACEBACK}  File \"<stdin>\", line 1, in <module>\nValueError: no\n");
        check(&format!("one\n{traceback}"), "one\n");
        check(&traceback, "");
    }

    #[test]
    fn a_traceback_that_was_only_printed_is_output() {
        let caught =
            format!("{TRACEBACK}  File \"<stdin>\", line 1, in <module>\nValueError: no\nand on\n");
        check(&caught, &caught);
        check("no traceback\n", "no traceback\n");
        check("", "");
    }

    #[test]
    fn an_exception_after_a_printed_one_is_the_one() {
        let traceback =
            format!("{TRACEBACK}  File \"<stdin>\", line 1, in <module>\nValueError: no\n");
        check(&format!("{traceback}and on\n{traceback}"), &format!("{traceback}and on\n"));
    }
}
