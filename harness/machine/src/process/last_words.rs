//! The last lines of an emulator's standard error.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::sync::{Arc, Condvar, Mutex};
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
pub(super) struct LastWords(Arc<Shared>);

#[derive(Default)]
struct Shared {
    read: Mutex<Read>,
    more: Condvar,
}

/// What was read so far.
#[derive(Default)]
struct Read {
    lines: VecDeque<String>,
    has_ended: bool,
}

impl LastWords {
    /// Reads `stream` in a thread of its own.
    pub(super) fn gather(stream: impl io::Read + Send + 'static) -> LastWords {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        thread::spawn(move || drain(stream, &theirs));
        LastWords(shared)
    }

    /// The lines so far; after at most `patience` if the stream has not ended.
    pub(super) fn lines(&self, patience: Duration) -> Vec<String> {
        self.wait(patience, |_| false)
    }

    /// The lines when one of them holds `mark`; after at most `patience` if none
    /// does and the stream has not ended.
    pub(super) fn until(&self, mark: &str, patience: Duration) -> Vec<String> {
        self.wait(patience, |lines| lines.iter().any(|line| line.contains(mark)))
    }

    fn wait(&self, patience: Duration, enough: impl Fn(&VecDeque<String>) -> bool) -> Vec<String> {
        let read = self.0.read.lock().expect("nobody panics with this lock");
        let (read, _) = self
            .0
            .more
            .wait_timeout_while(read, patience, |read| !read.has_ended && !enough(&read.lines))
            .expect("nobody panics with this lock");
        read.lines.iter().cloned().collect()
    }
}

fn drain(stream: impl io::Read, shared: &Shared) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    // An error is an end: there is nobody to tell, and the process is watched elsewhere.
    while let Ok(1..) = io::Read::take(&mut stream, WIDTH).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if !text.is_empty() && !text.contains(HARMLESS) {
            let mut read = shared.read.lock().expect("nobody panics with this lock");
            if read.lines.len() == LINES {
                read.lines.pop_front();
            }
            read.lines.push_back(text.to_owned());
            shared.more.notify_all();
        }
        line.clear();
    }
    shared.read.lock().expect("nobody panics with this lock").has_ended = true;
    shared.more.notify_all();
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

    #[test]
    fn words_are_waited_for() {
        let (reader, mut writer) = io::pipe().unwrap();
        let words = LastWords::gather(reader);
        let late = std::thread::spawn(move || {
            io::Write::write_all(&mut writer, b"qemu: fatal: Lockup\nnow\n").unwrap();
            writer
        });
        let expected = ["qemu: fatal: Lockup", "now"];
        assert_eq!(words.until("now", Duration::from_secs(20)), expected);
        assert_eq!(words.until("never", Duration::ZERO), expected);
        drop(late.join().unwrap());
        assert_eq!(words.until("never", Duration::from_secs(20)), expected, "it has ended");
    }
}
