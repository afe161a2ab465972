//! The only part that prints.
//!
//! Results go to standard output, what is wrong with the request to standard
//! error. Colour is used where a terminal reads and `NO_COLOR` is not set. Under GitHub
//! Actions, which obeys what is printed, both are guarded.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use replab_report::{Paint, guarded, guarded_json, visible};

/// Where and how things are said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    /// The colours of standard output.
    pub(crate) paint: Paint,
    /// Whether GitHub reads what is said.
    is_guarded: bool,
}

impl Voice {
    /// The voice for this terminal, or for the file in its place.
    pub(crate) fn of_terminal() -> Voice {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = io::stdout().is_terminal() && !no_colour;
        let is_guarded = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        Voice { paint: if colour { Paint::Colour } else { Paint::Plain }, is_guarded }
    }

    /// This voice where GitHub reads.
    pub(crate) fn guarded(self) -> Voice {
        Voice { is_guarded: true, ..self }
    }

    /// Says `text`, which ends its last line, on standard output.
    pub(crate) fn say(self, text: &str) {
        self.out(if self.is_guarded { guarded } else { str::to_owned }(text).as_bytes());
    }

    /// Says an event of JSON, which has no end of a line, on standard output.
    pub(crate) fn say_event(self, event: &str) {
        let event = if self.is_guarded { guarded_json(event) } else { event.to_owned() };
        self.out(format!("{event}\n").as_bytes());
    }

    fn out(self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        // Who reads may go before we have said all (`… | head`). The exit code tells him nothing, so there is nothing to do.
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Says `text`, which ends its last line, on standard error.
    pub(crate) fn warn(self, text: &str) {
        self.command(&if self.is_guarded { guarded(text) } else { text.to_owned() });
    }

    /// Says a command to GitHub, on standard error: standard output may be JSON.
    pub(crate) fn command(self, command: &str) {
        // As above; and there is no other place to say that this one does not listen.
        let _ = io::stderr().lock().write_all(command.as_bytes());
    }

    /// Says what went wrong, from the outermost cause to the innermost.
    pub(crate) fn complain(self, error: &dyn Error) {
        let mut text = format!("error: {}\n", visible(&error.to_string()));
        let mut next = error.source();
        while let Some(cause) = next {
            text.push_str(&format!("  because: {}\n", visible(&cause.to_string())));
            next = cause.source();
        }
        self.warn(&text);
    }
}
