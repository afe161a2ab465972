//! A TCP port as a [`Door`].

use std::fmt;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::str::FromStr;

use rustix::event::{PollFd, PollFlags};

use crate::live_board::{LiveError, read, state, write};

use super::door::{Door, Wants};
use super::telnet::Telnet;

/// How many bytes may wait for a client that does not take them.
const WAITING: usize = 1 << 12;

/// What a client hears that comes while another is connected.
const BUSY: &[u8] = b"replab: another client is connected\r\n";

/// Where to listen: `IP:PORT`, or `PORT` for this computer only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(SocketAddr);

impl Address {
    /// Whether other computers may reach it.
    pub(super) fn is_public(self) -> bool {
        !self.0.ip().is_loopback()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let local = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let address = text.parse().or_else(|_| text.parse().map(local));
        address.map(Address).map_err(|_| AddressError { text: text.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text is no address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address (write 127.0.0.1:4000, or 127.0.0.1:0 for any free port)")]
pub struct AddressError {
    /// What was given.
    text: String,
}

/// See the head of this module.
pub(super) struct Tcp {
    listener: TcpListener,
    address: SocketAddr,
    client: Option<Client>,
}

struct Client {
    stream: TcpStream,
    telnet: Telnet,
    /// What is for it.
    waiting: Vec<u8>,
}

impl Client {
    fn new(stream: TcpStream) -> Client {
        Client { stream, telnet: Telnet::default(), waiting: Vec::new() }
    }

    /// Takes at most `room` bytes that it has typed; `None` if it has gone.
    fn take(&mut self, room: usize) -> io::Result<Option<Vec<u8>>> {
        if room == 0 {
            let broken = PollFlags::HUP | PollFlags::ERR;
            let now = state(self.stream.as_fd(), PollFlags::empty())?;
            return Ok((!now.intersects(broken)).then(Vec::new));
        }
        let Some(bytes) = read(self.stream.as_fd(), room) else { return Ok(None) };
        let (typed, answer) = self.telnet.take(&bytes);
        self.waiting.extend(answer);
        Ok(Some(typed))
    }

    /// Sends what it takes of what waits; `None` if it has gone.
    fn flush(&mut self) -> Option<()> {
        let count = write(self.stream.as_fd(), &self.waiting)?;
        self.waiting.drain(..count);
        Some(())
    }
}

impl Tcp {
    /// Listens on `address`.
    pub(super) fn listen(address: Address) -> Result<Tcp, LiveError> {
        let listen = || {
            let listener = TcpListener::bind(address.0)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Tcp { listener, address, client: None })
        };
        listen().map_err(|source| LiveError::NotListening { address: address.to_string(), source })
    }

    /// Lets in who waits: instead of one that has gone, but not beside one that is there.
    fn let_in(&mut self) -> io::Result<()> {
        loop {
            let client = match self.listener.accept() {
                Ok((client, _)) => client,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // It has gone before it was let in (accept(2)).
                Err(error) if is_passing(&error) => continue,
                Err(error) => return Err(error),
            };
            client.set_nonblocking(true)?;
            if self.is_taken()? {
                // It is sent away, whether it hears why or not.
                let _ = (&client).write(BUSY);
                continue;
            }
            // Each key at once, not a few together.
            client.set_nodelay(true)?;
            self.client = Some(Client::new(client));
        }
    }

    fn is_taken(&self) -> io::Result<bool> {
        let Some(client) = &self.client else { return Ok(false) };
        let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        Ok(!state(client.stream.as_fd(), PollFlags::RDHUP)?.intersects(gone))
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted)
}

impl Door for Tcp {
    /// mpremote knows no `socket://`; others that speak plain TCP take host and port.
    fn address(&self) -> String {
        format!("rfc2217://{}", self.address)
    }

    fn ends(&self, wants: Wants) -> Vec<PollFd<'_>> {
        let client = self.client.iter().map(|client| {
            let output = wants.output || !client.waiting.is_empty();
            PollFd::new(&client.stream, Wants { output, ..wants }.flags())
        });
        client.chain([PollFd::new(&self.listener, PollFlags::IN)]).collect()
    }

    fn attend(&mut self, room: usize) -> io::Result<Vec<u8>> {
        self.let_in()?;
        let Some(client) = &mut self.client else { return Ok(Vec::new()) };
        let typed = client.take(room)?;
        if typed.is_none() {
            self.client = None;
        }
        Ok(typed.unwrap_or_default())
    }

    fn has_client(&self) -> bool {
        self.client.is_some()
    }

    fn give(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(client) = &mut self.client else { return Ok(bytes.len()) };
        let count = bytes.len().min(WAITING.saturating_sub(client.waiting.len()));
        client.waiting.extend(client.telnet.wrap(&bytes[..count]));
        if client.flush().is_none() {
            self.client = None;
            return Ok(bytes.len());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::door::testing::{attend, waits};
    use super::*;

    fn listen() -> Tcp {
        let Ok(tcp) = Tcp::listen(Address(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))) else {
            panic!("every Linux has a free port");
        };
        tcp
    }

    fn client(tcp: &Tcp) -> TcpStream {
        TcpStream::connect(tcp.address).expect("somebody listens")
    }

    #[track_caller]
    fn check_address(text: &str, expected: Option<&str>, is_public: bool) {
        let address = text.parse::<Address>().ok();
        assert_eq!(address.map(|address| address.to_string()).as_deref(), expected);
        assert_eq!(address.is_some_and(Address::is_public), is_public);
    }

    #[test]
    fn only_who_says_so_listens_for_other_computers() {
        check_address("4000", Some("127.0.0.1:4000"), false);
        check_address("127.0.0.1:0", Some("127.0.0.1:0"), false);
        check_address("[::1]:1", Some("[::1]:1"), false);
        check_address("0.0.0.0:1", Some("0.0.0.0:1"), true);
        check_address("localhost:1", None, false);
        check_address("70000", None, false);
        check_address(":1", None, false);
    }

    #[test]
    fn a_client_comes_types_reads_and_goes() {
        let mut tcp = listen();
        assert!(!waits(&tcp));
        let mut client = client(&tcp);
        client.write_all(b"a\r\n\xff").expect("somebody listens");
        assert_eq!(attend(&mut tcp, 4), b"a\r\n\xff");
        assert!(!waits(&tcp));
        assert_eq!(tcp.give(b">>> ").expect("there is room"), 4);
        let mut heard = [0; 4];
        client.read_exact(&mut heard).expect("somebody listens");
        assert_eq!(&heard, b">>> ");
        drop(client);
        assert!(waits(&tcp));
        tcp.attend(99).expect("it can be heard");
        assert!(!tcp.has_client());
    }

    #[test]
    fn a_second_client_is_sent_away_unless_the_first_has_gone() {
        let mut tcp = listen();
        let mut first = client(&tcp);
        first.write_all(b"first").expect("somebody listens");
        assert_eq!(attend(&mut tcp, 5), b"first");
        let mut second = client(&tcp);
        assert!(waits(&tcp));
        tcp.attend(99).expect("it can be heard");
        let mut told = Vec::new();
        second.read_to_end(&mut told).expect("it is sent away");
        assert_eq!(told, BUSY);
        // There is no room for what it has typed, so its end is not read.
        first.write_all(b"more").expect("somebody listens");
        drop(first);
        let mut third = client(&tcp);
        tcp.attend(0).expect("it can be heard");
        third.write_all(b"third").expect("somebody listens");
        assert_eq!(attend(&mut tcp, 5), b"third");
    }

    #[test]
    fn a_client_that_does_not_read_takes_what_there_is_room_for() {
        let mut tcp = listen();
        let mut client = client(&tcp);
        client.write_all(&[255, 253, 0]).expect("somebody listens");
        while !tcp.has_client() {
            assert_eq!(tcp.attend(99).expect("it can be heard"), b"");
        }
        let mut given = 0;
        while let count @ 1.. = tcp.give(&[255; 4096]).expect("it never waits") {
            given += count;
            assert!(given < 1 << 28, "somebody keeps it all");
        }
        assert!(given > 0);
        assert!(tcp.client.is_some_and(|client| client.waiting.len() <= 2 * WAITING));
    }
}
