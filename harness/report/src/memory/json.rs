//! The report as JSON, documented in `docs/memory.md`.

use replab_board::MemoryKind;
use replab_memory::{LargeSymbol, RegionUse, Section, SectionKind, Sums};
use serde::Serialize;

use super::{MEMORY_VERSION, MemoryReport, word};

/// The report as one line of JSON.
pub fn memory_json(report: &MemoryReport<'_>) -> String {
    let Sums { text, data, bss } = report.sums;
    let json = Json {
        memory: MEMORY_VERSION,
        file: report.file,
        board: report.board,
        text,
        data,
        bss,
        regions: report.regions.iter().map(JsonRegion::of).collect(),
        sections: report.sections.iter().map(JsonSection::of).collect(),
        symbols: report.largest.iter().map(JsonSymbol::of).collect(),
        symbols_total: report.symbols,
    };
    serde_json::to_string(&json).expect("strings and numbers are JSON")
}

#[derive(Serialize)]
struct Json<'a> {
    memory: u32,
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    board: Option<&'a str>,
    text: u64,
    data: u64,
    bss: u64,
    regions: Vec<JsonRegion<'a>>,
    sections: Vec<JsonSection<'a>>,
    symbols: Vec<JsonSymbol<'a>>,
    symbols_total: usize,
}

#[derive(Serialize)]
struct JsonRegion<'a> {
    name: &'a str,
    kind: &'static str,
    at: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
    used: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    free: Option<u64>,
    parts: Vec<JsonPart<'a>>,
}

#[derive(Serialize)]
struct JsonPart<'a> {
    name: &'a str,
    at: u32,
    size: u32,
    role: &'static str,
}

#[derive(Serialize)]
struct JsonSection<'a> {
    name: &'a str,
    at: u32,
    size: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_at: Option<u32>,
    kind: &'static str,
}

#[derive(Serialize)]
struct JsonSymbol<'a> {
    name: &'a str,
    at: u32,
    size: u32,
    section: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
}

impl JsonRegion<'_> {
    fn of(region: &RegionUse) -> JsonRegion<'_> {
        let parts = region.parts.iter().map(|part| JsonPart {
            name: &part.name,
            at: part.at,
            size: part.size,
            role: word(part.role),
        });
        JsonRegion {
            name: &region.name,
            kind: match region.kind {
                MemoryKind::Flash => "flash",
                MemoryKind::Ram => "ram",
            },
            at: region.at,
            size: region.size,
            used: region.used(),
            free: region.free(),
            parts: parts.collect(),
        }
    }
}

impl JsonSection<'_> {
    fn of(section: &Section) -> JsonSection<'_> {
        JsonSection {
            name: &section.name,
            at: section.at,
            size: section.size,
            load_at: section.load_at,
            kind: match section.kind {
                SectionKind::Code => "code",
                SectionKind::Constants => "constants",
                SectionKind::Data => "data",
                SectionKind::Reserved => "reserved",
            },
        }
    }
}

impl JsonSymbol<'_> {
    fn of(LargeSymbol { symbol, file }: &LargeSymbol) -> JsonSymbol<'_> {
        JsonSymbol {
            name: &symbol.name,
            at: symbol.at,
            size: symbol.size,
            section: &symbol.section,
            file: file.as_deref(),
        }
    }
}
