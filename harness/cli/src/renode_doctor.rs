//! `replab doctor --renode`: tries on a real Renode what the lab takes for granted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use replab_machine::renode::{Examination, Exchange, Finding, Outcome, examine};
use replab_report::{Ending, ExitCode, visible};
use replab_setup::Named;
use serde_json::json;

use crate::place::from_here;
use crate::renode::renode_tools;
use crate::voice::Voice;
use crate::{Place, RunError, catalogue};

/// The board that is tried.
const BOARD: &str = "lab-m0";

/// How long the start, and each question, may take on the desk clock.
const WALL: Duration = Duration::from_secs(120);

/// How much of a raw answer is shown; all of it is in the recording.
const SHOWN: usize = 400;

/// Walks a Renode through each assumption, one line each, and writes a recording that
/// the stand-in of the tests can play: to `record`, or below the folder of transcripts.
/// `named` may name the program. [`ExitCode::Broken`] if not all held.
pub fn doctor_renode(place: &Place, named: Named, record: Option<PathBuf>) -> ExitCode {
    let voice = Voice::of_terminal();
    let file = record.unwrap_or_else(|| place.output.join("renode-recording.jsonl"));
    let ending = match try_all(place, named) {
        Err(error) => {
            voice.complain(&error);
            error.ending()
        }
        Ok(Err(missing)) => {
            voice.warn(&format!("error: {missing}\n"));
            Ending::NotInstalled
        }
        Ok(Ok(examination)) => {
            voice.say(&table(&examination));
            match write(&file, &examination) {
                Ok(()) => {
                    voice.say(&format!("the recording is {}\n", from_here(&file)));
                    let all_held = examination.findings.iter().all(has_held);
                    if all_held { Ending::Told } else { Ending::NotInstalled }
                }
                Err(source) => {
                    let error = RunError::Unwritable { path: file, source };
                    voice.complain(&error);
                    error.ending()
                }
            }
        }
    };
    ExitCode::of(&ending)
}

/// All findings, or what is missing for them.
fn try_all(place: &Place, named: Named) -> Result<Result<Examination, String>, RunError> {
    let tools = match renode_tools(place, named)? {
        Ok(tools) => tools,
        Err(reason) => return Ok(Err(replab_report::skip_reason(&reason))),
    };
    let boards = catalogue::boards(place)?;
    let Some(board) = boards.get(BOARD) else {
        let known = boards.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(RunError::UnknownBoard { board: BOARD.to_owned(), known });
    };
    let firmware = place.firmware_of(BOARD);
    if !firmware.is_file() {
        let file = from_here(&firmware);
        return Ok(Err(format!("no firmware at {file} ({})", place.firmware_advice())));
    }
    Ok(Ok(examine(&tools, board, &firmware, WALL)?))
}

fn has_held(finding: &Finding) -> bool {
    finding.outcome == Outcome::Held
}

fn table(examination: &Examination) -> String {
    let version = match examination.version.as_str() {
        "" => "a Renode that did not say its version",
        version => version,
    };
    let mut text = format!("{}\n", visible(version));
    for finding in &examination.findings {
        let mark = match finding.outcome {
            Outcome::Held => "held",
            Outcome::DidNotHold => "DID NOT HOLD",
            Outcome::NotTried => "not tried",
        };
        let raw: String = visible(&finding.raw).chars().take(SHOWN).collect();
        text += &format!("{mark:<12}  {}\n              {raw}\n", finding.assumption);
    }
    let count =
        |outcome| examination.findings.iter().filter(|finding| finding.outcome == outcome).count();
    text += &format!(
        "{} held, {} did not hold, {} not tried\n",
        count(Outcome::Held),
        count(Outcome::DidNotHold),
        count(Outcome::NotTried)
    );
    text
}

/// A head with the findings, and one line for each question and its answer.
fn write(file: &Path, examination: &Examination) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let finding = |finding: &Finding| {
        json!({
            "assumption": finding.assumption,
            "outcome": format!("{:?}", finding.outcome),
            "raw": finding.raw,
        })
    };
    let findings: Vec<_> = examination.findings.iter().map(finding).collect();
    let head = json!({ "recording": 1, "renode": examination.version, "findings": findings });
    let line = |exchange: &Exchange| {
        json!({ "request": exchange.request, "answer": exchange.answer }).to_string() + "\n"
    };
    let lines: String = examination.recording.iter().map(line).collect();
    fs::write(file, format!("{head}\n{lines}"))
}
