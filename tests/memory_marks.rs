//! The figures that the lab reads from a stopped machine are those that the board
//! tells of itself.

mod support;

use std::fs;
use std::path::Path;

use replab_machine::PAINT;
use replab_machine::qemu::Proof;
use replab_memory::{HeapFigures, Image, Marks, StackFigures, heap_figures, stack_figures};
use support::bench::{Bench, text};

/// A machine at its first prompt, and its marks.
struct Marked {
    bench: Bench,
    marks: Marks,
}

impl Marked {
    fn start(firmware: &Path, prompt: &str) -> Result<Marked, String> {
        let mut bench = Bench::start(&support::qemu_tools()?, firmware, Proof::default());
        let image = Image::read(&fs::read(firmware).expect("the firmware is there"))
            .expect("the firmware is an ELF file");
        let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
        let mut read = |address: u32, length: usize| memory.read(address, length).ok();
        let marks = Marks::find(&image, &mut read).expect("the firmware has marks");
        assert_eq!(heap_figures(&marks, &mut |at, length| memory.read(at, length).ok()), None);
        bench.until(prompt);
        Ok(Marked { bench, marks })
    }

    fn stack(&mut self) -> StackFigures {
        let memory = self.bench.machine.memory.as_mut().expect("QEMU has memory");
        let size = self.marks.stack_high - self.marks.stack_low;
        let content = memory.read(self.marks.stack_low, size as usize).expect("it is RAM");
        stack_figures(&self.marks, PAINT, &content)
    }

    fn heap(&mut self) -> Option<HeapFigures> {
        let memory = self.bench.machine.memory.as_mut().expect("QEMU has memory");
        heap_figures(&self.marks, &mut |at, length| memory.read(at, length).ok())
    }

    /// Runs a statement in Python.
    fn run(&mut self, line: &str) {
        self.bench.type_line(line);
        self.bench.until("\r\n>>> ");
    }

    /// What the board says, free and used, and what the lab reads at the byte before
    /// it says so. Asking for both and printing them allocates nothing: they are
    /// small integers in registers and on the stack.
    fn both(&mut self, line: &str) -> ([u32; 2], HeapFigures) {
        self.run("import gc, micropython");
        let ask =
            format!("{line}; gc.collect(); print(12 * 12345679, gc.mem_free(), gc.mem_alloc())");
        self.bench.type_line(&ask);
        self.bench.until("148148148 ");
        let read = self.heap().expect("the heap is set up");
        let before = self.bench.events.len();
        self.bench.until("\r\n");
        let said = text(&self.bench.events[before..]);
        let numbers: Vec<u32> =
            said.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        self.bench.until(">>> ");
        (numbers.try_into().expect("two numbers"), read)
    }
}

fn micropython() -> Result<Marked, String> {
    Marked::start(&support::micropython()?, ">>> ")
}

#[test]
fn the_heap_is_as_the_board_counts_it() {
    let mut board = or_skip!(micropython());
    for line in ["x = 1", "x = bytearray(10000)", "y = [bytearray(n) for n in range(300)]", "del x"]
    {
        let ([free, used], read) = board.both(line);
        assert_eq!((read.free, read.used), (free, used), "after {line}");
        assert_eq!(read.total, free + used);
    }
}

#[test]
fn the_largest_free_piece_is_what_one_object_can_have() {
    let mut board = or_skip!(micropython());
    board.run("import gc; gc.collect()");
    // Every other kilobyte stays in use; the collection is not asked for again.
    board.run("a = [bytearray(1000) for n in range(150)]; b = a[::2]; a = None; gc.collect()");
    let largest = board.heap().expect("the heap is set up").largest_free;
    board
        .bench
        .type_line(&format!("gc.disable(); c = bytearray({largest} - 3000); print('h' + 'as')"));
    board.bench.until("has");
    board.run("c = None; gc.collect()");
    board.bench.type_line(&format!("bytearray({largest} + 3000)"));
    board.bench.until("MemoryError");
}

#[test]
fn the_stacks_peak_grows_with_what_calls_itself_and_stays() {
    let mut board = or_skip!(micropython());
    let size = 8192;
    board.run("import gc");
    board.run("f = lambda n: n and f(n - 1)");
    board.run("f(1)");
    let shallow = board.stack();
    board.run("f(20)");
    let deep = board.stack();
    board.run("f(1)");
    let after = board.stack();
    assert_eq!([shallow.size, deep.size], [size, size]);
    assert!(shallow.peak > 0 && shallow.peak + 19 * 64 < deep.peak, "{shallow:?}, {deep:?}");
    assert!(deep.peak < size);
    assert_eq!(after, deep, "a peak stays");
}

#[test]
fn firmware_without_a_heap_has_a_stack() {
    let mut board = or_skip!(Marked::start(&or_skip!(support::bare_metal()), "> "));
    assert_eq!(board.marks.heap, None);
    assert_eq!(board.marks.stack_high, 0x2004_2000);
    let idle = board.stack();
    assert!(idle.peak >= 16 && idle.peak < 1024, "{idle:?}");
    board.bench.type_line("fault stack");
    board.bench.go(std::time::Duration::from_secs(1), &[]);
    let over = board.stack();
    assert_eq!(over.peak, over.size);
}
