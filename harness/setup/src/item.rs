//! What set-up brings: seven items, each a folder that is whole or not there.

use sha2::{Digest, Sha256};

use crate::debian::Release;
use crate::pins::{self, Pin};

/// One thing that set-up brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// make, python3 and xz, where the system has none.
    HostPrograms,
    /// QEMU for Arm.
    Qemu,
    /// The Arm compiler with newlib.
    ArmGcc,
    /// MicroPython's source tree.
    Micropython,
    /// The pico-sdk and TinyUSB, as source trees.
    PicoSdk,
    /// CMake, which configures builds of the pico-sdk.
    Cmake,
    /// pyserial and mpremote.
    PythonModules,
}

impl Item {
    /// All, in the order in which they are fetched: the first ones are needed to unpack others.
    pub const ALL: [Item; 7] = [
        Item::HostPrograms,
        Item::Qemu,
        Item::ArmGcc,
        Item::Micropython,
        Item::PicoSdk,
        Item::Cmake,
        Item::PythonModules,
    ];

    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Item::HostPrograms => "host programs",
            Item::Qemu => "QEMU",
            Item::ArmGcc => "Arm compiler",
            Item::Micropython => "MicroPython",
            Item::PicoSdk => "pico-sdk",
            Item::Cmake => "CMake",
            Item::PythonModules => "Python modules",
        }
    }

    /// What names one's own instead.
    #[must_use]
    pub fn named_by(self) -> &'static str {
        match self {
            Item::HostPrograms => "$PATH",
            Item::Qemu => "--qemu or REPLAB_QEMU",
            Item::ArmGcc => "REPLAB_ARM_GCC",
            Item::Micropython => "--micropython or REPLAB_MICROPYTHON",
            Item::PicoSdk => "REPLAB_PICO_SDK",
            Item::Cmake => "REPLAB_CMAKE",
            Item::PythonModules => "REPLAB_PYTHON",
        }
    }

    /// How to use one's own instead, as advice.
    #[must_use]
    pub fn way_out(self) -> &'static str {
        match self {
            Item::HostPrograms => "put one on $PATH",
            Item::Qemu => "name one with --qemu PROGRAM or REPLAB_QEMU",
            Item::ArmGcc => {
                "name one with REPLAB_ARM_GCC=PREFIX, as in /opt/arm/bin/arm-none-eabi-"
            }
            Item::Micropython => "name a source tree with --micropython DIR or REPLAB_MICROPYTHON",
            Item::PicoSdk => {
                "name a source tree of it, with TinyUSB in lib/tinyusb, with REPLAB_PICO_SDK=DIR"
            }
            Item::Cmake => "name one with REPLAB_CMAKE=PROGRAM",
            Item::PythonModules => {
                "name a python3 that can import serial and mpremote with REPLAB_PYTHON"
            }
        }
    }

    pub(crate) fn folder(self) -> &'static str {
        match self {
            Item::HostPrograms => "host",
            Item::Qemu => "qemu",
            Item::ArmGcc => "arm-gcc",
            Item::Micropython => "micropython",
            Item::PicoSdk => "pico-sdk",
            Item::Cmake => "cmake",
            Item::PythonModules => "python",
        }
    }

    /// The pinned packages.
    pub(crate) fn pins(self, release: Release) -> &'static [Pin] {
        match self {
            Item::HostPrograms | Item::Micropython => &[],
            Item::Qemu => pins::qemu(release),
            Item::ArmGcc => pins::arm_gcc(release),
            Item::PicoSdk => pins::pico_sdk(),
            Item::Cmake => pins::cmake(release),
            Item::PythonModules => pins::python_modules(release),
        }
    }

    /// What is not unpacked, as patterns of tar; each saves tens of megabytes.
    pub(crate) fn excluded(self) -> &'static [&'static str] {
        match self {
            Item::Qemu => EXCLUDED_OF_QEMU,
            Item::ArmGcc => EXCLUDED_OF_ARM_GCC,
            Item::Cmake => EXCLUDED_OF_CMAKE,
            _ => EXCLUDED,
        }
    }

    /// A hash of all that decides what is in the folder; another one means that it must be fetched anew.
    pub(crate) fn recipe(self, release: Release, arch: &str) -> String {
        let source = match self {
            Item::Micropython => pins::MICROPYTHON.sha256,
            _ => "",
        };
        let text = format!(
            "{LAYOUT} {self:?} {release} {arch} {:?} {:?} {source}",
            self.pins(release),
            self.excluded()
        );
        hex::encode(Sha256::digest(text))
    }
}

/// Raised when the way of unpacking changes.
const LAYOUT: u32 = 1;

/// Manuals. Copyright files are kept.
const EXCLUDED: &[&str] = &[
    "./usr/share/man",
    "./usr/share/info",
    "./usr/share/lintian",
    "./usr/share/doc/*.gz",
    "./usr/share/doc/*.html",
];

/// Manuals, and CMake's two other programs.
const EXCLUDED_OF_CMAKE: &[&str] = &[
    "./usr/share/man",
    "./usr/share/lintian",
    "./usr/share/doc/*.gz",
    "./usr/share/doc/*.html",
    "./usr/bin/cpack",
    "./usr/bin/ctest",
];

const EXCLUDED_OF_QEMU: &[&str] = &[
    "./usr/share/man",
    "./usr/share/lintian",
    "./usr/share/doc/*.gz",
    "./usr/share/doc/*.html",
    "./usr/bin/qemu-system-aarch64",
];

/// Libraries for cores that no microcontroller board has (classic Arm, Cortex-A and -R),
/// for Armv8-M, which no board of ours has, and the C++ compiler. What is left: Armv6-M, Armv7-M.
const EXCLUDED_OF_ARM_GCC: &[&str] = &[
    "./usr/share/man",
    "./usr/share/info",
    "./usr/share/lintian",
    "./usr/share/doc/*.gz",
    "./usr/share/doc/*.html",
    "./usr/bin/arm-none-eabi-lto-dump",
    "./usr/lib/gcc/arm-none-eabi/*/cc1plus",
    "./usr/lib/gcc/arm-none-eabi/*/plugin/include",
    "./usr/lib/gcc/arm-none-eabi/*/arm",
    "./usr/lib/arm-none-eabi/newlib/arm",
    "./usr/lib/*/thumb/v7",
    "./usr/lib/*/thumb/v7+fp",
    "./usr/lib/*/thumb/v7-a*",
    "./usr/lib/*/thumb/v7-r*",
    "./usr/lib/*/thumb/v7ve*",
    "./usr/lib/*/thumb/v8*",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_item_release_and_architecture_has_its_own_recipe() {
        let mut recipes = BTreeSet::new();
        for item in Item::ALL {
            for release in [Release::Bookworm, Release::Trixie] {
                recipes.insert(item.recipe(release, "amd64"));
                recipes.insert(item.recipe(release, "arm64"));
            }
        }
        assert_eq!(recipes.len(), Item::ALL.len() * 4);
    }
}
