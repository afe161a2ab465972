//! The firmware that this repository has the sources of.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum App {
    /// Our MicroPython port for the board lab-m0
    LabM0,
    /// Small C programs that do what tests need
    BareMetal,
    /// MicroPython's own port for the RP2040, for the board pico
    Pico,
    /// The boot ROM of the board pico
    PicoRom,
    /// Small C programs for the RP2040, written with the pico-sdk
    PicoGuests,
    /// A C program for the RP2040 that prints what can be seen of its registers
    PicoRegisters,
}

impl App {
    /// Its name, and that of its folder under `target/firmware/`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            App::LabM0 => "lab-m0",
            App::BareMetal => "bare-metal",
            App::Pico => "pico",
            App::PicoRom => "pico-rom",
            App::PicoGuests => "pico-guests",
            App::PicoRegisters => "pico-registers",
        }
    }

    /// Its sources, below the root.
    pub(super) fn sources(self) -> &'static str {
        match self {
            App::LabM0 => "firmware/micropython",
            App::BareMetal => "firmware/bare-metal",
            App::Pico => "firmware/rp2",
            App::PicoRom => "firmware/pico-rom",
            App::PicoGuests => "firmware/pico-guests",
            App::PicoRegisters => "firmware/pico-registers",
        }
    }

    /// The folders of its build rules, below the root.
    pub(super) fn rule_folders(self) -> &'static [&'static str] {
        match self {
            App::LabM0 => &["firmware/micropython"],
            App::BareMetal => &["firmware/bare-metal"],
            App::Pico => &["firmware/rp2"],
            App::PicoRom => &["firmware/pico-rom"],
            App::PicoGuests => &["firmware/pico-guests", "firmware/rp2"],
            App::PicoRegisters => &["firmware/pico-registers"],
        }
    }

    /// The ELF files that its make writes into the build folder.
    pub(super) fn elves(self) -> &'static [&'static str] {
        match self {
            App::LabM0 | App::Pico => &["firmware.elf"],
            App::BareMetal => &["bare-metal.elf", "registers.elf"],
            App::PicoRom => &["rom.elf", "rom-by-commands.elf"],
            App::PicoGuests => &["pwm-blink.elf", "uart-echo.elf", "usb-only.elf"],
            App::PicoRegisters => &["pico-registers.elf"],
        }
    }

    /// The first of [`App::elves`].
    pub(super) fn elf(self) -> &'static str {
        self.elves()[0]
    }

    /// What is put into its folder under `target/firmware/`.
    pub(crate) fn published(self) -> Vec<String> {
        let stems = self.elves().iter().map(|elf| elf.trim_end_matches(".elf"));
        let endings: &[&str] = match self {
            App::LabM0 | App::BareMetal => &["elf"],
            App::PicoRom | App::PicoRegisters => &["elf", "bin"],
            App::Pico | App::PicoGuests => &["elf", "uf2", "bin"],
        };
        stems
            .flat_map(|stem| endings.iter().map(move |ending| format!("{stem}.{ending}")))
            .collect()
    }

    /// The name of an ELF file of it in `expected-hashes`.
    pub(super) fn expected_as(self, elf: &str) -> String {
        match self.elves() {
            [_] => self.name().to_owned(),
            _ => format!("{}/{}", self.name(), elf.trim_end_matches(".elf")),
        }
    }

    /// Whether it is MicroPython.
    pub(super) fn needs_micropython(self) -> bool {
        matches!(self, App::LabM0 | App::Pico)
    }

    /// Whether it is built with the pico-sdk.
    pub(super) fn needs_pico_sdk(self) -> bool {
        matches!(self, App::Pico | App::PicoGuests)
    }

    /// Whether images of the flash are made from its ELF files.
    pub(super) fn has_flash_images(self) -> bool {
        self.needs_pico_sdk()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_has_a_name_of_its_own_for_each_program() {
        assert_eq!(App::LabM0.published(), ["firmware.elf"]);
        assert_eq!(
            App::PicoRom.published(),
            ["rom.elf", "rom.bin", "rom-by-commands.elf", "rom-by-commands.bin"]
        );
        let guests = App::PicoGuests.published();
        assert_eq!(guests[..3], ["pwm-blink.elf", "pwm-blink.uf2", "pwm-blink.bin"]);
        assert_eq!(guests.len(), 9);
    }

    #[test]
    fn expected_hashes_tell_the_programs_of_one_build_apart() {
        assert_eq!(App::Pico.expected_as("firmware.elf"), "pico");
        assert_eq!(App::PicoGuests.expected_as("uart-echo.elf"), "pico-guests/uart-echo");
    }
}
