//! What holds for every file: sums agree with another reader's, nothing counts twice,
//! and no damage does harm.

use proptest::prelude::*;

use super::*;

/// The sums by another reader.
fn by_goblin(bytes: &[u8]) -> Sums {
    use goblin::elf::section_header::{SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS};
    let file = goblin::elf::Elf::parse(bytes).unwrap();
    let mut sums = Sums::default();
    for section in &file.section_headers {
        let has = |flag: u32| section.sh_flags & u64::from(flag) != 0;
        let sum = match (has(SHF_EXECINSTR) || !has(SHF_WRITE), section.sh_type) {
            (true, _) => &mut sums.text,
            (false, SHT_NOBITS) => &mut sums.bss,
            (false, _) => &mut sums.data,
        };
        if has(SHF_ALLOC) {
            *sum += section.sh_size;
        }
    }
    sums
}

/// Some sections, one behind the other in flash and in RAM.
fn programs() -> impl Strategy<Value = Vec<Piece>> {
    let piece = (0..5_usize, 0..300_u32);
    prop::collection::vec(piece, 1..12).prop_map(|kinds| {
        let (mut flash, mut ram) = (0, 0x2000_0000);
        let mut take = |in_ram: bool, size: u32| {
            let next = if in_ram { &mut ram } else { &mut flash };
            let at = *next;
            *next += size;
            at
        };
        let place = |(kind, size): (usize, u32)| {
            let (name, flags, in_ram, has_content) = [
                (".text", "ax", false, true),
                (".rodata", "a", false, true),
                (".data", "wa", true, true),
                (".ramfunc", "ax", true, true),
                (".bss", "wa", true, false),
            ][kind];
            let at = take(in_ram, size);
            let load_at = has_content.then(|| if in_ram { take(false, size) } else { at });
            Piece { name, flags, at, load_at, size }
        };
        kinds.into_iter().map(place).collect()
    })
}

/// Everything that is done with a footprint.
fn use_all(bytes: &[u8]) {
    if let Ok(footprint) = Footprint::read(bytes) {
        let regions = footprint.regions();
        let _ = (Totals::of(&regions), footprint.sums());
        for region in footprint.regions_of(&board()).into_iter().flatten() {
            assert!(region.free().is_some());
        }
        assert_eq!(footprint.largest(usize::MAX).len(), footprint.symbols.len());
    }
}

proptest! {
    #[test]
    fn sums_are_those_of_another_reader(pieces in programs()) {
        let bytes = linked(&pieces, &[]);
        prop_assert_eq!(Footprint::read(&bytes).unwrap().sums(), by_goblin(&bytes));
    }

    #[test]
    fn regions_hold_every_section_once(pieces in programs()) {
        let footprint = Footprint::read(&linked(&pieces, &[])).unwrap();
        let flash: u32 =
            pieces.iter().filter(|piece| piece.load_at.is_some()).map(|piece| piece.size).sum();
        let in_ram = pieces.iter().filter(|piece| piece.at >= 0x2000_0000);
        let ram: u32 = in_ram.map(|piece| piece.size).sum();
        let expected = Totals { flash: flash.into(), ram: ram.into() };
        prop_assert_eq!(Totals::of(&footprint.regions_of(&board()).unwrap()), expected);
        prop_assert_eq!(Totals::of(&footprint.regions()), expected);
    }

    #[test]
    fn no_damage_breaks_the_reader(
        whole in prop::bool::ANY,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_header in prop::collection::vec((0..52_usize, any::<u8>()), 0..3),
        length in any::<prop::sample::Index>(),
    ) {
        let names = [("main", 0x101, 0x20, 1, GLOBAL_FUNCTION)];
        let mut bytes = if whole { elf(Parts::All) } else { linked(PROGRAM, &names) };
        for (place, to) in changes {
            let place = place.index(bytes.len());
            bytes[place] = to;
        }
        for (place, to) in in_header {
            bytes[place] = to;
        }
        use_all(&bytes);
        bytes.truncate(length.index(bytes.len()));
        use_all(&bytes);
    }
}
