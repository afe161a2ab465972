//! What firmware sees of a bus with nobody on it, against the data sheet.

use super::*;

fn store(i2c: &mut I2c, offset: u32, value: u32) {
    i2c.write(offset, value.into(), &mut Context::default());
}

fn load(i2c: &mut I2c, offset: u32) -> u32 {
    i2c.read(offset, &mut Context::default())
}

/// As the SDK's `i2c_init` leaves it; it talks to `address`.
fn controller(address: u32) -> I2c {
    let mut i2c = I2c::new();
    for (offset, value) in [
        (ENABLE, 0),
        (CON, 0x165),
        (TX_TL, 0),
        (RX_TL, 0),
        (DMA_CR, 3),
        (TAR, address),
        (ENABLE, 1),
    ] {
        store(&mut i2c, offset, value);
    }
    i2c
}

/// A command gives `source` in TX_ABRT_SOURCE and `raw` in RAW_INTR_STAT.
#[track_caller]
fn check(i2c: &mut I2c, source: u32, raw: u32) {
    store(i2c, DATA_CMD, 0x255);
    assert_eq!((load(i2c, TX_ABRT_SOURCE), load(i2c, RAW_INTR_STAT)), (source, raw));
}

const ABORTED: u32 = TX_ABRT | TX_EMPTY | START_DET | STOP_DET | ACTIVITY;

#[test]
fn registers_hold_what_the_data_sheet_says() {
    let i2c = I2c::new();
    for (offset, expected) in [
        (CON, 0x65),
        (TAR, 0x55),
        (SAR, 0x55),
        (SS_SCL_HCNT, 0x28),
        (SS_SCL_LCNT, 0x2f),
        (FS_SCL_HCNT, 6),
        (FS_SCL_LCNT, 0xd),
        (INTR_STAT, 0),
        (INTR_MASK, 0x8ff),
        (RAW_INTR_STAT, 0),
        (STATUS, 6),
        (SDA_HOLD, 1),
        (SDA_SETUP, 0x64),
        (ACK_GENERAL_CALL, 1),
        (FS_SPKLEN, 7),
        (COMP_VERSION, 0x3230_312a),
        (COMP_TYPE, 0x4457_0140),
    ] {
        assert_eq!(i2c.peek(offset, 0), expected, "{offset:#x}");
    }
    assert_eq!(i2c.support(0x0c), Support::Nothing);
    assert_eq!(i2c.support(0xa4), Support::Nothing);
    assert_eq!(i2c.support(0x100), Support::Nothing);
}

#[test]
fn the_write_loop_of_the_sdk_ends_with_no_acknowledge() {
    let mut i2c = controller(0x42);
    assert_eq!(load(&mut i2c, ENABLE_STATUS), 1);
    check(&mut i2c, 1 << TX_FLUSH_CNT_SHIFT | ABRT_7B_ADDR_NOACK, ABORTED);
    // It waits for TX_EMPTY, reads the reason, clears it, waits for STOP_DET.
    assert_eq!(load(&mut i2c, CLR_TX_ABRT), 0);
    assert_eq!(load(&mut i2c, TX_ABRT_SOURCE), 0);
    assert_eq!(load(&mut i2c, RAW_INTR_STAT), ABORTED & !TX_ABRT);
    load(&mut i2c, CLR_STOP_DET);
    assert_eq!(load(&mut i2c, RAW_INTR_STAT), TX_EMPTY | START_DET | ACTIVITY);
    // The next transfer fails alike.
    store(&mut i2c, ENABLE, 0);
    assert_eq!((load(&mut i2c, ENABLE_STATUS), load(&mut i2c, RAW_INTR_STAT)), (0, START_DET));
    store(&mut i2c, ENABLE, 1);
    check(&mut i2c, 1 << TX_FLUSH_CNT_SHIFT | ABRT_7B_ADDR_NOACK, ABORTED);
}

#[test]
fn the_reason_fits_the_address() {
    let flushed = 1 << TX_FLUSH_CNT_SHIFT;
    check(&mut controller(SPECIAL), flushed | ABRT_GCALL_NOACK, ABORTED);
    check(&mut controller(SPECIAL | GC_OR_START), flushed | ABRT_7B_ADDR_NOACK, ABORTED);
    let mut ten_bits = controller(0x142);
    store(&mut ten_bits, ENABLE, 0);
    store(&mut ten_bits, CON, 0x175);
    store(&mut ten_bits, ENABLE, 1);
    check(&mut ten_bits, flushed | ABRT_10ADDR1_NOACK, ABORTED);
    let mut target = controller(0x42);
    store(&mut target, ENABLE, 0);
    store(&mut target, CON, 0);
    store(&mut target, ENABLE, 1);
    check(&mut target, flushed | ABRT_MASTER_DIS, TX_ABRT | TX_EMPTY);
}

#[test]
fn commands_after_an_abort_are_dropped() {
    let mut i2c = controller(0x42);
    store(&mut i2c, DATA_CMD, 0);
    load(&mut i2c, CLR_STOP_DET);
    check(&mut i2c, 1 << TX_FLUSH_CNT_SHIFT | ABRT_7B_ADDR_NOACK, ABORTED & !STOP_DET);
    assert_eq!((load(&mut i2c, TXFLR), load(&mut i2c, STATUS)), (0, TFE | TFNF));
}

#[test]
fn a_disabled_controller_does_nothing() {
    check(&mut I2c::new(), 0, 0);
    let mut i2c = controller(0x42);
    store(&mut i2c, TAR, 0x21);
    store(&mut i2c, FS_SCL_HCNT, 9);
    assert_eq!((load(&mut i2c, TAR), load(&mut i2c, FS_SCL_HCNT)), (0x42, 6), "it is enabled");
    assert_eq!(load(&mut i2c, 0x78), 0);
}

#[test]
fn blocked_commands_wait() {
    let mut i2c = controller(0x42);
    store(&mut i2c, ENABLE, EN | TX_CMD_BLOCK);
    for _ in 0..16 {
        assert_ne!(load(&mut i2c, STATUS) & TFNF, 0);
        store(&mut i2c, DATA_CMD, 0);
    }
    assert_eq!((load(&mut i2c, TXFLR), load(&mut i2c, STATUS)), (16, 0));
    check(&mut i2c, 0, TX_OVER);
    store(&mut i2c, ENABLE, EN);
    assert_eq!(load(&mut i2c, TX_ABRT_SOURCE), 16 << TX_FLUSH_CNT_SHIFT | ABRT_7B_ADDR_NOACK);
    assert_eq!(load(&mut i2c, RAW_INTR_STAT), ABORTED | TX_OVER);
}

#[test]
fn masked_flags_interrupt() {
    let mut i2c = controller(0x42);
    store(&mut i2c, INTR_MASK, TX_ABRT | RX_UNDER);
    assert_eq!((i2c.interrupts(), load(&mut i2c, INTR_STAT)), (0, 0));
    store(&mut i2c, DATA_CMD, 0);
    assert_eq!((i2c.interrupts(), load(&mut i2c, INTR_STAT)), (1, TX_ABRT));
    assert_eq!(load(&mut i2c, DATA_CMD), 0);
    assert_eq!(load(&mut i2c, INTR_STAT), TX_ABRT | RX_UNDER);
    load(&mut i2c, CLR_INTR);
    assert_eq!((i2c.interrupts(), load(&mut i2c, TX_ABRT_SOURCE)), (0, 0));
    assert_eq!(load(&mut i2c, RAW_INTR_STAT), TX_EMPTY);
    store(&mut i2c, INTR_MASK, TX_EMPTY);
    assert_eq!(i2c.interrupts(), 1);
    i2c.reset(0);
    assert_eq!((i2c.interrupts(), load(&mut i2c, INTR_MASK)), (0, 0x8ff));
}
