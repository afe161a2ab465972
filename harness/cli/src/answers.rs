//! Puts accepted answers of `repl` steps into the scenarios' files, when all runs are
//! over: several runs may be of one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use replab_scenario::{NewAnswer, rewrite};

use crate::RunError;
use crate::place::from_here;
use crate::voice::Voice;

/// New answers by the file that they belong to.
#[derive(Debug, Default)]
pub(crate) struct Answers(BTreeMap<PathBuf, Vec<NewAnswer>>);

impl Answers {
    /// A run of `file` had these.
    pub(crate) fn add(&mut self, file: &Path, answers: Vec<NewAnswer>) {
        if !answers.is_empty() {
            self.0.entry(file.to_owned()).or_default().extend(answers);
        }
    }

    /// Writes them. A file in which one cannot stand stays as it is.
    pub(crate) fn store(self, voice: Voice) -> Result<(), RunError> {
        let mut refused = None;
        for (file, answers) in self.0 {
            let text = fs::read_to_string(&file)
                .map_err(|source| RunError::Unreadable { path: file.clone(), source })?;
            match rewrite(&text, &answers) {
                Ok(text) => {
                    fs::write(&file, text)
                        .map_err(|source| RunError::Unwritable { path: file.clone(), source })?;
                    voice.warn(&format!("rewritten: {}\n", from_here(&file)));
                }
                Err(source) => refused = Some(RunError::Answer { path: file, source }),
            }
        }
        refused.map_or(Ok(()), Err)
    }
}
