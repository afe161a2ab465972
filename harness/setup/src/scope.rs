//! Who needs tools, and so which: a checkout builds firmware, an installed program only plays.

use crate::Item;

/// For what tools are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For a checkout of the project: an emulator, and all that firmware is built and tested with.
    Checkout,
    /// For an installed program, which has its firmware: an emulator.
    Installed,
}

impl Scope {
    /// What is needed, in the order in which it is fetched.
    #[must_use]
    pub fn items(self) -> &'static [Item] {
        match self {
            Scope::Checkout => &Item::ALL,
            Scope::Installed => &[Item::Qemu],
        }
    }

    /// The command that fetches what is missing.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Scope::Checkout => "cargo xtask setup",
            Scope::Installed => "replab setup",
        }
    }
}
