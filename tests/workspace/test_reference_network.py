"""What modules 02 to 04 add, as the reference has it: relu, layers, cross-entropy."""

import numpy as np
import pytest

from tinytorch import (
    CrossEntropyLoss,
    Dense,
    Flatten,
    Layer,
    Linear,
    ReLU,
    Sequential,
    Tensor,
    cross_entropy,
    nn,
    relu,
)


def gradient_error(f, *arrays):
    """Return the largest difference between f's gradients and central differences, in float64.

    f: tensors -> a tensor, summed here with distinct weights, so that no two elements' gradients can be swapped unseen.
    """
    inputs = [Tensor(np.asarray(a, np.float64), requires_grad=True) for a in arrays]
    out = f(*inputs)
    weights = np.linspace(1.0, 2.0, out.size).reshape(out.shape)
    out.backward(weights)
    step = 1e-6  # the error of central differences is then about 1e-10
    worst = 0.0
    for x in inputs:
        for place in np.ndindex(x.shape):
            kept = x.data[place]
            values = []
            for moved in (kept + step, kept - step):
                x.data[place] = moved
                values.append((f(*inputs).data * weights).sum())
            x.data[place] = kept
            worst = max(worst, abs((values[0] - values[1]) / (2 * step) - x.grad.data[place]))
    return worst


def away_from_zero(generator, *shape):
    values = generator.standard_normal(shape)
    return values + np.sign(values) * 0.1


class TestRelu:
    def test_values_keep_shape_and_dtype(self):
        y = relu(Tensor([[-1.0, 0.0], [2.0, -0.5]]))
        assert y.tolist() == [[0.0, 0.0], [2.0, 0.0]]
        assert y.dtype == np.float32

    def test_gradient(self):
        assert gradient_error(relu, away_from_zero(np.random.default_rng(0), 3, 4)) < 1e-8

    def test_gradient_at_the_kink_is_0(self):
        x = Tensor([0.0, -0.0, 1.0], requires_grad=True)
        relu(x).sum().backward()
        assert x.grad.tolist() == [0.0, 0.0, 1.0]

    def test_nan_stays_nan(self):
        assert np.isnan(relu(Tensor([float("nan")])).item())

    def test_the_layer_is_the_function(self):
        assert ReLU()(Tensor([-1.0, 3.0])).tolist() == [0.0, 3.0]
        assert list(ReLU().parameters()) == []


class TestLinear:
    def test_is_x_weight_plus_bias(self):
        layer = Linear(3, 2, seed=0)
        x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
        np.testing.assert_array_equal(layer(Tensor(x)).data, x @ layer.weight.data + layer.bias.data)

    def test_gradient(self):
        layer = Linear(4, 2, seed=0, dtype=np.float64)

        def f(x, weight, bias):
            layer.weight, layer.bias = weight, bias
            return layer(x)

        generator = np.random.default_rng(1)
        shapes = ((3, 4), (4, 2), (2,))
        assert gradient_error(f, *(generator.standard_normal(shape) for shape in shapes)) < 1e-8

    def test_first_values_are_uniform_in_pytorchs_range(self):
        layer = Linear(100, 200, seed=0)
        for p in layer.parameters():
            assert np.abs(p.data).max() <= 0.1
        assert abs(layer.weight.data.std() - 0.1 / np.sqrt(3)) < 1e-3
        assert layer.weight.dtype == np.float32

    def test_the_seed_decides(self):
        weights = [Linear(3, 2, seed=seed).weight.tolist() for seed in (5, 5, 6)]
        assert weights[0] == weights[1] != weights[2]

    def test_layers_that_share_a_generator_differ(self):
        generator = np.random.default_rng(0)
        assert Linear(3, 2, seed=generator).weight.tolist() != Linear(3, 2, seed=generator).weight.tolist()

    def test_without_bias(self):
        layer = Linear(3, 2, bias=False, seed=0)
        assert len(list(layer.parameters())) == 1
        assert layer(Tensor(np.zeros((1, 3)))).tolist() == [[0.0, 0.0]]

    @pytest.mark.parametrize("lengths", [(0, 2), (3, 0), (-1, 2)], ids=["no input", "no output", "negative"])
    def test_lengths_below_1_are_refused(self, lengths):
        with pytest.raises(ValueError, match=r"Linear wanted a feature or more on both sides, got \("):
            Linear(*lengths)

    def test_images_are_refused_with_advice(self):
        with pytest.raises(ValueError, match=r"Linear\(64, 10\) wanted \(\.\.\., 64\), got \(5, 8, 8\); put Flatten"):
            Linear(64, 10, seed=0)(Tensor(np.zeros((5, 8, 8))))

    def test_another_length_is_refused(self):
        with pytest.raises(ValueError, match=r"wanted \(\.\.\., 3\), got \(5, 4\); what comes before it must end in"):
            Linear(3, 2, seed=0)(Tensor(np.zeros((5, 4))))

    def test_dense_is_another_name(self):
        assert Dense is Linear is nn.Linear


class Tied(Layer):
    """Uses one weight twice, and keeps layers in a list and a dict."""

    def __init__(self):
        self.first = Linear(2, 2, seed=0)
        self.again = self.first
        self.more = [Linear(2, 2, seed=1), {"last": Linear(2, 1, bias=False, seed=2)}]
        self.tied = self.first.weight
        self.fixed = Tensor([1.0])


class TestLayer:
    def test_parameters_come_once_in_the_order_in_which_they_were_set(self):
        model = Tied()
        a, b, c = model.first, model.more[0], model.more[1]["last"]
        wanted = [a.weight, a.bias, b.weight, b.bias, c.weight]
        assert [id(p) for p in model.parameters()] == [id(p) for p in wanted]

    def test_train_and_eval_reach_every_layer_inside(self):
        model = Tied()
        assert model.eval() is model
        assert [m.training for m in (model, model.first, model.more[1]["last"])] == [False] * 3
        model.train()
        assert [m.training for m in (model, model.first, model.more[1]["last"])] == [True] * 3
        assert Layer.training

    def test_a_layer_that_knows_its_parent_ends(self):
        parent, child = Layer(), Linear(2, 2, seed=0)
        parent.child, child.parent = child, parent
        assert len(list(parent.parameters())) == 2

    def test_no_forward_is_named(self):
        with pytest.raises(NotImplementedError, match=r"Layer has no forward\(\)"):
            Layer()(Tensor([1.0]))


class TestSequential:
    def test_a_list_and_arguments_are_the_same(self):
        parts = [Flatten(), Linear(4, 3, seed=0), relu, ReLU()]
        x = Tensor(np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 2, 2))
        assert Sequential(parts)(x).tolist() == Sequential(*parts)(x).tolist()
        assert list(Sequential(parts)) == parts
        assert len(Sequential(*parts)) == 4
        assert Sequential(parts)[1] is parts[1]

    def test_a_sequential_inside_a_sequential(self):
        inner = Sequential(Linear(2, 3, seed=0))
        assert len(list(Sequential(inner).parameters())) == 2
        assert Sequential(inner)[0] is inner

    def test_a_class_is_refused_with_advice(self):
        with pytest.raises(TypeError, match=r"can't call its part 1, .*did you mean ReLU\(\)\?"):
            Sequential(Linear(2, 2, seed=0), ReLU)

    def test_flatten_keeps_the_samples(self):
        assert Flatten()(Tensor(np.zeros((5, 2, 3)))).shape == (5, 6)
        assert Flatten()(Tensor(np.zeros((0, 2, 3)))).shape == (0, 6)
        with pytest.raises(ValueError, match=r"wanted the axes 1 to -1, got the shape \(1,\)"):
            Flatten()(Tensor(1.0))


class TestCrossEntropy:
    targets = np.array([2, 0, 1])

    def test_value(self):
        z = np.random.default_rng(0).standard_normal((3, 4))
        softmax = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = cross_entropy(Tensor(z), self.targets)
        assert loss.shape == ()
        assert loss.item() == pytest.approx(-np.log(softmax[range(3), self.targets]).mean(), rel=1e-14)

    def test_gradient(self):
        z = np.random.default_rng(1).standard_normal((3, 4))
        assert gradient_error(lambda logits: cross_entropy(logits, self.targets), z) < 1e-8

    def test_gradient_scales_with_what_comes_after(self):
        z = np.random.default_rng(1).standard_normal((3, 4))
        assert gradient_error(lambda logits: cross_entropy(logits, self.targets) * 3.0, z) < 1e-8

    def test_backward_twice_gives_twice_the_gradient(self):
        z = Tensor(np.random.default_rng(1).standard_normal((3, 4)), requires_grad=True)
        loss = cross_entropy(z, self.targets)
        loss.backward(retain_graph=True)
        once = z.grad.data.copy()
        loss.backward()
        np.testing.assert_allclose(z.grad.data, 2 * once, rtol=1e-14)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
    def test_huge_logits_are_exact(self, dtype):
        z = Tensor(np.array([[1e4, -1e4], [-1e4, 1e4]]), dtype=dtype, requires_grad=True)
        loss = cross_entropy(z, np.array([0, 0]))
        assert loss.item() == 1e4
        assert loss.dtype == dtype
        loss.backward()
        assert z.grad.tolist() == [[0.0, 0.0], [-0.5, 0.5]]

    def test_logits_are_left_as_they_are(self):
        z = np.array([[1.0, 2.0], [3.0, 4.0]])
        logits = Tensor(z, requires_grad=True)
        cross_entropy(logits, np.array([0, 1])).backward()
        np.testing.assert_array_equal(logits.data, z)

    def test_targets_that_change_later_do_not_matter(self):
        logits, targets = Tensor(np.zeros((1, 2)), requires_grad=True), Tensor([0])
        loss = cross_entropy(logits, targets)
        targets.data[0] = 1
        loss.backward()
        assert logits.grad.tolist() == [[-0.5, 0.5]]

    @pytest.mark.parametrize("kind", [np.uint8, np.int32, np.int64], ids=lambda kind: kind.__name__)
    def test_any_integer_dtype_of_targets(self, kind):
        assert cross_entropy(Tensor(np.zeros((3, 4))), self.targets.astype(kind)).item() == pytest.approx(np.log(4))

    @pytest.mark.parametrize("wrong", [-1, 4], ids=["negative", "too large"])
    def test_a_target_out_of_range_is_named(self, wrong):
        with pytest.raises(ValueError, match=rf"wanted targets from 0 to 3, got {wrong} at row 1"):
            cross_entropy(Tensor(np.zeros((3, 4))), np.array([0, wrong, 1]))

    @pytest.mark.parametrize(
        ("logits", "targets"),
        [((3,), (3,)), ((3, 4), (2,)), ((3, 4), (3, 1)), ((2, 3, 4), (2, 3))],
        ids=["one axis", "other length", "column", "sequences"],
    )
    def test_other_shapes_are_refused(self, logits, targets):
        with pytest.raises(ValueError, match=r"wanted logits \(N, C\) and targets \(N,\), got"):
            cross_entropy(Tensor(np.zeros(logits)), np.zeros(targets, dtype=int))

    def test_no_samples_are_refused(self):
        with pytest.raises(ValueError, match=r"no samples or no classes: logits \(0, 4\)"):
            cross_entropy(Tensor(np.zeros((0, 4))), np.zeros(0, dtype=int))

    def test_other_dtypes_are_refused(self):
        with pytest.raises(TypeError, match=r"wanted integer targets, .* got float64"):
            cross_entropy(Tensor(np.zeros((1, 2))), np.zeros(1))
        with pytest.raises(TypeError, match="wanted logits of a float dtype, got int64"):
            cross_entropy(Tensor(np.zeros((1, 2), dtype=np.int64)), np.zeros(1, dtype=int))

    def test_the_layer_is_the_function(self):
        assert CrossEntropyLoss()(Tensor([[0.0, 0.0]]), np.array([1])).item() == pytest.approx(np.log(2))
