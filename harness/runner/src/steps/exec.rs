//! `exec`: runs code by MicroPython's raw REPL, which echoes nothing.
//!
//! Raw-paste mode is used where the board has it: the board says how many bytes
//! it has room for, so none is lost (docs/reference/repl.rst of MicroPython).
//! Otherwise plain raw mode, where only the pace of the port protects it. The
//! transcript shows what was printed, without the frames.

use std::ops::Range;

use replab_scenario::Code;

use super::judge::{Ran, judge, still_running};
use crate::error::{Ended, Played};
use crate::prompt;
use crate::session::Session;

const CTRL_A: &[u8] = b"\x01";
const CTRL_B: &[u8] = b"\x02";
const CTRL_D: &[u8] = b"\x04";
/// Ends the output, and then the traceback. Also ends the data phase of raw-paste.
const END: &[u8] = b"\x04";
/// The board has room for one more window.
const WINDOW: &[u8] = b"\x01";
/// What the board says when it enters raw mode, with the raw prompt.
const BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";
/// Asks for raw-paste mode.
const ASK_RAW_PASTE: &[u8] = b"\x05A\x01";
/// The board has raw-paste mode; the size of its window follows.
const RAW_PASTE: &[u8] = b"R\x01";
/// The board knows the question, and has no raw-paste mode.
const NO_RAW_PASTE: &[u8] = b"R\x00";

pub(super) fn play(session: &mut Session<'_>, code: &Code) -> Played {
    prompt::reach(session)?;
    let start = session.output.len();
    let (printed, traceback) = run(session, code)?;
    let end = leave(session)?;
    let ran = Ran {
        printed: session.output.text(printed.clone()),
        traceback: session.output.text(traceback.clone()),
    };
    hide_frames(session, start, &printed, &traceback, end);
    judge(session, code, &ran)
}

/// Runs the code: where its output and its traceback stand.
fn run(session: &mut Session<'_>, code: &Code) -> Played<(Range<usize>, Range<usize>)> {
    session.type_undisturbed(true);
    session.type_bytes(CTRL_A)?;
    let from = session.output.len();
    need(session, &[BANNER], from, "the raw REPL")?;
    let from = session.output.len();
    session.type_bytes(ASK_RAW_PASTE)?;
    let (answer, found) =
        need(session, &[RAW_PASTE, NO_RAW_PASTE, BANNER], from, "an answer about raw-paste mode")?;
    let output_start = match answer {
        0 => send_by_windows(session, &code.text, found.end)?,
        _ => send_at_once(session, &code.text, found.end)?,
    };
    session.type_undisturbed(false);
    let printed = until_end(session, code, output_start)?;
    let traceback = until_end(session, code, printed.end + END.len())?;
    Ok((printed, traceback))
}

/// Sends `text` as the board makes room for it; where its output begins.
/// `header` is where the window size stands.
fn send_by_windows(session: &mut Session<'_>, text: &str, header: usize) -> Played<usize> {
    let deadline = session.deadline();
    if !session.wait_for_length(header + 2, deadline)? {
        return Err(missing(session, "the window size of raw-paste mode", header));
    }
    let size = [session.output.bytes()[header], session.output.bytes()[header + 1]];
    let window = usize::from(u16::from_le_bytes(size));
    let mut seen = header + 2;
    let mut rest = text.as_bytes();
    let mut room = window;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(room.min(rest.len()));
        session.type_bytes(now)?;
        rest = later;
        if rest.is_empty() {
            break;
        }
        let (sign, found) = need(session, &[WINDOW, END], seen, "more room in raw-paste mode")?;
        seen = found.end;
        if sign == 1 {
            // It reads no further, as after a syntax error, and waits for the end.
            session.type_bytes(CTRL_D)?;
            return Ok(seen);
        }
        room = window;
    }
    session.type_bytes(CTRL_D)?;
    // Rooms that were not needed come before it.
    let (_, end) = need(session, &[END], seen, "the end of raw-paste mode")?;
    Ok(end.end)
}

/// Sends `text` in plain raw mode; where its output begins. `from` is after the
/// answer that told that there is no better mode.
fn send_at_once(session: &mut Session<'_>, text: &str, from: usize) -> Played<usize> {
    need(session, &[b">"], from.saturating_sub(1), "the raw prompt")?;
    session.type_bytes(text.as_bytes())?;
    session.type_bytes(CTRL_D)?;
    let from = session.output.len();
    let (_, found) = need(session, &[b"OK"], from, "OK from the raw REPL")?;
    Ok(found.end)
}

/// From `from` up to the byte that ends output.
fn until_end(session: &mut Session<'_>, code: &Code, from: usize) -> Played<Range<usize>> {
    let deadline = session.deadline();
    match session.wait_for(&[END], from, deadline)? {
        Some((_, found)) => Ok(from..found.start),
        None => Err(still_running(session, code, from)),
    }
}

/// Goes back to the friendly REPL; where its prompt begins.
fn leave(session: &mut Session<'_>) -> Played<usize> {
    let from = session.output.len();
    session.type_bytes(CTRL_B)?;
    match prompt::wait(session, from, session.deadline())? {
        Some(start) => Ok(start),
        None => Err(prompt::missing(session, from)),
    }
}

/// Leaves of the bytes from `start` to the prompt at `end` only the line end that
/// Ctrl-A gives, what was printed, and the traceback.
fn hide_frames(
    session: &mut Session<'_>,
    start: usize,
    printed: &Range<usize>,
    traceback: &Range<usize>,
    end: usize,
) {
    let output = &mut session.output;
    let line_end = if output.bytes()[start..].starts_with(b"\r\n") { start + 2 } else { start };
    output.hide(line_end..printed.start);
    output.hide(printed.end..traceback.start);
    let shown = if traceback.is_empty() { printed } else { traceback };
    let is_cut = !shown.is_empty() && !output.is_line_start(shown.end);
    // Ctrl-B begins a new line, and the prompt needs one after half a line.
    match output.find(&[b"\r\n"], traceback.end) {
        Some((_, fresh)) if is_cut && fresh.end <= end => {
            output.hide(traceback.end..fresh.start);
            output.hide(fresh.end..end);
        }
        _ => output.hide(traceback.end..end),
    }
}

fn need(
    session: &mut Session<'_>,
    patterns: &[&[u8]],
    from: usize,
    what: &str,
) -> Played<(usize, Range<usize>)> {
    let deadline = session.deadline();
    match session.wait_for(patterns, from, deadline)? {
        Some(found) => Ok(found),
        None => Err(missing(session, what, from)),
    }
}

fn missing(session: &Session<'_>, what: &str, from: usize) -> Ended {
    let mut failure = session.missing_output(what, from);
    failure.hint = "`exec` needs MicroPython's raw REPL: `paste` and `repl` do not".to_string();
    Ended::Failed(Box::new(failure))
}
