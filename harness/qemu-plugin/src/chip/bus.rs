//! The way from an access to a register: what is the same for all peripherals.
//!
//! A block may have aliases of its registers that toggle, set or clear the bits
//! that are stored there (RP2040 data sheet §2.1.2), and a byte or half word that
//! is stored fills the whole register with copies (§2.1.4). Both are done here.

use super::peripheral::{Context, Effect, Finding, Peripheral, Support, Write};

/// Addresses that belong to one peripheral.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// Its name in the data sheet.
    pub(crate) name: &'static str,
    /// First address.
    pub(crate) at: u32,
    /// Bytes.
    pub(crate) size: u32,
    /// Whether addresses 0x1000, 0x2000 and 0x3000 above a register's toggle, set
    /// and clear bits of it.
    pub(crate) has_aliases: bool,
    /// Whether loads are served from a page of memory that the model keeps up to
    /// date, without asking it: many times as fast.
    pub(crate) is_mirrored: bool,
}

/// What a store does to a register.
#[derive(Clone, Copy)]
enum Alias {
    Store,
    Toggle,
    Set,
    Clear,
}

impl Block {
    /// The register at `offset` from the block's start, and what a store does to it.
    fn register(&self, offset: u32) -> (u32, Alias) {
        if !self.has_aliases {
            return (offset & !3, Alias::Store);
        }
        let alias = match offset >> 12 & 3 {
            0 => Alias::Store,
            1 => Alias::Toggle,
            2 => Alias::Set,
            _ => Alias::Clear,
        };
        (offset & 0xffc, alias)
    }

    /// A load of `size` bytes (1, 2 or 4) at `offset`.
    pub(crate) fn load(
        &self,
        peripheral: &mut dyn Peripheral,
        offset: u32,
        size: u32,
        context: &mut Context,
    ) -> u32 {
        let (register, _) = self.register(offset);
        self.look_at(peripheral, register, false, context);
        let value = peripheral.read(register, context);
        match size {
            1 => value >> (8 * (offset & 3)) & 0xff,
            2 => value >> (8 * (offset & 2)) & 0xffff,
            _ => value,
        }
    }

    /// A store of `size` bytes (1, 2 or 4) at `offset`.
    pub(crate) fn store(
        &self,
        peripheral: &mut dyn Peripheral,
        offset: u32,
        size: u32,
        value: u32,
        context: &mut Context,
    ) {
        let (register, alias) = self.register(offset);
        self.look_at(peripheral, register, true, context);
        let ones = match size {
            1 => (value & 0xff) * 0x0101_0101,
            2 => (value & 0xffff) * 0x0001_0001,
            _ => value,
        };
        let old = || peripheral.peek(register, context.now);
        let value = match alias {
            Alias::Store => ones,
            Alias::Toggle => old() ^ ones,
            Alias::Set => old() | ones,
            Alias::Clear => old() & !ones,
        };
        peripheral.write(register, Write { value, ones }, context);
    }

    fn look_at(
        &self,
        peripheral: &dyn Peripheral,
        register: u32,
        is_store: bool,
        context: &mut Context,
    ) {
        let support = peripheral.support(register);
        if support != Support::Modelled {
            let address = self.at + register;
            let finding = Finding { support, block: self.name, address, is_store };
            context.effects.push(Effect::Found(finding));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::storage::Storage;
    use super::*;

    const BLOCK: Block = Block {
        name: "TEST",
        at: 0x4000_0000,
        size: 0x4000,
        has_aliases: true,
        is_mirrored: false,
    };

    /// Stores `(offset, size, value)` each, and gives what register 8 holds then.
    #[track_caller]
    fn check(stores: &[(u32, u32, u32)], expected: u32) {
        let mut storage = Storage::modelled(0x10, &[]);
        let mut context = Context::default();
        for (offset, size, value) in stores {
            BLOCK.store(&mut storage, *offset, *size, *value, &mut context);
        }
        assert_eq!(BLOCK.load(&mut storage, 8, 4, &mut context), expected);
        assert_eq!(context.effects, []);
    }

    #[test]
    fn aliases_toggle_set_and_clear() {
        check(&[(8, 4, 0x1234)], 0x1234);
        check(&[(8, 4, 0x1234), (0x1008, 4, 0xff)], 0x12cb);
        check(&[(8, 4, 0x1234), (0x2008, 4, 0xff)], 0x12ff);
        check(&[(8, 4, 0x1234), (0x3008, 4, 0xff)], 0x1200);
    }

    #[test]
    fn narrow_stores_fill_the_register() {
        check(&[(8, 1, 0xa5)], 0xa5a5_a5a5);
        check(&[(0xa, 2, 0x1234)], 0x1234_1234);
        check(&[(8, 4, 0), (0x200b, 1, 1)], 0x0101_0101);
    }

    #[test]
    fn narrow_loads_give_their_part() {
        let mut storage = Storage::modelled(0x10, &[(4, 0x1234_5678)]);
        let mut load =
            |offset, size| BLOCK.load(&mut storage, offset, size, &mut Context::default());
        assert_eq!(
            (load(4, 1), load(7, 1), load(6, 2), load(0x2004, 4)),
            (0x78, 0x12, 0x1234, 0x1234_5678)
        );
    }

    #[test]
    fn what_is_not_emulated_is_found() {
        let mut storage = Storage::only(0x10);
        let mut context = Context::default();
        BLOCK.store(&mut storage, 0x2004, 4, 1, &mut context);
        BLOCK.load(&mut storage, 0x20, 4, &mut context);
        let found = |support, address, is_store| {
            Effect::Found(Finding { support, block: "TEST", address, is_store })
        };
        assert_eq!(
            context.effects,
            [
                found(Support::Storage, 0x4000_0004, true),
                found(Support::Nothing, 0x4000_0020, false)
            ]
        );
    }
}
