//! What the machine notices: what is not emulated, and trouble at pins. Seen at each
//! stop, told in the outcome.

use replab_machine::Finding;
use replab_record::Found;

use super::Session;
use crate::error::Played;

impl Session<'_> {
    /// Takes what the machine has noticed since the last stop. Where `never:` forbids
    /// some of it, the first of that ends the run.
    pub(super) fn find(&mut self) -> Played {
        let Some(findings) = self.machine.findings.as_mut() else { return Ok(()) };
        let mut forbidden = Ok(());
        for finding in findings.take() {
            let found = self.found_by(finding);
            forbidden = forbidden.and_then(|()| self.always.look_at_found(&found));
            let is_same = |one: &&mut Found| one.kind == found.kind && one.block == found.block;
            match self.found.iter_mut().find(is_same) {
                Some(known) => known.count += 1,
                None => self.found.push(found),
            }
        }
        forbidden.map_err(|sign| self.ended_by(sign))
    }

    fn found_by(&mut self, finding: Finding) -> Found {
        let Finding { at, kind, block, address, is_store, pc } = finding;
        let place = pc.map(|pc| self.inspector().place(pc));
        Found { kind, block, address, is_store, at, place, count: 1 }
    }
}
