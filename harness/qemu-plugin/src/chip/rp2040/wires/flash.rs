//! What stands on the wires between the flash chip and the interface to it.

use crate::chip::peripheral::Context;
use crate::chip::rp2040::ssi::Select;

use super::Rp2040;

/// GPIO_QSPI_SS_CTRL of IO_QSPI, with its OUTOVER field (RP2040 data sheet §2.19.6.2).
const SS_CTRL: u32 = 0xc;
/// SD0 of PADS_QSPI, with OD and PUE (§2.19.6.4).
const SD0_PAD: u32 = 8;
const OD: u32 = 1 << 7;
const PUE: u32 = 1 << 3;

impl Rp2040 {
    /// The flash chip's select and first data line are as their registers say. An
    /// inverted select is taken for one as it is.
    pub(super) fn connect_flash(&mut self, context: &mut Context) {
        let select = match self.io_qspi.get(SS_CTRL) >> 8 & 3 {
            2 => Select::Low,
            3 => Select::High,
            _ => Select::Interface,
        };
        self.ssi.select(select, context);
        let pad = self.pads_qspi.get(SD0_PAD);
        self.ssi.pull((pad & OD != 0).then_some(pad & PUE != 0));
    }
}
