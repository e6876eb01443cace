"""Workload of module 00: count the parameters of a thousand networks, as a search for a good size would."""

from tinytorch import parameter_count

NETWORKS = [(64, hidden, hidden, 10) for hidden in range(1, 1001)]


def main(repeat: int) -> int:
    """Count all networks `repeat` times; return the parameters of the largest."""
    largest = 0
    for _ in range(repeat):
        largest = max(parameter_count(widths) for widths in NETWORKS)
    return largest


if __name__ == "__main__":
    main(repeat=1000)
