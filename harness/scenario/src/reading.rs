//! What is common to reading all values of a scenario: kinds, keys, quantities,
//! names of blocks.
//!
//! Every reader gives `None` where it noted a problem, so that one run over the
//! file finds all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use replab_board::Board;

use crate::error::{Located, Problem};
use crate::lesson::{Block, Lesson};
use crate::load::World;
use crate::pattern::Expected;
use crate::quantity::QuantityError;
use crate::tree::{Node, Place, Style, Value};

/// What is known while a file is read, and what is wrong with it so far.
pub(crate) struct Reading<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) text: &'a str,
    pub(crate) errors: Vec<Located>,
    /// The boards that the scenario plays on.
    pub(crate) boards: Vec<&'a Board>,
    pub(crate) lesson: Option<Arc<Lesson>>,
    /// The names that steps so far have captured, and where.
    pub(crate) captures: BTreeMap<String, Place>,
    /// A lesson is named, but not found: that is said once.
    pub(crate) lesson_is_wrong: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(world: &'a World<'a>, text: &'a str) -> Reading<'a> {
        Reading {
            world,
            text,
            errors: Vec::new(),
            boards: Vec::new(),
            lesson: None,
            captures: BTreeMap::new(),
            lesson_is_wrong: false,
        }
    }

    /// Notes every key that stands twice in its map.
    pub(crate) fn duplicates(&mut self, node: &Node) {
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.duplicates(item)),
            Value::Map(entries) => {
                let mut seen = BTreeMap::new();
                for (key, value) in entries {
                    if let Some(word) = key.scalar()
                        && let Some(first) = seen.insert(word, key.place)
                    {
                        self.twice(key.place, first, word.to_owned());
                    }
                    self.duplicates(value);
                }
            }
            _ => {}
        }
    }

    /// Notes that `key` stands at `place`, and has stood at `first` already.
    pub(crate) fn twice(&mut self, place: Place, first: Place, key: String) {
        self.both(first, place, Problem::Duplicate { key });
    }

    /// Notes a problem at `place` that there would not be without what is at `first`.
    pub(crate) fn both(&mut self, first: Place, place: Place, problem: Problem) {
        self.errors.push(Located::new(place, problem).and(first, "the first is here"));
    }

    /// The scenario's lesson, for the block or heading that `node` names.
    pub(crate) fn lesson(&mut self, node: &Node) -> Option<Arc<Lesson>> {
        if self.lesson.is_none() && !self.lesson_is_wrong {
            self.note(node.place, Problem::NoLesson);
        }
        self.lesson.clone()
    }

    /// The lesson's block that `node` names.
    pub(crate) fn block(&mut self, node: &Node) -> Option<Block> {
        let name = self.text(node, "block")?;
        match self.lesson(node)?.block(&name) {
            Ok(block) => Some(block.clone()),
            Err(error) => self.fail(node.place, error),
        }
    }

    /// Notes what `expected` captures, and refuses what it refers to if no step before
    /// has captured it. It stands in the text `node`, from line `first` of the file on.
    pub(crate) fn names(&mut self, expected: &Expected, node: &Node, first: usize) {
        let place = |reading: &Self, at: usize| {
            let index = expected.source()[..at].matches('\n').count();
            match node.style {
                Style::Literal => reading.line_place(first + index, node.place),
                _ => node.place,
            }
        };
        for (at, name) in expected.references() {
            if !self.captures.contains_key(name) {
                let known = self.captures.keys().map(String::as_str);
                let problem = Problem::unknown("capture", name, known);
                self.note(place(self, at), problem);
            }
        }
        for (at, name) in expected.captures() {
            let place = place(self, at);
            if let Some(first) = self.captures.insert(name.to_owned(), place) {
                let problem = Problem::CapturedTwice { name: name.to_owned() };
                self.errors.push(Located::new(place, problem).and(first, "the first is here"));
            }
        }
    }

    /// The entries of a map; `None` if one of its keys is not in `known`.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        key: &str,
        known: &[&str],
    ) -> Option<BTreeMap<&'n str, &'n Node>> {
        let errors = self.errors.len();
        self.known_fields(node, key, known).filter(|_| self.errors.len() == errors)
    }

    /// The entries of a map whose keys are in `known`; others are noted.
    pub(crate) fn known_fields<'n>(
        &mut self,
        node: &'n Node,
        key: &str,
        known: &[&str],
    ) -> Option<BTreeMap<&'n str, &'n Node>> {
        let Value::Map(entries) = &node.value else {
            return self.kind(node, key, "keys and values: `key: value`");
        };
        let mut fields = BTreeMap::new();
        for (name, value) in entries {
            match name.scalar() {
                Some(word) if known.contains(&word) => {
                    fields.insert(word, value);
                }
                Some(word) => {
                    self.note(name.place, Problem::unknown("key", word, known.iter().copied()))
                }
                None => {
                    self.kind::<()>(name, key, "a word for a key");
                }
            }
        }
        Some(fields)
    }

    /// The entry `key` of `root`.
    pub(crate) fn required<'n>(
        &mut self,
        root: &Node,
        fields: &BTreeMap<&str, &'n Node>,
        key: &'static str,
        advice: &'static str,
    ) -> Option<&'n Node> {
        match fields.get(key) {
            Some(node) => Some(node),
            None => self.fail(Place { length: 1, ..root.place }, Problem::Missing { key, advice }),
        }
    }

    /// A scalar's text. A truth value is none: `on` means different things to different readers.
    pub(crate) fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) if is_truth_word(text) && node.style == Style::Plain => {
                self.fail(node.place, Problem::TruthWord { word: text.clone() })
            }
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Truth(word) => self.fail(node.place, Problem::TruthWord { word: word.clone() }),
            _ => self.kind(node, key, "text"),
        }
    }

    /// The place of a whole line; `or` where there is none.
    pub(crate) fn line_place(&self, line: usize, or: Place) -> Place {
        let mut offset = 0;
        for (index, text) in self.text.split_inclusive('\n').enumerate() {
            if index + 1 == line {
                let blank = text.len() - text.trim_start().len();
                return Place { offset: offset + blank, length: text.trim().len(), line };
            }
            offset += text.len();
        }
        or
    }

    pub(crate) fn number<N: std::str::FromStr>(&mut self, node: &Node, key: &str) -> Option<N> {
        match node.scalar().and_then(|text| text.parse().ok()) {
            Some(number) => Some(number),
            None => self.kind(node, key, "a whole number, zero or more"),
        }
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) => Some(items),
            _ => self.kind(node, key, "a list: `[one, other]`"),
        }
    }

    /// Reads a scalar with a unit.
    pub(crate) fn quantity<T>(
        &mut self,
        node: &Node,
        key: &str,
        parse: impl Fn(&str) -> Result<T, QuantityError>,
    ) -> Option<T> {
        let Some(text) = node.scalar() else {
            return self.kind(node, key, "a quantity with its unit: `500ms`");
        };
        match parse(text) {
            Ok(quantity) => Some(quantity),
            Err(error) => self.fail(node.place, error),
        }
    }

    pub(crate) fn kind<T>(&mut self, node: &Node, key: &str, wanted: &'static str) -> Option<T> {
        self.fail(node.place, Problem::Kind { key: key.to_owned(), found: node.kind(), wanted })
    }

    /// Notes a problem, and gives the nothing that came of it.
    pub(crate) fn fail<T>(&mut self, place: Place, problem: impl Into<Problem>) -> Option<T> {
        self.note(place, problem);
        None
    }

    pub(crate) fn note(&mut self, place: Place, problem: impl Into<Problem>) {
        self.errors.push(Located::new(place, problem));
    }
}

fn is_truth_word(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "on" | "off" | "yes" | "no")
}
