//! A memory map of our own over a processor of QEMU's.
//!
//! The regions of a chip go into one container, which lies over what the machine has
//! below the processor's own peripherals, or hides it. It is made when the machine is built
//! and before its first reset, at which the processor takes its stack pointer and
//! program counter from the new map.

use std::alloc::{Layout, alloc_zeroed};
use std::ffi::{CString, c_int, c_uint};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;

use super::device::find_object;
use super::table::{Notifier, RegionAccesses, RegionOperations, RegionSizes};
use super::{Device, Opaque, pack, q, unpack};

/// `DEVICE_LITTLE_ENDIAN` (`include/exec/cpu-common.h`).
const LITTLE_ENDIAN: c_int = 2;
/// Where the processor's own peripherals begin (Armv6-M ARM §B3.1).
const PRIVATE: u64 = 0xe000_0000;
/// Above all that the machine has.
const ABOVE: c_int = 100;
/// Below all that the chip has.
const BELOW: c_int = -1000;
/// One second in the units of QEMU's clocks: 2^32 for a nanosecond (`include/hw/clock.h`).
const CLOCK_SECOND: u64 = 1_000_000_000 << 32;

/// Who answers accesses: block, offset, bytes (1, 2 or 4).
#[derive(Clone, Copy)]
pub(crate) struct Accesses {
    pub(crate) load: fn(usize, u32, c_uint) -> u32,
    pub(crate) store: fn(usize, u32, u32, c_uint),
    /// An access where nothing is: address, whether it is a store. It faults.
    pub(crate) nowhere: fn(u32, bool),
}

static ACCESSES: OnceLock<Accesses> = OnceLock::new();
static BUILT: OnceLock<fn()> = OnceLock::new();

/// Has `build` called when the machine is built, before its first reset. Only
/// during install.
pub(crate) fn when_built(build: fn()) {
    BUILT.get_or_init(|| build);
    let notifier = Box::leak(Box::new(Notifier { notify: built, link: [0; 2] }));
    // SAFETY: it lives for ever.
    unsafe { (q().qemu_add_machine_init_done_notifier)(notifier) }
}

extern "C" fn built(_notifier: *mut Notifier, _data: Opaque) {
    if let Some(build) = BUILT.get() {
        build();
    }
}

/// The container, while it is filled.
pub(crate) struct Map {
    container: Region,
    /// Of its regions.
    priority: c_int,
}

/// Memory of the machine, as words that the plugin may read and write.
pub(crate) type Memory = &'static [AtomicU32];

/// A `MemoryRegion`, which lives for ever.
#[derive(Clone, Copy)]
struct Region(Opaque);

impl Region {
    /// Room for one: 272 bytes in 10.0.2 (`include/exec/memory.h`).
    fn new() -> Region {
        let layout = Layout::from_size_align(8192, 16).expect("a constant that is right");
        // SAFETY: the size is not zero.
        Region(unsafe { alloc_zeroed(layout) }.cast())
    }
}

fn name(text: &str) -> CString {
    CString::new(text).expect("names of regions are ours")
}

impl Map {
    /// An empty one. What it does not hold is the machine's.
    pub(crate) fn new(accesses: Accesses) -> Map {
        ACCESSES.get_or_init(|| accesses);
        let map = Map { container: Region::new(), priority: 0 };
        // SAFETY: a zeroed region that lives for ever, a name that is copied.
        unsafe {
            (q().memory_region_init)(map.container.0, null_mut(), name("chip").as_ptr(), PRIVATE);
        }
        map
    }

    /// All that it does not hold faults.
    pub(crate) fn hide_the_rest(&self) {
        let hole = Region::new();
        // SAFETY: as above; the operations are a constant.
        unsafe {
            let operations = &raw const NOWHERE;
            let name = name("chip.nothing");
            (q().memory_region_init_io)(
                hole.0,
                null_mut(),
                operations,
                null_mut(),
                name.as_ptr(),
                PRIVATE,
            );
        }
        self.put(0, hole, BELOW);
    }

    /// The same as another core sees it: what is put into this one lies above what
    /// `self` has.
    pub(crate) fn view(&self) -> Map {
        let view = Map { container: Region::new(), priority: 1 };
        let all = Region::new();
        // SAFETY: zeroed regions that live for ever, names that are copied.
        unsafe {
            let title = name("chip.core1");
            (q().memory_region_init)(view.container.0, null_mut(), title.as_ptr(), u64::MAX);
            let (of, title) = (self.container.0, name("chip.shared"));
            (q().memory_region_init_alias)(all.0, null_mut(), title.as_ptr(), of, 0, PRIVATE);
        }
        view.put(0, all, 0);
        view
    }

    /// The `MemoryRegion` of it all.
    pub(super) fn container(&self) -> Opaque {
        self.container.0
    }

    fn put(&self, at: u32, region: Region, priority: c_int) {
        // SAFETY: both are initialised regions.
        unsafe {
            (q().memory_region_add_subregion_overlap)(
                self.container.0,
                u64::from(at),
                region.0,
                priority,
            );
        }
    }

    /// RAM.
    pub(crate) fn ram(&self, title: &str, at: u32, size: u32) -> Result<(), String> {
        let region = Region::new();
        let mut error = null_mut();
        // SAFETY: a zeroed region, a name that is copied, a place for the error.
        let there = unsafe {
            (q().memory_region_init_ram)(
                region.0,
                null_mut(),
                name(title).as_ptr(),
                u64::from(size),
                &raw mut error,
            )
        };
        self.made(there, title, at, region).map(|_| ())
    }

    /// ROM, and its content.
    pub(crate) fn rom(&self, title: &str, at: u32, size: u32) -> Result<Memory, String> {
        let region = Region::new();
        let mut error = null_mut();
        // SAFETY: as for RAM.
        let there = unsafe {
            (q().memory_region_init_rom)(
                region.0,
                null_mut(),
                name(title).as_ptr(),
                u64::from(size),
                &raw mut error,
            )
        };
        self.made(there, title, at, region)?;
        Ok(words(region, size))
    }

    /// Memory whose loads run at the speed of RAM, and whose stores go to the
    /// store function as those of `block`. It is seen at each address of `at`.
    pub(crate) fn rom_device(
        &self,
        title: &str,
        at: &[u32],
        size: u32,
        block: usize,
    ) -> Result<Memory, String> {
        let region = Region::new();
        let mut error = null_mut();
        let (first, aliases) = at.split_first().expect("a memory has an address");
        // SAFETY: as for RAM; the operations are a constant.
        let there = unsafe {
            (q().memory_region_init_rom_device)(
                region.0,
                null_mut(),
                &raw const REGISTERS,
                pack(block),
                name(title).as_ptr(),
                u64::from(size),
                &raw mut error,
            )
        };
        self.made(there, title, *first, region)?;
        for alias in aliases {
            let seen = Region::new();
            // SAFETY: as for RAM; what it shows is initialised.
            unsafe {
                let name = name(title);
                (q().memory_region_init_alias)(
                    seen.0,
                    null_mut(),
                    name.as_ptr(),
                    region.0,
                    0,
                    u64::from(size),
                );
            }
            self.put(*alias, seen, self.priority);
        }
        Ok(words(region, size))
    }

    /// Registers: loads and stores go to the functions as those of `block`.
    pub(crate) fn registers(&self, title: &str, at: u32, size: u32, block: usize) {
        let region = Region::new();
        // SAFETY: as for RAM; the operations are a constant.
        unsafe {
            (q().memory_region_init_io)(
                region.0,
                null_mut(),
                &raw const REGISTERS,
                pack(block),
                name(title).as_ptr(),
                u64::from(size),
            );
        }
        self.put(at, region, self.priority);
    }

    fn made(&self, there: bool, title: &str, at: u32, region: Region) -> Result<(), String> {
        if !there {
            return Err(format!("there is no memory for {title}"));
        }
        self.put(at, region, self.priority);
        Ok(())
    }

    /// Puts the map over that of the container at `path`.
    pub(crate) fn cover(&self, path: &str) -> Result<(), String> {
        let under = find_object(path).ok_or_else(|| format!("there is nothing at `{path}`"))?;
        // SAFETY: the path is that of a `MemoryRegion`, as who calls this knows of the machine.
        unsafe {
            (q().memory_region_add_subregion_overlap)(under, 0, self.container.0, ABOVE);
        }
        Ok(())
    }
}

/// Lets `change` change memory maps, of which QEMU sees the result alone: by itself it
/// draws up the whole map anew at each region (10.0.2, `system/memory.c`,
/// `memory_region_transaction_commit`), which is most of what a chip's start takes.
pub(crate) fn map_at_once<T>(change: impl FnOnce() -> T) -> T {
    // SAFETY: in the main loop, big lock held; what begins here ends below, as a panic
    // ends the process.
    unsafe { (q().memory_region_transaction_begin)() }
    let result = change();
    // SAFETY: as above.
    unsafe { (q().memory_region_transaction_commit)() }
    result
}

/// Lets the clock at `path` run with so many hertz.
pub(crate) fn set_clock(path: &str, hertz: u64) -> Result<(), String> {
    let clock = find_object(path).ok_or_else(|| format!("there is no clock at `{path}`"))?;
    // SAFETY: the path is that of a `Clock`.
    unsafe {
        (q().clock_set)(clock, CLOCK_SECOND / hertz);
        (q().clock_propagate)(clock);
    }
    Ok(())
}

/// The inputs 0 to `count` - 1 of the device at `path`.
pub(crate) fn inputs(path: &str, count: u32) -> Result<Vec<super::Line>, String> {
    let device = Device::find(path).ok_or_else(|| format!("there is no device at `{path}`"))?;
    (0..count)
        .map(|line| device.input(line).ok_or_else(|| format!("`{path}` has no input {line}")))
        .collect()
}

fn words(region: Region, size: u32) -> Memory {
    // SAFETY: memory of `size` bytes and page alignment stands behind the region for
    // ever. The machine and the plugin write it as words, the former through
    // generated code.
    unsafe {
        let start = (q().memory_region_get_ram_ptr)(region.0).cast::<AtomicU32>();
        std::slice::from_raw_parts(start, size as usize / 4)
    }
}

const SIZES: RegionSizes = RegionSizes { least: 1, most: 4, unaligned: false };

static REGISTERS: RegionOperations = RegionOperations {
    read: load,
    write: store,
    with_attributes: [0; 2],
    endianness: LITTLE_ENDIAN,
    valid: RegionAccesses { sizes: SIZES, accepts: None },
    implemented: SIZES,
};

static NOWHERE: RegionOperations = RegionOperations {
    valid: RegionAccesses { sizes: SIZES, accepts: Some(refuse) },
    read: load,
    write: store,
    with_attributes: [0; 2],
    endianness: LITTLE_ENDIAN,
    implemented: SIZES,
};

extern "C" fn load(block: Opaque, offset: u64, size: c_uint) -> u64 {
    let accesses = ACCESSES.get().expect("set before there are regions");
    u64::from((accesses.load)(unpack(block), offset as u32, size))
}

extern "C" fn store(block: Opaque, offset: u64, value: u64, size: c_uint) {
    let accesses = ACCESSES.get().expect("set before there are regions");
    (accesses.store)(unpack(block), offset as u32, value as u32, size);
}

extern "C" fn refuse(_: Opaque, address: u64, _: c_uint, is_store: bool, _: u64) -> bool {
    let accesses = ACCESSES.get().expect("set before there are regions");
    (accesses.nowhere)(address as u32, is_store);
    false
}
