//! The folder that `cargo xtask dist` makes, as somebody meets it who has no sources:
//! moved, under a name with a blank, from elsewhere, without `PATH`, `HOME` or a project.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use support::renode::StandIn;
use support::{micropython, qemu_tools, target};

/// A folder of programs with symbols, in a place of its own; and what set-up fetched, in
/// the folder where an installed program looks for it.
struct Dist {
    bench: tempfile::TempDir,
    folder: PathBuf,
}

impl Dist {
    /// Makes it with the programs beside this test.
    fn make() -> Result<Dist, String> {
        qemu_tools().and(micropython())?;
        let xtask = assert_cmd::cargo::cargo_bin("xtask");
        if !xtask.is_file() {
            return Err(format!("no xtask at {} (cargo build -p xtask)", xtask.display()));
        }
        let bench = tempfile::tempdir().expect("a temporary folder can be made");
        let built = xtask.parent().expect("a program is in a folder");
        let output = Command::new(&xtask)
            .current_dir(support::root())
            // xtask finds its checkout by this; ours names another package.
            .env_remove("CARGO_MANIFEST_DIR")
            .arg("dist")
            .arg("--built")
            .arg(built)
            .arg("--output")
            .arg(bench.path().join("made here"))
            .output()
            .expect("xtask can be run");
        assert!(output.status.success(), "{}", text(&output));
        let name = format!("replab-{}-{}-linux", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
        let folder = bench.path().join("moved there, later");
        fs::rename(bench.path().join("made here").join(name), &folder).expect("it was made");
        for empty in ["home", "elsewhere", "data/replab"] {
            fs::create_dir_all(bench.path().join(empty)).expect("the folder is ours");
        }
        symlink(target().join("tools"), bench.path().join("data/replab/tools")).expect("as above");
        Ok(Dist { bench, folder })
    }

    /// `program`, which is the one in the folder, with nothing around it.
    fn replab(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("NO_COLOR", "1");
        command.env("HOME", self.bench.path().join("home"));
        command.current_dir(self.bench.path().join("elsewhere"));
        command
    }

    /// Runs the program with what set-up fetched; its exit code must be `code`.
    #[track_caller]
    fn check(&self, arguments: &[&str], code: i32) -> String {
        let mut command = self.replab(&self.folder.join("replab"), arguments);
        let output = command
            .env("XDG_DATA_HOME", self.bench.path().join("data"))
            .output()
            .expect("it can be run");
        let said = text(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{said}");
        said
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// Every file below `folder`, with its time of change.
fn listing(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let entry = entry.expect("it can be read");
        let changed = entry.metadata().and_then(|about| about.modified()).expect("it has a time");
        files.insert(entry.path(), changed);
        if entry.path().is_dir() {
            files.extend(listing(&entry.path()));
        }
    }
    files
}

#[test]
fn the_folder_works_wherever_it_is_put_and_nothing_in_it_changes() {
    let dist = or_skip!(Dist::make());
    let before = listing(&dist.folder);
    let said = dist.check(&["doctor"], 0);
    assert!(said.contains("good    QEMU") && !said.contains("bad"), "{said}");
    let said = dist.check(&["run", "01-micropython-intro/blink"], 0);
    assert!(said.contains("4 passed"), "{said}");
    assert!(dist.bench.path().join("elsewhere/.replab/01-micropython-intro").is_dir());
    let said = dist.check(&["coverage"], 0);
    assert!(said.contains("lessons/01-micropython-intro.md"), "{said}");
    // The bridge is in the program, the platforms beside it. A stand-in is not Renode.
    let stand_in = or_skip!(StandIn::on_fakes());
    let renode = stand_in.program.display().to_string();
    let said = dist.check(&["doctor", "--renode", &renode], 102);
    assert!(said.starts_with("Renode, version 1.16.1 (stand-in)\nheld "), "{said}");
    assert!(dist.bench.path().join("elsewhere/.replab/renode-recording.jsonl").is_file());
    dist.check(&["new", "mine"], 0);
    let said = dist.check(&["run"], 0);
    assert!(said.contains("mine/mine-1") && said.contains("2 passed"), "{said}");
    assert_eq!(listing(&dist.folder), before, "nothing in the folder has changed");
    // By another name, from a folder in $PATH.
    let link = dist.bench.path().join("home/replab");
    symlink(dist.folder.join("replab"), &link).expect("the folder is ours");
    let output = dist.replab(&link, &["run", "--list"]).output().expect("it can be run");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn without_an_emulator_it_says_how_to_get_one() {
    let dist = or_skip!(Dist::make());
    let mut doctor = dist.replab(&dist.folder.join("replab"), &["doctor"]);
    let output = doctor.output().expect("it can be run");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(102), "{said}");
    let line = said.lines().find(|line| line.contains("QEMU")).expect("QEMU is looked for");
    assert!(line.contains("--qemu PROGRAM") && !line.starts_with("good"), "{line}");
    assert!(!said.contains("Arm compiler") && !said.contains("cargo"), "{said}");
    for (target, advice) in
        [("lab-m0@qemu", "run `replab setup`"), ("lab-m0@renode", "run `replab setup --renode`")]
    {
        let arguments = ["run", "blink", "--target", target];
        let output = dist.replab(&dist.folder.join("replab"), &arguments).output();
        let output = output.expect("it can be run");
        let said = text(&output);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(advice), "{said}");
    }
}

#[test]
fn mounted_for_reading_only_it_plays_as_well() {
    or_skip!(support::can_mount());
    let dist = or_skip!(Dist::make());
    let folder = dist.folder.display();
    let script = format!(
        "mount --bind '{folder}' '{folder}' && mount -o remount,bind,ro '{folder}' && exec '{folder}/replab' run 01-micropython-intro/repl"
    );
    let unshare = Path::new("/usr/bin/unshare");
    let arguments = ["--user", "--map-root-user", "--mount", "/bin/sh", "-c", &script];
    let mut command = dist.replab(unshare, &arguments);
    command.env("PATH", "/usr/bin:/bin").env("XDG_DATA_HOME", dist.bench.path().join("data"));
    let output = command.output().expect("it can be run");
    let said = text(&output);
    assert!(output.status.success() && said.contains("2 passed"), "{said}");
    assert!(!said.contains("could not write"), "{said}");
}

#[test]
fn every_licence_that_binds_is_in_it() {
    let dist = or_skip!(Dist::make());
    let read = |file: &str| {
        fs::read_to_string(dist.folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    };
    assert!(read("LICENSES/GPL-2.0-or-later.txt").contains("GNU GENERAL PUBLIC LICENSE"));
    assert!(read("LICENSES/firmware/micropython.txt").contains("MIT"));
    assert!(read("source/harness/qemu-plugin/src/lib.rs").contains("mod session;"));
    assert!(read("LICENSE-MIT").contains("MIT") && read("LICENSE-APACHE").contains("Apache"));
    let list = read("LICENSES/third-party.md");
    for line in list.lines().filter_map(|line| line.strip_prefix("- ")) {
        let (crate_, _) = line.split_once(": ").expect("a crate has a licence");
        let folder = dist.folder.join("LICENSES/crates").join(crate_.replace(' ', "-"));
        // Some packages forget theirs; their repositories have it.
        if !folder.is_dir() {
            eprintln!("{crate_} brings no text of its licence");
        }
    }
    assert!(list.contains("- clap ") && list.contains("- miette "), "{list}");
}
