//! One set-up, or one firmware build, at a time in a workspace.
//!
//! The lock is flock(2) on a file, so it ends with its holder however that ends.
//! The programs that set-up runs can inherit it: if set-up is killed while apt
//! still writes, the next one waits for apt too.

use std::fs::{File, OpenOptions};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use crate::SetupError;

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock on `path`, which is created. If another one has it, calls
    /// `waiting` once and waits until it is free, however long that takes.
    ///
    /// # Errors
    ///
    /// [`SetupError::Io`] if the file cannot be created or locked.
    pub fn take(path: &Path, waiting: impl FnOnce()) -> Result<Lock, SetupError> {
        let fail = |source| SetupError::io("lock", path)(source);
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(fail)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                waiting();
                wait_for(&file).map_err(|errno| SetupError::io("lock", path)(errno.into()))?;
            }
            Err(errno) => return Err(SetupError::io("lock", path)(errno.into())),
        }
        Ok(Lock { file })
    }

    /// Lets every program that is started from now on hold the lock too, until it ends.
    pub(crate) fn inherit(&self) -> Result<(), SetupError> {
        fcntl_setfd(&self.file, FdFlags::empty())
            .map_err(|errno| SetupError::io("share", "the lock")(errno.into()))
    }

    /// Whether another one holds the lock on `path`. Changes nothing.
    pub(crate) fn is_held(path: &Path) -> bool {
        let Ok(file) = File::open(path) else { return false };
        flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
    }
}

fn wait_for(file: &File) -> Result<(), Errno> {
    loop {
        match flock(file, FlockOperation::LockExclusive) {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_second_says_that_it_waits_and_gets_the_lock_when_the_first_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path, || panic!("nobody else is here")).unwrap();
        assert!(Lock::is_held(&path));
        let (says, said) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _second = Lock::take(&path, || says.send("waiting").unwrap()).unwrap();
                says.send("has it").unwrap();
            });
            assert_eq!(said.recv_timeout(Duration::from_secs(10)), Ok("waiting"));
            assert!(said.try_recv().is_err());
            drop(first);
            assert_eq!(said.recv_timeout(Duration::from_secs(10)), Ok("has it"));
        });
        assert!(!Lock::is_held(&path));
    }

    #[test]
    fn a_child_that_outlives_the_holder_keeps_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::take(&path, || ()).unwrap();
        lock.inherit().unwrap();
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        drop(lock);
        assert!(Lock::is_held(&path));
        drop(child.stdin.take());
        // No look after its end: children of other tests may have inherited the lock, too.
        child.wait().unwrap();
    }

    #[test]
    fn a_lock_that_was_never_taken_is_not_held() {
        assert!(!Lock::is_held(Path::new("no-such-file")));
    }
}
