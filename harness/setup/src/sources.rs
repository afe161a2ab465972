//! From the package sources that the system has to those that set-up uses.
//!
//! Pure: text in, text out. Where packages come from is the user's choice (a
//! mirror, a proxy, a mirror list), so no archive is named here: the stanza of
//! the release's main suite is found among the configured ones, and what set-up
//! needs beyond it (backports, the source suite with its packages of sources) is derived with the same URI
//! and key. Sources of third parties are left out.

use std::fmt::Write as _;

use crate::debian::Release;
use crate::pins::SOURCE_SUITE;

/// One file of configured sources.
pub(crate) struct SourceFile {
    /// Its name; `.sources` files are deb822, all others have one source a line.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// One configured source, in either format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stanza {
    uris: Vec<String>,
    suites: Vec<String>,
    components: Vec<String>,
    /// deb822 fields that go along with the URI, such as `Signed-By`.
    carried: Vec<(String, String)>,
}

/// Fields that say how a source is trusted and reached; the name in one-line sources first.
const CARRIED: &[(&str, &str)] = &[
    ("signed-by", "Signed-By"),
    ("trusted", "Trusted"),
    ("check-valid-until", "Check-Valid-Until"),
    ("valid-until-max", "Valid-Until-Max"),
    ("check-date", "Check-Date"),
    ("inrelease-path", "InRelease-Path"),
    ("by-hash", "By-Hash"),
    ("allow-insecure", "Allow-Insecure"),
    ("allow-weak", "Allow-Weak"),
];

/// What an alias in place of the codename may be; set-up writes the codename.
const ALIASES: &[&str] = &["stable", "oldstable", "oldoldstable"];

/// Writes the sources for `release` on `arch` as deb822, or `None` if no
/// configured source has the release's main suite.
pub(crate) fn private_sources(
    configured: &[SourceFile],
    release: Release,
    arch: &str,
) -> Option<String> {
    let stanzas: Vec<Stanza> = configured.iter().flat_map(parse).collect();
    let main = main_stanza(&stanzas, release)?;
    let codename = release.codename();
    let mut out = String::new();
    let mut written = Vec::new();
    for stanza in &stanzas {
        let suites = suites_of_release(stanza, release);
        if is_debian(stanza, release)
            && !suites.is_empty()
            && !written.contains(&(&stanza.uris, suites.clone()))
        {
            write_stanza(&mut out, "deb", stanza, &suites, arch);
            written.push((&stanza.uris, suites));
        }
    }
    if release == Release::Bookworm {
        write_stanza(&mut out, "deb", main, &[format!("{codename}-backports")], arch);
        write_stanza(&mut out, "deb", main, &[SOURCE_SUITE.to_owned()], arch);
    }
    write_stanza(&mut out, "deb-src", main, &[SOURCE_SUITE.to_owned()], arch);
    Some(out)
}

/// The source of the main suite; one that names Debian's key wins over one that names none.
fn main_stanza(stanzas: &[Stanza], release: Release) -> Option<&Stanza> {
    let fits = |stanza: &&Stanza| {
        is_debian(stanza, release)
            && suites_of_release(stanza, release).iter().any(|suite| suite == release.codename())
    };
    let mut fitting = stanzas.iter().filter(fits);
    let first = fitting.clone().next()?;
    Some(fitting.find(|stanza| signed_by(stanza).is_some()).unwrap_or(first))
}

/// Whether a source is Debian's own: by its key, or if it names none by its suites and component.
fn is_debian(stanza: &Stanza, release: Release) -> bool {
    let ours = !suites_of_release(stanza, release).is_empty()
        && stanza.components.iter().any(|name| name == "main");
    ours && signed_by(stanza).is_none_or(|key| key.contains("debian-archive"))
}

fn signed_by(stanza: &Stanza) -> Option<&str> {
    stanza.carried.iter().find(|(name, _)| name == "Signed-By").map(|(_, value)| value.as_str())
}

/// The suites of the stanza that belong to the release (main, updates, security), under its codename.
/// Backports are left out here: they are derived for all in the same way.
fn suites_of_release(stanza: &Stanza, release: Release) -> Vec<String> {
    let codename = release.codename();
    let own = |suite: &String| {
        let (base, pocket) =
            suite.split_once('-').map_or((suite.as_str(), ""), |(base, pocket)| (base, pocket));
        let known = base == codename || ALIASES.contains(&base);
        match pocket {
            "" => known.then(|| codename.to_owned()),
            "updates" | "security" => known.then(|| format!("{codename}-{pocket}")),
            _ => None,
        }
    };
    stanza.suites.iter().filter_map(own).collect()
}

fn write_stanza(out: &mut String, types: &str, stanza: &Stanza, suites: &[String], arch: &str) {
    // `Targets` keeps apt from fetching translations, contents and icons.
    let target = if types == "deb" { "Packages" } else { "Sources" };
    let _ = write!(
        out,
        "Types: {types}\nURIs: {}\nSuites: {}\nComponents: main\nArchitectures: {arch}\nTargets: {target}\n",
        stanza.uris.join(" "),
        suites.join(" "),
    );
    for (name, value) in &stanza.carried {
        let _ = writeln!(out, "{name}: {value}");
    }
    out.push('\n');
}

fn parse(file: &SourceFile) -> Vec<Stanza> {
    if file.name.ends_with(".sources") {
        parse_deb822(&file.text)
    } else {
        file.text.lines().filter_map(parse_line).collect()
    }
}

/// deb822 (sources.list(5)): stanzas between blank lines, `#` comments, continued lines start with a blank.
fn parse_deb822(text: &str) -> Vec<Stanza> {
    let mut stanzas = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            stanzas.extend(stanza_of(&std::mem::take(&mut fields)));
        } else if line.starts_with([' ', '\t']) {
            // The newline is kept: a key may stand in the field itself, over many lines.
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    stanzas
}

fn stanza_of(fields: &[(String, String)]) -> Option<Stanza> {
    let value =
        |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let words = |key: &str| {
        value(key).unwrap_or_default().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let disabled = value("enabled")
        .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "no" | "false" | "0"));
    if disabled || !words("types").iter().any(|kind| kind == "deb") {
        return None;
    }
    let carried = CARRIED.iter().filter_map(|(_, name)| {
        value(&name.to_ascii_lowercase()).map(|value| ((*name).to_owned(), value.to_owned()))
    });
    Some(Stanza {
        uris: words("uris"),
        suites: words("suites"),
        components: words("components"),
        carried: carried.collect(),
    })
}

/// One-line sources: `deb [option=value …] URI SUITE COMPONENT…`.
fn parse_line(line: &str) -> Option<Stanza> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t', '[']) {
        return None;
    }
    let rest = rest.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(inside) => inside.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    let (uri, suite) = (words.next()?, words.next()?);
    let carried = options
        .split_whitespace()
        .filter_map(|option| option.split_once('='))
        .filter_map(|(key, value)| {
            let (_, name) =
                CARRIED.iter().find(|(one_line, _)| key.eq_ignore_ascii_case(one_line))?;
            Some(((*name).to_owned(), value.replace(',', " ")))
        });
    Some(Stanza {
        uris: vec![uri],
        suites: vec![suite],
        components: words.collect(),
        carried: carried.collect(),
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// Shows the sources derived from `files`, each a name and a text.
    #[track_caller]
    fn check(release: Release, files: &[(&str, &str)], expected: &Expect) {
        let files: Vec<_> = files
            .iter()
            .map(|(name, text)| SourceFile { name: (*name).into(), text: (*text).into() })
            .collect();
        expected.assert_eq(
            &private_sources(&files, release, "amd64").unwrap_or_else(|| "none\n".into()),
        );
    }

    const DEB822: &str = "\
Types: deb
# a comment inside a stanza
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
";

    #[test]
    fn deb822_sources_get_backports_and_the_source_suite() {
        check(
            Release::Bookworm,
            &[("debian.sources", DEB822)],
            &expect![[r#"
                Types: deb
                URIs: http://mirror.example/debian
                Suites: bookworm bookworm-updates
                Components: main
                Architectures: amd64
                Targets: Packages
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

                Types: deb
                URIs: http://mirror.example/debian-security
                Suites: bookworm-security
                Components: main
                Architectures: amd64
                Targets: Packages
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

                Types: deb
                URIs: http://mirror.example/debian
                Suites: bookworm-backports
                Components: main
                Architectures: amd64
                Targets: Packages
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

                Types: deb
                URIs: http://mirror.example/debian
                Suites: trixie
                Components: main
                Architectures: amd64
                Targets: Packages
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

                Types: deb-src
                URIs: http://mirror.example/debian
                Suites: trixie
                Components: main
                Architectures: amd64
                Targets: Sources
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            "#]],
        );
    }

    #[test]
    fn one_line_sources_keep_their_options_and_lose_third_parties() {
        check(
            Release::Bookworm,
            &[(
                "sources.list",
                "# deb cdrom:[Debian 12]/ bookworm main\n\
                 deb [arch=amd64 trusted=yes] http://mirror.example/debian/ bookworm main contrib # the main one\n\
                 deb-src http://mirror.example/debian/ bookworm main\n\
                 deb http://mirror.example/debian/ bookworm-backports main\n\
                 deb [signed-by=/etc/apt/keyrings/other.asc] http://other.example/linux/debian bookworm main\n\
                 deb http://cloud.example/apt cloud-sdk-bookworm main\n\
                 deb http://flat.example/ ./\n",
            )],
            &expect![[r#"
                Types: deb
                URIs: http://mirror.example/debian/
                Suites: bookworm
                Components: main
                Architectures: amd64
                Targets: Packages
                Trusted: yes

                Types: deb
                URIs: http://mirror.example/debian/
                Suites: bookworm-backports
                Components: main
                Architectures: amd64
                Targets: Packages
                Trusted: yes

                Types: deb
                URIs: http://mirror.example/debian/
                Suites: trixie
                Components: main
                Architectures: amd64
                Targets: Packages
                Trusted: yes

                Types: deb-src
                URIs: http://mirror.example/debian/
                Suites: trixie
                Components: main
                Architectures: amd64
                Targets: Sources
                Trusted: yes

            "#]],
        );
    }

    #[test]
    fn debian_13_needs_no_backports_and_mirror_lists_are_kept() {
        check(
            Release::Trixie,
            &[(
                "debian.sources",
                "types: deb deb-src\nURIS: mirror+file:///etc/apt/mirrors/debian.list\nSuites: trixie\n  trixie-updates\nComponents: main\n",
            )],
            &expect![[r#"
                Types: deb
                URIs: mirror+file:///etc/apt/mirrors/debian.list
                Suites: trixie trixie-updates
                Components: main
                Architectures: amd64
                Targets: Packages

                Types: deb-src
                URIs: mirror+file:///etc/apt/mirrors/debian.list
                Suites: trixie
                Components: main
                Architectures: amd64
                Targets: Sources

            "#]],
        );
    }

    #[test]
    fn an_alias_becomes_the_codename() {
        check(
            Release::Bookworm,
            &[("sources.list", "deb http://mirror.example/debian oldstable main\n")],
            &expect![[r#"
                Types: deb
                URIs: http://mirror.example/debian
                Suites: bookworm
                Components: main
                Architectures: amd64
                Targets: Packages

                Types: deb
                URIs: http://mirror.example/debian
                Suites: bookworm-backports
                Components: main
                Architectures: amd64
                Targets: Packages

                Types: deb
                URIs: http://mirror.example/debian
                Suites: trixie
                Components: main
                Architectures: amd64
                Targets: Packages

                Types: deb-src
                URIs: http://mirror.example/debian
                Suites: trixie
                Components: main
                Architectures: amd64
                Targets: Sources

            "#]],
        );
    }

    #[test]
    fn a_source_with_debians_key_wins_over_one_without() {
        let files = [
            SourceFile {
                name: "a.list".into(),
                text: "deb http://odd.example/x bookworm main\n".into(),
            },
            SourceFile { name: "debian.sources".into(), text: DEB822.into() },
        ];
        let text = private_sources(&files, Release::Bookworm, "amd64").unwrap();
        let derived =
            text.split("\n\n").find(|stanza| stanza.contains("bookworm-backports")).unwrap();
        assert!(derived.contains("URIs: http://mirror.example/debian\n"), "{derived}");
    }

    #[test]
    fn a_key_inside_the_stanza_is_carried_whole() {
        let text = "Types: deb\nURIs: http://m.example/d\nSuites: bookworm\nComponents: main\nSigned-By:\n debian-archive\n .\n line\n";
        let stanzas = parse_deb822(text);
        assert_eq!(
            stanzas[0].carried,
            [("Signed-By".to_owned(), "\n debian-archive\n .\n line".to_owned())]
        );
    }

    #[test]
    fn disabled_foreign_and_missing_sources_give_none() {
        check(
            Release::Bookworm,
            &[("debian.sources", &format!("Enabled: no\n{DEB822}"))],
            &expect![[r#"
            none
        "#]],
        );
        check(
            Release::Trixie,
            &[("debian.sources", DEB822)],
            &expect![[r#"
            none
        "#]],
        );
        check(
            Release::Bookworm,
            &[],
            &expect![[r#"
            none
        "#]],
        );
    }
}
