//! The same firmware in the same QEMU, without the lab and its plugin: what all is compared with.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use replab_machine::qemu::QemuTools;

use crate::support;

/// QEMU with the firmware's UART on our pipes. Ends with its value.
pub(crate) struct Plain {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
    text: Vec<u8>,
}

impl Plain {
    /// Starts it; with `icount` its clock counts instructions as in the lab.
    pub(crate) fn start(tools: &QemuTools, firmware: &Path, icount: bool) -> Plain {
        let board = support::lab_m0();
        let machine = board.backends.qemu.expect("lab-m0 runs on QEMU");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(&tools.program);
        command.args(tools.data.iter().flat_map(|data| [Path::new("-L"), data]));
        command.args(["-machine", &machine.machine]).args(&machine.arguments);
        command.args(["-display", "none", "-nodefaults", "-no-user-config", "-serial", "stdio"]);
        if icount {
            command.args(["-icount", "shift=3,sleep=off"]);
        }
        command.arg("-kernel").arg(firmware);
        command.envs(tools.library_path.iter().map(|path| ("LD_LIBRARY_PATH", path)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("QEMU starts");
        let input = process.stdin.take().expect("it was piped above");
        let output = process.stdout.take().expect("it was piped above");
        Plain { process, input, output, text: Vec::new() }
    }

    /// Waits until it has printed `text`.
    pub(crate) fn until(&mut self, text: &str) {
        let mut chunk = [0; 4096];
        while !self.text.ends_with(text.as_bytes()) {
            let count = self.output.read(&mut chunk).expect("the pipe is there");
            assert!(count > 0, "QEMU ended after {:?}", String::from_utf8_lossy(&self.text));
            self.text.extend_from_slice(&chunk[..count]);
        }
        self.text.clear();
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        write!(self.input, "{line}\r").expect("the pipe is there");
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.process.kill().expect("it is our child");
        self.process.wait().expect("it is our child");
    }
}
