//! Fetches tools and firmware sources, and finds them again.
//!
//! Two halves. [`Tools`] answers where a tool is: named by the user, fetched
//! by us, or installed in the system, in this order. [`setup`] brings what is
//! missing: it runs apt with a state of its own and unpacks Debian's packages
//! into a folder of ours (`target/tools/` of a checkout, the user's data folder of an
//! installed program), so it needs no root and the system stays as it was. [`Scope`] says what is needed.
//! [`doctor`] explains what is there and what is not, and changes nothing.
//!
//! Nothing here prints; [`setup`] tells its caller what it does, line by line.

mod apt;
mod debian;
mod doctor;
mod error;
mod fetch;
mod found;
mod item;
mod lock;
mod named;
mod pico;
mod pins;
mod place;
mod renode;
mod run;
mod scope;
mod setup;
mod sources;
mod tools;
mod unpack;

pub use doctor::{Finding, State, doctor};
pub use error::{Missing, SetupError};
pub use found::{ArmGcc, Cmake, Micropython, PicoSdk, Python, Qemu, Renode};
pub use item::Item;
pub use lock::Lock;
pub use named::Named;
pub use place::Place;
pub use renode::setup_renode;
pub use scope::Scope;
pub use setup::setup;
pub use tools::Tools;
