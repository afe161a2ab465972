//! The last lines of an emulator's standard error.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How many lines are kept.
const LINES: usize = 50;

/// How many bytes of a line are kept.
const WIDTH: u64 = 500;

/// What QEMU says whenever its clock follows its instructions and firmware
/// sleeps with no timer running (`accel/tcg/icount-common.c`). It is no trouble.
const HARMLESS: &str = "icount sleep disabled and no active timers";

/// The last lines that were read from a stream, which is read to its end.
pub(super) struct LastWords {
    lines: Arc<Mutex<VecDeque<String>>>,
    end: Mutex<Receiver<()>>,
}

impl LastWords {
    /// Reads `stream` in a thread of its own.
    pub(super) fn gather(stream: impl Read + Send + 'static) -> LastWords {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let (alive, end) = mpsc::channel();
        let shared = Arc::clone(&lines);
        thread::spawn(move || {
            let _alive: mpsc::Sender<()> = alive;
            drain(stream, &shared);
        });
        LastWords { lines, end: Mutex::new(end) }
    }

    /// The lines so far; after at most `patience` if the stream has not ended.
    pub(super) fn lines(&self, patience: Duration) -> Vec<String> {
        // Nothing is ever sent: the wait ends with the thread, or with the patience.
        let _ = self.end.lock().expect("nobody panics with this lock").recv_timeout(patience);
        self.lines.lock().expect("nobody panics with this lock").iter().cloned().collect()
    }
}

fn drain(stream: impl Read, lines: &Mutex<VecDeque<String>>) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    // An error is an end: there is nobody to tell, and the process is watched elsewhere.
    while let Ok(1..) = (&mut stream).take(WIDTH).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if !text.is_empty() && !text.contains(HARMLESS) {
            let mut lines = lines.lock().expect("nobody panics with this lock");
            if lines.len() == LINES {
                lines.pop_front();
            }
            lines.push_back(text.to_owned());
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept_and_none_without_end() {
        let text: String =
            (0..200).map(|number| format!("line {number}\n")).chain(["x".repeat(600)]).collect();
        let lines = LastWords::gather(std::io::Cursor::new(text)).lines(Duration::from_secs(20));
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines.last().map(String::len), Some(100), "a long line is cut into pieces");
        assert_eq!(lines[LINES - 3], "line 199");
    }
}
