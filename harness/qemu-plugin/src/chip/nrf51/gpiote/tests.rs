use super::*;

/// Pin 5 in event mode.
const EVENT: u32 = 1 | 5 << 8;
/// Pin 5 in task mode.
const TASK: u32 = 3 | 5 << 8;

fn with(stores: &[(u32, u32)]) -> Gpiote {
    let mut gpiote = Gpiote::new();
    for (offset, value) in stores {
        gpiote.write(*offset, (*value).into(), &mut Context::default());
    }
    gpiote
}

#[test]
fn polarity_says_which_edges_are_events() {
    for (polarity, rising, falling) in [(0, 0, 0), (1, 1, 0), (2, 0, 1), (3, 1, 1)] {
        let gpiote = with(&[(CONFIG + 4, EVENT | polarity << 16)]);
        let after = |level| {
            let mut gpiote = gpiote.clone();
            gpiote.edge(5, level);
            gpiote.peek(EVENTS_IN + 4, 0)
        };
        assert_eq!((after(true), after(false)), (rising, falling), "POLARITY {polarity}");
    }
}

#[test]
fn only_a_channel_in_event_mode_with_that_pin_sees_an_edge() {
    let toggle = 3 << 16;
    let mut gpiote = with(&[
        (CONFIG, EVENT | toggle),
        (CONFIG + 4, TASK | toggle),
        (CONFIG + 8, 2 | 5 << 8 | toggle),
        (CONFIG + 12, 1 | 6 << 8 | toggle),
    ]);
    assert!(gpiote.watches(5) && gpiote.watches(6) && !gpiote.watches(0));
    gpiote.edge(5, true);
    assert_eq!((0..4).map(|n| gpiote.peek(EVENTS_IN + 4 * n, 0)).collect::<Vec<_>>(), [1, 0, 0, 0]);
}

#[test]
fn an_event_stays_until_it_is_cleared_and_interrupts_while_it_is_let_through() {
    let mut gpiote = with(&[(CONFIG + 8, EVENT | 1 << 16)]);
    gpiote.edge(5, true);
    assert_eq!(gpiote.interrupts(), 0, "not let through");
    gpiote.write(INTENSET, (1 << 2).into(), &mut Context::default());
    assert_eq!((gpiote.interrupts(), gpiote.peek(INTENCLR, 0)), (1, 1 << 2));
    gpiote.write(INTENSET, 0.into(), &mut Context::default());
    assert_eq!(gpiote.interrupts(), 1, "a 0 in INTENSET does nothing");
    gpiote.write(INTENCLR, (1 << 2).into(), &mut Context::default());
    assert_eq!((gpiote.interrupts(), gpiote.peek(EVENTS_IN + 8, 0)), (0, 1));
    gpiote.write(INTENSET, (1 << 2).into(), &mut Context::default());
    gpiote.write(EVENTS_IN + 8, 0.into(), &mut Context::default());
    assert_eq!((gpiote.interrupts(), gpiote.peek(EVENTS_IN + 8, 0)), (0, 0));
    gpiote.write(EVENTS_IN + 8, 1.into(), &mut Context::default());
    assert_eq!(gpiote.interrupts(), 1, "firmware may say that it occurred");
}

#[test]
fn intenset_has_the_bits_of_four_channels_and_port() {
    assert_eq!(with(&[(INTENSET, u32::MAX)]).peek(INTENSET, 0), 0x8000_000f);
}

#[test]
fn port_occurs_where_detect_rises() {
    let mut gpiote = with(&[(INTENSET, PORT)]);
    gpiote.set_detect(false);
    assert_eq!(gpiote.interrupts(), 0);
    gpiote.set_detect(true);
    assert_eq!((gpiote.interrupts(), gpiote.peek(EVENTS_PORT, 0)), (1, 1));
    gpiote.write(EVENTS_PORT, 0.into(), &mut Context::default());
    gpiote.set_detect(true);
    assert_eq!(gpiote.interrupts(), 0, "it was high already");
    gpiote.set_detect(false);
    gpiote.set_detect(true);
    assert_eq!(gpiote.interrupts(), 1);
}

#[test]
fn a_task_begins_with_outinit_and_does_what_polarity_says() {
    let after = |config: u32, tasks: usize| {
        let mut stores = vec![(CONFIG + 12, config)];
        stores.extend(vec![(TASKS_OUT + 12, 1); tasks]);
        with(&stores).output(5)
    };
    const INIT: u32 = 1 << 20;
    assert_eq!((after(TASK, 0), after(TASK | INIT, 0)), (Some(false), Some(true)));
    assert_eq!((after(TASK, 1), after(TASK | INIT, 1)), (Some(false), Some(true)), "none");
    assert_eq!(after(TASK | 1 << 16, 1), Some(true), "set");
    assert_eq!(after(TASK | INIT | 2 << 16, 1), Some(false), "clear");
    let toggled = [1, 2, 3].map(|tasks| after(TASK | 3 << 16, tasks));
    assert_eq!(toggled, [Some(true), Some(false), Some(true)]);
    assert_eq!(after(EVENT | 3 << 16, 1), None, "no task in event mode");
    assert_eq!(with(&[(CONFIG, TASK | 3 << 16), (TASKS_OUT, 0)]).output(5), Some(false));
}

#[test]
fn the_first_channel_in_task_mode_has_the_pin() {
    let gpiote = with(&[(CONFIG + 8, TASK), (CONFIG + 4, TASK | 1 << 20)]);
    assert_eq!((gpiote.output(5), gpiote.output(6)), (Some(true), None));
}

#[test]
fn the_old_and_the_new_pin_of_a_channel_are_touched() {
    let mut gpiote = with(&[(CONFIG, TASK)]);
    gpiote.take_touched();
    gpiote.write(CONFIG, (3 | 7 << 8).into(), &mut Context::default());
    assert_eq!(gpiote.take_touched(), 1 << 5 | 1 << 7);
}

#[test]
fn tasks_read_as_zero_and_what_is_no_register_is_told() {
    let gpiote = with(&[(CONFIG, u32::MAX)]);
    assert_eq!((gpiote.peek(TASKS_OUT, 0), gpiote.peek(CONFIG, 0)), (0, CONFIG_ALL));
    for offset in [TASKS_OUT, EVENTS_IN + 12, EVENTS_PORT, INTENSET, INTENCLR, CONFIG + 12] {
        assert_eq!(gpiote.support(offset), Support::Modelled, "{offset:#x}");
    }
    // TASKS_SET is the nRF52's; there are four channels.
    for offset in [0x10, 0x30, EVENTS_IN + 16, 0x180, CONFIG + 16] {
        assert_eq!(gpiote.support(offset), Support::Nothing, "{offset:#x}");
    }
}
