//! Against a server of our own: the network is not asked.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use super::*;
use crate::Named;
use crate::debian::Release;
use crate::run::write_program;

const FILE: &str = "renode-test.tar.gz";

/// A small archive as the official one is made: all below one folder.
fn packed(folder: &Path) -> Vec<u8> {
    let program = "#!/bin/sh\necho Renode v1.16.1.0\n";
    write_program(&folder.join("renode_1.16.1/renode"), program);
    let archive = folder.join(FILE);
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(folder).arg("-czf").arg(&archive).arg("renode_1.16.1");
    stdout_of(&mut tar).unwrap();
    fs::read(archive).unwrap()
}

/// Serves `content` to each of `cuts`: so many bytes, and then the end. Gives its
/// address, and the ranges that were asked for.
fn serve(content: Vec<u8>, cuts: Vec<usize>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let served =
        thread::spawn(move || cuts.iter().map(|cut| answer(&listener, &content, *cut)).collect());
    (address, served)
}

fn answer(listener: &TcpListener, content: &[u8], cut: usize) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let range = head.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("range").then(|| value.to_owned())
    });
    let start: usize = range
        .as_deref()
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok())
        .unwrap_or(0);
    let (status, length) = (if start > 0 { "206 Partial" } else { "200 OK" }, content.len());
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{}/{length}\r\nConnection: close\r\n\r\n",
        length - start,
        length - 1
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&content[start..start.saturating_add(cut).min(length)]).unwrap();
    range.unwrap_or_default()
}

fn tools(root: &Path) -> Tools {
    Tools::in_test(root, Release::Bookworm, Named::default())
}

/// Brings an archive with this hash from `release`.
fn run(tools: &Tools, sha256: &str, release: &str) -> (Result<(), SetupError>, Vec<String>) {
    let mut lines = Vec::new();
    let archive = Archive { file: FILE, sha256 };
    let done = bring(tools, archive, release, &mut |line| lines.push(line.to_owned()));
    (done, lines)
}

fn can_fetch(tools: &Tools) -> bool {
    let can = downloader(tools, "", Path::new("")).is_ok();
    if !can {
        eprintln!("skipped: there is neither curl nor wget here");
    }
    can
}

#[test]
fn an_archive_is_fetched_once_and_then_no_network_is_needed() {
    let root = tempfile::tempdir().unwrap();
    let tools = tools(root.path());
    let content = packed(root.path());
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&content));
    if !can_fetch(&tools) {
        return;
    }
    let (address, served) = serve(content, vec![usize::MAX]);
    let (done, lines) = run(&tools, &sha256, &address);
    done.unwrap();
    assert_eq!(served.join().unwrap(), [""]);
    assert!(lines.iter().any(|line| line.contains("Renode v1.16.1.0")), "{lines:?}");
    assert!(!tools.place().renode_download().exists(), "the archive goes");
    let (again, lines) = run(&tools, &sha256, "http://127.0.0.1:1");
    again.unwrap();
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn a_cut_download_goes_on_where_it_ended() {
    let root = tempfile::tempdir().unwrap();
    let tools = tools(root.path());
    let content = packed(root.path());
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&content));
    if tools.installed("curl").is_none() {
        eprintln!("skipped: there is no curl here"); // wget tries again by itself
        return;
    }
    // Only what fits into one test run without curl's own retries: the server goes away.
    let (address, served) = serve(content.clone(), vec![100]);
    let (done, _) = run(&tools, &sha256, &address);
    assert!(matches!(done, Err(SetupError::NotDownloaded { .. })), "{done:?}");
    served.join().unwrap();
    let (address, served) = serve(content, vec![usize::MAX]);
    let (done, lines) = run(&tools, &sha256, &address);
    done.unwrap();
    assert_eq!(served.join().unwrap(), ["bytes=100-"]);
    let is_there = lines.iter().any(|line| line.ends_with("going on where the last one ended"));
    assert!(is_there, "{lines:?}");
}

#[test]
fn another_archive_than_the_pinned_one_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let tools = tools(root.path());
    let folder = tools.place().renode_download();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(FILE), "no archive").unwrap();
    let (done, _) = run(&tools, "00", "http://127.0.0.1:1");
    assert!(matches!(done, Err(SetupError::WrongHash { by: "the pin", .. })), "{done:?}");
    assert!(!folder.join(FILE).exists());
}

#[test]
fn an_archive_that_is_there_already_is_taken() {
    for name in [FILE.to_owned(), format!("{FILE}.part")] {
        let root = tempfile::tempdir().unwrap();
        let tools = tools(root.path());
        let content = packed(root.path());
        let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&content));
        let folder = tools.place().renode_download();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), content).unwrap();
        run(&tools, &sha256, "http://127.0.0.1:1").0.unwrap();
        assert!(is_program(&tools.place().renode().join("renode")));
    }
}

#[test]
fn without_one_the_command_that_brings_it_is_named() {
    let root = tempfile::tempdir().unwrap();
    let error = tools(root.path()).renode().unwrap_err().to_string();
    assert_eq!(
        error,
        "no Renode found (run `cargo xtask setup --renode`, or name one with --renode PROGRAM or REPLAB_RENODE)"
    );
    let named = Named { renode: Some("/no/such/renode".into()), ..Named::default() };
    let error = Tools::in_test(root.path(), Release::Bookworm, named).renode().unwrap_err();
    assert!(error.to_string().ends_with("is no Renode: there is no such program"), "{error}");
}

#[test]
fn one_on_the_path_is_found() {
    let root = tempfile::tempdir().unwrap();
    write_program(&root.path().join("bin/renode"), "#!/bin/sh\n");
    let found = tools(root.path()).renode().unwrap();
    assert_eq!(found, Renode { program: root.path().join("bin/renode"), unpacked: None });
}

#[test]
fn both_architectures_have_an_archive() {
    for arch in ["amd64", "arm64"] {
        let (_, archive) = ARCHIVES.iter().find(|(name, _)| *name == arch).unwrap();
        assert_eq!(archive.sha256.len(), 64, "{archive:?}");
    }
}
