//! Boards and targets: named designs, as data.
//!
//! A [`Board`] is read from one YAML file under `boards/`. It is where all
//! worlds meet: the scenario language asks it for pin roles and ports, the
//! backends for memory and how to start, the runner for the file system's place.
//! A new board is such a file and firmware, no code. Pure: who reads the file
//! gives its text.

mod definition;
mod load;
mod target;

pub use definition::{
    AnalogInput, Backends, Board, Button, Chip, FileSystem, GpioController, MemoryKind, Port,
    QemuMachine, Quantity, Region, RenodeMachine, Span,
};
pub use load::{BoardError, load};
pub use target::{Backend, Target, TargetError};
