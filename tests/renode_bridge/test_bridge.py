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
