//! The pages: each stands in the book once, and whatever they link to is there.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Pages outside docs/ that link into it.
const OUTSIDE: [&str; 3] = ["README.md", "ARCHITECTURE.md", "firmware/micropython/README.md"];

/// What a page links to, and the anchors that its headings are.
#[derive(Debug, Default, PartialEq)]
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    fn of(text: &str) -> Page {
        let mut page = Page::default();
        let mut heading: Option<String> = None;
        for event in Parser::new(text) {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => page.links.push(dest_url.into_string()),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.insert(anchor(&heading.take().unwrap_or_default()));
                }
                Event::Text(text) | Event::Code(text) => {
                    heading.as_mut().map(|heading| heading.push_str(&text)).unwrap_or_default();
                }
                _ => {}
            }
        }
        page
    }
}

/// How mdbook and code servers call a heading: in small letters, words joined.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn docs() -> Vec<PathBuf> {
    let files = fs::read_dir(support::root().join("docs")).expect("the folder is there");
    let files = files.map(|file| file.expect("it can be listed").path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "md")).collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn each_page_stands_in_the_book_once() {
    let summary = Page::of(&read(&support::root().join("docs/SUMMARY.md")));
    let mut listed = summary.links;
    listed.push("SUMMARY.md".to_owned());
    listed.sort();
    let name = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut there: Vec<String> = docs().iter().filter_map(name).collect();
    there.sort();
    assert_eq!(listed, there);
}

#[test]
fn whatever_a_page_links_to_is_there() {
    let root = support::root();
    let files: Vec<PathBuf> =
        docs().into_iter().chain(OUTSIDE.map(|name| root.join(name))).collect();
    let pages: BTreeMap<PathBuf, Page> =
        files.into_iter().map(|file| (file.clone(), Page::of(&read(&file)))).collect();
    let mut lost = Vec::new();
    let mut looked_at = 0;
    for (file, page) in &pages {
        for link in page.links.iter().filter(|link| !link.contains("://")) {
            looked_at += 1;
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => file.clone(),
                path => file.with_file_name("").join(path),
            };
            let target = target.canonicalize().unwrap_or(target);
            // The book has its pages and nothing around them.
            let is_page = file.starts_with(root.join("docs"));
            let leaves = is_page && path.starts_with("..");
            let heading = pages.get(&target).is_none_or(|page| page.anchors.contains(fragment));
            if leaves || !target.exists() || !(fragment.is_empty() || heading) {
                lost.push(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(looked_at > 50, "only {looked_at} links: are they read?");
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn headings_are_called_as_code_servers_call_them() {
    assert_eq!(anchor("The `--json` events, version 1.0"), "the---json-events-version-10");
    let page = Page::of("# A b\n\nsee [c](d.md#e)\n");
    assert_eq!(page, Page { links: vec!["d.md#e".into()], anchors: ["a-b".to_owned()].into() });
}
