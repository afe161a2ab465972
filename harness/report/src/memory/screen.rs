//! The texts for people.

use std::cmp::Reverse;

use replab_board::MemoryKind;
use replab_memory::{Change, LargeSymbol, Part, RegionUse, Role, Sample};

use super::stable::{signed, visible_word};
use super::{MemoryReport, file_name};
use crate::{Paint, quantity};

/// How many characters a bar has.
const BAR: u64 = 30;

/// Longer names push what is behind them out of its column.
const WIDEST_NAME: usize = 40;

/// What a program takes of each memory, in which sections, and by which symbols.
pub fn memory_screen(report: &MemoryReport<'_>, paint: Paint) -> String {
    let board = report.board.map(|board| format!(" on {}", visible_word(board)));
    let mut text = format!("{}{}\n", visible_word(report.file), board.unwrap_or_default());
    for region in report.regions {
        text.push('\n');
        text.push_str(&memory(region, report.has_heap, paint));
    }
    if report.regions.iter().any(|region| region.size.is_some()) {
        let legend = "[#] in the file  [+] set aside while it runs  [.] free";
        text.push_str(&format!("\n{}\n", paint.faint(legend)));
    }
    let sums = report.sums;
    text.push_str(&format!(
        "\ntext {}, data {}, bss {} bytes, as `arm-none-eabi-size` counts\n",
        sums.text, sums.data, sums.bss
    ));
    text.push_str(&symbols(report, paint));
    text
}

/// A memory: how full it is, what it is for, and what is in it.
fn memory(region: &RegionUse, has_heap: bool, paint: Paint) -> String {
    let (used, is_ram) = (region.used(), region.kind == MemoryKind::Ram);
    let what = if is_ram {
        "data + bss + stack + heap: what changes; lost without power"
    } else {
        "the program: code, constants, first values of data; kept without power"
    };
    let name = visible_word(&region.name);
    let mut text = match (region.size, region.free()) {
        (Some(size), Some(free)) => {
            let size = u64::from(size);
            let bar = bar(used, size - free, size);
            let (shown, size_shown) = (quantity::bytes(used), quantity::bytes(size));
            format!("{name:<6} {shown} of {size_shown} ({})  {bar}\n", percent(used, size))
        }
        _ => format!("{name:<6} {} from {:#010x} on\n", quantity::bytes(used), region.at),
    };
    text.push_str(&format!("       {}\n", paint.faint(what)));
    for (name, role, size) in largest_first(&region.parts) {
        text.push_str(&line(size, &visible_word(name), words(role), paint));
    }
    if let Some(free) = region.free() {
        let words = if is_ram && has_heap { "the heap is made of this" } else { "" };
        text.push_str(&line(free, "free", words, paint));
    }
    text
}

fn line(size: u64, name: &str, words: &str, paint: Paint) -> String {
    let size = quantity::bytes(size);
    let words = if words.is_empty() { String::new() } else { paint.faint(words) };
    format!("  {size:>9}  {name:<14} {words}").trim_end().to_owned() + "\n"
}

/// What is in the file, then what is set aside. Parts with one name and role are one here.
fn largest_first(parts: &[Part]) -> Vec<(&str, Role, u64)> {
    let mut rows: Vec<(&str, Role, u64)> = Vec::new();
    for part in parts {
        let size = u64::from(part.size);
        match rows.iter_mut().find(|(name, role, _)| (*name, *role) == (&part.name, part.role)) {
            Some((_, _, sum)) => *sum += size,
            None => rows.push((&part.name, part.role, size)),
        }
    }
    rows.sort_by_key(|(_, role, size)| (!role.is_in_file(), Reverse(*size)));
    rows
}

fn words(role: Role) -> &'static str {
    match role {
        Role::Code => "code",
        Role::Constants => "constants",
        Role::FirstContent => "what it begins with in RAM",
        Role::CodeInRam => "code that runs in RAM",
        Role::ConstantsInRam => "constants in RAM",
        Role::Data => "variables with first values",
        Role::Reserved => "variables without first values",
        Role::Stack => "calls and their variables",
        Role::Files => "the file system",
    }
}

fn symbols(report: &MemoryReport<'_>, paint: Paint) -> String {
    let (shown, all) = (report.largest.len(), report.symbols);
    if all == 0 {
        return "\nThe file has no symbols: nothing tells which function or variable is large.\n"
            .to_owned();
    }
    if shown == 0 {
        return String::new();
    }
    let mut text = format!("\nThe largest {shown} of {all} functions and variables\n");
    let names: Vec<String> =
        report.largest.iter().map(|it| visible_word(&it.symbol.name)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest.min(WIDEST_NAME);
    for (name, LargeSymbol { symbol, file }) in names.iter().zip(report.largest) {
        let file = file.as_deref().map(|file| format!("  {}", file_name(file)));
        let place = format!("{}{}", symbol.section, file.unwrap_or_default());
        let (size, place) = (quantity::bytes(symbol.size.into()), visible_word(&place));
        text.push_str(&format!("  {size:>9}  {name:<width$}  {}\n", paint.faint(&place)));
    }
    text
}

/// How full heap and stack are, and what has changed since an earlier sample.
pub fn sample_screen(sample: &Sample, change: Option<&Change>, paint: Paint) -> String {
    let mut text = String::new();
    if let Some(heap) = sample.heap {
        let (used, total) = (u64::from(heap.used), u64::from(heap.total));
        let change = change.and_then(|change| change.heap).map(|heap| since(heap.used, paint));
        text.push_str(&usage("heap", "used", used, total, &change.unwrap_or_default()));
        let (free, largest) =
            (quantity::bytes(heap.free.into()), quantity::bytes(heap.largest_free.into()));
        let free = format!("{free} free, {largest} of it in one piece");
        text.push_str(&format!("       {}\n", paint.faint(&free)));
    }
    let (peak, size) = (u64::from(sample.stack.peak), u64::from(sample.stack.size));
    let change = change.map(|change| since(change.stack_peak, paint)).unwrap_or_default();
    text.push_str(&usage("stack", "used at most", peak, size, &change));
    text
}

fn usage(name: &str, word: &str, used: u64, all: u64, change: &str) -> String {
    let (shown, all_shown) = (quantity::bytes(used), quantity::bytes(all));
    let (percent, bar) = (percent(used, all), bar(used, used, all));
    format!("{name:<6} {shown} of {all_shown} {word} ({percent})  {bar}{change}\n")
}

fn since(bytes: i64, paint: Paint) -> String {
    let text = match bytes {
        0 => "unchanged".to_owned(),
        bytes => format!("{} B since the last sample", signed(bytes)),
    };
    format!("  {}", paint.faint(&text))
}

/// `[###++....]`: what is used, what is set aside, what is free. Whatever is there shows.
fn bar(used: u64, taken: u64, all: u64) -> String {
    let marks = |bytes: u64| match all {
        0 => 0,
        all => bytes.saturating_mul(BAR).div_ceil(all).min(BAR),
    };
    let used_marks = marks(used);
    let aside = marks(taken).saturating_sub(used_marks);
    let aside = if taken > used { aside.max(1).min(BAR - used_marks) } else { 0 };
    let free = BAR - used_marks - aside;
    let repeat = |mark: &str, count: u64| mark.repeat(usize::try_from(count).unwrap_or(0));
    format!("[{}{}{}]", repeat("#", used_marks), repeat("+", aside), repeat(".", free))
}

/// One decimal, cut; what is there and below that shows as such.
fn percent(part: u64, all: u64) -> String {
    if all == 0 {
        return "-".to_owned();
    }
    match part.saturating_mul(1000) / all {
        0 if part > 0 => "below 0.1 %".to_owned(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}
