//! Our firmware without the lab: plain QEMU, a pseudo-terminal, and the client
//! that people use. What `mpremote` needs (raw-paste mode, soft reset, files) is
//! what `exec` and `files:` rely on, seen from the other side.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use replab_setup::{Named, Python, Tools};

/// `lab-m0` in plain QEMU, in real time. Ends with its value.
struct PlainQemu {
    process: Child,
    terminal: String,
}

impl PlainQemu {
    fn start(firmware: &Path) -> Result<PlainQemu, String> {
        let tools = support::qemu_tools()?;
        let board = support::lab_m0();
        let machine = board.backends.qemu.expect("lab-m0 runs on QEMU");
        // util-linux's setpriv: QEMU ends with us, also if we are killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(&tools.program);
        command.args(["-machine", &machine.machine]).args(&machine.arguments);
        command
            .args(["-display", "none", "-monitor", "none", "-serial", "pty", "-kernel"])
            .arg(firmware);
        command.args(tools.data.iter().flat_map(|data| [Path::new("-L"), data]));
        command.envs(tools.library_path.map(|path| ("LD_LIBRARY_PATH", path)));
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", tools.program.display()))?;
        let output = process.stdout.take().expect("stdout was piped above");
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        let terminal = lines
            .filter_map(|line| {
                line.split_whitespace().find(|word| word.starts_with("/dev/")).map(str::to_owned)
            })
            .next();
        Ok(PlainQemu { process, terminal: terminal.expect("QEMU names the terminal that it made") })
    }
}

impl Drop for PlainQemu {
    fn drop(&mut self) {
        self.process.kill().expect("it is our child");
        self.process.wait().expect("it is our child");
    }
}

fn mpremote(python: &Python, terminal: &str, arguments: &[&str]) -> Output {
    Command::new(&python.program)
        .args(["-m", "mpremote", "connect", terminal])
        .args(arguments)
        .envs(python.modules.iter().map(|modules| ("PYTHONPATH", modules)))
        .stdin(Stdio::null())
        .output()
        .expect("Python was found")
}

/// What `mpremote` prints.
#[track_caller]
fn check(python: &Python, terminal: &str, arguments: &[&str], expected: &str) {
    let output = mpremote(python, terminal, arguments);
    let printed = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "mpremote {arguments:?}: {}\n{printed}{errors}",
        output.status
    );
    assert!(
        printed.contains(expected),
        "mpremote {arguments:?} printed {printed:?}, not {expected:?}"
    );
}

fn python() -> Result<Python, String> {
    Tools::find(support::root(), Named::from_env()).python().map_err(|missing| missing.to_string())
}

#[test]
fn mpremote_runs_code_and_copies_files() {
    let python = or_skip!(python());
    let firmware: PathBuf = or_skip!(support::micropython());
    let qemu = or_skip!(PlainQemu::start(&firmware));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (there, back) = (folder.path().join("there.bin"), folder.path().join("back.bin"));
    let bytes: Vec<u8> = (0u32..20_000).map(|n| (n * 7 % 251) as u8).collect();
    fs::write(&there, &bytes).expect("the folder is ours");
    let name = |path: &PathBuf| path.to_str().expect("temporary folders are UTF-8").to_owned();

    check(&python, &qemu.terminal, &["exec", "print(6 * 7)"], "42");
    check(&python, &qemu.terminal, &["fs", "cp", &name(&there), ":copy.bin"], "");
    check(&python, &qemu.terminal, &["fs", "ls"], "20000 copy.bin");
    check(&python, &qemu.terminal, &["fs", "cp", ":copy.bin", &name(&back)], "");
    assert_eq!(fs::read(&back).expect("mpremote wrote it"), bytes, "20 kB come back as they went");
}
