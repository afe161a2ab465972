//! What a program takes of a board's memory, and how full memory is while it runs.
//!
//! Two texts of a program's. The *stable* one is for files that are compared: bytes, fixed columns, names
//! last, so that a longer name moves nothing else. The other is for people at a
//! terminal: rounded sizes, bars, and what is what in a few words. And JSON.

mod json;
mod screen;
mod stable;
#[cfg(test)]
mod tests;

use replab_memory::{LargeSymbol, RegionUse, Role, Section, Sums};

pub use json::memory_json;
pub use screen::{memory_screen, sample_screen};
pub use stable::memory_text;

/// The version of the stable text and of the JSON.
pub const MEMORY_VERSION: u32 = 1;

/// What is told of a program's file.
#[derive(Clone, Copy, Debug)]
pub struct MemoryReport<'a> {
    /// The file, as shown to people.
    pub file: &'a str,
    /// The board whose memories `regions` are, if there is one.
    pub board: Option<&'a str>,
    /// The sums of `sections`.
    pub sums: Sums,
    /// The sections in memory, by address.
    pub sections: &'a [Section],
    /// The memories that they are in.
    pub regions: &'a [RegionUse],
    /// The largest symbols, in this order.
    pub largest: &'a [LargeSymbol],
    /// How many symbols there are.
    pub symbols: usize,
    /// Whether the firmware has a heap.
    pub has_heap: bool,
}

/// `path` without its folders, which differ from host to host.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The word for a role in the stable text and in JSON.
fn word(role: Role) -> &'static str {
    match role {
        Role::Code => "code",
        Role::Constants => "constants",
        Role::FirstContent => "first-content",
        Role::CodeInRam => "code-in-ram",
        Role::ConstantsInRam => "constants-in-ram",
        Role::Data => "data",
        Role::Reserved => "reserved",
        Role::Stack => "stack",
        Role::Files => "files",
    }
}
