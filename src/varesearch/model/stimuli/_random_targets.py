"""Sources that reach each target cell with a probability."""

from varesearch.model.stimuli import (
    Pairs,
    ProjectionSettings,
    Surroundings,
    check_probability,
    independent_pairs,
    independent_pairs_by_target,
    refuse,
)


def check_reach(p: float) -> None:
    """Raise ConfigurationError for a probability with which no cell is reached, or that is none."""
    check_probability("stimulus.p", p)
    if p == 0:
        refuse("stimulus.p", p, "reaches nobody; raise it, or write stimulus=none")


def random_targets(projection: ProjectionSettings, p: float, around: Surroundings) -> Pairs:
    """Draw each pair with probability ``p``."""
    if around.shared_streams:  # one connector for all targets: PyNN draws from a copy of its generator each time
        draw, owner = independent_pairs_by_target, projection.pre
    else:
        draw, owner = independent_pairs, projection.name
    return draw(projection.pre_size, projection.post_size, p, False, around.stream(owner, "pairs"))
