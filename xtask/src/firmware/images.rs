//! Images of an RP2040's flash, beside the ELF files that they are made from.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use replab_image::uf2::{self, Family};
use replab_image::{FlashImage, Range, bin, elf, second_stage};

/// The most flash that an RP2040 can have (RP2040 data sheet §2.6.3).
const FLASH: Range = Range { at: second_stage::FLASH_AT, size: 16 << 20 };

/// Writes `.uf2` and `.bin` beside the ELF file at `path`.
pub(super) fn write(path: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    let image = flash(&bytes).with_context(|| format!("no flash image of {}", path.display()))?;
    for (ending, bytes) in
        [("uf2", uf2::write(&image, Family::RP2040)), ("bin", bin::write(&image, FLASH))]
    {
        let path = path.with_extension(ending);
        fs::write(&path, bytes).with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}

fn flash(bytes: &[u8]) -> anyhow::Result<FlashImage> {
    let image = elf::flash_image(&elf::segments(bytes)?, FLASH).map_err(|overlap| {
        anyhow::anyhow!("two segments are loaded to {:#010x}", overlap.address)
    })?;
    let start = image.bytes(FLASH.at, second_stage::SIZE).unwrap_or_default();
    second_stage::check(start)?;
    Ok(image)
}
