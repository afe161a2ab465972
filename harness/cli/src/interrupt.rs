//! Ctrl-C, and SIGTERM as CI servers send it.
//!
//! The first one ends gracefully: what ran is told and reported. A second one, while
//! that is still being done (a pipe that nobody reads, a disk that hangs), ends at once.
//! Emulators end with the program in both cases.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};

use replab_report::{Ending, ExitCode};

use crate::voice::Voice;

/// What the thread that waits for an interruption hears.
enum Word {
    Interrupted,
    /// All has been played.
    Over,
}

/// Interruptions of what is being played. Dropping it ends the wait for them.
pub(crate) struct Interruptions {
    words: Sender<Word>,
}

/// Waits for an interruption.
pub(crate) struct Watch {
    words: Receiver<Word>,
}

impl Interruptions {
    /// Listens from now on.
    pub(crate) fn listen(voice: Voice) -> (Interruptions, Watch) {
        let (words, heard) = mpsc::channel();
        let (sender, is_second) = (words.clone(), AtomicBool::new(false));
        let listening = ctrlc::set_handler(move || {
            let is_second = is_second.swap(true, Ordering::Relaxed);
            // Nobody hears it when all has been played and is being told.
            if is_second || sender.send(Word::Interrupted).is_err() {
                end();
            }
        });
        // Without our handler the system's stays, which ends the program without a word.
        if let Err(error) = listening {
            voice.warn(&format!("note: Ctrl-C will not say how far it came ({error})\n"));
        }
        (Interruptions { words }, Watch { words: heard })
    }
}

impl Drop for Interruptions {
    fn drop(&mut self) {
        // Who was interrupted hears nothing more.
        let _ = self.words.send(Word::Over);
    }
}

impl Watch {
    /// Whether an interruption came before the end of all.
    pub(crate) fn hears_one(self) -> bool {
        matches!(self.words.recv(), Ok(Word::Interrupted))
    }
}

/// Ends the program as one that was interrupted, and its emulators with it.
pub(crate) fn end() -> ! {
    std::process::exit(i32::from(ExitCode::of(&Ending::Interrupted).number()))
}
