//! The commands' way in: lines from the socket that the lab left for us.
//!
//! QEMU's main loop says when there is something to read. When QEMU is about to
//! end, that loop stands still, and commands are waited for here.

use std::ffi::c_int;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::sync::Mutex;

use crate::commands::{self, Command, MOST};
use crate::qemu::{self, Opaque};
use crate::session;

/// The longest command: a `poke` of the most bytes, and its first words.
const LONGEST: usize = 2 * MOST + 100;

static INPUT: Mutex<Input> = Mutex::new(Input { socket: None, text: Vec::new() });

struct Input {
    socket: Option<File>,
    text: Vec<u8>,
}

/// What a read of the commands gave.
enum Heard {
    Lines(Vec<Vec<u8>>),
    /// The lab is gone.
    End,
}

/// Begins to serve commands that come from `socket`, whose number is `descriptor`.
pub(crate) fn serve(socket: File, descriptor: c_int) {
    INPUT.lock().expect("a panic ends the process").socket = Some(socket);
    session::listen(descriptor, readable);
}

extern "C" fn readable(_opaque: Opaque) {
    let heard = lines(&mut INPUT.lock().expect("a panic ends the process"));
    match heard {
        Heard::Lines(lines) => lines.iter().for_each(|line| obey(line, session::execute)),
        Heard::End => qemu::leave(),
    }
}

fn obey(line: &[u8], execute: fn(Command)) {
    match std::str::from_utf8(line).map_err(|_| "no text".to_owned()).and_then(commands::parse) {
        Ok(command) => execute(command),
        Err(refusal) => session::refuse(&refusal),
    }
}

/// Carries out what the lab wants to know until it is gone, in the place of the
/// main loop: for a QEMU that is about to end.
pub(crate) fn serve_the_rest() {
    let Ok(mut input) = INPUT.try_lock() else { return };
    loop {
        let Some(descriptor) = input.socket.as_ref().map(File::as_raw_fd) else { return };
        qemu::wait_for(descriptor);
        match lines(&mut input) {
            Heard::Lines(lines) => {
                lines.iter().for_each(|line| obey(line, session::execute_the_rest))
            }
            Heard::End => return,
        }
    }
}

/// The lines that are complete after reading once more.
fn lines(input: &mut Input) -> Heard {
    let Input { socket: Some(socket), text } = input else { return Heard::Lines(Vec::new()) };
    let mut chunk = vec![0; 1 << 16];
    let seen = text.len();
    match socket.read(&mut chunk) {
        Ok(0) => return Heard::End,
        Ok(count) => text.extend_from_slice(&chunk[..count]),
        Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
        Err(_) => return Heard::End,
    }
    // What was there before holds no end of a line, or it would not be there.
    let Some(end) = text[seen..].iter().rposition(|byte| *byte == b'\n') else {
        if text.len() > LONGEST {
            eprintln!("replab-qemu-plugin: a command has more than {LONGEST} characters");
            return Heard::End;
        }
        return Heard::Lines(Vec::new());
    };
    let end = seen + end;
    let rest = text.split_off(end + 1);
    let whole = std::mem::replace(text, rest);
    Heard::Lines(whole[..end].split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect())
}
