//! The licences of all that the folder holds.
//!
//! Programs are linked from crates, whose licences ask to be handed on with their
//! texts; which crates those are, and where their texts lie, cargo knows. The plugin
//! is under the GPL, so its source goes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use replab_setup::Tools;
use serde_json::Value;

use super::folder::Folder;
use crate::exit::TaskError;
use crate::workspace;

/// The crates that are put into the folder.
const PROGRAMS: [&str; 2] = ["replab-cli", "replab-qemu-plugin"];

/// A crate that is linked in.
#[derive(Debug, PartialEq, Eq)]
struct Linked {
    name: String,
    version: String,
    licence: String,
    folder: PathBuf,
}

/// Adds `LICENSES/`, the licences at the top, and the source of the plugin.
pub(super) fn add(folder: &Folder, tools: &Tools) -> anyhow::Result<()> {
    let root = workspace::root();
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        folder.file(&root.join(name), name)?;
    }
    folder.file(&root.join("harness/qemu-plugin/LICENSE"), "LICENSES/GPL-2.0-or-later.txt")?;
    folder.tree(&root.join("harness/qemu-plugin"), "source/harness/qemu-plugin")?;
    for name in ["Cargo.toml", "Cargo.lock"] {
        folder.file(&root.join(name), &format!("source/{name}"))?;
    }
    let port = root.join("firmware/micropython/LICENSE");
    folder.file(&port, "LICENSES/firmware/micropython-port.txt")?;
    let micropython = tools.micropython()?.folder;
    folder.file(&micropython.join("LICENSE"), "LICENSES/firmware/micropython.txt")?;
    // The compiler's C library, where set-up fetched it; an installed one has its text in /usr/share/doc.
    let gcc = tools.arm_gcc()?.root.unwrap_or_else(|| "/".into());
    let newlib = gcc.join("usr/share/doc/libnewlib-arm-none-eabi/copyright");
    if newlib.is_file() {
        folder.file(&newlib, "LICENSES/firmware/newlib.txt")?;
    }
    // What firmware of the Pico is made with, by Debian's account; libgcc is in the boot ROM.
    let sdk = tools.pico_sdk()?.folder;
    let share = sdk.ancestors().nth(2).unwrap_or(&sdk).join("share/doc");
    for package in ["pico-sdk-source", "tinyusb-source"] {
        let text = share.join(package).join("copyright");
        if text.is_file() {
            folder.file(&text, &format!("LICENSES/firmware/{package}.txt"))?;
        }
    }
    let libgcc = gcc.join("usr/share/doc/gcc-arm-none-eabi/copyright");
    if libgcc.is_file() {
        folder.file(&libgcc, "LICENSES/firmware/libgcc.txt")?;
    }
    let linked = linked()?;
    let mut list = LIST.to_owned();
    for one in &linked {
        list.push_str(&format!("- {} {}: {}\n", one.name, one.version, one.licence));
        for text in texts(&one.folder)? {
            let name = text.file_name().unwrap_or_default().to_string_lossy();
            folder.file(&text, &format!("LICENSES/crates/{}-{}/{name}", one.name, one.version))?;
        }
    }
    folder.text("LICENSES/third-party.md", &list)?;
    folder.text("LICENSES/README.md", README)
}

/// The files in the folder of a crate that are licences, by their names.
fn texts(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("could not read {}", folder.display());
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let is_one = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];
        if path.is_file() && is_one.iter().any(|begin| name.starts_with(begin)) {
            texts.push(path);
        }
    }
    texts.sort();
    Ok(texts)
}

fn linked() -> anyhow::Result<Vec<Linked>> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"])
        .arg(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .current_dir(workspace::root())
        .output()
        .context("could not run cargo metadata")?;
    if !output.status.success() {
        let what = format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
        return Err(TaskError::LabIncomplete { what }.into());
    }
    let metadata = serde_json::from_slice(&output.stdout).context("cargo metadata is no JSON")?;
    linked_by(&metadata).context("cargo metadata has another shape than it had (format 1)")
}

/// All crates of others that are linked into [`PROGRAMS`], by name; none that only
/// builds or tests need. `None` if `metadata` has another shape.
fn linked_by(metadata: &Value) -> Option<Vec<Linked>> {
    let mut packages = BTreeMap::new();
    for package in metadata["packages"].as_array()? {
        packages.insert(package["id"].as_str()?, package);
    }
    let mut needs = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array()? {
        needs.insert(node["id"].as_str()?, node["deps"].as_array()?);
    }
    let is_program =
        |id: &&&str| packages[**id]["name"].as_str().is_some_and(|name| PROGRAMS.contains(&name));
    let mut open: Vec<&str> = packages.keys().filter(is_program).copied().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for need in *needs.get(id)? {
            let kinds = need["dep_kinds"].as_array()?;
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                open.push(need["pkg"].as_str()?);
            }
        }
    }
    let mut linked = Vec::new();
    for package in seen.into_iter().map(|id| packages[id]) {
        // Those of this workspace come from no registry, and have their licence at the top.
        if package["source"].is_null() {
            continue;
        }
        let manifest = Path::new(package["manifest_path"].as_str()?);
        linked.push(Linked {
            name: package["name"].as_str()?.to_owned(),
            version: package["version"].as_str()?.to_owned(),
            licence: package["license"].as_str().unwrap_or("see its texts").to_owned(),
            folder: manifest.parent()?.to_owned(),
        });
    }
    linked.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Some(linked)
}

const LIST: &str = "\
# Crates that are linked into `replab` and the plugin

Each with its licence; their texts are in `crates/`. Rust's standard library, which is linked in too, is MIT or Apache-2.0.

";

const README: &str = "\
# Licences

- `replab`, boards, scenarios, lessons and docs: MIT or Apache-2.0, at your choice (`../LICENSE-MIT`, `../LICENSE-APACHE`).
- `libreplab_qemu_plugin.so`: GPL-2.0-or-later (`GPL-2.0-or-later.txt`), because it is linked into QEMU. Its source is in `../source/`, as it was built: `cargo build --release -p replab-qemu-plugin` in a checkout of this version of the project, of which it is the folder `harness/qemu-plugin`. `replab` is another program, and shares a protocol with it and no code.
- `firmware/lab-m0/`: MicroPython 1.25.0 with a port of the project, both MIT (`firmware/micropython.txt`, which also names the licences of the libraries inside it; `firmware/micropython-port.txt`), and newlib (`firmware/newlib.txt`).
- `firmware/pico/` and `firmware/pico-guests/`: the same, with the pico-sdk (BSD-3-Clause, `firmware/pico-sdk-source.txt`) and TinyUSB (MIT, `firmware/tinyusb-source.txt`). `firmware/pico-rom/` holds arithmetic of libgcc (`firmware/libgcc.txt`, with the exception that lets programs be linked with it).
- Crates that are linked in: `third-party.md`.
";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_linked_is_listed_and_what_builds_or_tests_is_not() {
        let package = |id: &str, source: Option<&str>| {
            json!({
                "id": id, "name": id, "version": "1.0.0", "license": "MIT", "source": source,
                "manifest_path": format!("/crates/{id}/Cargo.toml"),
            })
        };
        let need = |id: &str, kind: Option<&str>| json!({"pkg": id, "dep_kinds": [{"kind": kind}]});
        let registry = Some("registry");
        let metadata = json!({
            "packages": [
                package("replab-cli", None),
                package("replab-scenario", None),
                package("yaml", registry),
                package("tests", registry),
                package("builds", registry),
                package("unused", registry),
            ],
            "resolve": {"nodes": [
                {"id": "replab-cli", "deps": [
                    need("replab-scenario", None), need("tests", Some("dev")), need("builds", Some("build")),
                ]},
                {"id": "replab-scenario", "deps": [need("yaml", None)]},
                {"id": "yaml", "deps": []},
                {"id": "unused", "deps": []},
            ]},
        });
        let names =
            |linked: Vec<Linked>| linked.into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(linked_by(&metadata).map(names), Some(vec!["yaml".to_owned()]));
        assert_eq!(linked_by(&json!({})), None);
    }

    #[test]
    fn every_crate_that_is_linked_has_a_licence() {
        let linked = linked().unwrap();
        assert!(linked.iter().any(|one| one.name == "clap"), "{linked:?}");
        for one in linked {
            assert_ne!(one.licence, "see its texts", "{}", one.name);
        }
    }
}
