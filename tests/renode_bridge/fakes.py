"""Small fakes of the Renode and .NET classes that renode/lab_bridge.py uses.

They stand in for Renode where it is not: so that the bridge's logic runs under
Python 3. They say nothing about Renode itself. What they imitate was read in
Renode 1.16.1 (the file is named at each) or seen there (docs/renode.md).
"""

import base64
import builtins
import heapq
import os
import socket as sockets
import sys
import threading
import types


class Thing:
    """Holds what it is given."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class Event:
    """A .NET event: `+=` subscribes."""

    def __init__(self):
        self.hooks = []

    def __iadd__(self, hook):
        self.hooks.append(hook)
        return self

    def __call__(self, *arguments):
        for hook in list(self.hooks):
            hook(*arguments)


def stamp(ns):
    return Thing(TimeElapsed=Thing(TotalNanoseconds=ns))


# ---- Peripherals


class Line:
    """An output (Core/GPIO.cs): tells changes only."""

    def __init__(self):
        self.IsSet = False
        self.hooks = Event()

    def AddStateChangedHook(self, hook):
        self.hooks += hook

    def set(self, level):
        if self.IsSet != level:
            self.IsSet = level
            self.hooks(level)


class Pin:
    def __init__(self):
        self.Direction = "Input"
        self.PullMode = "Disabled"


class Gpio:
    """GPIOPort/NRF52840_GPIO.cs."""

    def __init__(self, lines=32):
        self.Connections = [Line() for _ in range(lines)]
        self.Pins = [Pin() for _ in range(lines)]
        self.inputs = {}

    def OnGPIO(self, line, level):
        self.inputs[line] = level

    def output(self, line, level):
        """What firmware does that makes a pin an output."""
        self.Pins[line].Direction = "Output"
        self.Connections[line].set(level)

    def reset(self):
        for line, pin in zip(self.Connections, self.Pins):
            line.set(False)
            pin.Direction = "Input"
        self.inputs = {}


class Uart:
    def __init__(self, machine):
        self.machine = machine
        self.CharReceived = Event()

    def WriteChar(self, byte):
        self.machine.firmware.received(self.machine, byte)

    def send(self, text):
        for byte in text.encode():
            self.CharReceived(byte)


class Bus:
    """Memory is there wherever one looks, as in Renode."""

    def __init__(self):
        self.memory = {}
        self.UnhandledAccessBehaviour = "Report"

    def ReadBytes(self, address, count):
        return bytes(self.memory.get(address + index, 0) for index in range(count))

    def WriteBytes(self, content, address):
        self.memory.update((address + index, byte) for index, byte in enumerate(content))

    def ReadDoubleWord(self, address):
        return int.from_bytes(self.ReadBytes(address, 4), "little")


class Cpu:
    def __init__(self, machine):
        self.machine = machine
        self.registers = {}
        self.hooks = {}

    @property
    def OnPossessedThread(self):
        return self.machine.running

    def SyncTime(self):
        self.machine.synced = self.machine.time

    def GetRegister(self, number):
        return Thing(RawValue=self.registers.get(number, 0))

    def AddHook(self, address, hook):
        self.hooks[address] = hook

    def arrive(self, address):
        """Executes the instruction there."""
        if address in self.hooks:
            self.hooks[address](self, address)

    def touch(self, access, address, pc, tag=""):
        """Accesses what nothing answers (Bus/SystemBus.cs): `ReadByte`, `WriteWord`."""
        if self.machine.SystemBus.UnhandledAccessBehaviour == "Report":
            way, value = ("to", ", value 0x1") if access.startswith("Write") else ("from", "")
            WORLD.log(f"[cpu: 0x{pc:X}] {tag}{access} {way} non existing peripheral at 0x{address:X}{value}.")


class Machine:
    """Core/Machine.cs with one processor. `firmware` decides what it does."""

    def __init__(self, firmware):
        self.firmware = firmware
        self.time = 0
        # What the clock says on the processor's thread until SyncTime.
        self.synced = 0
        self.running = False
        self.actions = []
        self.planned = 0
        self.reset_wanted = False
        self.life = 0
        self.MachineReset = Event()
        self.SystemBus = Bus()
        self.uart = Uart(self)
        self.gpio = Gpio()
        self.cpu = Cpu(self)
        self.parts = {
            "sysbus.cpu": self.cpu,
            "sysbus.uart0": self.uart,
            "sysbus.gpio0": self.gpio,
        }
        self.boot()

    def __getitem__(self, path):
        return self.parts[path]

    @property
    def ElapsedVirtualTime(self):
        return stamp(self.time)

    def boot(self):
        self.life += 1
        self.firmware.boot(self)

    def after(self, ns, act):
        """Firmware does `act` so much later, unless a reset comes between."""
        life = self.life
        self.plan(self.time + ns, lambda: act() if life == self.life else None)

    def plan(self, at, act):
        heapq.heappush(self.actions, (at, self.planned, act))
        self.planned += 1

    def ScheduleAction(self, delay, action, name):
        self.plan(self.time + delay.ns, lambda: action(delay))

    def request_reset(self):
        """AIRCR.SYSRESETREQ: happens when the slice ends."""
        self.reset_wanted = True

    def run(self, ns):
        end = self.time + ns
        self.running = True
        while self.actions and self.actions[0][0] < end:
            at, _, act = heapq.heappop(self.actions)
            self.time = max(self.time, at)
            act()
        self.running = False
        self.time = self.synced = end
        if self.reset_wanted:
            self.Reset()

    def Reset(self):
        self.reset_wanted = False
        self.gpio.reset()
        self.MachineReset(self)
        self.boot()


# ---- The monitor


class Emulation:
    def __init__(self):
        self.CurrentLogger = Thing(SynchronousLogging=False)

    def RunFor(self, interval):
        WORLD.machine.run(interval.ns)


class World:
    """All of one process."""

    def __init__(self):
        self.make_firmware = None
        self.machine = None
        self.emulation = Emulation()
        self.commands = []
        self.refusals = {}
        self.backends = []
        self.lines = []

    def log(self, message):
        """Logging/Logger.cs: what is not synchronous comes later, from another thread."""
        self.lines.append(f"12:00:00.0000 [WARNING] sysbus: {message}")
        if self.emulation.CurrentLogger.SynchronousLogging:
            for _name, backend in self.backends:
                backend.Log(Thing(Message=message))

    def command(self, text):
        """The answer of the monitor, or an error."""
        self.commands.append(text)
        for beginning, refusal in self.refusals.items():
            if text.startswith(beginning):
                return None, refusal
        if text == "version":
            return "Renode, version 1.16.1 (stand-in)\n", None
        if text.startswith("lastLog"):
            count = int(text.split(" ")[1])
            return "".join(line + "\n" for line in self.lines[-count:]), None
        if text.startswith("sysbus UnhandledAccessBehaviour"):
            self.machine.SystemBus.UnhandledAccessBehaviour = text.split(" ")[-1]
        if text.startswith("mach create"):
            self.machine = Machine(self.make_firmware())
        elif text == "Clear":
            self.machine = None
            self.emulation.CurrentLogger = Thing(SynchronousLogging=False)
        elif text == "machine Reset":
            self.machine.Reset()
        return "", None


WORLD = World()


class Monitor:
    @property
    def Machine(self):
        return WORLD.machine

    def Parse(self, text, answer):
        answer.said, answer.error = WORLD.command(text)
        return answer.error is None


class Answer:
    def __init__(self, _interaction):
        self.said = self.error = None

    def GetContents(self):
        return self.said

    def GetError(self):
        return self.error


# ---- The log


class LoggerBackend:
    """Logging/Backends/LoggerBackend.cs, of which a subclass has `Log`."""


class Logger:
    @staticmethod
    def AddBackend(backend, name, overwrite):
        # The one of that name before is disposed of, and goes on hearing.
        assert overwrite
        WORLD.backends.append((name, backend))


class ClrType:
    """What reflection gives of a type: properties that can be set."""

    def GetProperty(self, name):
        return Thing(SetValue=lambda target, value, _index: setattr(target, name, value))


class Domains:
    def TryGetVirtualTimeStamp(self):
        machine = WORLD.machine
        return (True, stamp(machine.synced)) if machine.running else (False, None)


# ---- .NET


class ByteArray(type):
    """`Array[Byte](values)`."""

    def __getitem__(cls, _element):
        return bytearray


class Array(metaclass=ByteArray):
    @staticmethod
    def CreateInstance(_element, count):
        return bytearray(count)


class Convert:
    @staticmethod
    def ToBase64String(content):
        return base64.b64encode(content).decode()

    @staticmethod
    def FromBase64String(text):
        return base64.b64decode(text, validate=True)


class Environment:
    @staticmethod
    def GetEnvironmentVariable(name):
        return os.environ.get(name)

    @staticmethod
    def Exit(code):
        os._exit(code)


class Utf8:
    def __init__(self, _mark):
        pass

    def GetString(self, content):
        return bytes(content).decode()

    def GetBytes(self, text):
        return text.encode()


class Socket:
    def __init__(self, *_kind):
        self.socket = sockets.socket(sockets.AF_UNIX)

    def Connect(self, path):
        self.socket.connect(path)


class NetworkStream:
    def __init__(self, socket):
        self.socket = socket.socket

    def Read(self, buffer, start, count):
        return self.socket.recv_into(memoryview(buffer)[start:start + count])

    def Write(self, content, start, count):
        self.socket.sendall(bytes(content[start:start + count]))


class Thread:
    def __init__(self, work):
        self.thread = threading.Thread(target=work, daemon=True)

    def Start(self):
        THREADS.append(self.thread)
        if not Thread.held:
            self.thread.start()

    # Tests call the operations themselves.
    held = False


THREADS = []


def nanoseconds(ns):
    return Thing(ns=int(ns))


MODULES = {
    "clr": dict(AddReference=lambda name: None, GetClrType=lambda _type: ClrType()),
    "System": dict(
        Array=Array, Byte=int, Convert=Convert, Environment=Environment, UInt64=int
    ),
    "System.Net": {},
    "System.Net.Sockets": dict(
        AddressFamily=Thing(Unix=1),
        SocketType=Thing(Stream=1),
        ProtocolType=Thing(Unspecified=0),
        Socket=Socket,
        NetworkStream=NetworkStream,
        UnixDomainSocketEndPoint=str,
    ),
    "System.Text": dict(UTF8Encoding=Utf8),
    "System.Threading": dict(Thread=Thread, ThreadStart=lambda work: work),
    "Antmicro": {},
    "Antmicro.Renode": {},
    "Antmicro.Renode.Core": dict(
        EmulationManager=Thing(Instance=Thing(CurrentEmulation=WORLD.emulation))
    ),
    "Antmicro.Renode.Logging": dict(
        ILogger=object, Logger=Logger, LoggerBackend=LoggerBackend
    ),
    "Antmicro.Renode.Peripherals": {},
    "Antmicro.Renode.Peripherals.Bus": dict(
        UnhandledAccessBehaviour=Thing(Report="Report", DoNotReport="DoNotReport")
    ),
    "Antmicro.Renode.Time": dict(
        TimeDomainsManager=Thing(Instance=Domains()),
        TimeInterval=Thing(FromNanoseconds=nanoseconds),
    ),
    "Antmicro.Renode.UserInterface": dict(
        CommandInteractionWrapper=Answer, DummyCommandInteraction=lambda: None
    ),
}


def load(bridge, make_firmware):
    """Includes the bridge as Renode would. Gives its names."""
    for name, content in MODULES.items():
        module = types.ModuleType(name)
        module.__dict__.update(content)
        sys.modules[name] = module
    WORLD.make_firmware = make_firmware
    WORLD.backends = []
    WORLD.lines = []
    names = {"monitor": Monitor(), "__builtins__": builtins, "__name__": "bridge"}
    with open(bridge, encoding="utf-8") as file:
        exec(compile(file.read(), bridge, "exec"), names)
    return names
