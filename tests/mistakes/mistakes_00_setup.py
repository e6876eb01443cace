"""Known mistakes of module 00. Each has two variants, written differently; `right` ones must never be accused."""

from tito.mistakes import mistake, right

from tinytorch.setup import parameter_count


@mistake("00.1", "the biases are missing: each of a layer's m results has one, so add m for each pair")
class weights_only:
    def first(widths):
        count = 0
        for n, m in zip(widths[:-1], widths[1:], strict=True):
            count += n * m
        return count

    def second(widths):
        return sum(widths[i] * widths[i + 1] for i in range(len(widths) - 1))


@mistake("00.1", "only the first layer is counted: walk over all neighbouring pairs of widths")
class first_layer_only:
    def first(widths):
        n, m = widths[0], widths[1]
        return n * m + m

    def second(widths):
        for i in range(len(widths) - 1):
            return (widths[i] + 1) * widths[i + 1]


@mistake("00.1", "the biases belong to a layer's results: add m, the second width of each pair, not n")
class bias_for_each_input:
    def first(widths):
        count = 0
        for n, m in zip(widths[:-1], widths[1:], strict=True):
            count += n * m + n
        return count

    def second(widths):
        return sum(widths[i] * (widths[i + 1] + 1) for i in range(len(widths) - 1))


@mistake("00.1", "the count starts anew in every round: set it to 0 once, before the loop")
class last_layer_only:
    def first(widths):
        count = 0
        for n, m in zip(widths[:-1], widths[1:], strict=True):
            count = n * m + m
        return count

    def second(widths):
        return widths[-2] * widths[-1] + widths[-1] if len(widths) > 1 else 0


@mistake("00.1", "a width is looked up by its value: where the same one comes again, the first is found; use its place")
class looked_up_by_value:
    def first(widths):
        count = 0
        for n in widths[:-1]:
            m = widths[widths.index(n) + 1]
            count += n * m + m
        return count

    def second(widths):
        followers = [widths[widths.index(n) + 1] for n in widths[:-1]]
        return sum((n + 1) * m for n, m in zip(widths, followers, strict=False))


@right("00.1")
def with_pairwise(widths):
    from itertools import pairwise

    return sum((n + 1) * m for n, m in pairwise(widths))


@right("00.1")
def with_recursion(widths):
    if len(widths) < 2:
        return 0
    return (widths[0] + 1) * widths[1] + parameter_count(widths[1:])


@right("00.1")
def with_index(widths):
    total = sum(widths[1:])
    for i in range(1, len(widths)):
        total += widths[i - 1] * widths[i]
    return total
