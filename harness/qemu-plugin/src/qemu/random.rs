//! Where QEMU's random numbers come from.
//!
//! With `-seed` each thread has a generator of its own, a `GRand`, behind a variable
//! of the thread that has no name outside (`util/guest-random.c`). Two threads draw
//! for devices, the main loop's and the processor's. Their generators are found as
//! what foretells the next number.

use std::ffi::c_int;
use std::mem::size_of;
use std::sync::{Mutex, OnceLock};

use super::{Opaque, cpu, q};

/// `GRand` (`glib/grand.c`): 624 words, and how many of them are used up.
type State = [u32; 625];

/// The generators of both threads.
#[derive(Clone, Copy)]
struct Places([*mut State; 2]);

// SAFETY: they live as long as their threads, which are never ended, and are looked at
// only while the machine stands.
unsafe impl Send for Places {}
// SAFETY: as above.
unsafe impl Sync for Places {}

static PLACES: OnceLock<Option<Places>> = OnceLock::new();
/// What the processor's thread has found.
static FOUND: Mutex<Option<Places>> = Mutex::new(None);

/// The states of both generators.
#[derive(Debug)]
pub(crate) struct Generators([State; 2]);

impl Generators {
    /// Their present states. In the main loop, with the machine stopped.
    pub(crate) fn keep() -> Result<Generators, &'static str> {
        let Places(places) =
            PLACES.get_or_init(find_both).ok_or("it hides its random numbers elsewhere")?;
        // SAFETY: both were found.
        Ok(Generators(places.map(|place| unsafe { place.read() })))
    }

    /// What comes next is what came next then.
    pub(crate) fn give_back(&self) {
        if let Some(Some(Places(places))) = PLACES.get() {
            for (place, state) in places.iter().zip(self.0) {
                // SAFETY: both were found.
                unsafe { place.write(state) };
            }
        }
    }
}

fn find_both() -> Option<Places> {
    // SAFETY: waits until the processor's thread has done it; main loop, big lock held.
    unsafe { (q().run_on_cpu)(cpu(), find_there, 0) };
    let Places([theirs, _]) = (*FOUND.lock().expect("a panic ends the process"))?;
    Some(Places([find()?, theirs]))
}

extern "C" fn find_there(_cpu: Opaque, _data: u64) {
    let found = find().map(|place| Places([place; 2]));
    *FOUND.lock().expect("a panic ends the process") = found;
}

/// That of this thread. Its state is as before.
fn find() -> Option<*mut State> {
    let candidates: Vec<_> = words().into_iter().filter_map(state_at).collect();
    let foretold: Vec<_> = candidates.iter().map(|(place, _)| next_of(*place)).collect();
    let mut drawn = [0; 4];
    // SAFETY: four bytes are behind the pointer.
    unsafe { (q().qemu_guest_getrandom_nofail)(drawn.as_mut_ptr(), drawn.len()) };
    let drawn = u32::from_ne_bytes(drawn);
    let index = foretold.iter().position(|foretold| *foretold == drawn)?;
    let (place, state) = candidates[index];
    // SAFETY: it is the generator that has just given the number.
    unsafe { place.write(state) };
    Some(place)
}

/// What a generator would give next.
fn next_of(place: *mut State) -> u32 {
    // SAFETY: it has the size and the counter of a generator, so a copy of it can be asked.
    unsafe {
        let copy = (q().g_rand_copy)(place.cast());
        let next = (q().g_rand_int)(copy);
        (q().g_rand_free)(copy);
        next
    }
}

/// What stands at `address`, if it can be a generator.
fn state_at(address: usize) -> Option<(*mut State, State)> {
    if address == 0 || !address.is_multiple_of(align_of::<State>()) {
        return None;
    }
    let place = std::ptr::with_exposed_provenance_mut::<State>(address);
    let mut state: State = [0; 625];
    let here = libc::iovec { iov_base: (&raw mut state).cast(), iov_len: size_of::<State>() };
    let there = libc::iovec { iov_base: place.cast(), iov_len: size_of::<State>() };
    // SAFETY: copies at most as many bytes as there is room for, and fails where nothing can be read.
    let count = unsafe {
        libc::process_vm_readv(libc::getpid(), &raw const here, 1, &raw const there, 1, 0)
    };
    let is_whole = count == size_of::<State>().cast_signed();
    (is_whole && (1..=624).contains(&state[624])).then_some((place, state))
}

/// The words of this thread's variables, those of QEMU's program.
fn words() -> Vec<usize> {
    let mut words: Vec<usize> = Vec::new();
    // SAFETY: calls `variables` with the list for each loaded object until it says 1.
    unsafe { libc::dl_iterate_phdr(Some(variables), (&raw mut words).cast()) };
    words
}

/// Called for the program first (dl_iterate_phdr(3)).
unsafe extern "C" fn variables(
    object: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    words: Opaque,
) -> c_int {
    // SAFETY: what the system promises of the structure; the list of `words`; so many
    // bytes of variables are there for this thread.
    unsafe {
        let (object, words) = (&*object, &mut *words.cast::<Vec<usize>>());
        let headers = std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into());
        let block = headers.iter().find(|header| header.p_type == libc::PT_TLS);
        if let Some(block) = block.filter(|_| !object.dlpi_tls_data.is_null()) {
            let count = block.p_memsz as usize / size_of::<usize>();
            words.extend_from_slice(std::slice::from_raw_parts(object.dlpi_tls_data.cast(), count));
        }
    }
    1
}
