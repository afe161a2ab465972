//! `cargo xtask setup`.

use std::time::Instant;

use replab_setup::{Tools, setup};

use crate::workspace;

pub(crate) fn run() -> anyhow::Result<()> {
    let started = Instant::now();
    bring(&workspace::tools())?;
    println!("setup: all is there ({:.1} s)", started.elapsed().as_secs_f64());
    Ok(())
}

/// Brings what is missing; silent if nothing is.
pub(crate) fn bring(tools: &Tools) -> anyhow::Result<()> {
    setup(tools, &mut |line| println!("setup: {line}"))?;
    Ok(())
}
