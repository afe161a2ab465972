//! `replab setup`: fetches what is missing, where set-up knows how.

use std::time::Instant;

use replab_report::{Ending, ExitCode, visible};
use replab_setup::{Named, SetupError, setup, setup_renode};

use crate::Place;
use crate::place::from_here;
use crate::voice::Voice;

/// Brings what `place` needs and has not, unless `named` has it, and says what it does.
/// With `renode` that is Renode, and nothing else.
///
/// A system that set-up cannot fetch for, or a network that is not there, gives
/// [`ExitCode::Broken`]; a wrong name [`ExitCode::WrongInput`].
pub fn set_up(place: &Place, named: Named, renode: bool) -> ExitCode {
    let voice = Voice::of_terminal();
    let started = Instant::now();
    let tools = place.tools(named);
    let mut say = |line: &str| voice.say(&format!("setup: {}\n", visible(line)));
    let done = if renode { setup_renode(&tools, &mut say) } else { setup(&tools, &mut say) };
    let ending = match done {
        Ok(()) => {
            let (folder, time) = (from_here(&place.tools), started.elapsed().as_secs_f64());
            say(&format!("all is there ({time:.1} s); what was fetched is in {folder}"));
            Ending::Told
        }
        Err(error) => {
            voice.complain(&error);
            if let SetupError::Missing(_) = error {
                Ending::WrongInput
            } else {
                Ending::NotInstalled
            }
        }
    };
    ExitCode::of(&ending)
}
