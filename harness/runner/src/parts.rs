//! The parts of what a step claims of a wave, and what each comes to.

use std::time::Duration;

use replab_record::{Edge, MachineTime, Wave};
use replab_scenario::{Lag, LagClaim};

use crate::limits::{Judged, Limits, Measure, Unit, judge, nanos};
use crate::wave::{Pulse, WaveFigures, rising};

/// Something to say about a claim.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    /// What was claimed.
    pub(crate) expected: String,
    /// What was measured.
    pub(crate) got: String,
    /// The edge that shows it, or the end of the window.
    pub(crate) at: MachineTime,
}

/// What a part of a claim comes to: wrong, or right, with a remark if it hardly is.
pub(crate) type Part = Result<Option<Remark>, Remark>;

/// Values that were measured, each of one thing.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// `period`, `high pulse`.
    pub(crate) thing: &'static str,
    /// In order.
    pub(crate) values: Vec<Measure>,
}

impl Measured {
    /// Holds them to `limits`, which claim `expected`. `none` is what to say where
    /// nothing was measured until `end`.
    pub(crate) fn hold(
        &self,
        expected: String,
        limits: &Limits,
        none: impl FnOnce() -> String,
        end: MachineTime,
    ) -> Part {
        if self.values.is_empty() {
            return Err(Remark { expected, got: none(), at: end });
        }
        match judge(limits, self.thing, &self.values) {
            Judged::Right => Ok(None),
            Judged::Marginal(found) => Ok(Some(Remark { expected, got: found.got, at: found.at })),
            Judged::Wrong(found) => Err(Remark { expected, got: found.got, at: found.at }),
        }
    }
}

/// How finely a target tells times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finest(pub(crate) Duration);

impl Finest {
    fn time(self, time: Duration, at: MachineTime) -> Measure {
        Measure { value: nanos(time), finest: nanos(self.0), at }
    }

    /// `whole` of something, of which `part` of `period` is a part.
    fn share(self, whole: f64, part: Duration, period: Duration, at: MachineTime) -> Measure {
        let per_nano = whole / nanos(period);
        Measure { value: nanos(part) * per_nano, finest: nanos(self.0) * per_nano, at }
    }

    /// The whole periods.
    pub(crate) fn periods(self, figures: &WaveFigures) -> Measured {
        let periods = figures.periods.iter();
        let values = periods.map(|period| self.time(period.length, period.start)).collect();
        Measured { thing: "period", values }
    }

    /// The same, counted the other way.
    pub(crate) fn frequencies(self, figures: &WaveFigures) -> Measured {
        let hertz = |length: Duration| 1e9 / nanos(length);
        let values = figures.periods.iter().map(|period| Measure {
            value: hertz(period.length),
            // Of 1/T, where T is off by so much: that much over T².
            finest: hertz(period.length) * nanos(self.0) / nanos(period.length),
            at: period.start,
        });
        Measured { thing: "period", values: values.collect() }
    }

    /// The high parts of the whole periods.
    pub(crate) fn duties(self, figures: &WaveFigures) -> Measured {
        let periods = figures.periods.iter();
        let values =
            periods.map(|period| self.share(100.0, period.high, period.length, period.start));
        Measured { thing: "period", values: values.collect() }
    }

    /// Pulses, each a `thing`.
    pub(crate) fn pulses(self, thing: &'static str, pulses: &[Pulse]) -> Measured {
        let values = pulses.iter().map(|pulse| self.time(pulse.width, pulse.start)).collect();
        Measured { thing, values }
    }

    /// The whole pulses of every level.
    pub(crate) fn all_pulses(self, wave: &Wave) -> Measured {
        let pair = |pair: &[Edge]| self.time(pair[1].at - pair[0].at, pair[0].at);
        Measured { thing: "pulse", values: wave.edges.windows(2).map(pair).collect() }
    }

    /// How far the rising edges of `wave` lag behind those of `other`, which is that of the
    /// other pin from power-on to the end of the window.
    ///
    /// A lag in time is that to the edge which makes it most like the claimed one. An
    /// angle is one in the whole period of the other pin that the edge lies in, and that
    /// begins in the window. An edge whose partner may lie behind the window is not judged.
    pub(crate) fn lags(self, wave: &Wave, other: &Wave, lag: Lag) -> Measured {
        let others: Vec<MachineTime> = rising(other).map(|edge| edge.at).collect();
        let edges = rising(wave).map(|edge| edge.at);
        let values = match lag {
            Lag::Time(wanted, tolerance) => {
                let late = tolerance.of(wanted).saturating_sub(wanted);
                let judged = edges.filter(|at| *at + late < wave.end);
                judged.filter_map(|at| self.lag(at, &others, wanted)).collect()
            }
            Lag::Angle { degrees, .. } => {
                let inside = others.partition_point(|at| *at < wave.start);
                edges.filter_map(|at| self.angle(at, &others[inside..], degrees)).collect()
            }
        };
        Measured { thing: "rising edge", values }
    }

    /// How long after the last rising edge of `other`, which is a pin's wave from power-on,
    /// each rising edge of `wave` comes. One before all of those is not judged.
    pub(crate) fn delays(self, wave: &Wave, other: &Wave) -> Measured {
        let others: Vec<MachineTime> = rising(other).map(|edge| edge.at).collect();
        let delay = |edge: &Edge| {
            let before = others.partition_point(|other| *other <= edge.at).checked_sub(1)?;
            Some(self.time(edge.at - others[before], edge.at))
        };
        Measured { thing: "rising edge", values: rising(wave).filter_map(delay).collect() }
    }

    fn lag(self, at: MachineTime, others: &[MachineTime], wanted: Duration) -> Option<Measure> {
        let lag = |other: &MachineTime| at.as_nanos() as f64 - other.as_nanos() as f64;
        let next = others.partition_point(|other| *other + wanted < at);
        let near = others[next.saturating_sub(1)..].iter().take(2).map(lag);
        let off = |lag: &f64| (lag - nanos(wanted)).abs();
        let value = near.min_by(|one, two| off(one).total_cmp(&off(two)))?;
        Some(Measure { value, finest: nanos(self.0), at })
    }

    fn angle(self, at: MachineTime, others: &[MachineTime], wanted: f64) -> Option<Measure> {
        let after = others.partition_point(|other| *other <= at);
        let (start, end) = (*others.get(after.checked_sub(1)?)?, *others.get(after)?);
        let measure = self.share(360.0, at - start, end - start, at);
        // 359° is one degree before 0°.
        let off = (measure.value - wanted + 180.0).rem_euclid(360.0) - 180.0;
        Some(Measure { value: wanted + off, ..measure })
    }
}

/// What a claimed lag allows.
pub(crate) fn lag_limits(claim: &LagClaim) -> Limits {
    match claim.by {
        Lag::Time(wanted, tolerance) => {
            Limits::around(Unit::Time, nanos(wanted), nanos(tolerance.of(wanted)))
        }
        Lag::Angle { degrees, tolerance } => Limits::around(Unit::Angle, degrees, tolerance),
    }
}
