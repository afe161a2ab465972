//! Removes the private folder of a Renode whose lab was killed.
//!
//! A lab that is killed removes nothing, and neither does Renode, which the kernel
//! ends with it. So a shell waits beside them until two pipes have ended: one that
//! the lab holds, and one that every process of Renode's holds. Then it removes the
//! folder. In a lab that ends by itself the folder is gone before, and the shell is
//! ended.

use std::io::{self, PipeReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Its input is the lab's pipe; where its output would be is the end to read of
/// Renode's. What ends a lab by its terminal is nothing to it.
const SCRIPT: &str = "trap '' HUP INT TERM; read _; read _ <&1; exec rm -rf -- \"$1\"";

/// The shell. Dropping it ends it.
pub(super) struct Removal(Child);

impl Removal {
    /// Waits from now on for the ends of this process and of all that hold the other
    /// end of `renode`, to remove `folder` then.
    pub(super) fn of(folder: &Path, renode: PipeReader) -> io::Result<Removal> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(renode)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Removal(shell))
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        // It may have ended, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_goes_when_both_have_ended_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("private");
        std::fs::create_dir_all(folder.join("tmp/renode-1")).unwrap();
        let (gone, life) = io::pipe().unwrap();
        let mut removal = Removal::of(&folder, gone).unwrap();
        drop(removal.0.stdin.take());
        assert!(removal.0.try_wait().unwrap().is_none(), "Renode still is");
        assert!(folder.exists());
        drop(life);
        assert!(removal.0.wait().unwrap().success());
        assert!(!folder.exists());
    }

    #[test]
    fn a_lab_that_ends_by_itself_ends_the_shell_and_removes_its_folder_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (gone, _life) = io::pipe().unwrap();
        let removal = Removal::of(folder.path(), gone).unwrap();
        let shell = rustix::process::Pid::from_child(&removal.0);
        drop(removal);
        assert!(rustix::process::test_kill_process(shell).is_err());
        assert!(folder.path().exists());
    }
}
