//! docs/tutorial.md, done from its first line to its last, as a reader does it.
//!
//! In a block of the language `console`, a line that begins with `$ ` is run by a
//! shell, in the folder where the one before left it, and must print what stands
//! below it: `…` is any text within a line, or, alone on its line, any lines. It
//! must succeed, unless a comment before the block says `<!-- ends with CODE -->`.
//! Any other block after a paragraph that ends with `FILE`: is written to that file.

mod support;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// What a reader does.
#[derive(Debug, PartialEq)]
enum Task {
    Run { command: String, printed: Vec<String>, code: i32 },
    Write { file: String, text: String },
}

/// What `page` tells its reader to do, in order.
fn tasks(page: &str) -> Vec<Task> {
    let (mut tasks, mut text, mut code, mut language) = (Vec::new(), String::new(), 0, None);
    // The last words that stand as code, and whether a colon ended the paragraph after them.
    let (mut word, mut after) = (String::new(), String::new());
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(name))) => {
                language = Some(name.into_string());
                text.clear();
            }
            Event::Text(part) if language.is_some() => text.push_str(&part),
            Event::End(TagEnd::CodeBlock) => {
                match language.take().as_deref() {
                    Some("console") => tasks.extend(commands(&text, code)),
                    Some(_) if after == ":" => {
                        tasks.push(Task::Write { file: word.clone(), text: text.clone() });
                    }
                    _ => {}
                }
                code = 0;
                after.clear();
            }
            Event::Html(comment) => {
                let number = comment.trim().strip_prefix("<!-- ends with ");
                let number = number.and_then(|rest| rest.strip_suffix(" -->"));
                code = number.map_or(code, |number| number.parse().expect("an exit code"));
            }
            Event::Start(Tag::Paragraph) => after.clear(),
            Event::Code(part) => {
                word = part.into_string();
                after.clear();
            }
            Event::Text(part) => after.push_str(&part),
            _ => {}
        }
    }
    tasks
}

/// The commands of a block, of which the last ends with `code`.
fn commands(block: &str, code: i32) -> Vec<Task> {
    let mut tasks = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), tasks.last_mut()) {
            (Some(command), _) => {
                tasks.push(Task::Run { command: command.to_owned(), printed: Vec::new(), code: 0 });
            }
            (None, Some(Task::Run { printed, .. })) => printed.push(line.to_owned()),
            (None, _) => panic!("a block begins with no command: {block}"),
        }
    }
    if let Some(Task::Run { code: last, .. }) = tasks.last_mut() {
        *last = code;
    }
    tasks
}

/// Whether `lines` are what `printed` says.
fn matches(printed: &[&str], lines: &[&str]) -> bool {
    match (printed.split_first(), lines.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((&"…", more)), rest) => {
            matches(more, lines) || rest.is_some_and(|(_, lines)| matches(printed, lines))
        }
        (Some((one, more)), Some((line, lines))) => is_like(one, line) && matches(more, lines),
        (Some(_), None) => false,
    }
}

fn is_like(pattern: &str, line: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('…').collect();
    let (first, last) = (pieces[0], pieces[pieces.len() - 1]);
    if pieces.len() == 1 {
        return pattern == line;
    }
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    for piece in &pieces[1..pieces.len() - 1] {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Where a shell leaves its folder and its variables for the next one.
const PLACE: &str = ".place";
const VARIABLES: &str = ".variables";

/// `command` for a shell that goes on where the one before ended.
fn remembering(command: &str) -> String {
    format!(
        "exec 2>&1\n[ ! -e ~/{VARIABLES} ] || . ~/{VARIABLES}\n{command}\ncode=$?\n\
         pwd > ~/{PLACE}\nexport -p > ~/{VARIABLES}\nexit $code\n"
    )
}

/// A reader, who begins in a checkout.
struct Reader {
    folder: PathBuf,
    home: tempfile::TempDir,
}

impl Reader {
    fn new() -> Reader {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        Reader { folder: support::root().to_owned(), home }
    }

    fn follow(&mut self, task: &Task) {
        match task {
            Task::Write { file, text } => {
                fs::write(self.folder.join(file), text).expect("the folder is the reader's");
            }
            Task::Run { command, printed, code } => self.run(command, printed, *code),
        }
    }

    fn run(&mut self, command: &str, printed: &[String], code: i32) {
        let output = self.shell(&remembering(command)).output().expect("there is a shell");
        let text = String::from_utf8(output.stdout).expect("it is text");
        let lines: Vec<&str> = text.lines().collect();
        let printed: Vec<&str> = printed.iter().map(String::as_str).collect();
        assert_eq!(output.status.code(), Some(code), "$ {command}\n{text}");
        assert!(
            matches(&printed, &lines),
            "$ {command}\nprints\n{text}\nand the page says\n{}",
            printed.join("\n")
        );
        let place = fs::read_to_string(self.home.path().join(PLACE));
        self.folder = place.expect("the shell wrote it").trim().into();
    }

    /// A shell of somebody who has just installed Rust.
    fn shell(&self, script: &str) -> Command {
        let home = PathBuf::from(env::var_os("HOME").unwrap_or_default());
        let own = |name: &str, folder: &str| {
            env::var_os(name).unwrap_or_else(|| home.join(folder).into_os_string())
        };
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script])
            .current_dir(&self.folder)
            .env("CARGO_HOME", own("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", own("RUSTUP_HOME", ".rustup"))
            .env("HOME", self.home.path())
            .env_remove("CI")
            .stdin(Stdio::null());
        shell
    }
}

#[test]
fn the_tutorial_is_right() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let page = fs::read_to_string(Path::new(support::root()).join("docs/tutorial.md"))
        .expect("the page is there");
    let tasks = tasks(&page);
    assert!(tasks.len() > 10, "{tasks:#?}");
    let mut reader = Reader::new();
    tasks.iter().for_each(|task| reader.follow(task));
}

#[test]
fn a_page_tells_what_to_do() {
    let page = "Do it:\n\n<!-- ends with 100 -->\n```console\n$ one\n…\n$ two\nsaid\n```\n\n\
                Write this to `a.yaml`:\n\n```yaml\nkey: value\n```\n\nLike `b`, it is\n\n```python\npass\n```\n";
    let run = |command: &str, printed: &str, code| Task::Run {
        command: command.into(),
        printed: vec![printed.into()],
        code,
    };
    let write = Task::Write { file: "a.yaml".into(), text: "key: value\n".into() };
    assert_eq!(tasks(page), [run("one", "…", 0), run("two", "said", 100), write]);
}

#[test]
fn what_is_left_out_may_be_anything() {
    assert!(matches(&["a", "…", "d …s"], &["a", "b", "c", "d 12 s"]));
    assert!(matches(&["…", "a"], &["a"]));
    assert!(!matches(&["a", "…"], &["b"]));
    assert!(!matches(&["a"], &["a", "b"]));
    assert!(!matches(&["d …s"], &["d 12 ms more"]));
}
