//! Lines over a socket to QEMU, both ways.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The most bytes of a line that has no end yet: what is longer is no line of QEMU's.
const LONGEST: usize = 1 << 20;

/// Our end of a socket.
pub(super) struct Lines {
    socket: UnixStream,
    /// The beginning of the next line.
    text: Vec<u8>,
}

impl Lines {
    /// Speaks over `socket`. A line that QEMU does not take within `wall` is an error.
    pub(super) fn new(socket: UnixStream, wall: Duration) -> io::Result<Lines> {
        socket.set_write_timeout(Some(wall))?;
        Ok(Lines { socket, text: Vec::new() })
    }

    /// Sends one line.
    pub(super) fn say(&mut self, line: &str) -> io::Result<()> {
        self.socket.write_all(format!("{line}\n").as_bytes())
    }

    /// The lines that have come, when the socket says that it can be read. `None`
    /// if the other side is gone.
    pub(super) fn read(&mut self) -> Option<Vec<String>> {
        let mut chunk = [0; 1 << 14];
        // An error is an end: the emulator's status says what happened.
        let count = match self.socket.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Some(Vec::new()),
            Ok(0) | Err(_) => return None,
            Ok(count) => count,
        };
        self.text.extend_from_slice(&chunk[..count]);
        let Some(end) = self.text.iter().rposition(|byte| *byte == b'\n') else {
            return (self.text.len() < LONGEST).then(Vec::new);
        };
        let whole: Vec<u8> = self.text.drain(..=end).collect();
        let text = String::from_utf8_lossy(&whole);
        Some(text.lines().map(str::to_owned).collect())
    }
}

impl AsFd for Lines {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_come_in_any_pieces() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut lines = Lines::new(ours, Duration::from_secs(20)).unwrap();
        theirs.write_all(b"one\r\ntw").unwrap();
        assert_eq!(lines.read(), Some(vec!["one".to_owned()]));
        theirs.write_all(b"o").unwrap();
        assert_eq!(lines.read(), Some(vec![]));
        theirs.write_all(b"\nthree\n").unwrap();
        assert_eq!(lines.read(), Some(vec!["two".to_owned(), "three".to_owned()]));
        drop(theirs);
        assert_eq!(lines.read(), None);
    }
}
