//! Finds what firmware for the RP2040 is built with: the pico-sdk with TinyUSB, and CMake.

use std::path::Path;

use crate::tools::{not_that, says_version};
use crate::{Cmake, Item, Missing, PicoSdk, Tools, pins};

/// The file by which a source tree of the pico-sdk is known.
const PICO_SDK_MARK: &str = "pico_sdk_init.cmake";

/// The file by which a source tree of TinyUSB is known.
const TINYUSB_MARK: &str = "src/tusb.h";

/// Where Debian's packages have both trees.
pub(crate) const FETCHED_MARKS: [&str; 2] =
    ["usr/src/pico-sdk/pico_sdk_init.cmake", "usr/src/tinyusb/src/tusb.h"];

impl Tools {
    /// The pico-sdk's sources.
    ///
    /// # Errors
    ///
    /// [`Missing`] if there are none, or if the named folder does not hold them.
    pub fn pico_sdk(&self) -> Result<PicoSdk, Missing> {
        if let Some(folder) = &self.named().pico_sdk {
            return own_pico_sdk(folder).map_err(|why| not_that(Item::PicoSdk, folder, why));
        }
        self.current(Item::PicoSdk).ok_or_else(|| self.not_found(Item::PicoSdk))?;
        let sources = self.place().of(Item::PicoSdk).join("usr/src");
        Ok(PicoSdk {
            folder: sources.join("pico-sdk"),
            tinyusb: sources.join("tinyusb"),
            sha256: Some(pins::pico_sdk_sha256()),
        })
    }

    /// CMake.
    ///
    /// # Errors
    ///
    /// [`Missing`] if there is none, or if the named one does not run.
    pub fn cmake(&self) -> Result<Cmake, Missing> {
        if let Some(program) = &self.named().cmake {
            return bare_cmake(program).map_err(|why| not_that(Item::Cmake, program, why));
        }
        let installed = || bare_cmake(&self.installed("cmake")?).ok();
        self.fetched_cmake().or_else(installed).ok_or_else(|| self.not_found(Item::Cmake))
    }

    fn fetched_cmake(&self) -> Option<Cmake> {
        let root = self.place().of(Item::Cmake);
        let stamp = self.current(Item::Cmake)?;
        Some(Cmake {
            program: root.join("usr/bin/cmake"),
            library_path: self.libraries(&root),
            version: stamp.version,
        })
    }
}

fn own_pico_sdk(folder: &Path) -> Result<PicoSdk, String> {
    let tinyusb = folder.join("lib/tinyusb");
    let absent = |root: &Path, mark: &str| {
        (!root.join(mark).is_file()).then(|| format!("it has no {}", shown(folder, root, mark)))
    };
    match absent(folder, PICO_SDK_MARK).or_else(|| absent(&tinyusb, TINYUSB_MARK)) {
        Some(why) => Err(why),
        None => Ok(PicoSdk { folder: folder.to_owned(), tinyusb, sha256: None }),
    }
}

/// `mark` below `root` as a path inside `folder`.
fn shown(folder: &Path, root: &Path, mark: &str) -> String {
    let path = root.join(mark);
    path.strip_prefix(folder).unwrap_or(&path).display().to_string()
}

fn bare_cmake(program: &Path) -> Result<Cmake, String> {
    let version = says_version(program)?;
    Ok(Cmake { program: program.to_owned(), library_path: None, version })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Named;
    use crate::debian::Release;
    use crate::run::write_program;

    fn tools(root: &Path, named: Named) -> Tools {
        Tools::in_test(root, Release::Bookworm, named)
    }

    #[test]
    fn an_sdk_of_the_users_own_must_have_tinyusb_in_it() {
        let root = tempfile::tempdir().unwrap();
        let sdk = root.path().join("sdk");
        fs::create_dir_all(sdk.join("lib/tinyusb/src")).unwrap();
        let named = Named { pico_sdk: Some(sdk.clone()), ..Named::default() };
        let why = |named: &Named| tools(root.path(), named.clone()).pico_sdk().unwrap_err();
        assert!(why(&named).to_string().ends_with("it has no pico_sdk_init.cmake"));
        fs::write(sdk.join(PICO_SDK_MARK), "").unwrap();
        assert!(why(&named).to_string().ends_with("it has no lib/tinyusb/src/tusb.h"));
        fs::write(sdk.join("lib/tinyusb").join(TINYUSB_MARK), "").unwrap();
        let found = tools(root.path(), named).pico_sdk().unwrap();
        assert_eq!(found, PicoSdk { tinyusb: sdk.join("lib/tinyusb"), folder: sdk, sha256: None });
    }

    #[test]
    fn another_cmake_than_the_pinned_one_is_used_only_if_it_is_named() {
        let root = tempfile::tempdir().unwrap();
        let own = root.path().join("bin/cmake");
        write_program(&own, "#!/bin/sh\necho cmake version 99.0\n");
        let named = tools(root.path(), Named { cmake: Some(own), ..Named::default() });
        assert_eq!(named.cmake().unwrap().version, "cmake version 99.0");
        assert_eq!(named.has(Item::Cmake), Ok(true));
        assert_eq!(tools(root.path(), Named::default()).has(Item::Cmake), Ok(false));
    }
}
