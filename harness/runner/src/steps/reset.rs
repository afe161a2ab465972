//! `reset: soft`, `hard`, `power`: starts the board again.
//!
//! A soft reset is the firmware's: Ctrl-D at the prompt, done when it says so. The
//! others are the lab's, and over at once: the firmware starts at the next `go`.

use replab_scenario::Reset;

use super::send::deliver;
use crate::always::SOFT_REBOOT;
use crate::error::{Ended, Played};
use crate::prompt;
use crate::session::Session;

const CTRL_D: &[u8] = b"\x04";

pub(super) fn play(session: &mut Session<'_>, how: Reset) -> Played {
    match how {
        Reset::Soft => soft(session),
        Reset::Hard => session.pull_reset_line(),
        Reset::Power => session.cycle_power(),
    }
}

fn soft(session: &mut Session<'_>) -> Played {
    prompt::reach(session).map_err(no_prompt)?;
    let from = session.output.len();
    deliver(session, CTRL_D)?;
    let deadline = session.deadline();
    match session.wait_for(&[SOFT_REBOOT], from, deadline)? {
        Some((_, found)) => {
            session.soft_reset_seen(found.end);
            Ok(())
        }
        None => Err(not_said(session, from)),
    }
}

/// Without a prompt Ctrl-D would be input of the running program.
fn no_prompt(ended: Ended) -> Ended {
    match ended {
        Ended::Failed(mut failure) if failure.hint.is_empty() => {
            failure.hint = "a soft reset is Ctrl-D at the prompt: stop the program first with \
                            `key: ctrl-c`, or use `reset: hard`"
                .to_string();
            Ended::Failed(failure)
        }
        other => other,
    }
}

fn not_said(session: &Session<'_>, from: usize) -> Ended {
    let mut failure = session.missing_output("\"MPY: soft reboot\" after Ctrl-D", from);
    failure.hint =
        "this REPL does not start again at Ctrl-D as MicroPython's does: use `reset: hard`"
            .to_string();
    Ended::Failed(Box::new(failure))
}
