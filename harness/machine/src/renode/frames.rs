//! The socket to the bridge: texts go out and come in, each in a frame.
//!
//! A frame is four bytes with its length, the highest first, and the text. Who
//! asks also reads, and everything has a deadline on the desk clock.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// The longest answer: more than a whole flash in base64.
const LONGEST: usize = 1 << 26;

/// Both directions.
pub(super) struct Frames {
    socket: UnixStream,
}

/// Why no text came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The deadline is over.
    Late,
    /// The other side is gone.
    Ended,
    /// The other side is gone, in the middle of a text.
    Cut {
        /// How many bytes of it came.
        got: usize,
        /// How many it should have.
        of: usize,
    },
    /// What came is no frame, or no text. Its beginning, for people.
    Garbage(String),
}

impl Frames {
    /// Speaks over `socket`. Whoever does not take a text within `wall` is late.
    pub(super) fn new(socket: UnixStream, wall: Duration) -> io::Result<Frames> {
        socket.set_write_timeout(Some(wall))?;
        Ok(Frames { socket })
    }

    /// Sends one text.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Silence> {
        let length = u32::try_from(text.len()).expect("requests are made of chunks");
        let mut frame = length.to_be_bytes().to_vec();
        frame.extend_from_slice(text.as_bytes());
        self.socket.write_all(&frame).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Silence::Late,
            _ => Silence::Ended,
        })
    }

    /// The next text.
    pub(super) fn hear(&mut self, deadline: Instant) -> Result<String, Silence> {
        let head = self.read(4, deadline).map_err(|silence| match silence {
            Silence::Cut { got: 0, .. } => Silence::Ended,
            other => other,
        })?;
        let length = u32::from_be_bytes(head.as_slice().try_into().expect("four were read"));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(Silence::Garbage(format!("no frame of ours: {}", shown(&head))));
        }
        String::from_utf8(self.read(length, deadline)?)
            .map_err(|error| Silence::Garbage(format!("no text: {}", shown(error.as_bytes()))))
    }

    /// Ends it for the other side.
    pub(super) fn close(&self) {
        // The only failure is that the other side was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn read(&mut self, count: usize, deadline: Instant) -> Result<Vec<u8>, Silence> {
        let mut bytes = vec![0; count];
        let mut got = 0;
        while got < count {
            wait(&self.socket, deadline)?;
            match self.socket.read(&mut bytes[got..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // An error is an end: the process's status says what happened.
                Ok(0) | Err(_) => return Err(Silence::Cut { got, of: count }),
                Ok(more) => got += more,
            }
        }
        Ok(bytes)
    }
}

fn wait(socket: &UnixStream, deadline: Instant) -> Result<(), Silence> {
    let mut ready = [PollFd::new(socket, PollFlags::IN)];
    poll_until(&mut ready, deadline).then_some(()).ok_or(Silence::Late)
}

/// Waits until one of `ready` is; `false` if the deadline is over.
pub(super) fn poll_until(ready: &mut [PollFd<'_>], deadline: Instant) -> bool {
    loop {
        let wall = deadline.saturating_duration_since(Instant::now());
        let wall = Timespec::try_from(wall).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        match poll(ready, Some(&wall)) {
            Ok(0) => return false,
            Err(Errno::INTR) => {}
            // What a read says then is more than what an error here says.
            Ok(_) | Err(_) => return true,
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().take(40).map(|byte| byte.escape_ascii().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard after the other side has sent `bytes` and has left.
    #[track_caller]
    fn check(bytes: &[u8], expected: Result<&str, &Silence>) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(bytes).unwrap();
        drop(theirs);
        let mut frames = Frames::new(ours, Duration::from_secs(1)).unwrap();
        let heard = frames.hear(Instant::now() + Duration::from_secs(20));
        assert_eq!(heard.as_deref(), expected);
    }

    #[test]
    fn a_text_is_heard_once_it_is_whole() {
        check(b"\0\0\0\x02ok", Ok("ok"));
        check(b"\0\0\0\x00", Ok(""));
        check(b"", Err(&Silence::Ended));
        check(b"\0\0", Err(&Silence::Cut { got: 2, of: 4 }));
        check(b"\0\0\0\x05ok", Err(&Silence::Cut { got: 2, of: 5 }));
    }

    #[test]
    fn what_is_no_frame_is_shown() {
        check(b"Segmentation fault\n", Err(&Silence::Garbage("no frame of ours: Segm".to_owned())));
        check(b"\0\0\0\x02\xff\x01", Err(&Silence::Garbage("no text: \\xff\\x01".to_owned())));
    }

    #[test]
    fn a_text_may_come_in_pieces() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut frames = Frames::new(ours, Duration::from_secs(1)).unwrap();
        let writer = std::thread::spawn(move || {
            for piece in [&b"\0\0"[..], b"\0\x06ok", b"\nyes"] {
                theirs.write_all(piece).unwrap();
                std::thread::yield_now();
            }
            theirs
        });
        let soon = Instant::now() + Duration::from_secs(20);
        assert_eq!(frames.hear(soon), Ok("ok\nyes".to_owned()));
        frames.say("go").unwrap();
        let mut frame = [0; 6];
        writer.join().unwrap().read_exact(&mut frame).unwrap();
        assert_eq!(&frame, b"\0\0\0\x02go");
    }

    #[test]
    fn who_says_nothing_and_who_takes_nothing_is_late() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut frames = Frames::new(ours, Duration::from_millis(50)).unwrap();
        assert_eq!(frames.hear(Instant::now()), Err(Silence::Late));
        assert_eq!(frames.say(&"x".repeat(1 << 24)), Err(Silence::Late));
    }
}
