//! How full a board's memory is at one moment, and what has changed since another.

use crate::{HeapFigures, StackFigures};

/// How full a board's memory is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The stack.
    pub stack: StackFigures,
    /// The heap, if there is one and it is set up.
    pub heap: Option<HeapFigures>,
}

/// What has changed from one sample to a later one, in bytes; less is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The peak of the stack. It never falls without a power-on between the two.
    pub stack_peak: i64,
    /// The heap; `None` if one of the samples has none.
    pub heap: Option<HeapChange>,
}

/// What has changed of a heap, in bytes; less is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapChange {
    /// What there is.
    pub total: i64,
    /// What objects hold.
    pub used: i64,
    /// The rest.
    pub free: i64,
    /// The longest free piece.
    pub largest_free: i64,
}

impl Sample {
    /// What has changed since `earlier`.
    pub fn since(&self, earlier: &Sample) -> Change {
        let heap = self.heap.zip(earlier.heap).map(|(now, then)| HeapChange {
            total: change(now.total, then.total),
            used: change(now.used, then.used),
            free: change(now.free, then.free),
            largest_free: change(now.largest_free, then.largest_free),
        });
        Change { stack_peak: change(self.stack.peak, earlier.stack.peak), heap }
    }
}

impl Change {
    /// Whether nothing has changed that both samples have.
    pub fn is_none(&self) -> bool {
        self.stack_peak == 0 && self.heap.unwrap_or_default() == HeapChange::default()
    }
}

fn change(now: u32, then: u32) -> i64 {
    i64::from(now) - i64::from(then)
}

/// The text of a sample that is compared, and of what has changed since an earlier one:
/// bytes in fixed columns, so that equal figures are equal text.
pub fn sample_text(sample: &Sample, change: Option<&Change>) -> String {
    let mut text = format!("# {:>21} {:>10} {:>10} {:>10}\n", "total", "used", "free", "largest");
    let heap = sample.heap.map(|it| [it.total, it.used, it.free, it.largest_free]);
    text.push_str(&row("heap", heap.map(|row| row.map(|bytes| bytes.to_string()))));
    if let Some(change) = change {
        let heap = change.heap.map(|it| [it.total, it.used, it.free, it.largest_free]);
        text.push_str(&row("heap change", heap.map(|row| row.map(signed))));
    }
    text.push_str(&format!("# {:>21} {:>10}\n", "size", "peak"));
    let stack = [sample.stack.size, sample.stack.peak].map(|bytes| bytes.to_string());
    text.push_str(&row("stack", Some(stack)));
    if let Some(change) = change {
        text.push_str(&row("stack change", Some(["0".to_owned(), signed(change.stack_peak)])));
    }
    text
}

fn row<const N: usize>(name: &str, cells: Option<[String; N]>) -> String {
    let Some(cells) = cells else { return format!("{name:<12} {:>10}\n", "-") };
    let cells: String = cells.iter().map(|cell| format!(" {cell:>10}")).collect();
    format!("{name:<12}{cells}\n")
}

/// With its sign; 0 without.
fn signed(bytes: i64) -> String {
    if bytes == 0 { "0".to_owned() } else { format!("{bytes:+}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stack with `peak`; a heap of 1000 bytes with `used` and `largest_free` ones.
    fn sample(peak: u32, heap: Option<(u32, u32)>) -> Sample {
        let heap = heap.map(|(used, largest_free)| HeapFigures {
            total: 1000,
            used,
            free: 1000 - used,
            largest_free,
        });
        Sample { stack: StackFigures { size: 500, peak }, heap }
    }

    #[track_caller]
    fn check(then: Sample, now: Sample, stack_peak: i64, heap: Option<[i64; 4]>) {
        let heap = heap.map(|[total, used, free, largest_free]| HeapChange {
            total,
            used,
            free,
            largest_free,
        });
        assert_eq!(now.since(&then), Change { stack_peak, heap });
    }

    #[test]
    fn changes_have_a_sign() {
        let (then, now) = (sample(10, Some((100, 900))), sample(30, Some((160, 700))));
        check(then, now, 20, Some([0, 60, -60, -200]));
        check(now, then, -20, Some([0, -60, 60, 200]));
    }

    #[test]
    fn a_heap_that_was_not_there_has_not_changed() {
        check(sample(10, None), sample(10, Some((100, 900))), 0, None);
        check(sample(10, Some((100, 900))), sample(11, None), 1, None);
    }

    #[test]
    fn equal_samples_have_no_change() {
        let one = sample(10, Some((100, 900)));
        assert!(one.since(&one).is_none());
        assert!(!sample(11, Some((100, 900))).since(&one).is_none());
        assert!(!sample(10, Some((100, 899))).since(&one).is_none());
        assert!(sample(10, None).since(&one).is_none());
    }

    #[test]
    fn equal_figures_are_equal_text() {
        let (then, now) = (sample(10, Some((100, 900))), sample(30, Some((160, 700))));
        expect_test::expect![[r#"
            #                 total       used       free    largest
            heap               1000        160        840        700
            heap change           0        +60        -60       -200
            #                  size       peak
            stack               500         30
            stack change          0        +20
        "#]]
        .assert_eq(&sample_text(&now, Some(&now.since(&then))));
        expect_test::expect![[r#"
            #                 total       used       free    largest
            heap                  -
            #                  size       peak
            stack               500         10
        "#]]
        .assert_eq(&sample_text(&sample(10, None), None));
    }
}
