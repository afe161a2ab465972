//! `docs/scenario-keys.md`: every key of the language in tables, for people.
//!
//! Made of the schema, and so of the reader's own tables of words. A test holds
//! the page to it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::load::FILE_WORDS;
use crate::schema::schema;
use crate::step::{MODIFIER_WORDS, STEP_WORDS};

/// Values that have a section of their own, and what stands in it beside their shape.
const NAMED: [(&str, &str); 22] = [
    ("text", "Text. A number is taken as it is written."),
    ("duration", ""),
    ("bound", ""),
    ("regex", "A regular expression, as the crate `regex` has them."),
    ("pattern", "Text that is looked for, or a regular expression."),
    ("finding", "What the lab notices: what it does not emulate, and trouble at pins."),
    ("unwanted", "A pattern in what is sent, or a finding."),
    ("never", "One or several."),
    ("levels", "Pins by role or name, each with a level."),
    ("driven", "Pins and analog inputs by name, each with what it is driven to."),
    ("measured", ""),
    ("press", "A press of a button."),
    ("time", "From the end of the step before, in a table from its start; or from power-on."),
    ("stimulus", "One entry of a table: one thing that happens at its time."),
    ("file", "What is in a file: the text itself, another file's, or a block of the lesson."),
    ("code", "Source text: itself, or a block of the lesson, and what it prints and raises."),
    ("tolerance", "One difference between targets that are compared, and why it is no surprise."),
    ("values", "What a name of `sweep` stands for, run by run: a list, or a range in equal steps."),
    ("swept", ""),
    ("wave", "What is claimed of a pin: with `pin` and `for`, one claim at least."),
    ("off", ""),
    ("slack", ""),
];

/// The page, in Markdown.
pub fn keys_page() -> String {
    let schema = schema();
    let mut page = String::from(
        "# Every key\n\n<!-- Made from the reader's own tables, and held to them by a test. -->\n\n\
         What can stand where, in short. [The scenario reference](scenario-reference.md) explains it, \
         and has an example of each. A `?` stands behind what can be left out.\n",
    );
    let file = &schema["properties"];
    table(&mut page, "The file", "key", &FILE_WORDS, file);
    let step = &schema["definitions"]["step"]["properties"];
    table(&mut page, "Steps", "step", &STEP_WORDS, step);
    table(&mut page, "Beside a step", "modifier", &MODIFIER_WORDS, step);
    page.push_str("\n## Values\n");
    for (name, about) in NAMED {
        let value = &schema["definitions"][name];
        let about = value["description"].as_str().unwrap_or(about);
        // What a value is made of is told once, in words or in a shape.
        let shape =
            if value["type"] == "string" || name == "text" { None } else { Some(shape(value)) };
        _ = write!(page, "\n### {name}\n\n{about}\n");
        if let Some(shape) = shape {
            _ = write!(page, "\n{shape}\n");
        }
    }
    page
}

/// A section with a table of `words`, each as `properties` have it.
fn table(page: &mut String, title: &str, column: &str, words: &[&str], properties: &Value) {
    _ = write!(page, "\n## {title}\n\n| {column} | what it is | its value |\n|---|---|---|\n");
    for word in words {
        let mut value = properties[*word].clone();
        let about = value["description"].take();
        let about = about.as_str().unwrap_or_default();
        _ = writeln!(page, "| `{word}` | {about} | {} |", shape(&value));
    }
}

/// What a value looks like, in a line of Markdown.
fn shape(value: &Value) -> String {
    if let Some(name) = value["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return match name {
            "step" => "[a step](#steps)".to_owned(),
            "case" => {
                "a case: any key of the file but `replab`, `lesson`, `cases`, `sweep`".to_owned()
            }
            name => format!("[{name}](#{name})"),
        };
    }
    if let Some(only) = value.get("const") {
        return format!("`{}`", plain(only));
    }
    if let Some(words) = value["enum"].as_array() {
        return words_of(words);
    }
    for several in ["anyOf", "allOf"] {
        if let Some(parts) = value[several].as_array() {
            // Where a value can be swept is told once: in any place of the steps.
            return or(parts.iter().filter(|part| !is_swept(part)).map(shape));
        }
    }
    match value["type"].as_str() {
        Some("array") => format!("a list of: {}", shape(&value["items"])),
        Some("object") => object(value),
        Some("integer") => "a whole number".to_owned(),
        _ => value["description"].as_str().unwrap_or("text").to_owned(),
    }
}

fn is_swept(value: &Value) -> bool {
    value["$ref"] == "#/definitions/swept"
}

/// `` `{ pin: …, for: … }` `` with what each of its keys holds.
fn object(value: &Value) -> String {
    let Some(keys) = value["properties"].as_object() else {
        return format!("names, each with: {}", shape(&value["additionalProperties"]));
    };
    let needed = |key: &str| {
        value["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key))
    };
    let entry = |(key, value): (&String, &Value)| {
        let optional = if needed(key) { "" } else { "?" };
        format!("`{key}`{optional} {}", shape(value))
    };
    // What must stand there comes first.
    let (first, others): (Vec<_>, Vec<_>) = keys.iter().partition(|(key, _)| needed(key));
    let entries: Vec<String> = first.into_iter().chain(others).map(entry).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// Words of which one stands there. A number in quotes is no other word.
fn words_of(words: &[Value]) -> String {
    let mut all: Vec<String> = words.iter().map(|word| format!("`{}`", plain(word))).collect();
    all.dedup();
    or(all.into_iter())
}

fn or(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" or ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
