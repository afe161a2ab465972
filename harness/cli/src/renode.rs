//! Finds Renode for runs.

use std::path::PathBuf;

use replab_machine::renode::RenodeTools;
use replab_record::SkipReason;
use replab_setup::{Missing, Named};

use crate::{Place, RunError};

/// Renode and its platforms, or why there are none.
pub(crate) fn renode_tools(
    place: &Place,
    named: Named,
) -> Result<Result<RenodeTools, SkipReason>, RunError> {
    match place.tools(named).renode() {
        Ok(found) => Ok(Ok(RenodeTools {
            program: found.program,
            platforms: platforms(place),
            unpacked: found.unpacked,
        })),
        Err(wrong @ Missing::NotThat { .. }) => Err(wrong.into()),
        Err(Missing::NotFound { .. } | Missing::Renode { .. }) => {
            let advice =
                format!("run `{} --renode`, or name one with --renode PROGRAM", place.setup);
            Ok(Err(SkipReason::NotInstalled { program: "Renode".to_owned(), advice }))
        }
    }
}

/// The folder of Renode's platform descriptions: beside that of the boards.
pub(crate) fn platforms(place: &Place) -> PathBuf {
    place.boards.with_file_name("renode")
}
