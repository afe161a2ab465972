//! `boot: run` and `boot: repl`.

use replab_scenario::Boot;

use crate::error::Played;
use crate::prompt;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, how: Boot) -> Played {
    match how {
        Boot::Run => Ok(()),
        Boot::Repl => prompt::reach(session),
    }
}
