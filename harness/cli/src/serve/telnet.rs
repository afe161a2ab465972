//! Telnet on a TCP connection, as far as serial ports need it (RFC 854, RFC 2217).
//!
//! mpremote knows boards on the network by `rfc2217://` only. Such a client
//! begins with a command, whose first byte is 255; a plain one begins with what
//! somebody types, which never does. So both can use one port. We ask for
//! nothing ourselves and grant what is asked for: to a board on a
//! wire that loses nothing, settings of the line do not matter.

/// Interpret as command (RFC 854, p. 14). As a byte of data it comes twice.
const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
/// Subnegotiation begins, and ends.
const SB: u8 = 250;
const SE: u8 = 240;

/// Binary transmission (RFC 856), echo (RFC 857), suppress go-ahead (RFC 858), serial port (RFC 2217).
const OPTIONS: [u8; 4] = [0, 1, 3, COM_PORT];
const COM_PORT: u8 = 44;

/// What a server adds to a command's number when it answers (RFC 2217, p. 4).
const ANSWER: u8 = 100;

/// No subnegotiation of RFC 2217 is longer; of one that is, the rest is left out.
const LONGEST: usize = 64;

/// What one client has sent, taken apart.
#[derive(Debug, Default)]
pub(super) struct Telnet {
    /// Whether it speaks telnet; `None` before its first byte.
    is_telnet: Option<bool>,
    state: State,
    /// The subnegotiation that has begun.
    inside: Vec<u8>,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Data,
    Command,
    /// The option of this command.
    Option(u8),
    Inside,
    InsideCommand,
}

impl Telnet {
    /// Takes `bytes` from the client: what of it is typed, and what it has to be answered.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let is_telnet = self.is_telnet.or(bytes.first().map(|first| *first == IAC));
        self.is_telnet = is_telnet;
        if is_telnet != Some(true) {
            return (bytes.to_vec(), Vec::new());
        }
        let (mut typed, mut answer) = (Vec::new(), Vec::new());
        bytes.iter().for_each(|byte| self.step(*byte, &mut typed, &mut answer));
        (typed, answer)
    }

    /// `bytes` of the board's, as the client takes them.
    pub(super) fn wrap(&self, bytes: &[u8]) -> Vec<u8> {
        if self.is_telnet == Some(true) { doubled(bytes) } else { bytes.to_vec() }
    }

    fn step(&mut self, byte: u8, typed: &mut Vec<u8>, answer: &mut Vec<u8>) {
        self.state = match (self.state, byte) {
            (State::Data, IAC) => State::Command,
            (State::Data, _) | (State::Command, IAC) => {
                typed.push(byte);
                State::Data
            }
            (State::Command, DONT | DO | WONT | WILL) => State::Option(byte),
            (State::Command, SB) => {
                self.inside.clear();
                State::Inside
            }
            (State::Command, _) => State::Data,
            (State::Option(command), option) => {
                answer.extend(granted(command, option));
                State::Data
            }
            (State::Inside, IAC) => State::InsideCommand,
            (State::Inside, _) | (State::InsideCommand, IAC) => {
                if self.inside.len() < LONGEST {
                    self.inside.push(byte);
                }
                State::Inside
            }
            (State::InsideCommand, _) => {
                answer.extend(set(&self.inside));
                State::Data
            }
        };
    }
}

/// The answer to a request for an option. That it is off needs none: it never is on by our doing.
fn granted(command: u8, option: u8) -> Vec<u8> {
    let answer = match (command, OPTIONS.contains(&option)) {
        (DO, true) => WILL,
        (DO, false) => WONT,
        (WILL, true) => DO,
        (WILL, false) => DONT,
        _ => return Vec::new(),
    };
    vec![IAC, answer, option]
}

/// The answer to a setting: that it is so. Commands 1 to 5 set the line, 10 to
/// 12 masks and buffers (RFC 2217, p. 5 to 13).
fn set(inside: &[u8]) -> Vec<u8> {
    match inside {
        [COM_PORT, command @ (1..=5 | 10..=12), value @ ..] => {
            let head = [IAC, SB, COM_PORT, command + ANSWER];
            [&head, doubled(value).as_slice(), &[IAC, SE]].concat()
        }
        _ => Vec::new(),
    }
}

fn doubled(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| std::iter::repeat_n(*byte, 1 + usize::from(*byte == IAC)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `bytes` at once and one by one.
    #[track_caller]
    fn check(bytes: &[u8], typed: &[u8], answer: &[u8]) {
        let expected = (typed.to_vec(), answer.to_vec());
        assert_eq!(Telnet::default().take(bytes), expected);
        let mut telnet = Telnet::default();
        let parts: Vec<_> = bytes.iter().map(|byte| telnet.take(&[*byte])).collect();
        let (typed, answer): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        assert_eq!((typed.concat(), answer.concat()), expected, "one by one");
    }

    #[test]
    fn a_plain_client_is_left_alone() {
        check(b"print(1)\r\xff\xfb\x00", b"print(1)\r\xff\xfb\x00", b"");
        assert_eq!(Telnet::default().wrap(b"\xff"), b"\xff");
    }

    #[test]
    fn options_of_serial_ports_are_granted_and_others_refused() {
        check(&[IAC, WILL, 44, IAC, DO, 0, b'a'], b"a", &[IAC, DO, 44, IAC, WILL, 0]);
        check(&[IAC, WILL, 31, IAC, DO, 24], b"", &[IAC, DONT, 31, IAC, WONT, 24]);
        check(&[IAC, DONT, 0, IAC, WONT, 44], b"", b"");
    }

    #[test]
    fn settings_are_said_to_be_so() {
        let value = [0, 1, 0xc2, 0];
        let request = [&[IAC, SB, 44, 1][..], &value, &[IAC, SE, b'a']].concat();
        check(&request, b"a", &[&[IAC, SB, 44, 101][..], &value, &[IAC, SE]].concat());
        check(&[IAC, SB, 44, 10, IAC, IAC, IAC, SE], b"", &[IAC, SB, 44, 110, IAC, IAC, IAC, SE]);
        check(&[IAC, SB, 44, 8, IAC, SE, IAC, SB, 24, 1, IAC, SE, IAC, SB, IAC, SE], b"", b"");
    }

    #[test]
    fn data_of_255_is_one_byte_here_and_two_there() {
        check(&[IAC, IAC, b'a', IAC, 241, IAC, IAC], b"\xffa\xff", b"");
        let mut telnet = Telnet::default();
        telnet.take(&[IAC]);
        assert_eq!(telnet.wrap(b"\xff\x00"), b"\xff\xff\x00");
    }

    #[test]
    fn a_setting_without_end_takes_no_memory() {
        let mut telnet = Telnet::default();
        telnet.take(&[&[IAC, SB][..], &[7; 100_000]].concat());
        assert_eq!(telnet.inside.len(), LONGEST);
    }
}
