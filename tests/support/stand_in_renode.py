"""Stands in for Renode in tests. It is not Renode and proves nothing about it.

    stand_in_renode.py --fakes [--like FOLDER] RENODE'S ARGUMENTS
    stand_in_renode.py --recording FILE [--fail HOW] RENODE'S ARGUMENTS

With --fakes the bridge runs as it does in Renode, on the fakes of
tests/renode_bridge, where a firmware of a few words answers. With --recording there
is no bridge: the answers come from a recording, a request that is not the next one
in it is an error, and --fail makes trouble at the first `go`: crash, hang, garbage,
closed, hook, cut; or before the bridge's call: slow, mute.
"""

import json
import os
import signal
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = "Renode, version 1.16.1 (stand-in)"


def wait_for_end():
    """As Renode: it lives as long as its input does."""
    while os.read(0, 1024):
        pass
    os._exit(0)


# ---- The bridge on fakes


class Words:
    """Firmware with a prompt. It echoes, and knows a few words."""

    HANDLER = 0x42

    # What it says at its start, and what is in memory then, by addresses. --like gives it
    # what another firmware had there.
    banner = "stand-in firmware\r\n"
    memory = {}

    PROMPT = ">>> "

    # What `replab doctor --renode` types, and what MicroPython would answer. None of
    # this is run.
    LINES = {
        "6*7": "42",
        "6 * 7": "42",
        "1": "1",
        "open('kit.txt').read()": "'kept'",
        "Pin(14,Pin.IN,Pin.PULL_UP).value()": lambda machine: str(
            int(machine.gpio.inputs.get(14, True))
        ),
        "from machine import Pin;import time;p=Pin(25,Pin.OUT);p.on();time.sleep_ms(20);p.off()": (
            lambda machine: Words.blink(machine)
        ),
        "q=Pin(24,Pin.OUT,value=0)": lambda machine: machine.gpio.output(24, False),
        "import machine;machine.mem32[0x60000000]": lambda machine: Words.load(machine, 0x60000000),
        "machine.mem32[0x60000004];machine.mem32[0x60000004]": (
            lambda machine: Words.load(machine, 0x60000004) + Words.load(machine, 0x60000004)
        ),
        # What the comparison with QEMU types: the first as MicroPython would answer, each of
        # the others wrong in one thing.
        "from machine import Pin;import time": "",
        "led=Pin(25,Pin.OUT,value=0)": lambda machine: machine.gpio.output(25, False),
        "2**10": "1025",
        "led.on();led.off();led.on()": lambda machine: machine.gpio.output(25, True),
        "led.on();print('on')": lambda machine: Words.says_first(machine),
        "led.on();time.sleep_ms(20);led.off()": lambda machine: Words.blink(machine, 25_000_000),
        "import machine;machine.mem32[0x60000504]": lambda machine: Words.load(machine, 0x60000504),
        "machine.mem32[0x60000008]": lambda machine: Words.load(machine, 0x60000008),
        "import machine;machine.reset()": lambda machine: machine.request_reset(),
    }

    @staticmethod
    def load(machine, address):
        machine.cpu.touch("ReadDoubleWord", address, 0x1234)
        return "0"

    @staticmethod
    def blink(machine, ns=20_000_000):
        machine.gpio.output(25, True)
        machine.after(ns, lambda: machine.gpio.output(25, False))

    @staticmethod
    def says_first(machine):
        machine.uart.send("on\r\n")
        machine.after(1_000, lambda: machine.gpio.output(25, True))

    def boot(self, machine):
        self.line = ""
        machine.after(2_000_000, lambda: self.start(machine))

    def start(self, machine):
        for address, content in self.memory.items():
            machine.SystemBus.WriteBytes(content, address)
        machine.uart.send(self.banner + self.PROMPT)

    def received(self, machine, byte):
        machine.after(1_000, lambda: self.echo(machine, chr(byte)))

    def echo(self, machine, letter):
        if letter != "\r":
            self.line += letter
            machine.uart.send(letter)
            return
        machine.uart.send("\r\n")
        line, self.line = self.line, ""
        words = line.split(" ")
        known = getattr(self, "do_" + words[0], None)
        answer = known(machine, *words[1:]) if known else self.unknown(machine, *words)
        text = f"{answer}\r\n" if answer else ""
        machine.after(30_000_000 if "sleep" in line else 100_000,
                      lambda: machine.uart.send(text + self.PROMPT))

    def unknown(self, machine, *words):
        answer = self.LINES.get(" ".join(words), "what?")
        return answer(machine) if callable(answer) else answer

    def do_set(self, machine, line, level):
        machine.gpio.output(int(line), level == "1")
        return "set"

    def do_read(self, machine, line):
        return "1" if machine.gpio.inputs.get(int(line)) else "0"

    def do_reset(self, machine):
        machine.request_reset()
        return "bye"

    def do_load(self, machine, address):
        return Words.load(machine, int(address, 16))

    def do_fault(self, machine):
        stack = 0x20001000
        machine.cpu.registers = {13: stack, 14: 0xFFFFFFF9, 15: self.HANDLER, 25: 0x01000003}
        frame = [1, 2, 3, 4, 12, 0x99, 0x123456, 0x01000000]
        content = b"".join(word.to_bytes(4, "little") for word in frame)
        machine.SystemBus.WriteBytes(content, stack)
        machine.cpu.arrive(self.HANDLER)
        return "faulted"

    def do_flood(self, machine, count):
        return "x" * int(count)

    def do_throw(self, machine):
        machine.uart.CharReceived("no byte")
        return "thrown"

    def do_die(self, machine):
        print("stand-in: dies", flush=True)
        signal.raise_signal(signal.SIGSEGV)

    def do_hang(self, machine):
        print("stand-in: hangs", flush=True)
        threading.Event().wait()


def be_like(folder):
    """The banner, and files that have their addresses for names."""
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        if name == "banner":
            Words.banner = content.decode()
        else:
            Words.memory[int(name, 16)] = content


def play_fakes(arguments):
    sys.path.insert(0, os.path.join(HERE, "..", "renode_bridge"))
    import fakes

    include = arguments[arguments.index("-e") + 1]
    fakes.load(include.removeprefix("include @"), Words)


# ---- A recording


class Frames:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def hear(self):
        head = self.file.read(4)
        if len(head) < 4:
            return None
        return self.file.read(int.from_bytes(head, "big")).decode().split("\n")

    def say(self, fields):
        content = "\n".join(fields).encode()
        self.socket.sendall(len(content).to_bytes(4, "big") + content)


def fail(how, frames):
    print(f"stand-in: {how}", flush=True)
    if how == "crash":
        signal.raise_signal(signal.SIGSEGV)
    elif how == "garbage":
        frames.socket.sendall(b"Unhandled exception. System.Exception\n")
    elif how == "closed":
        frames.socket.shutdown(socket.SHUT_RDWR)
    elif how == "hook":
        frames.say(["no", "hook", "ZeroDivisionError: division by zero"])
    elif how == "cut":
        frames.socket.sendall(b"\0\0\0\x64ok\nsent 1")
        os._exit(7)
    threading.Event().wait()


def play_recording(path, how):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    exchanges = [line for line in lines if "request" in line]
    address = os.environ["REPLAB_RENODE_SOCKET"]
    folder = os.path.dirname(address)
    if how == "mute":
        print("stand-in: the bridge does not call", flush=True)
        threading.Event().wait()
    if how == "slow":
        time.sleep(1.5)
    frames = Frames(address)
    position = 0
    while True:
        exchange = exchanges[position] if position < len(exchanges) else None
        request = frames.hear()
        if request is None:
            os._exit(0)
        if request[0] == "go" and how not in (None, "slow"):
            fail(how, frames)
        asked = [field.replace(folder, "FOLDER") for field in request]
        if exchange is None or asked != exchange["request"]:
            wanted = " ".join(exchange["request"]) if exchange else "nothing more"
            text = f"`{' '.join(asked)}` is not in the recording, which has `{wanted}` here"
            frames.say(["no", "recording", text])
            continue
        position += 1
        frames.say([field.replace("FOLDER", folder) for field in exchange["answer"]])


def main(arguments):
    if "--version" in arguments:
        print("Renode v1.16.1.0\nbuild: stand-in\nbuild type: stand-in\nruntime: none")
        return
    threading.Thread(target=wait_for_end, daemon=True).start()
    if arguments[0] == "--fakes":
        if arguments[1] == "--like":
            be_like(arguments[2])
        play_fakes(arguments[1:])
        threading.Event().wait()
    how = arguments[3] if arguments[2] == "--fail" else None
    play_recording(arguments[1], how)


if __name__ == "__main__":
    main(sys.argv[1:])
