//! What makes a machine in a Renode process.

use std::path::PathBuf;

use replab_board::{Board, RenodeMachine};

use crate::qemu::firmware::Image;
use crate::{MachineError, PAINT};

use super::names::Names;
use super::program::Program;

/// One slice, and longer than any: so the quantum changes no time, only the cost.
const QUANTUM: &str = "1.0";

/// All that a machine is made of but its seed.
pub(super) struct Recipe {
    pub(super) board: Board,
    pub(super) machine: RenodeMachine,
    /// The platform description as Renode gets it.
    pub(super) platform: String,
    pub(super) firmware: PathBuf,
    pub(super) image: Image,
}

impl Recipe {
    /// What makes the machine in `program`, one request each, so that an error names
    /// what Renode did not take. Puts the files for them into its folder.
    pub(super) fn requests(
        &self,
        program: &Program,
        names: &Names,
        seed: u32,
    ) -> Result<Vec<Vec<String>>, MachineError> {
        let platform = program.put("platform.repl", &self.platform)?;
        let firmware = program.link("firmware.elf", &self.firmware)?;
        let commands = [
            "mach create \"lab\"".to_owned(),
            format!("machine LoadPlatformDescription @{}", platform.display()),
            format!("emulation SetGlobalQuantum \"{QUANTUM}\""),
            "emulation SetGlobalAdvanceImmediately true".to_owned(),
            "emulation SetGlobalSerialExecution true".to_owned(),
            // Renode's seeds are signed.
            format!("emulation SetSeed {}", seed & 0x7fff_ffff),
            "emulation Mode SynchronizedTimers".to_owned(),
            format!("sysbus LoadELF @{}", firmware.display()),
        ];
        let mut requests = vec![vec!["clear".to_owned()]];
        requests.extend(commands.map(|command| vec!["command".to_owned(), command]));
        requests.push(vec!["attach".to_owned(), self.machine.cpu.clone()]);
        requests.extend(names.requests());
        let handlers = &self.image.fault_handlers;
        requests.extend(handlers.iter().map(|at| vec!["fault".to_owned(), format!("{at:x}")]));
        for span in self.image.painted(&self.board) {
            let (at, size) = (format!("{:x}", span.at), span.size.to_string());
            requests.push(vec!["fill".to_owned(), at, size, format!("{PAINT:02x}")]);
        }
        Ok(requests)
    }
}
