//! The socket to the plugin: requests go out, lines come in.
//!
//! A thread reads all the time, so that the plugin never waits for the lab to
//! think. Everything here has a deadline on the desk clock.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::gate::Gate;
use super::lines::{self, Line};

/// Both directions. Dropping it ends the emulator: its plugin leaves with the socket.
pub(super) struct Link {
    socket: UnixStream,
    batches: Receiver<Vec<Line>>,
    lines: VecDeque<Line>,
}

/// Why no line came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The deadline is over.
    Late,
    /// The other side is gone.
    Ended,
}

impl Link {
    /// Speaks over `socket`; requests that the plugin does not take within `wall` fail.
    pub(super) fn new(socket: UnixStream, wall: Duration, gate: Gate) -> io::Result<Link> {
        socket.set_write_timeout(Some(wall))?;
        let reader = socket.try_clone()?;
        let (sender, batches) = mpsc::channel();
        thread::Builder::new()
            .name("plugin".to_owned())
            .spawn(move || read(reader, &sender, &gate))?;
        Ok(Link { socket, batches, lines: VecDeque::new() })
    }

    /// Sends one request.
    pub(super) fn say(&mut self, request: &str) -> Result<(), Silence> {
        let line = format!("{request}\n");
        self.socket.write_all(line.as_bytes()).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Silence::Late,
            _ => Silence::Ended,
        })
    }

    /// The next line.
    pub(super) fn hear(&mut self, deadline: Instant) -> Result<Line, Silence> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(line);
            }
            let wall = deadline.saturating_duration_since(Instant::now());
            match self.batches.recv_timeout(wall) {
                Ok(batch) => self.lines = batch.into(),
                Err(RecvTimeoutError::Timeout) => return Err(Silence::Late),
                Err(RecvTimeoutError::Disconnected) => return Err(Silence::Ended),
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The reader holds a copy of the socket, so closing ours would not end
        // it. The only failure is that the other side was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

fn read(mut socket: UnixStream, sender: &Sender<Vec<Line>>, gate: &Gate) {
    let mut chunk = vec![0; 1 << 16];
    let mut text = Vec::new();
    loop {
        gate.pass();
        // An error is an end: the emulator's status says what happened.
        let count = match socket.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => return,
            Ok(count) => count,
        };
        text.extend_from_slice(&chunk[..count]);
        let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else { continue };
        let batch = text[..end].split(|byte| *byte == b'\n').map(lines::parse).collect();
        text.drain(..=end);
        if sender.send(batch).is_err() {
            return; // Nobody listens any more.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Link, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Link::new(ours, Duration::from_millis(50), Gate::default()).unwrap(), theirs)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn lines_may_come_in_any_pieces() {
        let (mut link, mut plugin) = pair();
        plugin.write_all(b"OK 1\nOK").unwrap();
        assert_eq!(link.hear(soon()), Ok(Line::Done("1".to_owned())));
        plugin.write_all(b" 2\nERR x\n").unwrap();
        assert_eq!(link.hear(soon()), Ok(Line::Done("2".to_owned())));
        assert_eq!(link.hear(soon()), Ok(Line::Refused("x".to_owned())));
        drop(plugin);
        assert_eq!(link.hear(soon()), Err(Silence::Ended));
    }

    #[test]
    fn who_says_nothing_is_late() {
        let (mut link, _plugin) = pair();
        assert_eq!(link.hear(Instant::now()), Err(Silence::Late));
    }

    #[test]
    fn who_takes_nothing_is_late() {
        let (mut link, _plugin) = pair();
        assert_eq!(link.say(&"x".repeat(1 << 24)), Err(Silence::Late));
    }

    #[test]
    fn a_dropped_link_ends_the_other_side() {
        let (link, mut plugin) = pair();
        drop(link);
        assert_eq!(plugin.read(&mut [0; 1]).unwrap(), 0);
    }
}
