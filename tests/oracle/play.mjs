// Types lines at a Pico in rp2040js, and writes what it answers to standard output.
//
//   node play.mjs ROM.bin FLASH.bin < DIALOGUE
//
// DIALOGUE is JSON: { "prompt": TEXT, "lines": [TEXT] }. Each line is typed, with a
// carriage return, after a prompt. The program ends when the last has been answered
// with a prompt; with status 3 if none came in a minute of machine time.

import fs from 'node:fs';
import { ConsoleLogger, LogLevel, Simulator } from 'rp2040js';

const PATIENCE = 60e9; // nanoseconds of machine time for one line
const CYCLE = 8; // nanoseconds: 125 MHz
const XIP = 0x10000000;

// Where our boot ROM asks for what only flash can do (firmware/pico-rom/README.md).
const FLASH_BLOCK = 0x4fff0;
const [ERASE, PROGRAM] = [1, 2];

/** The block of registers behind the boot ROM's erase and program. */
class Flash {
  constructor(mcu) {
    this.mcu = mcu;
    this.words = new Uint32Array(4);
  }

  readUint32(offset) {
    return this.words[offset >> 2];
  }

  writeUint32Atomic(offset, value) {
    this.words[offset >> 2] = value;
    if (offset === 0) this.run(value);
  }

  run(operation) {
    const [, at, ...rest] = this.words;
    if (operation === ERASE) this.mcu.flash.fill(0xff, at, at + rest[0]);
    if (operation === PROGRAM) this.program(at, ...rest);
  }

  program(at, from, length) {
    for (let i = 0; i < length; i++) this.mcu.flash[at + i] &= this.mcu.readUint8(from + i);
  }
}

const [, , romFile, flashFile] = process.argv;
const { prompt, lines } = JSON.parse(fs.readFileSync(0, 'utf8'));
const simulator = new Simulator();
const mcu = simulator.rp2040;
const uart = mcu.uart[0];
mcu.logger = new ConsoleLogger(LogLevel.Error);
const rom = fs.readFileSync(romFile);
mcu.peripherals[FLASH_BLOCK] = new Flash(mcu);
mcu.loadBootrom(new Uint32Array(rom.buffer.slice(rom.byteOffset, rom.byteOffset + (rom.length & ~3))));
mcu.flash.set(fs.readFileSync(flashFile), 0);
// Its model of the UART holds the interrupt of the transmitter up for ever.
uart.checkInterrupts = () => mcu.setInterrupt(uart.irq, !!(uart.interruptStatus & uart.interruptMask));
mcu.core.PC = XIP;

const answered = [];
const typed = [];
let asked = 0; // lines typed so far
let since = 0; // when the last one was

uart.onByte = (byte) => {
  answered.push(byte);
  const end = Buffer.from(answered.slice(-prompt.length)).toString('latin1');
  if (end !== prompt) return;
  if (asked === lines.length) finish(0);
  typed.push(...Buffer.from(`${lines[asked]}\r`));
  asked += 1;
  since = simulator.clock.nanos;
};

function finish(status) {
  fs.writeSync(1, Buffer.from(answered));
  process.exit(status);
}

for (;;) {
  while (typed.length && !uart.rxFIFO.full) uart.feedByte(typed.shift());
  if (mcu.core.waiting) {
    if (!simulator.clock.nextAlarm) finish(3);
    simulator.clock.tick(simulator.clock.nanosToNextAlarm);
  } else {
    simulator.clock.tick(mcu.core.executeInstruction() * CYCLE);
  }
  if (simulator.clock.nanos - since > PATIENCE) finish(3);
}
