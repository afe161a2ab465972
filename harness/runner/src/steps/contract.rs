//! `contract`: holds each interval of a pin's wave to what its data sheet states.

use replab_record::{MachineTime, StepPlace};
use replab_scenario::{Contract, Interval, show_duration};

use crate::error::Played;
use crate::limits::{Limits, Measure, worst};
use crate::parts::{Measured, Part};
use crate::session::Session;
use crate::steps::wave::{conclude, finest};
use crate::wave::{ContractFigures, WaveFigures, aligned};

pub(super) fn play(
    session: &mut Session<'_>,
    contract: &Contract,
    place: &StepPlace,
) -> Played<ContractFigures> {
    let pin = session.pin(&contract.pin)?;
    let other = contract.lag.as_ref().map(|(behind, _)| session.pin(behind)).transpose()?;
    let start = session.step_start();
    let end = start + contract.window;
    session.run_to(end)?;
    let wave = WaveFigures::measure(&contract.pin, &session.record.wave(&pin, start, end));
    let finest = finest(session);
    let lags = match &other {
        Some(other) => {
            finest.delays(&wave.wave, &session.record.wave(other, MachineTime::ZERO, end))
        }
        None => finest.pulses("", &[]),
    };
    let lag = contract.lag.as_ref().map(|(_, interval)| *interval);
    let stated = [
        ("high", contract.high, finest.pulses("high pulse", &wave.high)),
        ("low", contract.low, finest.pulses("low pulse", &wave.low)),
        ("period", contract.period, finest.periods(&wave)),
        ("lag", lag, lags),
    ];
    let stated: Vec<Stated> = stated
        .into_iter()
        .filter_map(|(name, interval, measured)| {
            Some(Stated { name, interval: interval?, measured })
        })
        .collect();
    let table = table(&contract.pin, &stated);
    let parts = stated.iter().map(|one| one.hold(&wave)).collect();
    conclude(session, &wave, parts, &table, place)?;
    Ok(ContractFigures { wave, table })
}

/// An interval that the data sheet states, and what was measured of it.
struct Stated {
    name: &'static str,
    interval: Interval,
    measured: Measured,
}

impl Stated {
    fn limits(&self) -> Limits {
        Limits::between(self.interval.min, self.interval.max)
    }

    fn hold(&self, wave: &WaveFigures) -> Part {
        let Interval { min, max, .. } = self.interval;
        let border = |word: &str, border| format!("{word} {}", show_duration(border));
        let borders = [min.map(|min| border("min", min)), max.map(|max| border("max", max))];
        let borders: Vec<String> = borders.into_iter().flatten().collect();
        let expected = format!("{} {} on {}", self.name, borders.join(", "), wave.pin);
        let none = || match self.name {
            "period" => "no whole period".to_string(),
            "lag" => "no rising edges of both pins".to_string(),
            level => format!("no whole {level} pulse"),
        };
        self.measured.hold(expected, &self.limits(), none, wave.wave.end)
    }

    /// What is stated, the mean, the value that is worst, and how far inside that is.
    fn row(&self) -> [String; 8] {
        let Interval { min, typ, max } = self.interval;
        let [min, typ, max] = [min, typ, max].map(|time| time.map_or(String::new(), show_duration));
        let name = self.name.to_string();
        let limits = self.limits();
        let values = &self.measured.values;
        let Some((index, room)) = worst(&limits, values) else {
            return [name, min, typ, max, String::new(), "none".into(), String::new(), "0".into()];
        };
        let sum: f64 = values.iter().map(|measure: &Measure| measure.value).sum();
        let mean = limits.unit.show(sum / values.len() as f64);
        let worst = limits.unit.show(values[index].value);
        let which = format!("{} of {}", index + 1, values.len());
        [name, min, typ, max, mean, worst, limits.unit.show(room), which]
    }
}

/// A row for each interval; the first names the pin.
fn table(pin: &str, stated: &[Stated]) -> Vec<String> {
    let pin = format!("{pin}:");
    let head = [pin.as_str(), "min", "typ", "max", "mean", "worst", "room", "pulse"];
    let mut rows = vec![head.map(str::to_string)];
    rows.extend(stated.iter().map(Stated::row));
    // Names are read from the left.
    let width = rows.iter().map(|row| row[0].chars().count()).max().unwrap_or(0);
    rows.iter_mut().for_each(|row| row[0] = format!("{:<width$}", row[0]));
    aligned(&rows)
}
