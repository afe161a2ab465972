//! Colour, where it is wanted.

/// Whether text is coloured. Who prints knows whether a terminal reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// No escape sequence at all.
    Plain,
    /// ANSI colours (ECMA-48 SGR).
    Colour,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Hue {
    Good,
    Bad,
    Odd,
    Mild,
    Faint,
}

impl Paint {
    /// `text` in the colour for a verdict's word.
    pub(crate) fn word(self, word: &str) -> String {
        let hue = match word.trim_end() {
            "passed" | "covered" | "equal" => Hue::Good,
            "failed" | "uncovered" | "error" => Hue::Bad,
            "broken" | "differs" | "differ" => Hue::Odd,
            "skipped" | "excused" | "not comparable" | "marginal" => Hue::Mild,
            _ => Hue::Faint,
        };
        self.hue(word, hue)
    }

    /// A line of a diff: `-` what is stored, `+` what came.
    pub(crate) fn difference(self, line: &str) -> String {
        match line.as_bytes().first() {
            Some(b'-') => self.hue(line, Hue::Bad),
            Some(b'+') => self.hue(line, Hue::Good),
            _ => line.to_owned(),
        }
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.hue(text, Hue::Faint)
    }

    fn hue(self, text: &str, hue: Hue) -> String {
        let code = match (self, hue) {
            (Paint::Plain, _) => return text.to_owned(),
            (Paint::Colour, Hue::Good) => "32",
            (Paint::Colour, Hue::Bad) => "1;31",
            (Paint::Colour, Hue::Odd) => "1;35",
            (Paint::Colour, Hue::Mild) => "33",
            (Paint::Colour, Hue::Faint) => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
