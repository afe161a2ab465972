//! What a scenario does with a block of its lesson: whether it runs its code,
//! and which outputs it compares.
//!
//! Told from the scenario alone, without playing it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::outputs::{self, Output};
use crate::lesson::Block;
use crate::scenario::{Action, Code, Exchange, Expect, Scenario, TextPattern};

/// What a scenario does with a block.
#[derive(Debug, Default)]
pub(super) struct Play {
    /// Its code runs.
    pub(super) runs: bool,
    /// Which of its outputs are compared, by index.
    pub(super) compared: BTreeSet<usize>,
}

/// What `scenario` does with `block`, whose text claims `outputs`.
pub(super) fn play(scenario: &Scenario, block: &Block, outputs: &[Output]) -> Play {
    let steps: Vec<_> = code_of_block(scenario, block).collect();
    let is_file = runs_as_file(scenario, block);
    let mut compared = BTreeSet::new();
    for code in &steps {
        let claims = code.claims.iter().map(|claim| claim.source());
        compared.extend(in_order(claims, outputs));
    }
    if is_file {
        compared.extend(in_order(expected_lines(scenario), outputs));
    }
    // A list of claims is meant to be whole: what it leaves out is not compared by chance.
    let is_listed = steps.iter().any(|code| !code.claims.is_empty());
    let typed = answered(scenario, outputs).into_iter();
    compared.extend(typed.filter(|index| !is_listed || outputs[*index].is_typed));
    let is_typed = outputs::is_transcript(block) && compared.len() == outputs.len();
    Play { runs: !steps.is_empty() || is_file || is_typed, compared }
}

/// The code of the steps that run `block` by its name.
fn code_of_block<'a>(scenario: &'a Scenario, block: &'a Block) -> impl Iterator<Item = &'a Code> {
    code_steps(scenario).filter(|code| code.block.as_ref() == Some(&block.name))
}

fn code_steps(scenario: &Scenario) -> impl Iterator<Item = &Code> {
    scenario.steps.iter().filter_map(|step| match &step.action {
        Action::Exec(code) | Action::Paste(code) => Some(code),
        _ => None,
    })
}

fn exchanges(scenario: &Scenario) -> impl Iterator<Item = &Exchange> {
    scenario.steps.iter().flat_map(|step| match &step.action {
        Action::Repl(exchanges) => exchanges.as_slice(),
        _ => &[],
    })
}

/// Lines that the scenario demands of the board's output, as they stand.
fn expected_lines(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.steps.iter().flat_map(|step| -> Vec<&str> {
        match &step.action {
            Action::Expect(Expect::Text(TextPattern::Text(text))) => text.lines().collect(),
            Action::Expect(Expect::Lines(lines)) => lines.iter().map(String::as_str).collect(),
            Action::Repl(exchanges) => {
                exchanges.iter().flat_map(|one| one.expected.source().lines()).collect()
            }
            _ => Vec::new(),
        }
    })
}

/// The outputs that stand among `lines`, in their order, each line for one of them.
fn in_order<'a>(lines: impl Iterator<Item = &'a str>, outputs: &[Output]) -> Vec<usize> {
    let mut rest = outputs.iter().enumerate().filter(|(_, output)| !output.is_typed);
    let mut found = Vec::new();
    for line in lines {
        let mut ahead = rest.clone();
        if let Some((index, _)) = ahead.find(|(_, output)| output.text == line.trim()) {
            found.push(index);
            rest = ahead;
        }
    }
    found
}

/// The outputs whose code is typed in `repl` steps, in their order, and answered as the lesson says.
fn answered(scenario: &Scenario, outputs: &[Output]) -> Vec<usize> {
    let exchanges: Vec<_> = exchanges(scenario).collect();
    let mut rest = exchanges.into_iter();
    let mut found = Vec::new();
    for (index, output) in outputs.iter().enumerate() {
        let mut ahead = rest.clone();
        if ahead.any(|exchange| is_answer(exchange, output)) {
            found.push(index);
            rest = ahead;
        }
    }
    found
}

/// Where the lesson shows no answer, any will do: it says nothing about it.
fn is_answer(exchange: &Exchange, output: &Output) -> bool {
    let answer = exchange.expected.source().trim();
    outputs::code_lines(&exchange.typed) == output.code
        && (output.text.is_empty() || answer == output.text.trim())
}

/// Whether `block` is a file on the board, by its content, that runs: boot.py and
/// main.py at power-on, others if something that runs imports them.
fn runs_as_file(scenario: &Scenario, block: &Block) -> bool {
    let is_block = |path: &&str| scenario.files[*path] == block.text.as_bytes();
    running_files(scenario).iter().any(is_block)
}

fn running_files(scenario: &Scenario) -> Vec<&str> {
    let mut imported = BTreeSet::new();
    code_steps(scenario).for_each(|code| imported.extend(imports(&code.text)));
    exchanges(scenario).for_each(|one| imported.extend(imports(&one.typed.join("\n"))));
    for step in &scenario.steps {
        if let Action::Send(bytes) = &step.action {
            imported.extend(imports(&String::from_utf8_lossy(bytes).replace('\r', "\n")));
        }
    }
    let mut running: Vec<&str> = Vec::new();
    let runs = |path: &str, imported: &BTreeSet<String>| {
        matches!(path, "boot.py" | "main.py") || is_imported(path, imported)
    };
    // Each file that turns out to run may import others.
    while let Some((path, content)) = scenario
        .files
        .iter()
        .find(|(path, _)| !running.contains(&path.as_str()) && runs(path, &imported))
    {
        imported.extend(imports(&String::from_utf8_lossy(content)));
        running.push(path);
    }
    running
}

/// Whether one of the `imported` names is that of the file: our firmware looks in
/// `/` and `/lib` (firmware/micropython/main.c).
fn is_imported(path: &str, imported: &BTreeSet<String>) -> bool {
    let Some(path) = path.strip_suffix(".py") else { return false };
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    let paths = [Some(path), path.strip_prefix("lib/")];
    paths.into_iter().flatten().any(|path| imported.contains(&path.replace('/', ".")))
}

/// The names of all that `text` imports, packages and what may be modules in them.
fn imports(text: &str) -> BTreeSet<String> {
    static IMPORT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)(?:^|[;:])[ \t]*(?:import[ \t]+([\w., \t]+)|from[ \t]+([\w.]+)[ \t]+import[ \t(]+([\w, \t]*))")
            .expect("the expression is constant")
    });
    let mut names = BTreeSet::new();
    for found in IMPORT.captures_iter(text) {
        let group = |number| found.get(number).map_or("", |group| group.as_str());
        // `import a as b` imports `a`.
        let first_words = |list: &str| -> Vec<String> {
            list.split(',')
                .filter_map(|item| item.split_whitespace().next())
                .map(str::to_owned)
                .collect()
        };
        for name in first_words(group(1)).iter().map(String::as_str).chain([group(2)]) {
            names.extend(name.match_indices('.').map(|(dot, _)| name[..dot].to_owned()));
            names.insert(name.to_owned());
        }
        names.extend(first_words(group(3)).iter().map(|name| format!("{}.{name}", group(2))));
    }
    names
}
