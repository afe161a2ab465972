//! What a found tool is: all that is needed to run it or to build with it.

use std::path::PathBuf;
use std::process::Command;

/// An emulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qemu {
    /// The program.
    pub program: PathBuf,
    /// Its shared libraries, for `LD_LIBRARY_PATH` of this one process.
    pub library_path: Option<PathBuf>,
    /// Its data files, for `-L`.
    pub data: Option<PathBuf>,
    /// What it says of itself: `QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+…)`.
    pub version: String,
}

/// Renode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renode {
    /// The command.
    pub program: PathBuf,
    /// Where it may unpack itself, once (`DOTNET_BUNDLE_EXTRACT_BASE_DIR`), if
    /// set-up has fetched it.
    pub unpacked: Option<PathBuf>,
}

impl Renode {
    /// The command, as it is to be run.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(unpacked) = &self.unpacked {
            command.env("DOTNET_BUNDLE_EXTRACT_BASE_DIR", unpacked);
        }
        command
    }
}

/// A compiler for Arm microcontrollers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmGcc {
    /// What comes before `gcc`, `objcopy` and so on.
    pub prefix: PathBuf,
    /// Where its packages were unpacked; `None` if it is installed.
    pub root: Option<PathBuf>,
    /// Its shared libraries, for `LD_LIBRARY_PATH`.
    pub library_path: Option<PathBuf>,
    /// The first line of `gcc --version`.
    pub version: String,
}

/// A source tree of MicroPython.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Micropython {
    /// The folder that holds `py/`.
    pub folder: PathBuf,
    /// What decides its content: the archive's hash. `None` for a tree of the user's own.
    pub sha256: Option<String>,
}

/// A source tree of the pico-sdk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PicoSdk {
    /// The folder that holds `pico_sdk_init.cmake`.
    pub folder: PathBuf,
    /// TinyUSB's folder, which holds `src/tusb.h`.
    pub tinyusb: PathBuf,
    /// What decides the content of both: the packages' hashes. `None` for trees of the user's own.
    pub sha256: Option<String>,
}

/// CMake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cmake {
    /// The program.
    pub program: PathBuf,
    /// Its shared libraries, for `LD_LIBRARY_PATH`.
    pub library_path: Option<PathBuf>,
    /// The first line of `cmake --version`.
    pub version: String,
}

/// A Python for MicroPython's build and tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// The program.
    pub program: PathBuf,
    /// Where pyserial and mpremote are, for `PYTHONPATH`; `None` if it has them itself.
    pub modules: Option<PathBuf>,
}
