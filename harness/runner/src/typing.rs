//! Types one line at the friendly REPL, as a person would who knows it.
//!
//! MicroPython's REPL indents the lines of a block by itself
//! (shared/readline/readline.c, `readline_auto_indent`): four blanks more after a
//! colon, as many as before otherwise. A line that brings its own indentation
//! would have both. So of each line only what the REPL has not typed already is
//! sent, and what it typed too much is taken back with backspaces: there, one
//! backspace removes four blanks. What was taken back is hidden from the
//! transcript. No auto-indent at all is a case of this.

use std::ops::Range;

use replab_record::Claim;

use crate::error::{Ended, Played, failed};
use crate::hints;
use crate::output::text;
use crate::prompt::{self, CONTINUATION, PROMPT};
use crate::session::Session;

/// What the REPL did after a line.
pub(crate) enum Reply {
    /// It asks for the next line of the block, and has typed so many blanks of it.
    Continues { indent: usize },
    /// It ran what was typed: where its output stands, up to the prompt.
    Answered(Range<usize>),
}

/// The blanks that one backspace removes when only blanks are before it.
const INDENT: usize = 4;

/// Types `line` where the REPL has typed `indent` blanks already, and waits for what it does.
pub(crate) fn type_line(session: &mut Session<'_>, line: &str, indent: usize) -> Played<Reply> {
    let line_start = session.output.len() - indent;
    session.type_bytes(&keystrokes(line, indent))?;
    let deadline = session.deadline();
    let echo_from = session.output.len();
    let Some((_, echo)) = session.wait_for(&[b"\n"], echo_from, deadline)? else {
        return Err(missing(session, &format!("the echo of {line:?}"), echo_from, line));
    };
    if !line.is_ascii()
        && !contains(&session.output.bytes()[line_start..echo.end], line.trim().as_bytes())
    {
        return Err(not_taken(session, line, line_start..echo.end));
    }
    hide_what_was_taken_back(session, line_start..echo.end);
    reply(session, echo.end, line)
}

/// What to type so that the line reads `line` where `indent` blanks stand already.
fn keystrokes(line: &str, indent: usize) -> Vec<u8> {
    // A line of blanks only does not end a block; an empty one does.
    let line = if line.trim().is_empty() { "" } else { line };
    let own = line.len() - line.trim_start_matches(' ').len();
    let (kept, surplus) = match indent.checked_sub(own) {
        // As many as there are, or fewer by whole steps.
        Some(surplus) if surplus.is_multiple_of(INDENT) => (own, surplus),
        // Blanks typed right after an auto-indent would replace it, so all of it goes.
        _ => (0, indent),
    };
    let backspaces = surplus / INDENT + surplus % INDENT;
    let mut keys = vec![0x08; backspaces];
    keys.extend_from_slice(&line.as_bytes()[kept..]);
    keys.push(b'\r');
    keys
}

/// A backspace is echoed as `\x08` for each blank and `ESC [ K`, which erases to
/// the end of the line. Hides those, and the blanks that they removed.
fn hide_what_was_taken_back(session: &mut Session<'_>, line: Range<usize>) {
    let bytes = &session.output.bytes()[line.clone()];
    let Some(erased) = bytes.windows(3).rposition(|window| window == b"\x1b[K").map(|at| at + 3)
    else {
        return;
    };
    let blanks = bytes.iter().take_while(|byte| **byte == b' ').count();
    let moves = bytes[blanks..erased].iter().filter(|byte| **byte == 0x08).count();
    session.output.hide(line.start + blanks.saturating_sub(moves)..line.start + erased);
}

/// What the REPL does with a line whose echo ended at `from`.
fn reply(session: &mut Session<'_>, from: usize, line: &str) -> Played<Reply> {
    let deadline = session.deadline();
    let first = session.wait_for(&[PROMPT, CONTINUATION], from, deadline)?;
    if let Some((1, found)) = first
        && found.start == from
        && session.is_quiet_before(deadline)?
    {
        // A program may print dots as well, but it does not stop after them.
        let rest = &session.output.bytes()[found.end..];
        if rest.iter().all(|byte| *byte == b' ') {
            return Ok(Reply::Continues { indent: rest.len() });
        }
    }
    match prompt::wait(session, from, deadline)? {
        Some(start) => Ok(Reply::Answered(from..start)),
        None => Err(missing(session, &format!("prompt \">>> \" after {line:?}"), from, line)),
    }
}

/// MicroPython's `readline_process_char` drops what is no printable ASCII. Code
/// that lacks characters is other code, so that is never passed over.
fn not_taken(session: &Session<'_>, line: &str, echo: Range<usize>) -> Ended {
    let got = format!("the echo {:?}", session.output.text(echo).trim_end());
    let mut failure =
        failed(Claim::Output { expected: format!("the echo of {line:?}"), got }, session.now());
    failure.hint = "this REPL takes ASCII only where one types: use `exec` or `paste` for the rest"
        .to_string();
    Ended::Failed(Box::new(failure))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len().max(1)).any(|window| window == part)
}

fn missing(session: &Session<'_>, what: &str, from: usize, typed: &str) -> Ended {
    let mut failure = session.missing_output(what, from);
    failure.hint = match hints::unfinished(session, from) {
        "" => hints::slow(typed),
        hint => hint,
    }
    .to_string();
    failure.details = text(&session.output.bytes()[from..]).lines().map(str::to_string).collect();
    Ended::Failed(Box::new(failure))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The line that MicroPython's `readline_process_char` reads from `keys`, where
    /// it has typed `indent` blanks itself (shared/readline/readline.c in 1.25).
    fn read_line(keys: &[u8], indent: usize) -> String {
        let mut line = " ".repeat(indent);
        let mut just_indented = indent > 0;
        for key in keys {
            match key {
                b'\r' => break,
                0x08 => {
                    let is_blank = line.bytes().all(|byte| byte == b' ');
                    let removed = if is_blank && line.len() >= 4 { 4 } else { 1 };
                    line.truncate(line.len().saturating_sub(removed));
                }
                // A blank after an auto-indent replaces it by one.
                b' ' if just_indented => line.truncate(line.len() - 3),
                other => line.push(char::from(*other)),
            }
            just_indented = false;
        }
        line
    }

    proptest! {
        #[test]
        fn the_repl_reads_the_line_that_was_meant(
            own in 0_usize..20, rest in "[a-z:][a-z: ]{0,9}", steps in 0_usize..5,
        ) {
            let line = format!("{}{rest}", " ".repeat(own));
            prop_assert_eq!(read_line(&keystrokes(&line, 4 * steps), 4 * steps), line);
        }

        #[test]
        fn the_repl_reads_an_empty_line_as_empty(own in 0_usize..20, steps in 0_usize..5) {
            prop_assert_eq!(read_line(&keystrokes(&" ".repeat(own), 4 * steps), 4 * steps), "");
        }
    }

    #[track_caller]
    fn check(line: &str, indent: usize, expected: &str) {
        let keys = String::from_utf8(keystrokes(line, indent)).unwrap();
        assert_eq!(keys.replace('\x08', "<"), format!("{expected}\r"));
    }

    #[test]
    fn a_line_is_typed_as_it_is_where_nothing_stands() {
        check("x = 1", 0, "x = 1");
        check("    x = 1", 0, "    x = 1");
    }

    #[test]
    fn what_stands_already_is_not_typed_again() {
        check("    x = 1", 4, "x = 1");
        check("        x = 1", 8, "x = 1");
    }

    #[test]
    fn surplus_is_taken_back_in_whole_steps() {
        check("    x = 1", 8, "<x = 1");
        check("else:", 8, "<<else:");
    }

    #[test]
    fn odd_indentation_is_typed_from_the_margin() {
        check("  x = 1", 4, "<  x = 1");
        check("        x = 1", 4, "<        x = 1");
        check("x", 3, "<<<x");
    }

    #[test]
    fn an_empty_line_is_empty() {
        check("", 0, "");
        check("", 4, "<");
        check("    ", 8, "<<");
    }
}
