//! The language as a JSON schema, for editors: what they offer, and underline.
//!
//! Made of the same tables of words that the reader uses, so that a word is in both
//! or in neither. The reader says more: what a lesson has, what a board has, what no
//! wave can be. `docs/scenario.schema.json` is this, and a test holds it so.

use replab_record::{Figure, FindingKind};
use serde_json::{Map, Value, json};

use crate::cases::{CASE_WORDS, MOST_CASES};
use crate::key::KEYS;
use crate::load::{FILE_WORDS, NEED_WORDS};
use crate::pins::{DRIVE_WORDS, LEVEL_WORDS};
use crate::step::{MODIFIER_WORDS, STEP_WORDS, WAITING};
use crate::stimulus::{ACT_WORDS, MOST_STIMULI};
use crate::sweep::MOST_RUNS;
use crate::tolerate::{EDGES_WORDS, MEMORY_WORDS, TOLERATE_WORDS, WHY};
use crate::wave::DIRECTION_WORDS;
use crate::wire::{FIRM_LEVELS, STATE_WORDS};

/// The schema, of JSON Schema's draft 7, which is what editors know best.
pub fn schema() -> Value {
    let mut schema = file();
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("A replab scenario");
    schema["definitions"] = definitions();
    schema
}

fn file() -> Value {
    json!({
        "type": "object",
        "properties": properties(&FILE_WORDS, file_key),
        "required": ["replab", "name"],
        "anyOf": [{ "required": ["steps"] }, { "required": ["cases"] }],
        "not": { "required": ["cases", "sweep"] },
        "additionalProperties": false,
    })
}

/// What stands for `words`, each as `of` says.
fn properties(words: &[&str], of: fn(&str) -> (&'static str, Value)) -> Value {
    let entry = |word: &&str| {
        let (description, mut value) = of(word);
        // Beside `$ref` nothing counts in draft 7.
        if value.get("$ref").is_some() {
            value = json!({ "allOf": [value] });
        }
        value["description"] = json!(description);
        ((*word).to_owned(), value)
    };
    Value::Object(words.iter().map(entry).collect::<Map<_, _>>())
}

fn file_key(word: &str) -> (&'static str, Value) {
    match word {
        "replab" => ("The version of the format.", json!({ "enum": [1, "1"] })),
        "name" => ("A title, for people.", refer("text")),
        "lesson" => ("The lesson that it checks, without the ending.", refer("text")),
        "section" => ("The heading whose text it checks, where that has no code.", refer("text")),
        "boards" => ("Boards that it plays on.", some(&refer("text"))),
        "needs" => (
            "What it makes no sense without: a target that lacks one skips it.",
            json!({ "type": "array", "items": { "enum": NEED_WORDS } }),
        ),
        "files" => ("Files on the board before power-on, by path.", files(0)),
        "seed" => (
            "Where every random choice of the run comes from.",
            json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        ),
        "cores" => (
            "How many cores the board has: a target that has fewer skips it.",
            json!({ "enum": [1, 2] }),
        ),
        "never" => ("What must not come, through the whole run.", refer("never")),
        "fails" => (
            "What the failure must say that must come of it.",
            json!({ "anyOf": [refer("text"), refer("regex")] }),
        ),
        "tolerate" => (
            "In what two targets may differ that are compared, each with its reason.",
            some(&refer("tolerance")),
        ),
        "steps" => ("What happens, in order.", some(&refer("step"))),
        "cases" => (
            "Scenarios that differ in little: a name, and what it overrides.",
            json!({
                "type": "object",
                "propertyNames": { "pattern": "^[A-Za-z0-9._-]+$" },
                "additionalProperties": refer("case"),
                "minProperties": 1,
                "maxProperties": MOST_CASES,
            }),
        ),
        "sweep" => (
            "Values of something in the steps, where `$NAME` stands for it: one run for each.",
            json!({
                "type": "object",
                "propertyNames": { "pattern": "^[A-Za-z][A-Za-z0-9_-]*$" },
                "additionalProperties": refer("values"),
                "minProperties": 1,
            }),
        ),
        other => unreachable!("the key `{other}` has no schema"),
    }
}

fn step_key(word: &str) -> (&'static str, Value) {
    match word {
        "boot" => ("Power has come on.", one_of(&["run", "repl"])),
        "repl" => ("A transcript: what is typed after `>>> `, and what must come.", text_only()),
        "exec" => ("Runs code in raw-paste mode.", refer("code")),
        "paste" => ("Types code in paste mode.", refer("code")),
        "send" => ("Types bytes, and waits for nothing.", {
            json!({ "anyOf": [refer("text"), object(&json!({ "hex": refer("text") }), &["hex"])] })
        }),
        "key" => ("Presses one key.", one_of(&KEYS.map(|(word, _)| word))),
        "expect" => ("Waits for output.", {
            let lines = json!({ "lines": some(&refer("text")) });
            let prompt = json!({ "prompt": { "const": true } });
            json!({ "anyOf": [
                refer("text"), refer("regex"), object(&lines, &["lines"]), object(&prompt, &["prompt"]),
            ] })
        }),
        "quiet" => ("Claims that nothing is sent for so long.", refer("duration")),
        "wait" => ("Lets the board run for exactly so long.", refer("duration")),
        "drive" => ("Drives pins and analog inputs from outside.", refer("driven")),
        "press" => ("Presses a button, and lets it go.", refer("press")),
        "wire" => ("Breaks or mends the wire to a pin.", wire()),
        "pin" => ("Claims levels of pins.", refer("levels")),
        "wave" => ("Looks at pins for some time, and claims what it saw.", {
            json!({ "anyOf": [refer("wave"), some(&refer("wave"))] })
        }),
        "contract" => ("Looks at a pin for some time, and holds it to its data sheet.", contract()),
        "reset" => ("Starts the board again.", one_of(&["soft", "hard", "power"])),
        "fs" => ("Writes or claims files in the flash.", fs()),
        "memory" => ("Takes a sample of stack and heap, and claims figures of it.", {
            let figures = Figure::WORDS.map(|(_, word)| (word.to_owned(), refer("bound")));
            let figures = object(&Value::Object(Map::from_iter(figures)), &[]);
            json!({ "anyOf": [{ "const": "sample" }, at_least_one(figures)] })
        }),
        "never" => ("From this step on, this must not come.", refer("never")),
        "snapshot" => ("Compares parts of the record with what is stored.", {
            some(&json!({ "enum": crate::action::SNAPSHOT_WORDS }))
        }),
        "within" => {
            ("How long after the start of the step its claim may come true.", { refer("duration") })
        }
        "at" => (
            "When the step starts, if not at once. As a step of its own: a table of stimuli, each with its time.",
            json!({ "anyOf": [refer("time"), stimuli()] }),
        ),
        "hold" => ("How long the levels must stay.", refer("duration")),
        "name" => ("What a failure calls the step.", refer("text")),
        other => unreachable!("the step `{other}` has no schema"),
    }
}

fn stimuli() -> Value {
    let mut table = some(&refer("stimulus"));
    table["maxItems"] = json!(MOST_STIMULI);
    table
}

/// One thing at a time, and the port of what is typed.
fn stimulus() -> Value {
    let mut keys = properties(&ACT_WORDS, step_key);
    keys["time"] = refer("time");
    keys["port"] = refer("text");
    let mut stimulus = object(&keys, &["time"]);
    stimulus["oneOf"] = ACT_WORDS.iter().map(|word| json!({ "required": [word] })).collect();
    stimulus["dependencies"] =
        json!({ "port": { "anyOf": [{ "required": ["send"] }, { "required": ["key"] }] } });
    stimulus
}

fn wire() -> Value {
    let when = json!({
        "pin": refer("text"),
        "edge": { "type": "integer", "minimum": 1, "maximum": u32::MAX },
        "to": { "enum": FIRM_LEVELS },
    });
    let keys = json!({
        "open": refer("text"),
        "short": refer("text"),
        "bridge": { "type": "array", "items": refer("text"), "minItems": 2, "maxItems": 2 },
        "mend": refer("text"),
        "to": { "enum": FIRM_LEVELS },
        "when": object(&when, &["pin", "edge"]),
    });
    let mut wire = object(&keys, &[]);
    wire["oneOf"] = STATE_WORDS.iter().map(|word| json!({ "required": [word] })).collect();
    wire["dependencies"] = json!({ "to": ["short"], "short": ["to"] });
    wire
}

fn wave() -> Value {
    let width = object(&json!({ "min": refer("duration"), "max": refer("duration") }), &[]);
    let keys = json!({
        "pin": refer("text"),
        "for": refer("duration"),
        "period": { "type": "string", "description": "`1s ±1%`" },
        "frequency": { "type": "string", "description": "`1kHz ±1%`" },
        "duty": { "type": "string", "description": "`50% ±1%`" },
        "count": or_swept(&json!({ "type": "integer", "minimum": 0 })),
        "first": one_of(&DIRECTION_WORDS),
        "high": at_least_one(width.clone()),
        "low": at_least_one(width),
        "glitch": refer("duration"),
        "lag": object(
            &json!({
                "behind": refer("text"),
                "by": { "type": "string", "description": "`10ms ±1ms` or `90° ±2°`" },
            }),
            &["behind", "by"],
        ),
    });
    // At least one claim beside the two.
    let mut wave = object(&keys, &["pin", "for"]);
    wave["minProperties"] = json!(3);
    wave
}

fn contract() -> Value {
    let times = json!({
        "min": refer("duration"), "typ": refer("duration"), "max": refer("duration"),
    });
    let mut interval = object(&times, &[]);
    interval["anyOf"] = json!([{ "required": ["min"] }, { "required": ["max"] }]);
    let mut lag = interval.clone();
    lag["properties"]["behind"] = refer("text");
    lag["required"] = json!(["behind"]);
    let keys = json!({
        "pin": refer("text"),
        "for": refer("duration"),
        "high": interval,
        "low": interval,
        "period": interval,
        "lag": lag,
    });
    // At least one interval beside the two.
    let mut contract = object(&keys, &["pin", "for"]);
    contract["minProperties"] = json!(3);
    contract
}

fn fs() -> Value {
    let keys = json!({
        "write": files(1), "is": files(1), "has": refer("text"), "absent": refer("text"),
    });
    let mut fs = at_least_one(object(&keys, &[]));
    fs["maxProperties"] = json!(1);
    fs
}

fn definitions() -> Value {
    let file = json!({ "from": refer("text"), "block": refer("text") });
    let mut file = at_least_one(object(&file, &[]));
    file["maxProperties"] = json!(1);
    let code = json!({
        "code": refer("text"), "block": refer("text"), "prints": refer("text"),
        "claims": { "type": "array", "items": refer("text") }, "raises": refer("text"),
    });
    let mut code = object(&code, &[]);
    code["oneOf"] = json!([{ "required": ["code"] }, { "required": ["block"] }]);
    json!({
        "text": { "type": ["string", "number"] },
        // Where a duration stands, one that is swept may too.
        "duration": {
            "type": "string",
            "pattern": "^\\s*([0-9]+(\\.[0-9]+)?\\s*(min|s|ms|us|µs|μs|ns)|\\$[A-Za-z][A-Za-z0-9_-]*)\\s*$",
            "description": "A time with its unit: `500ms`, `2.5s`, `1min`.",
        },
        "bound": {
            "type": "string",
            "pattern": "^\\s*(>=|<=|>|<|=)\\s*[0-9]",
            "description": "A bound and an amount: `>= 64 KiB`.",
        },
        "regex": object(&json!({ "regex": refer("text") }), &["regex"]),
        "pattern": { "anyOf": [refer("text"), refer("regex")] },
        "unwanted": { "anyOf": [refer("pattern"), refer("finding")] },
        "finding": object(
            &json!({ "finding": { "enum": FindingKind::WORDS.map(|(_, word)| word) } }),
            &["finding"],
        ),
        "never": { "anyOf": [refer("unwanted"), some(&refer("unwanted"))] },
        "levels": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": one_of(&LEVEL_WORDS),
        },
        "driven": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "anyOf": [{ "enum": DRIVE_WORDS }, refer("measured"), refer("swept")],
            },
        },
        "press": object(
            &json!({
                "button": refer("text"), "for": refer("duration"), "bounce": refer("duration"),
            }),
            &["button", "for"],
        ),
        "time": {
            "anyOf": [
                refer("duration"),
                object(&json!({ "machine": refer("duration") }), &["machine"]),
            ],
        },
        "stimulus": stimulus(),
        "measured": {
            "type": "string",
            "pattern": "^\\s*-?[0-9]+(\\.[0-9]+)?\\s*(V|mV|uV|µV|°C|C)\\s*$",
            "description": "A voltage or a temperature with its unit: `1.2 V`, `900mV`, `30 °C`.",
        },
        "file": { "anyOf": [text_only(), file] },
        "code": { "anyOf": [text_only(), code] },
        "slack": {
            "type": "string",
            "pattern": "^\\s*[0-9]+(\\.[0-9]+)?\\s*(%|B|KiB|MiB|kB)\\s*$",
            "description": "How far an amount of memory may be off: `5%`, `64 B`.",
        },
        "off": {
            "type": "string",
            "pattern": "^\\s*[0-9]+(\\.[0-9]+)?\\s*(%|min|s|ms|us|µs|μs|ns)\\s*$",
            "description": "How far a time may be off: `10%`, `2ms`.",
        },
        "wave": wave(),
        "tolerance": tolerance(),
        "swept": {
            "type": "string",
            "pattern": "^\\$[A-Za-z][A-Za-z0-9_-]*$",
            "description": "The value of a name that `sweep` has: `$press-at`.",
        },
        "values": values(),
        "step": step(),
        "case": {
            "type": "object",
            "properties": properties(&CASE_WORDS, file_key),
            "additionalProperties": false,
        },
    })
}

/// What a name is swept over.
fn values() -> Value {
    let border = json!({ "type": ["string", "integer"] });
    let count = json!({ "type": "integer", "minimum": 2, "maximum": MOST_RUNS });
    let keys = json!({ "from": border, "to": border, "step": border, "count": count });
    let mut range = object(&keys, &["from", "to"]);
    range["oneOf"] = json!([{ "required": ["step"] }, { "required": ["count"] }]);
    json!({ "anyOf": [some(&refer("text")), range] })
}

/// One difference, and its reason.
fn tolerance() -> Value {
    let edges = object(&json!({ "pin": refer("text"), "time": refer("off") }), &EDGES_WORDS);
    let figures = MEMORY_WORDS.map(|figure| (figure.word().to_owned(), refer("slack")));
    let figures = object(&Value::Object(Map::from_iter(figures)), &[]);
    let keys = json!({
        "lines": refer("pattern"),
        "time": refer("off"),
        "edges": { "anyOf": [refer("text"), edges] },
        "order": refer("text"),
        "memory": { "anyOf": [refer("slack"), at_least_one(figures)] },
        WHY: refer("text"),
    });
    let mut tolerance = object(&keys, &[WHY]);
    let required = |word: &&str| json!({ "required": [word] });
    tolerance["oneOf"] = TOLERATE_WORDS.iter().map(required).collect();
    tolerance
}

/// One action, and modifiers that mean something beside it.
fn step() -> Value {
    let words = [STEP_WORDS.as_slice(), MODIFIER_WORDS.as_slice()].concat();
    let required = |word: &&str| json!({ "required": [word] });
    let table = json!({
        "required": ["at"],
        "properties": { "at": { "type": "array" } },
    });
    json!({
        "type": "object",
        "properties": properties(&words, step_key),
        "oneOf": STEP_WORDS.iter().map(required).chain([table]).collect::<Vec<_>>(),
        "dependencies": {
            "within": { "anyOf": WAITING.iter().map(required).collect::<Vec<_>>() },
            "hold": ["pin"],
        },
        "additionalProperties": false,
    })
}

fn files(least: usize) -> Value {
    json!({ "type": "object", "additionalProperties": refer("file"), "minProperties": least })
}

fn refer(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// Text that no number stands for: source, a transcript.
fn text_only() -> Value {
    json!({ "type": "string" })
}

/// One of these words, or a name that is swept over some.
fn one_of(words: &[&str]) -> Value {
    or_swept(&json!({ "enum": words }))
}

fn or_swept(value: &Value) -> Value {
    json!({ "anyOf": [value, refer("swept")] })
}

fn some(items: &Value) -> Value {
    json!({ "type": "array", "items": items, "minItems": 1 })
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn at_least_one(mut object: Value) -> Value {
    object["minProperties"] = json!(1);
    object
}
