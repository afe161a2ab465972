//! The command line with a real emulator by the desk clock: asked for, and
//! because a build cannot keep exact time.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use replab_machine::qemu::QemuTools;
use serde_json::Value;
use tempfile::TempDir;

mod support;

/// A folder with three scenarios; and a QEMU that takes no plugin, and notes in
/// `tried` when it is given one.
struct Bench {
    folder: TempDir,
    firmware: PathBuf,
}

impl Bench {
    fn new(qemu: QemuTools, firmware: PathBuf) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let bench = Bench { folder, firmware };
        let scenario = "replab: 1\nname: it multiplies\nsteps:\n  - boot: repl\n  - repl: |\n      >>> 6 * 7\n      42\n";
        bench.put("scenarios/counts.yaml", scenario);
        bench.put("scenarios/also.yaml", scenario);
        bench.put(
            "scenarios/waves.yaml",
            &format!("{scenario}  - wave: {{ pin: LED, for: 1ms, count: 0 }}\n"),
        );
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *-plugin*)\n  echo tried >> '{tried}'\n  \
             echo 'Could not load plugin x: this build takes none' >&2\n  exit 1;;\nesac\n\
             LD_LIBRARY_PATH='{libraries}' exec '{program}' {data} \"$@\"\n",
            tried = bench.path("tried").display(),
            libraries = qemu.library_path.unwrap_or_default().display(),
            program = qemu.program.display(),
            data = qemu.data.map(|data| format!("-L '{}'", data.display())).unwrap_or_default(),
        );
        let program = bench.put("qemu", &script);
        fs::set_permissions(program, PermissionsExt::from_mode(0o755)).expect("the file is ours");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, file: &str, text: &str) -> PathBuf {
        let file = self.path(file);
        fs::create_dir_all(file.parent().expect("it lies in the folder"))
            .expect("the folder is ours");
        fs::write(&file, text).expect("the folder is ours");
        file
    }

    /// Plays everything with `arguments`; what each run came to, the exit code, standard error.
    fn run(&self, arguments: &[&str], ci: &str) -> (Vec<String>, Option<i32>, String) {
        let program = assert_cmd::cargo::cargo_bin("xtask");
        let output = Command::new(&program)
            .current_dir(support::root())
            // xtask finds its checkout by this; ours names another package.
            .env_remove("CARGO_MANIFEST_DIR")
            .env("CI", ci)
            .args(["emulate", "--json", "--jobs", "1"])
            .args([OsStr::new("--qemu"), self.path("qemu").as_os_str()])
            .args([OsStr::new("--scenarios"), self.path("scenarios").as_os_str()])
            .args([OsStr::new("--output"), self.path("output").as_os_str()])
            .args([OsStr::new("--firmware"), self.firmware.as_os_str()])
            .args(arguments)
            .output()
            .expect("xtask is there: cargo build --workspace makes it");
        let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
        let events: Vec<Value> = text(output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect("it prints JSON"))
            .collect();
        let word = |event: &Value, key: &str| event[key].as_str().unwrap_or("-").to_owned();
        let runs = events.iter().filter(|event| event["event"] == "run-finished").map(|event| {
            [word(event, "scenario"), word(event, "verdict"), word(event, "timing")].join(" ")
        });
        (runs.collect(), output.status.code(), text(output.stderr))
    }

    fn tried(&self) -> usize {
        let tried = fs::read_to_string(self.path("tried"));
        tried.unwrap_or_default().lines().count()
    }
}

#[test]
fn an_untested_build_is_found_once_and_plays_what_it_can() {
    let bench = Bench::new(or_skip!(support::qemu_tools()), or_skip!(support::micropython()));
    let (runs, code, errors) = bench.run(&[], "0");
    assert_eq!(runs, ["also passed wall", "counts passed wall", "waves skipped -"], "{errors}");
    assert_eq!((code, bench.tried()), (Some(0), 1));
    assert_eq!(errors.matches("note: ").count(), 1, "{errors}");
    assert!(errors.contains("x: this build takes none"), "{errors}");
    let (runs, code, errors) = bench.run(&["counts"], "1");
    assert_eq!(runs, ["counts broken -"], "{errors}");
    assert_eq!((code, bench.tried()), (Some(102), 2), "in CI nothing falls back");
}

#[test]
fn who_asks_for_the_desk_clock_gets_it_also_in_ci() {
    let bench = Bench::new(or_skip!(support::qemu_tools()), or_skip!(support::micropython()));
    let (runs, code, errors) = bench.run(&["--timing", "wall", "counts"], "1");
    assert_eq!(runs, ["counts passed wall"], "{errors}");
    assert_eq!((code, bench.tried()), (Some(0), 0), "{errors}");
}
