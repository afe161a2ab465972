//! Descriptors that never wait: terminals and sockets of whoever is connected.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// What of `wanted` is true of `end` now; hang-ups and errors are always told.
pub(crate) fn state(end: BorrowedFd<'_>, wanted: PollFlags) -> io::Result<PollFlags> {
    let mut ends = [PollFd::from_borrowed_fd(end, wanted)];
    match poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(_) => Ok(ends[0].revents()),
        Err(error) => Err(error.into()),
    }
}

/// Reads at most `room` bytes from what never waits; `None` if its other side has gone.
pub(crate) fn read(end: BorrowedFd<'_>, room: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; room];
    match rustix::io::read(end, bytes.as_mut_slice()) {
        Ok(0) => None,
        Ok(count) => {
            bytes.truncate(count);
            Some(bytes)
        }
        Err(Errno::AGAIN | Errno::INTR) => Some(Vec::new()),
        // EIO of a terminal, ECONNRESET of a socket; no client is worth the board's end.
        Err(_) => None,
    }
}

/// Writes of `bytes` what there is room for to what never waits; `None` if its other side has gone.
pub(crate) fn write(end: BorrowedFd<'_>, bytes: &[u8]) -> Option<usize> {
    match rustix::io::write(end, bytes) {
        Ok(count) => Some(count),
        Err(Errno::AGAIN | Errno::INTR) => Some(0),
        Err(_) => None,
    }
}
