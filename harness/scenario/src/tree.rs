//! A YAML text as a tree in which every value knows its place.
//!
//! Scenario files are read in two passes, because a step has an action beside
//! its modifiers: serde can say "unknown key" or keep places through such a
//! shape, not both. The first pass is here; the second gives the tree a meaning
//! (`load.rs`, `step.rs`). Numbers and truth values keep the text that the author
//! wrote, so that a message can repeat it, and strings know whether they were
//! quoted: YAML 1.2 reads a bare `on` as text, YAML 1.1 as a truth value.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Options, Spanned};

use crate::error::Problem;

/// Where a value stands in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Byte offset.
    pub(crate) offset: usize,
    /// Bytes.
    pub(crate) length: usize,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) style: Style,
    pub(crate) value: Value,
}

/// How a scalar is written. Lists and maps count as plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Bare.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// Below `|`: its lines are those of the file.
    Literal,
    /// Below `>`.
    Folded,
}

/// What YAML has.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing, or `null`.
    Null,
    /// A string.
    Text(String),
    /// A number, as written.
    Number(String),
    /// `true` or `false`, as written.
    Truth(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in order.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What it is, for "found …".
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Text(_) => "text",
            Value::Number(_) => "a number",
            Value::Truth(_) => "a truth value",
            Value::List(_) => "a list",
            Value::Map(_) => "keys and values",
        }
    }

    /// The text of a scalar, whatever YAML takes it for.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) | Value::Truth(text) => Some(text),
            _ => None,
        }
    }

    /// The line of the file that line `index` (from 0) of this text stands on. Known
    /// for literal text only; other text counts as standing on its first line.
    pub(crate) fn line_of(&self, index: usize) -> usize {
        match (&self.value, self.style) {
            // The place is that of the first line that is not blank.
            (Value::Text(text), Style::Literal) => {
                let blank = text.bytes().take_while(|byte| *byte == b'\n').count();
                (self.place.line + index).saturating_sub(blank)
            }
            _ => self.place.line,
        }
    }
}

/// Why a text is no YAML.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) place: Place,
    pub(crate) problem: Box<Problem>,
}

/// Reads `text`.
pub(crate) fn read(text: &str) -> Result<Node, Unreadable> {
    // Merge keys are YAML 1.1 only, and foreign tags mean nothing here. Repeated
    // keys pass, because `load` shows both of their places.
    let options: Options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    };
    let raw: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let place = error
                .location()
                .map_or(Place { line: 1, ..Place::default() }, |at| place(text, &at));
            Unreadable { place, problem: Box::new(problem(&error)) }
        })?;
    Ok(node(text, raw))
}

/// What serde makes of it, before scalars get their own text back.
enum Raw {
    Null,
    Text(String),
    Number,
    Truth,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Truth)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Raw::Map(entries))
    }
}

fn node(text: &str, raw: Spanned<Raw>) -> Node {
    // Of an alias, the place of what it stands for: there the text is.
    let place = place(text, &raw.defined);
    let written = || {
        text.get(place.offset..place.offset + place.length).unwrap_or_default().trim().to_owned()
    };
    let mut style = Style::Plain;
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Text(content) => {
            style = scalar_style(text, place);
            Value::Text(content)
        }
        Raw::Number => Value::Number(written()),
        Raw::Truth => Value::Truth(written()),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(text, item)).collect()),
        Raw::Map(entries) => Value::Map(
            entries.into_iter().map(|(key, value)| (node(text, key), node(text, value))).collect(),
        ),
    };
    Node { place, style, value }
}

/// The library does not tell how a scalar is written, but the text does: block
/// text begins on a line of its own below one that ends with its mark.
fn scalar_style(text: &str, place: Place) -> Style {
    let (before, after) = text.split_at(place.offset);
    let bare = if after.starts_with(['"', '\'']) { Style::Quoted } else { Style::Plain };
    let (above, indent) = before.rsplit_once('\n').unwrap_or(("", before));
    if !indent.trim().is_empty() {
        return bare;
    }
    let header = above.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let header = header.split_once(" #").map_or(header, |(header, _)| header);
    let mark = header.split_whitespace().last().unwrap_or_default();
    let is_mark = |sign| {
        mark.strip_prefix(sign).is_some_and(|rest| rest.chars().all(|c| "123456789+-".contains(c)))
    };
    match (is_mark('|'), is_mark('>')) {
        (true, _) => Style::Literal,
        (_, true) => Style::Folded,
        _ => bare,
    }
}

fn place(text: &str, at: &Location) -> Place {
    let line = usize::try_from(at.line()).unwrap_or(1).max(1);
    let bytes = at.span().byte_offset().zip(at.span().byte_len());
    let bytes = bytes.and_then(|(offset, length)| {
        Some((usize::try_from(offset).ok()?, usize::try_from(length).ok()?))
    });
    if let Some((offset, length)) =
        bytes.filter(|(offset, length)| text.get(*offset..offset + length).is_some())
    {
        return Place { offset, length, line };
    }
    // Errors of the scanner have line and column only: one character is marked.
    let column = usize::try_from(at.column()).unwrap_or(1).max(1);
    let start =
        text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>().min(text.len());
    let mut characters =
        text[start..].char_indices().skip(column - 1).map(|(index, _)| start + index);
    let offset = characters.next().unwrap_or(text.len());
    let end = characters.next().unwrap_or(text.len());
    Place { offset, length: end - offset, line }
}

/// The library's words, without the place (ours is drawn beside them), and without
/// what only its callers know.
fn problem(error: &serde_saphyr::Error) -> Problem {
    let message = match error.without_snippet() {
        serde_saphyr::Error::MultipleDocuments { .. } => "a second document begins here".to_owned(),
        serde_saphyr::Error::MergeKeyNotAllowed { .. } => "`<<` merges in YAML 1.1 only".to_owned(),
        other => other.to_string(),
    };
    // The error for it may be wrapped in others.
    if message.contains("budget breached") {
        let why = "too many parts once each alias stands for what it names".to_owned();
        return Problem::TooLarge { why };
    }
    let first = message.lines().next().unwrap_or_default();
    let cut = first.find(" at line ").map_or(first, |index| &first[..index]);
    Problem::NoYaml { why: cut.trim_start_matches("error: ").to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nodes of `text` that are scalars: line, style, text as it stands in the file.
    fn scalars(text: &str) -> Vec<(usize, Style, String)> {
        fn walk(text: &str, node: &Node, found: &mut Vec<(usize, Style, String)>) {
            match &node.value {
                Value::List(items) => items.iter().for_each(|item| walk(text, item, found)),
                Value::Map(entries) => {
                    entries.iter().for_each(|(_, value)| walk(text, value, found))
                }
                _ => {
                    let Place { offset, length, .. } = node.place;
                    found.push((
                        node.line_of(0),
                        node.style,
                        text[offset..offset + length].to_owned(),
                    ));
                }
            }
        }
        let mut found = Vec::new();
        walk(text, &read(text).unwrap(), &mut found);
        found
    }

    #[track_caller]
    fn check(text: &str, expected: &[(usize, Style, &str)]) {
        let found = scalars(text);
        let found: Vec<_> =
            found.iter().map(|(line, style, text)| (*line, *style, text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn places_are_bytes_also_behind_wide_characters() {
        check(
            "ä: [µ, on]\nb: 1_0",
            &[(1, Style::Plain, "µ"), (1, Style::Plain, "on"), (2, Style::Plain, "1_0")],
        );
    }

    #[test]
    fn styles_are_told_from_the_text() {
        check("a: 'on'\nb: \"x\"", &[(1, Style::Quoted, "'on'"), (1 + 1, Style::Quoted, "\"x\"")]);
        check("- |2-\n  on\n- >\n  on", &[(2, Style::Literal, "on\n"), (4, Style::Folded, "on")]);
        check("a: | # why\n  \"x\"\n", &[(2, Style::Literal, "\"x\"\n")]);
        check("a: # b |\n  x\n", &[(2, Style::Plain, "x")]);
        check("a:\n  # b |\n  x\n", &[(3, Style::Plain, "x")]);
        check("a:\n  'x'\n", &[(2, Style::Quoted, "'x'")]);
    }

    #[test]
    fn literal_text_counts_its_leading_blank_lines() {
        check("a: |\n\n\n  x\n", &[(2, Style::Literal, "x\n")]);
    }

    #[test]
    fn an_alias_stands_where_its_text_is() {
        check(
            "a: &x |\n  one\nb: *x\n",
            &[(2, Style::Literal, "one\n"), (2, Style::Literal, "one\n")],
        );
    }

    #[test]
    fn what_is_no_yaml_has_a_place() {
        let unreadable = read("a: b\n  ä: d\n").unwrap_err();
        assert_eq!(
            (unreadable.place, unreadable.problem.to_string().as_str()),
            (
                Place { offset: 9, length: 1, line: 2 },
                "this is no YAML: mapping values are not allowed in this context",
            )
        );
        assert_eq!(read("a: {<<: {b: c}}").unwrap_err().place.line, 1);
        assert_eq!(read("a: !thing x").unwrap_err().place.line, 1);
        assert!(read(&"[".repeat(10_000)).is_err());
    }
}
