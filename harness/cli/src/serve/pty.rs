//! A pseudo-terminal as a [`Door`].
//!
//! We have its master; a client opens its slave, `/dev/pts/N`, which goes with
//! us. A master tells when the last client has closed the slave (`POLLHUP`), but
//! not when one opens it; inotify does. The terminal is raw, so nothing is echoed
//! or translated, and is made so anew for each client.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::ioctl_fionbio;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};

use crate::live_board::{LiveError, read, state, write};

use super::door::{Door, Wants};

/// See the head of this module.
pub(super) struct Pty {
    master: OwnedFd,
    /// Says when somebody opens the slave.
    openings: OwnedFd,
    path: String,
    has_client: bool,
    /// The client has gone; what it has typed may still be there.
    is_hung_up: bool,
}

impl Pty {
    /// A new one.
    pub(super) fn open() -> Result<Pty, LiveError> {
        make().map_err(|source| LiveError::System { what: "make a pseudo-terminal", source })
    }

    /// Makes the slave as new: raw, and empty. The master hangs up after it.
    fn clean(&self) -> io::Result<()> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let slave = open(self.path.as_str(), flags, Mode::empty())?;
        let mut how = tcgetattr(&slave)?;
        how.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &how)?;
        // What the last client has not read is not for the next one: neither what is
        // on its way to the slave (drivers/tty/pty.c, pty_flush_buffer), nor what is there.
        tcflush(&self.master, QueueSelector::OFlush)?;
        tcflush(&slave, QueueSelector::IFlush)?;
        Ok(())
    }
}

fn make() -> io::Result<Pty> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    ioctl_fionbio(&master, true)?;
    let path = ptsname(&master, Vec::new())?;
    let path = path.into_string().map_err(|_| io::ErrorKind::InvalidData)?;
    let openings = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    inotify::add_watch(&openings, path.as_str(), WatchFlags::OPEN)?;
    let pty = Pty { master, openings, path, has_client: false, is_hung_up: true };
    // A slave that nobody has opened yet has not hung up; from now on it has.
    pty.clean()?;
    Ok(pty)
}

impl Door for Pty {
    fn address(&self) -> String {
        self.path.clone()
    }

    fn ends(&self, wants: Wants) -> Vec<PollFd<'_>> {
        let is_left = self.has_client && (wants.input || !self.is_hung_up);
        // That the master has hung up is news only once.
        vec![match is_left {
            true => PollFd::new(&self.master, wants.flags()),
            false => PollFd::new(&self.openings, PollFlags::IN),
        }]
    }

    fn attend(&mut self, room: usize) -> io::Result<Vec<u8>> {
        forget(&self.openings)?;
        let now = state(self.master.as_fd(), PollFlags::IN)?;
        self.is_hung_up = now.contains(PollFlags::HUP);
        // One that has typed and gone was here too.
        self.has_client |= !self.is_hung_up || now.contains(PollFlags::IN);
        if !self.has_client || room == 0 {
            return Ok(Vec::new());
        }
        let typed = read(self.master.as_fd(), room);
        if typed.is_none() {
            self.has_client = false;
            self.clean()?;
        }
        Ok(typed.unwrap_or_default())
    }

    fn has_client(&self) -> bool {
        self.has_client
    }

    fn give(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_hung_up {
            return Ok(bytes.len());
        }
        // A client that has gone just now is let out when it is read.
        Ok(write(self.master.as_fd(), bytes).unwrap_or(bytes.len()))
    }
}

/// Takes all notes of openings, whatever they say.
fn forget(openings: &OwnedFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); 4096];
    let mut notes = inotify::Reader::new(openings, &mut space);
    loop {
        match notes.next() {
            Ok(_) => {}
            Err(rustix::io::Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};

    use super::super::door::testing::{attend, is_ready, waits};
    use super::*;

    /// Opens the slave as a program does that sets nothing.
    fn client(pty: &Pty) -> File {
        let slave = File::options().read(true).write(true).open(pty.address());
        slave.expect("the slave is there")
    }

    /// Nobody is there, and nobody has come.
    #[track_caller]
    fn check_idle(pty: &mut Pty) {
        // Our own opening of the slave is noted too.
        pty.attend(99).expect("it can be heard");
        assert!(!pty.has_client() && !waits(pty));
    }

    #[test]
    fn a_client_comes_types_reads_and_goes() {
        let mut pty = Pty::open().expect("Linux has pseudo-terminals");
        check_idle(&mut pty);
        let mut client = client(&pty);
        assert!(waits(&pty));
        assert_eq!(pty.attend(99).expect("it can be heard"), b"");
        assert!(pty.has_client());
        client.write_all(b"a\r\n\x03\x04\xff").expect("the master is there");
        assert_eq!(attend(&mut pty, 6), b"a\r\n\x03\x04\xff", "nothing is translated");
        assert_eq!(pty.give(b">>> \n\x00").expect("there is room"), 6);
        let mut heard = [0; 6];
        client.read_exact(&mut heard).expect("the master is there");
        assert_eq!(&heard, b">>> \n\x00");
        assert_eq!(pty.attend(99).expect("it can be heard"), b"", "nothing is echoed");
        drop(client);
        pty.attend(99).expect("it can be heard");
        assert!(!pty.has_client());
    }

    #[test]
    fn what_one_client_has_not_read_or_set_is_not_for_the_next() {
        let mut pty = Pty::open().expect("Linux has pseudo-terminals");
        let first = client(&pty);
        pty.attend(99).expect("it can be heard");
        pty.give(b"stale").expect("there is room");
        let mut how = tcgetattr(&first).expect("it is a terminal");
        how.local_modes.insert(rustix::termios::LocalModes::ECHO);
        tcsetattr(&first, OptionalActions::Now, &how).expect("it is a terminal");
        drop(first);
        // The echo that it has asked for may come first.
        while pty.has_client() {
            pty.attend(99).expect("it can be heard");
        }
        let mut second = client(&pty);
        pty.attend(99).expect("it can be heard");
        assert!(pty.has_client());
        pty.give(b"fresh").expect("there is room");
        let mut heard = [0; 5];
        second.read_exact(&mut heard).expect("the master is there");
        assert_eq!(&heard, b"fresh");
        assert_eq!(pty.attend(99).expect("it can be heard"), b"", "nothing is echoed");
    }

    #[test]
    fn who_types_and_goes_at_once_is_heard() {
        let mut pty = Pty::open().expect("Linux has pseudo-terminals");
        client(&pty).write_all(b"print(1)\r").expect("the master is there");
        assert_eq!(attend(&mut pty, 9), b"print(1)\r");
        pty.attend(99).expect("it can be heard");
        assert!(!pty.has_client());
    }

    #[test]
    fn who_goes_while_there_is_no_room_is_heard_later() {
        let mut pty = Pty::open().expect("Linux has pseudo-terminals");
        let mut client = client(&pty);
        client.write_all(b"print(1)\r").expect("the master is there");
        drop(client);
        pty.attend(0).expect("it can be heard");
        let ends = pty.ends(Wants { input: false, output: true });
        assert!(!is_ready(ends), "nobody waits for what is known");
        assert_eq!(pty.give(&[b'x'; 100_000]).expect("nobody takes it"), 100_000);
        assert_eq!(attend(&mut pty, 9), b"print(1)\r");
        pty.attend(99).expect("it can be heard");
        check_idle(&mut pty);
    }

    #[test]
    fn a_client_that_does_not_read_takes_what_there_is_room_for() {
        let mut pty = Pty::open().expect("Linux has pseudo-terminals");
        let _client = client(&pty);
        pty.attend(99).expect("it can be heard");
        let mut given = 0;
        while let count @ 1.. = pty.give(&[b'x'; 4096]).expect("it never waits") {
            given += count;
            assert!(given < 1 << 20, "somebody keeps it all");
        }
        assert!(given > 0);
    }
}
