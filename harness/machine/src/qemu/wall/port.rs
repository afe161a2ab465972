//! One UART: two pipes and what is in them.
//!
//! QEMU's chardev `pipe` opens two named pipes, `NAME.in` and `NAME.out`
//! (chardev/char-pipe.c). A socket would lose output: QEMU sends each byte alone,
//! and a socket holds only some 280 such messages. We hold both ends of both
//! pipes, so neither ever ends; that QEMU has ended is seen on its sockets.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use replab_record::MachineTime;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};

use super::pacing::Pacing;

/// The size of a pipe: what Linux lets everybody have.
const PIPE: usize = 1 << 20;

/// How many typed bytes may lie in the pipe. QEMU takes only what the UART has room for.
const AHEAD: usize = 1 << 12;

/// The most bytes that one look takes.
const LOOK: usize = 1 << 16;

/// One UART.
pub(super) struct Port {
    pacing: Pacing,
    input: File,
    output: File,
    /// What we have written and QEMU has not taken.
    inside: VecDeque<u8>,
    /// Nobody wants what the firmware sends: it stays in the pipe, and once that is full the firmware waits.
    pub(super) is_held: bool,
}

impl Port {
    /// Makes the pipes `stem.in` and `stem.out`, for a UART with `baud` bits per second.
    pub(super) fn make(stem: &Path, baud: u32) -> io::Result<Port> {
        Ok(Port {
            pacing: Pacing::new(baud),
            input: pipe(&stem.with_extension("in"))?,
            output: pipe(&stem.with_extension("out"))?,
            inside: VecDeque::new(),
            is_held: false,
        })
    }

    /// See [`Pacing::add`].
    pub(super) fn add(&mut self, bytes: &[u8], from: MachineTime) -> MachineTime {
        self.pacing.add(bytes, from)
    }

    /// Writes what is due at `now`. Whether that was anything.
    pub(super) fn write_due(&mut self, now: MachineTime) -> io::Result<bool> {
        let due = self.pacing.due(now, AHEAD - self.inside.len());
        self.input.write_all(&due)?;
        self.inside.extend(&due);
        Ok(!due.is_empty())
    }

    /// When something will be due, if the pipe has room for it.
    pub(super) fn next_due(&self) -> Option<MachineTime> {
        if self.inside.len() < AHEAD { self.pacing.next() } else { None }
    }

    /// Whether QEMU has not taken all that was written.
    pub(super) fn has_untaken(&self) -> bool {
        !self.inside.is_empty()
    }

    /// How many typed bytes have not reached the UART.
    pub(super) fn pending(&self) -> usize {
        self.pacing.len() + self.inside.len()
    }

    /// What QEMU has taken since the last look.
    pub(super) fn taken(&mut self) -> io::Result<Vec<u8>> {
        if self.inside.is_empty() {
            return Ok(Vec::new());
        }
        let left = usize::try_from(rustix::io::ioctl_fionread(&self.input)?).unwrap_or(usize::MAX);
        let count = self.inside.len().saturating_sub(left);
        Ok(self.inside.drain(..count).collect())
    }

    /// What the firmware has sent.
    pub(super) fn sent(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; LOOK];
        match self.output.read(&mut bytes) {
            Ok(count) => bytes.truncate(count),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                bytes.clear();
            }
            Err(error) => return Err(error),
        }
        Ok(bytes)
    }
}

impl AsFd for Port {
    /// What the firmware sends.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }
}

/// A new named pipe at `path`, which nobody waits at.
fn pipe(path: &Path) -> io::Result<File> {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    // For reading and writing, because Linux does not let that wait for another side.
    let ours = open(path, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    // A user with very many pipes gets no larger one. A smaller one loses
    // nothing either; it holds the firmware up sooner.
    let _ = rustix::pipe::fcntl_setpipe_size(&ours, PIPE);
    Ok(File::from(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_as_arrived_when_the_other_side_has_taken_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut port = Port::make(&folder.path().join("port0"), 10_000).unwrap();
        let mut uart =
            File::options().read(true).write(true).open(folder.path().join("port0.in")).unwrap();
        port.add(b"abc", MachineTime::ZERO);
        assert!(!port.write_due(MachineTime::ZERO).unwrap());
        assert!(port.write_due(MachineTime::from_nanos(2_000_000)).unwrap());
        assert_eq!(port.taken().unwrap(), b"");
        assert_eq!(port.pending(), 3);
        uart.read_exact(&mut [0; 1]).unwrap();
        assert_eq!(port.taken().unwrap(), b"a");
        assert_eq!(port.pending(), 2);
        assert!(port.has_untaken());
    }

    #[test]
    fn no_output_is_no_wait() {
        let folder = tempfile::tempdir().unwrap();
        let mut port = Port::make(&folder.path().join("port0"), 10_000).unwrap();
        assert_eq!(port.sent().unwrap(), b"");
        let mut uart = File::options().write(true).open(folder.path().join("port0.out")).unwrap();
        uart.write_all(b"hello").unwrap();
        assert_eq!(port.sent().unwrap(), b"hello");
    }

    #[test]
    fn the_pipe_is_never_filled() {
        let folder = tempfile::tempdir().unwrap();
        let mut port = Port::make(&folder.path().join("port0"), 10_000).unwrap();
        let later = MachineTime::from_nanos(u64::MAX);
        port.add(&[b'x'; 5_000], MachineTime::ZERO);
        assert!(port.write_due(later).unwrap());
        assert!(!port.write_due(later).unwrap(), "it holds enough");
        assert_eq!((port.next_due(), port.pending()), (None, 5_000));
    }
}
