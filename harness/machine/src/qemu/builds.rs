//! The builds of QEMU that are known to keep exact time.
//!
//! The plugin calls functions inside QEMU whose signatures no interface
//! promises. So a build is trusted by name, after the proof in
//! `tests/machine_proof.rs` has passed with it, and not because it looks alike.

use crate::MachineError;

/// One tested build.
struct Build {
    /// QEMU's version.
    version: &'static str,
    /// How its package begins.
    package: &'static str,
}

/// All of them.
const TESTED: &[Build] = &[Build { version: "10.0.2", package: "Debian 1:10.0.2+ds-" }];

/// The protocol that [`super::session`] speaks (`harness/qemu-plugin/PROTOCOL.md`).
const PROTOCOL: &str = "4";

/// Whether the answer to `hello` is one that the rest of this backend can rely on.
///
/// # Errors
///
/// [`MachineError::WrongPlugin`] and [`MachineError::UntestedBuild`].
pub(super) fn check(answer: &str) -> Result<(), MachineError> {
    let mut words = answer.splitn(5, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (name, protocol, qemu, version, package) = (word(), word(), word(), word(), word());
    if (name, qemu) != ("replab", "qemu") || protocol != PROTOCOL {
        return Err(MachineError::WrongPlugin { answer: answer.to_owned(), wanted: PROTOCOL });
    }
    if TESTED.iter().any(|build| build.version == version && package.starts_with(build.package)) {
        return Ok(());
    }
    Err(untested(format!("QEMU {version} ({package})"), "the proof has never been run with it"))
}

/// Whether a build that says `version` of itself (`QEMU emulator version 10.0.2 (Debian …)`,
/// the first line of `--version`) is one of those that keep exact time.
#[must_use]
pub fn keeps_exact_time(version: &str) -> bool {
    let is =
        |build: &Build| version.contains(&format!("version {} ({}", build.version, build.package));
    TESTED.iter().any(is)
}

/// The error for a build that lacks what exact time needs.
pub(super) fn untested(version: String, why: impl Into<String>) -> MachineError {
    let tested: Vec<_> =
        TESTED.iter().map(|build| format!("{} ({}…)", build.version, build.package)).collect();
    MachineError::UntestedBuild { version, why: why.into(), tested: tested.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(answer: &str, expected: &str) {
        let error = check(answer).expect_err("it is no tested build").to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn tested_builds_pass() {
        check("replab 4 qemu 10.0.2 Debian 1:10.0.2+ds-2+deb13u1~bpo12+1").unwrap();
    }

    #[test]
    fn a_tested_build_is_known_by_what_it_says_of_itself() {
        let says = |text: &str| keeps_exact_time(&format!("QEMU emulator version {text}"));
        assert!(says("10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)"));
        assert!(!says("10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)"));
        assert!(!says("10.0.2"));
    }

    #[test]
    fn others_are_refused_by_name() {
        refused("replab 4 qemu 10.0.2", "QEMU 10.0.2 () cannot keep exact time");
        refused("replab 4 qemu 10.1.0 Debian 1:10.1.0+ds-1", "QEMU 10.1.0 (Debian 1:10.1.0+ds-1)");
        refused("replab 7 qemu 10.0.2 Debian 1:10.0.2+ds-2", "speaks another protocol");
        refused("hello yourself", "speaks another protocol");
    }
}
