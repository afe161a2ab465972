//! Which scenarios are meant. Pure: who asks the file system gives the answers.

use std::path::{Path, PathBuf};

/// What one filter on the command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// A part of an identity or title.
    Words(String),
    /// The scenario in this file. Canonical.
    File(PathBuf),
    /// The scenarios below this folder. Canonical.
    Folder(PathBuf),
}

/// What filters look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) identity: &'a str,
    /// `None` if the file could not be read that far.
    pub(crate) title: Option<&'a str>,
    /// Canonical.
    pub(crate) file: &'a Path,
}

impl Filter {
    /// Whether `candidate` is meant.
    pub(crate) fn takes(&self, candidate: Candidate<'_>) -> bool {
        match self {
            Filter::File(file) => candidate.file == file,
            Filter::Folder(folder) => candidate.file.starts_with(folder),
            Filter::Words(words) => {
                let words = words.to_lowercase();
                let holds = |text: &str| text.to_lowercase().contains(&words);
                holds(candidate.identity) || candidate.title.is_some_and(holds)
            }
        }
    }
}

/// Whether one of `filters` takes `candidate`; no filters take everything.
pub(crate) fn is_selected(filters: &[Filter], candidate: Candidate<'_>) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.takes(candidate))
}

/// Up to three of `names` that `word` may have been meant for, the nearest first.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    /// Below this, two words have little in common (Jaro-Winkler, 0 to 1).
    const ALIKE: f64 = 0.8;
    let likeness = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or(name);
        strsim::jaro_winkler(word, name).max(strsim::jaro_winkler(word, last))
    };
    let mut near: Vec<_> = names
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [(&str, &str); 4] = [
        ("01-intro/blink", "the LED blinks once a second"),
        ("01-intro/blink-defaults", "blink blinks three times"),
        ("01-intro/repl", "the REPL answers"),
        ("02-gpio/button", "a button BLINKS the LED"),
    ];

    #[track_caller]
    fn check(filters: &[Filter], expected: &[&str]) {
        let taken: Vec<_> = NAMES
            .iter()
            .filter(|(identity, title)| {
                let file = PathBuf::from(format!("/s/{identity}.yaml"));
                is_selected(filters, Candidate { identity, title: Some(title), file: &file })
            })
            .map(|(identity, _)| *identity)
            .collect();
        assert_eq!(taken, expected);
    }

    fn words(words: &str) -> Filter {
        Filter::Words(words.to_owned())
    }

    #[test]
    fn no_filter_takes_everything() {
        check(
            &[],
            &["01-intro/blink", "01-intro/blink-defaults", "01-intro/repl", "02-gpio/button"],
        );
    }

    #[test]
    fn words_are_looked_for_in_identities_and_titles() {
        check(&[words("01-intro/blink")], &["01-intro/blink", "01-intro/blink-defaults"]);
        check(&[words("blinks the led")], &["02-gpio/button"]);
        check(&[words("REPL")], &["01-intro/repl"]);
        check(&[words("nothing")], &[]);
    }

    #[test]
    fn a_file_takes_itself_and_a_folder_what_is_below() {
        check(&[Filter::File("/s/01-intro/blink.yaml".into())], &["01-intro/blink"]);
        check(&[Filter::Folder("/s/02-gpio".into())], &["02-gpio/button"]);
        check(&[Filter::Folder("/s/02".into())], &[]);
    }

    #[test]
    fn several_filters_take_what_any_of_them_takes() {
        check(&[words("repl"), words("button")], &["01-intro/repl", "02-gpio/button"]);
    }

    #[test]
    fn a_slip_of_the_fingers_finds_the_nearest_names() {
        let names = || NAMES.iter().map(|(identity, _)| *identity);
        assert_eq!(nearest("blnik", names()), ["01-intro/blink"]);
        assert_eq!(
            nearest("blink-default", names()),
            ["01-intro/blink-defaults", "01-intro/blink"]
        );
        assert_eq!(nearest("xyzzy", names()), Vec::<&str>::new());
    }
}
