//! What the plugin says: lines into one buffer, and from there into the socket.
//!
//! Writing blocks while nobody reads. That costs wall time, and never machine
//! time: who writes is the machine itself, and its clock counts instructions.
//! Several threads write, so the buffer lives behind the lock of [`crate::lab`].

use std::fmt;
use std::fs::File;
use std::io::Write;

use crate::qemu;

/// A full buffer is written out.
const CAPACITY: usize = 1 << 16;

/// Lines on their way to the lab.
#[derive(Default)]
pub(crate) struct Output {
    socket: Option<File>,
    buffer: Vec<u8>,
}

impl Output {
    /// Writes into `socket` from now on.
    pub(crate) fn connect(&mut self, socket: File) {
        self.socket = Some(socket);
    }

    /// Says one line, sooner or later.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        self.buffer.write_fmt(line).expect("a vector takes what it is given");
        self.buffer.push(b'\n');
        if self.buffer.len() >= CAPACITY {
            self.flush();
        }
    }

    /// Says `OK` and `bytes` as hexadecimal digits.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend(b"OK ");
        crate::hex::encode(bytes, &mut self.buffer);
        self.buffer.push(b'\n');
    }

    /// Says all that was not said yet.
    pub(crate) fn flush(&mut self) {
        let Some(socket) = &mut self.socket else { return };
        if socket.write_all(&self.buffer).is_err() {
            qemu::leave();
        }
        self.buffer.clear();
    }

    #[cfg(test)]
    pub(crate) fn taken(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.buffer)).expect("lines are text")
    }
}
