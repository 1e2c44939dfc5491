# SPDX-License-Identifier: Apache-2.0
"""A kernel's text as machine code, through llvmlite.

The text is a small part of Python: functions of integers with assignments, `if`, `for ... in range(...)` and `return`.
Numba compiles it as well, and reads it for ten times as long as LLVM then takes; so what is this simple is handed to
LLVM as it is. Integers are 64 bits wide and never overflow here: a state's words have 62 bits. Nothing in the text has
an effect but assignments, so both sides of `and`, `or` and `... if ... else ...` are evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, Final

import llvmlite.binding as llvm
from attrs import field, frozen
from llvmlite import ir

__all__ = ["Native", "NativeOrbits", "compile_native", "compile_orbits"]

_INT: Final = ir.IntType(64)
_BOOL: Final = ir.IntType(1)
_ARRAYS: Final = ("states", "prm", "out", "labels", "flags")
"""Parameters of these names are arrays; all others are numbers."""

_SIGNS: Final[Mapping[type[ast.operator], str]] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Mod: "srem", ast.FloorDiv: "sdiv",
    ast.BitAnd: "and_", ast.BitOr: "or_", ast.LShift: "shl", ast.RShift: "ashr",
}  # fmt: skip
_COMPARISONS: Final[Mapping[type[ast.cmpop], str]] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.Eq: "=="}


@frozen
class Native:
    """The addresses of a kernel's two functions; the code lives as long as this record does.

    Both take pointers to 64-bit integers for arrays, and 64-bit integers; both return one.
    """

    expand: int
    check: int
    _engine: Any = field(repr=False, eq=False)


@frozen
class NativeOrbits:
    """The addresses of the functions that `model.orbits` writes; the code lives as long as this record does."""

    canonical: int
    orbit: int
    arranged: int
    _engine: Any = field(repr=False, eq=False)


def compile_native(text: str) -> Native:
    """Compile the functions `expand` and `check` of a kernel's text. Raises ValueError for what no kernel has in it."""
    engine = _compiled(_module(text, ("expand", "check")))
    return Native(engine.get_function_address("expand"), engine.get_function_address("check"), engine)


def compile_orbits(text: str) -> NativeOrbits:
    """Compile the functions of a text by `model.orbits`. Raises ValueError for what no such text has in it."""
    names = ("canonical", "orbit", "arranged")
    engine = _compiled(_module(text, names))
    canonical, orbit, arranged = (engine.get_function_address(name) for name in names)
    return NativeOrbits(canonical, orbit, arranged, engine)


def _module(text: str, called: Collection[str]) -> str:
    """LLVM's text of the functions of `text`, of which others call those that are `called`."""
    module = ir.Module("kernel")
    functions: dict[str, ir.Function] = {}
    for definition in ast.parse(text).body:
        if not isinstance(definition, ast.FunctionDef):
            raise ValueError(f"line {definition.lineno} is no function")
        functions[definition.name] = _declared(module, definition)
        if definition.name not in called:
            functions[definition.name].linkage = "internal"
        _Body(functions, functions[definition.name], definition).write()
    return str(module)


def _compiled(text: str) -> Any:
    machine = _target().create_target_machine(opt=2, jit=True)
    module = llvm.parse_assembly(text)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


def _declared(module: ir.Module, definition: ast.FunctionDef) -> ir.Function:
    names = [one.arg for one in definition.args.args]
    kinds = [_INT.as_pointer() if name in _ARRAYS else _INT for name in names]
    function = ir.Function(module, ir.FunctionType(_INT, kinds), definition.name)
    for name, argument in zip(names, function.args, strict=True):
        argument.name = name
        if name in _ARRAYS:
            argument.add_attribute("noalias")
    return function


class _Body:
    """Writes the instructions of one function. Variables are stack slots, which LLVM turns into registers."""

    def __init__(
        self, functions: Mapping[str, ir.Function], function: ir.Function, definition: ast.FunctionDef
    ) -> None:
        self._functions, self._definition = functions, definition
        self._function = function
        self._slots: dict[str, Any] = {}
        self._arrays = {one.name: one for one in function.args if one.name in _ARRAYS}
        # Slots stand in a block of their own at the front: in a loop they would pile up.
        self._front = ir.IRBuilder(function.append_basic_block("front"))
        self._start = function.append_basic_block("start")
        self._code = ir.IRBuilder(self._start)

    def write(self) -> None:
        """Write it all."""
        for one in self._function.args:
            if one.name not in self._arrays:
                self._code.store(one, self._slot(one.name, _INT))
        self._statements(self._definition.body)
        if not self._code.block.is_terminated:
            raise ValueError(f"{self._definition.name} does not end with a return")
        self._front.branch(self._start)

    def _slot(self, name: str, kind: Any) -> Any:
        if name not in self._slots:
            self._slots[name] = self._front.alloca(kind, name=name)
        return self._slots[name]

    def _statements(self, body: list[ast.stmt]) -> None:
        for one in body:
            match one:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._set(name, self._value(value))
                case ast.Assign(targets=[ast.Subscript() as place], value=value):
                    self._code.store(self._number(value), self._element(place))
                case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                    before = self._code.load(self._slots[name])
                    self._set(name, self._operation(op, before, self._number(value)))
                case ast.If(test=test, body=then, orelse=[]):
                    with self._code.if_then(self._truth(test)):
                        self._statements(then)
                case ast.For(target=ast.Name(id=name), iter=ast.Call(args=[end]), body=inner, orelse=[]):
                    self._loop(name, end, inner)
                case ast.Return(value=ast.expr() as value):
                    self._code.ret(self._number(value))
                case _:
                    raise ValueError(f"line {one.lineno}: {ast.unparse(one)}")

    def _set(self, name: str, value: Any) -> None:
        slot = self._slot(name, value.type)
        self._code.store(value if slot.type.pointee == value.type else self._widened(value), slot)

    def _loop(self, name: str, end: ast.expr, inner: list[ast.stmt]) -> None:
        """Count `name` from 0 up to, but not including, `end`."""
        last, slot = self._number(end), self._slot(name, _INT)
        self._code.store(_INT(0), slot)
        head, body, after = (self._function.append_basic_block(part) for part in ("head", "body", "after"))
        self._code.branch(head)
        self._code.position_at_end(head)
        self._code.cbranch(self._code.icmp_signed("<", self._code.load(slot), last), body, after)
        self._code.position_at_end(body)
        self._statements(inner)
        self._code.store(self._code.add(self._code.load(slot), _INT(1)), slot)
        self._code.branch(head)
        self._code.position_at_end(after)

    def _element(self, place: ast.Subscript) -> Any:
        assert isinstance(place.value, ast.Name)
        return self._code.gep(self._arrays[place.value.id], [self._number(place.slice)])

    def _number(self, node: ast.expr) -> Any:
        return self._widened(self._value(node))

    def _widened(self, value: Any) -> Any:
        return self._code.zext(value, _INT) if value.type == _BOOL else value

    def _truth(self, node: ast.expr) -> Any:
        value = self._value(node)
        return value if value.type == _BOOL else self._code.icmp_signed("!=", value, _INT(0))

    def _value(self, node: ast.expr) -> Any:
        """A number, or a truth value where the text has one."""
        match node:
            case ast.Constant(value=bool(known)):
                return _BOOL(int(known))
            case ast.Constant(value=int(known)):
                return _INT(known)
            case ast.Name(id=name) if name in self._arrays:
                return self._arrays[name]
            case ast.Name(id=name) if name in self._slots:
                return self._code.load(self._slots[name])
            case ast.Subscript():
                return self._code.load(self._element(node))
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(op, self._number(left), self._number(right))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._code.not_(self._truth(operand))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._code.neg(self._number(operand))
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self._code.not_(self._number(operand))
            case ast.BoolOp(op=op, values=values):
                return self._joined(self._code.and_ if isinstance(op, ast.And) else self._code.or_, values)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._code.icmp_signed(_COMPARISONS[type(op)], self._number(left), self._number(right))
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                return self._choice(test, self._value(then), self._value(otherwise))
            case ast.Call(func=ast.Name(id="min"), args=[left, right]):
                one, other = self._number(left), self._number(right)
                return self._code.select(self._code.icmp_signed("<", one, other), one, other)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in self._functions:
                return self._code.call(self._functions[name], [self._value(one) for one in arguments])
        raise ValueError(f"line {node.lineno}: {ast.unparse(node)}")

    def _operation(self, op: ast.operator, left: Any, right: Any) -> Any:
        if type(op) not in _SIGNS:
            raise ValueError(f"{self._definition.name}: a kernel has no {type(op).__name__}")
        return getattr(self._code, _SIGNS[type(op)])(left, right)

    def _joined(self, join: Callable[[Any, Any], Any], values: list[ast.expr]) -> Any:
        found = self._truth(values[0])
        for one in values[1:]:
            found = join(found, self._truth(one))
        return found

    def _choice(self, test: ast.expr, then: Any, otherwise: Any) -> Any:
        if then.type != otherwise.type:
            then, otherwise = self._widened(then), self._widened(otherwise)
        return self._code.select(self._truth(test), then, otherwise)
