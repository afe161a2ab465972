//! Finding the prompt.
//!
//! `>>> ` may also be in what a program prints. It is a prompt where nothing
//! follows it for the quiet time of the port ([`Session::quiet`]): whoever prints
//! goes on, and who waits for a line does not. That it begins a line is not asked
//! for, because of `print("x", end="")`.

use replab_record::MachineTime;

use crate::error::{Ended, Played};
use crate::hints;
use crate::session::Session;

/// The prompt of Python's REPL.
pub(crate) const PROMPT: &[u8] = b">>> ";
/// Its prompt for the next line of a block.
pub(crate) const CONTINUATION: &[u8] = b"... ";

/// Waits for a prompt at or after `from`, but not beyond `deadline`. Where it begins; it has been read.
pub(crate) fn wait(
    session: &mut Session<'_>,
    from: usize,
    deadline: MachineTime,
) -> Played<Option<usize>> {
    let mut from = from;
    while let Some((_, found)) = session.wait_for(&[PROMPT], from, deadline)? {
        let is_quiet = session.output.len() == found.end && session.is_quiet_before(deadline)?;
        if is_quiet && session.output.len() == found.end {
            session.read_prompt(found.end);
            return Ok(Some(found.start));
        }
        from = found.start + 1;
    }
    Ok(None)
}

/// Waits for the prompt, unless the board stands at it already: before typing.
pub(crate) fn reach(session: &mut Session<'_>) -> Played {
    if session.is_at_prompt() {
        return Ok(());
    }
    let from = session.cursor();
    match wait(session, from, session.deadline())? {
        Some(_) => Ok(()),
        None => Err(missing(session, from)),
    }
}

/// There should have been a prompt at or after `from`.
pub(crate) fn missing(session: &Session<'_>, from: usize) -> Ended {
    let mut failure = session.missing_output("prompt \">>> \"", from);
    failure.hint = hints::unfinished(session, from).to_string();
    Ended::Failed(Box::new(failure))
}
