# The lab's end inside Renode: PROTOCOL.md says what is spoken here.
#
# Renode includes this file at its start (IronPython 2.7, .NET objects). It opens
# the private Unix socket that REPLAB_RENODE_SOCKET names, answers one request
# after the other, and ends Renode when the socket ends. The machine stands still
# except inside `go`, which runs it in slices and looks at what came between them:
# pausing a machine from inside a hook does not end a RunFor (Renode 1.16.1).
#
# An exception that leaves a hook on the processor's thread ends Renode's process,
# so every hook catches everything, and the next answer tells what it was.
#
# The same file runs under Python 3 against the fakes in tests/renode_bridge: so
# nothing here is only of Python 2, and no module of Python's library is used.
import sys

import clr

clr.AddReference("System.Net.Sockets")
clr.AddReference("System.Net.Primitives")
from Antmicro.Renode.Core import EmulationManager
from Antmicro.Renode.Time import TimeDomainsManager, TimeInterval
from Antmicro.Renode.UserInterface import CommandInteractionWrapper, DummyCommandInteraction
from System import Array, Byte, Convert, Environment, UInt64
from System.Net.Sockets import (
    AddressFamily, NetworkStream, ProtocolType, Socket, SocketType, UnixDomainSocketEndPoint)
from System.Text import UTF8Encoding
from System.Threading import Thread, ThreadStart

PROTOCOL = "replab-renode 1"

# Slices, in nanoseconds: of 1 ms while a `go` has lasted for less than 20 ms, then a
# tenth of what it has lasted, and never more than the quantum. So the stops depend
# on nothing but machine time, and a long sleep costs few of them.
SHORT_SLICE = 1000000
SHORT_TIME = 20000000
LONGEST_SLICE = 1000000000
# After a slice with so many events the next one is short: a flood stays bounded.
BUSY_SLICE = 1000
# What changes no line is looked for before a byte or an edge that comes so long after
# the last look, in nanoseconds: so it stands before what came after it.
LOOK_AGAIN = 1000
# What one slice may bring at most.
MOST_IN_SLICE = 1 << 20

# So many accesses that nothing answers are looked at in one slice; Renode is told to
# say no more of them, and again at the next one. And so many are told of one machine.
MOST_ACCESSES = 1000
MOST_FOUND = 1000

# The longest request, and how many sent bytes a pattern may look back.
LONGEST_REQUEST = 1 << 24
LONGEST_PATTERN = 256

# The interrupt control and state register; bits 0 to 8 are the exception that is
# being handled (Armv6-M ARM B3.2.4).
ICSR = 0xE000ED04
# Numbers of registers in Renode's CortexM (CortexMRegisters.cs, 1.16.1).
XPSR, CONTROL, OTHER_SP = 25, 18, 22


class Refusal(Exception):
    def __init__(self, kind, text):
        Exception.__init__(self, text)
        self.kind = kind
        self.text = text


def what_happened():
    kind, error = sys.exc_info()[:2]
    return "%s: %s" % (kind.__name__, error)


class Lab(object):
    def __init__(self):
        self.machine = None
        # Whether the log of this process comes to us.
        self.is_listening = False
        self.forget_machine()

    def forget_machine(self):
        self.cpu = None
        self.ports = []
        self.controllers = []
        self.events = []
        self.flooded = False
        self.hook_error = None
        # Stimuli to come: [at, number, function], by time and then by number.
        self.agenda = []
        self.planned = 0
        self.due = {}
        self.waiting = {}
        # The last bytes of each port since the last reset, two digits each.
        self.tails = {}
        # What each output was last said to be, and what the lab drives.
        self.known = {}
        self.held = {}
        self.drive_again = False
        # When that was, and when anything happened last.
        self.looked = 0
        self.latest = 0
        # Reasons to stop that came after the one that was told.
        self.stops = []
        self.reset_asked = False
        # How many accesses of this slice nothing answered, and those that were told.
        self.accesses = 0
        self.found = set()
        # The bridge itself reads where the firmware's stack may be nowhere.
        self.is_looking = False

    # ---- Time

    def now(self):
        known, stamp = TimeDomainsManager.Instance.TryGetVirtualTimeStamp()
        if not known:
            return int(self.machine.ElapsedVirtualTime.TimeElapsed.TotalNanoseconds)
        if self.cpu is not None and self.cpu.OnPossessedThread:
            # Accesses to the bus do not bring the time up to date by themselves.
            self.cpu.SyncTime()
            known, stamp = TimeDomainsManager.Instance.TryGetVirtualTimeStamp()
        return int(stamp.TimeElapsed.TotalNanoseconds)

    # ---- Hooks

    def happened(self, event):
        self.latest = event[1]
        if len(self.events) < MOST_IN_SLICE:
            self.events.append(event)
        else:
            self.flooded = True

    def guarded(self, hook):
        def guard(*arguments):
            try:
                hook(*arguments)
            except:
                if self.hook_error is None:
                    self.hook_error = what_happened()
        return guard

    def on_byte(self, port):
        def on_byte(byte):
            now = self.now()
            self.look_again(now)
            self.happened(("sent", now, port, int(byte)))
        return on_byte

    def on_edge(self, controller, line):
        def on_edge(state):
            level = 1 if state else 0
            self.known[(controller, line)] = level
            now = self.now()
            self.look_again(now)
            self.happened(("edge", now, controller, line, level))
        return on_edge

    def on_reset(self, machine):
        # A reset that the firmware asks for happens at the end of the slice, before
        # RunFor returns (TimeSourceBase.ExecuteInNearestSyncedState, 1.16.1). The models
        # let go of their outputs on the way, which nobody asked for.
        now = self.now()
        while self.events and self.events[-1][0] == "edge" and self.events[-1][1] >= now - 1:
            self.events.pop()
        self.drop_input()
        self.reset_asked = True

    def on_log(self, entry):
        # Everything that Renode logs, in the thread that does it. What the firmware's
        # own accesses bring is said on the processor's thread.
        if self.cpu is None or self.is_looking or not self.cpu.OnPossessedThread:
            return
        access = access_in(entry.Message)
        if access is None:
            return
        self.accesses += 1
        if self.accesses == MOST_ACCESSES:
            self.bus().UnhandledAccessBehaviour = self.quiet
        kind, address, pc = access
        if (kind, address) in self.found or len(self.found) == MOST_FOUND:
            return
        self.found.add((kind, address))
        self.happened(("found", self.now(), kind, "%08x" % address, "%08x" % pc))

    def listen_again(self):
        if self.accesses >= MOST_ACCESSES:
            self.bus().UnhandledAccessBehaviour = self.loud
        self.accesses = 0

    def on_fault(self, cpu, address):
        registers = self.registers()
        exception = registers[16] & 0x1FF or int(self.bus().ReadDoubleWord(UInt64(ICSR))) & 0x1FF
        if 3 <= exception <= 6:
            # EXC_RETURN says which stack holds the frame (Armv6-M ARM B1.5.8).
            stack = registers[17] if registers[14] & 4 == 0 else registers[18]
            self.is_looking = True
            try:
                frame = Convert.ToBase64String(self.bus().ReadBytes(UInt64(stack), 32))
            except:
                frame = "-"
            finally:
                self.is_looking = False
            self.happened(("fault", self.now(), exception, registers, frame))

    # ---- Stimuli

    def plan(self, at, act):
        self.agenda.append([at, self.planned, act])
        self.planned += 1

    def take_due(self, before):
        due = sorted([one for one in self.agenda if one[0] < before], key=lambda one: one[:2])
        self.agenda = [one for one in self.agenda if one[0] >= before]
        return due

    def act_now(self):
        if self.drive_again:
            self.drive_again = False
            for (controller, line) in sorted(self.held):
                self.drive(controller, line, self.held[(controller, line)])
        for one in self.take_due(self.now() + 1):
            one[2]()

    def schedule(self, end):
        now = self.now()
        for at, number, act in self.take_due(end):
            action = self.guarded(lambda time, act=act: act())
            self.machine.ScheduleAction(
                TimeInterval.FromNanoseconds(UInt64(at - now)), action, "replab %d" % number)

    def drop_input(self):
        self.agenda = []
        self.due = {}
        self.waiting = {}
        self.tails = {}
        self.known = {}
        self.drive_again = True

    def receive(self, port, byte):
        self.waiting[port] -= 1
        self.happened(("received", self.now(), port, byte))
        self.ports[port].WriteChar(byte)

    def drive(self, controller, line, level):
        gpio = self.controllers[controller][0]
        self.happened(("driven", self.now(), controller, line, level))
        if level < 0:
            self.held.pop((controller, line), None)
            # The model knows no input that floats: it is left as its pull would leave it.
            gpio.OnGPIO(line, self.pull(gpio, line) == 1)
        else:
            self.held[(controller, line)] = level
            gpio.OnGPIO(line, level == 1)

    # ---- Outputs that no hook tells

    def pull(self, gpio, line):
        if not hasattr(gpio, "Pins"):
            return -1
        return {"PullUp": 1, "PullDown": 0}.get(str(gpio.Pins[line].PullMode), -1)

    def look_again(self, now):
        if now >= self.looked + LOOK_AGAIN:
            self.look_at_pins(max(now - 1, self.latest))

    def look_at_pins(self, now):
        # A pin that becomes an output with the level that its line had already, and a
        # pin that becomes an input, change no line. They are looked at before what the
        # firmware sends or changes next, and after each slice.
        self.looked = now
        if self.reset_asked:
            return
        for controller, (gpio, lines) in enumerate(self.controllers):
            if not hasattr(gpio, "Pins"):
                continue
            for line in range(lines):
                place = (controller, line)
                if str(gpio.Pins[line].Direction) == "Output":
                    level = 1 if gpio.Connections[line].IsSet else 0
                elif place in self.held:
                    continue
                else:
                    level = self.pull(gpio, line)
                if self.known.get(place, -1) != level:
                    self.known[place] = level
                    self.happened(("edge", now, controller, line, level))

    # ---- Going

    def go(self, until, most, conditions):
        emulation = EmulationManager.Instance.CurrentEmulation
        start = self.now()
        came = []
        busy = False
        while True:
            came += self.events
            met = self.scan(self.events, conditions)
            self.events = []
            if met is not None:
                self.stops.insert(0, met)
            now = self.now()
            if self.stops:
                return came, now, self.stops.pop(0)
            if self.reset_asked:
                return came, now, "reset"
            if len(came) >= most:
                return came, now, "full"
            if now >= until:
                return came, now, "time"
            lasted = now - start
            piece = SHORT_SLICE if busy or lasted < SHORT_TIME else min(lasted // 10, LONGEST_SLICE)
            piece = min(piece, until - now)
            self.act_now()
            self.schedule(now + piece)
            self.listen_again()
            emulation.RunFor(TimeInterval.FromNanoseconds(UInt64(piece)))
            self.look_at_pins(self.now())
            busy = len(self.events) > BUSY_SLICE
            self.check_hooks()

    def check_hooks(self):
        if self.hook_error is not None:
            raise Refusal("hook", self.hook_error)
        if self.flooded:
            raise Refusal("hook", "more than %d events in one slice" % MOST_IN_SLICE)

    def scan(self, events, conditions):
        # The first condition that comes true, or the first fault. A fault behind it
        # waits for the next `go`.
        met = None
        for event in events:
            kind = event[0]
            if kind == "sent":
                port = event[2]
                tail = (self.tails.get(port, "") + "%02x" % event[3])[-2 * LONGEST_PATTERN:]
                self.tails[port] = tail
            elif kind == "fault":
                if met is None and not self.stops:
                    met = "fault"
                else:
                    self.stops.append("fault")
                continue
            if met is None and not self.stops:
                for index, condition in enumerate(conditions):
                    if self.is_met(condition, event):
                        met = "condition %d" % index
                        break
        return met

    def is_met(self, condition, event):
        if condition[0] == "bytes":
            return (event[0] == "sent" and event[2] == condition[1]
                    and self.tails[event[2]].endswith(condition[2]))
        return (event[0] == "edge" and event[2:4] == condition[1:3]
                and condition[3] in (None, event[4]))

    # ---- What is asked of a machine that stands

    def bus(self):
        return self.machine.SystemBus

    def register(self, number):
        return int(self.cpu.GetRegister(number).RawValue)

    def registers(self):
        core = [self.register(number) for number in range(16)]
        xpsr, control = self.register(XPSR), self.register(CONTROL)
        # Which stack pointer is the other one (Armv6-M ARM B1.4.1, B1.4.4).
        stacks = [core[13], self.register(OTHER_SP)]
        if control & 2 and not xpsr & 0x1FF:
            stacks.reverse()
        return core + [xpsr] + stacks

    def reset(self):
        if self.reset_asked:
            cause = "firmware"
        else:
            cause = "lab"
            command("machine Reset")
        self.drop_input()
        self.reset_asked = False
        self.stops = []
        self.events = []
        return ["reset %d %s" % (self.now(), cause)]


lab = Lab()


def command(text):
    answer = CommandInteractionWrapper(DummyCommandInteraction())
    understood = monitor.Parse(text, answer)
    error = answer.GetError()
    if error or not understood:
        raise Refusal("renode", error or "not understood")
    return answer.GetContents() or ""


def access_in(message):
    # What SystemBus.cs of 1.16.1 writes (NonExistingRead, NonExistingWrite):
    #   [cpu: 0x1A2C] ReadDoubleWord from non existing peripheral at 0x60000000.
    #   [cpu: 0x1A2C] WriteByte to non existing peripheral at 0x60000000, value 0x1.
    # Where the platform has a tag, it answers, and another word stands behind the PC.
    words = message.split(" ")
    if words[0][:1] != "[" or words[4:8] != ["non", "existing", "peripheral", "at"]:
        return None
    kind = "write" if words[2].startswith("Write") else "read"
    return kind, int(words[8].rstrip(".,"), 16), int(words[1].rstrip("]"), 16)


def shown(event):
    if event[0] == "sent" or event[0] == "received":
        return "%s %d %d %02x" % event
    if event[0] == "fault":
        registers = " ".join(["%08x" % register for register in event[3]])
        return "fault %d %d %s %s" % (event[1], event[2], registers, event[4])
    return " ".join([str(word) for word in event])


def octets(digits):
    return [int(digits[at:at + 2], 16) for at in range(0, len(digits), 2)]


# ---- Operations: each takes the fields of a request and gives the lines of its answer.

def op_hello():
    return [PROTOCOL, command("version").strip()]


def op_command(text):
    return [command(text)]


def op_clear():
    lab.forget_machine()
    lab.machine = None
    command("Clear")
    return []


def op_attach(cpu):
    lab.machine = monitor.Machine
    lab.forget_machine()
    lab.cpu = lab.machine[cpu]
    lab.machine.MachineReset += lab.guarded(lab.on_reset)
    return []


def op_port(path):
    port = lab.machine[path]
    port.CharReceived += lab.guarded(lab.on_byte(len(lab.ports)))
    lab.ports.append(port)
    return []


def op_gpio(path, lines):
    gpio = lab.machine[path]
    for line in range(int(lines)):
        hook = lab.guarded(lab.on_edge(len(lab.controllers), line))
        gpio.Connections[line].AddStateChangedHook(hook)
    lab.controllers.append((gpio, int(lines)))
    return []


def op_fault(address):
    lab.cpu.AddHook(UInt64(int(address, 16)), lab.guarded(lab.on_fault))
    return []


def op_log():
    # Only here: a Renode in which this is otherwise still plays, without findings.
    from Antmicro.Renode.Logging import ILogger, Logger, LoggerBackend
    from Antmicro.Renode.Peripherals.Bus import UnhandledAccessBehaviour

    class Listener(LoggerBackend):
        def Log(self, entry, *more):
            lab.hear(entry)

    lab.quiet, lab.loud = UnhandledAccessBehaviour.DoNotReport, UnhandledAccessBehaviour.Report
    lab.hear = lab.guarded(lab.on_log)
    # From a thread of the log's own, an entry would come late and without a time. The
    # class behind ILogger is not public, so its property is set by the interface's.
    synchronous = clr.GetClrType(ILogger).GetProperty("SynchronousLogging")
    synchronous.SetValue(EmulationManager.Instance.CurrentEmulation.CurrentLogger, True, None)
    if not lab.is_listening:
        Logger.AddBackend(Listener(), "replab", True)
        lab.is_listening = True
    return []


def op_go(until, most, *words):
    conditions = []
    for word in [word.split(" ") for word in words]:
        if word[0] == "bytes":
            conditions.append(("bytes", int(word[1]), word[2]))
        else:
            level = None if word[3] == "any" else int(word[3])
            conditions.append(("edge", int(word[1]), int(word[2]), level))
    events, now, reason = lab.go(int(until), int(most), conditions)
    return [shown(event) for event in events] + ["stop %d %s" % (now, reason)]


def op_send(port, character, at, digits):
    port, character = int(port), int(character)
    due = max(int(at), lab.now(), lab.due.get(port, 0))
    for byte in octets(digits):
        due += character
        lab.plan(due, lambda byte=byte: lab.receive(port, byte))
        lab.waiting[port] = lab.waiting.get(port, 0) + 1
    lab.due[port] = due
    return [str(due)]


def op_pending(port):
    return [str(lab.waiting.get(int(port), 0))]


def op_drive(controller, line, level, at):
    controller, line, level = int(controller), int(line), int(level)
    lab.plan(max(int(at), lab.now()), lambda: lab.drive(controller, line, level))
    return []


def op_read(address, length):
    return [Convert.ToBase64String(lab.bus().ReadBytes(UInt64(int(address, 16)), int(length)))]


def op_write(address, content):
    lab.bus().WriteBytes(Convert.FromBase64String(content), UInt64(int(address, 16)))
    return []


def op_fill(address, length, byte):
    content = Array[Byte]([int(byte, 16)] * int(length))
    lab.bus().WriteBytes(content, UInt64(int(address, 16)))
    return []


def op_registers():
    return [" ".join(["%08x" % register for register in lab.registers()])]


def op_reset():
    return lab.reset()


def op_provoke():
    def fail(byte):
        raise ValueError("provoked")
    lab.ports[0].CharReceived += lab.guarded(fail)
    return []


OPERATIONS = {
    "hello": op_hello, "command": op_command, "clear": op_clear, "attach": op_attach,
    "port": op_port, "gpio": op_gpio, "fault": op_fault, "log": op_log, "go": op_go,
    "send": op_send, "pending": op_pending, "drive": op_drive, "read": op_read, "write": op_write,
    "fill": op_fill, "registers": op_registers, "reset": op_reset, "provoke": op_provoke,
}


# ---- Frames: four bytes with the length of the text, the highest first; the text in UTF-8.

def escaped(field):
    return field.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")


def answer(request):
    words = request.split("\n")
    try:
        operation = OPERATIONS.get(words[0])
        if operation is None:
            raise Refusal("request", "there is no operation %s" % words[0])
        return ["ok"] + [escaped(line) for line in operation(*words[1:])]
    except Refusal:
        refusal = sys.exc_info()[1]
        return ["no", refusal.kind, escaped(refusal.text)]
    except:
        return ["no", "bridge", escaped(what_happened())]


def read_exactly(stream, count):
    buffer = Array.CreateInstance(Byte, count)
    done = 0
    while done < count:
        more = stream.Read(buffer, done, count - done)
        if more == 0:
            return None
        done += more
    return buffer


def serve(stream):
    utf8 = UTF8Encoding(False)
    while True:
        head = read_exactly(stream, 4)
        if head is None:
            return
        length = 0
        for index in range(4):
            length = length << 8 | int(head[index])
        body = read_exactly(stream, length) if length <= LONGEST_REQUEST else None
        if body is None:
            return
        content = utf8.GetBytes("\n".join(answer(utf8.GetString(body))))
        head = Array[Byte]([len(content) >> shift & 0xFF for shift in (24, 16, 8, 0)])
        stream.Write(head, 0, 4)
        stream.Write(content, 0, len(content))


def run():
    try:
        socket = Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        path = Environment.GetEnvironmentVariable("REPLAB_RENODE_SOCKET")
        socket.Connect(UnixDomainSocketEndPoint(path))
        serve(NetworkStream(socket))
    finally:
        # With the lab's end of the socket, Renode ends too.
        Environment.Exit(0)


thread = Thread(ThreadStart(run))
thread.IsBackground = True
thread.Start()
