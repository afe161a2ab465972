use super::*;

const LAB_M0: &str = include_str!("../../../../boards/lab-m0.yaml");
const PICO: &str = include_str!("../../../../boards/pico.yaml");

/// Loads lab-m0 with `from` replaced by `to`; the error's whole chain must hold `expected`.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert!(LAB_M0.contains(from), "{from:?} is not in the board file");
    let error =
        load("boards/lab-m0.yaml", &LAB_M0.replace(from, to)).expect_err("the file is wrong");
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let text = format!("{error}: {source}");
    assert!(text.contains(expected), "{text}");
}

#[test]
fn lab_m0_is_read() {
    let board = load("boards/lab-m0.yaml", LAB_M0).expect("the file is right");
    assert_eq!(board.pin("LED"), Some(&PinName::new("P25")));
    assert_eq!(board.pin("P3").and_then(|pin| board.line(pin)), Some(3));
    assert_eq!(board.pin("P32"), None);
    assert_eq!(board.role(&PinName::new("P14")), "BUTTON");
    let button = Button { pressed: Level::Low, released: Level::Floating };
    assert_eq!(board.buttons.get(&PinName::new("P14")), Some(&button));
    assert_eq!(board.button_words().collect::<Vec<_>>(), ["BUTTON", "P14"]);
    assert_eq!(board.repl_port().map(|(name, _)| name.as_str()), Some("uart0"));
    assert_eq!(
        board.memory["ram"],
        Region { at: 0x2000_0000, size: 264 * 1024, kind: MemoryKind::Ram }
    );
}

#[test]
fn lab_m0_has_its_machine_and_other_pins() {
    let board = load("boards/lab-m0.yaml", LAB_M0).expect("the file is right");
    let machine = board.backends.qemu.expect("it runs in QEMU");
    assert_eq!((machine.chip, machine.whole_chip()), (Some(Chip::Nrf51Pins), None));
}

#[test]
fn the_pico_is_a_chip_over_another_machine() {
    let board = load("boards/pico.yaml", PICO).expect("the file is right");
    let machine = board.backends.qemu.clone().expect("it runs in QEMU");
    assert_eq!((machine.machine.as_str(), machine.whole_chip()), ("microbit", Some(Chip::Rp2040)));
    assert_eq!(machine.cores, 2);
    let many = PICO.replace("cores: 2", "cores: 3");
    let error = load("boards/pico.yaml", &many).expect_err("it has two");
    assert_eq!(
        error.to_string(),
        "boards/pico.yaml: cores is 3, where QEMU can run 1 or 2 (`cores: 2` goes with `chip: rp2040`)"
    );
    assert_eq!(board.pin("LED"), Some(&PinName::new("P25")));
    let unknown = PICO.replace("chip: rp2040", "chip: rp2350");
    let error = load("boards/pico.yaml", &unknown).expect_err("there is no such chip");
    let source = std::error::Error::source(&error).expect("it has a place").to_string();
    assert!(source.contains("rp2040") && source.contains("rp2350"), "{source}");
}

/// The page's example has every key, as the reader takes them.
#[test]
fn the_page_of_boards_shows_a_board() {
    let page = include_str!("../../../../docs/boards.md");
    let (_, rest) = page.split_once("```yaml\n").expect("there is an example");
    let (example, _) = rest.split_once("```").expect("a fence ends");
    let board = load("my-board.yaml", example).expect("the example is right");
    assert_eq!(board.kept().len(), 2, "flash and what is nonvolatile");
}

#[test]
fn wrong_files_say_what_is_wrong() {
    check("LED: P25", "LED: P32", "role `LED` stands for `P32`");
    check("BUTTON: { p", "SWITCH: { p", "button `SWITCH`");
    check("pressed: low", "pressed: floating", "button `BUTTON`");
    check("released: floating", "released: low", "button `BUTTON`");
    check("repl: true", "repl: true, pins: [P0, P32]", "port `uart0` is on `P32`");
    check("instruction-ns: 8", "instruction-ns: 10", "no power of two");
    check("size: 0x160000", "size: 0x160001", "whole blocks");
    check("board: lab-m0", "board: lab-m1", "carries its name");
    check("lines: 32\n", "lins: 32\n", "lins");
    check("kind: ram", "kind: rom", "rom");
    check("{ uart0: sysbus", "{ uart1: sysbus", "one UART for each port of the board (uart0)");
}
