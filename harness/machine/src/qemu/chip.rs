//! The boot ROM of a chip that the plugin puts into QEMU: which file can be one, and
//! how a run ends in it.

use std::fs;
use std::path::Path;

use replab_board::Board;

use crate::{MachineError, RomEnd, StopCause};

/// The most bytes that an RP2040's boot ROM has (RP2040 data sheet §2.2.1), and the
/// fewest that a program looks at: all before the code (§2.8.3).
const SIZES: std::ops::RangeInclusive<usize> = 0x1a..=0x4000;
/// Where the magic stands that each boot ROM of an RP2040 has (§2.8.3).
const MAGIC_AT: usize = 0x10;
const MAGIC: &[u8] = b"Mu\x01";
/// The vector of HardFault (Armv6-M ARM §B1.5.3).
const HARD_FAULT_AT: usize = 12;

/// Values of CALL (`firmware/pico-rom/README.md`).
const USB_BOOT: u32 = 3;
const NO_PROGRAM: u32 = 4;
const NO_FUNCTION: u32 = 5;
const FAULT: u32 = 6;

/// Checks that the file at `path` can be the boot ROM of `board`'s chip, and gives the
/// address of its handler of faults.
///
/// # Errors
///
/// [`MachineError::WrongBootRom`] says what is wrong with it.
pub(super) fn check_rom(path: &Path, board: &Board) -> Result<u32, MachineError> {
    let wrong = |why: String| MachineError::WrongBootRom {
        file: path.display().to_string(),
        board: board.name.clone(),
        why: format!(
            "{why} (`cargo xtask firmware pico-rom` builds one, --bootrom FILE names another)"
        ),
    };
    let metadata =
        fs::metadata(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    if !metadata.is_file() {
        return Err(wrong("it is no file".to_owned()));
    }
    let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if !SIZES.contains(&size) {
        return Err(wrong(sizes(size)));
    }
    let rom = fs::read(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    hard_fault(&rom).map_err(wrong)
}

fn sizes(size: usize) -> String {
    format!(
        "it has {size} bytes, where {} are the fewest and {} the most",
        SIZES.start(),
        SIZES.end()
    )
}

/// The address of the handler of faults in a ROM with these bytes, or why they are none.
fn hard_fault(rom: &[u8]) -> Result<u32, String> {
    if !SIZES.contains(&rom.len()) {
        return Err(sizes(rom.len()));
    }
    let magic = &rom[MAGIC_AT..MAGIC_AT + MAGIC.len()];
    if magic != MAGIC {
        return Err(format!(
            "it has {} at offset {MAGIC_AT:#x}, where each boot ROM of an RP2040 has {} (`Mu`, 1)",
            hex::encode(magic),
            hex::encode(MAGIC)
        ));
    }
    let vector = rom[HARD_FAULT_AT..].first_chunk().expect("the size was looked at above");
    Ok(u32::from_le_bytes(*vector))
}

/// What the boot ROM means with a call that ends a run; `None` if it is no such call.
///
/// # Errors
///
/// [`MachineError::NoRomFunction`] where the ROM lacks what the chip maker's has.
pub(super) fn rom_end(
    call: u32,
    [first, table, entry]: [u32; 3],
    board: &str,
) -> Result<Option<StopCause>, MachineError> {
    Ok(Some(StopCause::Rom(match call {
        USB_BOOT => RomEnd::UsbBoot,
        NO_PROGRAM => RomEnd::Blank,
        FAULT => RomEnd::Fault,
        NO_FUNCTION => {
            return Err(MachineError::NoRomFunction {
                function: function(table, entry),
                caller: first & !1,
                board: board.to_owned(),
            });
        }
        _ => return Ok(None),
    })))
}

/// The name of a function that the lab's ROM does not have (data sheet §2.8.3.2.1, .2).
fn function(table: u32, entry: u32) -> String {
    let table = match table {
        1 => "float",
        2 => "double",
        _ => return format!("function {entry:#x}"),
    };
    let name = match entry {
        15 => "the cosine",
        16 => "the sine",
        17 => "the tangent",
        18 => "sine and cosine",
        19 => "the exponential",
        20 => "the logarithm",
        22 => "the arc tangent",
        _ => return format!("entry {entry} of the table for `{table}`"),
    };
    format!("{name} for `{table}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least ROM with these bytes at 0x10.
    fn rom(magic: &[u8; 3]) -> Vec<u8> {
        let mut rom = vec![0; 0x1a];
        rom[12..16].copy_from_slice(&0xdd_u32.to_le_bytes());
        rom[0x10..0x13].copy_from_slice(magic);
        rom
    }

    #[test]
    fn a_boot_rom_is_known_by_its_magic() {
        assert_eq!(hard_fault(&rom(b"Mu\x01")), Ok(0xdd));
        let why = hard_fault(&rom(b"Mu\x02")).expect_err("it is that of another chip");
        assert_eq!(
            why,
            "it has 4d7502 at offset 0x10, where each boot ROM of an RP2040 has 4d7501 (`Mu`, 1)"
        );
        let why = hard_fault(&rom(b"Mu\x01")[..0x19]).expect_err("it is cut off");
        assert_eq!(why, "it has 25 bytes, where 26 are the fewest and 16384 the most");
    }

    #[track_caller]
    fn check(call: u32, expected: Option<RomEnd>) {
        assert_eq!(rom_end(call, [0; 3], "pico").unwrap(), expected.map(StopCause::Rom));
    }

    #[test]
    fn each_end_has_its_name() {
        check(3, Some(RomEnd::UsbBoot));
        check(4, Some(RomEnd::Blank));
        check(6, Some(RomEnd::Fault));
        check(1, None);
        check(7, None);
    }

    #[test]
    fn what_our_rom_lacks_is_no_fault_of_the_firmware() {
        for (table, entry, name) in [
            (1, 16, "the sine for `float`"),
            (2, 22, "the arc tangent for `double`"),
            (2, 4, "entry 4 of the table for `double`"),
            (0, 4, "function 0x4"),
        ] {
            let error = rom_end(5, [0x1000_0123, table, entry], "pico").unwrap_err().to_string();
            let begin = format!("the firmware calls {name} of the boot ROM at 0x10000122, which");
            assert!(error.starts_with(&begin), "{error}");
        }
    }
}
