//! Looks into a stopped machine and says what its firmware is doing.

use std::time::Duration;

use replab_board::Board;
use replab_machine::{Fault, Machine, PAINT};
use replab_memory::{
    FaultEntry, FaultStatus, Image, Marks, Sample, call_chain, diagnose, heap_figures,
    stack_figures,
};
use replab_record::{CodePlace, Diagnosis, Registers, Trouble};
use replab_scenario::show_duration;

/// `WFI` and `WFE` (Armv6-M ARM §A6.7.87, §A6.7.86).
const SLEEPS: [[u8; 2]; 2] = [[0x30, 0xbf], [0x20, 0xbf]];

/// A stopped machine, and what is known of its firmware.
pub(crate) struct Inspector<'m> {
    pub(crate) machine: &'m mut Machine,
    pub(crate) board: &'m Board,
    pub(crate) image: Option<&'m Image>,
}

impl Inspector<'_> {
    /// What a fault was, at the entry of its handler.
    pub(crate) fn fault(&mut self, fault: &Fault) -> Diagnosis {
        self.of_fault(Trouble::Fault, fault)
    }

    /// What locked the processor up, whose registers are these.
    pub(crate) fn lockup(&mut self, registers: &Registers) -> Diagnosis {
        // In the handler of NMI or HardFault, or at the entry of one.
        let exception = if registers.exception() == 2 { 2 } else { 3 };
        let fault = Fault { exception, registers: *registers, is_stacked: true };
        let mut diagnosis = self.of_fault(Trouble::Lockup, &fault);
        diagnosis.sentence = format!("lockup in {}", diagnosis.sentence);
        diagnosis
    }

    /// What the processor is doing now, while the firmware does `sentence`.
    pub(crate) fn now(&mut self, trouble: Trouble, sentence: String) -> Diagnosis {
        // Where the interpreter is says nothing about a program that ends.
        let registers = self.registers().filter(|_| trouble != Trouble::ExitLoop);
        let chain = registers.map(|registers| self.chain(&registers)).unwrap_or_default();
        Diagnosis { trouble, sentence, registers: Vec::new(), chain }
    }

    /// How full stack and heap are, if the firmware's file has marks that tell where they are.
    pub(crate) fn figures(&mut self) -> Option<Sample> {
        let image = self.image?;
        let mut read = |address, length| self.read(address, length);
        let marks = Marks::find(image, &mut read).ok()?;
        let size = usize::try_from(marks.stack_high - marks.stack_low).ok()?;
        let stack = stack_figures(&marks, PAINT, &read(marks.stack_low, size)?);
        Some(Sample { stack, heap: heap_figures(&marks, &mut read) })
    }

    /// The registers, if the machine has them.
    pub(crate) fn registers(&mut self) -> Option<Registers> {
        self.machine.processor.as_mut()?.registers().ok()
    }

    /// What a processor does that was at these places at some moments within `span`.
    pub(crate) fn doing(&mut self, looks: &[Registers], span: Duration) -> Option<Diagnosis> {
        let last = looks.last()?;
        let chain = self.chain(last);
        let place = self.place(last.pc());
        let (trouble, sentence) = if self.sleeps(looks) {
            (Trouble::Asleep, format!("the processor sleeps in {place} and waits for an interrupt"))
        } else {
            let here = looks.iter().filter(|look| self.place(look.pc()).function == place.function);
            let share = format!("{} of {} looks", here.count(), looks.len());
            let span = show_duration(span);
            (Trouble::Hang, format!("the processor is busy in {place}, {share} within {span}"))
        };
        Some(Diagnosis { trouble, sentence, registers: Vec::new(), chain })
    }

    /// Whether it stood behind the same WFI or WFE at each look.
    fn sleeps(&mut self, looks: &[Registers]) -> bool {
        let Some(pc) = looks.first().map(Registers::pc) else { return false };
        looks.iter().all(|look| look.pc() == pc)
            && self
                .read(pc.wrapping_sub(2), 2)
                .is_some_and(|code| SLEEPS.iter().any(|sleep| code == sleep))
    }

    fn of_fault(&mut self, trouble: Trouble, fault: &Fault) -> Diagnosis {
        let (board, image) = (self.board, self.image);
        let mut read = |address, length| self.read(address, length);
        // Where there are none, all of them read as zero.
        let status = FaultStatus::read(&mut read).filter(|status| status.cfsr | status.hfsr != 0);
        let entry = FaultEntry {
            exception: fault.exception,
            registers: fault.registers,
            is_stacked: fault.is_stacked,
            status,
        };
        let found = diagnose(&entry, board, image, &mut read);
        let mut registers = found.status;
        registers.extend(shown(&fault.registers));
        let chain = self.chain(&fault.registers);
        Diagnosis { trouble, sentence: found.sentence, registers, chain }
    }

    fn chain(&mut self, registers: &Registers) -> Vec<CodePlace> {
        match self.image {
            Some(image) => {
                call_chain(image, registers, &mut |address, length| self.read(address, length))
            }
            None => Vec::new(),
        }
    }

    /// What of the firmware is at `address`, as far as its file says.
    pub(crate) fn place(&self, address: u32) -> CodePlace {
        self.image.map_or_else(
            || CodePlace { address, ..CodePlace::default() },
            |image| image.place(address),
        )
    }

    fn read(&mut self, address: u32, length: usize) -> Option<Vec<u8>> {
        self.machine.memory.as_mut()?.read(address, length).ok()
    }
}

/// The registers, four to a line.
fn shown(registers: &Registers) -> Vec<String> {
    let named = |(number, value): (usize, &u32)| match number {
        13 => format!("sp  {value:#010x}"),
        14 => format!("lr  {value:#010x}"),
        15 => format!("pc  {value:#010x}"),
        _ => format!("{:<3} {value:#010x}", format!("r{number}")),
    };
    let mut all: Vec<String> = registers.r.iter().enumerate().map(named).collect();
    all.push(format!("xpsr {:#010x}", registers.xpsr));
    all.chunks(4).map(|line| line.join("  ")).collect()
}
