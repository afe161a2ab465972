//! Frames and flags of the SPI, against the data sheet.

use super::*;

fn store(spi: &mut Spi, offset: u32, value: u32) {
    spi.write(offset, value.into(), &mut Context::default());
}

fn load(spi: &mut Spi, offset: u32) -> u32 {
    spi.read(offset, &mut Context::default())
}

/// As the SDK's `spi_init` leaves it, at 1 MHz, with `bits` a frame; `cr1` more.
fn controller(bits: u32, cr1: u32) -> Spi {
    let mut spi = Spi::new();
    for (offset, value) in
        [(SSPCPSR, 2), (SSPCR0, 61 << 8 | (bits - 1)), (SSPDMACR, 3), (SSPCR1, SSE | cr1)]
    {
        store(&mut spi, offset, value);
    }
    spi
}

/// `sent`, all at once, comes back as `expected`.
#[track_caller]
fn check(spi: &mut Spi, sent: &[u32], expected: &[u32]) {
    for frame in sent {
        store(spi, SSPDR, *frame);
    }
    let mut received = Vec::new();
    while load(spi, SSPSR) & RNE != 0 {
        received.push(load(spi, SSPDR));
    }
    assert_eq!(received, expected);
}

#[test]
fn registers_hold_what_the_data_sheet_says() {
    let spi = Spi::new();
    for (offset, expected) in [
        (SSPCR0, 0),
        (SSPCR1, 0),
        (SSPSR, 3),
        (SSPCPSR, 0),
        (SSPIMSC, 0),
        (SSPRIS, 8),
        (SSPMIS, 0),
        (SSPDMACR, 0),
        (0xfe0, 0x22),
        (0xfe4, 0x10),
        (0xfe8, 0x34),
        (0xfec, 0),
        (0xff0, 0x0d),
        (0xffc, 0xb1),
    ] {
        assert_eq!(spi.peek(offset, 0), expected, "{offset:#x}");
    }
    assert_eq!(spi.support(0x28), Support::Nothing);
    assert_eq!(spi.support(0xfdc), Support::Nothing);
}

#[test]
fn an_empty_bus_reads_as_its_pull() {
    let mut spi = controller(8, 0);
    check(&mut spi, &[0x9f, 1, 2], &[0, 0, 0]);
    spi.set_input(true);
    check(&mut spi, &[0x9f, 1, 2], &[0xff, 0xff, 0xff]);
    spi.reset(0);
    assert_eq!(spi.peek(SSPSR, 0), 3);
    store(&mut spi, SSPCR0, 15);
    store(&mut spi, SSPCR1, SSE);
    check(&mut spi, &[1], &[0xffff]);
}

#[test]
fn loop_back_gives_frames_back() {
    check(&mut controller(8, LBM), &[0x9f, 0x100, 0x1ff], &[0x9f, 0, 0xff]);
    check(&mut controller(16, LBM), &[0x1234, 0xabcd], &[0x1234, 0xabcd]);
    check(&mut controller(4, LBM), &[0x1234], &[4]);
}

#[test]
fn too_many_frames_are_lost_and_said_so() {
    let mut spi = controller(8, LBM);
    for frame in 1..=8 {
        store(&mut spi, SSPDR, frame);
    }
    assert_eq!(load(&mut spi, SSPSR), TFE | TNF | RNE | RFF);
    assert_eq!(load(&mut spi, SSPRIS) & ROR, 0);
    check(&mut spi, &[9, 10], &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(load(&mut spi, SSPRIS), TX | ROR);
    spi.write(SSPICR, Write { value: 0, ones: ROR }, &mut Context::default());
    assert_eq!(load(&mut spi, SSPRIS), TX);
}

#[test]
fn frames_wait_until_it_is_enabled() {
    for (held, released) in [(LBM, LBM | SSE), (LBM | SSE | MS, LBM | SSE)] {
        let mut spi = controller(8, 0);
        store(&mut spi, SSPCR1, held);
        check(&mut spi, &[1, 2, 3, 4], &[]);
        assert_eq!((load(&mut spi, SSPSR), load(&mut spi, SSPRIS)), (TNF, TX));
        check(&mut spi, &[5, 6, 7, 8, 9], &[]);
        assert_eq!((load(&mut spi, SSPSR), load(&mut spi, SSPRIS)), (0, 0));
        store(&mut spi, SSPCR1, released);
        check(&mut spi, &[], &[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!((load(&mut spi, SSPSR), load(&mut spi, SSPRIS)), (TFE | TNF, TX), "9 is lost");
    }
}

#[test]
fn half_full_interrupts() {
    let mut spi = controller(8, 0);
    store(&mut spi, SSPIMSC, RX);
    for (frames, interrupts) in [(1, 0), (2, 0), (3, 0), (4, 1)] {
        store(&mut spi, SSPDR, 0);
        assert_eq!(spi.interrupts(), interrupts, "{frames} frames");
    }
    assert_eq!(load(&mut spi, SSPMIS), RX);
    load(&mut spi, SSPDR);
    assert_eq!(spi.interrupts(), 0);
    store(&mut spi, SSPIMSC, TX);
    assert_eq!((spi.interrupts(), load(&mut spi, SSPMIS)), (1, TX));
}

#[test]
fn frames_that_wait_time_out() {
    let mut spi = controller(8, 0);
    store(&mut spi, SSPIMSC, RT);
    assert_eq!(spi.next_deadline(), None);
    store(&mut spi, SSPDR, 0);
    store(&mut spi, SSPDR, 0);
    // 32 bits of 2 × 62 cycles of 8 ns.
    let timeout = 31_744;
    assert_eq!(spi.next_deadline(), Some(timeout));
    assert_eq!((spi.peek(SSPRIS, timeout - 1), spi.peek(SSPRIS, timeout)), (TX, TX | RT));
    spi.advance(&mut Context { now: timeout, ..Context::default() });
    assert_eq!((spi.interrupts(), spi.next_deadline()), (1, None));
    let mut read = |now| spi.read(SSPDR, &mut Context { now, ..Context::default() });
    read(timeout);
    read(timeout + 8);
    assert_eq!((spi.interrupts(), spi.next_deadline()), (0, None), "the FIFO is empty");
    store(&mut spi, SSPDR, 0);
    spi.advance(&mut Context { now: timeout, ..Context::default() });
    spi.write(SSPICR, Write { value: 0, ones: RT }, &mut Context::default());
    assert_eq!((spi.interrupts(), spi.next_deadline()), (0, None));
}
