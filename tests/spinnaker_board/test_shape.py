"""The two boards as SpiNNMachine describes them."""

from __future__ import annotations

import pytest

from spinnaker_board.shape import LINK_STEPS, SHAPES, p2p_words


@pytest.mark.parametrize(("version", "chips", "links"), [(3, 4, 24), (5, 48, 240)])
def test_size(version: int, chips: int, links: int) -> None:
    """Numbers of chips and of link ends as SpiNNMachine gives them for virtual boards."""
    shape = SHAPES[version]
    assert len(set(shape.chips)) == chips
    assert sum(other >= 0 for row in shape.neighbours() for other in row) == links


@pytest.mark.parametrize("version", [3, 5])
def test_links_lead_back(version: int) -> None:
    shape = SHAPES[version]
    for chip in shape.chips:
        for link in range(6):
            other = shape.neighbour(chip, link)
            if other is not None:
                assert shape.neighbour(other, (link + 3) % 6) == chip


@pytest.mark.parametrize("version", [3, 5])
def test_point_to_point_routes_arrive(version: int) -> None:
    shape = SHAPES[version]
    routes = {chip: shape.routes_from(chip) for chip in shape.chips}
    for source in shape.chips:
        assert routes[source].keys() == set(shape.chips)
        for target in shape.chips:
            place = source
            for _ in range(12):
                link = routes[place][target]
                if link == 7:
                    break
                step = shape.neighbour(place, link)
                assert step is not None
                place = step
            assert place == target


def test_point_to_point_table_packs_eight_chips_a_word() -> None:
    words = p2p_words({(0, 0): 7, (0, 1): 2, (1, 0): 0}, 64)
    assert words[0] & 7 == 7
    assert words[0] >> 3 & 7 == 2
    assert words[0] >> 6 & 7 == 6
    assert words[32] & 7 == 0
    assert len(LINK_STEPS) == 6
