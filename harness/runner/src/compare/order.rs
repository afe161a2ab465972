//! Which line or edge came before which.

use replab_record::{Aspect, Difference, Moment};

use super::BEFORE;
use super::streams::Stream;
use super::tolerances::Tolerances;

/// The first place at which the moments of `streams`, which are equal one by one, come
/// in another order. What comes in the same nanosecond has none.
pub(super) fn difference(
    streams: &[&Stream],
    tolerances: &mut Tolerances<'_>,
) -> Option<Difference> {
    let [one, two] = [0, 1].map(|side| merged(streams, side));
    let index = (0..one.len()).find(|index| one[*index].0 != two[*index].0)?;
    // One that has no order is left out, and what is left is looked at anew.
    let free = [one[index].0, two[index].0]
        .into_iter()
        .find(|stream| tolerances.has_no_order(&streams[*stream].name));
    if let Some(free) = free {
        let rest: Vec<&Stream> =
            (0..streams.len()).filter(|index| *index != free).map(|index| streams[index]).collect();
        return difference(&rest, tolerances);
    }
    let row =
        |index: usize| [&one, &two].map(|all| all.get(index).map(|(_, moment)| (*moment).clone()));
    let names = [one[index].0, two[index].0].map(|stream| &streams[stream].name);
    Some(Difference {
        aspect: Aspect::Order,
        place: format!("which comes first, {} or {}", names[0], names[1]),
        rows: (index.saturating_sub(BEFORE)..=index + 1).map(row).collect(),
    })
}

/// The moments of all streams on one side, each with the index of its stream, oldest first.
fn merged<'a>(streams: &[&'a Stream], side: usize) -> Vec<(usize, &'a Moment)> {
    let mut all: Vec<(usize, &Moment)> = streams
        .iter()
        .enumerate()
        .flat_map(|(index, stream)| stream.moments[side].iter().map(move |moment| (index, moment)))
        .collect();
    all.sort_by_key(|(index, moment)| (moment.at, *index));
    all
}
