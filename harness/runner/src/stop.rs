//! Ends the playing of runs from outside, as Ctrl-C does.
//!
//! A run that is on its way cannot be asked to end: it sits in its machine's `go`. So
//! nobody waits for it. What has ended already is handed over, also where an earlier
//! run has not, and then whoever stopped ends the program, and its emulators with it.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::pool::Message;

/// A handle to stop [`play_all`](crate::play_all) with.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_stopped: bool,
    /// To whoever delivers; `None` while nobody plays.
    playing: Option<Sender<Message>>,
}

impl Stop {
    /// No run begins from now on. Returns when all that have ended are delivered;
    /// those that have not never will be. The threads that play them go on.
    pub fn now(&self) {
        let (done, delivered) = mpsc::channel();
        {
            let mut state = self.lock();
            state.is_stopped = true;
            let Some(playing) = &state.playing else { return };
            // Who has just delivered the last run listens no more, and need not.
            let _ = playing.send(Message::Stop { done });
        }
        // Nothing is ever sent: that the other end is gone is the answer.
        let _ = delivered.recv();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Somebody delivers what comes to the other end of `playing`.
    pub(crate) fn begin(&self, playing: Sender<Message>) {
        self.lock().playing = Some(playing);
    }

    /// Nobody does any more.
    pub(crate) fn end(&self) {
        self.lock().playing = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with this lock")
    }
}
