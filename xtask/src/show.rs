//! `cargo xtask show`: what `replab show` does, on the runs of this checkout.

use std::process::ExitCode;

use replab_cli::{Place, ShowArgs};

use crate::workspace;

/// Plays nothing.
pub(crate) fn run(args: &ShowArgs) -> ExitCode {
    let place = Place::in_workspace(&workspace::root(), &workspace::target());
    replab_cli::show(args, &place).into()
}
