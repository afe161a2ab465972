//! I2C: a bus controller (DW_apb_i2c) with nobody on its bus (RP2040 data sheet §4.3).
//!
//! Whatever the firmware sends, its address is not acknowledged: the transfer is
//! aborted, the FIFO flushed, and a STOP ends it. That happens at the store of the
//! first command, without the 25 µs that an address takes at 400 kHz: nobody could
//! see them but by polling. As nobody else starts a transfer either, what the
//! registers of the target mode hold has no effect. Requests to the DMA controller
//! are not made.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// Commands that the TX FIFO holds (§4.3.1).
const DEPTH: u32 = 16;

/// Registers, §4.3.17.
const CON: u32 = 0x00;
const TAR: u32 = 0x04;
const SAR: u32 = 0x08;
const DATA_CMD: u32 = 0x10;
const SS_SCL_HCNT: u32 = 0x14;
const SS_SCL_LCNT: u32 = 0x18;
const FS_SCL_HCNT: u32 = 0x1c;
const FS_SCL_LCNT: u32 = 0x20;
const INTR_STAT: u32 = 0x2c;
const INTR_MASK: u32 = 0x30;
const RAW_INTR_STAT: u32 = 0x34;
const RX_TL: u32 = 0x38;
const TX_TL: u32 = 0x3c;
const CLR_INTR: u32 = 0x40;
const CLR_RX_UNDER: u32 = 0x44;
const CLR_RX_OVER: u32 = 0x48;
const CLR_TX_OVER: u32 = 0x4c;
const CLR_RD_REQ: u32 = 0x50;
const CLR_TX_ABRT: u32 = 0x54;
const CLR_RX_DONE: u32 = 0x58;
const CLR_ACTIVITY: u32 = 0x5c;
const CLR_STOP_DET: u32 = 0x60;
const CLR_START_DET: u32 = 0x64;
const CLR_GEN_CALL: u32 = 0x68;
const ENABLE: u32 = 0x6c;
const STATUS: u32 = 0x70;
const TXFLR: u32 = 0x74;
const SDA_HOLD: u32 = 0x7c;
const TX_ABRT_SOURCE: u32 = 0x80;
const SLV_DATA_NACK_ONLY: u32 = 0x84;
const DMA_CR: u32 = 0x88;
const DMA_TDLR: u32 = 0x8c;
const DMA_RDLR: u32 = 0x90;
const SDA_SETUP: u32 = 0x94;
const ACK_GENERAL_CALL: u32 = 0x98;
const ENABLE_STATUS: u32 = 0x9c;
const FS_SPKLEN: u32 = 0xa0;
const CLR_RESTART_DET: u32 = 0xa8;
const COMP_PARAM_1: u32 = 0xf4;
const COMP_VERSION: u32 = 0xf8;
const COMP_TYPE: u32 = 0xfc;

/// CON.
const MASTER_MODE: u32 = 1;
const TEN_BIT_ADDRESS: u32 = 1 << 4;

/// TAR.
const GC_OR_START: u32 = 1 << 10;
const SPECIAL: u32 = 1 << 11;

/// Bits of RAW_INTR_STAT, INTR_STAT and INTR_MASK.
const RX_UNDER: u32 = 1;
const RX_OVER: u32 = 1 << 1;
const TX_OVER: u32 = 1 << 3;
const TX_EMPTY: u32 = 1 << 4;
const RD_REQ: u32 = 1 << 5;
const TX_ABRT: u32 = 1 << 6;
const RX_DONE: u32 = 1 << 7;
const ACTIVITY: u32 = 1 << 8;
const STOP_DET: u32 = 1 << 9;
const START_DET: u32 = 1 << 10;
const GEN_CALL: u32 = 1 << 11;
const RESTART_DET: u32 = 1 << 12;

/// ENABLE; its bit ABORT clears itself, as there is never a transfer to abort.
const EN: u32 = 1;
const TX_CMD_BLOCK: u32 = 1 << 2;

/// STATUS.
const TFNF: u32 = 1 << 1;
const TFE: u32 = 1 << 2;

/// TX_ABRT_SOURCE.
const ABRT_7B_ADDR_NOACK: u32 = 1;
const ABRT_10ADDR1_NOACK: u32 = 1 << 1;
const ABRT_GCALL_NOACK: u32 = 1 << 4;
const ABRT_MASTER_DIS: u32 = 1 << 11;
const TX_FLUSH_CNT_SHIFT: u32 = 23;

/// Registers that keep what is stored: offset, bits, value after a reset, and
/// whether they take it only while the controller is disabled.
const STORED: [(u32, u32, u32, bool); 18] = [
    (CON, 0x3ff, 0x65, true),
    (TAR, 0xfff, 0x55, true),
    (SAR, 0x3ff, 0x55, true),
    (SS_SCL_HCNT, 0xffff, 0x28, true),
    (SS_SCL_LCNT, 0xffff, 0x2f, true),
    (FS_SCL_HCNT, 0xffff, 0x06, true),
    (FS_SCL_LCNT, 0xffff, 0x0d, true),
    (INTR_MASK, 0x1fff, 0x8ff, false),
    (RX_TL, 0xff, 0, false),
    (TX_TL, 0xff, 0, false),
    (SDA_HOLD, 0xff_ffff, 1, true),
    (SLV_DATA_NACK_ONLY, 1, 0, true),
    (DMA_CR, 3, 0, false),
    (DMA_TDLR, 0xf, 0, false),
    (DMA_RDLR, 0xf, 0, false),
    (SDA_SETUP, 0xff, 0x64, true),
    (ACK_GENERAL_CALL, 1, 1, false),
    (FS_SPKLEN, 0xff, 7, true),
];

/// What a load of a register clears in RAW_INTR_STAT.
const CLEARED: [(u32, u32); 12] = [
    (
        CLR_INTR,
        RX_UNDER
            | RX_OVER
            | TX_OVER
            | RD_REQ
            | TX_ABRT
            | RX_DONE
            | ACTIVITY
            | STOP_DET
            | START_DET
            | GEN_CALL,
    ),
    (CLR_RX_UNDER, RX_UNDER),
    (CLR_RX_OVER, RX_OVER),
    (CLR_TX_OVER, TX_OVER),
    (CLR_RD_REQ, RD_REQ),
    (CLR_TX_ABRT, TX_ABRT),
    (CLR_RX_DONE, RX_DONE),
    (CLR_ACTIVITY, ACTIVITY),
    (CLR_STOP_DET, STOP_DET),
    (CLR_START_DET, START_DET),
    (CLR_GEN_CALL, GEN_CALL),
    (CLR_RESTART_DET, RESTART_DET),
];

/// One controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct I2c {
    /// What the registers of [`STORED`] hold, in its order.
    stored: [u32; STORED.len()],
    enable: u32,
    /// Bits of RAW_INTR_STAT that stay until they are cleared.
    raw: u32,
    abort_source: u32,
    /// Commands in the TX FIFO.
    queued: u32,
}

impl I2c {
    /// As after power-on.
    pub(crate) fn new() -> I2c {
        I2c {
            stored: STORED.map(|(_, _, initial, _)| initial),
            enable: 0,
            raw: 0,
            abort_source: 0,
            queued: 0,
        }
    }

    fn stored(&self, offset: u32) -> Option<u32> {
        let place = STORED.iter().position(|(stored, ..)| *stored == offset)?;
        Some(self.stored[place])
    }

    /// What `offset`, one of [`STORED`], holds.
    fn get(&self, offset: u32) -> u32 {
        self.stored(offset).unwrap_or(0)
    }

    fn is_enabled(&self) -> bool {
        self.enable & EN != 0
    }

    /// RAW_INTR_STAT. TX_EMPTY follows the FIFO, and is 0 while disabled.
    fn raw(&self) -> u32 {
        let is_empty = self.is_enabled() && self.queued <= self.get(TX_TL);
        self.raw | if is_empty { TX_EMPTY } else { 0 }
    }

    fn status(&self) -> u32 {
        let empty = if self.queued == 0 { TFE } else { 0 };
        let not_full = if self.queued < DEPTH { TFNF } else { 0 };
        empty | not_full
    }

    /// A command of the firmware. While an abort is not cleared, the FIFO stays empty
    /// (TX_ABRT in §4.3.17); while the controller is disabled, too.
    fn queue(&mut self) {
        if !self.is_enabled() || self.raw & TX_ABRT != 0 {
            return;
        }
        if self.queued == DEPTH {
            self.raw |= TX_OVER;
        } else {
            self.queued += 1;
            self.transfer();
        }
    }

    /// Begins a transfer with what is queued: nobody acknowledges its address.
    fn transfer(&mut self) {
        if self.queued == 0 || !self.is_enabled() || self.enable & TX_CMD_BLOCK != 0 {
            return;
        }
        let (con, tar) = (self.get(CON), self.get(TAR));
        let reason = if con & MASTER_MODE == 0 {
            ABRT_MASTER_DIS
        } else if tar & (SPECIAL | GC_OR_START) == SPECIAL {
            ABRT_GCALL_NOACK
        } else if con & TEN_BIT_ADDRESS != 0 {
            ABRT_10ADDR1_NOACK
        } else {
            ABRT_7B_ADDR_NOACK
        };
        self.abort_source |= reason | self.queued << TX_FLUSH_CNT_SHIFT;
        self.queued = 0;
        self.raw |= TX_ABRT;
        if reason != ABRT_MASTER_DIS {
            self.raw |= START_DET | STOP_DET | ACTIVITY;
        }
    }
}

impl Peripheral for I2c {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        if let Some(value) = self.stored(offset) {
            return value;
        }
        match offset {
            INTR_STAT => self.raw() & self.get(INTR_MASK),
            RAW_INTR_STAT => self.raw(),
            ENABLE => self.enable,
            STATUS => self.status(),
            TXFLR => self.queued,
            TX_ABRT_SOURCE => self.abort_source,
            ENABLE_STATUS => self.enable & EN,
            // CLR_INTR and its like hold nothing, and COMP_PARAM_1 is 0 (§4.3.17).
            COMP_VERSION => 0x3230_312a,
            COMP_TYPE => 0x4457_0140,
            _ => 0,
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        let value = self.peek(offset, context.now);
        if offset == DATA_CMD && self.is_enabled() {
            // Nobody has sent anything.
            self.raw |= RX_UNDER;
        }
        if let Some((_, bits)) = CLEARED.iter().find(|(register, _)| *register == offset) {
            self.raw &= !bits;
            if bits & TX_ABRT != 0 {
                self.abort_source = 0;
            }
        }
        value
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        let place = STORED.iter().position(|(stored, ..)| *stored == offset);
        if let Some(place) = place {
            let (_, bits, _, only_disabled) = STORED[place];
            if !(only_disabled && self.is_enabled()) {
                self.stored[place] = write.value & bits;
            }
        }
        match offset {
            DATA_CMD => self.queue(),
            ENABLE => {
                self.enable = write.value & (EN | TX_CMD_BLOCK);
                if !self.is_enabled() {
                    self.queued = 0;
                    self.raw &= !ACTIVITY;
                }
                self.transfer();
            }
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = I2c::new();
    }

    /// Bit 0: I2C0_IRQ or I2C1_IRQ.
    fn interrupts(&self) -> u32 {
        u32::from(self.raw() & self.get(INTR_MASK) != 0)
    }

    fn support(&self, offset: u32) -> Support {
        match offset {
            CON..=SAR
            | DATA_CMD..=FS_SCL_LCNT
            | INTR_STAT..=FS_SPKLEN
            | CLR_RESTART_DET
            | COMP_PARAM_1..=COMP_TYPE => Support::Modelled,
            _ => Support::Nothing,
        }
    }
}
