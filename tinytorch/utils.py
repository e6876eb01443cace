"""Data under PyTorch's names: `from tinytorch.utils.data import DataLoader, TensorDataset, random_split`."""

import sys

from tinytorch import dataloader as data

sys.modules[f"{__name__}.data"] = data  # so that `import tinytorch.utils.data` finds it, without a package

__all__ = ["data"]
