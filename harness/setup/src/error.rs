//! Why set-up could not bring a tool, or a tool could not be found.

use std::io;
use std::path::PathBuf;

/// Why a tool is not there. Its text says how to get it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// Neither named, fetched nor installed.
    #[error("no {tool} found (run `{setup}`, or {way_out})")]
    NotFound {
        /// What was looked for.
        tool: &'static str,
        /// The command that fetches it.
        setup: &'static str,
        /// How to use one of one's own.
        way_out: &'static str,
    },
    /// There is no Renode, which set-up brings only when asked for it.
    #[error("no Renode found (run `{setup} --renode`, or {way_out})")]
    Renode {
        /// The command that fetches what is missing.
        setup: &'static str,
        /// How to use one of one's own.
        way_out: &'static str,
    },
    /// The user named one that is not what it should be.
    #[error("`{path}`, which {named_by} names, is no {tool}: {why}")]
    NotThat {
        /// What was looked for.
        tool: &'static str,
        /// The option or variable that named it.
        named_by: &'static str,
        /// What it named.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Missing {
    /// The text for a system on which set-up cannot help.
    pub(crate) fn where_set_up_cannot_help(&self) -> String {
        match self {
            Missing::NotFound { tool, way_out, .. } => format!("no {tool} found ({way_out})"),
            Missing::Renode { way_out, .. } => format!("no Renode found ({way_out})"),
            Missing::NotThat { .. } => self.to_string(),
        }
    }
}

/// Why set-up stopped.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// This system is none that set-up can fetch for, and it lacks something.
    #[error("set-up can fetch tools on Debian 12 and 13 only, and this is {system}; it lacks:{}", list(.missing))]
    Elsewhere {
        /// What the system says of itself.
        system: String,
        /// What is not there.
        missing: Vec<Missing>,
    },
    /// A program that every Debian has is not there.
    #[error("could not run `{program}` (set-up needs apt-get, apt-cache, dpkg-deb and tar)")]
    NotStarted {
        /// Which.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// A program that set-up ran failed.
    #[error("`{command}` failed ({status}): {}", .last_words.join(" | "))]
    Failed {
        /// The program and its first arguments.
        command: String,
        /// Its exit status in words.
        status: String,
        /// The last lines of its standard error.
        last_words: Vec<String>,
    },
    /// The package lists could not be fetched.
    #[error("could not fetch the package lists: {} (is the network there? what is set up already works without)", .last_words.join(" | "))]
    NoLists {
        /// The last lines that apt wrote.
        last_words: Vec<String>,
    },
    /// No configured package source offers the release that the system says it is.
    #[error(
        "no package source for Debian's {codename} is configured in {looked_in} (set-up derives its own from that one)"
    )]
    NoDebianSource {
        /// The release.
        codename: &'static str,
        /// Where it was looked for.
        looked_in: String,
    },
    /// A pinned version is no longer offered.
    #[error(
        "{package} {version} is gone from Debian's {suite}, which offers {} (ways out: {way_out}; point apt's sources at a snapshot of Debian's archive that still has it; or move the pin in harness/setup/src/pins.rs and test the new version)",
        offers(.offered)
    )]
    PinGone {
        /// Which package.
        package: &'static str,
        /// The pinned version.
        version: &'static str,
        /// Where it was.
        suite: String,
        /// What is there now.
        offered: Vec<String>,
        /// How to use one of one's own.
        way_out: &'static str,
    },
    /// A fetched file is not the pinned one.
    #[error(
        "{file} has SHA-256 {found}, but {expected} is expected by {by} (it was removed; if it comes again, the archive or the pin has changed)"
    )]
    WrongHash {
        /// The file's name.
        file: String,
        /// Whose expectation.
        by: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// apt said that it fetched a file, and it is not there.
    #[error("apt fetched no file for {package} into {folder}")]
    NotFetched {
        /// Which package.
        package: String,
        /// Where it should be.
        folder: PathBuf,
    },
    /// What was unpacked does not run.
    #[error("{tool} was unpacked but does not run: {}", .last_words.join(" | "))]
    DoesNotRun {
        /// Which tool.
        tool: &'static str,
        /// What it said.
        last_words: Vec<String>,
    },
    /// What was unpacked is not where it should be.
    #[error("{tool} was unpacked but `{file}` is not in it (the package has changed its shape)")]
    Incomplete {
        /// Which tool.
        tool: &'static str,
        /// What is not there.
        file: String,
    },
    /// There is no archive of Renode for this computer.
    #[error("there is no portable Renode for {arch} (x86_64 and aarch64 have one; {way_out})")]
    NoRenode {
        /// The computer's architecture.
        arch: &'static str,
        /// How to use one of one's own.
        way_out: &'static str,
    },
    /// A file could not be fetched.
    #[error("could not fetch {url}: {} (is the network there? what has come stays; or put the file into `{}`; or {way_out})", .last_words.join(" | "), .folder.display())]
    NotDownloaded {
        /// What should be fetched.
        url: String,
        /// What was said.
        last_words: Vec<String>,
        /// Where it is looked for.
        folder: PathBuf,
        /// How to use one of one's own.
        way_out: &'static str,
    },
    /// Nothing here can fetch a file.
    #[error("fetching {url} needs curl or wget (or put the file into `{}`; or {way_out})", .folder.display())]
    NoDownloader {
        /// What should be fetched.
        url: String,
        /// Where it is looked for.
        folder: PathBuf,
        /// How to use one of one's own.
        way_out: &'static str,
    },
    /// The user named a tool that is not what it should be.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A file or folder of ours could not be read or written.
    #[error("could not {doing} `{}`", .path.display())]
    Io {
        /// A verb.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl SetupError {
    /// For `map_err` on file operations.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> SetupError {
        let path = path.into();
        move |source| SetupError::Io { doing, path, source }
    }
}

fn list(missing: &[Missing]) -> String {
    missing.iter().map(|one| format!("\n  {}", one.where_set_up_cannot_help())).collect()
}

fn offers(offered: &[String]) -> String {
    if offered.is_empty() { "no such package".to_owned() } else { offered.join(", ") }
}
