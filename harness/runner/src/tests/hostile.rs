//! Volumes that firmware made to harm whoever reads them.
//!
//! Whatever stands in the flash, `fs` comes to an end with an answer. Bytes that
//! are only random are refused by littlefs' checksums at once, so most of these
//! volumes have metadata that are well formed and mean nonsense (littlefs'
//! SPEC.md, "Metadata tags").

use std::collections::BTreeMap;

use proptest::prelude::*;
use replab_board::FileSystem;

use super::{board, files};
use crate::files::{Found, Run, VolumeError, find, image, list, write};

const BLOCK: usize = 4096;

fn place() -> FileSystem {
    board().file_system.expect("the board of the tests has one")
}

/// Does with a volume all that `fs` may do. Coming to an end is the claim.
fn use_all(volume: &[u8]) -> Result<Found, VolumeError> {
    let place = place();
    let found = find(&place, volume, "lib/a.py");
    for path in ["a", "b", "lib/b/c/d"] {
        // Only that it ends is of interest.
        drop(find(&place, volume, path));
    }
    for folder in ["", "a", "lib"] {
        drop(list(&place, volume, folder));
    }
    let more = BTreeMap::from([("lib/a.py".to_string(), vec![7; 5000])]);
    drop(write(&place, volume, &more));
    found
}

/// A healthy volume with some files and folders.
fn healthy() -> Vec<u8> {
    let place = place();
    let big = "x".repeat(9000);
    let files = files(&[("a", "1"), ("b", &big), ("lib/a.py", "print(1)\n"), ("lib/b/c/d", "")]);
    let mut volume = vec![0; place.size as usize];
    for run in image(&place, &files).expect("the files fit") {
        let start = (run.address - place.at) as usize;
        volume[start..start + run.bytes.len()].copy_from_slice(&run.bytes);
    }
    volume
}

/// One tag of a metadata block, and its data.
#[derive(Clone, Debug)]
struct Tag {
    kind: u32,
    id: u32,
    data: Vec<u8>,
}

/// littlefs' checksum, CRC-32 without the last inversion, from `crc` on.
fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// A metadata block with one commit of `tags`, whose checksum is right.
fn metadata(revision: u32, tags: &[Tag]) -> Vec<u8> {
    let mut block = revision.to_le_bytes().to_vec();
    let mut last = u32::MAX;
    for Tag { kind, id, data } in tags {
        if block.len() + data.len() + 16 > BLOCK {
            break;
        }
        let tag = kind << 20 | id << 10 | data.len() as u32;
        block.extend((tag ^ last).to_be_bytes());
        block.extend(data);
        last = tag;
    }
    let end = 0x500 << 20 | 0x3ff << 10 | 4;
    block.extend((end ^ last).to_be_bytes());
    block.extend(crc32(u32::MAX, &block).to_le_bytes());
    block.resize(BLOCK, 0xff);
    block
}

/// What makes a mount take the block for the outermost folder.
fn superblock() -> Vec<Tag> {
    let words = [0x0002_0000_u32, 4096, 16, 255, 0x7fff_ffff, 1022];
    let data = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    vec![
        Tag { kind: 0x401, id: 0, data: Vec::new() },
        Tag { kind: 0x0ff, id: 0, data: b"littlefs".to_vec() },
        Tag { kind: 0x201, id: 0, data },
    ]
}

fn file(id: u32, name: &str) -> [Tag; 2] {
    [
        Tag { kind: 0x401, id, data: Vec::new() },
        Tag { kind: 0x001, id, data: name.as_bytes().to_vec() },
    ]
}

fn pair(one: u32, other: u32) -> Vec<u8> {
    [one.to_le_bytes(), other.to_le_bytes()].concat()
}

/// A volume whose two first blocks hold `tags`, behind the superblock's.
fn rooted(tags: &[Tag]) -> Vec<u8> {
    let mut volume = vec![0xff; place().size as usize];
    let tags = [superblock(), tags.to_vec()].concat();
    volume[..BLOCK].copy_from_slice(&metadata(2, &tags));
    volume[BLOCK..2 * BLOCK].copy_from_slice(&metadata(1, &tags));
    volume
}

#[test]
fn the_volumes_of_these_tests_are_taken_for_real_ones() {
    let [create, name] = file(1, "a");
    let inline = Tag { kind: 0x201, id: 1, data: b"inline".to_vec() };
    let volume = rooted(&[create, name, inline]);
    assert_eq!(find(&place(), &volume, "a"), Ok(Found::File(b"inline".to_vec())));
    assert_eq!(use_all(&healthy()), Ok(Found::File(b"print(1)\n".to_vec())));
}

/// A folder `lib` whose entries are in the pair of blocks `one` and `other`.
fn folder(one: u32, other: u32) -> Vec<Tag> {
    vec![
        Tag { kind: 0x401, id: 1, data: Vec::new() },
        Tag { kind: 0x002, id: 1, data: b"lib".to_vec() },
        Tag { kind: 0x200, id: 1, data: pair(one, other) },
    ]
}

fn write_one(volume: &[u8]) -> Result<Vec<Run>, VolumeError> {
    write(&place(), volume, &files(&[("new.txt", "1")]))
}

#[test]
fn a_folder_in_itself_is_nonsense() {
    let volume = rooted(&folder(0, 1));
    assert_eq!(find(&place(), &volume, "lib/lib/lib"), Ok(Found::Folder));
    assert_eq!(write_one(&volume), Err(VolumeError::Nonsense));
}

#[test]
fn files_that_share_what_they_hold_are_nonsense() {
    // Each says to hold the same ten blocks; together they are larger than the flash.
    let size = 10 * BLOCK as u32 - 100;
    let tags: Vec<Tag> = (1..=2_u32)
        .flat_map(|id| {
            let [create, name] = file(id, &format!("file{id}"));
            [create, name, Tag { kind: 0x202, id, data: pair(11, size) }]
        })
        .collect();
    let mut volume = rooted(&tags);
    for block in 3..12_u32 {
        // Each block of a file begins with the numbers of earlier ones (SPEC.md, "CTZ skip-lists").
        let start = block as usize * BLOCK;
        let before: Vec<u8> = (0..8).flat_map(|_| (block - 1).to_le_bytes()).collect();
        volume[start..start + before.len()].copy_from_slice(&before);
    }
    assert_eq!(write_one(&volume), Err(VolumeError::Nonsense));
}

#[test]
fn links_in_a_circle_come_to_an_end() {
    for (one, other) in [(0, 1), (1, 1), (0, 0), (2, 2), (0xffff_fff0, 7)] {
        let folder = folder(one, other);
        for kind in [0x600, 0x601] {
            let tail = Tag { kind, id: 0x3ff, data: pair(one, other) };
            drop(use_all(&rooted(&[&folder[..], std::slice::from_ref(&tail)].concat())));
            drop(use_all(&rooted(&[tail])));
        }
        drop(use_all(&rooted(&folder)));
    }
}

#[test]
fn a_file_that_says_to_be_larger_than_the_flash_is_nonsense() {
    let [create, name] = file(1, "a");
    let sized = |size: u32| {
        let list = Tag { kind: 0x202, id: 1, data: pair(5, size) };
        find(&place(), &rooted(&[create.clone(), name.clone(), list]), "a")
    };
    assert_eq!(sized(0x7fff_ffff), Err(VolumeError::Nonsense));
    assert_eq!(sized(100), Ok(Found::File(vec![0xff; 100])));
    drop(sized(0xffff)); // Its blocks point at others that are not there.
}

fn any_tag() -> impl Strategy<Value = Tag> {
    let kinds = prop_oneof![
        3 => prop::sample::select(vec![
            0x001, 0x002, 0x0ff, 0x200, 0x201, 0x202, 0x401, 0x4ff, 0x600, 0x601, 0x7ff, 0x5ff,
        ]),
        1 => 0..0x800_u32,
    ];
    let ids = prop_oneof![0..4_u32, Just(0x3ff), 0..0x400_u32];
    let number = prop_oneof![0..20_u32, any::<u32>()];
    let data = prop_oneof![
        (number.clone(), number).prop_map(|(one, other)| pair(one, other)),
        prop::sample::select(vec![&b"a"[..], b"lib", b"b", b"littlefs", b""])
            .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..600),
    ];
    (kinds, ids, data).prop_map(|(kind, id, data)| Tag { kind, id, data })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn metadata_that_mean_nonsense_come_to_an_end(
        root in prop::collection::vec(any_tag(), 0..12),
        rest in prop::collection::vec(prop::collection::vec(any_tag(), 0..8), 0..5),
    ) {
        let mut volume = rooted(&root);
        for (index, tags) in rest.iter().enumerate() {
            let start = (2 + index) * BLOCK;
            volume[start..start + BLOCK].copy_from_slice(&metadata(1, tags));
        }
        drop(use_all(&volume));
    }

    #[test]
    fn changed_bytes_come_to_an_end(
        changes in prop::collection::vec((0..16 * BLOCK, any::<u8>()), 1..40),
    ) {
        let mut volume = healthy();
        for (at, byte) in changes {
            volume[at] = byte;
        }
        drop(use_all(&volume));
    }

    #[test]
    fn random_bytes_come_to_an_end(start in prop::collection::vec(any::<u8>(), 1..3 * BLOCK)) {
        let mut volume = vec![0; place().size as usize];
        volume[..start.len()].copy_from_slice(&start);
        drop(use_all(&volume));
    }
}
