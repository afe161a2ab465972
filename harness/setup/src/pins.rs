//! What set-up fetches: names, versions, hashes, and why each is there.
//!
//! A pinned version makes a transcript mean the same everywhere. apt verifies
//! each file against the archive's signed index; the hashes here are a second
//! lock on the files that decide results. They were measured on amd64. Packages
//! of `Architecture: all` have the same hash everywhere; on another architecture
//! the others are held by their version and apt's index alone. The libraries that
//! a tool needs come in whatever version the signed index offers.

use crate::debian::Release;

/// Where in the archive a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// The system's own release.
    Release,
    /// The backports suite of the release.
    Backports,
    /// [`SOURCE_SUITE`], on any release: packages of `Architecture: all` that hold sources.
    Sources,
}

/// For which architectures a package's hash holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// `Architecture: all`: the same file everywhere.
    All(&'static str),
    /// The file for amd64.
    Amd64(&'static str),
    /// Not pinned: what the release offers.
    Unpinned,
}

/// One package that set-up fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    /// Debian's name of it.
    pub(crate) package: &'static str,
    /// The exact version, or `None` for what the release offers.
    pub(crate) version: Option<&'static str>,
    /// SHA-256 of the file.
    pub(crate) hash: Hash,
    /// Where it is.
    pub(crate) suite: Suite,
}

impl Pin {
    /// The hash that a file for `arch` must have, if it is known.
    pub(crate) fn sha256_on(&self, arch: &str) -> Option<&'static str> {
        match self.hash {
            Hash::All(sha256) => Some(sha256),
            Hash::Amd64(sha256) if arch == "amd64" => Some(sha256),
            Hash::Amd64(_) | Hash::Unpinned => None,
        }
    }

    /// The suite's name in messages.
    pub(crate) fn suite_name(&self, release: Release) -> String {
        match self.suite {
            Suite::Release => release.codename().to_owned(),
            Suite::Backports => format!("{}-backports", release.codename()),
            Suite::Sources => SOURCE_SUITE.to_owned(),
        }
    }
}

const fn pin(package: &'static str, version: &'static str, hash: Hash, suite: Suite) -> Pin {
    Pin { package, version: Some(version), hash, suite }
}

const fn stock(package: &'static str) -> Pin {
    Pin { package, version: None, hash: Hash::Unpinned, suite: Suite::Release }
}

/// QEMU's version that our plugin was tested with.
const QEMU: &str = "1:10.0.2+ds-2+deb13u1~bpo12+1";

/// The emulator. Bookworm's own 7.2 is too old for the plugin; the backport is
/// the tested build. `-data` holds the files that `-L` names, `-common` is a
/// dependency that holds the modules' folder.
const QEMU_BOOKWORM: &[Pin] = &[
    pin(
        "qemu-system-arm",
        QEMU,
        Hash::Amd64("edebbab09db3882c48ef9c00049c7c6a2d76d195cb88d830baadd1fb705bbc66"),
        Suite::Backports,
    ),
    pin(
        "qemu-system-common",
        QEMU,
        Hash::Amd64("23a4672a138832d7173855e981aa8282c73ef5e04e080fa7ada9f82c6b34f507"),
        Suite::Backports,
    ),
    pin(
        "qemu-system-data",
        QEMU,
        Hash::All("2d831088187087013b3fcbd19bdfb955b182a2d5a08f6dafa0ad1c6d2007fb4e"),
        Suite::Backports,
    ),
];

/// Trixie's own QEMU. It runs in `wall` time until it is in the table of tested builds.
const QEMU_TRIXIE: &[Pin] =
    &[stock("qemu-system-arm"), stock("qemu-system-common"), stock("qemu-system-data")];

/// The compiler of the firmware, and newlib: its headers for MicroPython, its
/// library for programs that link it.
const ARM_GCC_BOOKWORM: &[Pin] = &[
    pin(
        "gcc-arm-none-eabi",
        "15:12.2.rel1-1",
        Hash::Amd64("2bbd4f4145e9a3669f58ddab6a3190b768949f07cc444d23e98743d905f83e16"),
        Suite::Release,
    ),
    pin(
        "binutils-arm-none-eabi",
        "2.40-2+18+b1",
        Hash::Amd64("c8f9da2a434366bfe5a66a8267cb3b1df028f1d95278715050c222b43e1c221c"),
        Suite::Release,
    ),
    pin(
        "libnewlib-dev",
        "3.3.0-1.3+deb12u1",
        Hash::All("ab5e6e80d66a6f2f8b9b22b9297154a676a5434ac82e48b88e8164548bc72115"),
        Suite::Release,
    ),
    pin(
        "libnewlib-arm-none-eabi",
        "3.3.0-1.3+deb12u1",
        Hash::All("c80278e8332940eaf9738910258bb85b21c30aacf246a5e363fee230d3605e84"),
        Suite::Release,
    ),
];

/// Trixie's own compiler. Firmware hashes differ from those of bookworm's.
const ARM_GCC_TRIXIE: &[Pin] = &[
    stock("gcc-arm-none-eabi"),
    stock("binutils-arm-none-eabi"),
    stock("libnewlib-dev"),
    stock("libnewlib-arm-none-eabi"),
];

/// pyserial, which MicroPython's own tests need, and mpremote, which `serve` is tested with.
const PYTHON_MODULES_BOOKWORM: &[Pin] = &[
    pin(
        "python3-serial",
        "3.5-1.1",
        Hash::All("ad0a09bfc3e56a70924ffb2e6257186d241038a0e7665f4f4f0814013ba82618"),
        Suite::Release,
    ),
    pin(
        "micropython-mpremote",
        "1.24.0-1~bpo12+1",
        Hash::All("28216fc19f4cb2aa9fbcd4b1373af2bb765f78ccf7eeb0ff444a2991e65f7d94"),
        Suite::Backports,
    ),
];

const PYTHON_MODULES_TRIXIE: &[Pin] = &[stock("python3-serial"), stock("micropython-mpremote")];

/// What configures the builds of the pico-sdk. Another version may order the linker's
/// input otherwise, and so change the firmware's bytes.
const CMAKE_BOOKWORM: &[Pin] = &[
    pin(
        "cmake",
        "3.25.1-1",
        Hash::Amd64("257a11063855f09e48696057fdb1ba2bcf1069502e0302576831dc2fb1571d7f"),
        Suite::Release,
    ),
    pin(
        "cmake-data",
        "3.25.1-1",
        Hash::All("8371f9694da94fd551a3ea653e2e25d99747471ca0b48cc029bf5c792ea590a3"),
        Suite::Release,
    ),
];

const CMAKE_TRIXIE: &[Pin] = &[stock("cmake"), stock("cmake-data")];

/// Raspberry Pi's SDK, the version that MicroPython 1.25.0 is built with, and TinyUSB,
/// without whose headers its rp2 port does not compile. The packages hold source trees.
const PICO_SDK: &[Pin] = &[
    pin(
        "pico-sdk-source",
        "2.1.1-1",
        Hash::All("507a3ca37636641bc90239d7c04dc9dc28c5008087a8162102ea94d2273153d3"),
        Suite::Sources,
    ),
    pin(
        "tinyusb-source",
        "0.18.0+dfsg-1",
        Hash::All("01ce2c645df68f14a8a7dcfc8fb355713152543757955820479a87949a61154e"),
        Suite::Sources,
    ),
];

/// The source package of MicroPython. It is trixie's on both releases.
pub(crate) struct SourcePin {
    /// Debian's name of it.
    pub(crate) package: &'static str,
    /// The version in Debian.
    pub(crate) version: &'static str,
    /// MicroPython's own version.
    pub(crate) upstream: &'static str,
    /// SHA-256 of the `orig` archive.
    pub(crate) sha256: &'static str,
}

/// MicroPython. Only the `orig` archive is unpacked: Debian's patches are for its Unix port.
pub(crate) const MICROPYTHON: SourcePin = SourcePin {
    package: "micropython",
    version: "1.25.0+ds-1",
    upstream: "1.25.0",
    sha256: "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea",
};

/// The suite that has [`MICROPYTHON`] and [`PICO_SDK`].
pub(crate) const SOURCE_SUITE: &str = "trixie";

/// Pins of the emulator.
pub(crate) fn qemu(release: Release) -> &'static [Pin] {
    match release {
        Release::Bookworm => QEMU_BOOKWORM,
        Release::Trixie => QEMU_TRIXIE,
    }
}

/// Pins of the compiler and newlib.
pub(crate) fn arm_gcc(release: Release) -> &'static [Pin] {
    match release {
        Release::Bookworm => ARM_GCC_BOOKWORM,
        Release::Trixie => ARM_GCC_TRIXIE,
    }
}

/// Pins of CMake.
pub(crate) fn cmake(release: Release) -> &'static [Pin] {
    match release {
        Release::Bookworm => CMAKE_BOOKWORM,
        Release::Trixie => CMAKE_TRIXIE,
    }
}

/// Pins of the pico-sdk: the same on both releases, as with [`MICROPYTHON`].
pub(crate) fn pico_sdk() -> &'static [Pin] {
    PICO_SDK
}

/// A hash of what decides the pico-sdk's sources.
pub(crate) fn pico_sdk_sha256() -> String {
    let hashes = PICO_SDK.iter().filter_map(|pin| match pin.hash {
        Hash::All(sha256) => Some(sha256),
        _ => None,
    });
    hashes.collect::<Vec<_>>().join(" ")
}

/// Pins of the Python modules.
pub(crate) fn python_modules(release: Release) -> &'static [Pin] {
    match release {
        Release::Bookworm => PYTHON_MODULES_BOOKWORM,
        Release::Trixie => PYTHON_MODULES_TRIXIE,
    }
}

/// Programs of the host that builds and tests call, with the package of each.
/// The system's are used where they are; versions do not matter to results, so they are not pinned.
pub(crate) const HOST_PROGRAMS: &[(&str, &str)] =
    &[("make", "make"), ("python3", "python3"), ("xz", "xz-utils")];

/// Packages that are never unpacked, even if apt would install or upgrade them:
/// a C library beside the system's would be loaded by the system's loader and
/// crash; the others are of no use in a folder.
pub(crate) const NEVER_UNPACKED: &[&str] =
    &["libc6", "libc-bin", "libc6-dev", "libc-dev-bin", "linux-libc-dev"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(release: Release) -> Vec<Pin> {
        [qemu(release), arm_gcc(release), cmake(release), pico_sdk(), python_modules(release)]
            .concat()
    }

    #[test]
    fn no_package_is_pinned_twice() {
        for release in [Release::Bookworm, Release::Trixie] {
            let names: BTreeSet<_> = all(release).iter().map(|pin| pin.package).collect();
            assert_eq!(names.len(), all(release).len());
        }
    }

    #[test]
    fn hashes_are_sha256_in_lowercase_hex_and_differ() {
        let mut hashes: Vec<_> =
            all(Release::Bookworm).iter().filter_map(|pin| pin.sha256_on("amd64")).collect();
        hashes.push(MICROPYTHON.sha256);
        for hash in &hashes {
            assert_eq!(hash.len(), 64);
            assert!(hash.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)), "{hash}");
        }
        let different: BTreeSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), hashes.len());
    }

    #[test]
    fn each_pin_of_bookworm_has_a_version_and_a_hash() {
        for pin in all(Release::Bookworm) {
            assert!(pin.version.is_some() && pin.sha256_on("amd64").is_some(), "{}", pin.package);
        }
    }

    #[test]
    fn hashes_of_amd64_are_not_asked_of_arm64() {
        let arm64: Vec<_> =
            qemu(Release::Bookworm).iter().map(|pin| pin.sha256_on("arm64").is_some()).collect();
        assert_eq!(arm64, [false, false, true]);
    }
}
