//! Brings what is missing, one item after the other.
//!
//! When nothing is missing, this reads a few stamps and returns: no lock, no
//! process, no network. Otherwise one set-up works at a time in a folder, and
//! looks again once it has the lock, because the one before it may have brought everything.

use std::fs;

use crate::apt::Apt;
use crate::fetch::Fetcher;
use crate::lock::Lock;
use crate::unpack::remove;
use crate::{Item, Missing, Scope, SetupError, Tools};

/// Brings all that `tools` does not find, and tells `say` what it does, a line at a time.
///
/// Can be repeated, can be killed and run again, and waits for another one that is at work.
///
/// # Errors
///
/// [`SetupError`]; what was brought until then stays and is not fetched again.
pub fn setup(tools: &Tools, say: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
    if absent(tools)?.is_empty() {
        return Ok(());
    }
    let (Some(release), Some(arch)) = (tools.release(), tools.arch()) else {
        return Err(elsewhere(tools));
    };
    let place = tools.place();
    fs::create_dir_all(place.tools()).map_err(SetupError::io("create", place.tools()))?;
    let lock = Lock::take(&place.lock(), || {
        say("another set-up is at work here; waiting until it is done")
    })?;
    lock.inherit()?;
    let absent = absent(tools)?;
    if absent.is_empty() {
        return Ok(());
    }
    say(&format!("{} missing: asking a private apt, the system stays as it is", names(&absent)));
    let apt = Apt::prepare(&tools.apt(), &place.apt(), release, arch.debian)?;
    apt.update()?;
    let fetcher = Fetcher { tools, apt, release, arch };
    for item in absent {
        say(&format!("{}: fetching from {}", item.name(), fetcher.source(item)));
        say(&fetcher.fetch(item)?);
    }
    remove(&place.apt())
}

/// The items that must be fetched, in their order.
fn absent(tools: &Tools) -> Result<Vec<Item>, SetupError> {
    let mut absent = Vec::new();
    for &item in tools.scope().items() {
        if !tools.has(item)? {
            absent.push(item);
        }
    }
    Ok(absent)
}

fn elsewhere(tools: &Tools) -> SetupError {
    // What set-up would unpack itself is not asked for: so xz is not missed here.
    let all = match tools.scope() {
        Scope::Checkout => vec![
            tools.program("make").err(),
            tools.program("python3").err(),
            tools.qemu().err(),
            tools.arm_gcc().err(),
            tools.micropython().err(),
            tools.pico_sdk().err(),
            tools.cmake().err(),
            tools.python().err(),
        ],
        Scope::Installed => vec![tools.qemu().err()],
    };
    let mut missing: Vec<Missing> = Vec::new();
    for one in all.into_iter().flatten() {
        if !missing.contains(&one) {
            missing.push(one);
        }
    }
    SetupError::Elsewhere { system: tools.system().name.clone(), missing }
}

fn names(items: &[Item]) -> String {
    items.iter().map(|item| item.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;
    use std::sync::Mutex;

    use super::*;
    use crate::Named;
    use crate::debian::Release;
    use crate::run::write_program;

    /// Stands in for apt-get: writes what it is asked into `log`, and hands out the packages in `debs`.
    const APT_GET: &str = r#"#!/bin/sh
world=$(dirname "$(dirname "$0")")
shift 2
echo "$*" >> "$world/log"
case "$1" in
update) if [ -e "$world/no-network" ]; then echo 'E: no route' >&2; exit 100; fi ;;
download)
    shift
    for wanted; do cp "$world/debs/${wanted%%=*}.deb" "${wanted%%=*}_${wanted#*=}_all.deb" || exit 100; done ;;
source)
    echo 'not MicroPython' > micropython_1.25.0+ds.orig.tar.xz
    echo 'Checksums-Sha256:' > micropython_1.25.0+ds-1.dsc ;;
esac
"#;

    /// Stands in for apt-cache: every package is there in version 1, MicroPython as it is pinned.
    const APT_CACHE: &str = r#"#!/bin/sh
case "$4" in
micropython) echo " micropython | 1.25.0+ds-1 | x" ;;
*) echo " $4 | 1 | x" ;;
esac
"#;

    const PROGRAM: &str = "#!/bin/sh\necho stand-in 1\n";

    /// A world of its own: apt, a source, and packages that hold programs.
    fn world(release: Release) -> tempfile::TempDir {
        let world = tempfile::tempdir().unwrap();
        let root = world.path();
        for (name, text) in [
            ("apt-get", APT_GET),
            ("apt-cache", APT_CACHE),
            ("make", PROGRAM),
            ("python3", PROGRAM),
            ("xz", PROGRAM),
        ] {
            write_program(&root.join("bin").join(name), text);
        }
        fs::create_dir_all(root.join("apt")).unwrap();
        fs::create_dir_all(root.join("debs")).unwrap();
        let source = format!("deb http://m.example/debian {release} main\n");
        fs::write(root.join("apt/sources.list"), source).unwrap();
        world
    }

    /// Makes the packages of the emulator and the compiler; `false` where there is no dpkg.
    fn pack(root: &Path) -> bool {
        if crate::run::which("dpkg-deb", std::env::var_os("PATH").as_deref()).is_none() {
            eprintln!("skipped: there is no dpkg-deb here");
            return false;
        }
        for item in [Item::Qemu, Item::ArmGcc] {
            for pin in item.pins(Release::Trixie) {
                let tree = root.join("tree").join(pin.package);
                let name = if item == Item::Qemu { pin.package } else { "arm-none-eabi-gcc" };
                write_program(&tree.join("usr/bin").join(name), PROGRAM);
                fs::create_dir_all(tree.join("DEBIAN")).unwrap();
                let control = format!(
                    "Package: {}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n",
                    pin.package
                );
                fs::write(tree.join("DEBIAN/control"), control).unwrap();
                let deb = root.join("debs").join(format!("{}.deb", pin.package));
                let built =
                    Command::new("dpkg-deb").arg("--build").arg(&tree).arg(deb).output().unwrap();
                assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
            }
        }
        true
    }

    fn run(root: &Path, release: Release) -> (Result<(), SetupError>, Vec<String>) {
        let mut lines = Vec::new();
        let done = setup(&Tools::in_test(root, release, Named::default()), &mut |line| {
            lines.push(line.to_owned())
        });
        (done, lines)
    }

    #[test]
    fn a_pin_that_has_gone_names_what_is_there_and_the_ways_out() {
        let world = world(Release::Bookworm);
        let (done, _) = run(world.path(), Release::Bookworm);
        let text = done.unwrap_err().to_string();
        assert!(
            text.starts_with(
                "qemu-system-arm 1:10.0.2+ds-2+deb13u1~bpo12+1 is gone from Debian's bookworm-backports, \
                 which offers 1 (ways out: name one with --qemu PROGRAM or REPLAB_QEMU; "
            ),
            "{text}"
        );
    }

    #[test]
    fn without_network_the_lists_are_what_is_missing() {
        let world = world(Release::Bookworm);
        fs::write(world.path().join("no-network"), "").unwrap();
        let (done, _) = run(world.path(), Release::Bookworm);
        assert!(
            matches!(done, Err(SetupError::NoLists { last_words }) if last_words == ["E: no route"])
        );
    }

    #[test]
    fn no_source_of_the_release_is_named() {
        let world = world(Release::Bookworm);
        let (done, _) = run(world.path(), Release::Trixie);
        assert!(matches!(done, Err(SetupError::NoDebianSource { codename: "trixie", .. })));
    }

    #[test]
    fn what_came_before_a_failure_stays_and_is_not_fetched_again() {
        let world = world(Release::Trixie);
        if !pack(world.path()) {
            return;
        }
        let (done, lines) = run(world.path(), Release::Trixie);
        let error = done.unwrap_err();
        assert!(matches!(&error, SetupError::WrongHash { by: "the pin", .. }), "{error}");
        assert!(
            lines.iter().any(|line| line.starts_with("QEMU: stand-in 1 (Debian trixie")),
            "{lines:?}"
        );
        let tools = Tools::in_test(world.path(), Release::Trixie, Named::default());
        assert_eq!(tools.qemu().unwrap().version, "stand-in 1");
        fs::remove_file(world.path().join("log")).unwrap();
        let (done, _) = run(world.path(), Release::Trixie);
        assert!(matches!(done, Err(SetupError::WrongHash { .. })));
        let log = fs::read_to_string(world.path().join("log")).unwrap();
        assert!(!log.lines().any(|line| line.starts_with("download")), "{log}");
    }

    #[test]
    fn of_two_at_once_the_second_finds_what_the_first_brought() {
        let world = world(Release::Trixie);
        if !pack(world.path()) {
            return;
        }
        let lines = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| lines.lock().unwrap().extend(run(world.path(), Release::Trixie).1));
            }
        });
        let lines = lines.into_inner().unwrap();
        let brought = lines.iter().filter(|line| line.starts_with("QEMU: stand-in 1")).count();
        assert_eq!(brought, 1, "{lines:?}");
    }

    #[test]
    fn elsewhere_all_that_is_missing_is_named_at_once() {
        let world = world(Release::Trixie);
        let tools = Tools::in_test(world.path(), Release::Trixie, Named::default());
        let text = elsewhere(&tools).to_string();
        for word in ["REPLAB_QEMU", "REPLAB_ARM_GCC", "REPLAB_MICROPYTHON", "REPLAB_PYTHON"] {
            assert!(text.contains(word), "{word} is not in {text}");
        }
    }
}
