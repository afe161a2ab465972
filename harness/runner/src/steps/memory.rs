//! `memory`: takes a sample of stack and heap, and claims figures of it. The machine
//! stands, so it takes no time.

use replab_memory::{Judgement, Known, Unknown, judge};
use replab_record::{Bound, Claim, Figure, MachineTime};

use crate::error::{Ended, Played, RunError, failed};
use crate::play::MemorySample;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, claims: &[(Figure, Bound)]) -> Played<MemorySample> {
    let board = session.board.name.clone();
    let unknown = |source| RunError::NoFigures { board: board.clone(), source };
    let now = session.figures().ok_or_else(|| unknown(Unknown::NoSample))?;
    let before = session.sample.replace(now);
    let wants_file =
        claims.iter().any(|(figure, _)| matches!(figure, Figure::FlashUsed | Figure::RamUsed));
    let totals = if wants_file { session.firmware_totals() } else { None };
    let known = Known { now: Some(&now), before: before.as_ref(), totals };
    match first_wrong(claims, &known).map_err(unknown)? {
        None => Ok(MemorySample { now, change: before.map(|before| now.since(&before)) }),
        Some(claim) => Err(at(session.now(), claim)),
    }
}

fn at(time: MachineTime, claim: Claim) -> Ended {
    Ended::Failed(Box::new(failed(claim, time)))
}

fn first_wrong(claims: &[(Figure, Bound)], known: &Known<'_>) -> Result<Option<Claim>, Unknown> {
    for (figure, bound) in claims {
        match judge(*figure, *bound, known) {
            Judgement::Kept => {}
            Judgement::Exceeded { expected, got } => {
                return Ok(Some(Claim::Memory { expected, got }));
            }
            Judgement::Unknown(unknown) => return Err(unknown),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use replab_memory::{HeapFigures, Sample, StackFigures};
    use replab_record::Bytes;

    fn sample(used: u32) -> Sample {
        let heap = HeapFigures { total: 4096, used, free: 4096 - used, largest_free: 64 };
        Sample { stack: StackFigures { size: 512, peak: 100 }, heap: Some(heap) }
    }

    /// What the first of `claims` that does not hold got, between two samples.
    #[track_caller]
    fn check(claims: &[(Figure, Bound)], expected: Result<Option<&str>, Unknown>) {
        let (before, now) = (sample(1024), sample(2048));
        let known = Known { now: Some(&now), before: Some(&before), totals: None };
        let got = first_wrong(claims, &known).map(|claim| match claim {
            Some(Claim::Memory { expected, got }) => Some(format!("{expected}: {got}")),
            _ => None,
        });
        assert_eq!(got, expected.map(|text| text.map(str::to_string)));
    }

    #[test]
    fn the_first_claim_that_does_not_hold_is_told() {
        let at_most = |count| Bound::AtMost(Bytes::new(count));
        check(&[(Figure::HeapUsed, at_most(2048)), (Figure::StackPeak, at_most(100))], Ok(None));
        check(
            &[(Figure::HeapUsed, at_most(2048)), (Figure::StackPeak, at_most(99))],
            Ok(Some("stack.peak <= 99 B: 100 B")),
        );
        check(
            &[(Figure::HeapGrowth, at_most(1023))],
            Ok(Some("heap.growth <= 1023 B: +1024 B (from 1024 B to 2048 B used)")),
        );
        check(&[(Figure::FlashUsed, at_most(1))], Err(Unknown::NoFile));
    }
}
