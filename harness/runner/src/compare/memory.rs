//! The figures of stack and heap that `memory` steps have taken.

use replab_memory::Sample;
use replab_record::{Aspect, Difference, Figure, MachineTime, Moment};
use replab_scenario::MEMORY_WORDS;

use super::Side;
use super::tolerances::Tolerances;
use crate::play::{Measured, MemorySample, StepSummary};

/// The first figure that is not the same on both. Where only one run came to a step,
/// its verdict differs too, and says more.
pub(super) fn difference(
    sides: [Side<'_>; 2],
    tolerances: &mut Tolerances<'_>,
) -> Option<Difference> {
    let [one, two] = sides.map(|side| samples(&side.outcome.steps));
    one.iter().zip(&two).filter(|(one, two)| one.0 == two.0).find_map(|(one, two)| {
        let number = one.0;
        let unlike = MEMORY_WORDS.into_iter().find_map(|word| {
            let amounts = [one, two].map(|(_, _, sample)| figure(sample, word));
            let is_equal = match amounts {
                [Some(one), Some(two)] => one == two || tolerances.allow_memory(word, [one, two]),
                [one, two] => one == two,
            };
            (!is_equal).then_some((word, amounts))
        });
        let (word, [first, other]) = unlike?;
        let moment = |at: MachineTime, amount: Option<i64>| {
            let amount = amount.map_or("none".to_string(), |amount| format!("{amount} bytes"));
            Some(Moment { at, text: format!("{word}: {amount}") })
        };
        Some(Difference {
            aspect: Aspect::Memory,
            place: format!("{word} in step {number}"),
            rows: vec![[moment(one.1, first), moment(two.1, other)]],
        })
    })
}

/// What each `memory` step has found: its number, when, and the figures.
fn samples(steps: &[StepSummary]) -> Vec<(usize, MachineTime, MemorySample)> {
    let sample = |step: &StepSummary| {
        let sample = step.measured.as_ref().and_then(Measured::memory)?;
        Some((step.place.number, step.end, *sample))
    };
    steps.iter().filter_map(sample).collect()
}

/// In bytes; `None` if there is no heap, or no sample before.
fn figure(sample: &MemorySample, figure: Figure) -> Option<i64> {
    let Sample { stack, heap } = sample.now;
    match figure {
        Figure::StackPeak => Some(stack.peak.into()),
        Figure::HeapTotal => heap.map(|heap| heap.total.into()),
        Figure::HeapUsed => heap.map(|heap| heap.used.into()),
        Figure::HeapFree => heap.map(|heap| heap.free.into()),
        Figure::HeapLargest => heap.map(|heap| heap.largest_free.into()),
        Figure::HeapGrowth => sample.change.and_then(|change| change.heap).map(|heap| heap.used),
        // Figures of the file, which nobody runs.
        Figure::FlashUsed | Figure::RamUsed => None,
    }
}
