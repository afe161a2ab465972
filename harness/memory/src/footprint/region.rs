//! What the memories of a board hold.

use replab_board::{Board, MemoryKind, Region, Span};

use crate::footprint::section::{Section, SectionKind};
use crate::{Footprint, FootprintError};

/// What a program puts into one memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionUse {
    /// The board's name for it; without a board `flash` or `ram`.
    pub name: String,
    /// What kind of memory it is.
    pub kind: MemoryKind,
    /// Its first address; without a board that of the first part.
    pub at: u32,
    /// Bytes that there are, if a board tells.
    pub size: Option<u32>,
    /// What is in it, by address.
    pub parts: Vec<Part>,
}

/// Something that takes a piece of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The section's name, or `stack`, `files`.
    pub name: String,
    /// First address.
    pub at: u32,
    /// Bytes.
    pub size: u32,
    /// What it is there for.
    pub role: Role,
}

/// What a piece of memory is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Code, where it runs.
    Code,
    /// Constants.
    Constants,
    /// The content that a section in RAM begins with, from where it is copied.
    FirstContent,
    /// Code that is copied into RAM, and runs there.
    CodeInRam,
    /// Constants that are copied into RAM.
    ConstantsInRam,
    /// Variables whose first values are in the file.
    Data,
    /// Variables that the file only reserves memory for.
    Reserved,
    /// The stack, as the firmware's marks tell. Not in the file.
    Stack,
    /// The board's file system. Not in the file.
    Files,
}

impl Role {
    /// Whether it comes from a section of the file.
    pub fn is_in_file(self) -> bool {
        !matches!(self, Role::Stack | Role::Files)
    }
}

impl RegionUse {
    /// Bytes that sections of the file take; what several share counts once. Gaps do not count.
    pub fn used(&self) -> u64 {
        covered(self.parts.iter().filter(|part| part.role.is_in_file()))
    }

    /// Bytes that nothing takes; `None` if nobody tells how many there are.
    pub fn free(&self) -> Option<u64> {
        Some(u64::from(self.size?).saturating_sub(covered(self.parts.iter())))
    }
}

impl Part {
    fn span(&self) -> Span {
        Span { at: self.at, size: self.size }
    }
}

/// Bytes of all `parts`, each once. They are in the order of their addresses.
fn covered<'a>(parts: impl Iterator<Item = &'a Part>) -> u64 {
    let (mut bytes, mut reached) = (0, 0);
    for part in parts {
        let (start, end) = (u64::from(part.at), u64::from(part.at) + u64::from(part.size));
        bytes += end.saturating_sub(start.max(reached));
        reached = reached.max(end);
    }
    bytes
}

/// The pieces of memory that `section` takes, and whether each is in RAM: where it
/// is while the program runs, and where its content comes from.
fn pieces(section: &Section, is_ram: bool) -> Vec<(Part, bool)> {
    let role = match (section.kind, is_ram) {
        (SectionKind::Code, false) => Role::Code,
        (SectionKind::Code, true) => Role::CodeInRam,
        (SectionKind::Constants, false) => Role::Constants,
        (SectionKind::Constants, true) => Role::ConstantsInRam,
        (SectionKind::Data, _) => Role::Data,
        (SectionKind::Reserved, _) => Role::Reserved,
    };
    let part = |at, role| Part { name: section.name.clone(), at, size: section.size, role };
    let mut pieces = vec![(part(section.at, role), is_ram)];
    if let Some(load_at) = section.load_at.filter(|load_at| *load_at != section.at) {
        pieces.push((part(load_at, Role::FirstContent), false));
    }
    pieces
}

/// A gap that no memory on a chip is large enough for: what lies behind it is in another.
const WIDEST_GAP: u32 = 16 << 20;

fn is_near(region: &RegionUse, part: &Part) -> bool {
    let end = |last: &Part| u64::from(last.at) + u64::from(last.size);
    let end = region.parts.iter().map(end).max().unwrap_or(0);
    u64::from(part.at) < end + u64::from(WIDEST_GAP)
}

/// By the program headers alone: neighbours of one kind are one memory.
pub(crate) fn told_by_file(footprint: &Footprint) -> Vec<RegionUse> {
    let mut pieces: Vec<(Part, bool)> =
        footprint.sections.iter().flat_map(|section| pieces(section, section.is_ram)).collect();
    if !footprint.is_linked {
        // Nothing has an address, but it is known what will have to go where.
        for section in &footprint.sections {
            if section.kind == SectionKind::Data {
                let (name, size) = (section.name.clone(), section.size);
                pieces.push((Part { name, at: 0, size, role: Role::FirstContent }, false));
            }
        }
        pieces.sort_by_key(|(_, is_ram)| *is_ram);
        lay_out(&mut pieces);
    } else {
        pieces.sort_by_key(|(part, _)| part.at);
    }
    let mut regions: Vec<RegionUse> = Vec::new();
    for (part, is_ram) in pieces {
        let (kind, name) =
            if is_ram { (MemoryKind::Ram, "ram") } else { (MemoryKind::Flash, "flash") };
        match regions.last_mut() {
            Some(last) if last.kind == kind && is_near(last, &part) => last.parts.push(part),
            _ => regions.push(RegionUse {
                name: name.to_owned(),
                kind,
                at: part.at,
                size: None,
                parts: vec![part],
            }),
        }
    }
    add_reserve(&mut regions, footprint.stack, "stack", Role::Stack);
    regions
}

/// Places pieces without addresses one behind the other.
fn lay_out(pieces: &mut [(Part, bool)]) {
    let mut next = [0_u32; 2];
    for (part, is_ram) in pieces {
        let next = &mut next[usize::from(*is_ram)];
        part.at = *next;
        *next = next.saturating_add(part.size);
    }
}

/// By the memories of `board`, in the order of their addresses.
pub(crate) fn told_by_board(
    footprint: &Footprint,
    board: &Board,
) -> Result<Vec<RegionUse>, FootprintError> {
    if !footprint.is_linked {
        return Err(FootprintError::NotLinked);
    }
    let mut regions: Vec<RegionUse> = board.memory.iter().map(empty).collect();
    regions.sort_by_key(|region| region.at);
    for section in &footprint.sections {
        let kind = home(board, section.at).map(|region| region.kind);
        for (part, _) in pieces(section, kind == Some(MemoryKind::Ram)) {
            let region = regions.iter_mut().find(|region| holds(region, part.span()));
            match region {
                Some(region) => region.parts.push(part),
                None => return Err(homeless(&part, board)),
            }
        }
    }
    let files = board.file_system.map(|files| Span { at: files.at, size: files.size });
    for region in &mut regions {
        region.parts.sort_by_key(|part| part.at);
    }
    add_reserve(&mut regions, footprint.stack, "stack", Role::Stack);
    add_reserve(&mut regions, files, "files", Role::Files);
    Ok(regions)
}

fn empty((name, region): (&String, &Region)) -> RegionUse {
    RegionUse {
        name: name.clone(),
        kind: region.kind,
        at: region.at,
        size: Some(region.size),
        parts: Vec::new(),
    }
}

fn home(board: &Board, address: u32) -> Option<&Region> {
    board.memory.values().find(|region| region.span().holds(Span { at: address, size: 1 }))
}

fn holds(region: &RegionUse, span: Span) -> bool {
    region.size.is_some_and(|size| Span { at: region.at, size }.holds(span))
}

/// Adds a piece that no section has to the memory that it lies in, as far as no
/// section is there.
fn add_reserve(regions: &mut [RegionUse], reserve: Option<Span>, name: &str, role: Role) {
    let Some(reserve) = reserve else { return };
    let is_home = |region: &&mut RegionUse| match region.size {
        Some(_) => holds(region, reserve),
        // Nobody tells where this memory ends. A stack lies above variables.
        None => region.kind == MemoryKind::Ram && reserve.at >= region.at,
    };
    let Some(region) = regions.iter_mut().rev().find(is_home) else { return };
    let mut left = vec![reserve];
    for part in &region.parts {
        left = left.into_iter().flat_map(|span| span.without(part.span())).collect();
    }
    let parts = left.into_iter().map(|span| Part {
        name: name.to_owned(),
        at: span.at,
        size: span.size,
        role,
    });
    region.parts.extend(parts);
    region.parts.sort_by_key(|part| part.at);
}

fn homeless(part: &Part, board: &Board) -> FootprintError {
    let mut memory: Vec<(&String, &Region)> = board.memory.iter().collect();
    memory.sort_by_key(|(_, region)| region.at);
    let memory: Vec<String> = memory
        .iter()
        .map(|(name, region)| format!("{name} ({} bytes at {:#010x})", region.size, region.at))
        .collect();
    FootprintError::Homeless {
        section: part.name.clone(),
        span: part.span(),
        board: board.name.clone(),
        memory: memory.join(" and "),
    }
}
