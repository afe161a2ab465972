//! What the lab says of real ELF files equals what binutils and `goblin` say.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use replab_memory::{Footprint, Sums, Totals};
use replab_setup::{ArmGcc, Named, Tools};
use support::{lab_m0, root};

/// Compares the sums and the sizes of symbols.
#[track_caller]
fn check(gcc: &ArmGcc, file: &Path) -> Footprint {
    let bytes = fs::read(file).expect("the file is there");
    let footprint = Footprint::read(&bytes).expect("it is for Arm");
    let sums = footprint.sums();
    assert_eq!(sums, by_size(gcc, file), "{}", file.display());
    let (other_sums, sizes) = by_goblin(&bytes);
    assert_eq!(sums, other_sums, "{}", file.display());
    let mut ours: Vec<u32> = footprint.symbols.iter().map(|symbol| symbol.size).collect();
    assert!(ours.is_sorted_by(|one, next| one >= next));
    ours.reverse();
    assert_eq!(ours, sizes, "{}", file.display());
    footprint
}

/// The second line of `size`: text, data, bss.
fn by_size(gcc: &ArmGcc, file: &Path) -> Sums {
    let text = run(gcc, "size", &[file.to_str().expect("a path of ours is text")]);
    let line = text.lines().nth(1).expect("a line for the file");
    let mut numbers = line.split_whitespace().map(|word| word.parse().ok());
    let mut next = || numbers.next().flatten().expect("a number");
    Sums { text: next(), data: next(), bss: next() }
}

/// The sums, and the sizes of symbols in memory, each place once, smallest first.
fn by_goblin(bytes: &[u8]) -> (Sums, Vec<u32>) {
    use goblin::elf::section_header::{SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS};
    use goblin::elf::sym::{STT_FILE, STT_SECTION};
    let file = goblin::elf::Elf::parse(bytes).expect("it is an ELF file");
    let has =
        |section: &goblin::elf::SectionHeader, flag: u32| section.sh_flags & u64::from(flag) != 0;
    let mut sums = Sums::default();
    for section in file.section_headers.iter().filter(|section| has(section, SHF_ALLOC)) {
        let is_text = has(section, SHF_EXECINSTR) || !has(section, SHF_WRITE);
        match (is_text, section.sh_type) {
            (true, _) => sums.text += section.sh_size,
            (false, SHT_NOBITS) => sums.bss += section.sh_size,
            (false, _) => sums.data += section.sh_size,
        }
    }
    let places: BTreeSet<(u64, u64, usize)> = file
        .syms
        .iter()
        .filter(|symbol| symbol.st_size > 0)
        .filter(|symbol| ![STT_FILE, STT_SECTION].contains(&symbol.st_type()))
        .filter(|symbol| {
            let section = file.section_headers.get(symbol.st_shndx);
            section.is_some_and(|section| has(section, SHF_ALLOC))
        })
        .map(|symbol| {
            let thumb = u64::from(symbol.is_function());
            (symbol.st_size, symbol.st_value & !thumb, symbol.st_shndx)
        })
        .collect();
    (sums, places.into_iter().map(|(size, ..)| u32::try_from(size).expect("32 bits")).collect())
}

fn run(gcc: &ArmGcc, tool: &str, arguments: &[&str]) -> String {
    let mut program = gcc.prefix.clone().into_os_string();
    program.push(tool);
    let mut command = Command::new(program);
    if let Some(libraries) = &gcc.library_path {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    let output = command.args(arguments).output().expect("the tool can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("it speaks UTF-8")
}

fn gcc() -> Result<ArmGcc, String> {
    Tools::find(root(), Named::from_env()).arm_gcc().map_err(|missing| missing.to_string())
}

/// Builds a file from sources in a folder of its own.
struct Build {
    gcc: ArmGcc,
    folder: tempfile::TempDir,
}

impl Build {
    fn new() -> Result<Build, String> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Ok(Build { gcc: gcc()?, folder })
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("the folder is ours");
        path.to_str().expect("a path of ours is text").to_owned()
    }

    /// Compiles for a Cortex-M4.
    fn compile(&self, arguments: &[&str]) -> PathBuf {
        let file = self.folder.path().join("out.elf");
        let output = ["-mcpu=cortex-m4", "-mthumb", "-g", "-Os", "-o"];
        let output = [&output[..], &[file.to_str().expect("a path of ours is text")]].concat();
        run(&self.gcc, "gcc", &[&output, arguments].concat());
        file
    }
}

const SOURCE: &str = "\
int counter = 5;
static unsigned char buffer[1000];
const char words[] = \"constants are in flash\";
__attribute__((section(\".noinit\"))) int kept;
__attribute__((section(\".ramfunc\"), noinline)) int fast(int n) { return n * counter + buffer[n]; }
int main(void) { kept = fast(words[3]); return kept; }
__attribute__((constructor)) void before(void) { buffer[7] = 1; }
";

/// A microcontroller's memories: code that is copied, tables that are written to
/// flash, a second RAM, a gap.
const SCRIPT: &str = "\
MEMORY {
    flash (rx) : ORIGIN = 0x08000000, LENGTH = 64K
    ram (rwx) : ORIGIN = 0x20000000, LENGTH = 16K
    ccm (rw) : ORIGIN = 0x10000000, LENGTH = 4K
}
ENTRY(main)
SECTIONS {
    .text : { *(.text*) } > flash
    .rodata : ALIGN(256) { *(.rodata*) } > flash
    .init_array : { KEEP(*(.init_array*)) } > flash
    .data : { *(.data*) *(.ramfunc*) } > ram AT > flash
    .bss (NOLOAD) : { *(.bss*) } > ram
    .noinit (NOLOAD) : { *(.noinit*) } > ccm
}
";

#[test]
fn our_own_firmware_is_as_binutils_counts_it() {
    let gcc = or_skip!(gcc());
    check(&gcc, &or_skip!(support::bare_metal()));
    let footprint = check(&gcc, &or_skip!(support::micropython()));
    let Sums { text, data, bss } = footprint.sums();
    let expected = Totals { flash: text + data, ram: data + bss };
    assert_eq!(Totals::of(&footprint.regions()), expected);
    let regions = footprint.regions_of(&lab_m0()).expect("it is for this board");
    assert_eq!(Totals::of(&regions), expected);
}

#[test]
fn a_program_with_memories_of_all_kinds_is_too() {
    let build = or_skip!(Build::new());
    let (source, script) = (build.put("main.c", SOURCE), build.put("memory.ld", SCRIPT));
    let file = build.compile(&[&source, "-nostdlib", "-T", &script]);
    let footprint = check(&build.gcc, &file);
    let regions = footprint.regions();
    let places: Vec<_> = regions.iter().map(|it| (it.name.as_str(), it.at)).collect();
    assert_eq!(places, [("flash", 0x0800_0000), ("ram", 0x1000_0000), ("ram", 0x2000_0000)]);
    let largest = footprint.largest(usize::MAX);
    let file_of = |name: &str| {
        let found = largest.iter().find(|it| it.symbol.name == name).expect("it is in the file");
        found.file.as_deref()
    };
    for name in ["buffer", "counter", "words", "fast", "main", "before"] {
        assert_eq!(file_of(name), Some(source.as_str()), "{name}");
    }
}

/// The compiler's own library is assembly in part, and the linker's own script puts
/// the ELF headers into a segment.
#[test]
fn a_program_with_a_library_is_too() {
    let build = or_skip!(Build::new());
    let source = build.put(
        "main.c",
        "volatile double x = 3; int main(void) { x = x / 7 + x * 2; return (int) x; }\n",
    );
    let file = build.compile(&[&source, "-nostartfiles", "-nostdlib", "-lgcc", "-Wl,-e,main"]);
    let footprint = check(&build.gcc, &file);
    assert!(footprint.sums().text > 1000, "the library is in it");
}

#[test]
fn an_object_file_is_too() {
    let build = or_skip!(Build::new());
    let source = build.put("main.c", SOURCE);
    let footprint = check(&build.gcc, &build.compile(&[&source, "-c"]));
    let Sums { text, data, bss } = footprint.sums();
    assert_eq!(Totals::of(&footprint.regions()), Totals { flash: text + data, ram: data + bss });
}
