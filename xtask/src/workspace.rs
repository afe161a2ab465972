//! The checkout that xtask works in.

use std::env;
use std::path::{Path, PathBuf};

use replab_setup::{Named, Tools};

/// The root of the checkout. Cargo tells where xtask's manifest is when it runs
/// it; the path of compile time is for a program that was started by hand.
pub(crate) fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.parent().map_or_else(|| manifest.clone(), Path::to_owned)
}

/// Where cargo writes to.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The tools of this checkout, or those that `REPLAB_…` names.
pub(crate) fn tools() -> Tools {
    Tools::find(&root(), Named::from_env())
}

/// Whether this runs in continuous integration: `CI` is set, and not to `0`, `false` or nothing.
pub(crate) fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}
