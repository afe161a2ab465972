//! Makes the host busy on purpose, for proofs that nothing depends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The longest that a thread is busy, or lets others be, in one go.
const LONGEST: u64 = 2_000;

/// One thread for each core that is busy for a while and then lets others be, for
/// two milliseconds at most, until it is dropped. Without the pauses an emulator's threads would
/// never run side by side, which is where races are.
#[derive(Debug)]
pub struct Load {
    on: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins.
    pub fn begin() -> Load {
        let on = Arc::new(AtomicBool::new(true));
        let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
        let threads =
            (1..=cores).map(|number| busy_while(Arc::clone(&on), number as u64)).collect();
        Load { on, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.on.store(false, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It does nothing that could fail.
            let _ = thread.join();
        }
    }
}

fn busy_while(on: Arc<AtomicBool>, seed: u64) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut state = seed;
        while on.load(Ordering::Relaxed) {
            let start = Instant::now();
            let time = next(&mut state);
            while start.elapsed() < time {
                std::hint::spin_loop();
            }
            thread::sleep(next(&mut state));
        }
    })
}

/// Some time up to [`LONGEST`] microseconds, by a linear congruential generator
/// (Knuth, The Art of Computer Programming, vol. 2, §3.3.4, the constants of MMIX).
fn next(state: &mut u64) -> Duration {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    Duration::from_micros((*state >> 33) % LONGEST)
}
