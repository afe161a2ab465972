//! Puts the bytes of a record together to lines.
//!
//! Bytes of both directions and edges come interleaved; a line carries the time
//! of its first byte, and lines are told in the order of these times.

use std::collections::BTreeMap;

use replab_record::{Event, Level, MachineTime, PinName, PortName, Record, ResetCause};

/// What MicroPython's raw REPL sets around a program's output (Ctrl-D). It ends a
/// line too, so that the output behind it has a time of its own.
const END_OF_FRAME: u8 = 4;

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) at: MachineTime,
    pub(crate) what: What<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What<'a> {
    /// Bytes from the firmware, without the end of the line.
    Sent { port: &'a PortName, bytes: Vec<u8> },
    /// Bytes from the lab, with the end of the line.
    Received { port: &'a PortName, bytes: Vec<u8> },
    /// The firmware changed an output.
    Edge { pin: &'a PinName, level: Level },
    /// The lab changed an input.
    Driven { pin: &'a PinName, level: Level },
    /// The machine was reset.
    Reset { cause: ResetCause },
}

/// All of `record`, in the order of the first bytes.
pub(crate) fn lines(record: &Record) -> Vec<Line<'_>> {
    let mut open = Open::default();
    for event in record.events() {
        open.take(event);
    }
    open.flush();
    open.done.sort_by_key(|(order, _)| *order);
    open.done.into_iter().map(|(_, line)| line).collect()
}

/// Lines that have begun, by port and direction, and those that have ended, each
/// with its place: how many lines had begun before it.
#[derive(Default)]
struct Open<'a> {
    begun: usize,
    sent: BTreeMap<&'a PortName, Begun>,
    received: BTreeMap<&'a PortName, Begun>,
    done: Vec<(usize, Line<'a>)>,
}

struct Begun {
    order: usize,
    at: MachineTime,
    bytes: Vec<u8>,
}

impl<'a> Open<'a> {
    fn take(&mut self, event: &'a Event) {
        let at = event.at();
        match event {
            Event::Sent { port, byte, .. } => self.sent_byte(port, *byte, at),
            Event::Received { port, byte, .. } => self.received_byte(port, *byte, at),
            Event::Edge { pin, level, .. } => self.whole(at, What::Edge { pin, level: *level }),
            Event::Driven { pin, level, .. } => self.whole(at, What::Driven { pin, level: *level }),
            Event::Reset { cause, .. } => {
                self.flush();
                self.whole(at, What::Reset { cause: *cause });
            }
        }
    }

    fn whole(&mut self, at: MachineTime, what: What<'a>) {
        self.done.push((self.begun, Line { at, what }));
        self.begun += 1;
    }

    fn sent_byte(&mut self, port: &'a PortName, byte: u8, at: MachineTime) {
        begin(&mut self.sent, &mut self.begun, port, at).bytes.push(byte);
        if byte == b'\n' || byte == END_OF_FRAME {
            self.end_sent(port);
        }
    }

    fn received_byte(&mut self, port: &'a PortName, byte: u8, at: MachineTime) {
        begin(&mut self.received, &mut self.begun, port, at).bytes.push(byte);
        // A key such as Ctrl-C ends what was typed as Enter does.
        if byte < b' ' && byte != b'\t' {
            self.end_received(port);
        }
    }

    fn end_sent(&mut self, port: &'a PortName) {
        if let Some(Begun { order, at, mut bytes }) = self.sent.remove(port) {
            for end in [b'\n', b'\r'] {
                if bytes.last() == Some(&end) {
                    bytes.pop();
                }
            }
            self.done.push((order, Line { at, what: What::Sent { port, bytes } }));
        }
    }

    fn end_received(&mut self, port: &'a PortName) {
        if let Some(Begun { order, at, bytes }) = self.received.remove(port) {
            self.done.push((order, Line { at, what: What::Received { port, bytes } }));
        }
    }

    fn flush(&mut self) {
        while let Some(port) = self.sent.keys().next().copied() {
            self.end_sent(port);
        }
        while let Some(port) = self.received.keys().next().copied() {
            self.end_received(port);
        }
    }
}

fn begin<'a, 'b>(
    open: &'b mut BTreeMap<&'a PortName, Begun>,
    begun: &mut usize,
    port: &'a PortName,
    at: MachineTime,
) -> &'b mut Begun {
    open.entry(port).or_insert_with(|| {
        *begun += 1;
        Begun { order: *begun - 1, at, bytes: Vec::new() }
    })
}
