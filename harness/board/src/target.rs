//! A board on a backend, written `board@backend`.

use std::fmt;
use std::str::FromStr;

/// Who runs a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Backend {
    /// QEMU with our plugin.
    Qemu,
    /// Renode with our bridge.
    Renode,
}

impl Backend {
    /// Every backend, in the order of preference.
    pub const ALL: [Backend; 2] = [Backend::Qemu, Backend::Renode];
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Backend::Qemu => "qemu",
            Backend::Renode => "renode",
        })
    }
}

/// A board on a backend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The board's name.
    pub board: String,
    /// Who runs it.
    pub backend: Backend,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.board, self.backend)
    }
}

/// Why a word is no target.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// There is no `@` in it.
    #[error("`{word}` names no backend (write {word}@qemu)")]
    NoBackend {
        /// What was written.
        word: String,
    },
    /// The word after `@` is no backend.
    #[error("unknown backend `{word}` (the backends are: qemu, renode)")]
    UnknownBackend {
        /// What was written.
        word: String,
    },
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(word: &str) -> Result<Target, TargetError> {
        let (board, backend) =
            word.split_once('@').ok_or_else(|| TargetError::NoBackend { word: word.to_owned() })?;
        let backend = Backend::ALL
            .into_iter()
            .find(|one| one.to_string() == backend)
            .ok_or_else(|| TargetError::UnknownBackend { word: backend.to_owned() })?;
        Ok(Target { board: board.to_owned(), backend })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Result<&str, &str>) {
        let got = word
            .parse::<Target>()
            .map(|target| target.to_string())
            .map_err(|error| error.to_string());
        assert_eq!(got.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn a_target_is_a_board_at_a_backend() {
        check("lab-m0@qemu", Ok("lab-m0@qemu"));
        check("lab-m0@renode", Ok("lab-m0@renode"));
        check("lab-m0", Err("`lab-m0` names no backend (write lab-m0@qemu)"));
        check("lab-m0@bochs", Err("unknown backend `bochs` (the backends are: qemu, renode)"));
    }
}
