//! The TCP ports that a process listens on (proc(5)).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// The state of a listening socket in `/proc/net/tcp` (`TCP_LISTEN`, Linux
/// `include/net/tcp_states.h`).
const LISTENS: &str = "0A";

/// The ports on which the process group `group` listens.
pub(super) fn listening(group: u32) -> io::Result<BTreeSet<u16>> {
    let mut inodes = BTreeSet::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        // A process that has just ended has no files any more.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if group_of(&stat) == Some(group) {
            inodes.extend(sockets(&entry.path()));
        }
    }
    let mut ports = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        // A kernel without IPv6 has no such table.
        let table = fs::read_to_string(table).unwrap_or_default();
        let listens = table.lines().filter_map(listener);
        ports.extend(listens.filter(|(_, inode)| inodes.contains(inode)).map(|(port, _)| port));
    }
    Ok(ports)
}

/// The fifth field, behind a name in parentheses that may hold anything.
fn group_of(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(2)?.parse().ok()
}

fn sockets(process: &Path) -> Vec<u64> {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok());
    let inode = |link: std::path::PathBuf| {
        link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    links.filter_map(inode).collect()
}

/// Port and inode of a line that listens.
fn listener(line: &str) -> Option<(u16, u64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (_, port) = words.get(1)?.rsplit_once(':')?;
    let inode = words.get(9)?.parse().ok()?;
    (*words.get(3)? == LISTENS).then_some((u16::from_str_radix(port, 16).ok()?, inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_this_process_listens_on_is_found() {
        let group = rustix::process::getpgrp().as_raw_nonzero().get().unsigned_abs();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert!(listening(group).unwrap().contains(&port));
        drop(socket);
        assert!(!listening(group).unwrap().contains(&port));
    }

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_confuse() {
        assert_eq!(group_of("7 (a) b) S 1 42 42 0"), Some(42));
    }
}
