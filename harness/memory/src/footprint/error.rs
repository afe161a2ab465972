//! Why a file has no footprint.

use replab_board::Span;

/// So many bytes a file may have that is read, debug information included: 256 MiB.
/// MicroPython for `lab-m0` has 3 MB; the largest that a microcontroller's memory
/// and its compiler's debug information bring about stay far below.
pub const LARGEST_FILE: u64 = 256 << 20;

/// Why a file has no footprint.
#[derive(Debug, thiserror::Error)]
pub enum FootprintError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is refused before it is read.
    #[error("the file has {bytes} bytes, and more than {LARGEST_FILE} (256 MiB) are not read")]
    TooLarge {
        /// How many it has.
        bytes: u64,
    },
    /// It begins with something else.
    #[error("the file is no ELF file{}", .advice.map(|advice| format!(" ({advice})")).unwrap_or_default())]
    NotElf {
        /// What it looks like, and what to do, if that is known.
        advice: Option<&'static str>,
    },
    /// Its end is missing.
    #[error(
        "the file is cut short: it has {bytes} bytes, and its own headers say at least {needed}"
    )]
    Truncated {
        /// How many there are.
        bytes: u64,
        /// How many there must be.
        needed: u64,
    },
    /// Another processor with words of 32 bits.
    #[error("the program is for {processor} (it must be for a 32-bit Arm)")]
    NotArm {
        /// Which.
        processor: String,
    },
    /// Another processor with words of 64 bits.
    #[error("the program is a 64-bit one, for {processor} (it must be for a 32-bit Arm)")]
    Not32Bit {
        /// Which.
        processor: String,
    },
    /// Its numbers have the most significant byte first.
    #[error("the program is big-endian (Cortex-M code is little-endian)")]
    BigEndian,
    /// Its headers contradict themselves.
    #[error("the ELF file is damaged")]
    Damaged(#[source] object::read::Error),
    /// Somebody has taken the section headers out.
    #[error("the ELF file has no section headers (link it anew: they tell what is where)")]
    NoSections,
    /// An object file: the linker will say where everything is.
    #[error("the file is not linked yet, so nothing of it has a place on a board")]
    NotLinked,
    /// A section does not fit into any memory of the board.
    #[error(
        "section `{section}` ({} bytes at {:#010x}) lies in no memory of {board}, which has {memory}",
        .span.size, .span.at
    )]
    Homeless {
        /// The section's name.
        section: String,
        /// Where it should lie.
        span: Span,
        /// The board's name.
        board: String,
        /// The board's memories.
        memory: String,
    },
}
