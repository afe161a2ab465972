//! The state of the processor, the clock and QEMU's devices, as QEMU's own
//! snapshots have it, without memory and without a disk.
//!
//! QEMU writes and reads it through files; here these are buffers. Loading moves no
//! line between devices, because each device has its levels in its own state.

use std::ptr::null_mut;

use super::{Opaque, descriptions, q};

/// What a save writes first and a load does not read: magic and version
/// (`migration/savevm.c`, `qemu_save_device_state`).
const HEADER: usize = 8;

/// One state.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snapshot(Vec<u8>);

/// A buffer that QEMU takes for a file, with both its ends.
struct Buffer {
    channel: Opaque,
    writer: Opaque,
}

impl Buffer {
    fn new(capacity: usize) -> Buffer {
        // SAFETY: both are new; the writer has a reference of its own to the channel.
        unsafe {
            let channel = (q().qio_channel_buffer_new)(capacity);
            Buffer { channel, writer: (q().qemu_file_new_output)(channel) }
        }
    }

    /// Has `read` read from the beginning what was written.
    fn read<T>(self, read: impl FnOnce(Opaque) -> T) -> T {
        // SAFETY: the channel is a buffer, which can be read again. The first close
        // frees what it holds, the second finds nothing (`io/channel-buffer.c`).
        unsafe {
            (q().qemu_fflush)(self.writer);
            (q().qio_channel_io_seek)(self.channel, 0, libc::SEEK_SET, null_mut());
            let reader = (q().qemu_file_new_input)(self.channel);
            let result = read(reader);
            (q().qemu_fclose)(reader);
            (q().qemu_fclose)(self.writer);
            (q().object_unref)(self.channel);
            result
        }
    }
}

impl Snapshot {
    /// The present one. In the main loop, with the machine stopped.
    pub(crate) fn take() -> Result<Snapshot, &'static str> {
        descriptions::change()?;
        let buffer = Buffer::new(1 << 16);
        // SAFETY: main loop, big lock held. That the machine stands is a part of the
        // state, which must be noted first (`migration/global_state.c`).
        let failed = unsafe {
            (q().global_state_store)();
            (q().qemu_save_device_state)(buffer.writer)
        };
        let mut bytes = buffer.read(read_all);
        if failed != 0 || bytes.len() < HEADER {
            return Err("it did not say its state");
        }
        bytes.drain(..HEADER);
        Ok(Snapshot(bytes))
    }

    /// The machine is in this state again, but for its memory. In the main loop, with
    /// the machine stopped.
    pub(crate) fn load(&self) -> Result<(), &'static str> {
        let buffer = Buffer::new(self.0.len());
        // SAFETY: so many bytes are behind the pointer.
        unsafe { (q().qemu_put_buffer)(buffer.writer, self.0.as_ptr(), self.0.len()) };
        // SAFETY: main loop, big lock held.
        let failed = buffer.read(|reader| unsafe { (q().qemu_load_device_state)(reader) });
        if failed == 0 { Ok(()) } else { Err("it did not take its own state") }
    }
}

fn read_all(reader: Opaque) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0; 1 << 15];
    loop {
        // SAFETY: so much room is behind the pointer.
        let count = unsafe { (q().qemu_get_buffer)(reader, piece.as_mut_ptr(), piece.len()) };
        bytes.extend_from_slice(&piece[..count]);
        if count < piece.len() {
            return bytes;
        }
    }
}
