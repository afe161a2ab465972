//! What is written for CI servers: the JUnit report, and what GitHub shows.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use replab_report::{Junit, Run, StepSummary, Tally};
use replab_runner::write_whole;

use crate::place::from_here;
use crate::voice::Voice;
use crate::{RunArgs, RunError};

/// The reports that were asked for.
pub(crate) struct Reports {
    junit: Option<(PathBuf, Junit)>,
    github: Option<Github>,
}

struct Github {
    summary: StepSummary,
    /// The file that GitHub names.
    file: Option<PathBuf>,
    /// The root of the repository, if GitHub says so.
    root: Option<PathBuf>,
}

impl Reports {
    /// Empty ones. The file of the JUnit report is emptied now: what an older run has
    /// left there must not be taken for ours, and a wrong name is told before anything
    /// is played.
    pub(crate) fn begin(args: &RunArgs) -> Result<Reports, RunError> {
        let junit = args.junit.clone().map(|path| match make(&path) {
            Ok(()) => Ok((path, Junit::default())),
            Err(source) => Err(RunError::Unwritable { path, source }),
        });
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let github = args.github.then(|| Github {
            summary: StepSummary::default(),
            file: named("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            root: named("GITHUB_WORKSPACE").and_then(|root| fs::canonicalize(root).ok()),
        });
        Ok(Reports { junit: junit.transpose()?, github })
    }

    /// Takes one more run of the scenario in `file`.
    pub(crate) fn add(
        &mut self,
        run: &Run<'_>,
        file: &Path,
        screen: &str,
        transcript: Option<&str>,
        voice: Voice,
    ) {
        if let Some((_, junit)) = &mut self.junit {
            junit.add(run, screen, transcript);
        }
        if let Some(github) = &mut self.github {
            github.summary.add(run, screen);
            let name = github.name_of(file);
            let annotations = replab_report::annotation(run, &name).into_iter();
            let annotations = annotations.chain(replab_report::warnings(run, &name));
            annotations.for_each(|annotation| voice.command(&annotation));
        }
    }

    /// Writes them; says what could not be written. Whether all could.
    pub(crate) fn end(&self, tally: &Tally, wall: Duration, voice: Voice) -> bool {
        let junit =
            self.junit.as_ref().map(|(file, junit)| (file, write_whole(file, &junit.xml(wall))));
        let github = self.github.as_ref().and_then(|github| {
            let file = github.file.as_ref()?;
            Some((file, append(file, &github.summary.markdown(tally, wall))))
        });
        let mut all = true;
        for (file, written) in [junit, github].into_iter().flatten() {
            if let Err(source) = written {
                voice.complain(&RunError::Unwritable { path: from_here(file).into(), source });
                all = false;
            }
        }
        all
    }
}

impl Github {
    /// The name of `file` from the root of the repository.
    fn name_of(&self, file: &Path) -> String {
        let whole = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let below = self.root.as_ref().and_then(|root| whole.strip_prefix(root).ok());
        below.map_or_else(|| from_here(&whole), |below| below.display().to_string())
    }
}

fn make(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(file).map(drop)
}

fn append(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
}
