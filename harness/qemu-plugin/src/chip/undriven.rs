//! Reads of pins that nobody drives.
//!
//! A load of the register with the levels of the pins gives all of them at once.
//! Which pin the firmware is after, only the next instructions tell: the mask that
//! they apply, the bit that they shift out or test. This follows the loaded value
//! through them ([`looked_at`]). Where they do something else with it, the pin is
//! not known, and nothing is said: a missed read is better than a false one.

/// How many instructions behind a load are followed.
const FAR: u32 = 10;
/// The most bits of a mask that names pins. Whoever takes more takes the word.
const MOST: u32 = 8;
/// A `ldr` that takes the word of a literal pool (Armv6-M ARM §A6.7.27).
const LITERAL: u16 = 0b01001;

/// The bits of the word at `address` that the firmware looks at, which it loads at `pc`,
/// as far as the instructions behind show it: one bit, or those of a mask. 0 if they
/// do not, or if there is another instruction.
///
/// `registers` are r0 to r7 before the load. `code` gives the half word at an
/// address.
pub(crate) fn looked_at(
    pc: u32,
    address: u32,
    registers: [u32; 8],
    code: impl Fn(u32) -> Option<u16>,
) -> u32 {
    let Some(load) = code(pc) else { return 0 };
    let from = registers[usize::from(load >> 3 & 7)];
    let is_it = from.wrapping_add(4 * u32::from(load >> 6 & 31)) == address;
    let Some(target) = loads_into(load).filter(|_| is_it) else { return 0 };
    let mut follower = Follower { known: registers.map(Value::Known) };
    follower.known[target] = Value::Word { bits: u32::MAX, up: 0 };
    let mut at = pc.wrapping_add(2);
    for _ in 0..FAR {
        let Some(opcode) = code(at) else { return 0 };
        let next = code(at.wrapping_add(2));
        match follower.step(opcode, next, |offset| literal(at, offset, &code)) {
            Step::On => at = at.wrapping_add(2),
            Step::Found(bits) => return bits,
            Step::Lost => return 0,
        }
    }
    0
}

/// Whether the instructions behind a load may show what it is after: whether one of
/// the next few takes its target as bits. Of a block that is being translated.
pub(crate) fn may_look(load: u16, behind: impl IntoIterator<Item = u16>) -> bool {
    let Some(target) = loads_into(load) else { return false };
    let mut behind = behind.into_iter().take(FAR as usize).peekable();
    // A block may be cut there: then nobody knows what follows.
    let mut targets = 1 << target;
    behind.peek().is_none() || behind.any(|opcode| takes_bits(opcode, &mut targets))
}

/// The target of `ldr rt, [rn, #…]` (§A6.7.26, encoding T1).
fn loads_into(opcode: u16) -> Option<usize> {
    (opcode >> 11 == 0b01101).then_some(usize::from(opcode & 7))
}

/// A word of the literal pool of the instruction at `pc`.
fn literal(pc: u32, offset: u32, code: &impl Fn(u32) -> Option<u16>) -> Option<u32> {
    let at = (pc.wrapping_add(4) & !3).wrapping_add(offset);
    let (low, high) = (code(at)?, code(at.wrapping_add(2))?);
    Some(u32::from(high) << 16 | u32::from(low))
}

/// Whether an instruction takes one of `registers` as bits; a move adds to these.
fn takes_bits(opcode: u16, registers: &mut u8) -> bool {
    let has = |number: u16| *registers >> (number & 7) & 1 != 0;
    let (low, middle) = (has(opcode), has(opcode >> 3));
    match opcode >> 6 {
        // A move of a register is a shift by nothing.
        0 if middle => {
            *registers |= 1 << (opcode & 7);
            false
        }
        // `asrs #1` is how MicroPython gets its small integers: no look at pins, and all the time.
        0x41 => false,
        0x00..0x60 => middle,
        // AND, TST, and LSL, LSR by a register.
        0x100 | 0x108 => low || middle,
        0x102 | 0x103 => low,
        _ => false,
    }
}

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// This.
    Known(u32),
    /// These bits of the loaded word, moved up by so many places.
    Word { bits: u32, up: i32 },
    /// Something else.
    Unknown,
}

impl Value {
    /// After a shift up by so many places; down if that is negative.
    fn shifted(self, places: i32) -> Value {
        let shift = |bits: u32, places: i32| match places {
            0..32 => bits << places,
            -31..0 => bits >> -places,
            _ => 0,
        };
        match self {
            Value::Known(value) => Value::Known(shift(value, places)),
            Value::Word { bits, up } => {
                let there = shift(shift(bits, up), places);
                Value::Word { bits: shift(there, -(up + places)), up: up + places }
            }
            Value::Unknown => Value::Unknown,
        }
    }

    /// What of the word is in a value of which `mask` is taken.
    fn masked(self, mask: u32) -> Option<u32> {
        match self {
            Value::Word { bits, up } => match (Value::Known(mask)).shifted(-up) {
                Value::Known(mask) => Some(bits & mask),
                _ => None,
            },
            _ => None,
        }
    }
}

enum Step {
    On,
    Found(u32),
    Lost,
}

struct Follower {
    known: [Value; 8],
}

impl Follower {
    /// One instruction (Armv6-M ARM §A5.2); `next` is the one behind it.
    fn step(
        &mut self,
        opcode: u16,
        next: Option<u16>,
        literal: impl FnOnce(u32) -> Option<u32>,
    ) -> Step {
        let (low, middle) = (usize::from(opcode & 7), usize::from(opcode >> 3 & 7));
        let (high, number) = (usize::from(opcode >> 8 & 7), u32::from(opcode & 0xff));
        let five = i32::from(opcode >> 6 & 31);
        match opcode >> 11 {
            0b00000 => self.shift(low, middle, five, next),
            // A shift down by 0 means 32.
            0b00001 | 0b00010 => {
                let is_signed = opcode >> 11 == 0b00010;
                let places = if five == 0 { 32 } else { five };
                match self.shift(low, middle, -places, next) {
                    // Its copies of the top bit are not followed.
                    Step::On if is_signed => self.becomes(low, Value::Unknown),
                    other => other,
                }
            }
            // MOVS rd, #number; ADDS, SUBS rd, #number.
            0b00100 => self.becomes(high, Value::Known(number)),
            0b00110 | 0b00111 => match self.known[high] {
                Value::Known(old) if opcode >> 11 == 0b00110 => {
                    self.becomes(high, Value::Known(old.wrapping_add(number)))
                }
                Value::Known(old) => self.becomes(high, Value::Known(old.wrapping_sub(number))),
                _ => Step::Lost,
            },
            0b01000 if opcode >> 10 == 0b010000 => {
                self.compute(opcode >> 6 & 15, low, middle, next)
            }
            LITERAL => match literal(4 * number) {
                Some(value) => self.becomes(high, Value::Known(value)),
                None => Step::Lost,
            },
            _ => Step::Lost,
        }
    }

    fn becomes(&mut self, register: usize, value: Value) -> Step {
        self.known[register] = value;
        Step::On
    }

    /// One of two registers (§A5.2.2).
    fn compute(&mut self, operation: u16, low: usize, middle: usize, next: Option<u16>) -> Step {
        let (one, other) = (self.known[low], self.known[middle]);
        match (operation, one, other) {
            // AND, TST: with a mask they say what is meant.
            (0 | 8, Value::Word { .. }, Value::Known(mask)) => mask_of(one.masked(mask)),
            (0 | 8, Value::Known(mask), Value::Word { .. }) => mask_of(other.masked(mask)),
            (8, Value::Known(_), Value::Known(_)) => Step::On,
            (0, Value::Known(one), Value::Known(other)) => {
                self.becomes(low, Value::Known(one & other))
            }
            // LSL, LSR by a register.
            (2 | 3, _, Value::Known(places)) => {
                let places = (places & 0xff).min(32).cast_signed();
                self.shift(low, low, if operation == 2 { places } else { -places }, next)
            }
            _ => Step::Lost,
        }
    }

    /// A shift up by `places`; down if that is negative.
    fn shift(&mut self, to: usize, from: usize, places: i32, next: Option<u16>) -> Step {
        let old = self.known[from];
        let new = old.shifted(places);
        self.known[to] = new;
        let Value::Word { bits, .. } = new else { return Step::On };
        // A branch behind it asks for the sign, or for the last bit that went out.
        let out = if places > 0 { 32 - places } else { -places - 1 };
        match next.filter(|next| next >> 12 == 0b1101).map(|next| next >> 8 & 15) {
            Some(2 | 3) if places != 0 => mask_of(old.masked(1 << out)),
            Some(4 | 5) => mask_of(new.masked(1 << 31)),
            _ if bits.is_power_of_two() => Step::Found(bits),
            _ => Step::On,
        }
    }
}

fn mask_of(bits: Option<u32>) -> Step {
    match bits {
        Some(bits) if (1..=MOST).contains(&bits.count_ones()) => Step::Found(bits),
        _ => Step::Lost,
    }
}

#[cfg(test)]
mod tests;
