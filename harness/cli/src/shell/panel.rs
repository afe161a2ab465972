//! What a person sees and presses on a board: its LEDs, buttons and clock, in words.

use std::time::Duration;

use replab_board::{Board, Button};
use replab_record::{Event, Level, MachineTime, PinName};

/// How many buttons have a key.
const KEYS: usize = 8;

/// See the head of this module.
pub(super) struct Panel {
    outputs: Vec<Output>,
    /// In the order of their pins.
    inputs: Vec<Input>,
}

/// A pin with a role, and without a button.
struct Output {
    role: String,
    pin: PinName,
    level: Level,
}

/// A pin with a button.
struct Input {
    role: String,
    pin: PinName,
    button: Button,
    is_pressed: bool,
}

impl Panel {
    /// That of `board` at power-on.
    pub(super) fn of(board: &Board) -> Panel {
        let roles = board.roles.iter().filter(|(_, pin)| !board.buttons.contains_key(pin));
        let output = |(role, pin): (&String, &PinName)| Output {
            role: role.clone(),
            pin: pin.clone(),
            level: Level::Unknown,
        };
        let input = |(pin, button): (&PinName, &Button)| Input {
            role: board.role(pin).to_owned(),
            pin: pin.clone(),
            button: *button,
            is_pressed: false,
        };
        let mut inputs: Vec<Input> = board.buttons.iter().map(input).collect();
        inputs.sort_by_key(|input| board.line(&input.pin));
        Panel { outputs: roles.map(output).collect(), inputs }
    }

    /// The button with this number, from 0 on.
    pub(super) fn button(&self, number: usize) -> Option<(&PinName, Button)> {
        self.inputs.get(number).map(|input| (&input.pin, input.button))
    }

    /// Sees what happens.
    pub(super) fn see(&mut self, event: &Event) {
        match event {
            Event::Edge { pin, level, .. } => {
                self.outputs.iter_mut().filter(|one| one.pin == *pin).for_each(|output| {
                    output.level = *level;
                });
            }
            Event::Driven { pin, level, .. } => {
                self.inputs.iter_mut().filter(|one| one.pin == *pin).for_each(|input| {
                    input.is_pressed = *level == input.button.pressed;
                });
            }
            Event::Reset { .. } => {
                self.outputs.iter_mut().for_each(|output| output.level = Level::Unknown);
            }
            Event::Sent { .. } | Event::Received { .. } => {}
        }
    }

    /// Each output and button as it is, and how long the board has gone, by its clock and the desk's.
    pub(super) fn status(&self, machine: MachineTime, wall: Duration) -> Vec<String> {
        let outputs = self.outputs.iter().map(|one| format!("{} {}", one.role, one.level));
        let inputs = self.inputs.iter().enumerate().map(|(number, input)| {
            let state = if input.is_pressed { "pressed" } else { "released" };
            format!("{}{} {state}", key(number), input.role)
        });
        let wall = MachineTime::ZERO + wall;
        let times = [format!("{machine:.3} machine"), format!("{wall:.3} wall")];
        outputs.chain(inputs).chain(times).collect()
    }

    /// What each key does.
    pub(super) fn keys(&self) -> Vec<String> {
        let buttons = self.inputs.iter().take(KEYS).enumerate();
        let buttons = buttons.map(|(number, input)| format!("F{} {}", number + 1, input.role));
        let leave = ["Ctrl-] leaves".to_owned()];
        let rest = ["F12 status", "Ctrl-T help"].map(str::to_owned);
        leave.into_iter().chain(buttons).chain(rest).collect()
    }

    /// What Ctrl-T does, for terminals that keep function keys for themselves.
    pub(super) fn help(&self) -> Vec<String> {
        let mut all = self.keys();
        all.pop();
        if !self.inputs.is_empty() {
            all.push("Ctrl-T 1 is F1".to_owned());
        }
        all.extend(["Ctrl-T s is F12", "Ctrl-T Ctrl-T sends one"].map(str::to_owned));
        all
    }
}

/// The key of a button, before its name.
fn key(number: usize) -> String {
    if number < KEYS { format!("F{} ", number + 1) } else { String::new() }
}

/// `parts` with commas between them, in lines of at most `width` characters. They
/// end between parts, or between words where a part is longer than a line; a word
/// that is longer is cut.
pub(super) fn lines(parts: &[String], width: usize) -> Vec<String> {
    let text = parts.join(",\n");
    let is_wide = text.lines().all(|part| part.chars().count() <= width);
    let pieces: Vec<&str> =
        if is_wide { text.lines().collect() } else { text.split_whitespace().collect() };
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces.into_iter().map(|piece| cut(piece, width)) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + piece.chars().count() <= width => {
                line.push(' ');
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn panel() -> Panel {
        let text = include_str!("../../../../boards/lab-m0.yaml");
        Panel::of(&replab_board::load("lab-m0.yaml", text).expect("the board is right"))
    }

    fn at(ms: u64) -> MachineTime {
        MachineTime::from_nanos(ms * 1_000_000)
    }

    /// The status after `events`, on a terminal with `width` columns.
    #[track_caller]
    fn check(events: &[Event], width: usize, expected: &Expect) {
        let mut panel = panel();
        events.iter().for_each(|event| panel.see(event));
        let status = panel.status(at(12_345), Duration::from_millis(12_501));
        expected.assert_eq(&lines(&status, width).join("\n"));
    }

    #[test]
    fn levels_follow_what_happens() {
        let (led, button) = (PinName::new("P25"), PinName::new("P14"));
        let on = Event::Edge { pin: led, level: Level::High, at: at(1) };
        let press = Event::Driven { pin: button.clone(), level: Level::Low, at: at(2) };
        let release = Event::Driven { pin: button, level: Level::Floating, at: at(3) };
        let reset = Event::Reset { cause: replab_record::ResetCause::Firmware, at: at(4) };
        check(
            &[],
            80,
            &expect!["LED unknown, F1 BUTTON released, 12.345 s machine, 12.501 s wall"],
        );
        check(
            &[on.clone(), press.clone()],
            80,
            &expect!["LED high, F1 BUTTON pressed, 12.345 s machine, 12.501 s wall"],
        );
        check(
            &[on, press, release, reset],
            80,
            &expect!["LED unknown, F1 BUTTON released, 12.345 s machine, 12.501 s wall"],
        );
    }

    #[test]
    fn a_narrow_terminal_gets_more_lines() {
        check(
            &[],
            40,
            &expect![[r#"
            LED unknown, F1 BUTTON released,
            12.345 s machine, 12.501 s wall"#]],
        );
        check(
            &[],
            19,
            &expect![[r#"
            LED unknown,
            F1 BUTTON released,
            12.345 s machine,
            12.501 s wall"#]],
        );
        check(
            &[],
            16,
            &expect![[r#"
            LED unknown, F1
            BUTTON released,
            12.345 s
            machine, 12.501
            s wall"#]],
        );
        check(
            &[],
            7,
            &expect![[r#"
            LED
            unknow…
            F1
            BUTTON
            releas…
            12.345
            s
            machin…
            12.501
            s wall"#]],
        );
        for width in 0..100 {
            let all = lines(&panel().status(at(0), Duration::ZERO), width);
            assert!(all.iter().all(|line| line.chars().count() <= width.max(1)), "{width}");
        }
    }

    #[test]
    fn keys_are_those_of_the_boards_buttons() {
        let banner = panel().keys().join(", ");
        expect!["Ctrl-] leaves, F1 BUTTON, F12 status, Ctrl-T help"].assert_eq(&banner);
        expect!["Ctrl-] leaves, F1 BUTTON, F12 status, Ctrl-T 1 is F1, Ctrl-T s is F12, Ctrl-T Ctrl-T sends one"]
            .assert_eq(&panel().help().join(", "));
        assert!(panel().button(0).is_some() && panel().button(1).is_none());
    }
}
