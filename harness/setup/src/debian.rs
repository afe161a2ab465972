//! Which Debian this is, from the text of `os-release`.

use std::fmt;

/// A Debian release for which there is a table of pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Release {
    /// Its name in package sources.
    pub(crate) fn codename(self) -> &'static str {
        match self {
            Release::Bookworm => "bookworm",
            Release::Trixie => "trixie",
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.codename())
    }
}

/// What a system says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct System {
    /// For messages, such as `Debian GNU/Linux 12 (bookworm)`.
    pub(crate) name: String,
    /// The release, if set-up can fetch for it.
    pub(crate) release: Option<Release>,
}

impl System {
    /// Reads the text of `/etc/os-release` (os-release(5)). Derivatives of Debian
    /// have another `ID`, and their packages differ, so only Debian counts.
    pub(crate) fn from_os_release(text: &str) -> System {
        let value = |key: &str| {
            text.lines()
                .filter_map(|line| line.trim().split_once('='))
                .find(|(name, _)| *name == key)
                .map(|(_, value)| value.trim().trim_matches(['"', '\'']).to_owned())
        };
        let codename = value("VERSION_CODENAME");
        let release = match (value("ID").as_deref(), codename.as_deref()) {
            (Some("debian"), Some("bookworm")) => Some(Release::Bookworm),
            (Some("debian"), Some("trixie")) => Some(Release::Trixie),
            _ => None,
        };
        let name = value("PRETTY_NAME").unwrap_or_else(|| "an unknown system".to_owned());
        System { name, release }
    }

    /// This system.
    pub(crate) fn here() -> System {
        let text = std::fs::read_to_string("/etc/os-release")
            .or_else(|_| std::fs::read_to_string("/usr/lib/os-release"))
            .unwrap_or_default();
        System::from_os_release(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Release>) {
        assert_eq!(System::from_os_release(text).release, expected);
    }

    #[test]
    fn both_debians_are_known() {
        check(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_CODENAME=bookworm\n",
            Some(Release::Bookworm),
        );
        check("ID=\"debian\"\nVERSION_CODENAME='trixie'\n", Some(Release::Trixie));
    }

    #[test]
    fn a_derivative_with_the_same_codename_is_not_debian() {
        check("ID=raspbian\nID_LIKE=debian\nVERSION_CODENAME=bookworm\n", None);
    }

    #[test]
    fn other_systems_are_named_and_have_no_release() {
        let system = System::from_os_release("ID=fedora\nPRETTY_NAME=\"Fedora Linux 42\"\n");
        assert_eq!(system, System { name: "Fedora Linux 42".into(), release: None });
        assert_eq!(System::from_os_release("").name, "an unknown system");
    }
}
