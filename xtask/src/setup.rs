//! `cargo xtask setup`.

use std::time::Instant;

use replab_setup::{Tools, setup, setup_renode};

use crate::workspace;

pub(crate) fn run(renode: bool) -> anyhow::Result<()> {
    let started = Instant::now();
    let tools = workspace::tools();
    if renode {
        setup_renode(&tools, &mut |line| println!("setup: {line}"))?;
    } else {
        bring(&tools)?;
    }
    println!("setup: all is there ({:.1} s)", started.elapsed().as_secs_f64());
    Ok(())
}

/// Brings what is missing; silent if nothing is.
pub(crate) fn bring(tools: &Tools) -> anyhow::Result<()> {
    setup(tools, &mut |line| println!("setup: {line}"))?;
    Ok(())
}
