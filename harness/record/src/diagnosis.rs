//! What the firmware was doing when a run failed.

use crate::CodePlace;

/// What the firmware was doing, as far as the machine's memory tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Which kind of trouble it is.
    pub trouble: Trouble,
    /// What happened, as one sentence, with function, file and line where the
    /// firmware's file tells them.
    pub sentence: String,
    /// Registers and what they mean, a line each; empty where they explain nothing.
    pub registers: Vec<String>,
    /// Where the processor was, and who called that: innermost first.
    pub chain: Vec<CodePlace>,
}

/// What can go wrong inside firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A fault exception.
    Fault,
    /// A fault in the fault handler, or no handler to be entered: the processor stands.
    Lockup,
    /// It ended in the boot ROM of its chip.
    Rom,
    /// The firmware said itself that it cannot go on.
    Fatal,
    /// It starts again and again, by resets.
    RebootLoop,
    /// Its Python ends and is started again and again, as by `sys.exit()` in main.py.
    ExitLoop,
    /// It sends without end.
    Flood,
    /// It is busy, and does not do what is awaited.
    Hang,
    /// It sleeps, and what is awaited does not come.
    Asleep,
    /// It has never sent anything.
    Mute,
    /// It speaks by USB alone, which is not emulated.
    UsbOnly,
}

impl Trouble {
    /// A word for programs: `reboot-loop`.
    pub fn word(self) -> &'static str {
        match self {
            Trouble::Fault => "fault",
            Trouble::Lockup => "lockup",
            Trouble::Rom => "boot-rom",
            Trouble::Fatal => "fatal",
            Trouble::RebootLoop => "reboot-loop",
            Trouble::ExitLoop => "exit-loop",
            Trouble::Flood => "flood",
            Trouble::Hang => "hang",
            Trouble::Asleep => "asleep",
            Trouble::Mute => "mute",
            Trouble::UsbOnly => "usb-only",
        }
    }
}
