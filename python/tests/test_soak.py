"""The soak for a short while; `python soak.py --minutes 30` is the real one."""

import argparse

import soak


def test_nothing_is_lost_wrong_or_left(tmp_path):
    soak.soak(argparse.Namespace(minutes=0.25, seed="ci", users=3, workers=2), tmp_path / "soak")
