from __future__ import annotations

import json
from itertools import pairwise

import pytest
from monty.json import MontyDecoder, MontyEncoder

from dao_core.errors import InputError
from dft_inputs.protocols import PROTOCOLS, get_protocol


def test_each_protocol_is_tighter_than_the_one_before_in_everything() -> None:
    chain = [PROTOCOLS[name] for name in ("fast", "balanced", "stringent")]
    for coarse, fine in pairwise(chain):
        assert fine.kpoint_distance < coarse.kpoint_distance
        assert fine.degauss < coarse.degauss
        assert fine.conv_thr_per_atom < coarse.conv_thr_per_atom
        assert fine.forc_conv_thr < coarse.forc_conv_thr
        assert fine.etot_conv_thr_per_atom < coarse.etot_conv_thr_per_atom


def test_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'moderate'.*fast, balanced, stringent") as caught:
        get_protocol("moderate")
    assert caught.value.exit_code == 2


def test_protocol_survives_serialisation() -> None:
    protocol = PROTOCOLS["balanced"]
    text = json.dumps(protocol, cls=MontyEncoder)
    assert MontyDecoder().decode(text) == protocol
    assert get_protocol(protocol) is protocol
