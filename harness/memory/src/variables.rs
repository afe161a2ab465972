//! Which source file a variable stands in.
//!
//! `addr2line` knows code only. A variable with a fixed address is an entry whose
//! location is the one operation `DW_OP_addr` (DWARF 5 §4.1, §2.6).

use std::collections::HashMap;

use gimli::{AttributeValue, DebuggingInformationEntry, Dwarf, Expression, Operation, Reader as _};
use gimli::{Unit, UnitOffset};

use crate::image::Section;

/// The source files of all variables, by their addresses. What cannot be read gives less.
pub(crate) fn files(dwarf: &Dwarf<Section>) -> HashMap<u32, String> {
    let mut files = HashMap::new();
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        if let Ok(unit) = dwarf.unit(header) {
            add(dwarf, &unit, &mut files);
        }
    }
    files
}

fn add(dwarf: &Dwarf<Section>, unit: &Unit<Section>, files: &mut HashMap<u32, String>) {
    let mut entries = unit.entries();
    while let Ok(Some(entry)) = entries.next_dfs() {
        if entry.tag() != gimli::DW_TAG_variable {
            continue;
        }
        if let Some(address) = address(dwarf, unit, entry)
            && let Some(index) = file_index(unit, entry)
            && let Some(file) = path(dwarf, unit, index)
        {
            files.entry(address).or_insert(file);
        }
    }
}

fn address(
    dwarf: &Dwarf<Section>,
    unit: &Unit<Section>,
    entry: &DebuggingInformationEntry<Section>,
) -> Option<u32> {
    let location = entry.attr_value(gimli::DW_AT_location)?;
    let Expression(bytes) = location.exprloc_value()?;
    let mut operations = Expression(bytes).operations(unit.encoding());
    let address = match operations.next().ok()?? {
        Operation::Address { address } => address,
        Operation::AddressIndex { index } => dwarf.address(unit, index).ok()?,
        _ => return None,
    };
    // A thread's own variable has further operations, and no fixed address.
    operations.next().ok()?.is_none().then(|| u32::try_from(address).ok())?
}

/// The file of the entry itself, or of the declaration that it completes (DWARF 5 §2.13.2).
fn file_index(unit: &Unit<Section>, entry: &DebuggingInformationEntry<Section>) -> Option<u64> {
    let own = |entry: &DebuggingInformationEntry<Section>| match entry
        .attr_value(gimli::DW_AT_decl_file)?
    {
        AttributeValue::FileIndex(index) => Some(index),
        other => other.udata_value(),
    };
    let declared = || {
        let link = entry
            .attr_value(gimli::DW_AT_specification)
            .or_else(|| entry.attr_value(gimli::DW_AT_abstract_origin))?;
        let AttributeValue::UnitRef(UnitOffset(offset)) = link else { return None };
        own(&unit.entry(UnitOffset(offset)).ok()?)
    };
    own(entry).or_else(declared)
}

/// The file with its folder and, where that is relative, the folder of the compilation.
fn path(dwarf: &Dwarf<Section>, unit: &Unit<Section>, index: u64) -> Option<String> {
    let header = unit.line_program.as_ref()?.header();
    let file = header.file(index)?;
    let text = |value| {
        let text = dwarf.attr_string(unit, value).ok()?;
        Some(text.to_string_lossy().ok()?.into_owned())
    };
    let folder = file.directory(header).and_then(text).unwrap_or_default();
    let root = unit.comp_dir.as_ref().and_then(|root| root.to_string_lossy().ok());
    let root = root.unwrap_or_default().into_owned();
    Some(joined(&joined(&root, &folder), &text(file.path_name())?))
}

fn joined(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.starts_with('/') {
        path.to_owned()
    } else if path.is_empty() {
        folder.to_owned()
    } else {
        format!("{}/{path}", folder.trim_end_matches('/'))
    }
}
