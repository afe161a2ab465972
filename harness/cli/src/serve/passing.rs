//! Passes bytes between a board and a client.

use std::io::Read as _;
use std::os::unix::net::UnixStream;

use replab_machine::qemu::Live;
use replab_record::{Event, PortName};
use rustix::event::{PollFd, PollFlags};

use crate::live_board::LiveError;
use crate::voice::Voice;

use super::door::{Door, Wants};

/// How many typed bytes may be on their way to the board. No more is taken from
/// a client until it has some of them, so the client waits.
const TYPED: usize = 1 << 12;

/// How many bytes may be on their way to the client. No more is taken from the
/// board until it has some of them, so the board waits.
const SENT: usize = 1 << 16;

/// Goes on until one of `signals` comes. What the board sends while nobody is
/// connected is lost, as with a board on a desk.
pub(super) fn pass(
    live: &mut Live,
    port: &PortName,
    door: &mut dyn Door,
    mut signals: &UnixStream,
    voice: Voice,
) -> Result<(), LiveError> {
    let mut sent: Vec<u8> = Vec::new();
    loop {
        let room = TYPED.saturating_sub(live.pending(port)?);
        let typed = door.attend(room).map_err(no_client)?;
        live.send(port, &typed)?;
        let given =
            if door.has_client() { door.give(&sent).map_err(no_client)? } else { sent.len() };
        sent.drain(..given);
        live.hold(port, sent.len() >= SENT)?;
        let wants = Wants { input: typed.len() < room, output: !sent.is_empty() };
        let mut ends = door.ends(wants);
        ends.push(PollFd::new(signals, PollFlags::IN));
        for event in live.wait(&ends)? {
            match event {
                Event::Sent { port: on, byte, .. } if on == *port => sent.push(byte),
                Event::Reset { cause, .. } => voice.warn(&format!("note: reset by {cause}\n")),
                _ => {}
            }
        }
        // One that has come ends it, however many more there are.
        if signals.read(&mut [0; 1]).is_ok() {
            return Ok(());
        }
    }
}

fn no_client(source: std::io::Error) -> LiveError {
    LiveError::System { what: "hear clients", source }
}
