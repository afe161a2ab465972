//! A small ELF file, made as a compiler would: symbols, lines, call-frame rules.

use gimli::write::{
    Address, AttributeValue, CallFrameInstruction, CommonInformationEntry, DwarfUnit, EndianVec,
    FrameDescriptionEntry, FrameTable, LineProgram, LineString, Range, RangeList, Sections,
    Writer as _,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian, Register};
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

/// What the file has besides code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// All that a debugger wants.
    All,
    /// No debug information.
    Symbols,
    /// Nothing: stripped.
    Code,
}

/// A function of the file: 32 bytes from `at` on, at line `at / 2` of `/port/main.c`.
struct Function {
    at: u32,
    name: &'static str,
    /// How much of the stack it takes with its first instruction; `None` for
    /// assembly, of which nothing is known but the symbol.
    frame: Option<i32>,
    /// Whether it keeps lr, and r4 below it.
    keeps_lr: bool,
}

/// Where everything is: the first word of the name says what it is for.
const FUNCTIONS: &[Function] = &[
    Function { at: 0x000, name: "start", frame: Some(8), keeps_lr: true },
    Function { at: 0x020, name: "main", frame: Some(8), keeps_lr: true },
    Function { at: 0x040, name: "middle", frame: Some(16), keeps_lr: true },
    Function { at: 0x060, name: "leaf", frame: Some(0), keeps_lr: false },
    Function { at: 0x080, name: "assembly", frame: None, keeps_lr: false },
    Function { at: 0x0a0, name: "interrupt.isra.0", frame: Some(8), keeps_lr: true },
    Function { at: 0x0c0, name: "noreturn", frame: Some(8), keeps_lr: false },
];

/// Where the symbol `replab_marks` points.
pub(crate) const MARKS: u32 = 0x100;

/// The file's bytes.
pub(crate) fn elf(parts: Parts) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, object::Architecture::Arm, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    object.append_section_data(text, &[0; 0x200], 4);
    if parts != Parts::Code {
        let mut add = |name: &str, value: u32, size: u32, kind: SymbolKind| {
            object.add_symbol(Symbol {
                name: name.into(),
                value: value.into(),
                size: size.into(),
                kind,
                scope: SymbolScope::Linkage,
                weak: false,
                section: SymbolSection::Section(text),
                flags: SymbolFlags::None,
            });
        };
        for function in FUNCTIONS {
            let size = if function.frame.is_some() { 0x20 } else { 0 };
            add(function.name, function.at | 1, size, SymbolKind::Text);
        }
        add("replab_marks", MARKS, 40, SymbolKind::Data);
    }
    if parts == Parts::All {
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        lines().write(&mut sections).unwrap();
        frames().write_debug_frame(&mut sections.debug_frame).unwrap();
        sections
            .for_each(|id, data| {
                if data.len() > 0 {
                    let kind = object::SectionKind::Debug;
                    let section = object.add_section(Vec::new(), id.name().into(), kind);
                    object.set_section_data(section, data.slice().to_vec(), 1);
                }
                Ok::<(), gimli::Error>(())
            })
            .unwrap();
    }
    object.write().unwrap()
}

/// Lines and functions' names.
fn lines() -> DwarfUnit {
    let encoding = Encoding { format: Format::Dwarf32, version: 5, address_size: 4 };
    let mut dwarf = DwarfUnit::new(encoding);
    let string = |text: &str| LineString::String(text.into());
    let mut program = LineProgram::new(
        encoding,
        LineEncoding::default(),
        string("/port"),
        None,
        string("main.c"),
        None,
    );
    let file = program.add_file(string("main.c"), program.default_directory(), None);
    // The assembly in between has no lines.
    let parts = [0..0x80, 0xa0..0xe0];
    for part in &parts {
        program.begin_sequence(Some(Address::Constant(part.start.into())));
        for function in FUNCTIONS.iter().filter(|function| part.contains(&function.at)) {
            let row = program.row();
            row.address_offset = (function.at - part.start).into();
            row.file = file;
            row.line = u64::from(function.at / 2).max(1);
            program.generate_row();
        }
        program.end_sequence((part.end - part.start).into());
    }
    dwarf.unit.line_program = program;
    let constant = |address: u32| Address::Constant(address.into());
    let ranges =
        parts.map(|part| Range::StartEnd { begin: constant(part.start), end: constant(part.end) });
    let ranges = dwarf.unit.ranges.add(RangeList(ranges.to_vec()));
    let root = dwarf.unit.root();
    let entry = dwarf.unit.get_mut(root);
    entry.set(gimli::DW_AT_name, AttributeValue::String(b"main.c".to_vec()));
    entry.set(gimli::DW_AT_comp_dir, AttributeValue::String(b"/port".to_vec()));
    entry.set(gimli::DW_AT_ranges, AttributeValue::RangeListRef(ranges));
    dwarf
}

/// Each function takes its frame with the first instruction.
fn frames() -> FrameTable {
    let (r4, sp, lr) = (Register(4), Register(13), Register(14));
    let mut table = FrameTable::default();
    let encoding = Encoding { format: Format::Dwarf32, version: 1, address_size: 4 };
    let mut cie = CommonInformationEntry::new(encoding, 2, -4, lr);
    cie.add_instruction(CallFrameInstruction::Cfa(sp, 0));
    let cie = table.add_cie(cie);
    for function in FUNCTIONS {
        let Some(frame) = function.frame else { continue };
        let mut fde = FrameDescriptionEntry::new(Address::Constant(function.at.into()), 0x20);
        if frame > 0 {
            fde.add_instruction(2, CallFrameInstruction::CfaOffset(frame));
        }
        if function.keeps_lr {
            fde.add_instruction(2, CallFrameInstruction::Offset(r4, -8));
            fde.add_instruction(2, CallFrameInstruction::Offset(lr, -4));
        }
        table.add_fde(cie, fde);
    }
    table
}
