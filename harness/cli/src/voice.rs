//! The only part that prints.
//!
//! Results go to standard output, what is wrong with the request to standard
//! error. Colour is used where a terminal reads and `NO_COLOR` is not set.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use replab_report::{Paint, visible};

/// Where and how things are said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    /// The colours of standard output.
    pub(crate) paint: Paint,
}

impl Voice {
    /// The voice for this terminal, or for the file in its place.
    pub(crate) fn of_terminal() -> Voice {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = io::stdout().is_terminal() && !no_colour;
        Voice { paint: if colour { Paint::Colour } else { Paint::Plain } }
    }

    /// Says `text`, which ends its last line, on standard output.
    pub(crate) fn say(self, text: &str) {
        let mut out = io::stdout().lock();
        // Who reads may go before we have said all (`… | head`). The exit code tells him nothing, so there is nothing to do.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Says `text`, which ends its last line, on standard error.
    pub(crate) fn warn(self, text: &str) {
        // As above; and there is no other place to say that this one does not listen.
        let _ = io::stderr().lock().write_all(text.as_bytes());
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
