//! What the user names instead of what set-up would fetch.

use std::env;
use std::path::PathBuf;

/// What the user names instead of what set-up would fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// A `qemu-system-arm`.
    pub qemu: Option<PathBuf>,
    /// The command `renode`.
    pub renode: Option<PathBuf>,
    /// What comes before `gcc` in the name of the Arm compiler.
    pub arm_gcc: Option<PathBuf>,
    /// A source tree of MicroPython.
    pub micropython: Option<PathBuf>,
    /// A source tree of the pico-sdk, with TinyUSB in its `lib/tinyusb`.
    pub pico_sdk: Option<PathBuf>,
    /// A `cmake`.
    pub cmake: Option<PathBuf>,
    /// A python3 that can import `serial` and `mpremote`.
    pub python: Option<PathBuf>,
}

impl Named {
    /// What `REPLAB_QEMU`, `REPLAB_RENODE`, `REPLAB_ARM_GCC`, `REPLAB_MICROPYTHON`,
    /// `REPLAB_PICO_SDK`, `REPLAB_CMAKE` and `REPLAB_PYTHON` name. An empty one names nothing.
    #[must_use]
    pub fn from_env() -> Named {
        let name = |key| env::var_os(key).filter(|value| !value.is_empty()).map(PathBuf::from);
        Named {
            qemu: name("REPLAB_QEMU"),
            renode: name("REPLAB_RENODE"),
            arm_gcc: name("REPLAB_ARM_GCC"),
            micropython: name("REPLAB_MICROPYTHON"),
            pico_sdk: name("REPLAB_PICO_SDK"),
            cmake: name("REPLAB_CMAKE"),
            python: name("REPLAB_PYTHON"),
        }
    }
}

impl Named {
    /// The same, independent of the working directory. A bare word is left: it is looked for on `$PATH`.
    pub(crate) fn absolute(self) -> Named {
        let fix = |path: Option<PathBuf>| {
            path.map(|path| if path.components().count() > 1 { absolute(path) } else { path })
        };
        let micropython = self.micropython.map(absolute);
        let pico_sdk = self.pico_sdk.map(absolute);
        Named {
            qemu: fix(self.qemu),
            renode: fix(self.renode),
            arm_gcc: fix(self.arm_gcc),
            micropython,
            pico_sdk,
            cmake: fix(self.cmake),
            python: fix(self.python),
        }
    }
}

/// A path from the root; one that the system cannot complete stays as it is.
pub(crate) fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
