//! How QEMU loads the plugin:
//! `-plugin FILE,ctl=DESCRIPTOR[,wfi=naive][,chip=NAME[,rom=FILE][,cores=2]]`.

use std::ffi::{CStr, c_char, c_int, c_uint};
use std::fs::File;
use std::os::fd::FromRawFd;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::abort;
use crate::chip::emulation;
use crate::hooks;
use crate::lab::lab;
use crate::qemu;
use crate::socket;

/// The plugin interface that this is written for (`include/qemu/qemu-plugin.h`, QEMU 10.0).
const INTERFACE: c_int = 4;

/// Read by QEMU's loader before anything else.
#[unsafe(no_mangle)]
pub(crate) static qemu_plugin_version: c_int = INTERFACE;

static SOCKET: AtomicI32 = AtomicI32::new(-1);

/// The beginning of `qemu_info_t` (`include/qemu/qemu-plugin.h`).
#[repr(C)]
struct Information {
    target: *const c_char,
    least: c_int,
    current: c_int,
}

/// Called once by QEMU's loader, before the machine is built.
///
/// # Safety
///
/// For QEMU only: `information` and the `count` C strings behind `arguments` must be there.
#[unsafe(no_mangle)]
unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    information: *const Information,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: QEMU's promise above.
    let (current, arguments) = unsafe {
        let arguments: Vec<_> = (0..count)
            .map(|index| CStr::from_ptr(*arguments.add(index)).to_string_lossy())
            .collect();
        ((*information).current, arguments)
    };
    match install(id, current, &arguments) {
        Ok(()) => 0,
        Err(why) => {
            // The lab looks for this beginning.
            eprintln!("replab-qemu-plugin refuses: {why}");
            1
        }
    }
}

fn install(id: u64, interface: c_int, arguments: &[impl AsRef<str>]) -> Result<(), String> {
    if interface != INTERFACE {
        return Err(format!("this QEMU has plugin interface {interface}, not {INTERFACE}"));
    }
    let options = options(arguments)?;
    qemu::find().map_err(|name| format!("this QEMU does not export {name}"))?;
    if options.naive_wfi {
        hooks::leave_the_race();
    }
    if let Some((chip, rom)) = &options.chip {
        emulation::want(chip, rom.as_deref(), options.cores)?;
        qemu::when_built(emulation::build);
    }
    abort::hold_up();
    SOCKET.store(options.socket, Ordering::Release);
    qemu::hook(id, hooks::translate, created);
    Ok(())
}

/// Called for each processor, in the main thread, while the machine is built.
extern "C" fn created(_id: u64, cpu: c_uint) {
    if cpu != 0 {
        return;
    }
    match qemu::register_numbers() {
        Ok(numbers) => hooks::know(numbers),
        Err(name) => {
            eprintln!("replab-qemu-plugin refuses: the processor has no register {name}");
            qemu::leave();
        }
    }
    let descriptor = SOCKET.load(Ordering::Acquire);
    // SAFETY: the lab left this descriptor for us and nobody else in the process uses it.
    let socket = unsafe { File::from_raw_fd(descriptor) };
    match socket.try_clone() {
        Ok(clone) => lab().out.connect(clone),
        Err(error) => {
            eprintln!("replab-qemu-plugin refuses: descriptor {descriptor} is none: {error}");
            qemu::leave();
        }
    }
    socket::serve(socket, descriptor);
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    socket: c_int,
    naive_wfi: bool,
    /// Its name, and the file of its boot ROM if it has one.
    chip: Option<(String, Option<String>)>,
    /// How many it is to have.
    cores: usize,
}

fn options(arguments: &[impl AsRef<str>]) -> Result<Options, String> {
    let mut options = Options { socket: -1, naive_wfi: false, chip: None, cores: 1 };
    let (mut chip, mut rom) = (None, None);
    for argument in arguments {
        match argument.as_ref().split_once('=') {
            Some(("ctl", number)) => options.socket = number.parse().unwrap_or(-1),
            Some(("wfi", "naive")) => options.naive_wfi = true,
            Some(("chip", name)) => chip = Some(name.to_owned()),
            Some(("cores", number)) => {
                options.cores =
                    number.parse().map_err(|_| format!("`{number}` is no number of cores"))?;
            }
            Some(("rom", file)) => rom = Some(file.to_owned()),
            _ => {
                return Err(format!(
                    "unknown option `{}` (there are ctl=DESCRIPTOR, wfi=naive, chip=NAME, rom=FILE and cores=NUMBER)",
                    argument.as_ref()
                ));
            }
        }
    }
    if options.socket < 0 {
        return Err("ctl=DESCRIPTOR is missing".to_owned());
    }
    options.chip = match (chip, rom) {
        (None, None) => None,
        (Some(chip), rom) => Some((chip, rom)),
        (None, Some(_)) => return Err("rom=FILE is without chip=NAME".to_owned()),
    };
    if options.chip.is_none() && options.cores != 1 {
        return Err("cores=NUMBER goes with chip=NAME".to_owned());
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_few() {
        let plain = Options { socket: 5, naive_wfi: false, chip: None, cores: 1 };
        assert_eq!(options(&["ctl=5"]), Ok(plain));
        let chip = Some(("nrf51-pins".to_owned(), None));
        assert_eq!(
            options(&["ctl=5", "chip=nrf51-pins"]),
            Ok(Options { socket: 5, naive_wfi: false, chip, cores: 1 })
        );
        let chip = Some(("rp2040".to_owned(), Some("rom.bin".to_owned())));
        assert_eq!(
            options(&["ctl=5", "wfi=naive", "chip=rp2040", "rom=rom.bin", "cores=2"]),
            Ok(Options { socket: 5, naive_wfi: true, chip, cores: 2 })
        );
        assert!(options(&["ctl=5", "rom=r"]).unwrap_err().contains("without chip=NAME"));
        assert!(options(&["ctl=5", "cores=2"]).unwrap_err().contains("goes with chip=NAME"));
        let none = options(&["ctl=5", "chip=c", "rom=r", "cores=some"]).unwrap_err();
        assert_eq!(none, "`some` is no number of cores");
        assert!(options(&["ctl=five"]).unwrap_err().contains("ctl=DESCRIPTOR is missing"));
        assert!(options(&["ctl=5", "fly=on"]).unwrap_err().contains("unknown option `fly=on`"));
    }

    #[test]
    fn another_interface_is_refused_before_anything_is_called() {
        let error = install(0, 7, &["ctl=5"]).unwrap_err();
        assert_eq!(error, "this QEMU has plugin interface 7, not 4");
        let error = install(0, 4, &["ctl=5"]).unwrap_err();
        assert!(error.contains("does not export qemu_plugin_register_vcpu_tb_trans_cb"), "{error}");
    }
}
