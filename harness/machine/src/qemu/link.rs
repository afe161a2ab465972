//! The socket to the plugin: requests go out, lines come in.
//!
//! Who asks also reads, in the same thread, because a reader beside it costs two
//! switches of threads for each answer. That makes the plugin wait for nobody: it
//! speaks only while a request is on its way, and then somebody reads here.
//! Everything has a deadline on the desk clock.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::gate::Gate;
use super::lines::{self, Line};

/// How much is read at once.
const CHUNK: usize = 1 << 16;

/// Both directions. Dropping it ends the emulator: its plugin leaves with the socket.
pub(super) struct Link {
    socket: UnixStream,
    gate: Option<Gate>,
    text: Text,
}

/// What was read, and where the next line begins.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    start: usize,
    /// No line ends before this.
    searched: usize,
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
    pub(super) fn new(socket: UnixStream, wall: Duration, gate: Option<Gate>) -> io::Result<Link> {
        socket.set_write_timeout(Some(wall))?;
        Ok(Link { socket, gate, text: Text::default() })
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
            if let Some(line) = self.text.line() {
                return Ok(lines::parse(line));
            }
            self.wait(deadline)?;
            self.read()?;
        }
    }

    /// Ends it for the other side.
    pub(super) fn close(&self) {
        // The only failure is that the other side was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn wait(&self, deadline: Instant) -> Result<(), Silence> {
        loop {
            let wall = deadline.saturating_duration_since(Instant::now());
            let wall =
                Timespec::try_from(wall).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
            let mut ready = [PollFd::new(&self.socket, PollFlags::IN)];
            match poll(&mut ready, Some(&wall)) {
                Ok(0) => return Err(Silence::Late),
                Err(Errno::INTR) => {}
                // What `read` says then is more than what an error here says.
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    }

    fn read(&mut self) -> Result<(), Silence> {
        if let Some(gate) = &self.gate {
            gate.pass();
        }
        let room = self.text.room();
        // An error is an end: the emulator's status says what happened.
        let count = match self.socket.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Ok(0) | Err(_) => return Err(Silence::Ended),
            Ok(count) => count,
        };
        self.text.filled(count);
        Ok(())
    }
}

impl Text {
    /// The next whole line, without its end.
    fn line(&mut self) -> Option<&[u8]> {
        let Some(length) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n')
        else {
            self.searched = self.bytes.len();
            return None;
        };
        let (start, end) = (self.start, self.searched + length);
        (self.start, self.searched) = (end + 1, end + 1);
        Some(&self.bytes[start..end])
    }

    /// Room for a chunk behind what is there.
    fn room(&mut self) -> &mut [u8] {
        self.bytes.drain(..self.start);
        self.start = 0;
        let end = self.bytes.len();
        self.searched = end;
        self.bytes.resize(end + CHUNK, 0);
        &mut self.bytes[end..]
    }

    /// So many bytes of that room were filled.
    fn filled(&mut self, count: usize) {
        self.bytes.truncate(self.bytes.len() - CHUNK + count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Link, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Link::new(ours, Duration::from_millis(50), None).unwrap(), theirs)
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
    fn what_was_said_before_the_end_is_heard() {
        let (mut link, mut plugin) = pair();
        plugin.write_all(b"OK 1\nOK 2\nhalf").unwrap();
        drop(plugin);
        assert_eq!(link.hear(soon()), Ok(Line::Done("1".to_owned())));
        assert_eq!(link.hear(soon()), Ok(Line::Done("2".to_owned())));
        assert_eq!(link.hear(soon()), Err(Silence::Ended));
    }

    #[test]
    fn a_line_may_be_longer_than_what_is_read_at_once() {
        let (mut link, mut plugin) = pair();
        let long = "x".repeat(3 * CHUNK + 5);
        let text = format!("OK {long}\nOK {long}\n");
        let writer = std::thread::spawn(move || plugin.write_all(text.as_bytes()).unwrap());
        assert_eq!(link.hear(soon()), Ok(Line::Done(long.clone())));
        assert_eq!(link.hear(soon()), Ok(Line::Done(long)));
        writer.join().unwrap();
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
