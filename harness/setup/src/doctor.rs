//! Explains what is there, what is not, and what to do about it. Changes nothing.

use crate::lock::Lock;
use crate::sources::private_sources;
use crate::unpack::version_of;
use crate::{Item, Missing, Scope, Tools};

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Not there, but set-up will bring it.
    ToFetch,
    /// Not as it should be, and only the user can change that.
    Bad,
}

/// What [`doctor`] found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// About what.
    pub what: String,
    /// How it is.
    pub state: State,
    /// The same in words, with advice if it is not good.
    pub text: String,
}

/// Looks at the system and at each tool that is needed.
#[must_use]
pub fn doctor(tools: &Tools) -> Vec<Finding> {
    let builds = tools.scope() == Scope::Checkout;
    let mut findings = vec![system(tools)];
    if builds {
        findings.push(c_compiler(tools));
    }
    if tools.release().is_some() && (builds || tools.qemu().is_err()) {
        findings.push(sources(tools));
    }
    if builds {
        findings.extend(tools.needed_programs().map(|name| program(tools, name)));
    }
    findings.push(qemu(tools));
    if builds {
        findings.push(arm_gcc(tools));
        findings.push(found(
            tools,
            Item::Micropython,
            tools.micropython().map(|one| one.folder.display().to_string()),
        ));
        findings.push(found(
            tools,
            Item::PicoSdk,
            tools.pico_sdk().map(|one| one.folder.display().to_string()),
        ));
        findings.push(found(
            tools,
            Item::Cmake,
            tools.cmake().map(|one| format!("{} ({})", one.version, one.program.display())),
        ));
        findings.push(found(tools, Item::PythonModules, tools.python().map(|one| in_words(&one))));
    }
    findings.push(renode(tools));
    if Lock::is_held(&tools.place().lock()) {
        findings.push(finding("set-up", State::Good, "at work at this moment"));
    }
    findings
}

fn system(tools: &Tools) -> Finding {
    let name = format!("{} on {}", tools.system().name, std::env::consts::ARCH);
    match (std::env::consts::OS, tools.release(), tools.arch()) {
        ("linux", Some(_), Some(_)) => finding("system", State::Good, &name),
        ("linux", _, _) => finding(
            "system",
            State::Good,
            &format!(
                "{name}: set-up can fetch tools on Debian 12 and 13 only (amd64, arm64); name or install them yourself"
            ),
        ),
        _ => finding("system", State::Bad, &format!("{name}: replab runs on Linux only")),
    }
}

/// Rust needs one to link, and MicroPython's cross-compiler is a program of the host.
fn c_compiler(tools: &Tools) -> Finding {
    match tools.installed("cc").or_else(|| tools.installed("gcc")) {
        Some(path) => finding("C compiler", State::Good, &path.display().to_string()),
        None => finding(
            "C compiler",
            State::Bad,
            "no cc found, which Rust needs too (on Debian: the packages gcc and libc6-dev)",
        ),
    }
}

fn sources(tools: &Tools) -> Finding {
    let derived = tools.release().zip(tools.arch());
    let derived = derived
        .and_then(|(release, arch)| private_sources(&tools.apt().sources(), release, arch.debian));
    let programs = ["apt-get", "apt-cache", "dpkg-deb", "tar"];
    let absent: Vec<_> =
        programs.into_iter().filter(|name| tools.installed(name).is_none()).collect();
    match derived {
        _ if !absent.is_empty() => {
            finding("apt", State::Bad, &format!("set-up needs {}", absent.join(", ")))
        }
        Some(_) => finding("apt", State::Good, "a package source for this release is configured"),
        None => finding(
            "apt",
            State::Bad,
            "no package source for this release is configured, so set-up has nowhere to fetch from",
        ),
    }
}

fn program(tools: &Tools, name: &'static str) -> Finding {
    match tools.program(name) {
        Ok(path) => finding(name, State::Good, &path.display().to_string()),
        Err(missing) => absent(tools, name, &missing),
    }
}

fn qemu(tools: &Tools) -> Finding {
    found(
        tools,
        Item::Qemu,
        tools.qemu().map(|one| format!("{} ({})", one.version, one.program.display())),
    )
}

fn arm_gcc(tools: &Tools) -> Finding {
    found(
        tools,
        Item::ArmGcc,
        tools.arm_gcc().map(|one| format!("{} ({}gcc)", one.version, one.prefix.display())),
    )
}

/// Nobody needs it but who asks for it, so its absence is no trouble.
fn renode(tools: &Tools) -> Finding {
    match tools.renode() {
        Ok(found) => {
            let version = version_of("Renode", &mut found.command());
            let program = found.program.display().to_string();
            match version {
                Ok(version) => finding("Renode", State::Good, &format!("{version} ({program})")),
                Err(error) => finding("Renode", State::Bad, &format!("{program}: {error}")),
            }
        }
        Err(missing @ Missing::Renode { .. }) => {
            let text = format!("{missing}; only targets @renode need it");
            finding("Renode", State::Good, &text)
        }
        Err(missing) => finding("Renode", State::Bad, &missing.to_string()),
    }
}

fn in_words(python: &crate::Python) -> String {
    let modules = python
        .modules
        .as_ref()
        .map(|modules| format!(" with {}", modules.display()))
        .unwrap_or_default();
    format!("{}{modules}", python.program.display())
}

/// An item that was found may still be another version than the pinned one.
fn found(tools: &Tools, item: Item, found: Result<String, Missing>) -> Finding {
    match (found, tools.has(item)) {
        (Ok(text), Ok(true)) => finding(item.name(), State::Good, &text),
        (Ok(text), _) => finding(
            item.name(),
            State::ToFetch,
            &format!(
                "{text} is not the pinned one, which `{}` will fetch",
                tools.scope().command()
            ),
        ),
        (Err(missing), _) => absent(tools, item.name(), &missing),
    }
}

fn absent(tools: &Tools, what: &str, missing: &Missing) -> Finding {
    let can_fetch = tools.release().is_some()
        && tools.arch().is_some()
        && matches!(missing, Missing::NotFound { .. });
    if can_fetch {
        return finding(what, State::ToFetch, &missing.to_string());
    }
    finding(what, State::Bad, &missing.where_set_up_cannot_help())
}

fn finding(what: &str, state: State, text: &str) -> Finding {
    Finding { what: what.to_owned(), state, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::Named;
    use crate::debian::Release;
    use crate::run::write_program;

    /// The state and the words about `what`.
    #[track_caller]
    fn about(root: &Path, named: Named, what: &str) -> (State, String) {
        let findings = doctor(&Tools::in_test(root, Release::Bookworm, named));
        let found = findings.into_iter().find(|finding| finding.what == what);
        found.map(|finding| (finding.state, finding.text)).unwrap()
    }

    #[test]
    fn what_set_up_would_fetch_is_marked_so_and_nothing_is_created() {
        let root = tempfile::tempdir().unwrap();
        let (state, text) = about(root.path(), Named::default(), "QEMU");
        assert_eq!(state, State::ToFetch, "{text}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_version_than_the_pinned_one_is_shown_and_will_be_replaced() {
        let root = tempfile::tempdir().unwrap();
        write_program(
            &root.path().join("bin/qemu-system-arm"),
            "#!/bin/sh\necho QEMU emulator version 7.2.0\n",
        );
        let (state, text) = about(root.path(), Named::default(), "QEMU");
        assert_eq!(state, State::ToFetch);
        assert!(text.starts_with("QEMU emulator version 7.2.0 ("), "{text}");
    }

    #[test]
    fn an_installed_program_needs_an_emulator_and_nothing_to_build_with() {
        let root = tempfile::tempdir().unwrap();
        let tools = Tools::in_test(root.path(), Release::Bookworm, Named::default());
        let findings = doctor(&tools.with_scope(Scope::Installed));
        let names: Vec<_> = findings.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(names, ["system", "apt", "QEMU", "Renode"]);
        assert!(findings[2].text.contains("run `replab setup`"), "{}", findings[2].text);
    }

    #[test]
    fn what_the_user_named_wrongly_only_the_user_can_put_right() {
        let root = tempfile::tempdir().unwrap();
        let named = Named { micropython: Some("/no/such/tree".into()), ..Named::default() };
        assert_eq!(about(root.path(), named, "MicroPython").0, State::Bad);
    }

    #[test]
    fn renode_says_its_version_and_its_absence_is_no_trouble() {
        let root = tempfile::tempdir().unwrap();
        let (state, text) = about(root.path(), Named::default(), "Renode");
        assert_eq!(state, State::Good, "{text}");
        assert!(text.contains("cargo xtask setup --renode"), "{text}");
        write_program(&root.path().join("bin/renode"), "#!/bin/sh\necho Renode v1.16.1.7\n");
        let (state, text) = about(root.path(), Named::default(), "Renode");
        assert!(state == State::Good && text.starts_with("Renode v1.16.1.7 ("), "{text}");
        let named = Named { renode: Some("/no/such/renode".into()), ..Named::default() };
        assert_eq!(about(root.path(), named, "Renode").0, State::Bad);
    }

    #[test]
    fn without_a_source_for_the_release_set_up_has_nowhere_to_fetch_from() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(about(root.path(), Named::default(), "apt").0, State::Bad);
    }
}
