//! Files that are not on the board, and files whose content is not.

use std::sync::LazyLock;

use regex::Regex;
use replab_record::Claim;
use replab_scenario::{Action, Fs};

use super::facts::source;
use super::{Facts, Stored};
use crate::output::text;

/// How like two names must be for one to be meant by the other, from 0 to 1.
const LIKENESS: f64 = 0.6;
/// So many files of the board are named at most.
const MOST_FILES: usize = 6;

/// `open("log.txt"`, and the mode if it is given.
static OPEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"open\(\s*["']([^"']+)["']\s*(?:,\s*["']([^"']*)["'])?"#)
        .expect("it is an expression")
});

/// A module or a file was asked for that the board does not have.
pub(super) fn missing(facts: &Facts<'_>) -> Option<String> {
    let (exception, files) = (facts.exception.as_ref()?, facts.files.as_ref()?);
    match (exception.name.as_str(), exception.message.as_str()) {
        ("ImportError", message) => {
            let module = message.strip_prefix("no module named '")?.strip_suffix('\'')?;
            Some(missing_module(&format!("{}.py", module.replace('.', "/")), files))
        }
        ("OSError", message) if message.contains("ENOENT") => {
            let name = opened(facts)?;
            Some(format!(
                "the board has no file `{}`: {}",
                text(name.as_bytes()),
                instead(&name, files)
            ))
        }
        _ => None,
    }
}

fn missing_module(file: &str, files: &[Stored]) -> String {
    let elsewhere = files.iter().find(|stored| stored.path.ends_with(&format!("/{file}")));
    let shown = text(file.as_bytes());
    match elsewhere {
        Some(stored) => format!(
            "`{}` is where `import` does not look: it looks into `/` and `/lib`",
            text(stored.path.as_bytes())
        ),
        None => format!(
            "the board has no file `{shown}`, and its firmware no such module: {}",
            instead(file, files)
        ),
    }
}

/// What is there instead of `name`.
fn instead(name: &str, files: &[Stored]) -> String {
    let name = name.trim_start_matches('/');
    let near = files
        .iter()
        .map(|file| (strsim::normalized_damerau_levenshtein(name, &file.path), file))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((_, near)) = near {
        return format!("is `{}` meant?", text(near.path.as_bytes()));
    }
    let mut names: Vec<String> =
        files.iter().take(MOST_FILES).map(|file| text(file.path.as_bytes())).collect();
    if files.len() > MOST_FILES {
        names.push(format!("{} more", files.len() - MOST_FILES));
    }
    let has = match names.is_empty() {
        true => "none".to_string(),
        false => names.join(", "),
    };
    format!("`files:` puts one there (it has {has})")
}

/// The file that the line with the exception opens, if it is named there.
fn opened(facts: &Facts<'_>) -> Option<String> {
    let (file, line) = facts.exception.as_ref()?.place.as_ref()?;
    let code = match (file.as_str(), &facts.step().action, &facts.failure.claim) {
        ("<stdin>", _, Claim::Answer { typed, .. }) => typed.clone(),
        ("<stdin>", action, _) => source(action)?,
        (file, ..) => {
            let bytes = facts.scenario.files.get(file)?;
            String::from_utf8_lossy(bytes).into_owned()
        }
    };
    let line = code.lines().nth(line.checked_sub(1)?)?;
    OPEN.captures(line).map(|found| found[1].to_string())
}

/// A file was opened for writing and never closed, and now its content is not there.
pub(super) fn not_saved(facts: &Facts<'_>) -> Option<String> {
    let files = facts.files.as_ref()?;
    let sources = facts.sources();
    let is_closed = |source: &String| {
        [".close(", ".flush(", "with open("].iter().any(|part| source.contains(part))
    };
    if sources.iter().any(is_closed) {
        return None;
    }
    let written = sources
        .iter()
        .flat_map(|source| OPEN.captures_iter(source))
        .filter(|found| found.get(2).is_some_and(|mode| mode.as_str().contains(['w', 'a'])));
    let mut names = written.map(|found| found[1].trim_start_matches('/').to_string());
    let bytes = |name: &str| files.iter().find(|file| file.path == name).map_or(0, |f| f.bytes);
    let name = names.find(|name| bytes(name) == 0 && is_about(facts, name))?;
    Some(format!(
        "`{0}` was written and not saved: close it (`f.close()`), or write it within \
         `with open(\"{0}\", \"w\") as f:`",
        text(name.as_bytes())
    ))
}

/// Whether the failed step is about the file.
fn is_about(facts: &Facts<'_>, name: &str) -> bool {
    match (&facts.step().action, &facts.failure.claim) {
        (_, Claim::Answer { typed, .. }) => typed.contains(name),
        (Action::Fs(Fs::Is(files)), _) => {
            files.keys().any(|path| path.trim_start_matches('/') == name)
        }
        (Action::Fs(Fs::Has(path)), _) => path.trim_start_matches('/') == name,
        (action, _) => source(action).is_some_and(|code| code.contains(name)),
    }
}
