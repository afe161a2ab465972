use super::*;
use std::sync::atomic::AtomicU32;

fn page() -> Memory {
    Box::leak((0..0x400).map(|_| AtomicU32::new(0)).collect::<Vec<_>>().into_boxed_slice())
}

fn sio() -> Sio {
    Sio::new(&[page()])
}

fn store(sio: &mut Sio, offset: u32, value: u32) {
    sio.write(offset, value.into(), &mut Context::default());
}

#[test]
fn pins_are_set_cleared_and_toggled() {
    let mut sio = sio();
    store(&mut sio, 0x14, 0b1110);
    store(&mut sio, 0x18, 0b0010);
    store(&mut sio, 0x1c, 0b0101);
    store(&mut sio, 0x24, 0b1111);
    assert_eq!(sio.outputs(), (0b1001, 0b1111));
    assert_eq!((sio.peek(0x10, 0), sio.peek(0x14, 0)), (0b1001, 0));
}

#[track_caller]
fn divides(is_signed: bool, dividend: u32, divisor: u32, quotient: u32, remainder: u32) {
    let mut sio = sio();
    let first = if is_signed { DIV_SDIVIDEND } else { DIV_UDIVIDEND };
    store(&mut sio, first, dividend);
    store(&mut sio, first + 4, divisor);
    let results = (sio.peek(DIV_QUOTIENT, 0), sio.peek(DIV_REMAINDER, 0));
    assert_eq!(results, (quotient, remainder));
    // Both pairs of operands are one (§2.3.1.5).
    for first in [DIV_UDIVIDEND, DIV_SDIVIDEND] {
        assert_eq!((sio.peek(first, 0), sio.peek(first + 4, 0)), (dividend, divisor));
    }
}

#[test]
fn the_divider_divides() {
    divides(false, 100, 7, 14, 2);
    divides(false, -100i32 as u32, 7, (u32::MAX - 99) / 7, (u32::MAX - 99) % 7);
    divides(true, -100i32 as u32, 7, -14i32 as u32, -2i32 as u32);
    divides(true, 1 << 31, u32::MAX, 1 << 31, 0);
    divides(false, 5, 0, u32::MAX, 5);
    divides(true, 5, 0, u32::MAX, 5);
    divides(true, -5i32 as u32, 0, 1, -5i32 as u32);
}

#[test]
fn reading_the_quotient_says_that_the_result_was_taken() {
    let mut sio = sio();
    store(&mut sio, DIV_UDIVIDEND, 5);
    assert_eq!(sio.peek(DIV_CSR, 0), READY | DIRTY);
    assert!(!sio.loaded(0, DIV_QUOTIENT));
    assert_eq!(sio.peek(DIV_CSR, 0), READY);
}

#[test]
fn the_mailbox_gives_each_word_once() {
    let mut sio = sio();
    assert_eq!((sio.interrupts(), sio.peek(FIFO_ST, 0)), (0, RDY));
    sio.mail_from_core_1(7);
    assert_eq!((sio.interrupts(), sio.peek(FIFO_ST, 0), sio.peek(FIFO_RD, 0)), (1, RDY | VLD, 7));
    assert!(sio.loaded(0, FIFO_RD));
    assert_eq!((sio.interrupts(), sio.peek(FIFO_ST, 0)), (0, RDY));
    sio.loaded(0, FIFO_RD);
    assert_eq!(sio.peek(FIFO_ST, 0), RDY | ROE, "read while it was empty");
    store(&mut sio, FIFO_ST, ROE);
    assert_eq!(sio.interrupts(), 0);
}

#[test]
fn a_spinlock_is_there_for_whoever_asks() {
    assert_eq!(sio().peek(SPINLOCK + 4 * 31, 0), 1 << 31);
}

#[test]
fn a_core_that_is_alone_sends_to_nobody_and_that_is_found() {
    let mut sio = sio();
    store(&mut sio, FIFO_WR, 1);
    assert_eq!((sio.peek(FIFO_ST, 0), sio.support(FIFO_WR)), (RDY, Support::Storage));
    assert!(!sio.loaded(0, SPINLOCK), "a lock is always there");
    assert_eq!(sio.peek(SPINLOCK, 0), 1);
}

/// Two cores: each step is of one of them.
struct Two(Sio);

impl Two {
    fn new() -> Two {
        Two(Sio::new(&[page(), page()]))
    }

    fn store(&mut self, core: usize, offset: u32, value: u32) {
        self.0.write(offset, value.into(), &mut Context { core, ..Context::default() });
    }

    fn load(&mut self, core: usize, offset: u32) -> u32 {
        let value = self.0.get(core, offset);
        self.0.loaded(core, offset);
        value
    }
}

#[test]
fn each_core_knows_its_number() {
    let mut two = Two::new();
    assert_eq!((two.load(0, CPUID), two.load(1, CPUID)), (0, 1));
}

#[test]
fn a_word_goes_to_the_other_core_in_order() {
    let mut two = Two::new();
    two.store(0, FIFO_WR, 7);
    two.store(0, FIFO_WR, 8);
    two.store(1, FIFO_WR, 9);
    assert_eq!((two.load(0, FIFO_ST), two.load(1, FIFO_ST)), (RDY | VLD, RDY | VLD));
    assert_eq!(two.0.interrupts(), 3);
    assert_eq!((two.load(1, FIFO_RD), two.load(1, FIFO_RD), two.load(0, FIFO_RD)), (7, 8, 9));
    assert_eq!((two.load(0, FIFO_ST), two.load(1, FIFO_ST)), (RDY, RDY));
    assert_eq!(two.0.support(FIFO_WR), Support::Modelled);
}

#[test]
fn a_full_mailbox_loses_the_word_and_its_sender_knows() {
    let mut two = Two::new();
    for word in 0..8 {
        two.store(1, FIFO_WR, word);
    }
    assert_eq!((two.load(1, FIFO_ST), two.load(0, FIFO_ST)), (0, RDY | VLD), "full, no error");
    two.store(1, FIFO_WR, 99);
    assert_eq!(two.load(1, FIFO_ST), WOF);
    let words: Vec<u32> = (0..8).map(|_| two.load(0, FIFO_RD)).collect();
    assert_eq!(words, [0, 1, 2, 3, 4, 5, 6, 7]);
    two.load(0, FIFO_RD);
    assert_eq!((two.load(0, FIFO_ST), two.load(1, FIFO_ST)), (RDY | ROE, RDY | WOF));
    assert_eq!(two.0.interrupts(), 3, "errors interrupt their own core");
    two.store(0, FIFO_ST, ROE);
    two.store(1, FIFO_ST, WOF);
    assert_eq!(two.0.interrupts(), 0);
}

#[test]
fn a_spinlock_has_one_owner_until_anybody_releases_it() {
    let mut two = Two::new();
    let lock = SPINLOCK + 4 * 5;
    assert_eq!((two.load(1, lock), two.load(0, lock), two.load(1, lock)), (1 << 5, 0, 0));
    assert_eq!((two.load(0, SPINLOCK_ST), two.load(1, SPINLOCK_ST)), (1 << 5, 1 << 5));
    assert_eq!(two.load(0, SPINLOCK), 1, "another one");
    two.store(0, lock, 1);
    assert_eq!((two.load(1, SPINLOCK_ST), two.load(0, lock), two.load(1, lock)), (1, 1 << 5, 0));
}

#[test]
fn pins_are_shared_and_dividers_are_not() {
    let mut two = Two::new();
    two.store(1, GPIO_OUT + 4, 6);
    two.store(0, GPIO_OUT + 8, 2);
    assert_eq!((two.load(0, GPIO_OUT), two.load(1, GPIO_OUT)), (4, 4));
    two.store(0, DIV_UDIVIDEND, 100);
    two.store(1, DIV_SDIVIDEND, 30);
    two.store(0, DIV_UDIVISOR, 7);
    two.store(1, DIV_SDIVISOR, u32::MAX);
    let minus_30 = -30i32 as u32;
    assert_eq!((two.load(0, DIV_QUOTIENT), two.load(1, DIV_QUOTIENT)), (14, minus_30));
}
