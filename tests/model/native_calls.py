# SPDX-License-Identifier: Apache-2.0
"""A compiled kernel that can be called from Python, for the tests that compare it with the others."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, c_int64, c_void_p
from typing import Any

import numpy as np

from edgeproof.model.kernel import Kernel, KernelSource, kernel_parameters
from edgeproof.model.machine import Instance
from edgeproof.model.native import Native

__all__ = ["native_kernel"]


def native_kernel(native: Native, source: KernelSource, instance: Instance) -> Kernel:
    """The kernel as `build_kernel` makes it, but of the machine code of its text."""
    expand = CFUNCTYPE(c_int64, c_void_p, c_int64, *[c_void_p] * 4)(native.expand)
    check = CFUNCTYPE(c_int64, c_void_p, c_int64, c_void_p)(native.check)

    def call(function: Callable[..., int]) -> Callable[..., int]:
        def called(*arguments: Any) -> int:
            # Native keeps the code alive, so it is held here.
            assert native.expand
            held = [np.array(one, dtype=np.int64) if isinstance(one, tuple) else one for one in arguments]
            return function(*(one.ctypes.data if isinstance(one, np.ndarray) else one for one in held))

        return called

    return Kernel(source, instance, call(expand), call(check), kernel_parameters(source, instance))
