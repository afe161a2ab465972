//! Where everything that set-up brings lies.
//!
//! ```text
//! target/tools/                    in a checkout; for an installed program, a folder of the user's
//!   qemu/ arm-gcc/ python/ host/   unpacked packages, one folder an item
//!   cmake/ pico-sdk/               the same
//!   micropython/                   the source tree
//!   renode/ renode.download/       Renode, and its archive until that is unpacked
//!   renode.unpacked/               what Renode unpacks itself to at its first start
//!   apt/                           the private apt, only while set-up is at work
//!   lock                           held while set-up is at work
//! ```

use std::path::{Path, PathBuf};

use crate::Item;

/// The folder of fetched tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    tools: PathBuf,
}

impl Place {
    /// The place inside the workspace at `root`.
    #[must_use]
    pub fn in_workspace(root: &Path) -> Place {
        Place { tools: root.join("target").join("tools") }
    }

    /// The place whose tools lie in the folder `tools`, which need not be there.
    #[must_use]
    pub fn at(tools: &Path) -> Place {
        Place { tools: tools.to_owned() }
    }

    /// The folder that holds all others.
    #[must_use]
    pub fn tools(&self) -> &Path {
        &self.tools
    }

    /// The folder of one item; there only if the item was fetched to its end.
    #[must_use]
    pub fn of(&self, item: Item) -> PathBuf {
        self.tools.join(item.folder())
    }

    pub(crate) fn renode(&self) -> PathBuf {
        self.tools.join("renode")
    }

    pub(crate) fn renode_download(&self) -> PathBuf {
        self.tools.join("renode.download")
    }

    pub(crate) fn renode_unpacked(&self) -> PathBuf {
        self.tools.join("renode.unpacked")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.tools.join("lock")
    }

    pub(crate) fn apt(&self) -> PathBuf {
        self.tools.join("apt")
    }

    /// Programs of the host that were fetched, as scripts that find their libraries.
    pub(crate) fn host_programs(&self) -> PathBuf {
        self.of(Item::HostPrograms).join("programs")
    }
}

/// Debian's names of an architecture: of packages, and of library folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arch {
    pub(crate) debian: &'static str,
    pub(crate) triplet: &'static str,
}

impl Arch {
    /// The architecture that this program was built for, if set-up knows it.
    pub(crate) fn here() -> Option<Arch> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Arch { debian: "amd64", triplet: "x86_64-linux-gnu" }),
            "aarch64" => Some(Arch { debian: "arm64", triplet: "aarch64-linux-gnu" }),
            _ => None,
        }
    }

    /// The folder of shared libraries below the root of unpacked packages.
    pub(crate) fn libraries(self, root: &Path) -> PathBuf {
        root.join("usr/lib").join(self.triplet)
    }
}
