"""What renode/lab_bridge.py does, against the fakes. Run by tests/renode_bridge.rs."""

import ast
import base64
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import fakes

MS = 1_000_000
BRIDGE = os.environ["REPLAB_BRIDGE"]


class Firmware:
    """Does what a test tells it to at each boot, and keeps what it receives."""

    def __init__(self, *deeds):
        self.deeds = deeds
        self.got = []

    def boot(self, machine):
        for at, deed in self.deeds:
            machine.after(at, lambda deed=deed: deed(machine))

    def received(self, machine, byte):
        self.got.append((machine.time, chr(byte)))


def prints(text):
    return lambda machine: machine.uart.send(text)


def output(line, level):
    return lambda machine: machine.gpio.output(line, level)


class Bench:
    """One machine, and what the bridge says of it."""

    def __init__(self, *deeds):
        fakes.Thread.held = True
        fakes.WORLD.refusals = {}
        self.firmware = Firmware(*deeds)
        self.names = fakes.load(BRIDGE, lambda: self.firmware)
        self.ask("command", 'mach create "lab"')
        self.ask("attach", "sysbus.cpu")
        self.ask("port", "sysbus.uart0")
        self.ask("gpio", "sysbus.gpio0", "32")

    @property
    def machine(self):
        return fakes.WORLD.machine

    def answer(self, *fields):
        return self.names["answer"]("\n".join(fields))

    def ask(self, *fields):
        answer = self.answer(*fields)
        assert answer[0] == "ok", answer
        return answer[1:]

    def go(self, until, *conditions, most=1000):
        return self.ask("go", str(until), str(most), *conditions)


class Going(unittest.TestCase):
    def check(self, deeds, until, conditions, expected):
        self.assertEqual(Bench(*deeds).go(until, *conditions), expected)

    def test_a_machine_runs_exactly_to_the_time_that_is_asked_for(self):
        self.check([], 123_457, [], ["stop 123457 time"])

    def test_slices_are_a_millisecond_and_then_a_tenth_of_the_time(self):
        bench = Bench()
        ends = []
        run = fakes.WORLD.emulation.RunFor
        fakes.WORLD.emulation.RunFor = lambda piece: (run(piece), ends.append(bench.machine.time))
        try:
            bench.go(100_000 * MS)
        finally:
            del fakes.WORLD.emulation.RunFor
        self.assertEqual(ends[:21], [one * MS for one in range(1, 21)] + [22 * MS])
        lengths = [end - start for start, end in zip(ends, ends[1:])]
        self.assertEqual(max(lengths), 1000 * MS)
        self.assertLess(len(lengths), 180)

    def test_bytes_carry_their_own_time_and_the_stop_is_at_the_end_of_the_slice(self):
        self.check(
            [(1_500_000, prints("ab")), (1_600_000, prints("c"))], 5 * MS, ["bytes 0 6162"],
            ["sent 1500000 0 61", "sent 1500000 0 62", "sent 1600000 0 63", "stop 2000000 condition 0"],
        )

    def test_the_first_condition_that_comes_true_counts(self):
        self.check(
            [(100, output(3, True)), (200, prints("x"))], 5 * MS,
            ["bytes 0 78", "edge 0 3 0", "edge 0 3 any"],
            ["edge 100 0 3 1", "sent 200 0 78", "stop 1000000 condition 2"],
        )

    def test_a_text_may_begin_before_a_go(self):
        bench = Bench((100, prints(">>")), (1_100_000, prints("> ")))
        bench.go(MS)
        self.assertEqual(bench.go(9 * MS, "bytes 0 3e3e3e20")[-1], "stop 2000000 condition 0")

    def test_a_text_does_not_begin_before_a_reset(self):
        bench = Bench((100, prints(">>")), (1_100_000, prints("> ")))
        bench.go(MS)
        self.assertEqual(bench.ask("reset"), ["reset 1000000 lab"])
        self.assertEqual(bench.go(3 * MS, "bytes 0 3e3e3e3e")[-1], "stop 3000000 time")

    def test_so_many_events_are_enough(self):
        self.check([(1, prints("abcd"))], 9 * MS, [], [
            "sent 1 0 61", "sent 1 0 62", "sent 1 0 63", "sent 1 0 64", "stop 9000000 time"])
        self.assertEqual(Bench((1, prints("abcd"))).go(9 * MS, most=3)[-1], "stop 1000000 full")


class Stimuli(unittest.TestCase):
    def test_typed_bytes_come_one_character_time_apart(self):
        bench = Bench()
        self.assertEqual(bench.ask("send", "0", "86805", "500000", "616263"), [str(500_000 + 3 * 86805)])
        self.assertEqual(bench.ask("pending", "0"), ["3"])
        self.assertEqual(bench.go(700_000), [
            "received 586805 0 61", "received 673610 0 62", "stop 700000 time"])
        self.assertEqual(bench.ask("pending", "0"), ["1"])
        # What is typed next comes behind what is on its way.
        self.assertEqual(bench.ask("send", "0", "86805", "0", "64"), ["847220"])
        bench.go(MS)
        self.assertEqual(bench.firmware.got, [
            (586_805, "a"), (673_610, "b"), (760_415, "c"), (847_220, "d")])

    def test_what_is_due_at_a_stop_happens_in_the_next_go(self):
        bench = Bench()
        bench.ask("drive", "0", "5", "1", "1000000")
        self.assertEqual(bench.go(MS), ["stop 1000000 time"])
        self.assertEqual(bench.go(2 * MS), ["driven 1000000 0 5 1", "stop 2000000 time"])
        self.assertEqual(bench.machine.gpio.inputs, {5: True})

    def test_a_pin_that_is_let_go_is_as_its_pull_leaves_it(self):
        for pull, level in [("PullUp", True), ("PullDown", False), ("Disabled", False)]:
            bench = Bench()
            bench.machine.gpio.Pins[5].PullMode = pull
            bench.ask("drive", "0", "5", "0" if level else "1", "0")
            bench.ask("drive", "0", "5", "-1", "100")
            bench.go(MS)
            self.assertEqual(bench.machine.gpio.inputs[5], level)

    def test_a_pull_does_not_count_while_the_lab_drives(self):
        bench = Bench()
        bench.machine.gpio.Pins[5].PullMode = "PullUp"
        bench.ask("drive", "0", "5", "0", "0")
        self.assertEqual(bench.go(MS), ["driven 0 0 5 0", "stop 1000000 time"])

    def test_outputs_that_no_hook_tells_are_seen_at_the_end_of_the_slice(self):
        bench = Bench((100, output(25, False)))
        self.assertEqual(bench.go(2 * MS), ["edge 1000000 0 25 0", "stop 2000000 time"])
        bench.machine.gpio.Pins[25].Direction = "Input"
        self.assertEqual(bench.go(3 * MS), ["edge 3000000 0 25 -1", "stop 3000000 time"])


    def test_such_an_output_stands_before_what_came_after_it(self):
        bench = Bench(
            (100, output(25, False)), (50_000, prints("ab")), (50_100, output(24, False)),
            (50_200, prints("c")), (60_000, output(23, True)))
        # The second look is more than a microsecond after the first one.
        self.assertEqual(bench.go(MS), [
            "edge 49999 0 25 0", "sent 50000 0 61", "sent 50000 0 62", "sent 50200 0 63",
            "edge 59999 0 24 0", "edge 60000 0 23 1", "stop 1000000 time"])


class Resets(unittest.TestCase):
    def test_a_reset_of_the_firmware_waits_for_the_lab(self):
        bench = Bench(
            (100, output(25, True)), (1_200_000, prints("bye")),
            (1_300_000, lambda machine: machine.request_reset()))
        # The model lets its output go on the way, which is no deed of the firmware's.
        self.assertEqual(bench.go(9 * MS), [
            "edge 100 0 25 1", "sent 1200000 0 62", "sent 1200000 0 79", "sent 1200000 0 65",
            "stop 2000000 reset"])
        self.assertEqual(bench.go(9 * MS), ["stop 2000000 reset"])
        self.assertEqual(bench.ask("reset"), ["reset 2000000 firmware"])
        self.assertEqual(bench.machine.life, 2)
        self.assertEqual(bench.go(3 * MS), ["edge 2000100 0 25 1", "stop 3000000 time"])

    def test_what_the_models_let_go_at_a_reset_is_nobodys_deed(self):
        # Also that of a pin whose own line tells nothing.
        bench = Bench(
            (100, output(25, True)), (200, output(24, False)),
            (1_300_000, lambda machine: machine.request_reset()))
        self.assertEqual(bench.go(9 * MS), [
            "edge 100 0 25 1", "edge 1000000 0 24 0", "stop 2000000 reset"])

    def test_nothing_on_its_way_survives_a_reset_and_held_pins_are_driven_again(self):
        bench = Bench()
        bench.ask("drive", "0", "5", "1", "0")
        bench.go(MS)
        bench.ask("send", "0", "86805", "0", "6162")
        bench.ask("drive", "0", "6", "1", "1500000")
        self.assertEqual(bench.ask("reset"), ["reset 1000000 lab"])
        self.assertEqual(bench.ask("pending", "0"), ["0"])
        self.assertEqual(bench.go(3 * MS), ["driven 1000000 0 5 1", "stop 3000000 time"])
        self.assertEqual((bench.machine.gpio.inputs, bench.firmware.got), ({5: True}, []))

    def test_a_pull_that_the_model_keeps_across_a_reset_is_nothing_new(self):
        bench = Bench((1_300_000, lambda machine: machine.request_reset()))
        bench.machine.gpio.Pins[5].PullMode = "PullUp"
        self.assertEqual(bench.go(9 * MS), ["edge 1000000 0 5 1", "stop 2000000 reset"])

    def test_a_condition_before_the_reset_comes_first(self):
        bench = Bench((100, prints("bye")), (200, lambda machine: machine.request_reset()))
        self.assertEqual(bench.go(9 * MS, "bytes 0 627965")[-1], "stop 1000000 condition 0")
        self.assertEqual(bench.go(9 * MS), ["stop 1000000 reset"])


class Faults(unittest.TestCase):
    def bench(self, *more):
        def fault(machine):
            machine.cpu.registers = {0: 7, 13: 0x20000100, 14: 0xFFFFFFF9, 15: 0x90, 25: 0x01000003, 22: 0x30}
            machine.SystemBus.WriteBytes(bytes(range(32)), 0x20000100)
            machine.cpu.arrive(0x90)
        bench = Bench((500, fault), *more)
        bench.ask("fault", "90")
        return bench

    def test_a_fault_tells_registers_and_frame_as_they_were(self):
        said = self.bench().go(9 * MS)
        words = said[0].split(" ")
        self.assertEqual(words[:4], ["fault", "500", "3", "00000007"])
        self.assertEqual(words[19:22], ["01000003", "20000100", "00000030"])
        self.assertEqual(base64.b64decode(words[22]), bytes(range(32)))
        self.assertEqual(said[1], "stop 1000000 fault")

    def test_after_a_fault_the_machine_can_go_on(self):
        bench = self.bench((1_500_000, prints("x")))
        bench.go(9 * MS)
        self.assertEqual(bench.go(2 * MS), ["sent 1500000 0 78", "stop 2000000 time"])

    def test_a_condition_before_the_fault_comes_first(self):
        bench = self.bench((400, prints("x")))
        self.assertEqual(bench.go(9 * MS, "bytes 0 78")[-1], "stop 1000000 condition 0")
        self.assertEqual(bench.go(9 * MS), ["stop 1000000 fault"])

    def test_a_fault_that_nobody_heard_of_does_not_survive_a_reset(self):
        bench = self.bench((400, prints("x")))
        self.assertEqual(bench.go(9 * MS, "bytes 0 78")[-1], "stop 1000000 condition 0")
        bench.ask("reset")
        self.assertEqual(bench.go(1_000_300), ["stop 1000300 time"])

    def test_another_exception_with_the_same_handler_is_no_fault(self):
        bench = self.bench()
        bench.machine.cpu.GetRegister = lambda number: fakes.Thing(RawValue=0x0100000E if number == 25 else 0)
        self.assertEqual(bench.go(MS), ["stop 1000000 time"])

    def test_in_a_thread_with_a_stack_of_its_own_the_stacks_change_places(self):
        bench = Bench()
        bench.machine.cpu.registers = {13: 0x111, 22: 0x222, 18: 2}
        self.assertEqual(bench.ask("registers")[0].split(" ")[17:], ["00000222", "00000111"])


def touch(access, address, pc=0x1234, tag=""):
    return lambda machine: machine.cpu.touch(access, address, pc, tag)


class Findings(unittest.TestCase):
    def bench(self, *deeds):
        bench = Bench(*deeds)
        bench.ask("log")
        return bench

    def found(self, said):
        return [line for line in said if line.startswith("found ")]

    def test_what_nothing_answers_is_found_with_its_time_and_place(self):
        bench = self.bench(
            (100, touch("ReadDoubleWord", 0x60000000)), (200, touch("WriteByte", 0x4000F510, 0x99)))
        self.assertEqual(bench.go(MS), [
            "found 100 read 60000000 00001234", "found 200 write 4000f510 00000099",
            "stop 1000000 time"])

    def test_each_address_is_found_once_for_loads_and_once_for_stores(self):
        deeds = [(at, touch(access, 0x60000000))
                 for at, access in [(1, "ReadByte"), (2, "ReadWord"), (3, "WriteWord"), (4, "WriteByte")]]
        said = self.bench(*deeds, (2 * MS, touch("ReadByte", 0x60000000))).go(5 * MS)
        self.assertEqual(self.found(said), [
            "found 1 read 60000000 00001234", "found 3 write 60000000 00001234"])

    def test_what_a_tag_answers_and_what_is_no_access_is_no_finding(self):
        warning = "Unhandled write to offset 0x508 (BitMode), value 0x3."
        said = self.bench(
            (1, touch("ReadDoubleWord", 0x10000010, tag="(tag: 'FICR_CODEPAGESIZE') ")),
            (2, lambda machine: fakes.WORLD.log(warning)), (3, lambda machine: fakes.WORLD.log(""))).go(MS)
        self.assertEqual(said, ["stop 1000000 time"])

    def test_what_the_lab_itself_touches_is_no_finding(self):
        bench = self.bench()
        bench.machine.cpu.touch("ReadByte", 0x60000000, 0)
        self.assertEqual(bench.go(MS), ["stop 1000000 time"])

    def test_a_stack_that_is_nowhere_is_no_finding_of_the_firmware(self):
        def fault(machine):
            machine.cpu.registers = {13: 0x70000000, 14: 0xFFFFFFF9, 25: 0x01000003}
            machine.SystemBus.ReadBytes = lambda at, _count: machine.cpu.touch("ReadByte", at, 0x90) or b""
            machine.cpu.arrive(0x90)
        bench = self.bench((500, fault), (600, touch("ReadByte", 1)))
        bench.ask("fault", "90")
        self.assertEqual(self.found(bench.go(MS)), ["found 600 read 00000001 00001234"])

    def test_a_flood_is_bounded_in_each_slice_and_what_comes_later_is_found(self):
        def flood(machine):
            for _ in range(5000):
                machine.cpu.touch("ReadByte", 0x60000000, 0x1234)
        later = touch("ReadByte", 0x70000000)
        bench = self.bench((1, flood), (2, later), (MS + 1, later))
        said = bench.go(3 * MS)
        self.assertEqual(len(fakes.WORLD.lines), 1001)
        self.assertEqual(self.found(said), [
            "found 1 read 60000000 00001234", "found 1000001 read 70000000 00001234"])

    def test_no_more_than_a_thousand_are_told_of_one_machine(self):
        deeds = [(1 + (one // 600) * MS, touch("ReadByte", 0x60000000 + one)) for one in range(1800)]
        bench = self.bench(*deeds)
        self.assertEqual(len(self.found(bench.go(9 * MS, most=5000))), 1000)

    def test_the_next_machine_finds_anew_and_the_log_has_one_listener(self):
        bench = self.bench((1, touch("ReadByte", 0x60000000)))
        bench.go(MS)
        bench.ask("clear")
        for request in [("command", 'mach create "lab"'), ("attach", "sysbus.cpu"), ("log",)]:
            bench.ask(*request)
        self.assertEqual(self.found(bench.go(MS)), ["found 1 read 60000000 00001234"])
        self.assertEqual([name for name, _ in fakes.WORLD.backends], ["replab"])

    def test_a_renode_whose_log_is_otherwise_refuses_and_plays_on(self):
        bench = Bench((1, touch("ReadByte", 0x60000000)))
        module = sys.modules["Antmicro.Renode.Logging"]
        listener = module.__dict__.pop("LoggerBackend")
        try:
            self.assertEqual(bench.answer("log")[:2], ["no", "bridge"])
        finally:
            module.LoggerBackend = listener
        self.assertEqual(bench.go(MS), ["stop 1000000 time"])


class Trouble(unittest.TestCase):
    def test_what_a_hook_throws_is_told_and_ends_nothing(self):
        bench = Bench((100, prints("x")))
        bench.names["lab"].now = lambda: 1 // 0 if bench.machine.running else bench.machine.time
        kind, text = bench.answer("go", "2000000", "10")[1:]
        self.assertEqual(kind, "hook")
        self.assertIn("ZeroDivisionError", text)

    def test_a_hook_can_be_made_to_fail_and_the_next_machine_knows_nothing_of_it(self):
        bench = Bench((100, prints("x")))
        bench.ask("provoke")
        self.assertEqual(bench.answer("go", "2000000", "10"), ["no", "hook", "ValueError: provoked"])
        self.assertEqual(bench.answer("go", "2000000", "10")[:2], ["no", "hook"])
        bench.ask("clear")
        bench.ask("command", 'mach create "lab"')
        bench.ask("attach", "sysbus.cpu")
        bench.ask("port", "sysbus.uart0")
        self.assertEqual(bench.go(MS), ["sent 100 0 78", "stop 1000000 time"])

    def test_a_refusal_of_the_monitor_carries_its_text(self):
        bench = Bench()
        fakes.WORLD.refusals = {"sysbus LoadELF": "Error while\r\nloading \\ ELF"}
        self.assertEqual(bench.answer("command", "sysbus LoadELF @x"), [
            "no", "renode", "Error while\\nloading \\\\ ELF"])

    def test_what_is_no_operation_and_what_has_wrong_fields_is_refused(self):
        bench = Bench()
        self.assertEqual(bench.answer("frobnicate")[:2], ["no", "request"])
        self.assertEqual(bench.answer("pending")[:2], ["no", "bridge"])
        self.assertEqual(bench.answer("write", "0", "*")[:2], ["no", "bridge"])

    def test_a_flood_in_one_slice_is_bounded(self):
        bench = Bench((100, lambda machine: [machine.uart.CharReceived(120) for _ in range(20)]))
        bench.names["MOST_IN_SLICE"] = 10
        self.assertEqual(bench.answer("go", "2000000", "100")[:2], ["no", "hook"])

    def test_after_a_busy_slice_comes_a_short_one(self):
        bench = Bench((60 * MS, prints("x" * 50)))
        bench.names["BUSY_SLICE"] = 10
        ends = []
        run = fakes.WORLD.emulation.RunFor
        fakes.WORLD.emulation.RunFor = lambda piece: (run(piece), ends.append(bench.machine.time))
        try:
            bench.go(90 * MS)
        finally:
            del fakes.WORLD.emulation.RunFor
        first = next(end for end in ends if end > 60 * MS)
        self.assertIn(first + MS, ends)


class Language(unittest.TestCase):
    def test_the_bridge_is_python_2_too(self):
        with open(BRIDGE, encoding="ascii") as file:
            nodes = list(ast.walk(ast.parse(file.read())))
        newer = (ast.JoinedStr, ast.Nonlocal, ast.NamedExpr, ast.AnnAssign, ast.YieldFrom, ast.Div)
        found = [node for node in nodes if isinstance(node, newer)]
        found += [node for node in nodes if isinstance(node, ast.arguments) and node.kwonlyargs]
        found += [node for node in nodes if isinstance(node, ast.Raise) and node.cause]
        self.assertEqual(found, [])

    def test_only_modules_that_renode_brings_are_used(self):
        with open(BRIDGE, encoding="ascii") as file:
            nodes = list(ast.walk(ast.parse(file.read())))
        plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
        self.assertEqual(plain, {"sys", "clr"})


class Memory(unittest.TestCase):
    def test_memory_goes_both_ways(self):
        bench = Bench()
        bench.ask("write", "20000000", base64.b64encode(b"hello").decode())
        bench.ask("fill", "20000005", "3", "a5")
        read = base64.b64decode(bench.ask("read", "20000000", "9")[0])
        self.assertEqual(read, b"hello\xa5\xa5\xa5\0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
