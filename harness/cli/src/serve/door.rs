//! Where clients come in.

use std::io;

use rustix::event::{PollFd, PollFlags};

/// A place to which one client at a time connects. Nothing here waits: somebody
/// polls [`Door::ends`], and then does what can be done.
pub(super) trait Door {
    /// What a client connects to, as `mpremote connect` takes it.
    fn address(&self) -> String;

    /// What to wait for: that a client comes, goes, and what `wants` says.
    fn ends(&self, wants: Wants) -> Vec<PollFd<'_>>;

    /// Lets clients in and out, and takes at most `room` bytes that one has sent.
    fn attend(&mut self, room: usize) -> io::Result<Vec<u8>>;

    /// Whether a client is there.
    fn has_client(&self) -> bool;

    /// Gives `bytes` to the client, and says how many it has taken.
    fn give(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// What somebody wants of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wants {
    /// There is room for what it sends.
    pub(super) input: bool,
    /// There is something for it.
    pub(super) output: bool,
}

impl Wants {
    /// What to poll a client's descriptor for.
    pub(super) fn flags(self) -> PollFlags {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.input);
        flags.set(PollFlags::OUT, self.output);
        flags
    }
}

#[cfg(test)]
pub(super) mod testing {
    use rustix::event::{Timespec, poll};

    use super::*;

    /// Waits and attends until `count` bytes have come.
    #[track_caller]
    pub(in super::super) fn attend(door: &mut dyn Door, count: usize) -> Vec<u8> {
        let mut typed = Vec::new();
        while typed.len() < count {
            let mut ends = door.ends(Wants { input: true, output: false });
            let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
            let ready = poll(&mut ends, Some(&patience)).expect("the ends can be polled");
            assert!(ready > 0, "only {typed:?} has come");
            typed.extend(door.attend(count - typed.len()).expect("it can be heard"));
        }
        typed
    }

    /// Whether it asks to be attended.
    pub(in super::super) fn waits(door: &dyn Door) -> bool {
        is_ready(door.ends(Wants { input: true, output: false }))
    }

    /// Whether something waits at one of `ends`.
    pub(in super::super) fn is_ready(mut ends: Vec<PollFd<'_>>) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut ends, Some(&now)).expect("the ends can be polled") > 0
    }
}
