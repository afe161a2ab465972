//! What a found tool is: all that is needed to run it or to build with it.

use std::path::PathBuf;

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

/// A Python for MicroPython's build and tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// The program.
    pub program: PathBuf,
    /// Where pyserial and mpremote are, for `PYTHONPATH`; `None` if it has them itself.
    pub modules: Option<PathBuf>,
}
