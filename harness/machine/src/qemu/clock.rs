//! Machine time, which runs on through power cuts, and QEMU's, which begins anew.

use replab_record::MachineTime;

/// When the present process stood at its time 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    start: u64,
}

impl Clock {
    /// That of a process which begins at `time`.
    pub(crate) fn from(time: MachineTime) -> Clock {
        Clock { start: time.as_nanos() }
    }

    /// What the process calls `nanos`.
    pub(crate) fn machine(self, nanos: u64) -> MachineTime {
        MachineTime::from_nanos(self.start.saturating_add(nanos))
    }

    /// What the process calls `time`: 0 if that was before it, and at most 292 years.
    pub(crate) fn process(self, time: MachineTime) -> i64 {
        i64::try_from(time.as_nanos().saturating_sub(self.start)).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_goes_on_where_the_first_ended() {
        let clock = Clock::from(MachineTime::from_nanos(1_000));
        assert_eq!(clock.machine(5), MachineTime::from_nanos(1_005));
        assert_eq!(clock.process(MachineTime::from_nanos(1_005)), 5);
        assert_eq!(clock.process(MachineTime::ZERO), 0);
        assert_eq!(clock.process(MachineTime::from_nanos(u64::MAX)), i64::MAX);
    }
}
