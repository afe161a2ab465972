//! For the tests: holds up whoever reads what the plugin says.

use std::sync::{Arc, Condvar, Mutex};

/// Lets reads through as they are admitted. A new one is open.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<Option<u64>>, Condvar)>);

impl Gate {
    /// From now on only the next `reads` reads pass.
    pub fn admit(&self, reads: u64) {
        self.set(Some(reads));
    }

    /// From now on all pass.
    pub fn open(&self) {
        self.set(None);
    }

    /// Waits until one may pass.
    pub(super) fn pass(&self) {
        let (admitted, changed) = &*self.0;
        let admitted = admitted.lock().expect("nobody panics with this lock");
        let mut admitted = changed
            .wait_while(admitted, |left| *left == Some(0))
            .expect("nobody panics with this lock");
        if let Some(left) = &mut *admitted {
            *left -= 1;
        }
    }

    fn set(&self, to: Option<u64>) {
        let (admitted, changed) = &*self.0;
        *admitted.lock().expect("nobody panics with this lock") = to;
        changed.notify_all();
    }
}
