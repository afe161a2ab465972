//! The stable texts: the same bytes for the same figures.

use std::fmt::{self, Write as _};

use replab_memory::{LargeSymbol, Sums};

use super::{MEMORY_VERSION, MemoryReport, file_name, word};
use crate::visible;

/// The stable text of a program's memory: sums, memories, what is in them, and the
/// largest symbols. All sizes are in bytes. The file's own name is not in it.
pub fn memory_text(report: &MemoryReport<'_>) -> String {
    let mut text = String::new();
    write(report, &mut text).expect("a String takes everything");
    text
}

fn write(report: &MemoryReport<'_>, text: &mut String) -> fmt::Result {
    let Sums { text: code, data, bss } = report.sums;
    writeln!(text, "# replab memory {MEMORY_VERSION}, sizes in bytes")?;
    writeln!(text, "{:>10} {:>10} {:>10}", "# text", "data", "bss")?;
    writeln!(text, "{code:>10} {data:>10} {bss:>10}")?;
    writeln!(text, "{:>10} {:>10} {:>10} {:>10} memory", "# at", "size", "used", "free")?;
    for region in report.regions {
        let size = known(region.size.map(u64::from));
        let (used, free) = (region.used(), known(region.free()));
        let name = visible_word(&region.name);
        writeln!(text, "{:#010x} {size:>10} {used:>10} {free:>10} {name}", region.at)?;
    }
    writeln!(text, "{:>10} {:>10} memory part what", "# at", "size")?;
    for region in report.regions {
        for part in &region.parts {
            let (memory, name) = (visible_word(&region.name), visible_word(&part.name));
            let (at, size) = (part.at, part.size);
            writeln!(text, "{at:#010x} {size:>10} {memory} {name} {}", word(part.role))?;
        }
    }
    if !report.largest.is_empty() {
        writeln!(text, "{:>10} section file symbol", "# size")?;
    }
    for LargeSymbol { symbol, file } in report.largest {
        let file = file.as_deref().map_or("-", file_name);
        let (section, file) = (visible_word(&symbol.section), visible_word(file));
        writeln!(text, "{:>10} {section} {file} {}", symbol.size, visible_word(&symbol.name))?;
    }
    Ok(())
}

/// With its sign; 0 without.
pub(super) fn signed(bytes: i64) -> String {
    if bytes == 0 { "0".to_owned() } else { format!("{bytes:+}") }
}

fn known(bytes: Option<u64>) -> String {
    bytes.map_or("-".to_owned(), |bytes| bytes.to_string())
}

/// A name from a file, fit for one line.
pub(super) fn visible_word(name: &str) -> String {
    visible(name).replace('\n', "\\n")
}
