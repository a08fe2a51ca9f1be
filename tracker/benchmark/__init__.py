"""Measures accuracy and cost on a corpus folder with known answers."""

from tracker.benchmark.result import BenchResult
from tracker.benchmark.run import run_bench

__all__ = ["BenchResult", "run_bench"]
