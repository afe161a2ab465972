//! Exceptions that Python has told, and what `MemoryError` means.

use replab_record::Claim;

use super::Facts;
use crate::output::Output;

/// How a traceback begins (`mp_obj_print_exception` in py/obj.c of MicroPython 1.25).
const TRACEBACK: &str = "Traceback (most recent call last):";

/// An exception that Python has told with its traceback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exception {
    /// Its type: `OSError`.
    pub(super) name: String,
    /// What it says; may be empty.
    pub(super) message: String,
    /// The innermost place: file and line, from 1.
    pub(super) place: Option<(String, usize)>,
}

/// The exception that was told last, in what `claim` got or in `output` from `from` on,
/// unless the claim asks for it.
pub(super) fn told(claim: &Claim, output: &Output, from: usize) -> Option<Exception> {
    let said = output.text(from.min(output.len())..output.len());
    let (expected, text) = match claim {
        Claim::Answer { expected, got, .. } => (expected, got.as_str()),
        Claim::Output { expected, .. }
        | Claim::Code { expected, .. }
        | Claim::Level { expected, .. }
        | Claim::Wave { expected, .. }
        | Claim::File { expected, .. } => (expected, said.as_str()),
        Claim::Memory { .. }
        | Claim::Finding { .. }
        | Claim::Failure { .. }
        | Claim::Snapshot { .. }
        | Claim::Crash { .. } => return None,
    };
    last_of(text).filter(|exception| !expected.contains(&exception.name))
}

/// The exception whose traceback is the last in `text`.
pub(super) fn last_of(text: &str) -> Option<Exception> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().rposition(|line| line.ends_with(TRACEBACK))?;
    let places = lines[start + 1..].iter().take_while(|line| line.starts_with("  ")).count();
    let (name, message) = match lines.get(start + 1 + places)? {
        line if line.contains(": ") => line.split_once(": ")?,
        line => (line.trim_end_matches(':'), ""),
    };
    let place = lines[start + 1..][..places].last().and_then(|line| place(line));
    Some(Exception { name: name.to_string(), message: message.to_string(), place })
}

/// `  File "main.py", line 3, in f`.
fn place(line: &str) -> Option<(String, usize)> {
    let (file, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((file.to_string(), digits.parse().ok()?))
}

/// The heap had no room.
pub(super) fn memory(facts: &Facts<'_>) -> Option<String> {
    let exception = facts.exception.as_ref().filter(|one| one.name == "MemoryError")?;
    // py/runtime.c, `m_malloc_fail`: "memory allocation failed, allocating %u bytes".
    let asked = exception.message.split("allocating ").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then(|| format!("{digits} bytes in one piece"))
    });
    let asked = asked.unwrap_or_else(|| "what it asked for".to_string());
    let heap = facts.heap.map(|heap| {
        format!(
            ": of its {} bytes {} are free now, the longest piece {}",
            heap.total, heap.free, heap.largest_free
        )
    });
    Some(format!(
        "the heap had no room for {asked}{} (docs/memory.md says how to measure it)",
        heap.unwrap_or_default()
    ))
}
