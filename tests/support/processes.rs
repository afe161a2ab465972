//! Processes of Linux: who is whose child.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, test_kill_process};

/// A process by its number.
pub(crate) fn pid(number: u32) -> Pid {
    Pid::from_raw(number.cast_signed()).expect("a process has a number")
}

/// The first child of a process, if it has one.
pub(crate) fn child(of: u32) -> Option<u32> {
    let processes = fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(|number| parent(*number) == Some(of))
}

/// Whether a process is there, if only to be waited for.
pub(crate) fn is_there(process: Pid) -> bool {
    test_kill_process(process).is_ok()
}

/// The processes that have `path` in their command line.
pub(crate) fn naming(path: &Path) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let names = |number: &u32| {
        let line = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&path.display().to_string())
    };
    numbers.filter(names).collect()
}

/// The parent of a process (proc_pid_stat(5), field 4).
fn parent(pid: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
